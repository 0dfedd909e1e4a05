/* longplay play and replay --web: the page shows what is played, and what is played does not depend on it. */
#include "tests/page_support.h"

#include "emulator/emulator.h"
#include "saves/movie.h"
#include "view/viewer.h"

static const char *hash_of(const char *json) { return strstr(json, "\"state_hash\""); }

static void test_play(void **state) {
    (void)state;
    pid_t child;
    int port = start_web("play lantern --policy oracle --web 127.0.0.1:0", &child), status;
    wait_for(port, "/api/panels/run", "\"game\":\"lantern\"");
    wait_for(port, "/api/panels/events", "A long night begins");
    wait_for(port, "/picture.png", "PNG");
    kill(child, SIGTERM); /* it goes on until it is told to stop */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_null(get(port, "/"));
}

/* Watched all the time, at both paces: the same machine. */
static void test_same_bits(void **state) {
    (void)state;
    result alone = longplay("play cue --set horizon=40 --decisions 60 --seed 5 --json");
    assert_int_equal(alone.code, 0);
    static const char *const paces[] = {"1", "max"};
    for (int i = 0; i < 2; i++) {
        char arguments[160], text[128];
        pid_t child;
        int status;
        snprintf(arguments, sizeof arguments,
                 "play cue --set horizon=40 --decisions 60 --seed 5 --run %%/watched%d --speed %s --web 127.0.0.1:0", i, paces[i]);
        int port = start_web(arguments, &child);
        while (get(port, "/picture.png") && get(port, "/api/panels")) {
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        result again = longplay("play --run %%/watched%d --resume --json", i);
        assert_int_equal(again.code, 0);
        snprintf(text, sizeof text, "%.32s", hash_of(again.out));
        assert_non_null(strstr(alone.out, text));
    }
}

static void test_replay(void **state) {
    (void)state;
    pid_t child;
    int status;
    assert_int_equal(longplay("play cue --decisions 300 --run %%/r --seed 5").code, 0);
    int port = start_web("replay %/r --web 127.0.0.1:0", &child);
    wait_for(port, "/api/panels/run", "\"mode\":\"replay\"");
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The picture at a decision, or at the end of its episode, of a machine that was played there from power-on. */
static unsigned char *expected_picture(int decision, int episode, size_t *size) {
    lp_err err;
    lp_game *game;
    lp_emu *emu;
    lp_movie *movie;
    unsigned char *png;
    uint32_t pixels[160 * 144];
    int width, height;
    bool end = false;
    assert_int_equal(lp_game_open(&game, "cue", &err) || lp_game_open_emu(&emu, game, NULL, &err), LP_OK);
    assert_int_equal(lp_movie_open(&movie, at("long/movie.lpm"), &err), LP_OK);
    for (;;) {
        lp_movie_op op;
        assert_int_equal(lp_movie_next(movie, &op, &end, &err), LP_OK);
        if (end || (op.kind == LP_MOVIE_RESET && (int)op.episode > episode)) break;
        if (op.kind == LP_MOVIE_DECISION && (int)op.decision == decision) break;
        if (op.kind == LP_MOVIE_RESET) assert_int_equal(lp_emu_reset(emu, &err), LP_OK);
        if (op.kind == LP_MOVIE_POKE) lp_emu_write8(emu, op.address, op.value);
        if (op.kind == LP_MOVIE_KEYS) lp_emu_step(emu, op.keys, (int)op.n_frames);
        if (op.kind == LP_MOVIE_DECISION) lp_emu_step(emu, op.keys, (int)lp_movie_info(movie)->frame_skip);
    }
    const uint32_t *frame = lp_emu_frame(emu, &width, &height);
    lp_frame_pixels(pixels, frame, (size_t)width * (size_t)height);
    assert_int_equal(lp_png_encode(&png, size, pixels, width, height, &err), LP_OK);
    lp_movie_read_close(movie);
    lp_emu_close(emu);
    lp_game_close(game);
    return png;
}

/* The pictures of moments, which begin at a recorded state, are those that playing from power-on gives. */
static void test_moments(void **state) {
    static const struct {
        int decision, episode;
    } moments[] = {{0, 1}, {1, 1}, {17, 1}, {45, 1}, {45, 2}, {46, 2}, {300, 7}, {2020, 45}}; /* episodes of 45 */
    (void)state;
    pid_t child;
    assert_int_equal(
        longplay("play cue --set horizon=40 --decisions 2020 --run %%/long --seed 5 --memory.chunk=16 --memory.window=16 --memory.fan=4")
            .code,
        0);
    int replay = start_web("replay %/long --web 127.0.0.1:0", &child), status;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        char path[64];
        size_t size;
        unsigned char *png = expected_picture(moments[i].decision, moments[i].episode, &size);
        snprintf(path, sizeof path, "/api/moment.png?decision=%d&episode=%d", moments[i].decision, moments[i].episode);
        for (int again = 0; again < 2; again++) { /* made, and kept */
            const char *moment = get(replay, path), *shown = moment ? strstr(moment, "\x89PNG") : NULL;
            if (!shown) fail_msg("%s: %.300s", path, moment ? moment : "gone");
            if (memcmp(shown, png, size) != 0) fail_msg("%s is another picture", path);
        }
        free(png);
    }
    static const char *const nowhere[] = {"decision=2021&episode=45", "decision=46&episode=1", "decision=4000000000000&episode=1"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        char path[80];
        snprintf(path, sizeof path, "/api/moment.png?%s", nowhere[i]);
        assert_non_null(strstr(get(replay, path), "HTTP/1.1 404"));
    }
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_memory(void **state) {
    static const char *const asks[][3] = {
        {"/api/tree", "200", "\"id\":\"e45L1.0\""},
        {"/api/tree?episode=1", "200", "\"id\":\"e1L1.0\""},
        {"/api/tree?id=e1L1.0", "200", "\"id\":\"e1s"},
        {"/api/tree?episode=77", "404", "has no episode 77"},
        {"/api/tree?episode=x", "400", "must be a number"},
        {"/api/item?id=e1s4", "200", "The corridor begins."},
        {"/api/item?id=e1s4444", "404", "there is no e1s4444"},
        {"/api/item?id=%27--", "404", "is not an ID"},
        {"/api/item", "400", "wants id"},
        {"/api/search?words=corridor%20begin", "200", "The corridor begins."},
        {"/api/search?words=%22%27%3b--", "404", "error"},
        {"/api/search", "400", "wants words"},
        {"/api/past", "200", "{\"ended\":44,\"happened\":"},
        {"/api/moment.png?decision=1", "400", "wants decision=N"},
        {"/api/moment.png?decision=-1&episode=1", "400", "wants decision=N"},
    };
    (void)state;
    pid_t child;
    int replay = start_web("replay %/long --web 127.0.0.1:0", &child), status; /* made by the test before */
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        const char *answer = get(replay, asks[i][0]);
        if (!answer || strncmp(answer + 9, asks[i][1], 3) != 0 || !strstr(answer, asks[i][2]))
            fail_msg("%s: %.600s", asks[i][0], answer ? answer : "gone");
    }
    /* many at once: some are turned away, none is lost, and it ends in the middle of them */
    int fds[100], answered = 0;
    for (int i = 0; i < 100; i++) fds[i] = ask(replay, "/api/past");
    for (int i = 0; i < 100; i++) {
        char line[16] = "";
        ssize_t n = recv(fds[i], line, sizeof line - 1, MSG_WAITALL);
        assert_true(n > 12 && (!strncmp(line + 9, "200", 3) || !strncmp(line + 9, "503", 3)));
        answered += line[9] == '2';
        close(fds[i]);
    }
    assert_true(answered >= 32);
    for (int i = 0; i < 30; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/moment.png?decision=%d&episode=8", 325 + i);
        fds[i] = ask(replay, path);
    }
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < 30; i++) close(fds[i]);
    /* not recorded */
    replay = start_web("play cue --web 127.0.0.1:0", &child);
    assert_non_null(strstr(get(replay, "/api/past"), "this run is not recorded"));
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_refused(void **state) {
    (void)state;
    expect_refused(longplay("play cue --web nowhere --run %%/refused"), 2, "must be ADDRESS:PORT", "a word");
    expect_refused(longplay("play cue --web 0.0.0.0:0 --run %%/refused"), 2, "--web-password FILE", "open to all");
    expect_refused(longplay("play cue --web 127.0.0.1:0 --web-password %%/none --run %%/refused"), 2, "--web-password", "no such file");
    expect_refused(longplay("play cue --web-password %%/none --run %%/refused"), 2, "needs --web", "a password for nothing");
    assert_false(lp_file_exists(at("refused")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_play),    cmocka_unit_test(test_same_bits), cmocka_unit_test(test_replay),
        cmocka_unit_test(test_moments), cmocka_unit_test(test_memory),    cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
