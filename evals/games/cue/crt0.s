; The start of every Longplay game: header, stack, cleared work RAM, main. No interrupt is ever taken: the games wait
; for vertical blank with HALT and the interrupt flags alone.
	.module crt0
	.globl	_main
	.area	_HEADER (ABS)
	.org	0x100
	nop
	jp	start
	.org	0x150
start:
	di
	ld	sp, #0xe000
	ld	hl, #0xc000
	ld	bc, #0x2000
clear:
	xor	a
	ld	(hl+), a
	dec	bc
	ld	a, b
	or	c
	jr	nz, clear
	call	_main
forever:
	halt
	nop
	jr	forever

	.area	_HOME
	.area	_CODE
	.area	_INITIALIZER
	.area	_GSINIT
	.area	_GSFINAL
	.area	_DATA
	.area	_INITIALIZED
	.area	_BSS
	.area	_HEAP
