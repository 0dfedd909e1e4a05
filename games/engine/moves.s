;; Waiting, picture moves and keys: included by crt0.s and crt0_scroll.s, which differ in start-up and interrupts.

;; void lp_wait_vblank(void): sleeps until the next vertical blank.
_lp_wait_vblank::
        xor     a, a
        ld      (_lp_awake), a
1$:     halt
        nop
        ld      a, (_lp_awake)
        or      a, a
        jr      Z, 1$
        ret

;; void lp_blit(uint8_t *map /* DE */, const uint8_t *from /* BC */, uint8_t width, uint8_t height /* stack */)
;; Copies width x height tiles into a background map (rows 32 apart). Every byte waits until the screen lets go of the
;; video memory, so it is safe at any time; 36 bytes fit into one vertical blank.
_lp_blit::
        ldhl    sp, #3
        ld      a, (hl-)                ; height
        push    af
        ld      a, (hl)                 ; width
        ld      h, d
        ld      l, e
        ld      e, a                    ; HL map, BC from, E width
        pop     af
        ld      d, a                    ; D height
1$:     push    de
        push    hl
2$:     ldh     a, (0x41)
        and     a, #2
        jr      NZ, 2$
        ld      a, (bc)
        ld      (hl+), a
        inc     bc
        dec     e
        jr      NZ, 2$
        pop     hl
        ld      de, #32
        add     hl, de
        pop     de
        dec     d
        jr      NZ, 1$
        pop     hl
        pop     de                      ; the callee drops the stack arguments
        jp      (hl)

;; void lp_copy(uint8_t *to /* DE */, const uint8_t *from /* BC */, uint16_t n /* stack */): plain copy, screen off.
_lp_copy::
        ldhl    sp, #2
        ld      a, (hl+)
        ld      h, (hl)
        ld      l, a                    ; HL n
1$:     ld      a, h
        or      a, l
        jr      Z, 2$
        ld      a, (bc)
        ld      (de), a
        inc     bc
        inc     de
        dec     hl
        jr      1$
2$:     pop     hl
        pop     de
        jp      (hl)

;; uint8_t lp_keys(void) -> A: held keys, bits A B SELECT START RIGHT LEFT UP DOWN from the lowest.
_lp_keys::
        ld      a, #0x20
        ldh     (0x00), a
        ldh     a, (0x00)
        ldh     a, (0x00)
        cpl
        and     a, #0x0f
        swap    a
        ld      b, a
        ld      a, #0x10
        ldh     (0x00), a
        ldh     a, (0x00)
        ldh     a, (0x00)
        ldh     a, (0x00)
        ldh     a, (0x00)
        cpl
        and     a, #0x0f
        or      a, b
        ld      b, a
        ld      a, #0x30
        ldh     (0x00), a
        ld      a, b
        ret
