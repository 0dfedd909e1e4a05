/* One emulated Game Boy, Game Boy Color or Game Boy Advance (libmgba), deterministic and embeddable.
 *
 *     lp_emu *emu;
 *     if (lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err)) ...   // LP_BAD_INPUT: not a ROM
 *     lp_emu_step(emu, LP_KEY_START, 4);                    // four frames with START held
 *     const uint32_t *pixels = lp_emu_frame(emu, &width, &height);
 *     lp_emu_close(emu);
 *
 * Deterministic: the clock chip is fixed, nothing is read from or written to the disk, so the same ROM and the same
 * keys give the same lp_emu_hash, in one process or in two. Each lp_emu is independent: one thread at a time may use
 * it, any number of them run on any threads. After lp_emu_open nothing here allocates.
 */
#ifndef LP_EMULATOR_EMULATOR_H
#define LP_EMULATOR_EMULATOR_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_emu lp_emu;

typedef enum { LP_SYSTEM_GB, LP_SYSTEM_GBC, LP_SYSTEM_GBA } lp_system;

/* Held keys: a mask of these. */
enum {
    LP_KEY_A = 1 << 0,
    LP_KEY_B = 1 << 1,
    LP_KEY_SELECT = 1 << 2,
    LP_KEY_START = 1 << 3,
    LP_KEY_RIGHT = 1 << 4,
    LP_KEY_LEFT = 1 << 5,
    LP_KEY_UP = 1 << 6,
    LP_KEY_DOWN = 1 << 7,
    LP_KEY_R = 1 << 8,
    LP_KEY_L = 1 << 9,
    LP_N_KEYS = 10,
};

enum { LP_EMU_MAX_ROM_BYTES = 32 << 20, LP_EMU_MAX_WIDTH = 240, LP_EMU_MAX_HEIGHT = 160 };

typedef struct {
    bool plain;   /* true: draw every frame and sample sound, as a player's emulator does (the reference for the fast path) */
    bool no_draw; /* true: never draw; lp_emu_frame then shows an old frame. For replays that only need the machine */
} lp_emu_config;

/* Starts the machine at power-on. rom is borrowed and must outlive the emulator (many may share one); config NULL: all
 * defaults. LP_BAD_INPUT when rom is no GB/GBC/GBA ROM; *out is then NULL. Thread-safe. */
lp_status lp_emu_open(lp_emu **out, const void *rom, size_t size_bytes, const lp_emu_config *config, lp_err *err);
void lp_emu_close(lp_emu *emu);

lp_system lp_emu_system(const lp_emu *emu);
const char *lp_system_name(lp_system system); /* "GB", "GBC", "GBA" */
/* The game's title in the ROM's header, unprintable characters dropped; valid as long as emu. */
const char *lp_emu_title(const lp_emu *emu);
/* Name and version of the emulation core, e.g. "mGBA 0.10.1"; part of a movie's identity. */
const char *lp_emu_core_version(void);

/* Power-on again: the same state as right after lp_emu_open. */
void lp_emu_reset(lp_emu *emu);
/* Runs n_frames frames with keys held. Only the last is drawn (all, when plain). */
void lp_emu_step(lp_emu *emu, uint16_t keys, int n_frames);
/* Frames run since power-on, through state loads too. */
uint64_t lp_emu_frames(const lp_emu *emu);

/* The picture after the last step: height rows of width pixels, 0x00BBGGRR (red in the low byte), rows adjacent.
 * Valid until the next step. GB and GBC 160x144, GBA 240x160. */
const uint32_t *lp_emu_frame(const lp_emu *emu, int *width, int *height);

/* The bus as the CPU sees it, without side effects on the machine's time. */
uint8_t lp_emu_read8(lp_emu *emu, uint32_t address);
void lp_emu_write8(lp_emu *emu, uint32_t address, uint8_t value);

/* States: size_bytes of plain bytes; a state loads only into the same ROM on the same core version. */
size_t lp_emu_state_size(const lp_emu *emu);
void lp_emu_state_save(lp_emu *emu, void *out);
/* LP_BAD_INPUT and an unchanged machine when the state is of another size, ROM or core version. */
lp_status lp_emu_state_load(lp_emu *emu, const void *state, size_t size_bytes, lp_err *err);

/* A hash of the machine: RAM, video RAM, sprite RAM, I/O and CPU registers, cartridge RAM and banking. Not of the
 * picture, the sound buffer or anything that only the emulator's host side has. */
uint64_t lp_emu_hash(lp_emu *emu);

#endif
