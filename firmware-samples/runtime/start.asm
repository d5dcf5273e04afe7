; The first bytes of a contract for the 8051 (docs/abi.md, "The image") and what runs before it.
;
; IRAM and XDATA are zero when a call begins, so nothing is cleared: only variables with initial values are
; copied, and most contracts have none.

        .module start
        .globl  _smart51_main
        .globl  s_XINIT, l_XINIT, s_XISEG

        .area   HEADER (ABS,CODE)
        .org    0x0000
        ljmp    start                   ; reset
        .org    0x0004
        .db     0x00, 0x02, 0x02        ; version: the first with the account check at 0x0014
        .org    0x0008
        ret                             ; exit vector
        ret
        .org    0x0012
        ret                             ; api vector
        ret

        .area   SSEG    (DATA)
stack:  .ds     1

; The linker puts these areas one after the other: initialisers that the compiler makes land in GSINIT.
        .area   HOME    (CODE)
        .area   GSINIT0 (CODE)
        .area   GSINIT  (CODE)
        .area   GSFINAL (CODE)
        .area   XINIT   (CODE)
        .area   XISEG   (XDATA)

        .area   GSINIT0 (CODE)
start:  mov     sp,#stack - 1
        mov     a,#l_XINIT
        orl     a,#(l_XINIT >> 8)
        jz      done
        mov     r6,#l_XINIT             ; the count, high byte one up for djnz
        mov     r7,#((l_XINIT + 255) >> 8)
        mov     r0,#s_XISEG             ; to: P2:R0
        mov     p2,#(s_XISEG >> 8)
        mov     dptr,#s_XINIT           ; from
copy:   clr     a
        movc    a,@a+dptr
        movx    @r0,a
        inc     dptr
        inc     r0
        cjne    r0,#0,same
        inc     p2
same:   djnz    r6,copy
        djnz    r7,copy
done:
        .area   GSFINAL (CODE)
        ljmp    _smart51_main
