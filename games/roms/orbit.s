@ Header, start-up and the vertical blank's interrupt of orbit; ARM.
        .section .start, "ax"
        .arm
        .global _start
_start: b       begin
        .space  156                     @ the logo: not needed by an emulator's own BIOS, and not ours to give
        .ascii  "ORBIT\0\0\0\0\0\0\0"   @ title, 12
        .ascii  "LORB"                  @ game code
        .ascii  "LP"                    @ maker
        .byte   0x96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        .byte   0x06                    @ complement of bytes A0 to BC
        .byte   0, 0
begin:  mov     r0, #0x12               @ IRQ mode's stack, then system mode's
        msr     cpsr_c, r0
        ldr     sp, =0x03007FA0
        mov     r0, #0x1F
        msr     cpsr_c, r0
        ldr     sp, =0x03007F00
        ldr     r0, =__data_from
        ldr     r1, =__data_start
        ldr     r2, =__data_end
1:      cmp     r1, r2
        ldrlo   r3, [r0], #4
        strlo   r3, [r1], #4
        blo     1b
        ldr     r0, =0x03007FFC
        ldr     r1, =interrupt
        str     r1, [r0]
        mov     r0, #0x04000000
        mov     r1, #8                  @ DISPSTAT: interrupt at the vertical blank
        strh    r1, [r0, #4]
        add     r0, r0, #0x200
        mov     r1, #1
        strh    r1, [r0]                @ IE
        strh    r1, [r0, #8]            @ IME
        ldr     r0, =main
        bx      r0

interrupt:                              @ acknowledges to the machine and to the BIOS
        mov     r0, #0x04000000
        mov     r1, #1
        ldr     r2, =0x03007FF8
        ldrh    r3, [r2]
        orr     r3, r3, r1
        strh    r3, [r2]
        add     r0, r0, #0x200
        strh    r1, [r0, #2]
        bx      lr

        .global orbit_wait_vblank
        .type   orbit_wait_vblank, %function
orbit_wait_vblank:
        swi     0x050000
        bx      lr
