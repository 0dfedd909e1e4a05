/* Which blocks of machine code there are, of which ROMs. */
#include "emulator/gb_jit.h"

#if defined(__x86_64__) && defined(__linux__)

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_BYTES = 16 << 20, HOT = 12, TOO_SHORT = 100, COLD_FOR_EVER = 255 };

/* A bank where it is mapped, at 0000 or 4000. */
typedef struct {
    _Atomic(const void *) blocks[LP_JIT_BANK];
    /* How often, by any thread: a count that is off by some does no harm. */
    _Atomic(uint8_t) asked[LP_JIT_BANK], short_runs[LP_JIT_BANK];
} bank_code;

typedef struct lp_gb_code {
    struct lp_gb_code *next;
    int n_users;
    pthread_mutex_t lock; /* whoever translates */
    lp_jit_space space;
    lp_jit_ways ways;
    size_t n_banks;
    _Atomic(bank_code *) *banks[2];
    size_t size_bytes;
    uint8_t rom[];
} lp_gb_code;

static struct {
    pthread_mutex_t lock;
    lp_gb_code *first;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void free_code(lp_gb_code *code) {
    lp_jit_space_close(&code->space);
    for (int at = 0; at < 2; at++) {
        for (size_t i = 0; code->banks[at] && i < code->n_banks; i++) free(code->banks[at][i]);
        free(code->banks[at]);
    }
    pthread_mutex_destroy(&code->lock);
    free(code);
}

static lp_gb_code *make_code(const void *rom, size_t size_bytes) {
    lp_gb_code *code = calloc(1, sizeof *code + size_bytes);
    if (!code || !lp_jit_space_open(&code->space, CODE_BYTES)) {
        free(code);
        return NULL;
    }
    memcpy(code->rom, rom, size_bytes);
    code->size_bytes = size_bytes;
    code->n_banks = size_bytes / LP_JIT_BANK;
    pthread_mutex_init(&code->lock, NULL);
    code->ways = lp_jit_make_ways(&code->space);
    for (int at = 0; at < 2; at++) code->banks[at] = calloc(code->n_banks, sizeof *code->banks[at]);
    if (!code->banks[0] || !code->banks[1]) {
        free_code(code);
        return NULL;
    }
    return code;
}

static lp_gb_code *find_code(const void *rom, size_t size_bytes) {
    pthread_mutex_lock(&all.lock);
    lp_gb_code *code = all.first;
    while (code && (code->size_bytes != size_bytes || memcmp(code->rom, rom, size_bytes))) code = code->next;
    if (!code && (code = make_code(rom, size_bytes))) {
        code->next = all.first;
        all.first = code;
    }
    if (code) code->n_users++;
    pthread_mutex_unlock(&all.lock);
    return code;
}

static void leave_code(lp_gb_code *code) {
    pthread_mutex_lock(&all.lock);
    if (!--code->n_users) {
        lp_gb_code **at = &all.first;
        while (*at != code) at = &(*at)->next;
        *at = code->next;
        free_code(code);
    }
    pthread_mutex_unlock(&all.lock);
}

lp_gb_jit *lp_gb_jit_open(const void *rom, size_t size_bytes) {
    lp_gb_jit *jit = size_bytes >= 2 * LP_JIT_BANK ? calloc(1, sizeof *jit) : NULL;
    if (!jit || !(jit->code = find_code(rom, size_bytes))) {
        free(jit);
        return NULL;
    }
    jit->arrive = jit->code->ways.arrive;
    for (int f = 0; f < 256; f++) { /* LAHF has zero in bit 6, half carry in bit 4, carry in bit 0 */
        jit->from_flags[f] = (uint8_t)((f & Z ? 0x40 : 0) | (f & H ? 0x10 : 0) | (f & C ? 1 : 0));
        jit->to_flags[f] = (uint8_t)((f & 0x40 ? Z : 0) | (f & 0x10 ? H : 0) | (f & 1 ? C : 0));
    }
    return jit;
}

void lp_gb_jit_close(lp_gb_jit *jit) {
    if (jit) leave_code(jit->code);
    free(jit);
}

/* NULL: out of memory. */
static bank_code *find_bank(lp_gb_code *code, int at, size_t index) {
    bank_code *bank = index < code->n_banks ? atomic_load_explicit(&code->banks[at][index], memory_order_acquire) : NULL;
    if (bank || index >= code->n_banks) return bank;
    pthread_mutex_lock(&code->lock);
    bank = atomic_load_explicit(&code->banks[at][index], memory_order_relaxed);
    if (!bank && (bank = calloc(1, sizeof *bank))) {
        for (size_t i = 0; i < LP_JIT_BANK; i++) atomic_init(&bank->blocks[i], code->ways.arrive);
        atomic_store_explicit(&code->banks[at][index], bank, memory_order_release);
    }
    pthread_mutex_unlock(&code->lock);
    return bank;
}

static void map_bank(lp_gb_jit *jit, int at, const uint8_t *memory, const uint8_t *rom) {
    const size_t offset = (size_t)(memory - rom);
    bank_code *bank = offset % LP_JIT_BANK || offset >= jit->code->size_bytes ? NULL : find_bank(jit->code, at, offset / LP_JIT_BANK);
    const size_t address = (size_t)at * LP_JIT_BANK;
    jit->blocks[at] = bank ? bank->blocks : NULL;
    jit->tables[at] = (uintptr_t)jit->blocks[at] - address * sizeof *bank->blocks;
    for (int page = 0; page < LP_JIT_BANK / 256; page++) jit->read[at * 64 + page] = bank ? (uintptr_t)memory - address : 0;
}

bool lp_gb_jit_map(lp_gb_jit *jit, const uint8_t *bank0, const uint8_t *bank1, const uint8_t *rom, uint8_t *wram, uint8_t *wram_bank,
                   uint8_t *hram, bool plain) {
    const void *mapped[4] = {bank0, bank1, wram, wram_bank};
    if (!memcmp(jit->mapped, mapped, sizeof mapped) && jit->ram_is_plain == plain) return jit->blocks[0] && jit->blocks[1];
    memcpy(jit->mapped, mapped, sizeof mapped);
    jit->ram_is_plain = plain;
    map_bank(jit, 0, bank0, rom);
    map_bank(jit, 1, bank1, rom);
    for (int page = 0xC0; page < 0xE0; page++) {
        const uintptr_t at = !plain ? 0 : page < 0xD0 ? (uintptr_t)wram - 0xC000 : (uintptr_t)wram_bank - 0xD000;
        jit->read[page] = jit->write[page] = at;
    }
    jit->high_ram = (uintptr_t)hram - 0xFF80;
    return jit->blocks[0] && jit->blocks[1];
}

static const void *translate(lp_gb_code *code, const uint8_t *bank, uint16_t pc) {
    return code->space.size - code->space.used < LP_JIT_BLOCK_BYTES ? NULL : lp_jit_translate(&code->space, &code->ways, bank, pc);
}

bool lp_gb_jit_ask(lp_gb_jit *jit, uint16_t pc) {
    lp_gb_code *code = jit->code;
    const int at = pc / LP_JIT_BANK;
    bank_code *bank = (bank_code *)jit->blocks[at];
    _Atomic(uint8_t) *asked = &bank->asked[pc % LP_JIT_BANK];
    uint8_t times = atomic_load_explicit(asked, memory_order_relaxed);
    if (times < HOT) atomic_store_explicit(asked, ++times, memory_order_relaxed);
    if (times != HOT) return false;
    pthread_mutex_lock(&code->lock);
    const void *block = atomic_load_explicit(&bank->blocks[pc % LP_JIT_BANK], memory_order_relaxed);
    if (block == code->ways.arrive) {
        block = translate(code, jit->mapped[at], pc);
        if (block) atomic_store_explicit(&bank->blocks[pc % LP_JIT_BANK], block, memory_order_release);
        else atomic_store_explicit(asked, COLD_FOR_EVER, memory_order_relaxed);
    }
    pthread_mutex_unlock(&code->lock);
    return block != NULL;
}

void lp_gb_jit_tell(lp_gb_jit *jit, uint16_t pc, bool was_short) {
    const int at = pc / LP_JIT_BANK;
    bank_code *bank = (bank_code *)jit->blocks[at];
    _Atomic(uint8_t) *runs = &bank->short_runs[pc % LP_JIT_BANK]; /* more than long ones */
    const uint8_t n = atomic_load_explicit(runs, memory_order_relaxed);
    if (was_short) atomic_store_explicit(runs, n + 1, memory_order_relaxed);
    else if (n) atomic_store_explicit(runs, n - 1, memory_order_relaxed);
    if (n < TOO_SHORT) return;
    atomic_store_explicit(&bank->asked[pc % LP_JIT_BANK], COLD_FOR_EVER, memory_order_relaxed);
    atomic_store_explicit(&bank->blocks[pc % LP_JIT_BANK], jit->arrive, memory_order_relaxed);
}

void lp_gb_jit_run(lp_gb_jit *jit) {
    const registers *r = &jit->r;
    jit->lahf = jit->from_flags[r->f];
    jit->n = r->f & N ? 1 : 0;
    jit->last = UINT32_MAX;
    jit->code->ways.enter(jit, jit->blocks[jit->pc / LP_JIT_BANK][jit->pc % LP_JIT_BANK]);
    jit->r.f = (uint8_t)(jit->to_flags[jit->lahf] | (jit->n ? N : 0));
}

#else

lp_gb_jit *lp_gb_jit_open(const void *rom, size_t size_bytes) {
    (void)rom, (void)size_bytes;
    return NULL;
}
void lp_gb_jit_close(lp_gb_jit *jit) { (void)jit; }
bool lp_gb_jit_map(lp_gb_jit *jit, const uint8_t *bank0, const uint8_t *bank1, const uint8_t *rom, uint8_t *wram, uint8_t *wram_bank,
                   uint8_t *hram, bool plain) {
    (void)jit, (void)bank0, (void)bank1, (void)rom, (void)wram, (void)wram_bank, (void)hram, (void)plain;
    return false;
}
bool lp_gb_jit_ask(lp_gb_jit *jit, uint16_t pc) {
    (void)jit, (void)pc;
    return false;
}
void lp_gb_jit_tell(lp_gb_jit *jit, uint16_t pc, bool was_short) { (void)jit, (void)pc, (void)was_short; }
void lp_gb_jit_run(lp_gb_jit *jit) { (void)jit; }

#endif
