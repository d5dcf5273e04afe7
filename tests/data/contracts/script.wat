;; Makes the host calls that its input lists, one after the other. An entry of the input, all numbers little-endian:
;;
;;   0 method (2)   2 how often (4)   6 counted: offset in the frame of a number of 4 bytes that each call finds one
;;   higher, or FFFF for none (2)   8 room for the reply (2)   10 length of the head (2)   12 length of the filling (2)
;;   14 length of the tail (2)   16 the byte of the filling (1)   17 not used (1)   18 head, tail
;;
;; The frame is the head, the filling and the tail.
(module
  (import "smart51" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func (export "smart51_main")
    (local $at i32) (local $end i32) (local $times i32) (local $counted i32) (local $length i32)
    (local.set $at (i32.const 2))
    (local.set $end (i32.add (i32.const 2) (i32.load16_u (i32.const 0))))
    (block $done
      (loop $entry
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; The frame stands at 8192.
        (memory.copy (i32.const 8192) (i32.add (local.get $at) (i32.const 18)) (i32.load16_u offset=10 (local.get $at)))
        (local.set $length (i32.add (i32.const 8192) (i32.load16_u offset=10 (local.get $at))))
        (memory.fill (local.get $length) (i32.load8_u offset=16 (local.get $at)) (i32.load16_u offset=12 (local.get $at)))
        (local.set $length (i32.add (local.get $length) (i32.load16_u offset=12 (local.get $at))))
        (memory.copy
          (local.get $length)
          (i32.add (i32.add (local.get $at) (i32.const 18)) (i32.load16_u offset=10 (local.get $at)))
          (i32.load16_u offset=14 (local.get $at)))
        (local.set $length
          (i32.sub (i32.add (local.get $length) (i32.load16_u offset=14 (local.get $at))) (i32.const 8192)))
        (local.set $times (i32.load offset=2 (local.get $at)))
        ;; Where nothing is counted, a number that nobody reads is.
        (local.set $counted
          (select
            (i32.const 16384)
            (i32.add (i32.const 8192) (i32.load16_u offset=6 (local.get $at)))
            (i32.eq (i32.load16_u offset=6 (local.get $at)) (i32.const 0xFFFF))))
        (block $served
          (br_if $served (i32.eqz (local.get $times)))
          (loop $again
            (drop
              (call $call
                (i32.load16_u (local.get $at))
                (i32.const 8192)
                (local.get $length)
                (i32.const 65536)
                (i32.load16_u offset=8 (local.get $at))))
            (i32.store (local.get $counted) (i32.add (i32.load (local.get $counted)) (i32.const 1)))
            (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.add
              (i32.const 18)
              (i32.add (i32.load16_u offset=10 (local.get $at)) (i32.load16_u offset=14 (local.get $at))))))
        (br $entry)))
    (call $exit (i32.const 1))))
