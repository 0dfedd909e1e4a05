/* longplay movie: BizHawk's and stable-retro's .bk2 movies, in and out.
 *
 * An import plays the movie on our machine and records what happens as a run. Our own movies bring hashes of the machine and
 * are verified by them; of another emulator's, the game can say whether it was won. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/stop.h"
#include "harness/choose.h"
#include "harness/run_import.h"
#include "saves/bk2.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHA1_DIGITS = 40, SAY_EVERY = 4096, HASH_EVERY_FRAMES = 256, STATE_EVERY_FRAMES = 1024 };

_Static_assert(LP_KEY_A == 1 && LP_KEY_B == 2 && LP_KEY_SELECT == 4 && LP_KEY_START == 8 && LP_KEY_RIGHT == 16 && LP_KEY_LEFT == 32 &&
                   LP_KEY_UP == 64 && LP_KEY_DOWN == 128 && LP_KEY_R == 256 && LP_KEY_L == 512,
               "the order of keys in saves/bk2.h");
_Static_assert(1 << (LP_MODEL_DMG - 1) == LP_BK2_DMG && 1 << (LP_MODEL_SGB - 1) == LP_BK2_SGB && 1 << (LP_MODEL_CGB - 1) == LP_BK2_CGB &&
                   1 << (LP_MODEL_AGB - 1) == LP_BK2_AGB,
               "the order of models in saves/bk2.h");

typedef struct {
    const char *positional[3]; /* what, and its two arguments */
    int n_positional;
    const char *run, *game, *model;
    int64_t skip;
    bool json;
} arguments;

/* ---- import ---- */

typedef struct {
    const arguments *a;
    const char *path;  /* of the movie */
    lp_bk2 *movie;     /* owned */
    lp_game *game;     /* owned */
    lp_import *import; /* owned */
    lp_run_totals totals;
    bool desynced;
    char unsure[200]; /* what could not be checked; "": nothing */
} importing;

/* Is the movie for this ROM? */
static lp_status check_rom(importing *m, lp_err *err) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    char sha1[SHA1_DIGITS + 1];
    size_t size;
    const void *rom = lp_game_rom(m->game, &size);
    const char *ours = lp_system_name(lp_game_system(m->game));
    if (!strcmp(i->system, "GBA") != !strcmp(ours, "GBA"))
        return lp_fail(err, LP_BAD_INPUT, "%s: a movie for the %s, %s is for the %s", m->path, i->system, lp_game_name(m->game), ours);
    lp_sha1_hex(rom, size, sha1);
    if (strlen(i->checksum) == SHA1_DIGITS && strcasecmp(i->checksum, sha1))
        return lp_fail(err, LP_BAD_INPUT, "%s: was recorded with the ROM with SHA-1 %s ('%.60s'), that of %s is %s", m->path, i->checksum,
                       i->game, lp_game_name(m->game), sha1);
    if (i->ours && i->rom_hash != lp_hash64(rom, size))
        return lp_fail(err, LP_BAD_INPUT, "%s: was recorded with another ROM than that of %s", m->path, lp_game_name(m->game));
    if (strlen(i->checksum) != SHA1_DIGITS)
        snprintf(m->unsure, sizeof m->unsure, "it has no SHA-1 of its ROM, so whether it is for this one is not known");
    return LP_OK;
}

static lp_status refuse_console(const importing *m, const lp_bk2_claim *c, unsigned consoles, lp_err *err) {
    lp_model theirs = LP_MODEL_DMG;
    while (!(consoles & 1u << (theirs - 1))) theirs++;
    return lp_fail(err, LP_BAD_INPUT, "%s: was recorded on another console: it says %s, and %s is played on a %s; try --model %s", m->path,
                   c->text, lp_game_name(m->game), lp_model_name(lp_game_model(m->game)), lp_model_name(theirs));
}

/* Was the movie recorded on the console that we play the game on? Of what it says, what is sure counts, and else the rest. */
static lp_status check_claims(const importing *m, lp_err *err) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    lp_model own = lp_game_own_model(m->game);
    unsigned ours = 1u << (lp_game_model(m->game) - 1);
    bool sure = false;
    for (int k = 0; k < i->n_claims; k++) sure |= i->claims[k].sure;
    for (int k = 0; k < i->n_claims; k++) {
        const lp_bk2_claim *c = &i->claims[k];
        unsigned consoles = c->consoles & LP_BK2_OWN ? 1u << (own - 1) : c->consoles;
        if (c->sure != sure || consoles & ours) continue;
        bool maybe = !sure && own == LP_MODEL_CGB && ours & (LP_BK2_CGB | LP_BK2_AGB);
        if (!maybe) return refuse_console(m, c, consoles, err);
        lp_warn("%s: says %s, which older BizHawk wrote of Game Boy Color games too: played on a %s; --model dmg plays it on a Game Boy",
                m->path, c->text, lp_model_name(lp_game_model(m->game)));
    }
    return LP_OK;
}

/* Our own movies know their model, and are verified by hashes. */
static lp_status check_console(const importing *m, lp_err *err) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    lp_model chosen = lp_game_model(m->game);
    if (i->ours) {
        lp_model theirs = chosen;
        lp_status status = *i->our_model ? lp_model_parse(&theirs, i->our_model, err) : LP_OK;
        if (status) return lp_fail_prefix(err, status, "%s: Longplay.txt: model", m->path);
        if (m->a->model && theirs != chosen)
            return lp_fail(err, LP_BAD_INPUT, "--model %s: %s was recorded on a %s", m->a->model, m->path, i->our_model);
        return lp_game_set_model(m->game, theirs, err);
    }
    return check_claims(m, err);
}

static lp_status open_import(importing *m, lp_err *err) {
    lp_run_config config;
    lp_run_config_init(&config);
    lp_status status = lp_bk2_open(&m->movie, m->path, err);
    if (!status) status = lp_game_open(&m->game, m->a->positional[2], err);
    if (!status) status = lp_choose_model(m->game, m->a->model, err);
    if (!status) status = lp_lasting_game(config.game, sizeof config.game, m->a->positional[2], err);
    if (!status) status = check_rom(m, err);
    if (!status) status = check_console(m, err);
    if (status) return status;
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    if (m->a->skip && (i->ours || (uint64_t)m->a->skip >= i->n_frames))
        return lp_fail(err, LP_BAD_INPUT, "--skip %lld: %s", (long long)m->a->skip,
                       i->ours ? "a movie of Longplay's own is played whole" : "the movie has no more frames than that");
    config.seed = i->seed <= UINT32_MAX ? (int64_t)i->seed : 0;
    if (!i->ours) config.hash_every = HASH_EVERY_FRAMES, config.state_every = STATE_EVERY_FRAMES;
    return lp_import_open(&m->import, m->a->run, m->game, &config, i->frame_skip, err);
}

static lp_status play_movie(importing *m, lp_err *err) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    int64_t skip = m->a->skip, n = 0;
    bool end = false;
    lp_movie_op op;
    lp_err inner;
    lp_status status = LP_OK, stopped = LP_OK;
    while (!(stopped = lp_stop_check(err)) && !(status = lp_bk2_next(m->movie, &op, &end, err)) && !end) {
        if (op.kind == LP_MOVIE_DECISION && skip > 0) {
            skip--;
            continue;
        }
        if ((status = lp_import_op(m->import, &op, &inner))) break;
        if (++n % SAY_EVERY == 0)
            lp_progress("importing: frame %llu of %llu", (unsigned long long)lp_bk2_frame(m->movie), (unsigned long long)i->n_frames);
    }
    lp_progress_end();
    if (stopped) return stopped;
    if (!status || end) return status;
    m->desynced = op.kind == LP_MOVIE_HASH && status == LP_FAILED;
    bool other = m->desynced && strcmp(i->our_core, lp_emu_core_version());
    return lp_fail(err, status, "%s: %sat frame %llu: %s%s%s%s", m->path, m->desynced ? "desynced " : "",
                   (unsigned long long)lp_bk2_frame(m->movie), inner.message, other ? "; it was recorded on " : "",
                   other ? i->our_core : "", other ? ", this is another core" : "");
}

/* A movie without hashes that does not win a game that can be won has desynced, as far as anyone can tell. */
static void judge(importing *m) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    bool winnable = lp_import_can_win(m->import);
    m->desynced = !i->n_hashes && winnable && !m->totals.wins;
    if (!i->n_hashes && !winnable && !*m->unsure)
        snprintf(m->unsure, sizeof m->unsure, "it has no hashes and the game declares no win, so whether it desynced is not known");
    if (i->firmware && !m->a->skip && !i->n_hashes)
        lp_warn("%s: was recorded with a console's boot ROM, which Longplay does not run: --skip drops its frames", m->path);
}

static cJSON *import_json(const importing *m) {
    const lp_bk2_info *i = lp_bk2_about(m->movie);
    char hash[24];
    cJSON *o = cJSON_CreateObject();
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)m->totals.state_hash);
    cJSON_AddStringToObject(o, "run", m->a->run);
    cJSON_AddStringToObject(o, "movie", m->path);
    cJSON_AddStringToObject(o, "game", lp_game_name(m->game));
    cJSON_AddStringToObject(o, "model", lp_model_name(lp_game_model(m->game)));
    cJSON_AddStringToObject(o, "emulator", i->emulator);
    cJSON_AddStringToObject(o, "core", i->core);
    cJSON_AddStringToObject(o, "author", i->author);
    cJSON_AddNumberToObject(o, "frames", (double)m->totals.frames);
    cJSON_AddNumberToObject(o, "decisions", (double)m->totals.decisions);
    cJSON_AddNumberToObject(o, "wins", (double)m->totals.wins);
    cJSON_AddNumberToObject(o, "losses", (double)m->totals.losses);
    cJSON_AddNumberToObject(o, "hashes", (double)i->n_hashes);
    cJSON_AddBoolToObject(o, "verified", i->n_hashes > 0);
    cJSON_AddBoolToObject(o, "desynced", m->desynced);
    if (*m->unsure) cJSON_AddStringToObject(o, "unsure", m->unsure);
    cJSON_AddStringToObject(o, "state_hash", hash);
    return o;
}

static lp_status import_movie(const arguments *a, cJSON **o, lp_err *err) {
    importing m = {.a = a, .path = a->positional[1]};
    if (!a->run) return lp_fail(err, LP_BAD_INPUT, "movie import: needs --run DIR, a folder for the run");
    lp_stop_catch();
    lp_status status = open_import(&m, err);
    if (!status) status = play_movie(&m, err);
    if (!status) m.totals = lp_import_counts(m.import);
    if (!status) status = lp_import_keep(m.import, err);
    if (!status) {
        const lp_bk2_info *i = lp_bk2_about(m.movie);
        judge(&m);
        *o = import_json(&m);
        if (!a->json)
            printf("%s: %llu frames played, %lld won, %lld lost; machine state %016llx\n", m.path, (unsigned long long)m.totals.frames,
                   (long long)m.totals.wins, (long long)m.totals.losses, (unsigned long long)m.totals.state_hash);
        if (!a->json && i->n_hashes) printf("verified: %llu machine hashes agree\n", (unsigned long long)i->n_hashes);
        if (!a->json) printf("recorded in %s; longplay replay %s shows it\n", a->run, a->run);
        if (*m.unsure) lp_warn("%s: %s", m.path, m.unsure);
        if (m.desynced)
            status = lp_fail(err, LP_FAILED, "%s: desynced: its %llu frames end without a win of %s; what was played is in %s", m.path,
                             (unsigned long long)m.totals.frames, lp_game_name(m.game), a->run);
    }
    lp_import_close(m.import);
    lp_bk2_close(m.movie);
    lp_game_close(m.game);
    return status;
}

/* ---- export ---- */

static const lp_file_kind bk2_kind = {"a .bk2 movie (ZIP)", {"PK\3\4"}};

static lp_status export_run(const arguments *a, cJSON **o, lp_err *err) {
    const char *run = a->positional[1], *path = a->positional[2];
    char movie[PATH_MAX], sha1[SHA1_DIGITS + 1];
    lp_run_config config;
    lp_run_totals saved;
    lp_bk2_totals totals;
    lp_game *game = NULL;
    bool playing;
    size_t size;
    if (a->run || a->skip || a->model) return lp_fail(err, LP_BAD_INPUT, "movie export: takes neither --run, --skip nor --model");
    lp_status status = lp_file_check_writable(path, &bk2_kind, err);
    if (!status) status = lp_run_config_read(&config, run, err);
    if (!status) status = lp_run_peek(run, &saved, &playing, err);
    if (!status) status = lp_run_game(&game, &config, a->game, err);
    if (status) return status;
    const void *rom = lp_game_rom(game, &size);
    lp_run_config now = config;
    lp_run_identify(&now, game, NULL);
    lp_sha1_hex(rom, size, sha1);
    if (strcmp(now.rom_hash, config.rom_hash))
        status = lp_fail(err, LP_BAD_INPUT, "%s: was recorded with another ROM than that of %s", run, lp_game_name(game));
    lp_bk2_export e = {.system = lp_system_name(lp_game_system(game)),
                       .game = lp_game_name(game),
                       .model = lp_model_name(lp_game_model(game)),
                       .sha1 = sha1,
                       .n_decisions = (uint64_t)saved.decisions,
                       .final_hash = saved.state_hash};
    if (!status) status = lp_bk2_write(path, lp_path_join(movie, sizeof movie, run, "movie.lpm"), &e, &totals, err);
    if (!status) {
        *o = cJSON_CreateObject();
        cJSON_AddStringToObject(*o, "run", run);
        cJSON_AddStringToObject(*o, "movie", path);
        cJSON_AddNumberToObject(*o, "frames", (double)totals.n_frames);
        cJSON_AddNumberToObject(*o, "decisions", (double)totals.n_decisions);
        cJSON_AddNumberToObject(*o, "episodes", (double)totals.n_episodes);
        cJSON_AddNumberToObject(*o, "hashes", (double)totals.n_hashes);
    }
    if (!status && !a->json)
        printf("%s: %llu decisions in %llu frames, with %llu machine hashes, written to %s\n", run, (unsigned long long)totals.n_decisions,
               (unsigned long long)totals.n_frames, (unsigned long long)totals.n_hashes, path);
    lp_game_close(game);
    return status;
}

/* ---- the command ---- */

static void more_help(void) {
    printf("\n  %-34s %s\n  %-34s %s\n", "import FILE.bk2 GAME|ROM --run DIR",
           "plays a movie of BizHawk, stable-retro or Longplay, and records it as a run", "export RUN FILE.bk2",
           "writes a run as a movie that they read too");
    printf(
        "\nThe exit code of an import is 1 when the movie desyncs: when its own hashes differ from the machine's or, where it has none,\n"
        "when it ends without winning a GAME that can be won. docs/runs.md says what can make a movie of another emulator desync.\n");
}

int lp_cmd_movie(int argc, char **argv) {
    arguments a = {0};
    const lp_option options[] = {
        {.name = "run", .value = "DIR", .help = "import: the new run's folder", .text = &a.run},
        {.name = "skip",
         .value = "FRAMES",
         .help = "import: leave out the first frames, those of a boot ROM (0)",
         .number = &a.skip,
         .min = 0,
         .max = LP_BK2_MAX_FRAMES},
        {.name = "model", .value = LP_MODEL_CHOICES, .help = "import: the console that it is played on (the game's own)", .text = &a.model},
        {.name = "game", .value = "GAME|ROM", .help = "export: where the ROM is now, if it was moved", .text = &a.game},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "movie",
                            .arguments = "import FILE.bk2 GAME|ROM | export RUN FILE.bk2",
                            .summary = "Takes over movies of other emulators, and makes them.",
                            .example = "longplay movie export runs/first first.bk2",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 3,
                            .max_positional = 3,
                            .positional = a.positional,
                            .n_positional = &a.n_positional,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    cJSON *o = NULL;
    bool import = !strcmp(a.positional[0], "import");
    if (!import && strcmp(a.positional[0], "export"))
        return lp_report(lp_fail(&err, LP_BAD_INPUT, "movie '%s': must be import or export", a.positional[0]), &err);
    lp_status status = import ? import_movie(&a, &o, &err) : export_run(&a, &o, &err);
    if (status) lp_report(status, &err);
    int printed = 0;
    if (status && !o && lp_stop_asked()) return 128 + lp_stop_asked(); /* nothing was kept */
    if (o && a.json) printed = lp_print_json(o);
    else cJSON_Delete(o);
    return status ? (int)status : printed;
}
