/* The search by elimination against a plain one that reads the bus, on a Game Boy and a GBA; and data.json, to which finds are added. */
#include "env/ram_search.h"

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "env/data_file.h"
#include "env/game.h"
#include "tests/seed.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_BYTES = 0x60000 };

static char folder[PATH_MAX];

static int make_folder(void **state) {
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/longplay-ram-XXXXXX", parent && *parent ? parent : P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int count_files(bool remove_them) {
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[PATH_MAX + 300];
        if (e->d_name[0] == '.') continue;
        n++;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (remove_them) unlink(path);
    }
    closedir(d);
    return n;
}

static int remove_folder(void **state) {
    (void)state;
    count_files(true);
    return rmdir(folder);
}

/* ---- a machine and its search ---- */

typedef struct {
    lp_game *game;
    lp_emu *emu;
    lp_ram_search *search;
} rig;

static void open_rig(rig *r, const char *name) {
    lp_err err;
    if (lp_game_open(&r->game, name, &err)) fail_msg("%s", err.message);
    if (lp_game_open_emu(&r->emu, r->game, NULL, &err) || lp_ram_search_open(&r->search, r->game, &err)) fail_msg("%s", err.message);
}

static void close_rig(rig *r) {
    lp_ram_search_close(r->search);
    lp_emu_close(r->emu);
    lp_game_close(r->game);
}

static lp_ram_type type_of(const char *text) {
    lp_ram_type type;
    lp_err err;
    if (lp_ram_type_parse(&type, text, &err)) fail_msg("%s", err.message);
    return type;
}

static void snap(rig *r, const char *name) {
    lp_err err;
    if (lp_ram_search_snap(r->search, r->emu, name, &err)) fail_msg("%s", err.message);
}

static int64_t filter(rig *r, lp_ram_op op, int64_t number, const char *since) {
    lp_err err;
    if (lp_ram_search_filter(r->search, &(lp_ram_filter){op, number, since}, &err)) fail_msg("%s", err.message);
    return lp_ram_search_count(r->search);
}

/* ---- the plain search: every address by itself, in 128-bit numbers ---- */

static const uint32_t gb_ram[][2] = {{0xa000, 0xbfff}, {0xc000, 0xdfff}, {0xff80, 0xfffe}};
static const uint32_t gba_ram[][2] = {{0x2000000, 0x203ffff}, {0x3000000, 0x3007fff}, {0xe000000, 0xe00ffff}};

/* Fills before or now, an array of all bytes. */
static int read_ram(rig *r, uint8_t *out, uint32_t *addresses, int *room) {
    const uint32_t(*ram)[2] = lp_emu_system(r->emu) == LP_SYSTEM_GBA ? gba_ram : gb_ram;
    int n = 0;
    for (int k = 0; k < 3; k++)
        for (uint32_t a = ram[k][0]; a <= ram[k][1]; a++, n++) {
            out[n] = lp_emu_read8(r->emu, a);
            addresses[n] = a;
            room[n] = (int)(ram[k][1] - a < 8 ? ram[k][1] - a + 1 : 8); /* bytes to the region's end */
        }
    return n;
}

typedef __int128 wide;

static bool plain_value(const char *type, const uint8_t *at, wide *out) {
    int width = type[2] - '0';
    wide value = 0, place = 1;
    for (int i = 0; i < width; i++) { /* least significant first */
        int byte = at[type[0] == '>' ? width - 1 - i : i], low = byte & 15, high = byte / 16;
        bool decimal = type[1] == 'd' || type[1] == 'n';
        if (decimal && (low > 9 || (type[1] == 'd' && high > 9))) return false;
        value += place * (type[1] == 'd' ? high * 10 + low : type[1] == 'n' ? low : byte);
        place *= type[1] == 'd' ? 100 : type[1] == 'n' ? 10 : 256;
    }
    if (type[1] == 'i' && value >= place / 2) value -= place;
    *out = value;
    return true;
}

static bool plain_holds(const lp_ram_filter *f, wide now, wide before) {
    switch (f->op) {
    case LP_RAM_UNCHANGED: return now == before;
    case LP_RAM_CHANGED: return now != before;
    case LP_RAM_UP: return now > before;
    case LP_RAM_DOWN: return now < before;
    case LP_RAM_BY: return now - before == f->number;
    case LP_RAM_IS: return now == f->number;
    case LP_RAM_IS_NOT: return now != f->number;
    case LP_RAM_ABOVE: return now > f->number;
    default: return now < f->number;
    }
}

static uint8_t before_bytes[MAX_BYTES + 8], now_bytes[MAX_BYTES + 8];
static uint32_t addresses[MAX_BYTES];
static int room_at[MAX_BYTES];
static bool alive[MAX_BYTES];
static lp_ram_candidate listed[MAX_BYTES];

static void compare(rig *r, const char *type, int n, const char *what) {
    int count = 0, found = lp_ram_search_list(r->search, 0, listed, MAX_BYTES);
    for (int i = 0; i < n; i++) {
        wide now = 0;
        if (!alive[i]) continue;
        if (count >= found || listed[count].address != addresses[i]) fail_msg("%s, %s: 0x%x is missing", what, type, addresses[i]);
        if (plain_value(type, now_bytes + i, &now) && (int64_t)now != listed[count].now)
            fail_msg("%s, %s: 0x%x has another value", what, type, addresses[i]);
        count++;
    }
    if (count != found) fail_msg("%s, %s: %d candidates, want %d", what, type, found, count);
    assert_int_equal(lp_ram_search_count(r->search), count);
}

/* Writes small numbers and small changes all over work RAM, so that every filter keeps some and drops some. */
static void stir(rig *r, lp_rng *rng) {
    uint32_t base = lp_emu_system(r->emu) == LP_SYSTEM_GBA ? 0x2000000 : 0xc000;
    for (int i = 0; i < 4000; i++) {
        uint32_t a = base + lp_rng_below(rng, 0x1000);
        uint8_t old = lp_emu_read8(r->emu, a);
        if (i % 100 == 0) /* and the largest, which must not pass for -1 */
            for (uint32_t k = 0; k < 8; k++) lp_emu_write8(r->emu, base + 0x1000 + (a & 0x7f8) + k, i % 200 ? 0xff : 0);
        lp_emu_write8(r->emu, a, (uint8_t)(i % 3 ? old + lp_rng_below(rng, 5) - 2 : lp_rng_u64(rng) & 0x99));
    }
}

static void search_round(rig *r, lp_rng *rng) {
    static const char orders[] = "|<>", kinds[] = "uidn";
    char type[4] = {orders[lp_rng_below(rng, 3)], kinds[lp_rng_below(rng, 4)], (char)('1' + lp_rng_below(rng, 8)), 0};
    lp_ram_type t = type_of(type);
    assert_int_equal(lp_ram_search_restart(r->search, &t, 1, NULL), LP_OK);
    snap(r, "");
    int n = read_ram(r, before_bytes, addresses, room_at);
    for (int i = 0; i < n; i++) alive[i] = room_at[i] >= type[2] - '0';
    for (int f = 0; f < 5; f++) {
        char what[64];
        stir(r, rng);
        snap(r, "");
        read_ram(r, now_bytes, addresses, room_at);
        lp_ram_filter one = {.op = (lp_ram_op)lp_rng_below(rng, 9), .number = (int64_t)lp_rng_below(rng, 9) - 4};
        snprintf(what, sizeof what, "filter %d by %d", one.op, (int)one.number);
        filter(r, one.op, one.number, NULL);
        for (int i = 0; i < n; i++) {
            wide now = 0, before = 0;
            bool both = one.op <= LP_RAM_BY; /* the others look at what is there now alone */
            alive[i] = alive[i] && plain_value(type, now_bytes + i, &now) && (!both || plain_value(type, before_bytes + i, &before)) &&
                       plain_holds(&one, now, before);
        }
        compare(r, type, n, what);
        memcpy(before_bytes, now_bytes, sizeof before_bytes);
    }
}

static void agrees_with_a_plain_search(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 3);
    rig r;
    open_rig(&r, "busy");
    for (int i = 0; i < 60; i++) search_round(&r, &rng);
    close_rig(&r);
    open_rig(&r, "orbit");
    for (int i = 0; i < 3; i++) search_round(&r, &rng);
    close_rig(&r);
}

static void covers_all_ram_and_touches_none(void **state) {
    (void)state;
    static const char *const names[] = {"cue", "orbit"};
    static const uint32_t total[] = {0x4000 + 0x7f, 0x58000}, first[] = {0xa000, 0x2000000}, last[] = {0xfffe, 0xe00ffff};
    for (int i = 0; i < 2; i++) {
        rig r;
        lp_ram_candidate c[2];
        open_rig(&r, names[i]);
        assert_int_equal(lp_ram_search_bytes(r.search), total[i]);
        assert_int_equal(lp_ram_search_count(r.search), total[i]);
        assert_int_equal(lp_ram_search_list(r.search, 0, c, 1), 1);
        assert_int_equal(c[0].address, first[i]);
        assert_int_equal(lp_ram_search_list(r.search, last[i], c, 2), 1);
        assert_int_equal(c[0].address, last[i]);
        lp_emu_step(r.emu, 0, 30);
        uint64_t hash = lp_emu_hash(r.emu);
        double start = lp_now_s();
        for (int k = 0; k < 20; k++) snap(&r, "");
        print_message("%s: a snapshot of %u bytes takes %.2f ms\n", names[i], total[i], (lp_now_s() - start) * 50);
        assert_true(lp_emu_hash(r.emu) == hash);
        start = lp_now_s();
        filter(&r, LP_RAM_UNCHANGED, 0, NULL);
        print_message("%s: a filter of all of them %.2f ms\n", names[i], (lp_now_s() - start) * 1e3);
        assert_int_equal(lp_ram_search_count(r.search), total[i]);
        close_rig(&r);
    }
}

/* What a person would do: a counter is found by what it does. */
static void finds_cues_counter(void **state) {
    (void)state;
    rig r;
    lp_ram_candidate c;
    open_rig(&r, "cue");
    lp_emu_step(r.emu, 0, 60);
    lp_emu_step(r.emu, LP_KEY_START, 9);
    snap(&r, "begin");
    for (int i = 0; i < 3; i++) {
        lp_emu_step(r.emu, 0, 4);
        snap(&r, "");
        filter(&r, LP_RAM_BY, 1, NULL);
    }
    assert_int_equal(filter(&r, LP_RAM_BY, 3, "begin"), 1);
    assert_int_equal(lp_ram_search_list(r.search, 0, &c, 1), 1);
    assert_int_equal(c.address, 0xc0b4);
    assert_int_equal(c.now - c.before, 1);
    int64_t now = c.now, value;
    lp_emu_step(r.emu, 0, 8);
    assert_int_equal(lp_ram_search_live(r.search, r.emu, 0, &c, 1, NULL), 1);
    assert_int_equal(c.before, now);
    assert_int_equal(c.now, now + 2);
    lp_ram_type four = type_of("<u4");
    assert_true(lp_ram_search_value(r.search, 0xc0b4, &four, &value)); /* in the snapshot */
    assert_int_equal(value, now);
    assert_false(lp_ram_search_value(r.search, 0xfffc, &four, &value)); /* reaches out of high RAM */
    assert_false(lp_ram_search_value(r.search, 0x100, &four, &value));
    close_rig(&r);
}

/* Searched for all at once, each type keeps what it keeps when it is searched for alone. */
static void all_types_at_once(void **state) {
    (void)state;
    rig all, one;
    lp_rng rng = lp_rng_make(test_seed(), 2);
    lp_ram_type types[LP_RAM_MAX_TYPES];
    enum { ROOM = 1 << 17 };
    static lp_ram_candidate found[ROOM], alone[ROOM];
    int n_types = lp_ram_types(types);
    open_rig(&all, "busy"), open_rig(&one, "busy");
    assert_true(lp_emu_state_size(all.emu) <= sizeof now_bytes);
    assert_int_equal(lp_ram_search_restart(all.search, types, n_types, NULL), LP_OK);
    for (int s = 0; s < 3; s++) {
        if (s) stir(&all, &rng);
        snap(&all, "");
        lp_emu_state_save(all.emu, now_bytes);
        assert_int_equal(lp_emu_state_load(one.emu, now_bytes, lp_emu_state_size(one.emu), NULL), LP_OK);
        snap(&one, "");
    }
    int n = (int)filter(&all, LP_RAM_UP, 0, NULL), kept = 0;
    n = (int)filter(&all, LP_RAM_BELOW, 9, NULL);
    assert_in_range(n, 50, ROOM);
    assert_true(lp_ram_search_addresses(all.search) < n);
    assert_int_equal(lp_ram_search_list(all.search, 0, found, ROOM), n);
    for (int t = 0; t < n_types; t++) {
        assert_int_equal(lp_ram_search_restart(one.search, &types[t], 1, NULL), LP_OK);
        filter(&one, LP_RAM_UP, 0, NULL), filter(&one, LP_RAM_BELOW, 9, NULL);
        int m = lp_ram_search_list(one.search, 0, alone, ROOM), k = 0;
        assert_int_equal(lp_ram_search_addresses(one.search), m);
        for (int i = 0; i < n; i++) {
            if (strcmp(found[i].type->text, types[t].text)) continue;
            assert_true(k < m && found[i].address == alone[k].address && found[i].now == alone[k].now &&
                        found[i].before == alone[k].before);
            k++;
        }
        assert_int_equal(k, m);
        kept += m;
    }
    assert_int_equal(kept, n);
    assert_true(lp_ram_search_undo(all.search) && lp_ram_search_undo(all.search));
    assert_int_equal(lp_ram_search_addresses(all.search), lp_ram_search_bytes(all.search));
    close_rig(&all), close_rig(&one);
}

static void undo_goes_back(void **state) {
    (void)state;
    rig r;
    int64_t counts[200];
    lp_rng rng = lp_rng_make(5, 0);
    open_rig(&r, "busy");
    assert_false(lp_ram_search_undo(r.search));
    lp_ram_type two = type_of("<u2"), one = type_of("|u1");
    snap(&r, "");
    for (int i = 0; i < 100; i++) {
        counts[i] = lp_ram_search_count(r.search);
        if (i % 7 == 0) {
            assert_int_equal(lp_ram_search_restart(r.search, i % 2 ? &two : &one, 1, NULL), LP_OK);
            continue;
        }
        stir(&r, &rng);
        snap(&r, "");
        filter(&r, i % 2 ? LP_RAM_CHANGED : LP_RAM_UNCHANGED, 0, NULL);
    }
    for (int i = 99; i >= 100 - LP_RAM_MAX_UNDO; i--) {
        assert_true(lp_ram_search_undo(r.search));
        assert_int_equal(lp_ram_search_count(r.search), counts[i]);
    }
    assert_false(lp_ram_search_undo(r.search));
    close_rig(&r);
}

static void refuse(rig *r, lp_ram_filter f, const char *says) {
    lp_err err;
    int64_t count = lp_ram_search_count(r->search);
    assert_int_equal(lp_ram_search_filter(r->search, &f, &err), LP_BAD_INPUT);
    if (!strstr(err.message, says)) fail_msg("'%s' does not say '%s'", err.message, says);
    assert_int_equal(lp_ram_search_count(r->search), count);
    assert_false(lp_ram_search_undo(r->search));
}

static void snapshots_have_names(void **state) {
    (void)state;
    rig r, other;
    lp_err err;
    char name[LP_RAM_NAME_BYTES + 1];
    open_rig(&r, "busy");
    refuse(&r, (lp_ram_filter){LP_RAM_UP, 0, NULL}, "no snapshot yet");
    snap(&r, "a");
    refuse(&r, (lp_ram_filter){LP_RAM_UP, 0, NULL}, "only one snapshot");
    refuse(&r, (lp_ram_filter){LP_RAM_UP, 0, "b"}, "'b'");
    refuse(&r, (lp_ram_filter){LP_RAM_UP, 0, ""}, "''");
    lp_emu_write8(r.emu, 0xc800, 10);
    snap(&r, "b");
    lp_emu_write8(r.emu, 0xc800, 20);
    snap(&r, "");
    assert_true(filter(&r, LP_RAM_BY, 10, "b") >= 1);
    lp_ram_search_undo(r.search);
    for (int i = 0; i < 2 * LP_RAM_MAX_SNAPSHOTS; i++) snap(&r, ""); /* those with names stay */
    assert_int_equal(lp_ram_search_snapshots(r.search), LP_RAM_MAX_SNAPSHOTS);
    lp_ram_candidate c;
    filter(&r, LP_RAM_BY, 10, "b");
    assert_int_equal(lp_ram_search_list(r.search, 0xc800, &c, 1), 1);
    assert_int_equal(c.address, 0xc800);
    snap(&r, "b"); /* names the newer one now */
    lp_ram_search_undo(r.search);
    assert_int_equal(filter(&r, LP_RAM_CHANGED, 0, "b"), 0);

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    assert_int_equal(lp_ram_search_snap(r.search, r.emu, name, &err), LP_BAD_INPUT);
    for (int i = 0; i < LP_RAM_MAX_SNAPSHOTS - 3; i++) {
        snprintf(name, sizeof name, "n%d", i);
        snap(&r, name);
    }
    lp_status status = LP_OK;
    for (int i = 0; i < 4 && !status; i++) {
        snprintf(name, sizeof name, "last%d", i);
        status = lp_ram_search_snap(r.search, r.emu, name, &err);
    }
    assert_int_equal(status, LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "no room"));
    open_rig(&other, "orbit");
    assert_int_equal(lp_ram_search_snap(other.search, r.emu, "", &err), LP_BAD_INPUT);
    assert_int_equal(lp_ram_search_live(other.search, r.emu, 0, &c, 1, &err), -1);
    close_rig(&other);
    close_rig(&r);
}

static void types_are_checked(void **state) {
    (void)state;
    lp_err err;
    lp_ram_type t;
    int good = 0;
    for (int a = 1; a < 128; a++)
        for (int b = 1; b < 128; b++)
            for (int c = 1; c < 128; c++) {
                char text[] = {(char)a, (char)b, (char)c, 0};
                good += lp_ram_type_parse(&t, text, NULL) == LP_OK;
            }
    assert_int_equal(good, 3 * 4 * 8);
    static const char *const bad[] = {"", "u1", "|u", "|u0", "|u9", "|x1", "<u22", "<>u4", "|u1 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(lp_ram_type_parse(&t, bad[i], &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, bad[i]));
        assert_null(strchr(err.message, '\n'));
    }
}

/* ---- data.json ---- */

static const char *data_path(void) {
    static char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/data.json", folder);
    return path;
}

static void put(const char *text, size_t size) {
    lp_err err;
    if (lp_file_write_atomic(data_path(), text, size, &err)) fail_msg("%s", err.message);
}

static lp_blob get(void) {
    lp_blob text;
    lp_err err;
    if (lp_file_read(&text, data_path(), 1 << 20, &err)) fail_msg("%s", err.message);
    return text;
}

static const char sample[] =
    "{\n  \"// how\": \"lines } like { \\\"info\\\": {\",\n  \"other\": {\"info\": {\"deep\": [1, {\"info\": {}}]}},\n"
    "  \"info\": {\n    \"a}\": {\"address\": 49152, \"type\": \"|u1\"}\n  },\n  \"more\": [{}, \"}\"]\n}\n";

static void adds_and_keeps_the_rest(void **state) {
    (void)state;
    lp_err err;
    put(sample, sizeof sample - 1);
    if (lp_data_file_add(folder, "lives", 0xc0a4, "<u2", &err)) fail_msg("%s", err.message);
    lp_blob text = get();
    const char *added = strstr((char *)text.data, ",\n    \"lives\": {\"address\": 49316, \"type\": \"<u2\"}");
    assert_non_null(added);
    size_t before = (size_t)(added - (char *)text.data); /* all before and all after is as it was */
    assert_memory_equal(text.data, sample, before);
    const char *rest = strstr(sample, "\n  },\n  \"more\"");
    assert_non_null(rest);
    assert_int_equal(before, rest - sample);
    assert_string_equal((char *)text.data + text.size_bytes - strlen(rest), rest);
    lp_blob_free(&text);
    assert_int_equal(lp_data_file_add(folder, "lives", 0xc0a5, "<u2", &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "info.lives"));
    assert_int_equal(lp_data_file_add(folder, "a}", 1, "<u2", &err), LP_BAD_INPUT);

    unlink(data_path()); /* none there: it is made, and grows */
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "v%d", i);
        if (lp_data_file_add(folder, name, 0xc000u + (uint32_t)i, "|u1", &err)) fail_msg("%s", err.message);
    }
    text = get();
    cJSON *root = cJSON_Parse((char *)text.data);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "info")), 20);
    cJSON_Delete(root);
    lp_blob_free(&text);
    assert_int_equal(count_files(false), 1);
    static const char *const names[] = {"", " a", "a\"b", "a\nb", "{x}", "name.that.has.many.more.bytes.than.a.name.may"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(lp_data_file_add(folder, names[i], 1, "|u1", &err), LP_BAD_INPUT);
}

/* Cut or changed anywhere: it is added to and is good JSON then, or refused and left as it was. */
static void damaged_data_stays_as_it_was(void **state) {
    (void)state;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 4);
    int refused = 0;
    for (size_t i = 0; i < 3 * (sizeof sample - 1); i++) {
        char text[sizeof sample];
        size_t size = sizeof sample - 1;
        memcpy(text, sample, sizeof sample);
        if (i < size) size = i;
        else text[i % size] ^= (char)(1 << lp_rng_below(&rng, 8));
        put(text, size);
        lp_status status = lp_data_file_add(folder, "lives", 7, "|u1", &err);
        lp_blob after = get();
        if (status) {
            refused++;
            assert_int_equal(status, LP_BAD_INPUT);
            assert_int_equal(after.size_bytes, size);
            assert_memory_equal(after.data, text, size);
            assert_null(strchr(err.message, '\n'));
        } else {
            cJSON *root = cJSON_Parse((char *)after.data);
            assert_non_null(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "info"), "lives"));
            cJSON_Delete(root);
        }
        lp_blob_free(&after);
    }
    assert_true(refused >= (int)sizeof sample - 4); /* every cut but that of the last line's end */
    assert_int_equal(count_files(false), 1);
}

static void full_disk_keeps_data(void **state) {
    (void)state;
    lp_err err;
    put(sample, sizeof sample - 1);
    for (int64_t left = 0; left < (int64_t)sizeof sample + 40; left += 7) {
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = left, .error = ENOSPC};
        assert_int_equal(lp_data_file_add(folder, "lives", 7, "|u1", &err), LP_FAILED);
        lp_fault = (lp_fault_plan){0};
        lp_blob text = get();
        assert_string_equal((char *)text.data, sample);
        lp_blob_free(&text);
        assert_int_equal(count_files(false), 1);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(agrees_with_a_plain_search),
        TEST(covers_all_ram_and_touches_none),
        TEST(finds_cues_counter),
        TEST(all_types_at_once),
        TEST(undo_goes_back),
        TEST(snapshots_have_names),
        TEST(types_are_checked),
        TEST(adds_and_keeps_the_rest),
        TEST(damaged_data_stays_as_it_was),
        TEST(full_disk_keeps_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
