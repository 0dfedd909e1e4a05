/* One emulated console: opening a ROM, stepping, states. What differs between consoles is behind lp_console.
 *
 * A state: state_header, the machine (see gb_image.c, gba_image.c), the renderer, the picture with as many bits as it
 * has colours. Everything is checked before anything of the machine is overwritten; the hash is over all that follows it. */
#include <mgba/flags.h>

#include <mgba/core/blip_buf.h>
#include <mgba/core/core.h>
#include <mgba/core/log.h>
#include <mgba/core/version.h>
#include <mgba/internal/gb/audio.h>
#include <mgba-util/vfs.h>

#include "base/hash.h"
#include "emulator/console.h"
#include "emulator/gb_jit.h"
#include "emulator/gba_jit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char magic[8];
    uint64_t hash, core_hash, rom_hash, n_frames, body_bytes;
} state_header;

static const char MAGIC[8] = {'L', 'P', 'S', 'T', 'A', 'T', 'E', '1'};

static struct {
    pthread_once_t once;
    struct mLogger logger;
    char version[64];
} core_setup = {.once = PTHREAD_ONCE_INIT};

static void drop_log(struct mLogger *logger, int category, enum mLogLevel level, const char *format, va_list args) {
    (void)logger, (void)category, (void)level, (void)format, (void)args;
}

static void set_up_core(void) {
    core_setup.logger.log = drop_log;
    mLogSetDefaultLogger(&core_setup.logger);
    snprintf(core_setup.version, sizeof core_setup.version, "%s %s", projectName, projectVersion);
}

/* Tilt sensors and gyroscopes lie still: without a source for them libmgba leaves them at the end of their range. */
static int32_t no_rotation(struct mRotationSource *source) {
    (void)source;
    return 0;
}

static const struct mRotationSource at_rest = {.readTiltX = no_rotation, .readTiltY = no_rotation, .readGyroZ = no_rotation};

static void close_core(lp_emu *emu) {
    struct mCore *core = emu->core;
    if (!core) return;
    emu->core = NULL;
    mCoreConfigDeinit(&core->config);
    core->deinit(core);
}

lp_status lp_size_sound(struct GBAudio *audio, int n_pairs, lp_err *err) {
    struct blip_t *left = blip_new(n_pairs), *right = blip_new(n_pairs);
    if (!left || !right) {
        blip_delete(left);
        blip_delete(right);
        return lp_fail(err, LP_FAILED, "out of memory");
    }
    blip_delete(audio->left);
    blip_delete(audio->right);
    audio->left = left;
    audio->right = right;
    return LP_OK;
}

/* The rates' quotient is a whole number of blip_buf's units, so sound and machine never drift apart. */
static lp_status start_listening(lp_emu *emu, lp_err *err) {
    struct mCore *core = emu->core;
    int *clock;
    struct GBAudio *audio = emu->console->audio(emu, &clock);
    lp_status status = lp_size_sound(audio, LP_ALL_SOUND, err);
    if (status) return status;
    blip_set_rates(audio->left, core->frequency(core), LP_SOUND_HZ);
    blip_set_rates(audio->right, core->frequency(core), LP_SOUND_HZ);
    core->setAudioBufferSize(core, LP_SOUND_PAIRS);
    if (!emu->config.plain) emu->console->mix(emu, true);
    return LP_OK;
}

/* A core at power-on, with our ROM and nothing of the host: no settings, no save file, no clock, no log. */
static lp_status open_core(lp_emu *emu, lp_err *err) {
    struct mCore *core = mCoreCreate(emu->info.is_gba ? mPLATFORM_GBA : mPLATFORM_GB);
    if (!core || !core->init(core)) {
        free(core);
        return lp_fail(err, LP_FAILED, "out of memory");
    }
    emu->core = core;
    mCoreInitConfig(core, NULL);
    core->rtc.override = RTC_FIXED;
    core->setPeripheral(core, mPERIPH_ROTATION, (void *)&at_rest);
    core->setVideoBuffer(core, (color_t *)emu->pixels, (size_t)emu->console->width);
    struct VFile *file = VFileFromConstMemory(emu->rom, emu->info.image_bytes);
    if (!file || !core->loadROM(core, file)) {
        if (file) file->close(file);
        return lp_fail(err, LP_BAD_INPUT, "the emulation core refuses this ROM");
    }
    lp_status status = emu->console->start(emu, err);
    return status || !emu->listens ? status : start_listening(emu, err);
}

static size_t pixel_bytes(const lp_emu *emu) { return sizeof *emu->pixels * (size_t)(emu->console->width * emu->console->height); }

static lp_status copy_rom(lp_emu *emu, const void *rom, lp_err *err) {
    uint8_t *copy = malloc(emu->info.image_bytes);
    if (!copy) return lp_fail(err, LP_FAILED, "out of memory");
    memcpy(copy, rom, emu->info.size_bytes);
    memset(copy + emu->info.size_bytes, emu->info.fill, emu->info.image_bytes - emu->info.size_bytes);
    emu->own_rom = copy;
    emu->rom = copy;
    if (emu->info.is_gba) memcpy(emu->port, copy + LP_PORT_AT, sizeof emu->port);
    return LP_OK;
}

static lp_status choose_model(lp_model *out, const lp_rom_info *info, lp_model asked, lp_err *err) {
    if ((unsigned)asked >= LP_N_MODELS) return lp_fail(err, LP_BAD_INPUT, "model %d: no such model", (int)asked);
    if (info->is_gba && asked != LP_MODEL_AUTO && asked != LP_MODEL_AGB)
        return lp_fail(err, LP_BAD_INPUT, "model %s: a Game Boy Advance cartridge does not fit into it", lp_model_name(asked));
    *out = asked != LP_MODEL_AUTO ? asked : info->is_gba ? LP_MODEL_AGB : info->knows_color ? LP_MODEL_CGB : LP_MODEL_DMG;
    return LP_OK;
}

lp_status lp_emu_open(lp_emu **out, const void *rom, size_t size_bytes, const lp_emu_config *config, lp_err *err) {
    *out = NULL;
    pthread_once(&core_setup.once, set_up_core);
    lp_rom_info info;
    lp_model model = LP_MODEL_AUTO;
    lp_status status = lp_rom_inspect(&info, rom, size_bytes, err);
    if (!status) status = choose_model(&model, &info, config ? config->model : LP_MODEL_AUTO, err);
    if (status) return status;
    const lp_console *console = info.is_gba ? &lp_console_gba : &lp_console_gb;
    lp_emu *emu = calloc(1, sizeof *emu + sizeof *emu->pixels * (size_t)(console->width * console->height));
    if (!emu) return lp_fail(err, LP_FAILED, "out of memory");
    emu->console = console;
    emu->info = info;
    emu->model = model;
    emu->rom = rom;
    emu->rom_hash = lp_hash64(rom, info.size_bytes);
    if (config) emu->config = *config;
    if (info.needs_copy) status = copy_rom(emu, rom, err);
    if (!status) status = open_core(emu, err);
    if (!status && !emu->own_rom && console->writes_rom(emu)) {
        close_core(emu);
        status = copy_rom(emu, rom, err);
        if (!status) status = open_core(emu, err);
    }
    if (status) {
        lp_emu_close(emu);
        return status;
    }
    *out = emu;
    return LP_OK;
}

void lp_emu_close(lp_emu *emu) {
    if (!emu) return;
    if (emu->core) emu->console->stop(emu);
    close_core(emu);
    lp_gb_jit_close(emu->jit);
    lp_gba_jit_close(emu->gba_jit);
    free(emu->own_rom);
    free(emu);
}

lp_system lp_emu_system(const lp_emu *emu) { return emu->system; }

const char *lp_system_name(lp_system system) { return system == LP_SYSTEM_GBA ? "GBA" : system == LP_SYSTEM_GBC ? "GBC" : "GB"; }

lp_model lp_emu_model(const lp_emu *emu) { return emu->model; }

static const char *const model_names[LP_N_MODELS] = {"auto", "dmg", "sgb", "cgb", "agb"};

const char *lp_model_name(lp_model model) { return model_names[model]; }

lp_status lp_model_parse(lp_model *out, const char *name, lp_err *err) {
    for (int m = 0; m < LP_N_MODELS; m++)
        if (!strcmp(name, model_names[m])) return *out = (lp_model)m, LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "'%.20s' is no model: must be one of %s", name, LP_MODEL_CHOICES);
}

const char *lp_emu_title(const lp_emu *emu) { return emu->info.title; }

const char *lp_emu_core_version(void) {
    pthread_once(&core_setup.once, set_up_core);
    return core_setup.version;
}

/* libmgba's own reset keeps cartridge RAM and some sound state, so the core is made anew, beside the old one: it takes its place
 * when it stands. Until then the old one's picture and port are kept. */
lp_status lp_emu_reset(lp_emu *emu, lp_err *err) {
    struct mCore *old = emu->core;
    uint8_t port[LP_PORT_BYTES] = {0}, *shown = emu->info.is_gba && emu->own_rom ? (uint8_t *)emu->own_rom + LP_PORT_AT : NULL;
    void *picture = malloc(pixel_bytes(emu));
    if (!picture) return lp_fail(err, LP_FAILED, "out of memory");
    memcpy(picture, emu->pixels, pixel_bytes(emu));
    memset(emu->pixels, 0, pixel_bytes(emu));
    if (shown) memcpy(port, shown, sizeof port), memcpy(shown, emu->port, sizeof port);
    emu->core = NULL;
    lp_status status = open_core(emu, err);
    struct mCore *new = emu->core;
    emu->core = status ? new : old;
    if (emu->core) emu->console->stop(emu);
    close_core(emu);
    emu->core = status ? old : new;
    if (status) {
        memcpy(emu->pixels, picture, pixel_bytes(emu));
        if (shown) memcpy(shown, port, sizeof port);
    } else {
        emu->n_frames = 0;
    }
    free(picture);
    return status;
}

void lp_emu_step(lp_emu *emu, uint16_t keys, int n_frames) {
    emu->core->setKeys(emu->core, keys & emu->console->keys);
    for (int i = 0; i < n_frames; i++) {
        bool draw = emu->config.plain || (i == n_frames - 1 && !emu->config.no_draw);
        emu->console->run_frame(emu, draw);
    }
    if (n_frames > 0) emu->n_frames += (uint64_t)n_frames;
}

uint64_t lp_emu_frames(const lp_emu *emu) { return emu->n_frames; }

const uint32_t *lp_emu_frame(const lp_emu *emu, int *width, int *height) {
    *width = emu->console->width;
    *height = emu->console->height;
    return emu->pixels;
}

lp_status lp_emu_listen(lp_emu *emu, bool on, lp_err *err) {
    if (on == emu->listens) return LP_OK;
    lp_status status = on ? start_listening(emu, err) : LP_OK;
    if (!status && !on && !emu->config.plain) emu->console->mix(emu, false);
    if (!status) emu->listens = on;
    return status;
}

int lp_emu_sound(lp_emu *emu, int16_t *out, int max_pairs) {
    int *clock;
    if (!emu->listens) return 0;
    struct GBAudio *audio = emu->console->audio(emu, &clock);
    blip_end_frame(audio->left, (unsigned)*clock); /* reading would lose what was put in beyond the end */
    blip_end_frame(audio->right, (unsigned)*clock);
    *clock = 0;
    blip_read_samples(audio->left, out, max_pairs, 1);
    return blip_read_samples(audio->right, out + 1, max_pairs, 1);
}

uint8_t lp_emu_read8(lp_emu *emu, uint32_t address) { return emu->console->peek(emu, address); }

void lp_emu_write8(lp_emu *emu, uint32_t address, uint8_t value) { emu->console->poke(emu, address, value); }

static size_t picture_bytes(const lp_emu *emu) {
    return (size_t)(emu->console->width * emu->console->height * emu->console->bytes_per_pixel);
}

/* Game Boys show 5 bits a channel, as c << 3 | c >> 2; the GBA blends with 8. */
static void save_picture(const lp_emu *emu, uint8_t *out) {
    int n = emu->console->width * emu->console->height;
    for (int i = 0; i < n; i++) {
        uint32_t p = emu->pixels[i];
        if (emu->console->bytes_per_pixel == 2) {
            uint16_t rgb = (uint16_t)((p >> 3 & 0x1F) | (p >> 6 & 0x3E0) | (p >> 9 & 0x7C00));
            memcpy(out + 2 * i, &rgb, sizeof rgb);
        } else {
            out[3 * i] = (uint8_t)p, out[3 * i + 1] = (uint8_t)(p >> 8), out[3 * i + 2] = (uint8_t)(p >> 16);
        }
    }
}

static void load_picture(lp_emu *emu, const uint8_t *in) {
    int n = emu->console->width * emu->console->height;
    for (int i = 0; i < n; i++) {
        if (emu->console->bytes_per_pixel == 2) {
            uint16_t rgb;
            memcpy(&rgb, in + 2 * i, sizeof rgb);
            uint32_t high = (rgb & 0x1Fu) << 3 | (rgb & 0x3E0u) << 6 | (rgb & 0x7C00u) << 9;
            emu->pixels[i] = high | (high >> 5 & 0x070707);
        } else {
            emu->pixels[i] = in[3 * i] | (uint32_t)in[3 * i + 1] << 8 | (uint32_t)in[3 * i + 2] << 16;
        }
    }
}

static size_t body_bytes(const lp_emu *emu) {
    return emu->console->machine_bytes(emu) + emu->console->renderer_bytes(emu) + picture_bytes(emu);
}

/* Of everything between the hash and the end. */
static uint64_t state_hash(const void *state, size_t size_bytes) {
    size_t skip = offsetof(state_header, core_hash);
    return lp_hash64((const char *)state + skip, size_bytes - skip);
}

static uint64_t core_hash(void) {
    const char *version = lp_emu_core_version();
    return lp_hash64(version, strlen(version));
}

size_t lp_emu_state_size(const lp_emu *emu) { return sizeof(state_header) + body_bytes(emu); }

void lp_emu_state_save(lp_emu *emu, void *out) {
    state_header header = {.core_hash = core_hash(), .rom_hash = emu->rom_hash, .n_frames = emu->n_frames, .body_bytes = body_bytes(emu)};
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    uint8_t *at = out;
    memcpy(at, &header, sizeof header);
    at += sizeof header;
    emu->console->machine_save(emu, at);
    at += emu->console->machine_bytes(emu);
    emu->console->renderer_save(emu, at);
    at += emu->console->renderer_bytes(emu);
    save_picture(emu, at);
    header.hash = state_hash(out, lp_emu_state_size(emu));
    memcpy(out, &header, sizeof header);
}

static lp_status check_state(const lp_emu *emu, const void *state, size_t size_bytes, lp_err *err) {
    state_header header;
    if (!state || size_bytes < sizeof header)
        return lp_fail(err, LP_BAD_INPUT, "state of %zu bytes is too short for its header", size_bytes);
    memcpy(&header, state, sizeof header);
    if (memcmp(header.magic, MAGIC, sizeof MAGIC)) return lp_fail(err, LP_BAD_INPUT, "not an emulator state (no LPSTATE1 at its start)");
    if (header.hash != state_hash(state, size_bytes))
        return lp_fail(err, LP_BAD_INPUT, "state is damaged: hash %016llx, expected %016llx",
                       (unsigned long long)state_hash(state, size_bytes), (unsigned long long)header.hash);
    if (header.rom_hash != emu->rom_hash)
        return lp_fail(err, LP_BAD_INPUT, "state is of another ROM: %016llx, this is %016llx", (unsigned long long)header.rom_hash,
                       (unsigned long long)emu->rom_hash);
    if (header.core_hash != core_hash()) return lp_fail(err, LP_BAD_INPUT, "state is of another core, this is %s", lp_emu_core_version());
    if (size_bytes != lp_emu_state_size(emu) || header.body_bytes != body_bytes(emu))
        return lp_fail(err, LP_BAD_INPUT, "state has %zu bytes, expected %zu: it is of another model than %s, or damaged", size_bytes,
                       lp_emu_state_size(emu), lp_model_name(emu->model));
    const uint8_t *machine = (const uint8_t *)state + sizeof header;
    return emu->console->check(emu, machine, machine + emu->console->machine_bytes(emu), err);
}

lp_status lp_emu_state_load(lp_emu *emu, const void *state, size_t size_bytes, lp_err *err) {
    lp_status status = check_state(emu, state, size_bytes, err);
    if (status) return status;
    state_header header;
    memcpy(&header, state, sizeof header);
    const uint8_t *at = (const uint8_t *)state + sizeof header;
    emu->console->machine_load(emu, at);
    at += emu->console->machine_bytes(emu);
    emu->console->renderer_load(emu, at);
    at += emu->console->renderer_bytes(emu);
    load_picture(emu, at);
    emu->n_frames = header.n_frames;
    return LP_OK;
}

uint64_t lp_emu_hash(lp_emu *emu) { return emu->console->machine_hash(emu); }
