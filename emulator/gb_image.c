/* Images of a Game Boy (Color): what of libmgba's struct GB, CPU and renderer is the machine, and what is the host's.
 *
 * Layout of a machine: image of struct GB, image of struct SM83Core, lp_gb_links, then the memories. Of the renderer: an
 * image of its struct (palettes as written, window position, pending Super Game Boy transfer). */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/renderers/software.h>
#include <mgba/internal/sm83/sm83.h>

#include "base/hash.h"
#include "emulator/check.h"
#include "emulator/gb_image.h"

#include <string.h>

enum { SGB_ATTRIBUTES = 90 * 45, NO_CALLBACK = 255 };

#define HOST(type, field)                                                                                                                  \
    { offsetof(type, field), sizeof(((type *)0)->field) }
#define HOST_SPAN(type, first, last)                                                                                                       \
    { offsetof(type, first), offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first) }
#define HOST_EVENT(type, event) HOST_SPAN(type, event.context, event.name), HOST(type, event.next)

static const lp_range gb_host[] = {
    HOST_SPAN(struct GB, d, memory.romBank),
    HOST_SPAN(struct GB, memory.mbcWrite, memory.mbcRead),
    HOST(struct GB, memory.romBank1),
    HOST(struct GB, memory.sramBank1),
    HOST_SPAN(struct GB, memory.wram, memory.wramBank),
    HOST_SPAN(struct GB, memory.sram, memory.sramBank),
    HOST_EVENT(struct GB, memory.dmaEvent),
    HOST_EVENT(struct GB, memory.hdmaEvent),
    HOST_SPAN(struct GB, memory.rtc, memory.cam),
    HOST_SPAN(struct GB, video.p, video.renderer),
    HOST_EVENT(struct GB, video.modeEvent),
    HOST_EVENT(struct GB, video.frameEvent),
    HOST_SPAN(struct GB, video.vram, video.vramBank),
    HOST_SPAN(struct GB, video.frameskip, video.frameskipCounter),
    HOST(struct GB, timer.p),
    HOST_EVENT(struct GB, timer.event),
    HOST_EVENT(struct GB, timer.irq),
    HOST_SPAN(struct GB, audio.p, audio.timing),
    HOST_SPAN(struct GB, audio.ch4.nSamples, audio.ch4.samples),
    HOST_SPAN(struct GB, audio.left, audio.clockRate),
    HOST(struct GB, audio.nr52),
    HOST(struct GB, audio.currentSamples),
    HOST_EVENT(struct GB, audio.frameEvent),
    HOST_EVENT(struct GB, audio.sampleEvent),
    HOST_SPAN(struct GB, audio.samples, audio.masterVolume),
    HOST(struct GB, sio.p),
    HOST_EVENT(struct GB, sio.event),
    HOST(struct GB, sio.driver),
    HOST(struct GB, sync),
    HOST_SPAN(struct GB, timing.root, timing.reroot),
    HOST_SPAN(struct GB, timing.relativeCycles, timing.nextEvent),
    HOST_SPAN(struct GB, keySource, pristineRomSize),
    HOST_SPAN(struct GB, romVf, sramRealVf),
    HOST_SPAN(struct GB, sramDirty, sramMaskWriteback),
    HOST_SPAN(struct GB, coreCallbacks, stream),
    HOST(struct GB, earlyExit),
    HOST_EVENT(struct GB, eiPending),
};
/* In an image, so that a loaded machine goes on counting, but not part of the machine's hash. */
static const lp_range gb_counters[] = {
    HOST(struct GB, video.frameCounter),
    HOST(struct GB, timing.globalCycles),
};
static const lp_range cpu_host[] = {
    HOST(struct SM83Core, index), /* a step ends between two instructions, where these mean nothing */
    HOST_SPAN(struct SM83Core, bus, instruction),
    HOST_SPAN(struct SM83Core, memory.cpuLoad8, memory.activeRegion),
    HOST_SPAN(struct SM83Core, memory.setActiveRegion, components),
};
/* Of the renderer, the other way round: what is saved. The rest is made anew for every line. */
#define SAVED HOST
#define SAVED_SPAN HOST_SPAN
static const lp_range renderer_saved[] = {
    SAVED(struct GBVideoSoftwareRenderer, d.sgbRenderMode),
    SAVED_SPAN(struct GBVideoSoftwareRenderer, palette, lookup),
    SAVED_SPAN(struct GBVideoSoftwareRenderer, scy, currentWx),
    SAVED_SPAN(struct GBVideoSoftwareRenderer, lastY, lcdc),
    SAVED_SPAN(struct GBVideoSoftwareRenderer, sgbTransfer, sgbCommandHeader),
};
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

static void list_events(struct GB *gb, struct mTimingEvent *events[LP_GB_EVENTS]) {
    events[0] = &gb->eiPending;
    events[1] = &gb->video.modeEvent;
    events[2] = &gb->video.frameEvent;
    events[3] = &gb->timer.event;
    events[4] = &gb->timer.irq;
    events[5] = &gb->audio.frameEvent;
    events[6] = &gb->audio.sampleEvent;
    events[7] = &gb->sio.event;
    events[8] = &gb->memory.dmaEvent;
    events[9] = &gb->memory.hdmaEvent;
}

/* Where code, banks and registers can lie; a link's block is 1 + the index. */
enum { ROM_BLOCK = 1, SRAM_BLOCK, NO_CODE_BLOCK };

static int list_blocks(const lp_emu *emu, lp_block blocks[3]) {
    const struct GB *gb = emu->core->board;
    blocks[0] = (lp_block){gb->memory.rom, gb->memory.romSize};
    blocks[1] = (lp_block){gb->memory.sram, gb->sramSize};
    blocks[2] = (lp_block){lp_gb_static.no_code, 1};
    return 3;
}

/* The memories outside of the structs, as far as this model has them. Returns how many. */
static int list_memories(const lp_emu *emu, lp_block memories[8]) {
    const struct GB *gb = emu->core->board;
    bool color = gb->model >= GB_MODEL_CGB;
    int n = 0;
    memories[n++] = (lp_block){gb->memory.wram, color ? GB_SIZE_WORKING_RAM : 2 * GB_SIZE_WORKING_RAM_BANK0};
    memories[n++] = (lp_block){gb->video.vram, color ? GB_SIZE_VRAM : GB_SIZE_VRAM_BANK0};
    if (gb->memory.sram) memories[n++] = (lp_block){gb->memory.sram, gb->sramSize};
    if (gb->model & GB_MODEL_SGB) {
        const struct GBVideoRenderer *r = gb->video.renderer;
        memories[n++] = (lp_block){r->sgbCharRam, SGB_SIZE_CHAR_RAM};
        memories[n++] = (lp_block){r->sgbMapRam, SGB_SIZE_MAP_RAM};
        memories[n++] = (lp_block){r->sgbPalRam, SGB_SIZE_PAL_RAM};
        memories[n++] = (lp_block){r->sgbAttributeFiles, SGB_SIZE_ATF_RAM};
        memories[n++] = (lp_block){r->sgbAttributes, SGB_ATTRIBUTES};
    }
    return n;
}

size_t lp_gb_machine_bytes(const lp_emu *emu) {
    lp_block memories[8];
    size_t total = sizeof(struct GB) + sizeof(struct SM83Core) + sizeof(lp_gb_links);
    for (int i = 0, n = list_memories(emu, memories); i < n; i++) total += memories[i].size;
    return total;
}

static lp_gb_links save_links(const lp_emu *emu) {
    struct GB *gb = emu->core->board;
    const struct SM83Core *cpu = emu->core->cpu;
    lp_block blocks[3];
    int n = list_blocks(emu, blocks);
    lp_gb_links links = {
        .rom_base = lp_link_save(gb->memory.romBase, blocks, n),
        .rom_bank = lp_link_save(gb->memory.romBank, blocks, n),
        .rom_bank1 = lp_link_save(gb->memory.romBank1, blocks, n),
        .sram_bank = lp_link_save(gb->memory.sramBank, blocks, n),
        .sram_bank1 = lp_link_save(gb->memory.sramBank1, blocks, n),
        .active_region = lp_link_save(cpu->memory.activeRegion, blocks, n),
        .cartridge_load = cpu->memory.cpuLoad8 == lp_gb_static.cartridge_load,
    };
    int mode = lp_gb_video_mode(gb->video.modeEvent.callback);
    links.video_callback = mode < 0 ? NO_CALLBACK : (uint8_t)mode;
    struct mTimingEvent *events[LP_GB_EVENTS];
    list_events(gb, events);
    lp_queue_save(links.queue, &gb->timing, events, LP_GB_EVENTS);
    return links;
}

void lp_gb_machine_save(lp_emu *emu, uint8_t *out) {
    lp_image_save(out, emu->core->board, sizeof(struct GB), gb_host, COUNT(gb_host));
    out += sizeof(struct GB);
    lp_image_save(out, emu->core->cpu, sizeof(struct SM83Core), cpu_host, COUNT(cpu_host));
    out += sizeof(struct SM83Core);
    lp_gb_links links = save_links(emu);
    memcpy(out, &links, sizeof links);
    out += sizeof links;
    lp_block memories[8];
    for (int i = 0, n = list_memories(emu, memories); i < n; out += memories[i++].size) memcpy(out, memories[i].base, memories[i].size);
}

/* Does a pointer have `span` bytes to read, or to write, in one of the blocks allowed (bits of 1 << block; bit 0: none at all)? */
typedef struct {
    const char *name;
    lp_link link;
    size_t span;
    unsigned blocks;
} link_limit;

static lp_status check_links(const lp_emu *emu, const lp_gb_links *links, uint16_t active_mask, lp_err *err) {
    enum { NONE = 1, ROM = 1 << ROM_BLOCK, SRAM = 1 << SRAM_BLOCK, NO_CODE = 1 << NO_CODE_BLOCK };
    const struct GB *gb = emu->core->board;
    bool mbc6 = gb->memory.mbcType == GB_MBC6, halves = mbc6 || gb->memory.mbcType == GB_UNL_NT_NEW; /* banks of 8 and 4 KiB; and flash */
    size_t bank = halves ? GB_SIZE_CART_HALFBANK : GB_SIZE_CART_BANK0, sram = mbc6 ? GB_SIZE_EXTERNAL_RAM_HALFBANK : GB_SIZE_EXTERNAL_RAM;
    if (sram > gb->sramSize) sram = gb->sramSize; /* mappers with less reach all of it from its start */
    const link_limit limits[] = {
        {"memory.romBase", links->rom_base, GB_SIZE_CART_BANK0, ROM},
        {"memory.romBank", links->rom_bank, bank, mbc6 ? ROM | SRAM : ROM},
        {"memory.romBank1", links->rom_bank1, GB_SIZE_CART_HALFBANK, mbc6 ? ROM | SRAM : ROM},
        {"memory.sramBank", links->sram_bank, sram, gb->memory.sram ? SRAM : NONE},
        {"memory.sramBank1", links->sram_bank1, sram, mbc6 ? SRAM : NONE},
        {"memory.activeRegion", links->active_region, active_mask + 1u, ROM | SRAM | NO_CODE | (links->cartridge_load ? 0 : NONE)},
    };
    lp_block blocks[3];
    int n = list_blocks(emu, blocks);
    for (const link_limit *l = limits; l < limits + COUNT(limits); l++)
        if (!lp_link_check(l->link, l->span, blocks, n) || !(l->blocks >> l->link.block & 1))
            return lp_impossible(err, l->name, l->link.offset);
    if (links->video_callback > 3) return lp_impossible(err, "video.modeEvent's callback", links->video_callback);
    return LP_OK;
}

lp_status lp_gb_check(const lp_emu *emu, const uint8_t *machine, const uint8_t *renderer, lp_err *err) {
    struct GB image;
    struct SM83Core cpu;
    lp_gb_links links;
    memcpy(&image, machine, sizeof image);
    memcpy(&cpu, machine + sizeof image, sizeof cpu);
    memcpy(&links, machine + sizeof image + sizeof cpu, sizeof links);
    lp_status status = check_links(emu, &links, cpu.memory.activeMask, err);
    if (!status) status = lp_gb_check_structs(emu->core->board, &image, &cpu, &links, err);
    if (status) return status;
    struct GBVideoSoftwareRenderer drawn;
    for (int i = 0; i < COUNT(renderer_saved); renderer += renderer_saved[i++].size)
        memcpy((char *)&drawn + renderer_saved[i].offset, renderer, renderer_saved[i].size);
    return lp_gb_check_renderer(&drawn, err);
}

static void load_links(lp_emu *emu, const lp_gb_links *links) {
    struct GB *gb = emu->core->board;
    struct SM83Core *cpu = emu->core->cpu;
    lp_block blocks[3];
    int n = list_blocks(emu, blocks);
    gb->memory.romBase = lp_link_load(links->rom_base, blocks, n);
    gb->memory.romBank = lp_link_load(links->rom_bank, blocks, n);
    gb->memory.romBank1 = lp_link_load(links->rom_bank1, blocks, n);
    gb->memory.sramBank = lp_link_load(links->sram_bank, blocks, n);
    gb->memory.sramBank1 = lp_link_load(links->sram_bank1, blocks, n);
    gb->memory.wramBank = gb->memory.wram + GB_SIZE_WORKING_RAM_BANK0 * gb->memory.wramCurrentBank;
    gb->video.vramBank = gb->video.vram + GB_SIZE_VRAM_BANK0 * gb->video.vramCurrentBank;
    cpu->memory.activeRegion = lp_link_load(links->active_region, blocks, n);
    cpu->memory.cpuLoad8 = links->cartridge_load ? lp_gb_static.cartridge_load : cpu->memory.load8;
    gb->video.modeEvent.callback = lp_gb_static.video[links->video_callback];
    struct mTimingEvent *events[LP_GB_EVENTS];
    list_events(gb, events);
    lp_queue_load(&gb->timing, links->queue, events);
}

void lp_gb_machine_load(lp_emu *emu, const uint8_t *in) {
    lp_image_load(emu->core->board, in, sizeof(struct GB), gb_host, COUNT(gb_host));
    in += sizeof(struct GB);
    lp_image_load(emu->core->cpu, in, sizeof(struct SM83Core), cpu_host, COUNT(cpu_host));
    in += sizeof(struct SM83Core);
    lp_gb_links links;
    memcpy(&links, in, sizeof links);
    load_links(emu, &links);
    in += sizeof links;
    lp_block memories[8];
    for (int i = 0, n = list_memories(emu, memories); i < n; in += memories[i++].size)
        memcpy((void *)memories[i].base, in, memories[i].size);
}

uint64_t lp_gb_machine_hash(lp_emu *emu) {
    struct {
        struct GB gb;
        struct SM83Core cpu;
        lp_gb_links links;
    } image;
    lp_image_save(&image.gb, emu->core->board, sizeof image.gb, gb_host, COUNT(gb_host));
    lp_zero_ranges(&image.gb, gb_counters, COUNT(gb_counters));
    lp_image_save(&image.cpu, emu->core->cpu, sizeof image.cpu, cpu_host, COUNT(cpu_host));
    image.links = save_links(emu);
    uint64_t hash = lp_hash64(&image.gb, sizeof image.gb);
    hash = lp_hash64_seed(&image.cpu, sizeof image.cpu, hash);
    hash = lp_hash64_seed(&image.links, sizeof image.links, hash);
    lp_block memories[8];
    for (int i = 0, n = list_memories(emu, memories); i < n; i++) hash = lp_hash64_seed(memories[i].base, memories[i].size, hash);
    return hash;
}

/* libmgba leaves the memory of a renderer as malloc gave it. */
void lp_gb_renderer_clear(lp_emu *emu) {
    struct GB *gb = emu->core->board;
    struct GBVideoSoftwareRenderer *renderer = (struct GBVideoSoftwareRenderer *)gb->video.renderer;
    memset(renderer->sgbPacket, 0, sizeof renderer->sgbPacket);
}

size_t lp_gb_renderer_bytes(const lp_emu *emu) {
    (void)emu;
    size_t total = 0;
    for (int i = 0; i < COUNT(renderer_saved); i++) total += renderer_saved[i].size;
    return total;
}

void lp_gb_renderer_save(lp_emu *emu, uint8_t *out) {
    const struct GB *gb = emu->core->board;
    for (int i = 0; i < COUNT(renderer_saved); out += renderer_saved[i++].size)
        memcpy(out, (const char *)gb->video.renderer + renderer_saved[i].offset, renderer_saved[i].size);
}

void lp_gb_renderer_load(lp_emu *emu, const uint8_t *in) {
    struct GB *gb = emu->core->board;
    for (int i = 0; i < COUNT(renderer_saved); in += renderer_saved[i++].size)
        memcpy((char *)gb->video.renderer + renderer_saved[i].offset, in, renderer_saved[i].size);
}
