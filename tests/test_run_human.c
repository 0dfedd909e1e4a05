/* A person at the keyboard: keys become buttons, buttons an action, actions a run that is recorded like any other; the sheet beside it.
 * Keys are SDL's own events, on its dummy driver, so with no display. */
#define SDL_MAIN_HANDLED
#include "tests/run_support.h"

#include "harness/keyboard.h"
#include "harness/sheet.h"
#include "view/view_paint.h"

#include <SDL2/SDL.h>

/* SDL talks to D-Bus, whose library keeps its caches until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libdbus-1"; }

static lp_game *open_game(const char *name) {
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, name, &err)) fail_msg("%s", err.message);
    return game;
}

/* ---- buttons and actions ---- */

static void any_buttons_are_the_best_action(void **state) {
    (void)state;
    static const char *const names[] = {"cue", "busy", "orbit"};
    for (int g = 0; g < 3; g++) {
        lp_game *game = open_game(names[g]);
        for (uint16_t held = 0; held < 1 << LP_N_KEYS; held++) {
            uint16_t pad = lp_keyboard_pad(held);
            bool both_h = (held & (LP_KEY_LEFT | LP_KEY_RIGHT)) == (LP_KEY_LEFT | LP_KEY_RIGHT),
                 both_v = (held & (LP_KEY_UP | LP_KEY_DOWN)) == (LP_KEY_UP | LP_KEY_DOWN);
            assert_int_equal(held & ~pad, (both_h ? LP_KEY_LEFT | LP_KEY_RIGHT : 0) | (both_v ? LP_KEY_UP | LP_KEY_DOWN : 0));
            uint16_t keys = lp_game_action_keys(game, lp_keyboard_action(game, held));
            assert_int_equal(keys & ~pad, 0); /* nothing is pressed that is not held */
            for (int a = 0; a < lp_game_n_actions(game); a++) {
                uint16_t other = lp_game_action_keys(game, a);
                if (!(other & ~pad)) assert_true(__builtin_popcount(other) <= __builtin_popcount(keys));
            }
        }
        assert_string_equal(lp_game_action_name(game, lp_keyboard_action(game, 0)), "none");
        assert_string_equal(lp_game_action_name(game, lp_keyboard_action(game, LP_KEY_UP | LP_KEY_B)), g ? "B" : "UP");
        lp_game_close(game);
    }
}

static void send_key(SDL_Keycode key, bool down, bool repeat) {
    SDL_Event e = {.key = {.type = down ? SDL_KEYDOWN : SDL_KEYUP,
                           .state = down ? SDL_PRESSED : SDL_RELEASED,
                           .repeat = repeat,
                           .keysym = {.scancode = SDL_GetScancodeFromKey(key), .sym = key}}};
    assert_int_equal(SDL_PushEvent(&e), 1);
}

/* Everything that is queued; the first press that is none of the game's. */
static lp_keypress hear(lp_window *w) {
    lp_keypress first = LP_KEYPRESS_NONE;
    for (int i = 0; i < 40; i++) {
        lp_keypress press = lp_window_poll(w);
        if (!first) first = press;
    }
    return first;
}

static lp_window *open_window(void) {
    lp_window *w;
    lp_err err;
    setenv("DISPLAY", ":49213", 1);
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    if (lp_window_open(&w, "a game", 1280, 720, &err)) fail_msg("%s", err.message);
    hear(w);
    lp_window_buttons(w);
    return w;
}

static void keys_are_buttons(void **state) {
    (void)state;
    static const struct {
        SDL_Keycode key;
        uint16_t button;
    } map[] = {{SDLK_x, LP_KEY_A},          {SDLK_z, LP_KEY_B},         {SDLK_BACKSPACE, LP_KEY_SELECT},
               {SDLK_RETURN, LP_KEY_START}, {SDLK_RIGHT, LP_KEY_RIGHT}, {SDLK_LEFT, LP_KEY_LEFT},
               {SDLK_UP, LP_KEY_UP},        {SDLK_DOWN, LP_KEY_DOWN},   {SDLK_s, LP_KEY_R},
               {SDLK_a, LP_KEY_L}};
    lp_window *w = open_window();
    lp_window_for_player(w, true);
    uint16_t all = 0;
    for (int i = 0; i < LP_N_KEYS; i++) { /* one after another, until all are held */
        send_key(map[i].key, true, false);
        assert_int_equal(hear(w), LP_KEYPRESS_NONE);
        assert_int_equal(lp_window_buttons(w), all |= map[i].button);
    }
    send_key(SDLK_x, true, true); /* a held key that repeats changes nothing */
    hear(w);
    assert_int_equal(lp_window_buttons(w), all);
    for (int i = 0; i < LP_N_KEYS; i++) {
        send_key(map[i].key, false, false);
        hear(w);
        assert_int_equal(lp_window_buttons(w), all &= (uint16_t)~map[i].button);
    }
    send_key(SDLK_x, true, false); /* shorter than a decision: not lost, and not held */
    send_key(SDLK_x, false, false);
    hear(w);
    assert_int_equal(lp_window_buttons(w), LP_KEY_A);
    assert_int_equal(lp_window_buttons(w), 0);
    send_key(SDLK_UP, true, false);
    hear(w);
    SDL_Event away = {.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_FOCUS_LOST}};
    SDL_PushEvent(&away);
    hear(w);
    lp_window_buttons(w);
    assert_int_equal(lp_window_buttons(w), 0); /* who looks elsewhere holds nothing */

    send_key(SDLK_n, true, false); /* a player steps with N; S is a button */
    assert_int_equal(hear(w), LP_KEYPRESS_STEP);
    send_key(SDLK_s, true, false);
    assert_int_equal(hear(w), LP_KEYPRESS_NONE);
    lp_window_for_player(w, false);
    send_key(SDLK_n, true, false);
    assert_int_equal(hear(w), LP_KEYPRESS_NONE);
    send_key(SDLK_s, true, false);
    assert_int_equal(hear(w), LP_KEYPRESS_STEP);
    lp_window_close(w);
}

/* ---- a run ---- */

static void open_human(player *p) {
    open_player(p, false, 12, 0);
    snprintf(p->config.policy, sizeof p->config.policy, "human");
}

/* Plays keys[from..to), one a decision, and saves. */
static void play_keys(player *p, const char *folder, lp_window *w, const SDL_Keycode *keys, int from, int to) {
    lp_run *run;
    lp_err err;
    lp_run_config config = p->config;
    bool fresh = !lp_file_exists(folder);
    if (fresh ? lp_run_make(folder, p->game, NULL, &config, &err) : lp_run_config_read(&config, folder, &err)) fail_msg("%s", err.message);
    if (lp_run_open(&run, folder, p->game, NULL, &config, &err)) fail_msg("%s", err.message);
    for (int i = from; i < to; i++) {
        if (lp_run_think(run, &err)) fail_msg("%s", err.message);
        assert_string_equal(lp_game_action_name(p->game, lp_run_action(run)), "none"); /* until told */
        send_key(keys[i], true, false);
        hear(w);
        lp_run_choose(run, lp_keyboard_action(p->game, lp_window_buttons(w)));
        send_key(keys[i], false, false);
        hear(w);
        if (lp_run_take(run, &err)) fail_msg("%s", err.message);
    }
    if (lp_run_save(run, &err)) fail_msg("%s", err.message);
    lp_run_close(run);
}

static void what_is_played_is_recorded(void **state) {
    (void)state;
    static const SDL_Keycode some[] = {SDLK_LEFT, SDLK_RIGHT, SDLK_UP, SDLK_DOWN, SDLK_x};
    static const uint16_t want[] = {LP_KEY_LEFT, LP_KEY_RIGHT, LP_KEY_UP, LP_KEY_DOWN, 0}; /* cue has no A */
    enum { N = 60 };
    SDL_Keycode keys[N];
    uint16_t buttons[N];
    player p;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    for (int i = 0; i < N; i++) {
        uint32_t k = lp_rng_below(&rng, 5);
        keys[i] = some[k];
        buttons[i] = want[k];
    }
    lp_window *w = open_window();
    lp_window_for_player(w, true);
    open_human(&p);
    char whole[PATH_MAX], halves[PATH_MAX];
    snprintf(whole, sizeof whole, "%s", at("whole"));
    snprintf(halves, sizeof halves, "%s", at("halves"));
    play_keys(&p, whole, w, keys, 0, N);
    play_keys(&p, halves, w, keys, 0, 23); /* resumed, it is the same run */
    play_keys(&p, halves, w, keys, 23, N);
    expect_same_run(whole, halves);
    lp_movie *movie;
    char path[PATH_MAX];
    bool end = false;
    int n = 0;
    if (lp_movie_open(&movie, lp_path_join(path, sizeof path, whole, "movie.lpm"), &err)) fail_msg("%s", err.message);
    while (!end) {
        lp_movie_op op;
        if (lp_movie_next(movie, &op, &end, &err)) fail_msg("%s", err.message);
        if (end || op.kind != LP_MOVIE_DECISION) continue;
        assert_true(n < N);
        assert_int_equal(op.keys, buttons[n++]);
    }
    assert_int_equal(n, N);
    lp_movie_read_close(movie);
    lp_run_config other = p.config; /* another player cannot go on with it */
    if (lp_run_config_read(&other, whole, &err)) fail_msg("%s", err.message);
    snprintf(other.policy, sizeof other.policy, "random");
    lp_run *run;
    assert_int_equal(lp_run_open(&run, whole, p.game, NULL, &other, &err), LP_BAD_INPUT);
    close_player(&p);
    lp_window_close(w);
}

/* ---- the sheet ---- */

typedef struct {
    int n;
    char last[300];
} lines_heard;

static void on_line(void *context, const char *line) {
    lines_heard *l = context;
    l->n++;
    snprintf(l->last, sizeof l->last, "%s", line);
}

static void sheet_follows_the_game(void **state) {
    (void)state;
    lp_game *game = open_game("cue");
    lp_env *env;
    lp_err err;
    static lp_sheet sheet;
    lines_heard heard = {0};
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = 3;
    if (lp_env_open(&env, game, NULL, &err) || lp_env_reset(env, 4, knobs, 0, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_sheet_open(&sheet, game, "phase,nothing", &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "'nothing'"));
    assert_int_equal(lp_sheet_open(&sheet, game, "", &err), LP_BAD_INPUT);
    if (lp_sheet_open(&sheet, game, "phase,result,walked", &err)) fail_msg("%s", err.message);
    lp_sheet_note(&sheet, env, 100, LP_RUNNING, on_line, &heard);
    const lp_view_sheet *v = lp_sheet_view(&sheet);
    assert_int_equal(v->n_variables, 3);
    assert_string_equal(v->variables[0].name, "phase");
    assert_int_equal(v->variables[0].value, 1);
    for (int k = 0; k < 3; k++) assert_int_equal(v->variables[k].age, -1);
    assert_string_equal(v->outcome, "running");
    assert_false(v->ended);
    assert_int_equal(heard.n, 1);
    assert_non_null(strstr(heard.last, "100: The sign shows a "));
    lp_outcome outcome = LP_RUNNING;
    int64_t decision = 100;
    while (!outcome) {
        int action;
        if (lp_env_oracle(env, &action, &err)) fail_msg("%s", err.message);
        outcome = lp_env_step(env, action);
        lp_sheet_note(&sheet, env, ++decision, outcome, on_line, &heard);
        v = lp_sheet_view(&sheet);
        int64_t phase;
        assert_true(lp_env_variable(env, "phase", &phase));
        assert_int_equal(v->variables[0].value, phase);
        if (decision == 104) assert_int_equal(v->variables[0].age, 0); /* the corridor begins */
        if (decision == 106) assert_int_equal(v->variables[0].age, 2);
    }
    assert_int_equal(outcome, LP_WIN);
    assert_true(v->ended && v->won);
    assert_string_equal(v->outcome, "win");
    assert_non_null(strstr(v->events[0], "the episode ends: win, after 8 decisions"));
    assert_non_null(strstr(v->events[1], "108: Opened the door"));
    assert_string_equal(v->events[0], heard.last);
    int shown = v->n_events;
    for (int i = 0; i < 40; i++) lp_sheet_note(&sheet, env, ++decision, LP_LOSS, on_line, &heard); /* the oldest go */
    v = lp_sheet_view(&sheet);
    assert_true(shown < LP_VIEW_MAX_EVENTS && v->n_events == LP_VIEW_MAX_EVENTS);
    assert_string_equal(v->events[0], heard.last);
    lp_env_close(env);
    lp_game_close(game);
    game = open_game("busy"); /* nothing declared */
    if (lp_env_open(&env, game, NULL, &err) || lp_env_reset(env, 4, NULL, 0, &err)) fail_msg("%s", err.message);
    if (lp_sheet_open(&sheet, game, NULL, &err)) fail_msg("%s", err.message);
    lp_sheet_note(&sheet, env, 0, LP_RUNNING, NULL, NULL);
    assert_non_null(strstr(lp_sheet_view(&sheet)->outcome, "no outcome"));
    assert_int_equal(lp_sheet_view(&sheet)->n_variables, 0);
    lp_env_close(env);
    lp_game_close(game);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_buttons_are_the_best_action),
        cmocka_unit_test(keys_are_buttons),
        cmocka_unit_test_setup_teardown(what_is_played_is_recorded, make_root, remove_root),
        cmocka_unit_test(sheet_follows_the_game),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
