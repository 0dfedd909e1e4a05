/* longplay game ram GAME [SCRIPT]: the search by elimination, in a script or typed. The commands are in game_script.c. */
#include "cli/cli.h"
#include "cli/cmd_game.h"
#include "cli/game_script.h"

#include "base/file.h"
#include "cli/watch.h"
#include "harness/keyboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 22, JSON_LIST = 100 };

/* ---- play ---- */

typedef struct {
    ram_session *s;
    lp_ram_candidate candidates[SHOWN];
    char names[SHOWN][16], status[96], pressed[32];
    const char *action_name; /* pressed */
    lp_view_variable variables[SHOWN];
    lp_view_sheet sheet;
} board;

/* The candidates, live, where the window has room for them. */
static void show(void *context, lp_view *view) {
    board *b = context;
    int n = lp_ram_search_live(b->s->search, b->s->emu, 0, b->candidates, SHOWN, NULL);
    long long count = (long long)lp_ram_search_addresses(b->s->search);
    for (int i = 0; i < n; i++) {
        const lp_ram_candidate *c = &b->candidates[i];
        snprintf(b->names[i], sizeof b->names[i], "0x%04X %s", c->address, c->type->text);
        b->variables[i] = (lp_view_variable){b->names[i], c->now, c->now != c->before ? 0 : -1};
    }
    snprintf(b->status, sizeof b->status, "%lld candidates", count);
    b->sheet = (lp_view_sheet){
        .n_variables = n > 0 ? n : 0,
        .variables = b->variables,
        .outcome = b->status,
        .n_events = 2,
        .titles = {"Candidates", "Search", "Help"},
        .events = {"Marked: another value than in the last snapshot.", "Q goes back to the search; the game stays where it is."}};
    view->game = lp_game_name(b->s->game);
    view->policy = "human";
    view->frame = lp_emu_frame(b->s->emu, &view->frame_width, &view->frame_height);
    b->action_name = b->pressed;
    view->n_actions = 1;
    view->action_names = &b->action_name;
    view->human = true;
    view->sheet = &b->sheet;
}

lp_status ram_play(ram_session *s, lp_err *err) {
    lp_watch watch;
    board *b = calloc(1, sizeof *b);
    if (!b) return lp_fail(err, LP_FAILED, "out of memory for the window");
    b->s = s;
    lp_status status =
        lp_watch_open(&watch, &(lp_watch_options){.window = true, .speed = 1, .frames_per_s = LP_EMU_FRAMES_PER_S, .player = true}, err);
    while (!status && !watch.quit) {
        status = lp_watch_turn(&watch, 1, show, b, err);
        if (status || watch.quit) break;
        uint16_t keys = lp_keyboard_pad(lp_window_buttons(watch.window));
        lp_keyboard_name(keys, b->pressed, sizeof b->pressed);
        lp_emu_step(s->emu, keys, 1);
    }
    lp_watch_close(&watch);
    free(b);
    return status;
}

/* ---- lines ---- */

typedef struct {
    const char *game, *script;
    bool json;
} arguments;

/* The next line, without its newline. False: there is none. What is too long is read no further, but to its end where it was typed. */
static bool next_line(FILE *in, bool typed, char line[RAM_MAX_LINE + 1], lp_status *status, lp_err *err) {
    size_t n = 0;
    int c;
    *status = LP_OK;
    while ((c = getc(in)) != EOF && c != '\n' && n < RAM_MAX_LINE) line[n++] = (char)c;
    line[n] = 0;
    if (c != EOF && c != '\n') {
        *status = lp_fail(err, LP_BAD_INPUT, "the line is longer than %d bytes", RAM_MAX_LINE);
        while (typed && c != EOF && c != '\n') c = getc(in);
    } else if (strlen(line) != n) {
        *status = lp_fail(err, LP_BAD_INPUT, "not a line of text");
    }
    return n || c != EOF;
}

/* Every line to its end: a script stops at its first mistake, a person is told of it and goes on. */
static lp_status read_lines(ram_session *s, FILE *in, const char *name, bool typed, lp_err *err) {
    char line[RAM_MAX_LINE + 1];
    lp_status status = LP_OK;
    for (int number = 1; !status && !s->quit; number++) {
        lp_err inner;
        lp_status did;
        if (typed) fprintf(s->out, "ram> ");
        fflush(s->out);
        if (!next_line(in, typed, line, &did, &inner)) break;
        if (!did) did = ram_do(s, line, &inner);
        if (did && typed) fprintf(stderr, "%s\n", inner.message);
        else if (did) status = lp_fail(err, did, "%s:%d: %s", name, number, inner.message);
    }
    if (!status && ferror(in)) status = lp_fail(err, LP_FAILED, "%s: %s", name, strerror(errno));
    return status;
}

static lp_status open_script(FILE **in, const char *path, lp_err *err) {
    int fd = -1;
    *in = path ? NULL : stdin;
    lp_status status = path ? lp_file_open(&fd, path, err) : LP_OK;
    if (status || !path || (*in = fdopen(fd, "r"))) return status;
    close(fd);
    return lp_fail(err, LP_FAILED, "%s: out of memory", path);
}

static lp_status run(ram_session *s, const arguments *a, lp_err *err) {
    FILE *in;
    bool typed = !a->script && isatty(0);
    lp_status status = open_script(&in, a->script, err);
    if (status) return status;
    status = ram_open(s, a->game, 2, err);
    if (!status && typed)
        fprintf(s->out, "%s: %zu bytes of RAM; help lists the commands\n", lp_game_name(s->game), lp_ram_search_bytes(s->search));
    if (!status) status = read_lines(s, in, a->script ? a->script : "stdin", typed, err);
    if (a->script) fclose(in);
    return status;
}

static int print_json(ram_session *s) {
    lp_ram_candidate list[JSON_LIST];
    lp_err err;
    int n = ram_list(s, list, JSON_LIST, &err);
    if (n < 0) return lp_report(LP_FAILED, &err);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", lp_game_name(s->game));
    cJSON_AddNumberToObject(o, "ram_bytes", (double)lp_ram_search_bytes(s->search));
    cJSON_AddNumberToObject(o, "frames", (double)lp_emu_frames(s->emu));
    cJSON_AddStringToObject(o, "type", ram_type_text(s));
    cJSON_AddNumberToObject(o, "candidates", (double)lp_ram_search_addresses(s->search));
    cJSON *array = cJSON_AddArrayToObject(o, "list"); /* the first of them */
    for (int i = 0; i < n; i++) {
        cJSON *c = cJSON_CreateObject();
        cJSON_AddNumberToObject(c, "address", list[i].address);
        cJSON_AddStringToObject(c, "type", list[i].type->text);
        cJSON_AddNumberToObject(c, "now", (double)list[i].now);
        cJSON_AddNumberToObject(c, "before", (double)list[i].before);
        cJSON_AddItemToArray(array, c);
    }
    array = cJSON_AddArrayToObject(o, "saved");
    for (int i = 0; i < s->n_saved; i++) cJSON_AddItemToArray(array, cJSON_CreateString(s->saved[i]));
    return lp_print_json(o);
}

static void more_help(void) {
    printf("\nCommands, one a line; # begins a comment:\n");
    ram_help(stdout);
    printf("\nThe game is booted as longplay.json says, and then goes on only when told to. All of work RAM, high RAM and cartridge\n"
           "RAM is searched (GBA: EWRAM, IWRAM, cartridge RAM). Types: | < or > for the byte order; u, i, d (decimal, two digits a byte)\n"
           "or n (a digit a byte); bytes. A script stops at its first mistake; what it had saved by then stays.\n");
}

int lp_game_cmd_ram(int argc, char **argv) {
    const char *given[2];
    int n = 0;
    arguments a = {0};
    const lp_option options[] = {{.name = "json", .help = "print one JSON object at the end, and nothing else", .flag = &a.json}};
    const lp_usage usage = {
        .name = "game ram",
        .arguments = "GAME [SCRIPT]",
        .summary = "Finds where a game keeps a value, by elimination: play, take snapshots, say what the value did. Commands come from\n"
                   "SCRIPT, or from standard input, where you can type them.",
        .example = "printf 'step 60 A\\nfilter up\\nlist\\n' | longplay game ram games/tetris",
        .options = options,
        .n_options = 1,
        .min_positional = 1,
        .max_positional = 2,
        .positional = given,
        .n_positional = &n,
        .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    a.game = given[0];
    a.script = n > 1 ? given[1] : NULL;
    lp_err err = {{0}};
    FILE *nowhere = a.json ? fopen("/dev/null", "w") : NULL;
    ram_session *s = calloc(1, sizeof *s);
    if (!s || (a.json && !nowhere)) {
        fprintf(stderr, "longplay: out of memory\n");
        code = 1;
    } else {
        s->out = nowhere ? nowhere : stdout;
        s->can_play = lp_window_available();
        lp_status status = run(s, &a, &err);
        code = status ? lp_report(status, &err) : a.json ? print_json(s) : 0;
    }
    if (s) ram_close(s);
    if (nowhere) fclose(nowhere);
    free(s);
    return code;
}
