/* The store: what is written comes back, is found, and can be looked at while it grows. */
#include "tests/memory_support.h"

#include <float.h>

/* ---- what a visit saw ---- */

enum { MOST = 400 };
typedef struct {
    lp_store_row row;
    char items[200], text[400], encoder[40];
    float vector[DIM];
} seen_row;
static seen_row seen[MOST];
static int n_seen;

static void see(void *context, const lp_store_row *row) {
    assert_null(context);
    assert_true(n_seen < MOST);
    seen_row *s = &seen[n_seen++];
    s->row = *row;
    snprintf(s->items, sizeof s->items, "%s", row->items ? row->items : "-");
    snprintf(s->text, sizeof s->text, "%s", row->text ? row->text : "-");
    snprintf(s->encoder, sizeof s->encoder, "%s", row->encoder ? row->encoder : "-");
    assert_true(row->dim == 0 || row->dim == DIM);
    if (row->dim) memcpy(s->vector, row->vector, sizeof s->vector);
}

static int show(lp_store *store, const char *id) {
    n_seen = 0;
    expect_ok(lp_store_show(store, id, see, NULL, &err));
    return n_seen;
}

static int search(lp_store *store, const char *words, int limit) {
    n_seen = 0;
    expect_ok(lp_store_search(store, words, limit, see, NULL, &err));
    return n_seen;
}

/* ---- tests ---- */

static void check_items(lp_store *store, int64_t decisions) {
    char id[64], text[80];
    for (int64_t t = 0; t < decisions; t++) {
        snprintf(id, sizeof id, t % 2 ? "e%llds%lld" : "E%lldS%lld", (long long)(1 + t / EPISODE_STEPS), (long long)(t % EPISODE_STEPS));
        assert_int_equal(show(store, id), 1);
        const lp_store_row *row = &seen[0].row;
        id[0] = 'e', *strpbrk(id, "sS") = 's';
        assert_string_equal(row->id, id);
        assert_true(row->decision == t && row->level == 0 && row->first == t % EPISODE_STEPS && row->last == row->first);
        assert_true(row->salience == (double)life_salience(t));
        assert_int_equal(row->dim, DIM);
        for (int d = 0; d < DIM; d++) assert_true(seen[0].vector[d] == life_element(t, d));
        life_text(t, text);
        assert_string_equal(seen[0].text, life_has_text(t) ? text : "-");
        assert_string_equal(seen[0].encoder, t < 150 ? "" : t < 200 ? "0123" : "4567");
    }
}

/* The rows of an episode's tree against a memory in RAM that lives through it again. */
static void check_tree(lp_store *store, int64_t episode, int64_t steps) {
    lp_mem *mem;
    int64_t n = 0, counts[16] = {0};
    n_seen = 0;
    expect_ok(lp_store_tree(store, episode, see, NULL, &err));
    for (int i = 1; i < n_seen; i++)
        assert_true(seen[i].row.level < seen[i - 1].row.level ||
                    (seen[i].row.level == seen[i - 1].row.level && seen[i].row.first == seen[i - 1].row.last + 1));
    expect_ok(lp_mem_open(&mem, &life_config, &err));
    for (int64_t step = 0; step < steps; step++) {
        int64_t t = (episode - 1) * EPISODE_STEPS + step;
        lp_mem_summary new[16];
        lp_mem_append(mem, (float[DIM]){0}, life_salience(t));
        int k = lp_mem_new_summaries(mem, new, 16);
        for (int i = 0; i < k; i++, n++) counts[new[i].level]++;
        for (int i = 0; i < k; i++) {
            char id[64], items[200] = "", text[400] = "", one[80];
            snprintf(id, sizeof id, "e%lldL%d.%lld", (long long)episode, new[i].level, (long long)new[i].index);
            int at = 0;
            while (at < n_seen && strcmp(seen[at].row.id, id)) at++;
            if (at == n_seen) fail_msg("%s is not in the tree", id);
            assert_true(seen[at].row.first == new[i].first &&seen[at].row.last == new[i].last &&seen[at].row.level == new[i].level);
            assert_int_equal(seen[at].row.decision, (episode - 1) * EPISODE_STEPS + new[i].first);
            assert_int_equal(seen[at].row.n_items, new[i].n_items);
            for (int j = 0; j < new[i].n_items; j++) {
                int64_t of = (episode - 1) * EPISODE_STEPS + new[i].steps[j];
                sprintf(items + strlen(items), "%se%llds%lld", j ? " " : "", (long long)episode, (long long)new[i].steps[j]);
                life_text(of, one);
                if (life_has_text(of)) sprintf(text + strlen(text), "%s%s", *text ? "; " : "", one);
            }
            assert_string_equal(seen[at].items, items);
            assert_string_equal(seen[at].text, *text ? text : "-");
        }
    }
    assert_int_equal(n, n_seen);
    for (int i = 0; i < n_seen; i++) { /* a summary has a parent when that exists */
        int64_t index = seen[i].row.first / (seen[i].row.last - seen[i].row.first + 1) / FAN, level = seen[i].row.level + 1;
        char parent[64] = "";
        if (index < counts[level])
            snprintf(parent, sizeof parent, "e%lldL%lld.%lld", (long long)episode, (long long)level, (long long)index);
        assert_string_equal(seen[i].row.parent, parent);
    }
    lp_mem_close(mem);
}

static void test_round_trip(void **state) {
    (void)state;
    life l;
    char value[40], small[4];
    const void *data;
    size_t size;
    life_create(&l);
    expect_ok(lp_store_checkpoint(l.store, &data, &size, NULL, &err));
    assert_true(!data && !size);
    lp_store_meta(l.store, "game", "cue");
    while (l.decisions < 150) live(&l);
    lp_store_meta(l.store, "policy_digest", "0123"); /* from here on, vectors are another encoder's */
    while (l.decisions < 180) live(&l);
    expect_ok(life_commit(&l));
    live(&l); /* not committed */
    life_close(&l);
    assert_int_equal(files_in_folder(false), 1); /* nothing is left beside it */
    assert_int_equal(expect_whole(), 180);
    life_open(&l);
    while (l.decisions < 200) live(&l); /* the digest is remembered */
    lp_store_meta(l.store, "policy_digest", "4567");
    lp_store_meta(l.store, "game", "cue, again");
    while (l.decisions < 230) live(&l);
    expect_ok(life_commit(&l));
    expect_ok(lp_store_commit(l.store, NULL, 0, &err)); /* leaves the checkpoint */
    life_close(&l);
    assert_int_equal(expect_whole(), 230);
    lp_store *store;
    expect_ok(lp_store_open_reader(&store, path, &err));
    expect_ok(lp_store_get_meta(store, "game", value, sizeof value, &err));
    assert_string_equal(value, "cue, again");
    expect_ok(lp_store_get_meta(store, "game", small, sizeof small, &err));
    assert_string_equal(small, "cue");
    expect_ok(lp_store_get_meta(store, "nothing", value, sizeof value, &err));
    assert_string_equal(value, "");
    check_items(store, 230);
    check_tree(store, 1, 100), check_tree(store, 2, 100), check_tree(store, 3, 30);
    n_seen = 0;
    expect_ok(lp_store_tree(store, 0, see, NULL, &err)); /* the last */
    assert_memory_equal(seen[0].row.id, "e3L", 3);
    expect_bad(lp_store_tree(store, 9, see, NULL, &err), LP_BAD_INPUT, "has no episode 9");
    lp_store_close(store);
    expect_bad(lp_store_create(&store, path, &err), LP_BAD_INPUT, "File exists");
    assert_int_equal(expect_whole(), 230);
}

static void test_ids(void **state) {
    (void)state;
    life l;
    life_create(&l);
    while (l.decisions < 60) live(&l);
    expect_ok(life_commit(&l));
    static const char *const wrong[] = {"",
                                        "e",
                                        "e1",
                                        "e1s",
                                        "s1",
                                        "1s1",
                                        "e1s1x",
                                        "e1 s1",
                                        "e1s-1",
                                        "e-1s1",
                                        "e1L2",
                                        "e1L.5",
                                        "e1L0.1",
                                        "e1L2.",
                                        "e1L2.1.1",
                                        "e1L2.1 ",
                                        "e1s1; DROP TABLE items",
                                        "'",
                                        "e1s0x10",
                                        "eLs",
                                        "\xff\xfe",
                                        "e1s1e1s1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_bad(lp_store_show(l.store, wrong[i], see, NULL, &err), LP_BAD_INPUT, "is not an ID");
    static const char *const absent[] = {
        "e1s60", "e2s0", "e0s0", "e1L9.0", "e1L1.99", "e99999999999999999999s1", "e1s99999999999999999999", "e1L99999999999999999999.1"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        expect_bad(lp_store_show(l.store, absent[i], see, NULL, &err), LP_BAD_INPUT, "there is no");
    assert_int_equal(show(l.store, "e1l2.1"), 1);
    assert_string_equal(seen[0].row.id, "e1L2.1");
    char kept[64]; /* an item names the summary that keeps it, and is named by it */
    snprintf(kept, sizeof kept, "%.*s", (int)strcspn(seen[0].items, " "), seen[0].items);
    show(l.store, kept);
    snprintf(kept, sizeof kept, "%s", seen[0].row.id);
    show(l.store, seen[0].row.parent);
    assert_non_null(strstr(seen[0].items, kept));
    for (int step = 0; step < 4; step++) { /* in a chunk of 4, 2 are kept; the others have no parent */
        char id[64];
        snprintf(id, sizeof id, "e1s%d", step);
        show(l.store, id);
        bool has_parent = *seen[0].row.parent;
        show(l.store, "e1L1.0");
        char list[210];
        snprintf(list, sizeof list, "%s ", seen[0].items);
        snprintf(id, sizeof id, "e1s%d ", step);
        assert_int_equal(has_parent, strstr(list, id) != NULL);
    }
    life_close(&l);
}

static void test_search(void **state) {
    (void)state;
    life l;
    lp_store_counts counts;
    life_create(&l);
    while (l.decisions < 320) live(&l);
    lp_store_event(l.store, 4, 20, 320, "won", "the end: a door \"opens\" (at last)"); /* no item is there to tell of it */
    expect_ok(life_commit(&l));
    assert_int_equal(search(l.store, "number73", 20), 1);
    assert_true(seen[0].row.decision == 73 && seen[0].row.salience == (double)life_salience(73) && *seen[0].row.id == 'e');
    assert_string_equal(seen[0].text, "saw the sword number73");
    assert_int_equal(search(l.store, "sword number73", 20), 1);
    assert_int_equal(search(l.store, "door number73", 20), 0);                     /* all words */
    int doors = search(l.store, "door", 100), keys = search(l.store, "KEYS", 100); /* case and endings do not matter */
    assert_true(doors > 5 && keys > 5);
    assert_int_equal(search(l.store, "DOORS", 100), doors);
    assert_int_equal(search(l.store, "doo", 100), doors);                                          /* by its beginning */
    assert_int_equal(search(l.store, "schlussel", 100), search(l.store, "Schl\xc3\xbcssel", 100)); /* accents neither */
    assert_true(n_seen > 5);
    assert_int_equal(search(l.store, "door", 3), 3);
    assert_int_equal(search(l.store, "door", 0), 0);
    assert_int_equal(search(l.store, "opens last", 9), 1);
    assert_string_equal(seen[0].row.id, "e4s20");
    assert_int_equal(seen[0].row.decision, 320);
    expect_ok(lp_store_count(l.store, &counts, &err));
    search(l.store, "saw", MOST); /* each item once, and not again as an event or in a summary */
    assert_int_equal(n_seen, counts.events - 1);
    static const char *const odd[] = {
        "\"door\"", "door*",   "door\"",    "(door",     "door)",  "^door",    "door:",    "-door",     "+door",  "{door}",  "door;",
        "'door'",   "door --", "NEAR(door", "text:door", "door\\", "door !!!", "... door", "\"\" door", "* door", "door\t\n"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        n_seen = 0;
        expect_ok(lp_store_search(l.store, odd[i], 100, see, NULL, &err));
        if (n_seen != doors && strncmp(odd[i], "NEAR", 4) && strncmp(odd[i], "text", 4))
            fail_msg("'%s' finds %d, not %d", odd[i], n_seen, doors);
    }
    static const char *const nothing[] = {"AND",          "OR",   "NOT",  "door AND key", "\xff", "door \xf0\x9f\x98\x80",
                                          "\xe2\x80\x94", "NULL", "NEAR", "rank",         "%"};
    for (size_t i = 0; i + 1 < sizeof nothing / sizeof *nothing; i++) {
        n_seen = 0;
        expect_ok(lp_store_search(l.store, nothing[i], 100, see, NULL, &err));
        if (n_seen && nothing[i][0] != 'd') fail_msg("'%s' finds %s", nothing[i], seen[0].text);
    }
    static const char *const empty[] = {"", " ", "\t\n", "!?", "\"", "*", "'' \"\" ()", "%"};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        expect_bad(lp_store_search(l.store, empty[i], 9, see, NULL, &err), LP_BAD_INPUT, "no word to search for");
    char many[4001];
    for (int i = 0; i < 2000; i++) memcpy(many + 2 * i, i % 2 ? "d " : "\" ", 2);
    many[4000] = 0;
    assert_int_equal(search(l.store, many, MOST), doors);
    lp_rng rng = lp_rng_make(seed, 3);
    for (int i = 0; i < 2000; i++) { /* any bytes at all */
        char noise[24];
        int length = 1 + (int)lp_rng_below(&rng, 22);
        static const char often[] = "\"*() :-^+{}',;dorkey";
        for (int k = 0; k < length; k++)
            noise[k] = lp_rng_below(&rng, 2) ? often[lp_rng_below(&rng, sizeof often - 1)] : (char)(1 + lp_rng_below(&rng, 255));
        noise[length] = 0;
        n_seen = 0;
        lp_status status = lp_store_search(l.store, noise, 9, see, NULL, &err);
        if (status) expect_bad(status, LP_BAD_INPUT, "no word to search for");
    }
    life_close(&l);
}

/* The answers that people get from the views. */
static char *ask(const char *sql) {
    static char answer[2000];
    sqlite3 *db;
    sqlite3_stmt *rows;
    size_t n = 0;
    *answer = 0;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL)) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(rows) == SQLITE_ROW && n < sizeof answer - 300)
        for (int c = 0; c < sqlite3_column_count(rows); c++) {
            const char *text = (const char *)sqlite3_column_text(rows, c);
            n += (size_t)snprintf(answer + n, 200, "%s%s", text ? text : "-", c + 1 < sqlite3_column_count(rows) ? "|" : "\n");
        }
    if (sqlite3_finalize(rows)) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
    return answer;
}

static void test_views(void **state) {
    (void)state;
    life l;
    life_create(&l);
    lp_store_meta(l.store, "policy_digest", "abcd");
    while (l.decisions < 450) live(&l);
    lp_store_metric(l.store, 7, "odd", NAN);
    expect_ok(life_commit(&l));
    assert_string_equal(ask("SELECT * FROM score"), "4|3|1|0|0.75|400\n"); /* of 4 finished episodes the third was lost */
    assert_string_equal(ask("SELECT * FROM results"), "1|win|100|1.0\n2|win|100|1.0\n3|loss|100|0.6667\n4|win|100|0.75\n");
    assert_string_equal(ask("SELECT * FROM timeline LIMIT 3"),
                        "0|1|begin|seed 77\n3|1|odd|saw the sword number3\n10|1|even|saw the door number10\n");
    assert_string_equal(ask("SELECT decision, episode, what, text FROM timeline WHERE what IN ('begin', 'end') LIMIT 3"),
                        "0|1|begin|seed 77\n100|1|end|win\n100|2|begin|seed 154\n");
    assert_string_equal(ask("SELECT * FROM milestones"), "3|1|3|odd|saw the sword number3\n10|1|10|even|saw the door number10\n");
    assert_string_equal(
        ask("SELECT kind, id, decision, text FROM found WHERE query MATCH 'number101' AND kind <> 'summary' ORDER BY rank, kind"),
        "event|e2s1|101|saw the key number101\nitem|e2s1|101|saw the key number101\n");
    assert_string_equal(ask("SELECT id, parent, in_use FROM tree WHERE episode = 1 AND level = 1 LIMIT 2"),
                        "e1L1.0|e1L2.0|0\ne1L1.1|e1L2.0|0\n");
    assert_string_equal(ask("SELECT count(*), sum(in_use) FROM tree WHERE episode = 1 AND level = 1"),
                        "24|2\n"); /* fan 2: 2 or 3 are in use */
    assert_string_equal(
        ask("SELECT count(*) FROM tree t WHERE text IS NOT (SELECT group_concat(text, '; ') FROM (SELECT i.text FROM summaries s"
            " JOIN summary_items k ON k.summary = s.id JOIN items i ON i.episode = s.episode AND i.step = k.step WHERE s.episode = "
            "t.episode"
            " AND s.level = t.level AND s.idx = t.idx AND i.text IS NOT NULL ORDER BY k.step))"),
        "0\n");
    assert_string_equal(ask("SELECT count(*) > 0, max(n_summaries) = max(highest_level) FROM kept"), "1|1\n");
    assert_string_equal(ask("SELECT count(*), count(DISTINCT c.digest) FROM items i JOIN encoders c ON c.id = i.encoder"), "450|1\n");
    assert_string_equal(ask("SELECT value FROM metrics WHERE name = 'value' AND decision = 10"), "2.5\n");
    assert_string_equal(ask("SELECT value FROM metrics WHERE name = 'odd'"), "-\n");
    assert_string_equal(
        ask("SELECT instr(sql, '-- 1: the first event of this name in the run') > 0 FROM sqlite_schema WHERE name = 'events'"), "1\n");
    assert_string_equal(ask("SELECT length(vector), hex(vector) = hex(vector) FROM items WHERE decision = 0"), "16|1\n");
    life_close(&l);
}

/* A reader beside the writer sees whole commits, and does not make the log grow. */
static void test_reader_beside_writer(void **state) {
    (void)state;
    life l;
    lp_store *reader;
    lp_store_counts counts;
    struct stat st;
    char wal[PATH_MAX + 8];
    snprintf(wal, sizeof wal, "%s-wal", path);
    life_create(&l);
    expect_ok(lp_store_open_reader(&reader, path, &err)); /* before there is anything */
    expect_ok(lp_store_tree(reader, 0, see, NULL, &err));
    off_t largest = 0;
    for (int commit = 1; commit <= 600; commit++) {
        for (int i = 0; i < 5; i++) live(&l);
        expect_ok(lp_store_count(reader, &counts, &err));
        assert_int_equal(counts.items, (commit - 1) * 5);
        expect_ok(life_commit(&l));
        expect_ok(lp_store_count(reader, &counts, &err));
        assert_int_equal(counts.items, commit * 5);
        assert_int_equal(counts.summaries, l.summaries);
        if (commit % 50 == 0) {
            search(reader, "number3", 5);
            show(reader, "e1s3");
            assert_int_equal(stat(wal, &st), 0);
            if (st.st_size > largest) largest = st.st_size;
        }
    }
    assert_true(largest < 12 << 20); /* 600 checkpoints of 20 KB alone would be as much; it starts again after 1,000 pages */
    print_message("the log was at most %lld bytes\n", (long long)largest);
    lp_store_close(reader);
    life_close(&l);
    assert_int_equal(expect_whole(), 3000);
}

/* The first error is final; nothing of the transaction is kept. */
static void test_mistakes_stick(void **state) {
    (void)state;
    life l;
    for (int mistake = 0; mistake < 4; mistake++) {
        remove_run();
        life_create(&l);
        while (l.decisions < 30) live(&l);
        expect_ok(life_commit(&l));
        live(&l);
        int64_t steps[] = {3, 77};
        static const char *const says[] = {"contradicts", "no such episode to end: 12", "keeps an item that is not there: step 77",
                                           "contradicts"};
        if (mistake == 0) lp_store_item(l.store, 1, 5, 999, 0, 0, NULL, 0, NULL); /* a second item of that step */
        if (mistake == 1) lp_store_episode_end(l.store, 12, "win", 5);
        if (mistake == 2) lp_store_summary(l.store, 1, &(lp_mem_summary){9, 0, 0, 99, 2, steps, 0});
        if (mistake == 3) lp_store_episode_begin(l.store, 1, 5, 0);
        live(&l);
        for (int again = 0; again < 2; again++) expect_bad(life_commit(&l), LP_FAILED, says[mistake]);
        live(&l);
        expect_bad(life_commit(&l), LP_FAILED, says[mistake]);
        life_close(&l);
        assert_int_equal(expect_whole(), 30);
    }
}

static void test_odd_rows(void **state) {
    (void)state;
    lp_store *store;
    float odd[DIM] = {NAN, INFINITY, -0.0f, FLT_MIN};
    char *large = malloc(200001);
    memset(large, 'x', 200000), large[200000] = 0;
    expect_ok(lp_store_create(&store, path, &err));
    lp_store_episode_begin(store, 1, UINT64_MAX, 0);
    lp_store_item(store, 1, 0, 0, -1, NAN, odd, DIM, "");
    lp_store_item(store, 1, 1, 1, 0, INFINITY, NULL, 0, NULL);
    lp_store_item(store, 1, 2, 2, 0, 1, odd, DIM, large);
    lp_store_item(store, 1, 3, 3, 0, 1, odd, DIM, "it's \"quoted\"; DROP TABLE items; \xff\n%s");
    int64_t steps[] = {0, 1, 2, 3};
    lp_store_summary(store, 1, &(lp_mem_summary){1, 0, 0, 3, 4, steps, 0});
    lp_store_summary(store, 1, &(lp_mem_summary){1, 1, 4, 7, 0, steps, 0});
    lp_store_event(store, 1, 0, 0, "nameless", NULL);
    expect_ok(lp_store_commit(store, "", 0, &err)); /* an empty checkpoint is one */
    expect_ok(lp_store_check(store, &err));
    show(store, "e1s0");
    assert_true(seen[0].row.salience == -FLT_MAX && !seen[0].row.text && !memcmp(seen[0].vector, odd, sizeof odd));
    show(store, "e1s1");
    assert_true(seen[0].row.salience == -FLT_MAX && seen[0].row.dim == 0 && !seen[0].row.vector);
    show(store, "e1s3");
    assert_string_equal(seen[0].text, "it's \"quoted\"; DROP TABLE items; \xff\n%s");
    show(store, "e1L1.0");
    assert_int_equal(seen[0].row.n_items, 4);
    assert_memory_equal(seen[0].text, "xxx", 3);
    show(store, "e1L1.1");
    assert_true(seen[0].row.n_items == 0 && !seen[0].row.items && !seen[0].row.text);
    lp_store_close(store);
    free(large);
}

/* After any edits each item, summary and search says what the last one did. */
static void test_edits(void **state) {
    (void)state;
    enum { N = 64, EDITS = 300 };
    lp_store *store;
    int64_t steps[N / 4], last;
    char now[N][24] = {""}, text[400], id[32];
    lp_rng rng = lp_rng_make(test_seed(), 1);
    expect_ok(lp_store_create(&store, path, &err));
    lp_store_episode_begin(store, 1, 5, 0);
    for (int t = 0; t < N; t++) {
        if (t % 3) snprintf(now[t], sizeof now[t], "first%03d", t);
        lp_store_item(store, 1, t, t, 0, 1, NULL, 0, now[t]);
    }
    for (int i = 0; i < N / 4; i++) {
        for (int j = 0; j < 4; j++) steps[j] = 4 * i + j;
        lp_store_summary(store, 1, &(lp_mem_summary){1, i, 4 * i, 4 * i + 3, 4, steps, i / 4});
    }
    lp_store_event(store, 1, 1, 1, "told", "first001");
    expect_ok(lp_store_last_edit(store, &last, &err));
    assert_int_equal(last, 0);
    for (int n = 1; n <= EDITS; n++) {
        const int t = (int)lp_rng_below(&rng, N);
        const bool deletes = lp_rng_below(&rng, 3) == 0;
        char before[24];
        snprintf(before, sizeof before, "%s", now[t]);
        now[t][0] = 0;
        if (!deletes) snprintf(now[t], sizeof now[t], "edit%03d", n);
        snprintf(id, sizeof id, "e1s%d", t);
        assert_true(lp_store_edit_text(store, &(lp_store_edit){n, id, deletes ? NULL : now[t], NULL, "anna", 7, n}));
        if (n % 50 == 0) expect_ok(lp_store_commit(store, NULL, 0, &err));
        if (*before) assert_int_equal(search(store, before, 9), 0);
        if (!deletes) assert_int_equal(search(store, now[t], 9), 1);
        show(store, id);
        assert_string_equal(seen[0].text, deletes ? "-" : now[t]);
        snprintf(id, sizeof id, "e1L1.%d", t / 4);
        show(store, id);
        *text = 0;
        for (int i = t / 4 * 4; i < t / 4 * 4 + 4; i++)
            if (*now[i]) sprintf(text + strlen(text), "%s%s", *text ? "; " : "", now[i]);
        assert_string_equal(seen[0].text, *text ? text : "-");
    }
    assert_false(lp_store_edit_text(store, &(lp_store_edit){EDITS + 1, "e1s64", "x", NULL, "anna", 7, 0}));
    assert_false(lp_store_edit_text(store, &(lp_store_edit){EDITS + 1, "e1L1.0", "x", NULL, "anna", 7, 0}));
    expect_ok(lp_store_last_edit(store, &last, &err));
    assert_int_equal(last, EDITS);
    expect_ok(lp_store_commit(store, NULL, 0, &err));
    expect_ok(lp_store_check(store, &err));
    lp_store_close(store);
    expect_ok(lp_store_open(&store, path, &err)); /* of schema 3 */
    lp_store_close(store);
}

int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_search, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_views, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_reader_beside_writer, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_mistakes_stick, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_odd_rows, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_edits, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
