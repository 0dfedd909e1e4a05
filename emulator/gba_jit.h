/* Machine code for programs of the Game Boy Advance: instructions are translated once, in blocks that run until a jump leaves them, and all emulators
 * of one ROM share them. A block stands for what libmgba would do, to the cycle. It reaches ROM, work RAM and what of video memory answers like RAM;
 * other accesses it leaves to libmgba, and what it does not know it leaves with the machine as it was before that instruction. So
 * events, registers of the console and what depends on them are known in one place alone.
 *
 * A block is entered where all of it ends before the next event; where it does not, in a second form that looks at the clock after each instruction.
 * Code in RAM is kept with the bytes that it was made from, and used where they are the same; a store to a page of RAM with such code in it
 * is libmgba's too, and forgets what lies there.
 *
 * How long an instruction takes depends on the wait states that a game chooses, mostly once: code is made for one choice.
 * Machine code is made on x86-64 Linux (gba_jit_x64.c); elsewhere, and without memory for it, there is none, and all is libmgba's. Internal to
 * emulator/. */
#ifndef LP_EMULATOR_GBA_JIT_H
#define LP_EMULATOR_GBA_JIT_H

#include "emulator/arm7.h"
#include "emulator/jit_space.h"

enum {
    LP_GBA_AREAS = 16,  /* by address bits 24 to 31; above, there is nothing */
    LP_GBA_PAGE = 128,  /* bytes of RAM that are forgotten at once; no block is longer */
    LP_GBA_WAITS = 128, /* an access's wait states are fewer */
    LP_GBA_BIOS_BYTES = 0x4000,
    LP_GBA_PORT_END = 0xCA, /* a ROM's bytes from here on stay as they are; before, a cartridge's port may lie */
    LP_GBA_IWRAM_PAGES = 0x8000 / LP_GBA_PAGE,
    LP_GBA_EWRAM_PAGES = 0x40000 / LP_GBA_PAGE,
};

/* How a run of blocks ended: at an instruction that is libmgba's; where no block begins yet, or after an access that changed more than memory; before a
 * block that does not end before the next event, or at it; at a jump to where nothing is translated; at a BX into the other instruction set, to
 * jit->pc with bit 0 as BX has it. */
typedef enum { LP_GBA_OTHER, LP_GBA_ARRIVE, LP_GBA_LATE, LP_GBA_JUMP, LP_GBA_SWITCH } lp_gba_end;

/* Cycles of an access as libmgba counts them before GBAMemoryStall; of several words: first + n * more. */
enum {
    LP_WAIT_LOAD32,
    LP_WAIT_LOAD,
    LP_WAIT_STORE32,
    LP_WAIT_STORE,
    LP_WAIT_LOADS,
    LP_WAIT_LOADS_MORE,
    LP_WAIT_STORES,
    LP_WAIT_STORES_MORE,
    LP_WAITS
};

/* What lies at the addresses with the same upper byte; machine code reaches its fields. */
typedef struct {
    uint8_t *base;
    uint32_t mask;                   /* of an address: the offset */
    uint32_t loads, stores, stores8; /* offsets below are reached by blocks */
    int8_t wait[LP_WAITS];
    uint8_t *has_code;            /* of each page: is there code that was translated? */
    _Atomic(uint32_t) *blocks[2]; /* ARM, Thumb: where the block begins that begins at an offset, in 2 or 4 bytes */
    uint32_t code_mask;           /* of an address: the offset that counts for `blocks`; not below `loads`: none */
    uint8_t jump[2];              /* ARM, Thumb: cycles of a jump there */
    uint8_t touched;              /* something was stored */
    uint8_t unused;
} lp_gba_area;
_Static_assert(sizeof(lp_gba_area) == 64, "machine code multiplies by it");

/* What the length of instructions depends on: libmgba's tables, by area, and its prefetch. And the address that libmgba watches for (its idle
 * loop; a jump there is libmgba's). */
typedef struct {
    int8_t seq32[LP_GBA_AREAS], seq16[LP_GBA_AREAS], nonseq32[LP_GBA_AREAS], nonseq16[LP_GBA_AREAS];
    uint32_t prefetch, idle_loop;
} lp_gba_timing;

/* An access of `wait` cycles by code in ROM while the prefetch is on, so many bytes (2 to 16; else: 0) behind what was fetched ahead: what it
 * takes, and how far ahead of R15 is fetched then. GBAMemoryStall of libmgba. */
typedef struct {
    int32_t cycles, ahead;
} lp_gba_stall;

/* Where a console's memory lies, in libmgba. */
typedef struct {
    uint8_t *bios, *ewram, *iwram, *io, *palette, *vram, *oam, *rom;
} lp_gba_memory;

/* One emulator's; machine code reaches its fields. */
typedef struct lp_gba_jit {
    uint32_t r[16];                /* r[15] unused */
    uint32_t nz;                   /* flags: negative in bit 31, zero where it is 0 */
    uint8_t c, v, shifter_carry;   /* shifter_carry of a sign: 255 */
    uint32_t shifter;              /* what libmgba keeps of the last shift */
    uint32_t status, saved_status; /* CPSR without the flags, SPSR */
    uint32_t pc;                   /* the next instruction, or a jump's target; the present one, while it is libmgba's */
    int32_t cycles_left;
    uint32_t bus;    /* as libmgba keeps it: what was fetched last when it looked for events */
    uint32_t loaded; /* by `load` */
    bool thumb;
    bool stops; /* a store changed more than memory */
    /* Accesses that are libmgba's, in the midst of an instruction whose cycles are not counted yet: to an address, of so many bytes, negative: signed.
     * With `stops` false nothing else has changed but cycles_left. */
    void (*load)(struct lp_gba_jit *jit, uint32_t address, int32_t size_bytes);
    void (*store)(struct lp_gba_jit *jit, uint32_t address, int32_t size_bytes, uint32_t value);
    void *user;       /* whose the machine is */
    uint32_t fetched; /* lastPrefetchedPc */
    uint32_t last_jump, idle_loop;
    const uint8_t *runs;           /* of the code's space */
    const lp_gba_stall *stalls[3]; /* of code in each of ROM's mirrors */
    lp_gba_area areas[256];
    struct lp_gba_code *code, *codes[4]; /* for the present wait states; all that were; shared */
    uint8_t ram_code[LP_GBA_IWRAM_PAGES + LP_GBA_EWRAM_PAGES], no_code[0x20000 / LP_GBA_PAGE];
    uint8_t times_forgotten[LP_GBA_IWRAM_PAGES + LP_GBA_EWRAM_PAGES];
    lp_gba_memory memory;
    uint32_t rom_bytes;
    int looked;                  /* at the screen's line, in this frame */
    bool mirrors, loads_nothing; /* the program reaches ROM's second and third mirror, where nothing is */
    uint32_t usual_at, seen_at;  /* when it may next see an event of the screen or a timer, and any */
    int32_t longest;             /* cycles of an instruction, at most */
    uint64_t rom_hash;
    bool has_ram_code;
} lp_gba_jit;

/* For the ROM of this hash. NULL: no machine code here. Thread-safe. */
lp_gba_jit *lp_gba_jit_open(uint64_t rom_hash, uint32_t size_bytes);
void lp_gba_jit_close(lp_gba_jit *jit);

/* From now on the emulator's memory is this; before anything is run. */
void lp_gba_jit_place(lp_gba_jit *jit, const lp_gba_memory *memory);

/* From now on instructions take so long. false: no machine code for that. */
bool lp_gba_jit_time(lp_gba_jit *jit, const lp_gba_timing *timing);

/* Is there a block at pc? Counts that it was asked for, and makes it when that was often enough. */
bool lp_gba_jit_has(lp_gba_jit *jit, uint32_t pc, bool thumb);

/* Runs blocks from the one at jit->pc on; `late`: in the form that looks at the clock. All down to `thumb` is the machine's, before and after. */
lp_gba_end lp_gba_jit_run(lp_gba_jit *jit, bool late);

/* Something was stored to RAM (of the area 2 or 3), otherwise than by a block. */
void lp_gba_jit_forget(lp_gba_jit *jit, uint32_t address, uint32_t size_bytes);
void lp_gba_jit_forget_all(lp_gba_jit *jit);

/* ---- gba_jit_x64.c ---- */

enum { LP_GBA_BLOCK_BYTES = 16 << 10 }; /* at most */

typedef struct {
    lp_gba_end (*enter)(lp_gba_jit *jit, const uint8_t *code);
    const uint8_t *leave[LP_GBA_SWITCH + 1];
    const uint8_t *jump[2], *change[2]; /* to the address in eax, of ARM and Thumb code; from code of the other set */
    const uint8_t *load, *store;        /* of libmgba's: ecx the address, edx the size, r11d the value */
} lp_gba_ways;

/* First in a space, at 0: what stands in `blocks` for how often a block was asked for, 16 bytes each. */
enum { LP_GBA_ASKED_BYTES = 16, LP_GBA_HOT = 10, LP_GBA_NEVER = LP_GBA_HOT + 1 };
lp_gba_ways lp_gba_make_ways(lp_jit_space *space);

/* A block that begins at pc. */
typedef struct {
    lp_jit_space *space;
    const lp_gba_ways *ways;
    const lp_gba_timing *timing;
    const lp_gba_area *areas;
    const uint8_t *memory; /* pc's bytes and those behind, so many */
    uint32_t pc, size_bytes;
    bool thumb, in_rom, in_bios, late;
} lp_gba_source;

/* Kept in front of a block: where its second form begins, 0: nowhere yet; bytes of the source. */
typedef struct {
    uint32_t second, length;
} lp_gba_block;

/* Where it begins in the space; 0: its first instruction is libmgba's. There are LP_GBA_BLOCK_BYTES left. */
uint32_t lp_gba_translate(const lp_gba_source *source);

#endif
