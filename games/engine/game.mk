# A game's Makefile is NAME = its name and an include of this. Builds NAME.gb, which is committed: Debian 12's SDCC 4.2.0 gives the
# same bytes again. `make art` draws art.h anew. DATA: where its variables begin, after the block.
OUT = .
DATA ?= 0xC100
ENGINE = ../engine
OBJ = $(OUT)/obj
CC = sdcc -msm83 --std-c11 --opt-code-speed

$(OUT)/$(NAME).gb: $(NAME).c art.h $(ENGINE)/gb.c $(ENGINE)/gb.h $(ENGINE)/house.h $(ENGINE)/slots.h $(ENGINE)/crt0.s $(ENGINE)/moves.s
	mkdir -p $(OBJ)
	sdasgb -I$(ENGINE) -o $(OBJ)/crt0.rel $(ENGINE)/crt0.s
	$(CC) -c -o $(OBJ)/gb.rel $(ENGINE)/gb.c
	$(CC) -c -o $(OBJ)/$(NAME).rel $(NAME).c
	sdcc -msm83 --no-std-crt0 --code-loc 0x0200 --data-loc $(DATA) -o $(OBJ)/$(NAME).ihx $(OBJ)/crt0.rel $(OBJ)/gb.rel $(OBJ)/$(NAME).rel
	makebin -Z -yn $(shell echo $(NAME) | tr a-z A-Z) $(OBJ)/$(NAME).ihx $@
	rm -r $(OBJ)

art:
	python3 art.py

.PHONY: art
