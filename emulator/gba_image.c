/* Images of a Game Boy Advance: what of libmgba's struct GBA and CPU is the machine, and what is the host's.
 *
 * Layout of a machine: image of struct GBA, image of struct ARMCore, lp_gba_links, EWRAM and IWRAM, VRAM, the cartridge's
 * GPIO port (it lies in the ROM's address space), the save memory (its kind is found out while a game runs, so there is
 * room for the largest). libmgba's own save states are no use here: making one reads I/O registers, which
 * reschedules timers. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>

#include "base/hash.h"
#include "emulator/check.h"
#include "emulator/gba_image.h"
#include "emulator/gba_jit.h"

#include <string.h>

enum { N_BLOCKS = 8, SAVE_BYTES = SIZE_CART_FLASH1M, NO_CALLBACK = 255 };

#define HOST(type, field)                                                                                                                  \
    { offsetof(type, field), sizeof(((type *)0)->field) }
#define HOST_SPAN(type, first, last)                                                                                                       \
    { offsetof(type, first), offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first) }
#define HOST_EVENT(type, event) HOST_SPAN(type, event.context, event.name), HOST(type, event.next)

static const lp_range gba_host[] = {
    HOST_SPAN(struct GBA, d, memory.rom),
    HOST(struct GBA, memory.hw.p),
    HOST(struct GBA, memory.hw.gpioBase),
    HOST(struct GBA, memory.hw.rtc.lastLatch), /* the host's time zone shows in it */
    HOST(struct GBA, memory.savedata.data),
    HOST_SPAN(struct GBA, memory.savedata.vf, memory.savedata.realVf),
    HOST_SPAN(struct GBA, memory.savedata.currentBank, memory.savedata.timing),
    HOST_EVENT(struct GBA, memory.savedata.dust),
    HOST_SPAN(struct GBA, memory.savedata.dirty, memory.savedata.dirtAge),
    HOST(struct GBA, memory.ereader),
    HOST_EVENT(struct GBA, memory.dmaEvent),
    HOST(struct GBA, memory.agbPrintBuffer),
    HOST(struct GBA, memory.agbPrintBufferBackup),
    HOST_SPAN(struct GBA, video.p, video.renderer),
    HOST_EVENT(struct GBA, video.event),
    HOST(struct GBA, video.vram),
    HOST_SPAN(struct GBA, video.frameskip, video.frameskipCounter),
    HOST_SPAN(struct GBA, audio.p, audio.psg.timing),
    HOST(struct GBA, audio.psg.ch3.sample), /* only heard, and shifted once for each time it is sampled */
    HOST_SPAN(struct GBA, audio.psg.ch4.nSamples, audio.psg.ch4.samples),
    HOST_SPAN(struct GBA, audio.psg.left, audio.psg.clockRate),
    HOST(struct GBA, audio.psg.nr52),
    HOST(struct GBA, audio.psg.currentSamples),
    HOST_EVENT(struct GBA, audio.psg.frameEvent),
    HOST_EVENT(struct GBA, audio.psg.sampleEvent),
    HOST_SPAN(struct GBA, audio.psg.samples, audio.psg.masterVolume),
    HOST_SPAN(struct GBA, audio.lastLeft, audio.clock),
    HOST(struct GBA, audio.samples),
    HOST_SPAN(struct GBA, audio.mixer, audio.externalMixing),
    HOST_SPAN(struct GBA, audio.currentSamples, audio.masterVolume),
    HOST_EVENT(struct GBA, audio.sampleEvent),
    HOST(struct GBA, sio.p),
    HOST_SPAN(struct GBA, sio.drivers, sio.activeDriver),
    HOST_SPAN(struct GBA, sio.gbp, timing.reroot),
    HOST_SPAN(struct GBA, timing.relativeCycles, debugger),
    HOST_EVENT(struct GBA, timers[0].event),
    HOST_EVENT(struct GBA, timers[1].event),
    HOST_EVENT(struct GBA, timers[2].event),
    HOST_EVENT(struct GBA, timers[3].event),
    HOST_EVENT(struct GBA, irqEvent),
    HOST_SPAN(struct GBA, rotationSource, pristineRomSize),
    HOST_SPAN(struct GBA, romVf, coreCallbacks),
    HOST(struct GBA, earlyExit),
};
/* In an image, so that a loaded machine goes on counting, but not part of the machine's hash. */
static const lp_range gba_counters[] = {
    HOST(struct GBA, video.frameCounter),
    HOST(struct GBA, timing.globalCycles),
};
static const lp_range cpu_host[] = {
    HOST_SPAN(struct ARMCore, memory.load32, memory.activeRegion),
    HOST_SPAN(struct ARMCore, memory.stall, components),
};
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void list_events(struct GBA *gba, struct mTimingEvent *events[LP_GBA_EVENTS]) {
    events[0] = &gba->irqEvent;
    events[1] = &gba->video.event;
    events[2] = &gba->audio.sampleEvent;
    events[3] = &gba->audio.psg.frameEvent;
    events[4] = &gba->audio.psg.sampleEvent;
    for (int i = 0; i < 4; i++) events[5 + i] = &gba->timers[i].event;
    events[9] = &gba->memory.dmaEvent;
    events[10] = &gba->memory.savedata.dust;
}

/* Where code can run. */
static void list_blocks(const lp_emu *emu, lp_block blocks[N_BLOCKS]) {
    struct GBA *gba = emu->core->board;
    blocks[0] = (lp_block){gba->memory.bios, SIZE_BIOS};
    blocks[1] = (lp_block){gba->memory.wram, SIZE_WORKING_RAM};
    blocks[2] = (lp_block){gba->memory.iwram, SIZE_WORKING_IRAM};
    blocks[3] = (lp_block){gba->video.palette, SIZE_PALETTE_RAM};
    blocks[4] = (lp_block){gba->video.vram, SIZE_VRAM};
    blocks[5] = (lp_block){gba->video.oam.raw, SIZE_OAM};
    blocks[6] = (lp_block){gba->memory.rom, gba->memory.romSize};
    blocks[7] = (lp_block){lp_gba_static.no_code, sizeof(uint32_t)};
}

static size_t save_memory_bytes(enum SavedataType type) {
    switch (type) {
    case SAVEDATA_SRAM: return SIZE_CART_SRAM;
    case SAVEDATA_SRAM512: return SIZE_CART_SRAM512;
    case SAVEDATA_FLASH512:
    case SAVEDATA_FLASH1M: return SIZE_CART_FLASH1M; /* always allocated for the larger of the family */
    case SAVEDATA_EEPROM:
    case SAVEDATA_EEPROM512: return SIZE_CART_EEPROM;
    default: return 0;
    }
}

static bool same_save_family(enum SavedataType a, enum SavedataType b) {
    return a == b || (save_memory_bytes(a) && save_memory_bytes(a) == save_memory_bytes(b));
}

/* libmgba frees as many bytes as the smaller of a family has. */
void lp_gba_widen_save_memory(struct GBASavedata *savedata) {
    if (savedata->type == SAVEDATA_FLASH512) savedata->type = SAVEDATA_FLASH1M;
    if (savedata->type == SAVEDATA_EEPROM512) savedata->type = SAVEDATA_EEPROM;
}

size_t lp_gba_machine_bytes(const lp_emu *emu) {
    (void)emu;
    return sizeof(struct GBA) + sizeof(struct ARMCore) + sizeof(lp_gba_links) + SIZE_WORKING_RAM + SIZE_WORKING_IRAM + SIZE_VRAM +
           LP_PORT_BYTES + SAVE_BYTES;
}

static lp_gba_links save_links(const lp_emu *emu) {
    struct GBA *gba = emu->core->board;
    const struct ARMCore *cpu = emu->core->cpu;
    lp_block blocks[N_BLOCKS];
    list_blocks(emu, blocks);
    lp_gba_links links = {.active_region = lp_link_save(cpu->memory.activeRegion, blocks, N_BLOCKS), .video_callback = NO_CALLBACK};
    for (int mode = 1; mode < 3; mode++)
        if (gba->video.event.callback == lp_gba_static.video[mode]) links.video_callback = (uint8_t)mode;
    const struct GBASavedata *savedata = &gba->memory.savedata;
    links.high_flash_bank = savedata->type == SAVEDATA_FLASH1M && savedata->currentBank == savedata->data + SIZE_CART_FLASH512;
    struct mTimingEvent *events[LP_GBA_EVENTS];
    list_events(gba, events);
    lp_queue_save(links.queue, &gba->timing, events, LP_GBA_EVENTS);
    return links;
}

/* The machine's parts in order, as far as they are not structs: called for saving, loading and hashing alike. */
static int list_memories(const lp_emu *emu, lp_block memories[3]) {
    const struct GBA *gba = emu->core->board;
    int n = 0;
    memories[n++] = (lp_block){gba->memory.wram, SIZE_WORKING_RAM + SIZE_WORKING_IRAM}; /* IWRAM follows EWRAM */
    memories[n++] = (lp_block){gba->video.vram, SIZE_VRAM};
    return n;
}

void lp_gba_machine_save(lp_emu *emu, uint8_t *out) {
    const struct GBA *gba = emu->core->board;
    lp_image_save(out, gba, sizeof(struct GBA), gba_host, COUNT(gba_host));
    out += sizeof(struct GBA);
    lp_image_save(out, emu->core->cpu, sizeof(struct ARMCore), cpu_host, COUNT(cpu_host));
    out += sizeof(struct ARMCore);
    lp_gba_links links = save_links(emu);
    memcpy(out, &links, sizeof links);
    out += sizeof links;
    lp_block memories[3];
    for (int i = 0, n = list_memories(emu, memories); i < n; out += memories[i++].size) memcpy(out, memories[i].base, memories[i].size);
    if (lp_gba_has_port(gba)) memcpy(out, gba->memory.hw.gpioBase, LP_PORT_BYTES);
    else memset(out, 0, LP_PORT_BYTES);
    out += LP_PORT_BYTES;
    size_t n_save = save_memory_bytes(gba->memory.savedata.type);
    if (n_save) memcpy(out, gba->memory.savedata.data, n_save);
    memset(out + n_save, 0, SAVE_BYTES - n_save);
}

/* What is fetched from: all of the region that its mask reaches, in units of what the CPU runs or may change over to. */
static bool can_run(const lp_emu *emu, const lp_gba_links *links, const struct ARMCore *cpu) {
    uint32_t mask = cpu->memory.activeMask, odd = cpu->executionMode == MODE_ARM ? WORD_SIZE_ARM - 1 : WORD_SIZE_THUMB - 1;
    lp_block blocks[N_BLOCKS];
    list_blocks(emu, blocks);
    return links->active_region.block && !(mask & odd) && !(links->active_region.offset & (WORD_SIZE_ARM - 1)) && mask < SIZE_CART0 &&
           lp_link_check(links->active_region, (mask | WORD_SIZE_THUMB) + WORD_SIZE_THUMB, blocks, N_BLOCKS);
}

lp_status lp_gba_check(const lp_emu *emu, const uint8_t *machine, const uint8_t *renderer, lp_err *err) {
    (void)renderer;
    struct GBA image;
    struct ARMCore cpu;
    lp_gba_links links;
    memcpy(&image, machine, sizeof image);
    memcpy(&cpu, machine + sizeof image, sizeof cpu);
    memcpy(&links, machine + sizeof image + sizeof cpu, sizeof links);
    lp_status status = lp_gba_check_structs(emu->core->board, &image, &cpu, &links, err);
    if (!status && !can_run(emu, &links, &cpu)) return lp_impossible(err, "memory.activeMask", cpu.memory.activeMask);
    return status;
}

/* Makes the cartridge's save memory of the kind that the image has. */
static void change_save_memory(struct GBASavedata *savedata, enum SavedataType type) {
    if (!same_save_family(savedata->type, type)) {
        lp_gba_widen_save_memory(savedata);
        GBASavedataForceType(savedata, type);
    }
    savedata->type = type;
}

void lp_gba_machine_load(lp_emu *emu, const uint8_t *in) {
    if (emu->gba_jit) lp_gba_jit_forget_all(emu->gba_jit);
    struct GBA *gba = emu->core->board;
    struct ARMCore *cpu = emu->core->cpu;
    struct GBASavedata *savedata = &gba->memory.savedata;
    struct GBA image;
    memcpy(&image, in, sizeof image);
    change_save_memory(savedata, image.memory.savedata.type);
    lp_image_load(gba, in, sizeof(struct GBA), gba_host, COUNT(gba_host));
    in += sizeof(struct GBA);
    lp_image_load(cpu, in, sizeof(struct ARMCore), cpu_host, COUNT(cpu_host));
    in += sizeof(struct ARMCore);
    lp_gba_links links;
    memcpy(&links, in, sizeof links);
    in += sizeof links;
    lp_block blocks[N_BLOCKS], memories[3];
    list_blocks(emu, blocks);
    cpu->memory.activeRegion = lp_link_load(links.active_region, blocks, N_BLOCKS);
    gba->video.event.callback = lp_gba_static.video[links.video_callback];
    savedata->currentBank = savedata->data ? savedata->data + (links.high_flash_bank ? SIZE_CART_FLASH512 : 0) : NULL;
    struct mTimingEvent *events[LP_GBA_EVENTS];
    list_events(gba, events);
    lp_queue_load(&gba->timing, links.queue, events);
    for (int i = 0, n = list_memories(emu, memories); i < n; in += memories[i++].size)
        memcpy((void *)memories[i].base, in, memories[i].size);
    if (lp_gba_has_port(gba)) memcpy(gba->memory.hw.gpioBase, in, LP_PORT_BYTES);
    in += LP_PORT_BYTES;
    size_t n_save = save_memory_bytes(savedata->type);
    if (n_save) memcpy(savedata->data, in, n_save);
}

uint64_t lp_gba_machine_hash(lp_emu *emu) {
    const struct GBA *gba = emu->core->board;
    struct GBA image;
    struct ARMCore cpu;
    lp_gba_links links = save_links(emu);
    lp_image_save(&image, gba, sizeof image, gba_host, COUNT(gba_host));
    lp_zero_ranges(&image, gba_counters, COUNT(gba_counters));
    lp_image_save(&cpu, emu->core->cpu, sizeof cpu, cpu_host, COUNT(cpu_host));
    uint64_t hash = lp_hash64(&image, sizeof image);
    hash = lp_hash64_seed(&cpu, sizeof cpu, hash);
    hash = lp_hash64_seed(&links, sizeof links, hash);
    lp_block memories[3];
    for (int i = 0, n = list_memories(emu, memories); i < n; i++) hash = lp_hash64_seed(memories[i].base, memories[i].size, hash);
    if (lp_gba_has_port(gba)) hash = lp_hash64_seed(gba->memory.hw.gpioBase, LP_PORT_BYTES, hash);
    size_t n_save = save_memory_bytes(gba->memory.savedata.type);
    return n_save ? lp_hash64_seed(gba->memory.savedata.data, n_save, hash) : hash;
}

/* The renderer is rebuilt from the machine: at the end of a frame it holds nothing else (libmgba does the same when a
 * renderer is attached). */
size_t lp_gba_renderer_bytes(const lp_emu *emu) {
    (void)emu;
    return 0;
}

void lp_gba_renderer_save(lp_emu *emu, uint8_t *out) { (void)emu, (void)out; }

void lp_gba_renderer_load(lp_emu *emu, const uint8_t *in) {
    (void)in;
    struct GBA *gba = emu->core->board;
    struct GBAVideoRenderer *renderer = gba->video.renderer;
    renderer->reset(renderer);
    for (uint32_t address = REG_DISPCNT; address <= REG_BLDY; address += 2)
        if (address != REG_DISPSTAT && address != REG_VCOUNT && address != REG_MOSAIC + 2)
            renderer->writeVideoRegister(renderer, address, gba->memory.io[address >> 1]);
}
