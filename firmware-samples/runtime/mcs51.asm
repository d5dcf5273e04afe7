; The 8051's part of the runtime: the header of the image (docs/abi.md, "The image"), what runs before the contract,
; and the functions that put, call and take. They are in assembler because every contract's time goes there.

        .module mcs51
        .globl  _smart51_main, _smart51_put, _s51_call, _smart51_take, _s51_item8, _s51_exit
        .globl  _s51_copy, _s51_copy_PARM_2, _s51_copy_PARM_3, _smart51_length
        .globl  __gptrget, s_XINIT, l_XINIT, s_XISEG

RESULT   = 0xEFFD                       ; the result word, and behind it the buffer
BUFFER   = 0xEFFF
REQUEST  = BUFFER + 2                   ; the first argument: behind the total
TOO_LONG = 0x00FF                       ; makes the total 4350, which no host accepts; no argument stays in this page
FULL     = 0x00FE                       ; the request reaches 0xFFFF: its total is 4095; nor does one stay here

        .area   HEADER (ABS,CODE)
        .org    0x0000
        ljmp    start                   ; reset
        .org    0x0004
        .db     0x00, 0x02, 0x03        ; version: the first that is told of refused calls in the result word
        .org    0x0008
        ret                             ; exit vector
        ret
        .org    0x0012
api:    ret                             ; api vector
        ret

        .area   SSEG    (DATA)
stack:  .ds     1

        .area   DSEG    (DATA)
_smart51_length:                        ; the length of an argument, or of the room for an item
        .ds     2
put:    .ds     2                       ; where the next argument goes
get:    .ds     2                       ; where the next item is; at first the input, which lies there as items do

        .area   XSEG    (XDATA)
_s51_copy_PARM_2:
        .ds     2
_s51_copy_PARM_3:
        .ds     2

; The linker puts these areas one behind the other; what the compiler initialises by code lands in GSINIT.
        .area   HOME    (CODE)
        .area   GSINIT0 (CODE)
        .area   GSINIT  (CODE)
        .area   GSFINAL (CODE)
        .area   CSEG    (CODE)
        .area   XINIT   (CODE)
        .area   XISEG   (XDATA)

; IRAM and XDATA are zero when a call begins: nothing is cleared, only variables with initial values are copied.
        .area   GSINIT0 (CODE)
start:  mov     sp,#stack - 1
        mov     put,#<REQUEST
        mov     put + 1,#>REQUEST
        mov     get,#<BUFFER
        mov     get + 1,#>BUFFER
        mov     dptr,#s_XINIT
        mov     b,#0x80                 ; from CODE
        mov     r0,#s_XISEG
        mov     p2,#(s_XISEG >> 8)
        mov     r2,#l_XINIT
        mov     r3,#(l_XINIT >> 8)
        lcall   copy

        .area   GSFINAL (CODE)
        ljmp    _smart51_main

        .area   CSEG    (CODE)

; void s51_exit(uint8_t code)
_s51_exit:
        mov     a,dpl
        mov     dptr,#RESULT
        movx    @dptr,a
        ljmp    0x0008

; What smart51_put does with an argument that does not stay in one page.
long:   mov     a,put + 1
        jnb     acc.7,2$                ; full, or too long already
        mov     r2,_smart51_length
        mov     r3,_smart51_length + 1
        mov     r0,put
        mov     p2,put + 1
        mov     a,#2                    ; put += 2 + length
        add     a,r0
        mov     put,a
        clr     a
        addc    a,put + 1
        mov     put + 1,a
        jc      2$
        mov     a,put
        add     a,r2
        mov     put,a
        mov     a,put + 1
        addc    a,r3
        mov     put + 1,a
        jc      4$
3$:     mov     a,r2
        movx    @r0,a
        inc     r0
        cjne    r0,#0,1$
        inc     p2
1$:     mov     a,r3
        movx    @r0,a
        inc     r0
        cjne    r0,#0,copy
        inc     p2
        sjmp    copy
2$:     mov     put,#<TOO_LONG
        mov     put + 1,#>TOO_LONG
        ret
4$:     orl     a,put
        jnz     2$
        mov     put,#<FULL              ; the last byte there is, exactly
        sjmp    3$

; void s51_copy(const void *from, void __xdata *to, uint16_t count)
_s51_copy:
        mov     r6,dpl
        mov     r7,dph
        mov     dptr,#_s51_copy_PARM_2
        movx    a,@dptr
        mov     r0,a
        inc     dptr
        movx    a,@dptr
        mov     p2,a
        mov     dptr,#_s51_copy_PARM_3
        movx    a,@dptr
        mov     r2,a
        inc     dptr
        movx    a,@dptr
        mov     r3,a
        mov     dpl,r6
        mov     dph,r7

; Copies R3:R2 bytes from the generic pointer in B:DPTR to XDATA at P2:R0.
copy:   mov     a,r3
        jnz     across
        mov     a,r2
        jz      nothing
        add     a,r0
        jc      across
        sjmp    within

; void smart51_put(const void *bytes): an argument of smart51_length bytes, or none if that is 0
_smart51_put:
        mov     a,_smart51_length + 1
        jnz     long
        mov     a,_smart51_length
        jz      nothing
        mov     r2,a
        mov     r0,put                  ; P2:R0 writes, DPTR reads
        add     a,#2                    ; what stays in one page of 256 bytes needs no more checks
        jc      long
        add     a,r0
        jc      long
        mov     put,a
        mov     p2,put + 1
        mov     a,r2
        movx    @r0,a
        inc     r0
        clr     a
        movx    @r0,a
        inc     r0

; Copies R2 bytes, which is not 0, within the page P2.
within: mov     a,b                     ; the kind of memory
        jz      2$                      ; XDATA
        jb      acc.7,3$                ; CODE
        mov     r1,dpl                  ; IRAM
1$:     mov     a,@r1
        inc     r1
        movx    @r0,a
        inc     r0
        djnz    r2,1$
        ret
2$:     movx    a,@dptr
        movx    @r0,a
        inc     dptr
        inc     r0
        djnz    r2,2$
        ret
3$:     clr     a
        movc    a,@a+dptr
        movx    @r0,a
        inc     dptr
        inc     r0
        djnz    r2,3$
nothing:
        ret

; Copies R3:R2 bytes, which is not 0, across the ends of pages.
across: mov     a,r2
        jz      1$
        inc     r3                      ; djnz counts both bytes down
1$:     lcall   __gptrget
        movx    @r0,a
        inc     dptr
        inc     r0
        cjne    r0,#0,2$
        inc     p2
2$:     djnz    r2,1$
        djnz    r3,1$
        ret

; void s51_call(uint16_t method)
_s51_call:
        mov     a,dpl
        mov     r7,dph
        mov     dptr,#RESULT
        movx    @dptr,a
        inc     dptr
        mov     a,r7
        movx    @dptr,a
        inc     dptr
        mov     a,put                   ; total = put - REQUEST
        clr     c
        subb    a,#<REQUEST
        movx    @dptr,a
        inc     dptr
        mov     a,put + 1
        subb    a,#>REQUEST
        jb      acc.4,full
total:  movx    @dptr,a
        mov     put,#<REQUEST
        mov     put + 1,#>REQUEST
        mov     get,#<BUFFER
        mov     get + 1,#>BUFFER
        ljmp    api                     ; the RET there returns to the caller
full:   mov     a,put
        cjne    a,#<FULL,1$
        mov     dptr,#BUFFER
        mov     a,#0xFF
        movx    @dptr,a
        inc     dptr
        mov     a,#0x0F
        sjmp    total
1$:     mov     a,#0x10                 ; too long
        sjmp    total

; uint16_t smart51_take(void *out): the next item, cut to smart51_length bytes; returns its whole length
_smart51_take:
        mov     r0,dpl
        mov     r7,dph
        mov     r5,b
        mov     dpl,get
        mov     dph,get + 1
        movx    a,@dptr
        mov     r2,a
        inc     dptr
        movx    a,@dptr
        mov     r3,a
        inc     dptr
        orl     a,r2
        jz      6$                      ; no item
        mov     a,dpl
        add     a,r2
        mov     get,a
        mov     a,dph
        addc    a,r3
        mov     get + 1,a
        mov     a,_smart51_length
        clr     c
        subb    a,r2
        mov     a,_smart51_length + 1
        subb    a,r3                    ; CY: the item is longer than the room
        mov     a,r5
        jz      4$
        mov     a,r2                    ; to IRAM
        jnc     1$
        mov     a,_smart51_length
1$:     jz      3$
        mov     r4,a
2$:     movx    a,@dptr
        mov     @r0,a
        inc     dptr
        inc     r0
        djnz    r4,2$
3$:     mov     dpl,r2
        mov     dph,r3
        ret
4$:     mov     a,r2                    ; from XDATA, to XDATA
        push    acc
        mov     a,r3
        push    acc
        jnc     5$
        mov     r2,_smart51_length
        mov     r3,_smart51_length + 1
5$:     mov     b,#0
        mov     p2,r7
        lcall   copy
        pop     dph
        pop     dpl
        ret
6$:     mov     dptr,#0
        ret

; uint8_t s51_item8(void): the first byte of the next item, 0 if there is none
_s51_item8:
        mov     dpl,get
        mov     dph,get + 1
        movx    a,@dptr
        mov     r2,a
        inc     dptr
        movx    a,@dptr
        mov     r3,a
        inc     dptr
        orl     a,r2
        jz      1$
        mov     a,dpl
        add     a,r2
        mov     get,a
        mov     a,dph
        addc    a,r3
        mov     get + 1,a
        movx    a,@dptr
1$:     mov     dpl,a
        ret
