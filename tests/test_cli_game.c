/* longplay game: new, watch, check, as somebody with a new game meets them; and play --policy human. Windows are SDL's dummy
 * driver's: nobody is at the keys. */
#include "tests/game_support.h"

/* ---- usage ---- */

static void every_command_helps(void **state) {
    (void)state;
    static const char *const commands[] = {"new", "ram", "watch", "check"};
    result all = longplay("game --help");
    for (int i = 0; i < 4; i++) {
        result r = longplay("game %s --help", commands[i]);
        if (r.code || *r.err || !strstr(r.out, "example: ") || !strstr(r.out, commands[i]))
            fail_msg("game %s --help: '%s' '%s'", commands[i], r.out, r.err);
        assert_non_null(strstr(all.out, commands[i]));
    }
    expect_done(longplay("play --help"), "Backspace = SELECT", "play --help");
    expect_done(longplay("game watch --help"), "Backspace = SELECT", "game watch --help");
}

static void wrong_usage_is_one_line(void **state) {
    (void)state;
    mkdir(at("empty"), 0777);
    put(at("text"), "step 1\n", 7);
    static const char *const bad[] = {
        "game",
        "game nonsense",
        "game new",
        "game new " CUE,
        "game new " CUE " a b",
        "game new %/none.gb %/x",
        "game new % %/x",
        "game new %/text %/x",
        "game new " CUE " %/empty",
        "game new " CUE " %/text",
        "game new " CUE " %/text/x",
        "game new --nope",
        "game ram",
        "game ram nosuchgame",
        "game ram cue %/none",
        "game ram cue %",
        "game ram cue a b",
        "game ram %/empty",
        "game watch",
        "game watch a b",
        "game watch nosuchgame",
        "game watch cue",
        "game watch cue --only nothing",
        "game watch cue --set nope=1",
        "game watch cue --speed 3",
        "game watch cue --episodes x",
        "game check",
        "game check %/none",
        "game check a b",
        "game check nosuchgame",
        "game check %/empty",
        "game check %/text",
        "play cue --policy human",
        "play cue --policy human --headless",
        "play cue --policy human --run %/run",
        "eval cue --policy human",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) expect_refused(longplay("%s", bad[i]), 2, "longplay", bad[i]);
    expect_refused(run_with(WINDOW, "play cue --policy human --headless"), 2, "--headless opens none", "human and headless");
    expect_refused(longplay("game watch cue --run %%/run"), 2, "no display", "watch without a display");
    assert_false(lp_file_exists(at("run")));
    assert_false(lp_file_exists(at("x")));
    assert_int_equal(count_entries(at("empty")), 0);
}

/* ---- new ---- */

static void new_games_open_and_play(void **state) {
    (void)state;
    static const struct {
        const char *rom, *file;
        int buttons;
    } games[] = {{CUE, "rom.gb", 9}, {ORBIT, "rom.gba", 11}};
    for (int i = 0; i < 2; i++) {
        char folder[PATH_MAX], path[PATH_MAX], sha[41];
        lp_blob original, copy, text;
        lp_err err;
        snprintf(folder, sizeof folder, "%s", at(i ? "deep/er/gba" : "gb"));
        expect_done(longplay("game new %s %s/", games[i].rom, folder), "game folder", "game new");
        assert_int_equal(lp_file_read(&original, games[i].rom, 1 << 25, &err), LP_OK);
        assert_int_equal(lp_file_read(&copy, lp_path_join(path, sizeof path, folder, games[i].file), 1 << 25, &err), LP_OK);
        assert_int_equal(original.size_bytes, copy.size_bytes);
        assert_memory_equal(original.data, copy.data, copy.size_bytes);
        lp_sha1_hex(copy.data, copy.size_bytes, sha);
        assert_int_equal(lp_file_read(&text, lp_path_join(path, sizeof path, folder, "rom.sha"), 100, &err), LP_OK);
        assert_memory_equal(text.data, sha, 40);
        lp_blob_free(&original);
        lp_blob_free(&copy);
        lp_blob_free(&text);
        assert_int_equal(count_entries(folder), 5);
        cJSON *o = parsed(longplay("game check %s --json", folder), "check");
        assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "good")));
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "errors")), 0);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "actions")), games[i].buttons);
        assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(o, "notes")) > 0); /* no win yet */
        cJSON_Delete(o);
        o = parsed(longplay("play %s --headless --decisions 50 --json", folder), "play");
        assert_true(number(o, "decisions") == 50);
        cJSON_Delete(o);
        expect_refused(longplay("game new %s %s", games[i].rom, folder), 2, "is there already", "again");
    }
    cJSON *o = parsed(longplay("game new " CUE " %%/j --json"), "json");
    assert_string_equal(cJSON_GetObjectItem(o, "system")->valuestring, "GB");
    cJSON_Delete(o);
}

/* The examples in the comments are right: with the slashes taken away, and the variables there, the folder is good. */
static void comments_hold_good_examples(void **state) {
    (void)state;
    lp_blob text;
    lp_err err;
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    expect_done(script("%/g", "save level 0xC0B0\nsave lives 0xC0B1\ntype <u2\nsave score 49330\n", ""), "score is at 0xC0B2, <u2", "save");
    assert_int_equal(lp_file_read(&text, at("g/longplay.json"), 1 << 16, &err), LP_OK);
    int n = 0;
    for (char *name = (char *)text.data; (name = strstr(name, "\"//"));)
        if (name[3] == ' ' || name[3] == '"') name += 3; /* words about a field, or about the file */
        else memmove(name + 1, name + 3, strlen(name + 2)), n++;
    assert_int_equal(n, 6); /* origin, start, win, loss, audit, events */
    put(at("g/longplay.json"), text.data, strlen((char *)text.data));
    lp_blob_free(&text);
    lp_game *game;
    if (lp_game_open(&game, at("g"), &err)) fail_msg("%s", err.message);
    assert_true(lp_game_can_win(game) && lp_game_can_lose(game));
    lp_game_close(game);
}

/* A disk that is full at any byte: one line, exit 1, nothing there. */
static void a_full_disk_leaves_no_folder(void **state) {
    (void)state;
    for (int64_t left = 0; left < 36000; left += left < 32000 ? 15993 : 521) {
        char environment[64];
        snprintf(environment, sizeof environment, "LONGPLAY_FAULT_BYTES=%lld", (long long)left);
        result r = run_with(environment, "game new " CUE " %/full");
        if (!r.code) {
            assert_true(left > 33000);
            remove_tree(at("full"));
            continue;
        }
        expect_refused(r, 1, "No space left", environment);
        assert_int_equal(count_entries(root), 0);
    }
}

static void broken_roms_leave_nothing(void **state) {
    (void)state;
    lp_blob rom;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 1);
    assert_int_equal(lp_file_read(&rom, CUE, 1 << 25, &err), LP_OK);
    int refused = 0;
    for (int i = 0; i < 8; i++) {
        size_t size = i < 4 ? (size_t)lp_rng_below(&rng, 0x150) : rom.size_bytes;
        unsigned char *bytes = malloc(rom.size_bytes);
        assert_non_null(bytes);
        memcpy(bytes, rom.data, rom.size_bytes);
        if (i >= 4) bytes[0x104 + lp_rng_below(&rng, 48)] ^= (unsigned char)(1 << lp_rng_below(&rng, 8)); /* the logo */
        put(at("r.gb"), bytes, size);
        free(bytes);
        result r = longplay("game new %%/r.gb %%/n");
        refused += r.code != 0;
        if (r.code) expect_refused(r, 2, "r.gb", "a broken ROM");
        if (i < 4) assert_int_equal(r.code, 2);
        assert_int_equal(count_entries(root), r.code ? 1 : 2);
        remove_tree(at("n"));
    }
    assert_true(refused >= 4);
    lp_blob_free(&rom);
}

/* ---- watch ---- */

static void watching_records_a_run(void **state) {
    (void)state;
    result r = run_with(WINDOW, "game watch cue --set horizon=5 --decisions 90 --speed max --run %/run --shot %/end.png");
    expect_done(r, "The sign shows a ", "watch");
    expect_done(r, "the episode ends: loss", "watch"); /* nobody chose a door */
    expect_done(r, "90 decisions", "watch");
    assert_true(lp_file_exists(at("end.png")));
    expect_done(longplay("replay %%/run --verify --headless"), "verified", "replay");
    lp_run_config config;
    lp_err err;
    if (lp_run_config_read(&config, at("run"), &err)) fail_msg("%s", err.message);
    assert_string_equal(config.policy, "human");
    expect_done(longplay("info %%/run"), "human", "info");
    expect_refused(run_with(WINDOW, "game watch cue --run %/run --decisions 3"), 2, "is there already", "the same folder again");
    expect_refused(longplay("play --run %%/run --resume"), 2, "no display", "resuming without a display");
    expect_refused(run_with(WINDOW, "play --run %/run --resume --policy random"), 2, "--policy is not what", "another player");
    cJSON *o = parsed(run_with(WINDOW, "play --run %/run --resume --decisions 120 --speed max --json"), "resuming");
    assert_true(number(o, "decisions") == 120);
    cJSON_Delete(o);
    expect_done(longplay("replay %%/run --verify --headless"), "verified", "replay");
    o = parsed(run_with(WINDOW, "game watch orbit --decisions 3 --speed max --json"), "watching a shipped ROM");
    assert_true(number(o, "decisions") == 3);
    cJSON_Delete(o);
    o = parsed(run_with(WINDOW, "game watch cue --only phase,walked --decisions 3 --speed max --json"), "watch --json");
    assert_true(number(o, "decisions") == 3);
    assert_true(number(cJSON_GetObjectItem(o, "variables"), "phase") == 1);
    cJSON_Delete(o);
}

/* A person's pace is the game's own: 30 decisions of 4 frames take two seconds. */
static void a_person_plays_at_speed_one(void **state) {
    (void)state;
    static const char *const commands[] = {"play cue --policy human --decisions 30", "game watch cue --decisions 30"};
    for (int i = 0; i < 2; i++) {
        double start = lp_now_s();
        result r = run_with(WINDOW, commands[i]);
        double took = lp_now_s() - start;
        if (r.code) fail_msg("%s: %s", commands[i], r.err);
        if (took < 1.8) fail_msg("%s took %.2f s", commands[i], took);
    }
}

/* Ctrl-C is no accident: what was played is kept. */
static void interrupted_it_keeps_what_was_played(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("game watch cue --run %/run --set horizon=100000", WINDOW, out, err);
    wait_until_played("run");
    kill(child, SIGINT);
    result r = finish(child, out, err);
    expect_done(r, "recorded in", "interrupted");
    expect_done(longplay("replay %%/run --verify --headless"), "verified", "replay");
}

/* ---- check ---- */

static void checks_tell_all_mistakes(void **state) {
    (void)state;
    expect_done(longplay("game check cue"), "cue: a GB game", "check cue");
    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    const char *wrong = "{\"win\": {\"variables\": {\"nope\": {\"op\": \"zero\"}}}, \"frame_skip\": 0, \"colour\": 1, \"// colour\": 1}\n";
    put(at("g/longplay.json"), wrong, strlen(wrong));
    result r = longplay("game check %%/g");
    assert_int_equal(r.code, 1);
    assert_string_equal(r.err, "");
    static const char *const says[] = {"nope", "frame_skip", "colour: unknown field", "3 mistakes"};
    for (int i = 0; i < 4; i++)
        if (!strstr(r.out, says[i])) fail_msg("'%s' lacks '%s'", r.out, says[i]);
    assert_null(strstr(r.out, "// colour"));
    r = longplay("game check %%/g --json");
    assert_int_equal(r.code, 1);
    cJSON *o = parsed(r, "check --json");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(o, "good")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "errors")), 3);
    cJSON_Delete(o);
}

/* A loss that is true at the title screen: nothing is wrong in the files, and nothing can be played. */
static void checks_play(void **state) {
    (void)state;
    static const char data[] = "{\"info\": {\"phase\": {\"address\": 49328, \"type\": \"|u1\"}}}";
    static const char lost[] = "{\"loss\": {\"variables\": {\"phase\": {\"op\": \"zero\"}}}}";
    result a = longplay("game check cue --seed 5 --episodes 6"), b = longplay("game check cue --seed 5 --episodes 6");
    expect_done(a, "at random  6 episodes: ", "check");
    expect_done(a, " lost after ", "check");
    expect_done(a, "cue: good", "check");
    assert_string_equal(a.out, b.out);
    cJSON *o = parsed(longplay("game check cue --seed 5 --episodes 6 --sheet %%/ends.png --json"), "check --sheet");
    const cJSON *trial = cJSON_GetObjectItem(o, "trial"), *episodes = cJSON_GetObjectItem(trial, "episodes"), *e;
    assert_int_equal(cJSON_GetArraySize(episodes), 6);
    assert_true(number(trial, "courses") == 6);
    int n_won = 0;
    cJSON_ArrayForEach(e, episodes) {
        assert_true(number(e, "decisions") >= 69);
        n_won += !strcmp(cJSON_GetObjectItem(e, "outcome")->valuestring, "win");
    }
    cJSON *played = parsed(longplay("play cue --policy random --headless --seed 5 --episodes 6 --json"), "the same episodes");
    assert_true(number(played, "wins") == n_won);
    cJSON_Delete(played), cJSON_Delete(o);
    lp_blob png;
    lp_err err;
    assert_int_equal(lp_file_read(&png, at("ends.png"), 1 << 24, &err), LP_OK);
    assert_memory_equal(png.data + 16, "\0\0\x02\xb1\0\0\x01\x3b", 8); /* four and two, of 160x144, frames and gaps */
    lp_blob_free(&png);
    expect_refused(longplay("game check cue --sheet %%/none/ends.png"), 2, "ends.png", "a sheet nowhere");
    expect_refused(longplay("game check cue --episodes 65"), 2, "1 to 64", "too many");

    expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    put(at("g/data.json"), data, sizeof data - 1);
    put(at("g/longplay.json"), lost, sizeof lost - 1);
    result r = longplay("game check %%/g");
    assert_int_equal(r.code, 1);
    if (!strstr(r.out, "wrong: g: lost at the start: all 16 episodes") || !strstr(r.out, "16 lost after 1 decision\n"))
        fail_msg("'%s'", r.out);
    r = longplay("game check %%/g --json");
    assert_int_equal(r.code, 1);
    o = parsed(r, "check --json");
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(o, "good")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "errors")), 1);
    cJSON_Delete(o);
}

/* ---- is there a win, is there a loss, can it go on for ever? Three questions, and every command answers alike ---- */

/* cue's ROM, won after some steps of the corridor; with another line of longplay.json. */
static void put_walk(const char *line) {
    static const char data[] = "{\"info\": {\"walked\": {\"address\": 49336, \"type\": \"<u4\"}}}";
    char text[512];
    if (!lp_file_exists(at("g"))) expect_done(longplay("game new " CUE " %%/g"), "", "game new");
    snprintf(text, sizeof text, "{\"boot\": [{\"frames\": 60}, {\"keys\": [\"START\"], \"frames\": 9}], \"buttons\": [[], [\"LEFT\"]]%s%s}",
             *line ? ", " : "", line);
    put(at("g/data.json"), data, sizeof data - 1);
    put(at("g/longplay.json"), text, strlen(text));
}

static void expect_answers(const char *command, bool can_win, bool can_lose, bool is_endless) {
    cJSON *o = parsed(longplay(command, at("g")), command);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "can_win")) == can_win);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "can_lose")) == can_lose);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(o, "is_endless")) == is_endless);
    cJSON_Delete(o);
}

static void a_win_without_a_loss_is_a_win(void **state) {
    (void)state;
    put_walk("\"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}");
    expect_answers("info %s --json", true, false, true);
    expect_answers("game check %s --json", true, false, true);
    expect_done(longplay("game check %%/g"), "one that is not won never ends", "check");
    expect_done(longplay("play %%/g --policy random --headless --episodes 2"), "2 of 2 episodes won", "play");
    expect_refused(longplay("eval %%/g --policy random --episodes 3"), 2, "no loss and no time limit", "eval without a limit");
    cJSON *o = parsed(longplay("eval %%/g --policy random --episodes 3 --time-limit 50 --json"), "eval with a limit");
    assert_true(number(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0), "wins") == 3);
    cJSON_Delete(o);
    expect_refused(longplay("train %%/g --out %%/w.safetensors"), 2, "no loss and no time limit", "train without a limit");
    static const char small[] = "--train.decisions=16 --train.envs=2 --train.steps=8 --ppo.minibatches=1 --eval-episodes 2 --json";
    o = parsed(longplay("train %%/g --out %%/w.safetensors --train.time_limit=50 %s", small), "train with a limit");
    assert_true(number(o, "win_rate") == 1);
    cJSON_Delete(o);
    put_walk("\"time_limit\": 2, \"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}");
    expect_answers("game check %s --json", true, false, false);
    expect_done(longplay("game check %%/g"), "end won or at the time limit", "check");
    o = parsed(longplay("eval %%/g --policy random --episodes 3 --json"), "eval with the game's limit");
    assert_true(number(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0), "timeouts") == 3);
    cJSON_Delete(o);
}

static void a_loss_without_a_win_is_a_loss(void **state) {
    (void)state;
    put_walk("\"loss\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}");
    expect_answers("info %s --json", false, true, false);
    expect_answers("game check %s --json", false, true, false);
    expect_done(longplay("play %%/g --policy random --headless --episodes 2"), "2 episodes, 2 lost", "play");
    expect_refused(longplay("eval %%/g --policy random"), 2, "declares no win", "eval");
    expect_refused(longplay("train %%/g --out %%/w.safetensors"), 2, "declares no win", "train");
    put_walk("");
    expect_answers("info %s --json", false, false, true);
    expect_answers("game check %s --json", false, false, true);
    expect_refused(longplay("eval %%/g --policy random --time-limit 9"), 2, "declares no win", "eval");
    cJSON *o = parsed(longplay("play %%/g --policy random --headless --json"), "play"); /* it stops all the same */
    assert_true(number(o, "decisions") == 2000);
    cJSON_Delete(o);
}

/* ---- a game without a seed ---- */

/* Commands that measure say so in one line; idle frames are part of a run, of its movie, and of what it resumes with. */
static void a_game_without_a_seed_waits(void **state) {
    (void)state;
    put_walk("\"time_limit\": 50, \"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}");
    result r = longplay("eval %%/g --policy random --episodes 3");
    if (r.code || lines(r.err) != 1 || !strstr(r.err, "no seed: its episodes differ by 0 to 30 idle frames")) fail_msg("'%s'", r.err);
    r = longplay("eval %%/g --policy random --episodes 3 --noop 0:0");
    if (r.code || lines(r.err) != 1 || !strstr(r.err, "every episode starts the same")) fail_msg("'%s'", r.err);
    expect_refused(longplay("eval %%/g --policy random --noop 3"), 2, "MIN:MAX", "no range");
    expect_refused(longplay("eval memory --policy random --noop 0:3"), 2, "suite", "a suite");
    r = longplay(
        "train %%/g --out %%/w.safetensors --train.decisions=16 --train.envs=2 --train.steps=8 --ppo.minibatches=1 --eval-episodes 2");
    if (r.code || !strstr(r.err, "no seed: its episodes differ")) fail_msg("'%s'", r.err);
    expect_refused(longplay("train %%/g --out %%/w.safetensors --resume --noop 0:5 --train.decisions=32 --train.envs=2 --train.steps=8 "
                            "--ppo.minibatches=1"),
                   2, "other settings", "another start");

    cJSON *whole = parsed(longplay("play %%/g --policy random --headless --episodes 4 --noop 5:40 --run %%/whole --json"), "play");
    cJSON *o = parsed(longplay("play %%/g --policy random --headless --episodes 2 --noop 5:40 --run %%/run --json"), "play");
    cJSON_Delete(o);
    expect_refused(longplay("play --run %%/run --resume --headless --noop 0:30"), 2, "--noop is not what", "another start");
    put_walk("\"time_limit\": 50, \"win\": {\"variables\": {\"walked\": {\"op\": \"greater-or-equal\", \"reference\": 20}}}, "
             "\"start\": {\"noop\": [0, 1]}"); /* the run has its own */
    o = parsed(longplay("play --run %%/run --resume --headless --episodes 4 --json"), "resume");
    assert_string_equal(cJSON_GetObjectItem(o, "state_hash")->valuestring, cJSON_GetObjectItem(whole, "state_hash")->valuestring);
    assert_true(number(o, "frames") == number(whole, "frames"));
    cJSON_Delete(o), cJSON_Delete(whole);
    expect_done(longplay("info %%/run"), "5:40", "info");
    expect_done(longplay("replay %%/run --verify --headless"), "verified", "replay");
    expect_done(longplay("movie export %%/run %%/run.bk2"), "", "export");
    o = parsed(longplay("movie import %%/run.bk2 %%/g --run %%/back --json"), "import");
    cJSON_Delete(o);
    expect_done(longplay("replay %%/back --verify --headless"), "verified", "replay of the import");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
    const struct CMUnitTest tests[] = {
        TEST(every_command_helps),
        TEST(wrong_usage_is_one_line),
        TEST(new_games_open_and_play),
        TEST(comments_hold_good_examples),
        TEST(a_full_disk_leaves_no_folder),
        TEST(broken_roms_leave_nothing),
        TEST(watching_records_a_run),
        TEST(a_person_plays_at_speed_one),
        TEST(interrupted_it_keeps_what_was_played),
        TEST(checks_tell_all_mistakes),
        TEST(checks_play),
        TEST(a_win_without_a_loss_is_a_win),
        TEST(a_loss_without_a_win_is_a_loss),
        TEST(a_game_without_a_seed_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
