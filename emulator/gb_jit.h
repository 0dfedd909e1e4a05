/* Machine code for the Game Boy's ROM. What a ROM holds never changes, so its instructions are translated once, in blocks that run until a
 * jump leaves them, and all emulators of one ROM share them. A block is entered only where all of it ends before the next event, and
 * reaches nothing but ROM, work RAM and high RAM; at anything else it ends with the machine as it was before that instruction,
 * which is then gb_cpu.c's. So events, timing and registers are known in one place alone. Internal to emulator/.
 *
 * Machine code is made on x86-64 Linux (gb_jit_x64.c); elsewhere, and without memory for it, there is none, and all is interpreted. It
 * lies in memory of which one view may be written and another run: no page is both. */
#ifndef LP_EMULATOR_GB_JIT_H
#define LP_EMULATOR_GB_JIT_H

#include "emulator/jit_space.h"
#include "emulator/sm83.h"

#include <stdatomic.h>
#include <stddef.h>

enum { LP_JIT_BANK = 0x4000, LP_JIT_LOADED = 0x10000 };

/* How a run of blocks ended: at an instruction that is to be interpreted; where no block begins yet; before a block that does not end before the
 * next event; at the beginning of a loop that may only wait. */
typedef enum { LP_JIT_INTERPRET, LP_JIT_ARRIVE, LP_JIT_LATE, LP_JIT_LOOP } lp_jit_end;

/* One emulator's; machine code reaches its fields. Addresses are numbers where they are less the address (as the Game Boy has it) at
 * which their memory begins: they point to nothing. */
typedef struct lp_gb_jit {
    uintptr_t read[256], write[256]; /* of a page of 256 bytes; 0: to be interpreted */
    uintptr_t high_ram;
    uintptr_t tables[2];                    /* of `blocks` */
    _Atomic(const void *) *blocks[2];       /* of the bank at 0000 and of that at 4000: where the block begins that begins at an offset */
    uint8_t from_flags[256], to_flags[256]; /* between the Game Boy's flags (less N) and those of LAHF */
    registers r;
    uint8_t lahf, n, stored; /* stored: something was, since it was last cleared */
    int32_t cycles_left;     /* machine cycles until an event may be seen */
    uint32_t last;           /* address of the last byte of the last instruction, LP_JIT_LOADED; -1: none was run */
    uint32_t loaded;         /* what was read there */
    uint32_t pc, end;
    struct lp_gb_code *code; /* of the ROM; shared */
    const void *arrive;      /* what stands in `blocks` where there is none */
    const void *mapped[4];   /* what `read` and `write` are made from */
    bool ram_is_plain;
} lp_gb_jit;

/* For a ROM, which is copied if nobody has it yet. NULL: no machine code here. Thread-safe. */
lp_gb_jit *lp_gb_jit_open(const void *rom, size_t size_bytes);
void lp_gb_jit_close(lp_gb_jit *jit);

/* The banks that are mapped now. plain: work RAM answers in the usual way. false: no machine code for them. */
bool lp_gb_jit_map(lp_gb_jit *jit, const uint8_t *bank0, const uint8_t *bank1, const uint8_t *rom, uint8_t *wram, uint8_t *wram_bank,
                   uint8_t *hram, bool plain);

/* Counts that a block at pc was asked for, and makes it when that was often enough. Is it there? */
bool lp_gb_jit_ask(lp_gb_jit *jit, uint16_t pc);

/* Is there a block at pc, below 8000? */
ALWAYS bool lp_gb_jit_has(lp_gb_jit *jit, uint16_t pc) {
    const void *block = atomic_load_explicit(&jit->blocks[pc / LP_JIT_BANK][pc % LP_JIT_BANK], memory_order_acquire);
    return block != jit->arrive || lp_gb_jit_ask(jit, pc);
}

/* How the run from the block at pc was: where most are short it is better interpreted, and the block goes. */
void lp_gb_jit_tell(lp_gb_jit *jit, uint16_t pc, bool was_short);

/* Runs blocks from the one at pc on. */
void lp_gb_jit_run(lp_gb_jit *jit);

/* ---- gb_jit_x64.c ---- */

enum { LP_JIT_BLOCK_BYTES = 16 << 10 }; /* at most */

/* How blocks are entered and left; first in a space. */
typedef struct {
    const void *arrive; /* what stands in `blocks` where there is none */
    void (*enter)(lp_gb_jit *jit, const void *block);
    const void *interpret, *late, *loop;
} lp_jit_ways;
lp_jit_ways lp_jit_make_ways(lp_jit_space *space);

/* The block at pc of a bank; NULL: its first instruction is one to interpret. There are LP_JIT_BLOCK_BYTES left. */
const void *lp_jit_translate(lp_jit_space *space, const lp_jit_ways *ways, const uint8_t *bank, uint16_t pc);

#endif
