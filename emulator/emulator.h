/* One emulated Game Boy, Game Boy Color or Game Boy Advance (libmgba), deterministic and embeddable.
 *
 *     lp_emu *emu;
 *     if (lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err)) ...   // LP_BAD_INPUT: not a ROM
 *     lp_emu_step(emu, LP_KEY_START, 4);                    // four frames with START held
 *     const uint32_t *pixels = lp_emu_frame(emu, &width, &height);
 *     lp_emu_close(emu);
 *
 * Deterministic: the clock chip is fixed, nothing is read from or written to the disk, so the same ROM and the same
 * keys give the same lp_emu_hash, in one process or in two. Tilt sensors and gyroscopes lie still. Each lp_emu is
 * independent: one thread at a time may use it, any number of them run on any threads. But for lp_emu_reset and lp_emu_listen,
 * nothing here allocates after lp_emu_open.
 *
 * What fails says so and changes nothing: an emulator that could not be opened is NULL, one that could not be reset or could
 * not load a state goes on from where it was.
 */
#ifndef LP_EMULATOR_EMULATOR_H
#define LP_EMULATOR_EMULATOR_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_emu lp_emu;

typedef enum { LP_SYSTEM_GB, LP_SYSTEM_GBC, LP_SYSTEM_GBA } lp_system;

/* The console that a cartridge is put into. A game can tell them apart, and goes another way in each. */
typedef enum {
    LP_MODEL_AUTO, /* what it was made for: AGB for a GBA's, CGB for a Game Boy cartridge that knows colours, else DMG */
    LP_MODEL_DMG,  /* the first Game Boy */
    LP_MODEL_SGB,  /* Super Game Boy: slower here, as it makes its colours of the drawn picture */
    LP_MODEL_CGB,  /* Game Boy Color; plays older cartridges too */
    LP_MODEL_AGB,  /* Game Boy Advance; plays all Game Boy cartridges too */
    LP_N_MODELS,
} lp_model;

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

static const double LP_EMU_FRAMES_PER_S = 59.7275; /* of all of them: 2^22 / 70224 */

enum { LP_EMU_MAX_ROM_BYTES = 32 << 20, LP_EMU_MAX_WIDTH = 240, LP_EMU_MAX_HEIGHT = 160 };

typedef struct {
    bool plain;   /* true: draw every frame and sample sound, as a player's emulator does (the reference for the fast path) */
    bool no_draw; /* true: never draw; lp_emu_frame then shows an old frame. For replays that only need the machine */
    lp_model model;
} lp_emu_config;

/* Starts the machine at power-on. rom is borrowed and must outlive the emulator (many may share one); config NULL: all
 * defaults. LP_BAD_INPUT when rom is no GB/GBC/GBA ROM, or does not fit into that model; *out is then NULL. Thread-safe. */
lp_status lp_emu_open(lp_emu **out, const void *rom, size_t size_bytes, const lp_emu_config *config, lp_err *err);
void lp_emu_close(lp_emu *emu);

/* What the game runs as: on a Game Boy Color, an older game's system is GB. */
lp_system lp_emu_system(const lp_emu *emu);
const char *lp_system_name(lp_system system);   /* "GB", "GBC", "GBA" */
lp_model lp_emu_model(const lp_emu *emu);       /* never LP_MODEL_AUTO */
#define LP_MODEL_CHOICES "auto|dmg|sgb|cgb|agb" /* the names, in order */
const char *lp_model_name(lp_model model);
/* LP_BAD_INPUT and *out as it was: none of these names. */
lp_status lp_model_parse(lp_model *out, const char *name, lp_err *err);
/* The game's title in the ROM's header, unprintable characters dropped; valid as long as emu. */
const char *lp_emu_title(const lp_emu *emu);
/* Name and version of the emulation core, e.g. "mGBA 0.10.1"; part of a movie's identity. */
const char *lp_emu_core_version(void);

/* Power-on again: the same state as right after lp_emu_open. LP_FAILED and an unchanged machine: out of memory. */
lp_status lp_emu_reset(lp_emu *emu, lp_err *err);
/* Runs n_frames frames with keys held. Only the last is drawn (all, when plain). */
void lp_emu_step(lp_emu *emu, uint16_t keys, int n_frames);
/* Frames run since power-on, through state loads too. */
uint64_t lp_emu_frames(const lp_emu *emu);

/* The picture after the last step: height rows of width pixels, 0x00BBGGRR (red in the low byte), rows adjacent.
 * Valid until the next step. GB and GBC 160x144, GBA 240x160. */
const uint32_t *lp_emu_frame(const lp_emu *emu, int *width, int *height);

/* Sound. Nobody listens at first, which costs nothing; the machine goes the same way with a listener or without. */
enum {
    LP_SOUND_HZ = 48000,    /* stereo pairs, a second of the console's time */
    LP_SOUND_PAIRS = 16320, /* what is kept for the listener, a third of a second: what comes when it is full is lost */
};
/* From now on what is heard is kept, or no longer; also after a reset. LP_FAILED and as it was: out of memory. */
lp_status lp_emu_listen(lp_emu *emu, bool on, lp_err *err);
/* Takes what was heard since the last call into out, up to max_pairs of left and right; returns how many. 0 where nobody listens. */
int lp_emu_sound(lp_emu *emu, int16_t *out, int max_pairs);

/* The bus as the CPU sees it, without side effects on the machine's time. Memory that the CPU is kept from for the moment (a locked
 * cartridge's RAM, video memory while a line is drawn) is read all the same; a write goes the CPU's way, and may not arrive. */
uint8_t lp_emu_read8(lp_emu *emu, uint32_t address);
void lp_emu_write8(lp_emu *emu, uint32_t address, uint8_t value);

/* States: size_bytes of plain bytes; a state loads only into the same ROM on the same core version. */
size_t lp_emu_state_size(const lp_emu *emu);
void lp_emu_state_save(lp_emu *emu, void *out);
/* LP_BAD_INPUT and an unchanged machine when the state is of another size, ROM, model or core version. */
lp_status lp_emu_state_load(lp_emu *emu, const void *state, size_t size_bytes, lp_err *err);

/* A hash of the machine: RAM, video RAM, sprite RAM, I/O and CPU registers, cartridge RAM and banking. Not of the
 * picture, the sound buffer or anything that only the emulator's host side has. */
uint64_t lp_emu_hash(lp_emu *emu);

#endif
