/* Files that earlier versions wrote, and that every later one reads: tests/formats/N/, a folder for each state of the formats that was
 * released. Machine states belong to a version of the emulation core, so the run there is of a core that never was, without any: it
 * resumes by its movie. When a format changes, make the next folder before:
 *
 *     build/tests/test_formats make tests/formats/4
 */
#include "harness/choose.h"
#include "tests/old_run.h"

#include <glob.h>

enum { ROM_BYTES = 32 << 10, DECISIONS = 100, DIM = 2, MEMORY_STEPS = 40 };
#define CORE "mGBA 0.0.0"
#define FORMATS LP_SOURCE_DIR "/tests/formats"

/* ---- what the files are about ---- */

/* Counts frames at C000, keeps whether A is held at C001, and at 40 says at C002 who won, by a bit of the seed at C010. */
static void make_rom(uint8_t rom[ROM_BYTES]) {
    static const uint8_t program[] = {
        0xAF, 0xEA, 0x00, 0xC0, 0xEA, 0x01, 0xC0, 0xEA, 0x02, 0xC0, /* xor a; ld (C000), a; ld (C001), a; ld (C002), a */
        0x3E, 0x10, 0xE0, 0x00,                                     /* ld a, 10; ldh (00), a: A, B, SELECT, START */
        0xF0, 0x44, 0xFE, 0x90, 0x20, 0xFA,                         /* frame: until LY is 144 */
        0xF0, 0x00, 0x2F, 0xE6, 0x01, 0xEA, 0x01, 0xC0,             /* ldh a, (00); cpl; and 1; ld (C001), a */
        0x21, 0x00, 0xC0, 0x34, 0x7E, 0xFE, 0x28, 0x38, 0x0A,       /* inc (C000); if it is 40 or more: */
        0xFA, 0x10, 0xC0, 0xE6, 0x02, 0x0F, 0x3C, 0xEA, 0x02, 0xC0, /* ld a, (C010); and 2; rrca; inc a; ld (C002), a */
        0xF0, 0x44, 0xFE, 0x90, 0x28, 0xFA, 0x18, 0xD9,             /* until LY is another; jr frame */
    };
    memset(rom, 0, ROM_BYTES);
    memcpy(rom + 0x100, "\x00\xC3\x50\x01", 4);
    memcpy(rom + 0x150, program, sizeof program);
}

static void make_game(const char *folder) {
    static const char longplay_json[] =
        "{\"rom\": \"tiny.gb\", \"frame_skip\": 1, \"observation\": {\"width\": 20, \"height\": 20}, \"buttons\": [[], [\"A\"]],\n"
        " \"boot\": [{\"frames\": 3}, {\"poke\": true}], \"seed\": {\"address\": 49168, \"type\": \"<u4\"},\n"
        " \"win\": {\"variables\": {\"result\": {\"op\": \"equal\", \"reference\": 1}}},\n"
        " \"loss\": {\"variables\": {\"result\": {\"op\": \"equal\", \"reference\": 2}}},\n"
        " \"events\": [{\"name\": \"press\", \"when\": {\"variables\": {\"pressed\": {\"op\": \"nonzero\"}}}, \"text\": \"A at "
        "{count}.\"}]}\n";
    static const char data_json[] = "{\"info\": {\"count\": {\"address\": 49152, \"type\": \"|u1\"},\n"
                                    "          \"pressed\": {\"address\": 49153, \"type\": \"|u1\"},\n"
                                    "          \"result\": {\"address\": 49154, \"type\": \"|u1\"}}}\n";
    static uint8_t rom[ROM_BYTES];
    char path[PATH_MAX];
    lp_err err;
    make_rom(rom);
    if (lp_make_dirs(folder, &err)) fail_msg("%s", err.message);
    put(lp_path_join(path, sizeof path, folder, "longplay.json"), longplay_json, sizeof longplay_json - 1);
    put(lp_path_join(path, sizeof path, folder, "data.json"), data_json, sizeof data_json - 1);
    put(lp_path_join(path, sizeof path, folder, "tiny.gb"), rom, sizeof rom);
}

static lp_mem_config memory_config(void) { return (lp_mem_config){.arch = &lp_mem_tree, .dim = DIM, .setting = {4, 2, 2, 4, -1}}; }

static lp_mem *make_memory(void) {
    lp_mem *mem;
    lp_err err;
    lp_mem_config c = memory_config();
    if (lp_mem_open(&mem, &c, &err)) fail_msg("%s", err.message);
    lp_mem_reset(mem, 0);
    return mem;
}

/* ---- making a folder of them ---- */

static void make_weights(const char *path, const lp_game *game) {
    lp_policy *p;
    lp_err err;
    lp_policy_config shape = {.width = 20, .height = 20, .n_actions = lp_game_n_actions(game), .hidden = 4, .dim = DIM, .heads = 1};
    if (lp_policy_open(&p, &shape, 1, &err)) fail_msg("%s", err.message);
    float *w = lp_policy_parameters(p);
    for (size_t i = 0; i < lp_policy_n_parameters(p); i++) w[i] = (float)((int)(i * 7 % 13) - 6) / 64;
    const lp_policy_note notes[] = {{"game", "tiny"},      {"memory.arch", "tree"}, {"memory.chunk", "4"},
                                    {"memory.slots", "2"}, {"memory.fan", "2"},     {"memory.window", "4"}};
    if (lp_policy_write(p, path, notes, 6, &err)) fail_msg("%s", err.message);
    lp_policy_close(p);
}

/* Of the core that never was, with no machine states; in small pages, so that the file is small. */
static void age_run(const char *folder, const lp_game *game) {
    char path[PATH_MAX];
    lp_err err;
    lp_run_config c;
    sqlite3 *db;
    if (lp_run_config_read(&c, folder, &err)) fail_msg("%s", err.message);
    c.decisions = 0;
    make_old(folder, &(old_run){CORE, .cut = SIZE_MAX}, &c, game);
    assert_int_equal(sqlite3_open(lp_path_join(path, sizeof path, folder, "run.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, "PRAGMA journal_mode = delete; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = wal", NULL, NULL, NULL))
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void make_formats(const char *folder) {
    char path[PATH_MAX], run[PATH_MAX];
    lp_err err;
    lp_game *game;
    lp_policy *policy;
    if (make_root(NULL) || lp_make_dirs(folder, &err)) fail_msg("%s", err.message);
    make_game(at("tiny"));
    if (lp_game_open(&game, at("tiny"), &err)) fail_msg("%s", err.message);
    make_weights(lp_path_join(path, sizeof path, folder, "policy.safetensors"), game);
    if (lp_policy_read(&policy, path, &err)) fail_msg("%s", err.message);
    player p = {.game = game, .policy = policy};
    lp_run_config_init(&p.config);
    snprintf(p.config.game, sizeof p.config.game, "tiny");
    snprintf(p.config.policy, sizeof p.config.policy, "policy.safetensors");
    const lp_mem_config memory = memory_config();
    lp_mem_choose(&p.config.memory, &memory);
    p.config.decisions = DECISIONS;
    p.config.keep = 1; /* all that may go is dropped: run.db is of schema 2 */
    lp_path_join(run, sizeof run, folder, "run");
    if (play_run(&p, run, 0, &err)) fail_msg("%s", err.message);
    snprintf(path, sizeof path, "movie export %s %s/run.bk2 --game %s", run, folder, at("tiny"));
    result r = run_with(NULL, path);
    if (r.code) fail_msg("%s", r.err);
    age_run(run, game);
    lp_mem *mem = make_memory();
    for (int i = 0; i < MEMORY_STEPS; i++) lp_mem_append(mem, (float[DIM]){(float)i, (float)-i}, (float)(i * 7 % 5));
    unsigned char *saved = malloc(lp_mem_save_size(mem));
    assert_non_null(saved);
    lp_mem_save(mem, saved);
    put(lp_path_join(path, sizeof path, folder, "memory.bin"), saved, lp_mem_save_size(mem));
    free(saved);
    lp_mem_close(mem);
    lp_policy_close(policy);
    lp_game_close(game);
    remove_root(NULL);
}

/* ---- reading them ---- */

static char folder[PATH_MAX]; /* of the formats being read */

static const char *file(const char *name) {
    static char paths[4][PATH_MAX];
    static int next;
    next = (next + 1) % 4;
    return lp_path_join(paths[next], PATH_MAX, folder, name);
}

static void copy(const char *from, const char *to) {
    lp_blob blob;
    lp_err err;
    if (lp_file_read(&blob, from, 1 << 24, &err)) fail_msg("%s", err.message);
    put(to, blob.data, blob.size_bytes);
    lp_blob_free(&blob);
}

static void read_weights(void) {
    lp_policy *p;
    lp_err err;
    if (lp_policy_read(&p, file("policy.safetensors"), &err)) fail_msg("%s", err.message);
    const lp_policy_config *s = lp_policy_shape(p);
    assert_true(s->width == 20 && s->height == 20 && s->n_actions == 2 && s->hidden == 4 && s->dim == DIM && s->heads == 1);
    assert_string_equal(lp_policy_note_of(p, "memory.chunk"), "4");
    lp_mem_config memory, want = memory_config(); /* as it meant before there was `unlike` */
    if (lp_choose_memory(&memory, p, NULL, &err) || lp_mem_complete(&memory, &err) || lp_mem_complete(&want, &err))
        fail_msg("%s", err.message);
    assert_true(memory.arch == want.arch && !memcmp(memory.setting, want.setting, sizeof want.setting));
    const float *w = lp_policy_parameters(p);
    for (size_t i = 0; i < lp_policy_n_parameters(p); i++) assert_true(w[i] == (float)((int)(i * 7 % 13) - 6) / 64);
    lp_policy_close(p);
}

static void read_memory(void) {
    lp_blob blob;
    lp_err err;
    lp_mem *read = make_memory(), *made = make_memory();
    for (int i = 0; i < MEMORY_STEPS; i++) lp_mem_append(made, (float[DIM]){(float)i, (float)-i}, (float)(i * 7 % 5));
    if (lp_file_read(&blob, file("memory.bin"), 1 << 20, &err) || lp_mem_load(read, blob.data, blob.size_bytes, &err))
        fail_msg("%s", err.message);
    lp_blob_free(&blob);
    static float vectors[2][256 * DIM], saliences[2][256];
    static int32_t levels[2][256];
    static int64_t steps[2][256];
    int n = lp_mem_context(read, NULL, &(lp_mem_context_view){vectors[0], saliences[0], levels[0], steps[0]});
    assert_int_equal(n, lp_mem_context(made, NULL, &(lp_mem_context_view){vectors[1], saliences[1], levels[1], steps[1]}));
    assert_true(n > 4 && n <= 256);
    assert_memory_equal(vectors[0], vectors[1], sizeof vectors[0]);
    assert_memory_equal(saliences[0], saliences[1], sizeof saliences[0]);
    assert_memory_equal(steps[0], steps[1], sizeof steps[0]);
    lp_mem_close(read);
    lp_mem_close(made);
}

static void expect(result r, int code, const char *says) {
    if (r.code != code || (!strstr(r.out, says) && !strstr(r.err, says)))
        fail_msg("exit %d without '%s': %s%s", r.code, says, r.out, r.err);
}

static void read_run(void) {
    lp_err err;
    make_game(at("tiny"));
    if (lp_make_dirs(at("run"), &err)) fail_msg("%s", err.message);
    copy(file("run/config.ini"), at("run/config.ini"));
    copy(file("run/movie.lpm"), at("run/movie.lpm"));
    copy(file("run/run.db"), at("run/run.db"));
    copy(file("policy.safetensors"), at("p.safetensors"));
    expect(longplay("info %%/run"), 0, "mGBA 0.0.0");
    expect(longplay("memory %%/run tree"), 0, "e3L");
    expect(longplay("replay %%/run --game %%/tiny --headless"), 0, "100 decisions replayed");
    expect(longplay("play %%/tiny --run %%/run --policy %%/p.safetensors --resume --headless --decisions 150"), 0,
           "100 decisions were played again");
    expect(longplay("replay %%/run --game %%/tiny --verify"), 0, "150 decisions replayed");
    expect(longplay("movie import %s %%/tiny --run %%/again", file("run.bk2")), 0, "verified: ");
    remove_tree(at("again"));
    remove_tree(at("run"));
    remove_tree(at("tiny"));
}

static void test_every_version(void **state) {
    (void)state;
    glob_t found;
    char pattern[PATH_MAX];
    assert_int_equal(glob(lp_path_join(pattern, sizeof pattern, FORMATS, "*"), GLOB_ONLYDIR, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        snprintf(folder, sizeof folder, "%s", found.gl_pathv[i]);
        read_weights();
        read_memory();
        read_run();
    }
    globfree(&found);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "make")) return make_formats(argv[2]), 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_every_version, make_root, remove_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
