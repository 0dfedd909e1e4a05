;; Start-up, interrupts and picture moves for a game whose whole background scrolls: crt0.s without its split; C side in gb.h.
;;
;; In vertical blank the interrupt sets lp_top_lcdc, the scroll lp_low_scx and lp_low_scy, and copies the sprites' table from
;; C000-C09F, so that a frame is whole even when the program is late. The program sleeps in HALT and is woken by it;
;; lp_frames counts (16 bits).

        .module crt0_scroll
        .globl  _main

        .area   _HEADER (ABS)
        .org    0x40
        jp      vblank
        .org    0x48
        reti
        .org    0x50
        reti
        .org    0x58
        reti
        .org    0x60
        reti

        .org    0x100
        nop
        jp      init

        .org    0x150
init:
        di
        ld      sp, #0xe000
        xor     a, a                    ; C000-DFFF: every run starts from the same memory
        ld      hl, #0xc000
        ld      c, #0x20
        ld      b, a
1$:     ld      (hl+), a
        dec     b
        jr      NZ, 1$
        dec     c
        jr      NZ, 1$
        call    _main
2$:     halt
        nop
        jr      2$

        .area   _HOME
        .area   _CODE
        .area   _INITIALIZER
        .area   _GSINIT
        .area   _GSFINAL
        .area   _DATA
        .area   _INITIALIZED
        .area   _BSEG
        .area   _BSS
        .area   _HEAP

        .area   _DATA
_lp_frames::    .ds 2
_lp_awake::     .ds 1
_lp_top_lcdc::  .ds 1
_lp_low_scx::   .ds 1
_lp_low_scy::   .ds 1

        .area   _CODE
vblank:
        push    af
        push    hl
        ld      a, (_lp_low_scx)
        ldh     (0x43), a
        ld      a, (_lp_low_scy)
        ldh     (0x42), a
        ld      a, (_lp_top_lcdc)
        ldh     (0x40), a
        ld      a, #0xc0
        call    0xff80                  ; the sprites, copied by what lp_sprites_start put there
        ld      hl, #_lp_frames
        inc     (hl)
        jr      NZ, 1$
        inc     hl
        inc     (hl)
1$:     ld      a, #1
        ld      (_lp_awake), a
        pop     hl
        pop     af
        reti

;; void lp_sprites_start(void): the copier, where it can run while the bus is taken; before interrupts are let in.
_lp_sprites_start::
        ld      hl, #1$
        ld      c, #0x80
        ld      b, #8
2$:     ld      a, (hl+)
        ldh     (c), a
        inc     c
        dec     b
        jr      NZ, 2$
        ret
1$:     .db     0xe0, 0x46              ; ldh (0x46), a
        .db     0x3e, 0x28              ; ld a, #40
        .db     0x3d                    ; dec a
        .db     0x20, 0xfd              ; jr NZ, back to the dec
        .db     0xc9                    ; ret

        .include "moves.s"
