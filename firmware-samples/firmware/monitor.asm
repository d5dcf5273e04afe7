; A monitor for a board whose RAM is CODE and XDATA at once: it loads programs over the serial line and runs them.
;
;   Wxxxxdd   writes the byte dd at xxxx        Rxxxx   prints the byte at xxxx
;   Gxxxx     calls the program at xxxx, which ends with RET
;
; Every command is answered with a full stop; 9600 Bd at 11.0592 MHz.

        .module monitor
        .area   CODE (ABS)
        .org    0
        ljmp    main

        .org    0x0040
main:   mov     tmod,#0x20
        mov     th1,#0xFD
        mov     tl1,#0xFD
        setb    tr1
        mov     scon,#0x52
next:   acall   get
        cjne    a,#'W',notw
        acall   addr
        acall   hexbyt
        movx    @dptr,a
        sjmp    done
notw:   cjne    a,#'R',notr
        acall   addr
        movx    a,@dptr
        acall   puthex
        sjmp    done
notr:   cjne    a,#'G',next
        acall   addr
        mov     r7,#0
        acall   go
done:   mov     a,#'.'
        acall   put
        sjmp    next

go:     clr     a
        jmp     @a+dptr

; A character into A.
get:    jnb     ri,get
        mov     a,sbuf
        clr     ri
        ret

; A out.
put:    jnb     ti,put
        clr     ti
        mov     sbuf,a
        ret

; A hexadecimal digit into A.
digit:  acall   get
        add     a,#-'0'
        cjne    a,#10,cmp10
cmp10:  jc      isnum
        add     a,#-7
isnum:  ret

; Two digits into A.
hexbyt: acall   digit
        swap    a
        mov     r2,a
        acall   digit
        orl     a,r2
        ret

; Four digits into DPTR.
addr:   acall   hexbyt
        mov     r3,a
        acall   hexbyt
        mov     dpl,a
        mov     dph,r3
        ret

; A as two digits.
puthex: mov     r2,a
        swap    a
        acall   nibble
        mov     a,r2
nibble: anl     a,#0x0F
        add     a,#2
        movc    a,@a+pc
        sjmp    put
        .ascii  "0123456789ABCDEF"
