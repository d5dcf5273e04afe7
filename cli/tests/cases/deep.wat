;; Counts down from three and traps there, unless it is given input.
(module
  (import "smart51" "exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global (export "smart51_buffer") i32 (i32.const 0))
  (func $check (param $left i32)
    (if (i32.eqz (i32.or (local.get $left) (i32.load16_u (i32.const 0)))) (then unreachable)))
  (func $down (param $left i32)
    (call $check (local.get $left))
    (if (local.get $left) (then (call $down (i32.sub (local.get $left) (i32.const 1))))))
  (func (export "smart51_main") (call $down (i32.const 3)) (call $exit (i32.const 1))))
