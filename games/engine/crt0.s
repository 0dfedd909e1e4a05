;; Start-up, interrupts and picture moves for Longplay's Game Boy games; C side in gb.h.
;;
;; The screen is split at line lp_split: above it the background is drawn unscrolled with lp_top_lcdc, from there on
;; with lp_low_lcdc, lp_low_scx and lp_low_scy, which the program sets during vertical blank. The program sleeps in HALT
;; and is woken by the vertical blank; lp_frames counts them (16 bits).

        .module crt0
        .globl  _main

        .area   _HEADER (ABS)
        .org    0x40
        jp      vblank
        .org    0x48
        jp      split
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
_lp_low_lcdc::  .ds 1
_lp_low_scx::   .ds 1
_lp_low_scy::   .ds 1

        .area   _CODE
vblank:
        push    af
        push    hl
        xor     a, a
        ldh     (0x43), a
        ldh     (0x42), a
        ld      a, (_lp_top_lcdc)
        ldh     (0x40), a
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

split:                                  ; on the line above the split, as soon as it is drawn
        push    af
1$:     ldh     a, (0x41)
        and     a, #3
        jr      NZ, 1$
        ld      a, (_lp_low_scx)
        ldh     (0x43), a
        ld      a, (_lp_low_scy)
        ldh     (0x42), a
        ld      a, (_lp_low_lcdc)
        ldh     (0x40), a
        pop     af
        reti

        .include "moves.s"
