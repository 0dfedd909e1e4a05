/* Which blocks of machine code there are, of which ROMs. */
#include "emulator/gba_jit.h"

#if defined(__x86_64__) && defined(__linux__)

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CODE_BYTES = 32 << 20, TIMINGS = 4, N_MIRRORS = 3, BUCKETS = 4096, VERSIONS = 16, ENOUGH = 100 };
enum { BIOS = 0, EWRAM = 2, IWRAM = 3, IO = 4, PALETTE = 5, VRAM = 6, OAM = 7, ROM = 8, EEPROM = 13 };
enum { IWRAM_BYTES = 0x8000, EWRAM_BYTES = 0x40000, VRAM_BYTES = 0x18000, REGION_BYTES = 1 << 24 };
enum { NO_IDLE_LOOP = -1 };

/* A block of code in RAM, and the bytes that it was made from. */
typedef struct ram_block {
    struct ram_block *next;
    uint32_t pc, length, at;
    bool thumb;
    uint8_t bytes[];
} ram_block;

/* All blocks of a ROM for one choice of wait states. */
typedef struct lp_gba_code {
    struct lp_gba_code *next;
    int n_users;
    uint64_t rom_hash;
    uint32_t rom_bytes;
    lp_gba_timing timing;
    pthread_mutex_t lock; /* whoever translates, or looks for blocks of code in RAM */
    lp_jit_space space;
    lp_gba_ways ways;
    _Atomic(uint32_t) *rom_blocks[N_MIRRORS][2], *bios_blocks[2]; /* by mirror; ARM, Thumb */
    ram_block *buckets[BUCKETS];
    lp_gba_stall stalls[N_MIRRORS][LP_GBA_WAITS][16];
} lp_gba_code;

static struct {
    pthread_mutex_t lock;
    lp_gba_code *first;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- time ---- */

/* GBAMemoryStall of libmgba, for every wait and every distance to what was fetched ahead. */
static lp_gba_stall stall_of(int wait, int ahead_bytes, int seq, int nonseq) {
    const int already = ahead_bytes / 2, most = 8 - already;
    int stall = seq + 1, loads = 1;
    while (stall < wait && loads < most) stall += seq, loads++;
    const int takes = stall > wait ? stall : wait;
    return (lp_gba_stall){takes - (nonseq - seq + 1) - (stall - 1), 2 * (loads + already - 1)};
}

static void make_stalls(lp_gba_code *code) {
    for (int mirror = 0; mirror < N_MIRRORS; mirror++)
        for (int wait = 0; wait < LP_GBA_WAITS; wait++)
            for (int ahead = 0; ahead < 16; ahead++)
                code->stalls[mirror][wait][ahead] =
                    stall_of(wait, ahead, code->timing.seq16[ROM + 2 * mirror], code->timing.nonseq16[ROM + 2 * mirror]);
}

static void set_waits(lp_gba_area *area, int index, const lp_gba_timing *timing) {
    const bool waits = index == EWRAM || index >= ROM;                                    /* libmgba lets others answer at once, */
    const int wide = waits || index == PALETTE ? timing->nonseq32[index] : index == VRAM; /* but for palette and video RAM, to words */
    const int half = waits ? timing->nonseq16[index] : 0;
    const int more = waits || index == PALETTE ? timing->seq32[index] : index == VRAM;
    const int first = timing->seq32[index] - timing->nonseq32[index];
    int8_t *wait = area->wait;
    wait[LP_WAIT_LOAD32] = (int8_t)(wide + 2), wait[LP_WAIT_LOAD] = (int8_t)(half + 2);
    wait[LP_WAIT_STORE32] = (int8_t)(wide + 1), wait[LP_WAIT_STORE] = (int8_t)(half + 1);
    wait[LP_WAIT_LOADS] = (int8_t)(first + 1), wait[LP_WAIT_STORES] = (int8_t)first;
    wait[LP_WAIT_LOADS_MORE] = wait[LP_WAIT_STORES_MORE] = (int8_t)(more + 1);
    area->jump[0] = (uint8_t)(2 + timing->nonseq32[index] + timing->seq32[index]);
    area->jump[1] = (uint8_t)(2 + timing->nonseq16[index] + timing->seq16[index]);
}

/* Has `stalls` room for all accesses outside of ROM? */
static bool is_usual(const lp_gba_timing *timing) {
    for (int i = 0; i < ROM; i++)
        if (16 * (timing->seq32[i] + 1) + 1 >= LP_GBA_WAITS || timing->nonseq32[i] + 2 >= LP_GBA_WAITS) return false;
    return true;
}

/* ---- memory for them ---- */

static void *take(size_t size_bytes) { /* zeros, real only where they are written */
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}
static void give(void *memory, size_t size_bytes) {
    if (memory) munmap(memory, size_bytes);
}

/* Of as many bytes of code: each instruction has four. */
static size_t table_bytes(uint32_t code_bytes, bool thumb) { return (size_t)(code_bytes + 4) << (thumb ? 1 : 0); }

static void free_code(lp_gba_code *code) {
    for (int mirror = 0; mirror < N_MIRRORS; mirror++)
        for (int thumb = 0; thumb < 2; thumb++) give(code->rom_blocks[mirror][thumb], table_bytes(code->rom_bytes, thumb));
    for (int thumb = 0; thumb < 2; thumb++) give(code->bios_blocks[thumb], table_bytes(LP_GBA_BIOS_BYTES, thumb));
    for (int i = 0; i < BUCKETS; i++)
        for (ram_block *block = code->buckets[i], *next; block; block = next) next = block->next, free(block);
    if (code->space.to) lp_jit_space_close(&code->space);
    pthread_mutex_destroy(&code->lock);
    free(code);
}

static lp_gba_code *make_code(const lp_gba_jit *jit, const lp_gba_timing *timing) {
    lp_gba_code *code = calloc(1, sizeof *code);
    if (!code) return NULL;
    code->rom_hash = jit->rom_hash, code->rom_bytes = jit->rom_bytes, code->timing = *timing;
    pthread_mutex_init(&code->lock, NULL);
    bool ok = lp_jit_space_open(&code->space, CODE_BYTES);
    if (!ok) code->space.to = NULL;
    for (int mirror = 0; ok && mirror < N_MIRRORS; mirror++)
        for (int thumb = 0; ok && thumb < 2; thumb++)
            ok = (code->rom_blocks[mirror][thumb] = take(table_bytes(code->rom_bytes, thumb))) != NULL;
    for (int thumb = 0; ok && thumb < 2; thumb++) ok = (code->bios_blocks[thumb] = take(table_bytes(LP_GBA_BIOS_BYTES, thumb))) != NULL;
    if (!ok) {
        free_code(code);
        return NULL;
    }
    make_stalls(code);
    code->ways = lp_gba_make_ways(&code->space);
    return code;
}

static lp_gba_code *find_code(const lp_gba_jit *jit, const lp_gba_timing *timing) {
    pthread_mutex_lock(&all.lock);
    lp_gba_code *code = all.first;
    while (code && (code->rom_hash != jit->rom_hash || code->rom_bytes != jit->rom_bytes || memcmp(&code->timing, timing, sizeof *timing)))
        code = code->next;
    if (!code && (code = make_code(jit, timing))) {
        code->next = all.first;
        all.first = code;
    }
    if (code) code->n_users++;
    pthread_mutex_unlock(&all.lock);
    return code;
}

static void leave_code(lp_gba_code *code) {
    pthread_mutex_lock(&all.lock);
    if (!--code->n_users) {
        lp_gba_code **at = &all.first;
        while (*at != code) at = &(*at)->next;
        *at = code->next;
        free_code(code);
    }
    pthread_mutex_unlock(&all.lock);
}

/* ---- an emulator's ---- */

static void set_area(lp_gba_jit *jit, int index, uint8_t *base, uint32_t mask, uint32_t size_bytes, uint8_t *has_code) {
    lp_gba_area *area = &jit->areas[index];
    area->base = base, area->mask = mask, area->loads = size_bytes & ~3u, area->has_code = jit->no_code, area->code_mask = UINT32_MAX;
    if (index == VRAM || has_code) area->stores = area->loads;
    if (has_code) {
        area->stores8 = area->loads;
        area->has_code = has_code;
        area->code_mask = 0x00FFFFFF;
    }
}

lp_gba_jit *lp_gba_jit_open(uint64_t rom_hash, uint32_t size_bytes) {
    lp_gba_jit *jit = calloc(1, sizeof *jit);
    if (!jit) return NULL;
    jit->rom_bytes = size_bytes, jit->rom_hash = rom_hash;
    bool ok = true;
    for (int thumb = 0; thumb < 2; thumb++) {
        ok = ok && (jit->areas[EWRAM].blocks[thumb] = take(table_bytes(EWRAM_BYTES, thumb)));
        ok = ok && (jit->areas[IWRAM].blocks[thumb] = take(table_bytes(IWRAM_BYTES, thumb)));
    }
    if (ok) return jit;
    lp_gba_jit_close(jit);
    return NULL;
}

void lp_gba_jit_place(lp_gba_jit *jit, const lp_gba_memory *memory) {
    if (!memcmp(&jit->memory, memory, sizeof *memory)) return;
    lp_gba_jit_forget_all(jit);
    jit->memory = *memory;
    jit->code = NULL;                                                  /* so that waits are set anew */
    set_area(jit, BIOS, memory->bios, LP_GBA_BIOS_BYTES - 1, 0, NULL); /* only to run: it is libmgba that knows who may read it */
    jit->areas[BIOS].code_mask = LP_GBA_BIOS_BYTES - 1;
    set_area(jit, EWRAM, memory->ewram, EWRAM_BYTES - 1, EWRAM_BYTES, jit->ram_code + LP_GBA_IWRAM_PAGES);
    set_area(jit, IWRAM, memory->iwram, IWRAM_BYTES - 1, IWRAM_BYTES, jit->ram_code);
    set_area(jit, IO, memory->io, 0x00FFFFFF, 0, NULL);
    set_area(jit, PALETTE, memory->palette, 0x3FF, 0x400, NULL);
    set_area(jit, VRAM, memory->vram, 0x1FFFF, VRAM_BYTES, NULL);
    set_area(jit, OAM, memory->oam, 0x3FF, 0x400, NULL);
    for (int index = ROM; index < EEPROM; index++) {
        set_area(jit, index, memory->rom, 0x01FFFFFF, jit->rom_bytes, NULL);
        jit->areas[index].code_mask = 0x01FFFFFF;
    }
}

void lp_gba_jit_close(lp_gba_jit *jit) {
    if (!jit) return;
    for (int i = 0; i < TIMINGS; i++)
        if (jit->codes[i]) leave_code(jit->codes[i]);
    for (int thumb = 0; thumb < 2; thumb++) {
        give(jit->areas[EWRAM].blocks[thumb], table_bytes(EWRAM_BYTES, thumb));
        give(jit->areas[IWRAM].blocks[thumb], table_bytes(IWRAM_BYTES, thumb));
    }
    free(jit);
}

static lp_gba_code *code_for(lp_gba_jit *jit, const lp_gba_timing *timing) {
    int i = 0;
    while (i < TIMINGS && jit->codes[i] && memcmp(&jit->codes[i]->timing, timing, sizeof *timing)) i++;
    if (i == TIMINGS || !is_usual(timing)) return NULL;
    if (!jit->codes[i]) jit->codes[i] = find_code(jit, timing);
    return jit->codes[i];
}

bool lp_gba_jit_time(lp_gba_jit *jit, const lp_gba_timing *timing) {
    if (jit->code && !memcmp(&jit->code->timing, timing, sizeof *timing)) return true;
    lp_gba_code *code = code_for(jit, timing);
    lp_gba_jit_forget_all(jit);
    jit->code = code;
    if (!code) return false;
    jit->runs = code->space.runs;
    jit->idle_loop = timing->idle_loop;
    for (int i = 0; i < LP_GBA_AREAS; i++)
        if (jit->areas[i].base) set_waits(&jit->areas[i], i, timing);
    for (int thumb = 0; thumb < 2; thumb++) jit->areas[BIOS].blocks[thumb] = code->bios_blocks[thumb];
    for (int mirror = 0; mirror < N_MIRRORS; mirror++) {
        jit->stalls[mirror] = &code->stalls[mirror][0][0];
        for (int index = ROM + 2 * mirror; index < ROM + 2 * mirror + 2; index++)
            for (int thumb = 0; thumb < 2; thumb++) jit->areas[index].blocks[thumb] = code->rom_blocks[mirror][thumb];
    }
    return true;
}

/* ---- blocks ---- */

static bool is_ram(uint32_t pc) { return pc >> 24 == EWRAM || pc >> 24 == IWRAM; }
static uint32_t code_bytes(const lp_gba_jit *jit, uint32_t pc) { return pc >> 24 == BIOS ? LP_GBA_BIOS_BYTES : jit->areas[pc >> 24].loads; }

static lp_gba_source source_at(lp_gba_jit *jit, uint32_t pc, bool thumb) {
    const lp_gba_area *area = &jit->areas[pc >> 24];
    const uint32_t offset = pc & area->code_mask, to_region_end = REGION_BYTES - pc % REGION_BYTES;
    return (lp_gba_source){.space = &jit->code->space,
                           .ways = &jit->code->ways,
                           .timing = &jit->code->timing,
                           .areas = jit->areas,
                           .memory = area->base + offset,
                           .pc = pc,
                           /* a CPU that runs on into the next region still has the waits of the first */
                           .size_bytes = to_region_end < LP_GBA_PAGE ? 0 : code_bytes(jit, pc) - offset,
                           .thumb = thumb,
                           .in_rom = pc >> 24 >= ROM,
                           .in_bios = pc >> 24 == BIOS};
}

static uint32_t translate(const lp_gba_source *source) {
    return source->space->size - source->space->used < LP_GBA_BLOCK_BYTES ? 0 : lp_gba_translate(source);
}

static lp_gba_block *head_of(const lp_gba_code *code, uint32_t at) { return (lp_gba_block *)(code->space.to + at) - 1; }

static _Atomic(uint32_t) *place_of(const lp_gba_jit *jit, uint32_t pc, bool thumb) {
    const lp_gba_area *area = &jit->areas[pc >> 24];
    return area->blocks[thumb] + ((pc & area->code_mask) >> (thumb ? 1 : 2));
}

/* With the lock held. A block of RAM made from the bytes that are there now, by any emulator; 0: there is none. */
static uint32_t find_ram_block(lp_gba_code *code, const lp_gba_source *source) {
    ram_block **bucket = &code->buckets[(source->pc >> 1) % BUCKETS];
    int versions = 0;
    for (const ram_block *block = *bucket; block; block = block->next) {
        if (block->pc != source->pc || block->thumb != source->thumb) continue;
        if (!memcmp(block->bytes, source->memory, block->length)) return block->at;
        versions++;
    }
    const uint32_t at = versions < VERSIONS ? translate(source) : 0;
    const uint32_t length = at ? head_of(code, at)->length : 0;
    ram_block *block = at ? malloc(sizeof *block + length) : NULL;
    if (!block) return 0;
    *block = (ram_block){.next = *bucket, .pc = source->pc, .length = length, .at = at, .thumb = source->thumb};
    memcpy(block->bytes, source->memory, length);
    *bucket = block;
    return at;
}

static uint32_t page_of(uint32_t address) {
    return address >> 24 == IWRAM ? (address & (IWRAM_BYTES - 1)) / LP_GBA_PAGE
                                  : LP_GBA_IWRAM_PAGES + (address & (EWRAM_BYTES - 1)) / LP_GBA_PAGE;
}

static uint32_t make_block(lp_gba_jit *jit, uint32_t pc, bool thumb) {
    lp_gba_code *code = jit->code;
    const lp_gba_source source = source_at(jit, pc, thumb);
    _Atomic(uint32_t) *place = place_of(jit, pc, thumb);
    uint32_t at;
    pthread_mutex_lock(&code->lock);
    if (!is_ram(pc)) {
        at = atomic_load_explicit(place, memory_order_relaxed);
        if (at <= LP_GBA_NEVER * LP_GBA_ASKED_BYTES) at = translate(&source);
    } else {
        at = find_ram_block(code, &source);
        const uint32_t length = at ? head_of(code, at)->length : 0;
        for (uint32_t address = pc; at && address < pc + length + LP_GBA_PAGE - 1; address += LP_GBA_PAGE)
            jit->ram_code[page_of(address < pc + length ? address : pc + length - 1)] = 1;
        jit->has_ram_code |= at != 0;
    }
    atomic_store_explicit(place, at ? at : LP_GBA_NEVER * LP_GBA_ASKED_BYTES, memory_order_release);
    pthread_mutex_unlock(&code->lock);
    return at;
}

bool lp_gba_jit_has(lp_gba_jit *jit, uint32_t pc, bool thumb) {
    const lp_gba_area *area = &jit->areas[pc >> 24];
    if (!jit->code || (pc & area->code_mask) >= code_bytes(jit, pc) || pc & (thumb ? 1 : 3)) return false;
    if (pc >> 24 >= ROM && (pc & area->code_mask) < LP_GBA_PORT_END) return false;
    _Atomic(uint32_t) *place = place_of(jit, pc, thumb);
    const uint32_t at = atomic_load_explicit(place, memory_order_acquire);
    if (at > LP_GBA_NEVER * LP_GBA_ASKED_BYTES) return true;
    if (at == LP_GBA_NEVER * LP_GBA_ASKED_BYTES) return false;
    if (is_ram(pc) && jit->times_forgotten[page_of(pc)] >= ENOUGH) return false;
    if (at < (LP_GBA_HOT - 1) * LP_GBA_ASKED_BYTES) {
        atomic_store_explicit(place, at + LP_GBA_ASKED_BYTES, memory_order_relaxed);
        return false;
    }
    return make_block(jit, pc, thumb) != 0;
}

/* Of a block: its second form, which is made when it is first asked for. */
static const uint8_t *second_form(lp_gba_jit *jit, uint32_t at, bool thumb) {
    lp_gba_code *code = jit->code;
    lp_gba_block *head = head_of(code, at);
    pthread_mutex_lock(&code->lock);
    if (!head->second) {
        lp_gba_source source = source_at(jit, jit->pc, thumb);
        source.late = true;
        source.size_bytes = head->length; /* what is behind it may differ from emulator to emulator */
        head->second = translate(&source);
    }
    pthread_mutex_unlock(&code->lock);
    return head->second ? code->space.runs + head->second : NULL;
}

lp_gba_end lp_gba_jit_run(lp_gba_jit *jit, bool late) {
    const uint32_t at = atomic_load_explicit(place_of(jit, jit->pc, jit->thumb), memory_order_acquire);
    const uint8_t *form = late ? second_form(jit, at, jit->thumb) : jit->code->space.runs + at;
    return form ? jit->code->ways.enter(jit, form) : LP_GBA_OTHER;
}

/* ---- RAM that changes ---- */

/* Blocks that begin in a page or in the one before it. */
static void forget_page(lp_gba_jit *jit, int index, uint32_t page) {
    const lp_gba_area *area = &jit->areas[index];
    const uint32_t to = (page + 1) * LP_GBA_PAGE, from = page ? to - 2 * LP_GBA_PAGE : 0;
    for (uint32_t offset = from; offset < to; offset += 2) {
        atomic_store_explicit(area->blocks[1] + offset / 2, 0, memory_order_relaxed);
        if (!(offset & 2)) atomic_store_explicit(area->blocks[0] + offset / 4, 0, memory_order_relaxed);
    }
}

void lp_gba_jit_forget(lp_gba_jit *jit, uint32_t address, uint32_t size_bytes) {
    if (!jit->has_ram_code) return;
    const int index = (int)(address >> 24);
    for (uint32_t at = address / LP_GBA_PAGE; at <= (address + size_bytes - 1) / LP_GBA_PAGE; at++) {
        const uint32_t page = (at * LP_GBA_PAGE & jit->areas[index].mask) / LP_GBA_PAGE; /* memory is seen again behind its end */
        const uint32_t kept = page + (index == IWRAM ? 0 : LP_GBA_IWRAM_PAGES);
        if (!jit->ram_code[kept]) continue;
        jit->ram_code[kept] = 0;
        jit->stops = true;
        if (jit->times_forgotten[kept] < ENOUGH) jit->times_forgotten[kept]++;
        forget_page(jit, index, page);
    }
}

void lp_gba_jit_forget_all(lp_gba_jit *jit) {
    memset(jit->times_forgotten, 0, sizeof jit->times_forgotten);
    if (!jit->has_ram_code) return;
    for (uint32_t page = 0; page < LP_GBA_IWRAM_PAGES; page++)
        if (jit->ram_code[page]) forget_page(jit, IWRAM, page);
    for (uint32_t page = 0; page < LP_GBA_EWRAM_PAGES; page++)
        if (jit->ram_code[LP_GBA_IWRAM_PAGES + page]) forget_page(jit, EWRAM, page);
    memset(jit->ram_code, 0, sizeof jit->ram_code);
    jit->has_ram_code = false;
}

#else

lp_gba_jit *lp_gba_jit_open(uint64_t rom_hash, uint32_t size_bytes) { return (void)rom_hash, (void)size_bytes, NULL; }
void lp_gba_jit_place(lp_gba_jit *jit, const lp_gba_memory *memory) { (void)jit, (void)memory; }
void lp_gba_jit_close(lp_gba_jit *jit) { (void)jit; }
bool lp_gba_jit_time(lp_gba_jit *jit, const lp_gba_timing *timing) { return (void)jit, (void)timing, false; }
bool lp_gba_jit_has(lp_gba_jit *jit, uint32_t pc, bool thumb) { return (void)jit, (void)pc, (void)thumb, false; }
lp_gba_end lp_gba_jit_run(lp_gba_jit *jit, bool late) { return (void)jit, (void)late, LP_GBA_OTHER; }
void lp_gba_jit_forget(lp_gba_jit *jit, uint32_t address, uint32_t size_bytes) { (void)jit, (void)address, (void)size_bytes; }
void lp_gba_jit_forget_all(lp_gba_jit *jit) { (void)jit; }

#endif
