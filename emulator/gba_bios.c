/* BIOS calls of the Game Boy Advance, bounded: no program may keep the host from ending a frame.
 *
 * libmgba answers a BIOS call at once and, for most, without letting the machine's time pass. Its loops end when the game's
 * own numbers say so: Huffman when it has met enough leaves of a tree that may have none, the affine sets after up to 2^32
 * entries, the others after 16 MB. Hence three bounds, which no program that works on a console meets:
 *
 * - An affine set of more entries than all memory holds is taken as one of that many.
 * - A call that has read more bytes than the longest that works could reads only leaves of a Huffman tree from there on.
 * - What calls write in a frame beyond FREE_BYTES (all memory is 384 KB) takes the machine's time, as it does on a console,
 *   so that the frame ends.
 *
 * This is the machine, plain or fast. The count starts anew with each frame and states are taken between frames, so nothing
 * of it is in a state. A frame runs on one thread from its start to its end. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/bios.h>
#include <mgba/internal/gba/gba.h>

#include "emulator/console.h"

enum {
    FREE_BYTES = 1 << 20,
    BYTE_CYCLES = 8,
    MAX_CALL_BYTES = 1 << 24, /* lengths have 24 bits */
    MAX_AFFINE = 1 << 14,
    MAX_LOADS = 16 << 20, /* of one Huffman call: 384 KB of 4 bits, at 20 loads each */
    LEAVES = 0xC0,        /* a node of a Huffman tree whose children are leaves */
};

static _Thread_local struct {
    uint32_t bytes; /* written by calls in this frame */
    uint32_t loads; /* of the Huffman call that is going on */
    uint32_t (*load8)(struct ARMCore *, uint32_t address, int *cycles);
} work;

void lp_gba_bios_new_frame(void) { work.bytes = 0; }

static uint32_t count_load8(struct ARMCore *cpu, uint32_t address, int *cycles) {
    if (work.loads >= MAX_LOADS) return LEAVES;
    work.loads++;
    return work.load8(cpu, address, cycles);
}

static void call_huffman(struct ARMCore *cpu, int call) {
    work.loads = 0;
    work.load8 = cpu->memory.load8;
    cpu->memory.load8 = count_load8;
    GBASwi16(cpu, call);
    cpu->memory.load8 = work.load8;
}

static void call_affine(struct ARMCore *cpu, int call) {
    int32_t n = cpu->gprs[2];
    if ((uint32_t)n > MAX_AFFINE) cpu->gprs[2] = MAX_AFFINE;
    work.bytes += 16 * (uint32_t)cpu->gprs[2];
    GBASwi16(cpu, call);
    cpu->gprs[2] = n;
}

static void charge(struct ARMCore *cpu) {
    if (work.bytes <= FREE_BYTES) return;
    cpu->cycles += (int32_t)(work.bytes - FREE_BYTES) * BYTE_CYCLES;
    work.bytes = FREE_BYTES;
}

static void call_bios(struct ARMCore *cpu, int call) {
    uint32_t written = (uint32_t)cpu->gprs[1];
    switch (call) {
    case GBA_SWI_BG_AFFINE_SET:
    case GBA_SWI_OBJ_AFFINE_SET: call_affine(cpu, call); break;
    case GBA_SWI_HUFFMAN_UNCOMP:
        call_huffman(cpu, call);
        work.bytes += ((uint32_t)cpu->gprs[1] - written) % (2 * MAX_CALL_BYTES);
        break;
    case GBA_SWI_BIT_UNPACK:
    case GBA_SWI_LZ77_UNCOMP_WRAM:
    case GBA_SWI_LZ77_UNCOMP_VRAM:
    case GBA_SWI_RL_UNCOMP_WRAM:
    case GBA_SWI_RL_UNCOMP_VRAM:
    case GBA_SWI_DIFF_8BIT_UNFILTER_WRAM:
    case GBA_SWI_DIFF_8BIT_UNFILTER_VRAM:
    case GBA_SWI_DIFF_16BIT_UNFILTER:
        GBASwi16(cpu, call);
        work.bytes += ((uint32_t)cpu->gprs[1] - written) % (2 * MAX_CALL_BYTES);
        break;
    case GBA_SWI_SOFT_RESET: /* these two clear RAM without a store */
    case GBA_SWI_REGISTER_RAM_RESET:
        GBASwi16(cpu, call);
        lp_gba_ram_changed();
        return;
    default: GBASwi16(cpu, call); return;
    }
    charge(cpu);
}

static void call_bios_arm(struct ARMCore *cpu, int call) { call_bios(cpu, call >> 16); }

void lp_gba_bound_bios(struct ARMCore *cpu) {
    cpu->irqh.swi16 = call_bios;
    cpu->irqh.swi32 = call_bios_arm;
}
