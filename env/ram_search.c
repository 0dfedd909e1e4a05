/* The search by elimination. See ram_search.h.
 *
 * The regions' bytes lie one after another in a snapshot; a candidate is a type and the index of its first byte. A candidate's
 * bytes all lie in one region. Undo keeps the bits as they were, a ring of LP_RAM_MAX_UNDO.
 */
#include "env/ram_search.h"

#include "base/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REGIONS = 3 };

typedef struct {
    uint32_t address, size_bytes, offset; /* offset: in a snapshot */
} region;

typedef struct {
    char name[LP_RAM_NAME_BYTES];
    uint8_t *bytes; /* owned */
} snapshot;

typedef struct {
    int n_types;
    lp_ram_type types[LP_RAM_MAX_TYPES];
    uint64_t *bits; /* [n_types][n_words] owned */
} selection;

struct lp_ram_search {
    lp_emu *mirror;       /* owned; the machine's state is loaded into it, and read there */
    unsigned char *state; /* owned */
    int n_regions;
    region regions[MAX_REGIONS];
    uint32_t size_bytes;
    size_t n_words;
    int n_snapshots;
    snapshot snapshots[LP_RAM_MAX_SNAPSHOTS]; /* oldest first */
    selection now;
    int n_undo;
    selection undo[LP_RAM_MAX_UNDO]; /* oldest first */
};

static const region gb_regions[] = {{0xa000, 0x2000, 0}, {0xc000, 0x2000, 0}, {0xff80, 0x7f, 0}};
static const region gba_regions[] = {{0x02000000, 0x40000, 0}, {0x03000000, 0x8000, 0}, {0x0e000000, 0x10000, 0}};

lp_status lp_ram_type_parse(lp_ram_type *out, const char *text, lp_err *err) {
    if (strlen(text) != 3 || !strchr("|<>", text[0]) || !strchr("uidn", text[1]) || text[2] < '1' || text[2] > '8')
        return lp_fail(err, LP_BAD_INPUT, "type '%.20s': must be | < or >, then u i d or n, then 1 to 8 bytes, such as |u1 or <u2", text);
    *out = (lp_ram_type){.big_endian = text[0] == '>', .kind = text[1], .width_bytes = text[2] - '0'};
    memcpy(out->text, text, 4);
    return LP_OK;
}

int lp_ram_types(lp_ram_type out[LP_RAM_MAX_TYPES]) {
    static const char *const texts[] = {"|u1", "|i1", "|d1", "<u2", ">u2", "<i2", ">i2", "<d2", ">d2", "<u3", ">u3",
                                        "<d3", ">d3", "<u4", ">u4", "<i4", ">i4", "<d4", ">d4", "<n4", ">n4"};
    const int n = sizeof texts / sizeof *texts;
    _Static_assert(sizeof texts / sizeof *texts <= LP_RAM_MAX_TYPES, "as many types as a search takes");
    for (int i = 0; i < n; i++) (void)lp_ram_type_parse(&out[i], texts[i], NULL);
    return n;
}

/* ---- values ---- */

/* The value whose first byte is at bytes; false: not decimal. */
static inline bool decode(const lp_ram_type *t, const uint8_t *bytes, int64_t *out) {
    uint64_t value = 0;
    for (int i = 0; i < t->width_bytes; i++) { /* most significant byte first */
        uint8_t byte = bytes[t->big_endian ? i : t->width_bytes - 1 - i];
        if (t->kind == 'd') {
            if (byte >> 4 > 9 || (byte & 15) > 9) return false;
            value = value * 100 + (uint64_t)(byte >> 4) * 10 + (byte & 15);
        } else if (t->kind == 'n') {
            if ((byte & 15) > 9) return false;
            value = value * 10 + (byte & 15);
        } else {
            value = value << 8 | byte;
        }
    }
    int bits = 8 * t->width_bytes;
    if (t->kind == 'i' && bits < 64 && value >> (bits - 1)) value |= ~(uint64_t)0 << bits;
    *out = (int64_t)value;
    return true;
}

static bool less(const lp_ram_type *t, int64_t a, int64_t b) {
    return t->kind == 'u' ? (uint64_t)a < (uint64_t)b : a < b; /* eight unsigned bytes fill the sign bit */
}

/* now - before == number, without wrapping round. */
static bool differs_by(const lp_ram_type *t, int64_t now, int64_t before, int64_t number) {
    return (uint64_t)now - (uint64_t)before == (uint64_t)number && less(t, before, now) == (number > 0);
}

static bool is_number(const lp_ram_type *t, int64_t now, int64_t number) {
    return now == number && !(t->kind == 'u' && number < 0); /* the largest eight bytes are no -1 */
}

static bool keeps(const lp_ram_filter *f, const lp_ram_type *t, int64_t now, int64_t before) {
    switch (f->op) {
    case LP_RAM_UNCHANGED: return now == before;
    case LP_RAM_CHANGED: return now != before;
    case LP_RAM_UP: return less(t, before, now);
    case LP_RAM_DOWN: return less(t, now, before);
    case LP_RAM_BY: return differs_by(t, now, before, f->number);
    case LP_RAM_IS: return is_number(t, now, f->number);
    case LP_RAM_IS_NOT: return !is_number(t, now, f->number);
    case LP_RAM_ABOVE: return f->number < 0 && t->kind == 'u' ? true : less(t, f->number, now);
    case LP_RAM_BELOW: return f->number < 0 && t->kind == 'u' ? false : less(t, now, f->number);
    }
    return false;
}

/* ---- opening ---- */

lp_status lp_ram_search_open(lp_ram_search **out, const lp_game *game, lp_err *err) {
    lp_ram_search *s = *out = calloc(1, sizeof *s);
    if (!s) return lp_fail(err, LP_FAILED, "out of memory for a search");
    lp_status status = lp_game_open_emu(&s->mirror, game, &(lp_emu_config){.no_draw = true}, err);
    if (!status) {
        bool is_gba = lp_emu_system(s->mirror) == LP_SYSTEM_GBA;
        s->n_regions = MAX_REGIONS;
        memcpy(s->regions, is_gba ? gba_regions : gb_regions, sizeof s->regions);
        for (int r = 0; r < s->n_regions; r++) {
            s->regions[r].offset = s->size_bytes;
            s->size_bytes += s->regions[r].size_bytes;
        }
        s->n_words = (s->size_bytes + 63) / 64;
        s->state = malloc(lp_emu_state_size(s->mirror));
        lp_ram_type byte;
        (void)lp_ram_type_parse(&byte, "|u1", NULL);
        status = s->state ? lp_ram_search_restart(s, &byte, 1, err) : lp_fail(err, LP_FAILED, "out of memory for a search");
    }
    if (status) {
        lp_ram_search_close(s);
        *out = NULL;
    }
    return status;
}

void lp_ram_search_close(lp_ram_search *s) {
    if (!s) return;
    for (int i = 0; i < s->n_snapshots; i++) free(s->snapshots[i].bytes);
    for (int i = 0; i < s->n_undo; i++) free(s->undo[i].bits);
    free(s->now.bits);
    free(s->state);
    lp_emu_close(s->mirror);
    free(s);
}

size_t lp_ram_search_bytes(const lp_ram_search *s) { return s->size_bytes; }

const lp_ram_type *lp_ram_search_types(const lp_ram_search *s, int *n_types) {
    *n_types = s->now.n_types;
    return s->now.types;
}

int lp_ram_search_snapshots(const lp_ram_search *s) { return s->n_snapshots; }

/* ---- snapshots ---- */

/* Takes the oldest snapshot without a name out of the list; -1: all have names. The last stays: the next is compared with it. */
static uint8_t *drop_oldest(lp_ram_search *s) {
    for (int i = 0; i + 1 < s->n_snapshots; i++) {
        if (*s->snapshots[i].name) continue;
        uint8_t *bytes = s->snapshots[i].bytes;
        memmove(s->snapshots + i, s->snapshots + i + 1, (size_t)(s->n_snapshots - i - 1) * sizeof *s->snapshots);
        s->n_snapshots--;
        return bytes;
    }
    return NULL;
}

static lp_status mirror(lp_ram_search *s, lp_emu *emu, lp_err *err) {
    if (lp_emu_state_size(emu) != lp_emu_state_size(s->mirror))
        return lp_fail(err, LP_BAD_INPUT, "the machine plays another ROM than the search was opened for");
    lp_emu_state_save(emu, s->state);
    return lp_emu_state_load(s->mirror, s->state, lp_emu_state_size(s->mirror), err);
}

lp_status lp_ram_search_snap(lp_ram_search *s, lp_emu *emu, const char *name, lp_err *err) {
    if (strlen(name) >= LP_RAM_NAME_BYTES)
        return lp_fail(err, LP_BAD_INPUT, "snapshot '%.40s': its name has more than %d bytes", name, LP_RAM_NAME_BYTES - 1);
    uint8_t *bytes = s->n_snapshots == LP_RAM_MAX_SNAPSHOTS ? drop_oldest(s) : malloc(s->size_bytes);
    if (!bytes && s->n_snapshots == LP_RAM_MAX_SNAPSHOTS)
        return lp_fail(err, LP_BAD_INPUT, "%d snapshots with names: no room for another", LP_RAM_MAX_SNAPSHOTS);
    if (!bytes) return lp_fail(err, LP_FAILED, "out of memory for a snapshot");
    lp_status status = mirror(s, emu, err);
    if (status) {
        free(bytes);
        return status;
    }
    for (int r = 0; r < s->n_regions; r++)
        for (uint32_t i = 0; i < s->regions[r].size_bytes; i++)
            bytes[s->regions[r].offset + i] = lp_emu_read8(s->mirror, s->regions[r].address + i);
    for (int i = 0; i < s->n_snapshots; i++)
        if (!strcmp(s->snapshots[i].name, name)) s->snapshots[i].name[0] = 0;
    snapshot *new = &s->snapshots[s->n_snapshots++];
    *new = (snapshot){.bytes = bytes};
    snprintf(new->name, sizeof new->name, "%s", name);
    return LP_OK;
}

static const uint8_t *last_bytes(const lp_ram_search *s) { return s->n_snapshots ? s->snapshots[s->n_snapshots - 1].bytes : NULL; }

/* ---- candidates ---- */

static bool has(const lp_ram_search *s, int type, uint32_t i) { return s->now.bits[(size_t)type * s->n_words + i / 64] >> (i % 64) & 1; }

/* Keeps the selection as it is, whose bits are then the undo's. Of too many the oldest goes. */
static void remember(lp_ram_search *s) {
    if (s->n_undo == LP_RAM_MAX_UNDO) {
        free(s->undo[0].bits);
        memmove(s->undo, s->undo + 1, (LP_RAM_MAX_UNDO - 1) * sizeof *s->undo);
        s->n_undo--;
    }
    s->undo[s->n_undo++] = s->now;
}

lp_status lp_ram_search_restart(lp_ram_search *s, const lp_ram_type *types, int n_types, lp_err *err) {
    LP_CHECK(n_types > 0 && n_types <= LP_RAM_MAX_TYPES);
    uint64_t *bits = calloc((size_t)n_types * s->n_words, sizeof *bits);
    if (!bits) return lp_fail(err, LP_FAILED, "out of memory for a search");
    if (s->now.bits) remember(s);
    s->now = (selection){.n_types = n_types, .bits = bits};
    memcpy(s->now.types, types, (size_t)n_types * sizeof *types);
    for (int t = 0; t < n_types; t++, bits += s->n_words)
        for (int r = 0; r < s->n_regions; r++) {
            uint32_t n = s->regions[r].size_bytes - (uint32_t)(types[t].width_bytes - 1), from = s->regions[r].offset;
            for (uint32_t i = from; i < from + n; i++) bits[i / 64] |= (uint64_t)1 << (i % 64);
        }
    return LP_OK;
}

/* Drops the candidates of one type, bits, for which the filter does not hold. */
static void filter_type(const lp_ram_search *s, const lp_ram_filter *f, const lp_ram_type *type, const uint8_t *now, const uint8_t *before,
                        uint64_t *bits) {
    for (size_t w = 0; w < s->n_words; w++)
        for (uint64_t left = bits[w]; left; left &= left - 1) {
            int bit = __builtin_ctzll(left);
            size_t i = w * 64 + (size_t)bit;
            int64_t a, b;
            bool values = decode(type, now + i, &a) && decode(type, before + i, &b);
            if (!values || !keeps(f, type, a, b)) bits[w] &= ~((uint64_t)1 << bit);
        }
}

static bool needs_before(lp_ram_op op) { return op <= LP_RAM_BY; }

lp_status lp_ram_search_filter(lp_ram_search *s, const lp_ram_filter *f, lp_err *err) {
    const uint8_t *now = last_bytes(s), *before = now;
    if (!now) return lp_fail(err, LP_BAD_INPUT, "no snapshot yet");
    if (f->since) {
        before = NULL;
        for (int i = 0; i < s->n_snapshots; i++)
            if (!strcmp(s->snapshots[i].name, f->since)) before = s->snapshots[i].bytes;
        if (!before || !*f->since) return lp_fail(err, LP_BAD_INPUT, "no snapshot is named '%.40s'", f->since);
    } else if (needs_before(f->op)) {
        if (s->n_snapshots < 2) return lp_fail(err, LP_BAD_INPUT, "only one snapshot: nothing to compare it with yet");
        before = s->snapshots[s->n_snapshots - 2].bytes;
    }
    size_t n_words = (size_t)s->now.n_types * s->n_words;
    uint64_t *bits = malloc(n_words * sizeof *bits);
    if (!bits) return lp_fail(err, LP_FAILED, "out of memory for a search");
    memcpy(bits, s->now.bits, n_words * sizeof *bits);
    remember(s);
    s->now.bits = bits;
    for (int t = 0; t < s->now.n_types; t++) filter_type(s, f, &s->now.types[t], now, before, bits + (size_t)t * s->n_words);
    return LP_OK;
}

bool lp_ram_search_undo(lp_ram_search *s) {
    if (!s->n_undo) return false;
    free(s->now.bits);
    s->now = s->undo[--s->n_undo];
    return true;
}

int64_t lp_ram_search_count(const lp_ram_search *s) {
    int64_t n = 0;
    for (size_t w = 0; w < (size_t)s->now.n_types * s->n_words; w++) n += __builtin_popcountll(s->now.bits[w]);
    return n;
}

int64_t lp_ram_search_addresses(const lp_ram_search *s) {
    int64_t n = 0;
    for (size_t w = 0; w < s->n_words; w++) {
        uint64_t any = 0;
        for (int t = 0; t < s->now.n_types; t++) any |= s->now.bits[(size_t)t * s->n_words + w];
        n += __builtin_popcountll(any);
    }
    return n;
}

int lp_ram_search_list(const lp_ram_search *s, uint32_t from, lp_ram_candidate *out, int max) {
    const uint8_t *now = last_bytes(s), *before = s->n_snapshots > 1 ? s->snapshots[s->n_snapshots - 2].bytes : now;
    int n = 0;
    for (int r = 0; r < s->n_regions; r++)
        for (uint32_t k = 0; k < s->regions[r].size_bytes; k++) {
            uint32_t address = s->regions[r].address + k, i = s->regions[r].offset + k;
            for (int t = 0; t < s->now.n_types && n < max && address >= from; t++) {
                if (!has(s, t, i)) continue;
                lp_ram_candidate *c = &out[n++];
                *c = (lp_ram_candidate){.address = address, .type = &s->now.types[t]};
                if (now) (void)decode(c->type, now + i, &c->now);
                if (now) (void)decode(c->type, before + i, &c->before);
            }
        }
    return n;
}

int lp_ram_search_live(lp_ram_search *s, lp_emu *emu, uint32_t from, lp_ram_candidate *out, int max, lp_err *err) {
    if (mirror(s, emu, err)) return -1;
    int n = lp_ram_search_list(s, from, out, max);
    for (int i = 0; i < n; i++) {
        uint8_t bytes[8];
        for (int k = 0; k < out[i].type->width_bytes; k++) bytes[k] = lp_emu_read8(s->mirror, out[i].address + (uint32_t)k);
        out[i].before = out[i].now;
        if (!decode(out[i].type, bytes, &out[i].now)) out[i].now = out[i].before; /* no decimal number at this moment */
    }
    return n;
}

bool lp_ram_search_value(const lp_ram_search *s, uint32_t address, const lp_ram_type *type, int64_t *out) {
    const uint8_t *now = last_bytes(s);
    for (int r = 0; r < s->n_regions && now; r++) {
        const region *at = &s->regions[r];
        if (address >= at->address && address - at->address + (uint32_t)type->width_bytes <= at->size_bytes)
            return decode(type, now + at->offset + (address - at->address), out);
    }
    return false;
}
