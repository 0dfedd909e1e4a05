/* The inside of the emulator folder: what emulator.c shares with gb.c and gba.c, the two consoles over libmgba.
 *
 * A machine is saved as images of libmgba's own structs, so that nothing that can matter is forgotten: each struct is
 * copied whole, except for its host ranges (pointers, sound buffers, counters of the host side), which are zero in an
 * image and keep their live value when one is loaded. What a host pointer says about the machine (which ROM bank is
 * mapped, which events are queued in which order) is saved beside the images as offsets and indices. */
#ifndef LP_EMULATOR_CONSOLE_H
#define LP_EMULATOR_CONSOLE_H

#include "emulator/emulator.h"
#include "emulator/rom.h"

struct mCore;
struct mTiming;
struct mTimingEvent;
struct SM83Core;
struct ARMCore;
struct GB;
struct GBA;
struct GBAAudio;
struct GBAudio;
struct GBObj;
struct GBTimer;
struct GBVideo;
struct GBVideoRenderer;
struct GBAVideoRenderer;
struct GBASavedata;
struct lp_gb_jit;
struct lp_gba_jit;

/* A byte range of a struct. Tables of these are in ascending order and do not overlap. */
typedef struct {
    size_t offset, size;
} lp_range;

/* Where a host pointer points: 0 nowhere, otherwise 1 + the index of a block, and the offset in it. */
typedef struct {
    uint32_t block, offset;
} lp_link;

enum { LP_MAX_EVENTS = 16, LP_MAX_BLOCKS = 12 };

/* A GBA cartridge's port lies in its ROM's address space; libmgba keeps it in the ROM's own bytes. */
enum { LP_PORT_AT = 0xC4, LP_PORT_BYTES = 6 };

typedef struct {
    const void *base;
    size_t size;
} lp_block;

typedef void lp_event_callback(struct mTiming *timing, void *user, uint32_t ticks_late);

/* What libmgba keeps static and a running machine may point to: found out once, the same for the whole process. */
typedef struct {
    lp_event_callback *video[4]; /* of the video event, by mode */
    lp_event_callback *timer;
    lp_event_callback *sound;       /* of the sample event */
    lp_event_callback *overflow[2]; /* of a timer's */
    void (*draw_range)(struct GBVideoRenderer *, int start, int end, int y);
    void (*draw_line)(struct GBAVideoRenderer *, int y);
    uint8_t (*cartridge_load)(struct SM83Core *, uint16_t address);
    const void *no_code; /* what a CPU reads that runs where nothing is */
} lp_statics;

typedef struct lp_console {
    /* After the core has its ROM: hooks, fixes, reset. */
    lp_status (*start)(lp_emu *emu, lp_err *err);
    /* Before the core is destroyed: frees what libmgba would forget. */
    void (*stop)(lp_emu *emu);
    /* Would the core write to the bytes of this ROM? Then it needs a copy of its own. */
    bool (*writes_rom)(const lp_emu *emu);
    void (*run_frame)(lp_emu *emu, bool draw);
    /* Where sound is mixed into, and how far: ticks into libmgba's present stretch of it. */
    struct GBAudio *(*audio)(lp_emu *emu, int **clock);
    void (*mix)(lp_emu *emu, bool on);              /* in place of the fast path's way, which mixes nothing */
    uint8_t (*peek)(lp_emu *emu, uint32_t address); /* changes nothing, unlike the CPU's own reads */
    void (*poke)(lp_emu *emu, uint32_t address, uint8_t value);
    /* A fixed number of bytes for one emulator. */
    size_t (*machine_bytes)(const lp_emu *emu);
    void (*machine_save)(lp_emu *emu, uint8_t *out);
    /* May these be loaded? LP_BAD_INPUT, with the field, if they describe a machine that no game can bring about and that
     * libmgba could not run: one that would read out of bounds, divide by zero or never end a frame. */
    lp_status (*check)(const lp_emu *emu, const uint8_t *machine, const uint8_t *renderer, lp_err *err);
    void (*machine_load)(lp_emu *emu, const uint8_t *in);
    uint64_t (*machine_hash)(lp_emu *emu);
    /* What the next picture depends on besides the machine. */
    size_t (*renderer_bytes)(const lp_emu *emu);
    void (*renderer_save)(lp_emu *emu, uint8_t *out);
    void (*renderer_load)(lp_emu *emu, const uint8_t *in);
    uint16_t keys;
    int width, height;
    int bytes_per_pixel; /* in a state; lossless */
} lp_console;

extern const lp_console lp_console_gb, lp_console_gba;

extern lp_statics lp_gb_static, lp_gba_static; /* written once, by a console's first start */

/* The fast path: once for a core, and before each frame (the game may have switched the LCD on). */
void lp_gb_hook_core(struct GB *gb);
void lp_gb_mix(struct GB *gb, bool on);
void lp_gb_hook_video(struct GB *gb);
void lp_gb_hook_renderer(struct GB *gb);
void lp_gb_draw_init(void); /* once for the process */
/* Before each frame: the time at which it ends, whether the screen has shown one or not. */
void lp_gb_new_frame(uint32_t limit);
/* Its parts, which the sleeping and the waking machine share. */
void lp_gb_skip_samples(struct GBAudio *audio, uint32_t time);
uint32_t lp_gb_timer_block(const struct GBTimer *timer);         /* increments between two ticks of TIMA or the sound's sequencer */
int32_t lp_gb_change_mode(struct GBVideo *video, uint32_t time); /* a line's mode ends; returns the next one's ticks */
void lp_gb_set_mode_callback(struct GBVideo *video);
/* The event is due. Does the CPU sleep, and were screen, timer and sound brought up to what may wake it? */
bool lp_gb_sleep(struct GB *gb, struct mTimingEvent *self, uint32_t ticks_late);
/* A running CPU: the cycle (as cpu->cycles counts them) of the next event that it may see without looking at anything but RAM and ROM; at least
 * cpu->nextEvent. */
int32_t lp_gb_next_seen(struct GB *gb);
/* That of the event that next changes LY; while the screen is off cpu->nextEvent. */
int32_t lp_gb_next_line(struct GB *gb);
/* Goes through the events before `cycles`, of which none may be seen. */
void lp_gb_catch_up(struct GB *gb, int32_t cycles);
int lp_gb_sprites_on_line(const struct GBObj *sprites, int line, bool tall); /* as the console counts, at most 10 */
/* Runs the CPU as libmgba's SM83Run does: until the instruction is over during or after which an event fell. jit: may be NULL. */
void lp_gb_run(struct SM83Core *cpu, struct GB *gb, struct lp_gb_jit *jit);
/* The mode whose end a callback is, libmgba's own or ours; -1: none. */
int lp_gb_video_mode(lp_event_callback *callback);

size_t lp_gb_machine_bytes(const lp_emu *emu);
void lp_gb_machine_save(lp_emu *emu, uint8_t *out);
lp_status lp_gb_check(const lp_emu *emu, const uint8_t *machine, const uint8_t *renderer, lp_err *err);
void lp_gb_machine_load(lp_emu *emu, const uint8_t *in);
uint64_t lp_gb_machine_hash(lp_emu *emu);
void lp_gb_renderer_clear(lp_emu *emu);
size_t lp_gb_renderer_bytes(const lp_emu *emu);
void lp_gb_renderer_save(lp_emu *emu, uint8_t *out);
void lp_gb_renderer_load(lp_emu *emu, const uint8_t *in);

/* What happens often: the sample event's callback, and one of its events; from now on timers overflow our way, and events are gone through
 * so: once for a core. */
void lp_gba_skip_samples(struct mTiming *timing, void *user, uint32_t cycles_late);
void lp_gba_skip_sample(struct GBAAudio *audio, uint32_t when);
void lp_gba_hook_events(struct GBA *gba);
/* When (since power-on) the CPU may next see an event of the screen or of a timer without looking at the console's registers. No instruction takes more
 * cycles than that, of a CPU that sleeps 0; `lines`: it looks at those of the screen's line. It stays so until it is past, or a register that it
 * depends on is written. */
uint32_t lp_gba_next_usual(const struct GBA *gba, int32_t longest_instruction, bool lines);
/* The cycle (as cpu->cycles counts them) of the first event of all that it may see so. */
int32_t lp_gba_next_seen(const struct GBA *gba, uint32_t usual);
/* Before that time (since power-on) there is none, and what is due until now is gone through. */
extern _Thread_local uint32_t lp_gba_unseen_until;
void lp_gba_pass_unseen(struct GBA *gba);
/* The instruction that a DMA last came before, as GBADMAUpdate keeps it. */
extern _Thread_local struct lp_gba_dma {
    uint32_t before;
    bool may_load;
} lp_gba_dma;
enum { LP_GBA_REFILL_BELOW = 4, LP_GBA_FIFO_WORD = 4 }; /* of a FIFO: words, bytes */
/* BIOS calls that end: once for a core, and before each frame. */
void lp_gba_bound_bios(struct ARMCore *cpu);
void lp_gba_bios_new_frame(void);
/* From now on lines are drawn our way: once for a core. */
void lp_gba_hook_renderer(struct GBAVideoRenderer *renderer);
/* Before each frame, and before libmgba looks through OAM: this thread may have drawn other emulators' frames, others this one's. */
void lp_gba_forget_sprites(void);

/* Loads and stores by the CPU and by DMA: once for a core. */
void lp_gba_hook_memory(struct ARMCore *cpu);
/* RAM was written otherwise, while a frame runs. */
void lp_gba_ram_changed(void);
/* Runs the machine until a picture ends, as libmgba's core does. jit: may be NULL. */
void lp_gba_run_frame(struct ARMCore *cpu, struct GBA *gba, struct lp_gba_jit *jit);

size_t lp_gba_machine_bytes(const lp_emu *emu);
void lp_gba_machine_save(lp_emu *emu, uint8_t *out);
lp_status lp_gba_check(const lp_emu *emu, const uint8_t *machine, const uint8_t *renderer, lp_err *err);
void lp_gba_machine_load(lp_emu *emu, const uint8_t *in);
uint64_t lp_gba_machine_hash(lp_emu *emu);
size_t lp_gba_renderer_bytes(const lp_emu *emu);
void lp_gba_renderer_save(lp_emu *emu, uint8_t *out);
void lp_gba_renderer_load(lp_emu *emu, const uint8_t *in);
bool lp_gba_has_port(const struct GBA *gba);
void lp_gba_widen_save_memory(struct GBASavedata *savedata);

struct lp_emu {
    const lp_console *console;
    struct mCore *core;
    lp_emu_config config;
    lp_system system;
    lp_model model; /* never LP_MODEL_AUTO */
    bool listens;
    uint64_t n_frames, rom_hash;
    const void *rom;             /* borrowed, or own_rom */
    void *own_rom;               /* owned; NULL when the caller's bytes can be used as they are */
    struct lp_gb_jit *jit;       /* owned; NULL: all is interpreted */
    struct lp_gba_jit *gba_jit;  /* the same */
    uint8_t port[LP_PORT_BYTES]; /* of the ROM as it is in the file */
    lp_rom_info info;
    uint32_t pixels[]; /* width x height */
};

/* Replaces the buffers that sound is mixed into, 64 KiB each, by others: LP_NO_SOUND: the smallest, nothing is put into them. LP_FAILED
 * and the old ones: out of memory. */
enum { LP_NO_SOUND = 16, LP_ALL_SOUND = LP_SOUND_PAIRS + 64 }; /* libmgba adds up to 47 pairs at once */
lp_status lp_size_sound(struct GBAudio *audio, int n_pairs, lp_err *err);

void lp_image_save(void *out, const void *live, size_t size, const lp_range *host, int n_host);
void lp_image_load(void *live, const void *image, size_t size, const lp_range *host, int n_host);
void lp_zero_ranges(void *data, const lp_range *ranges, int n);

lp_link lp_link_save(const void *pointer, const lp_block *blocks, int n);
/* span: bytes that may be read from the pointer on. */
bool lp_link_check(lp_link link, size_t span, const lp_block *blocks, int n);
void *lp_link_load(lp_link link, const lp_block *blocks, int n);

/* The queue as indices into events, 1 + index each, in order, zeros after the last. */
void lp_queue_save(uint8_t order[LP_MAX_EVENTS], const struct mTiming *timing, struct mTimingEvent *const *events, int n);
bool lp_queue_check(const uint8_t order[LP_MAX_EVENTS], int n);
void lp_queue_load(struct mTiming *timing, const uint8_t order[LP_MAX_EVENTS], struct mTimingEvent *const *events);

#endif
