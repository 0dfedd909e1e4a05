/* The command line as its users meet it: help, usage errors, JSON, and every kind of bad input. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <sqlite3.h>

static const char *const commands[] = {"play",   "train",  "eval", "experiment", "report", "history", "compare",
                                       "memory", "replay", "copy", "movie",      "bench",  "game",    "info"};

static void test_help(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        result r = longplay("%s --help", commands[i]);
        if (r.code || *r.err || !strstr(r.out, "example: longplay ") || !strstr(r.out, commands[i]))
            fail_msg("%s --help: exit %d, out '%s', err '%s'", commands[i], r.code, r.out, r.err);
    }
    result r = longplay("--help");
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.out, "example"));
    assert_int_equal(longplay("--version").code, 0);
}

static void test_usage(void **state) {
    (void)state;
    static const char *const bad[] = {
        "nonsense",
        "play --nonsense",
        "play --episodes",
        "play --episodes x",
        "play --episodes 1.5",
        "play --episodes -1",
        "play cue cue",
        "play --seed 99999999999",
        "play --headless=1",
        "play -x",
        "play cue --speed 2",
        "play cue --device tpu",
        "play cue --resume",
        "play cue --set",
        "play cue --run --resume",
        "play cue --shot --json --decisions 3",
        "eval cue --out --json",
        "play cue --set horizon",
        "play cue --set horizon=0",
        "play cue --set horizon=2000001",
        "play cue --set horizon=x",
        "play cue --set nope=1",
        "play nosuchgame",
        "play cue --memory nope",
        "play cue --policy %/none.safetensors",
        "eval",
        "eval nosuchgame",
        "eval cue --episodes 0",
        "eval cue --sample --greedy",
        "compare",
        "compare cue",
        "compare random random --alpha 0",
        "compare random random --games nosuchgame",
        "compare %/none.jsonl random",
        "report",
        "report %",
        "report %/none.db --target 0",
        "history",
        "history nope",
        "history add",
        "history add %/none.jsonl",
        "history add %/none.jsonl --version 1",
        "history show --history %/none.db",
        "history draw -o %/none.png",
        "train",
        "train cue --nope.nope=1",
        "train cue --ppo.epochs=0",
        "train cue --ppo.epochs",
        "train cue --minutes x",
        "memory",
        "memory %",
        "memory %/none tree",
        "replay",
        "replay %/none",
        "replay %",
        "replay a b",
        "bench",
        "bench nope",
        "bench policy --batch 0",
        "bench policy --batch 1,",
        "bench policy --batch 1;2",
        "bench policy --size big",
        "bench policy --core rnn",
        "bench policy --policy %/none.safetensors",
        "bench learn --policy %/none.safetensors --size nano",
        "bench learn --context 0",
        "bench learn --context 4 --reencode 5",
        "bench learn --reencode 4 --save %/none.safetensors",
        "bench policy --seconds 1000 --save %/no/such",
        "bench learn --device tpu",
        "bench learn --envs 0",
        "bench kernels cue",
        "bench train cue map",
        "info %/none",
        "info a b",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_refused(longplay("%s", bad[i]), 2, "longplay", bad[i]);
    result r = longplay("%s", "");
    assert_int_equal(r.code, 2);
}

/* stdout holds one JSON object and nothing else. */
static cJSON *one_object(const char *arguments) {
    result r = longplay("%s", arguments);
    const char *end = NULL;
    cJSON *o = cJSON_ParseWithOpts(r.out, &end, 0);
    if (r.code || !cJSON_IsObject(o) || strcmp(end, "\n")) fail_msg("%s: exit %d, out '%s', err '%s'", arguments, r.code, r.out, r.err);
    return o;
}

static double number(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsNumber(v)) fail_msg("no number '%s'", name);
    return v->valuedouble;
}

static void test_json(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    cJSON *play = one_object("play cue --policy %/p.safetensors --headless --episodes 2 --set horizon=20 --run %/run --json");
    static const char *const fields[] = {"run", "episodes", "wins", "decisions", "frames", "state_hash"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!cJSON_GetObjectItem(play, fields[i])) fail_msg("play --json has no '%s'", fields[i]);
    assert_true(number(play, "episodes") == 2);
    assert_true(number(play, "wins") + number(play, "losses") + number(play, "timeouts") == 2);
    assert_true(number(play, "decisions") >= 40);
    cJSON *again = one_object("play --run %/run --resume --json"); /* a finished run: its summary */
    assert_string_equal(cJSON_GetObjectItem(play, "state_hash")->valuestring, cJSON_GetObjectItem(again, "state_hash")->valuestring);
    for (size_t i = 1; i < 5; i++) assert_true(number(play, fields[i]) == number(again, fields[i]));
    cJSON_Delete(again);
    cJSON *verified = one_object("replay %/run --verify --json");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(verified, "verified")));
    assert_true(number(verified, "decisions") == number(play, "decisions"));
    assert_true(number(verified, "hashes") >= 2);
    assert_string_equal(cJSON_GetObjectItem(play, "state_hash")->valuestring, cJSON_GetObjectItem(verified, "state_hash")->valuestring);
    cJSON_Delete(verified);
    cJSON *run = one_object("info %/run --json");
    assert_true(number(run, "decisions") == number(play, "decisions"));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(run, "finished")));
    cJSON_Delete(run);
    cJSON_Delete(play);
    cJSON_Delete(one_object("memory %/run tree --json"));
    cJSON_Delete(one_object("memory %/run search sign --json"));
    cJSON_Delete(one_object("memory %/run show e1s0 --json"));
    cJSON_Delete(one_object("info --json"));
    cJSON_Delete(one_object("info cue --json"));
    cJSON_Delete(one_object("info %/p.safetensors --json"));
    cJSON_Delete(one_object("eval cue --policy random --episodes 4 --set horizon=4 --json"));
    static const char *const benches[] = {
        "emulator --seconds 0.1",
        "saves --seconds 0.1",
        "policy --seconds 0.1",
        "kernels --seconds 0.1",
        "policy --seconds 0.1 --size nano --core gru --batch 1,3 --context 5 --save %/decisions.safetensors",
        "learn --updates 1 --envs 2 --steps 20 --minibatches 2 --epochs 1 --context 6 --save %/learned.safetensors",
        "learn --updates 2 --envs 2 --steps 20 --core mingru --context 6"};
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        char arguments[160];
        snprintf(arguments, sizeof arguments, "bench %s --json", benches[i]);
        cJSON *o = one_object(arguments);
        if (!i) { /* every game has its speed, whatever it is */
            char names[64][64];
            const cJSON *games = cJSON_GetObjectItem(o, "games"), *row;
            assert_int_equal(cJSON_GetArraySize(games), lp_game_shipped(names, 64));
            cJSON_ArrayForEach(row, games) assert_true(cJSON_GetObjectItem(row, "frames_per_s")->valuedouble > 0 &&
                                                       cJSON_GetObjectItem(row, "to_busy")->valuedouble > 0);
        }
        if (!strncmp(benches[i], "kernels", 7)) { /* a card's rows, or why there are none */
            const cJSON *cuda = cJSON_GetObjectItem(o, "cuda"), *skipped = cJSON_GetObjectItem(cuda, "skipped");
            assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(o, "kernels")) >= 5);
            assert_true(skipped ? strlen(skipped->valuestring) > 5 : cJSON_GetArraySize(cJSON_GetObjectItem(cuda, "kernels")) > 20);
        }
        if (!strncmp(benches[i], "learn", 5)) assert_true(number(cJSON_GetObjectItem(o, "learn"), "samples_per_s") > 0);
        cJSON_Delete(o);
    }
    assert_true(lp_file_exists(at("decisions.safetensors")) && lp_file_exists(at("learned.safetensors")));
}

static lp_blob bytes_of(const char *path) {
    lp_blob blob;
    lp_err err;
    if (lp_file_read(&blob, path, 64 << 20, &err)) fail_msg("%s", err.message);
    return blob;
}

/* A folder of ROMs is searched through; what is refused is passed by, and speeds are told as they are spread. */
static void test_bench_folder(void **state) {
    (void)state;
    lp_blob rom = bytes_of("games/roms/busy.gb"), other = bytes_of("games/cue/cue.gb");
    assert_int_equal(mkdir(at("roms"), 0777) | mkdir(at("roms/inner"), 0777) | mkdir(at("none"), 0777), 0);
    put(at("roms/a.gb"), rom.data, rom.size_bytes);
    put(at("roms/inner/b.GBC"), other.data, other.size_bytes);
    put(at("roms/bad.gba"), "no ROM", 6);
    put(at("roms/notes.txt"), "no ROM", 6);
    result r = longplay("bench emulator %%/roms --seconds 0.1 --json");
    assert_int_equal(r.code, 0);
    assert_non_null(strstr(r.err, "refused: "));
    cJSON *o = cJSON_Parse(r.out);
    const cJSON *rows = cJSON_GetObjectItem(o, "emulator"), *row;
    assert_int_equal(cJSON_GetArraySize(rows), 2);
    assert_true(number(o, "refused") == 1 && number(o, "failed") == 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "spread")), 7);
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(o, "spread"))
        assert_true(number(row, "p10") <= number(row, "p50") && number(row, "p50") <= number(row, "p90"));
    const cJSON *fast = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "spread"), 1);
    const double middle = (number(cJSON_GetArrayItem(rows, 0), "fast_ratio") + number(cJSON_GetArrayItem(rows, 1), "fast_ratio")) / 2;
    assert_float_equal(number(fast, "p50"), middle, 1e-9 * middle);
    cJSON_Delete(o);
    expect_refused(longplay("bench emulator %%/none --seconds 0.1"), 2, "neither a game nor a folder with", "an empty folder");
    expect_refused(longplay("bench emulator %%/roms/bad.gba --seconds 0.1"), 2, "not a Game Boy", "one bad ROM");
    lp_blob_free(&rom), lp_blob_free(&other);
}

/* ROM files that are not: each refused in one line, by play and by info; nothing is made. */
static void test_bad_roms(void **state) {
    (void)state;
    lp_blob rom = bytes_of("games/cue/cue.gb");
    put(at("empty.gb"), "", 0);
    put(at("text.gb"), "this is no ROM\n", 15);
    put(at("short.gb"), rom.data, 0x120);
    put(at("cut.gb"), rom.data, rom.size_bytes / 4); /* within what is no padding */
    put(at("noise.gba"), rom.data + 0x4000, 0x4000);
    lp_blob_free(&rom);
    assert_int_equal(mkdir(at("folder"), 0777), 0);
    static const char *const bad[] = {"missing.gb", "empty.gb", "text.gb", "short.gb", "cut.gb", "noise.gba", "folder"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_refused(longplay("play %%/%s --policy random --headless --decisions 5 --run %%/made", bad[i]), 2, bad[i], bad[i]);
        expect_refused(longplay("info %%/%s", bad[i]), 2, bad[i], bad[i]);
        assert_false(lp_file_exists(at("made")));
    }
    result r = longplay("play games/cue/cue.gb --policy random --decisions 30"); /* and a good one needs no setup */
    if (r.code) fail_msg("%s", r.err);
    assert_non_null(strstr(r.out, "30 decisions"));
}

/* Weight files: not one, cut, with a NaN, of another shape. */
static void test_bad_weights(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    lp_blob good = bytes_of(at("p.safetensors"));
    put(at("cut.safetensors"), good.data, good.size_bytes - 7);
    float nan_value = NAN;
    memcpy(good.data + good.size_bytes - 4, &nan_value, 4);
    put(at("nan.safetensors"), good.data, good.size_bytes);
    put(at("text.safetensors"), "hello", 5);
    put(at("empty.safetensors"), "", 0);
    lp_blob_free(&good);
    lp_err err;
    lp_policy *other;
    assert_int_equal(lp_policy_open(&other, &(lp_policy_config){.width = 40, .height = 36, .n_actions = 3}, 1, &err), LP_OK);
    assert_int_equal(lp_policy_write(other, at("shape.safetensors"), NULL, 0, &err), LP_OK);
    lp_policy_close(other);
    static const char *const bad[] = {"missing", "cut", "nan", "text", "empty", "shape"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_refused(longplay("play cue --policy %%/%s.safetensors --headless --run %%/made", bad[i]), 2, bad[i], bad[i]);
        expect_refused(longplay("eval cue --policy %%/%s.safetensors --episodes 1", bad[i]), 2, bad[i], bad[i]);
        assert_false(lp_file_exists(at("made")));
    }
}

static void test_bad_settings(void **state) {
    (void)state;
    put(at("broken.ini"), "[ppo]\nepochs = many\n", 20);
    expect_refused(longplay("train cue --config %%/broken.ini --out %%/out.safetensors"), 2, "broken.ini:2: ppo.epochs", "broken.ini");
    put(at("broken.ini"), "[ppo\nepochs = 1\n", 16);
    expect_refused(longplay("train cue --config %%/broken.ini --out %%/out.safetensors"), 2, "broken.ini", "broken.ini");
    expect_refused(longplay("train cue --config %%/none.ini --out %%/out.safetensors"), 2, "none.ini", "none.ini");
    assert_false(lp_file_exists(at("out.safetensors")));
}

/* ---- run folders ---- */

static void make_run(void) {
    write_policy(at("p.safetensors"), 3);
    result r = longplay("play cue --policy %%/p.safetensors --headless --episodes 2 --set horizon=30 --run %%/run");
    if (r.code) fail_msg("%s", r.err);
}

/* What resuming must agree with, and what may not be there already. */
static void test_run_arguments(void **state) {
    (void)state;
    make_run();
    write_policy(at("q.safetensors"), 4);
    expect_refused(longplay("play cue --headless --run %%/run"), 2, "is there already", "an existing run");
    static const struct {
        const char *arguments, *says;
    } bad[] = {
        {"--seed 2", "--seed"},          {"--set horizon=31", "--set"},          {"--memory none", "--memory"},
        {"--policy random", "--policy"}, {"--policy %/q.safetensors", "digest"}, {"--memory.keep=oldest", "--memory"},
        {"--memory.keep=3", "one of"},   {"--memory.unlike=6", "--memory"},
    };
    lp_blob before = bytes_of(at("run/run.db"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused(longplay("play cue --headless --run %%/run --resume %s", bad[i].arguments), 2, bad[i].says, bad[i].arguments);
    lp_blob after = bytes_of(at("run/run.db"));
    assert_true(before.size_bytes == after.size_bytes && !memcmp(before.data, after.data, before.size_bytes));
    lp_blob_free(&before), lp_blob_free(&after);
    result r =
        longplay("play cue --policy %%/p.safetensors --set horizon=30 --seed 1 --headless --run %%/run --resume --episodes 3 --json");
    cJSON *longer = cJSON_Parse(r.out); /* the same words again, and one more episode */
    if (r.code || !longer) fail_msg("%s", r.err);
    r = longplay("play cue --policy %%/p.safetensors --set horizon=30 --headless --episodes 3 --json");
    cJSON *whole = cJSON_Parse(r.out);
    assert_string_equal(cJSON_GetObjectItem(longer, "state_hash")->valuestring, cJSON_GetObjectItem(whole, "state_hash")->valuestring);
    assert_true(number(longer, "decisions") == number(whole, "decisions") && number(longer, "wins") == number(whole, "wins"));
    cJSON_Delete(longer), cJSON_Delete(whole);
    assert_int_equal(mkdir(at("empty"), 0777), 0); /* an empty folder can become a run; one with a file in it can not */
    assert_int_equal(longplay("play cue --policy random --headless --decisions 5 --run %%/empty").code, 0);
    assert_int_equal(mkdir(at("other"), 0777), 0);
    put(at("other/file"), "x", 1);
    expect_refused(longplay("play cue --policy random --headless --run %%/other"), 2, "is there already", "a folder with a file");
    expect_refused(longplay("play cue --policy random --headless --run %%/other --resume"), 2, "config.ini", "a folder with a file");
    expect_refused(longplay("play cue --policy random --headless --run %%/other/file/run"), 2, "run: Not a directory", "below a file");
    char name[300] = "";
    memset(name, 'a', sizeof name - 1);
    expect_refused(longplay("play cue --policy random --headless --run %%/%s", name), 2, "a: File name too long", "a name that cannot be");
    expect_refused(longplay("play --headless --run %%/no/where --resume"), 2, "no run there", "no folder");
}

/* A setting that is a name is one in every file, and found again there. */
static void test_named_setting(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    result r = longplay("play cue --policy %%/p.safetensors --memory.keep=random --headless --decisions 200 --run %%/run");
    if (r.code) fail_msg("%s", r.err);
    lp_blob config = bytes_of(at("run/config.ini"));
    assert_non_null(strstr((char *)config.data, "\nkeep = random\n"));
    lp_blob_free(&config);
    assert_non_null(strstr(longplay("info %%/run").out, "keep=random"));
    expect_refused(longplay("play --headless --run %%/run --resume --memory.keep=newest"), 2, "--memory", "another rule");
    cJSON *longer = one_object("play --headless --run %/run --resume --memory.keep=random --decisions 400 --json"),
          *whole = one_object("play cue --policy %/p.safetensors --memory.keep=random --headless --decisions 400 --json");
    assert_string_equal(cJSON_GetObjectItem(longer, "state_hash")->valuestring, cJSON_GetObjectItem(whole, "state_hash")->valuestring);
    cJSON_Delete(longer), cJSON_Delete(whole);
    r = longplay("train cue --memory.keep=distinct --train.decisions=64 --train.envs=2 --train.steps=32 --policy.hidden=8 --policy.dim=8"
                 " --eval-episodes 1 --out %%/w.safetensors");
    if (r.code) fail_msg("%s", r.err);
    assert_non_null(strstr(longplay("info %%/w.safetensors").out, "memory.keep=distinct"));
    cJSON *o = one_object("info %/w.safetensors --memory.keep=oldest --json");
    assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "memory_settings"), "keep")->valuestring, "oldest");
    cJSON_Delete(o);
    r = longplay("eval cue --policy %%/w.safetensors --episodes 2 --out %%/e.jsonl");
    lp_blob kept = bytes_of(at("e.jsonl"));
    assert_non_null(strstr((char *)kept.data, "\"keep\":\"distinct\""));
    lp_blob_free(&kept);
    put(at("bad.ini"), "[memory]\nkeep = 2\n", 18);
    expect_refused(longplay("train cue --config %%/bad.ini --out %%/x.safetensors"), 2,
                   "bad.ini:2: memory.keep = '2': must be one of learned", "a number");
}

/* Runs that are damaged in one place: refused by everything that would use that place. */
static void test_damaged_runs(void **state) {
    (void)state;
    make_run();
    lp_blob config = bytes_of(at("run/config.ini")), db = bytes_of(at("run/run.db")), movie = bytes_of(at("run/movie.lpm"));
    put(at("run/config.ini"), config.data, config.size_bytes / 2);
    expect_refused(longplay("play --headless --run %%/run --resume"), 2, "config.ini", "config.ini cut");
    put(at("run/config.ini"), "[run]\nseed = x\n", 15);
    expect_refused(longplay("play --headless --run %%/run --resume"), 2, "config.ini:2: run.seed", "config.ini broken");
    expect_refused(longplay("info %%/run"), 2, "config.ini:2: run.seed", "config.ini broken");
    char *seed = strstr((char *)config.data, "seed = 1");
    seed[7] = '2';
    put(at("run/config.ini"), config.data, config.size_bytes);
    expect_refused(longplay("play --headless --run %%/run --resume"), 2, "recorded with", "config.ini changed");
    seed[7] = '1';
    put(at("run/config.ini"), config.data, config.size_bytes);
    static const char *const uses[] = {"play --headless --run %/run --resume", "info %/run", "memory %/run tree", "replay %/run --verify"};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        put(at("run/run.db"), "this is no database, and it is long enough to be looked at as if it were one: no, no, no, no, no, no, no",
            100);
        expect_refused(longplay("%s", uses[i]), 2, "run.db", uses[i]);
        put(at("run/run.db"), "", 0);
        expect_refused(longplay("%s", uses[i]), 2, "run.db", uses[i]);
        sqlite3 *other; /* a sound database, but someone else's */
        unlink(at("run/run.db"));
        assert_int_equal(sqlite3_open(at("run/run.db"), &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "CREATE TABLE items(x); INSERT INTO items VALUES(1)", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(other);
        expect_refused(longplay("%s", uses[i]), 2, "run.db", uses[i]);
        unlink(at("run/run.db"));
        expect_refused(longplay("%s", uses[i]), 2, "run.db", uses[i]);
        put(at("run/run.db"), db.data, db.size_bytes);
    }
    put(at("run/movie.lpm"), movie.data, movie.size_bytes - 10);
    expect_refused(longplay("play --headless --run %%/run --resume --episodes 5"), 2, "movie.lpm", "movie cut");
    put(at("run/movie.lpm"), "", 0);
    expect_refused(longplay("play --headless --run %%/run --resume --episodes 5"), 2, "movie.lpm", "movie empty");
    unlink(at("run/movie.lpm"));
    expect_refused(longplay("play --headless --run %%/run --resume --episodes 5"), 2, "movie.lpm", "no movie");
    put(at("run/movie.lpm"), movie.data, movie.size_bytes);
    result r = longplay("play --headless --run %%/run --resume --episodes 3"); /* whole again, it goes on */
    if (r.code) fail_msg("%s", r.err);
    lp_blob_free(&config), lp_blob_free(&db), lp_blob_free(&movie);
}

static void test_memory(void **state) {
    (void)state;
    make_run();
    static const struct {
        const char *arguments, *says;
    } good[] = {
        {"tree", "e2L1.0"},
        {"tree --episode 1", "e1L1.0"},
        {"search sign", "The sign shows a"},
        {"search SIGNS show", "The sign shows a"},
        {"search zebra", "nothing with 'zebra'"},
        {"show e1s0", "The sign shows a"},
        {"show e1L1.0", "keeps"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        result r = longplay("memory %%/run %s", good[i].arguments);
        if (r.code || *r.err || !strstr(r.out, good[i].says)) fail_msg("%s: exit %d, '%s', '%s'", good[i].arguments, r.code, r.out, r.err);
    }
    static const char *const bad[] = {
        "show nope", "show e1s",         "show e99s0", "show e1L9.0", "show e1s0 e1s1", "show e99999999999999999999s0",
        "tree x",    "tree --episode 9", "search",     "search \"",   "search *",       "look"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_refused(longplay("memory %%/run %s", bad[i]), 2, "longplay", bad[i]);
    assert_int_equal(longplay("memory %%/run search sign\" AND' (NEAR").code, 0); /* any characters may stand in words */
}

/* While one process records, another cannot; but it can look. */
static void test_locked(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("play cue --policy %/p.safetensors --headless --episodes 0 --set horizon=50 --speed 4 --run %/run", NULL, out, err);
    wait_until_played("run");
    expect_refused(longplay("play --headless --run %%/run --resume"), 2, "another process", "a locked run");
    assert_int_equal(longplay("info %%/run").code, 0);
    assert_int_equal(longplay("memory %%/run tree").code, 0);
    assert_int_equal(longplay("replay %%/run --verify").code, 0); /* as far as it has come */
    kill(child, SIGINT);                                          /* asks for the end: the run is saved */
    result r = finish(child, out, err);
    if (r.code || !strstr(r.out, "--resume goes on")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    r = longplay("replay %%/run --verify");
    if (r.code) fail_msg("%s", r.err);
}

static void test_shot(void **state) {
    (void)state;
    result r = longplay("play cue --policy oracle --headless --episodes 1 --set horizon=10 --shot %%/a.png");
    if (r.code) fail_msg("%s", r.err);
    lp_blob png = bytes_of(at("a.png"));
    assert_memory_equal(png.data, "\x89PNG", 4);
    assert_int_equal(png.data[16 + 2] * 256 + png.data[16 + 3], 1280);
    assert_int_equal(png.data[20 + 2] * 256 + png.data[20 + 3], 720);
    lp_blob_free(&png);
    r = longplay("play cue --policy oracle --headless --episodes 1 --set horizon=10 --layout vertical --size 1080x1920 --shot %%/b.png");
    if (r.code) fail_msg("%s", r.err);
    png = bytes_of(at("b.png"));
    assert_int_equal(png.data[16 + 2] * 256 + png.data[16 + 3], 1080);
    assert_int_equal(png.data[20 + 2] * 256 + png.data[20 + 3], 1920);
    lp_blob_free(&png);
    expect_refused(longplay("play cue --policy oracle --headless --run %%/run --layout wide"), 2, "layout 'wide': must be", "a layout");
    expect_refused(longplay("play cue --policy oracle --headless --run %%/run --size 10x10"), 2, "size '10x10': must be", "a size");
    put(at("theme.ini"), "[colours]\ntext = blue\n", 22);
    expect_refused(longplay("play cue --policy oracle --headless --run %%/run --theme %%/theme.ini"), 2,
                   "theme.ini:2: colours.text = 'blue': must be #rrggbb", "a theme");
    assert_false(lp_file_exists(at("run")));
    put(at("theme.ini"), "[colours]\ntext = #777777\n", 25);
    r = longplay("play cue --policy oracle --headless --episodes 1 --set horizon=10 --theme %%/theme.ini --shot %%/b.png");
    if (r.code || !strstr(r.err, "theme.ini: text in text on chosen has a contrast of")) fail_msg("exit %d, '%s'", r.code, r.err);
    expect_refused(longplay("play cue --policy oracle --headless --episodes 1 --run %%/run --shot %%/no/a.png"), 2, "a.png: cannot write",
                   "an unwritable picture");
    assert_false(lp_file_exists(at("run"))); /* said before anything is played */
    put(at("mine.txt"), "my thesis", 9);
    expect_refused(longplay("play cue --policy oracle --headless --episodes 1 --run %%/run --shot %%/mine.txt"), 2,
                   "mine.txt: is not a picture (PNG): it is not overwritten", "another file");
    assert_false(lp_file_exists(at("run")));
    expect_refused(longplay("bench policy --save %%/mine.txt"), 2, "is not a weight file (safetensors)", "another file");
    expect_refused(longplay("game check cue --sheet %%/mine.txt"), 2, "is not a picture (PNG)", "another file");
    lp_blob mine = bytes_of(at("mine.txt"));
    assert_string_equal((char *)mine.data, "my thesis");
    lp_blob_free(&mine);
    r = longplay("play cue --policy oracle --headless --episodes 1 --set horizon=10 --shot %%/a.png"); /* over its like */
    if (r.code) fail_msg("%s", r.err);
}

/* At speed 1 a decision of 4 frames takes 4 / 59.7275 s, with or without a window. */
static void test_pace(void **state) {
    (void)state;
    char window[512]; /* SDL's D-Bus library leaks, which is not for us to fail on */
    snprintf(window, sizeof window, "DISPLAY=:9 SDL_VIDEODRIVER=dummy LSAN_OPTIONS=print_suppressions=0:suppressions=%s", at("lsan"));
    put(at("lsan"), "leak:libdbus\n", 13);
    double start_s = lp_now_s();
    result r = longplay("play cue --policy random --headless --speed 1 --decisions 20");
    double took_s = lp_now_s() - start_s;
    if (r.code) fail_msg("%s", r.err);
    assert_true(took_s >= 19 * 4 / 59.7275);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("play cue --policy random --run %/run", window, out, err); /* until it is closed */
    wait_until_played("run");
    kill(child, SIGTERM); /* as closing the window */
    r = finish(child, out, err);
    if (r.code || !strstr(r.out, "--resume goes on")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    lp_blob config = bytes_of(at("run/config.ini"));
    assert_non_null(strstr((char *)config.data, "episodes = 0"));
    lp_blob_free(&config);
    r = run_with(window, "play --run %/run --resume --episodes 1 --speed max"); /* ends by itself, window or not */
    if (r.code || !strstr(r.out, "of 1 episodes won")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
}

/* What processes leave that die while they make a run goes when the next one makes it; nothing else does. */
static void test_leftovers(void **state) {
    (void)state;
    pid_t child = fork();
    if (!child) _exit(0);
    waitpid(child, NULL, 0);
    char dead[64], file[80], alive[64];
    snprintf(dead, sizeof dead, "run.%d.tmp", (int)child);
    snprintf(file, sizeof file, "%s/config.ini", dead);
    snprintf(alive, sizeof alive, "run.%d.tmp", (int)getpid());
    assert_int_equal(mkdir(at(dead), 0777), 0);
    put(at(file), "x", 1);
    assert_int_equal(mkdir(at(alive), 0777), 0);
    assert_int_equal(mkdir(at("run.1.tmp.more"), 0777), 0);
    assert_int_equal(longplay("play cue --policy random --headless --decisions 5 --run %%/run").code, 0);
    assert_false(lp_file_exists(at(dead)));
    assert_true(lp_file_exists(at(alive)) && lp_file_exists(at("run.1.tmp.more")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_help),        TEST(test_usage),        TEST(test_json),          TEST(test_bench_folder),  TEST(test_bad_roms),
        TEST(test_bad_weights), TEST(test_bad_settings), TEST(test_run_arguments), TEST(test_named_setting), TEST(test_damaged_runs),
        TEST(test_memory),      TEST(test_locked),       TEST(test_shot),          TEST(test_pace),          TEST(test_leftovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
