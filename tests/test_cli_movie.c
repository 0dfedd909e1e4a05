/* longplay movie as its users meet it: what was played goes out and comes back to the same machine state; movies of other
 * emulators are played, verified or refused; stable-retro reads what we write. */
#include "tests/cli_support.h"

#include "base/hash.h"
#include "saves/bk2.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <zip.h>

static const char *const roms[] = {LP_SOURCE_DIR "/games/cue/cue.gb", LP_SOURCE_DIR "/games/roms/busy.gb",
                                   LP_SOURCE_DIR "/games/roms/orbit.gba"};
enum { N_ROMS = sizeof roms / sizeof *roms };

/* ---- helpers ---- */

static cJSON *json(result r, int code) {
    cJSON *o = cJSON_Parse(r.out);
    if (r.code != code || !cJSON_IsObject(o)) fail_msg("exit %d (want %d), out '%s', err '%s'", r.code, code, r.out, r.err);
    return o;
}

static const char *text(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsString(v)) fail_msg("no text '%s'", name);
    return v->valuestring;
}

static double number(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsNumber(v)) fail_msg("no number '%s'", name);
    return v->valuedouble;
}

static lp_blob bytes_of(const char *path) {
    lp_blob blob;
    lp_err err;
    if (lp_file_read(&blob, path, 64 << 20, &err)) fail_msg("%s", err.message);
    return blob;
}

/* Puts text into the archive under that name, instead of what it has; NULL: removes it. */
static void change(const char *path, const char *name, const char *content) {
    int why;
    zip_t *zip = zip_open(path, 0, &why);
    assert_non_null(zip);
    if (content) assert_true(zip_file_add(zip, name, zip_source_buffer(zip, content, strlen(content), 0), ZIP_FL_OVERWRITE) >= 0);
    else assert_int_equal(zip_delete(zip, (zip_uint64_t)zip_name_locate(zip, name, 0)), 0);
    if (zip_close(zip)) fail_msg("%s", zip_strerror(zip));
}

/* A text of the archive; to be freed. */
static char *content_of(const char *path, const char *name) {
    int why;
    zip_stat_t st;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &why);
    assert_non_null(zip);
    assert_int_equal(zip_stat(zip, name, 0, &st), 0);
    char *all = calloc(1, st.size + 1);
    zip_file_t *file = zip_fopen(zip, name, 0);
    assert_true(all && file && zip_fread(file, all, st.size) == (zip_int64_t)st.size);
    zip_fclose(file);
    zip_discard(zip);
    return all;
}

/* Writes content with the first `from` in it become `to`. */
static void replace(const char *path, const char *name, const char *from, const char *to) {
    char *all = content_of(path, name), *at_from = strstr(all, from);
    if (!at_from) fail_msg("%s has no '%s'", name, from);
    char *changed = calloc(1, strlen(all) + strlen(to) + 1);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(at_from - all), all, to, at_from + strlen(from));
    change(path, name, changed);
    free(all), free(changed);
}

static void copy_file(const char *to, const char *from) {
    lp_blob blob = bytes_of(from);
    put(to, blob.data, blob.size_bytes);
    lp_blob_free(&blob);
}

/* Nothing in the test's folder begins with name. */
static void expect_nothing(const char *name) {
    DIR *dir = opendir(root);
    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir));)
        if (!strncmp(d->d_name, name, strlen(name))) fail_msg("%s was left", d->d_name);
    closedir(dir);
}

static void expect_same_bytes(const char *a, const char *b) {
    lp_blob x = bytes_of(a), y = bytes_of(b);
    assert_int_equal(x.size_bytes, y.size_bytes);
    assert_memory_equal(x.data, y.data, x.size_bytes);
    lp_blob_free(&x), lp_blob_free(&y);
}

static void expect_ok_run(result r) {
    if (r.code) fail_msg("exit %d, out '%s', err '%s'", r.code, r.out, r.err);
}

/* ---- there and back ---- */

/* Plays, exports, imports; what came back verifies, and goes out as the same bytes. */
static void there_and_back(const char *play, const char *game) {
    char hash[32];
    cJSON *played = json(longplay("play %s --headless --run %%/run --json", play), 0);
    snprintf(hash, sizeof hash, "%s", text(played, "state_hash"));
    cJSON *out = json(longplay("movie export %%/run %%/a.bk2 --json"), 0);
    assert_true(number(out, "decisions") == number(played, "decisions") && number(out, "frames") == number(played, "frames"));
    assert_true(number(out, "hashes") > 1);
    cJSON *back = json(longplay("movie import %%/a.bk2 %s --run %%/back --json", game), 0);
    assert_string_equal(text(back, "state_hash"), hash);
    assert_true(number(back, "decisions") == number(played, "decisions") && number(back, "frames") == number(played, "frames"));
    assert_true(number(back, "wins") == number(played, "wins") && number(back, "losses") == number(played, "losses"));
    assert_true(number(back, "hashes") == number(out, "hashes"));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(back, "verified")) && cJSON_IsFalse(cJSON_GetObjectItem(back, "desynced")));
    cJSON *replayed = json(longplay("replay %%/back --verify --json"), 0);
    assert_string_equal(text(replayed, "state_hash"), hash);
    assert_true(number(replayed, "decisions") == number(played, "decisions") && number(replayed, "hashes") >= number(out, "hashes"));
    expect_ok_run(longplay("movie export %%/back %%/b.bk2"));
    expect_same_bytes(at("a.bk2"), at("b.bk2"));
    cJSON_Delete(played), cJSON_Delete(out), cJSON_Delete(back), cJSON_Delete(replayed);
    remove_tree(at("run")), remove_tree(at("back"));
}

static void test_cue(void **state) {
    (void)state;
    there_and_back("cue --policy random --episodes 6 --set horizon=40 --seed 3", "cue");
    there_and_back("cue --policy oracle --episodes 2 --set horizon=90", "cue");
    there_and_back("cue --policy random --decisions 77", "cue"); /* ends amid an episode */
}

static void test_bare_roms(void **state) {
    (void)state;
    for (int i = 0; i < N_ROMS; i++) {
        char play[512];
        snprintf(play, sizeof play, "%s --decisions 700 --seed %d", roms[i], i);
        there_and_back(play, roms[i]);
    }
}

/* A run that is being recorded, or was killed, goes out up to its last checkpoint. */
static void test_killed_run(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("play cue --policy random --headless --episodes 0 --run %/run", NULL, out, err);
    while (!lp_file_exists(at("run"))) usleep(10000); /* it appears whole */
    for (bool some = false; !some; usleep(10000)) {
        cJSON *o = json(longplay("info %%/run --json"), 0);
        some = number(o, "decisions") > 300;
        cJSON_Delete(o);
    }
    expect_ok_run(longplay("movie export %%/run %%/live.bk2"));
    kill(child, SIGKILL);
    assert_int_equal(finish(child, out, err).code, -SIGKILL);
    cJSON *exported = json(longplay("movie export %%/run %%/a.bk2 --json"), 0);
    cJSON *back = json(longplay("movie import %%/a.bk2 cue --run %%/back --json"), 0), *info = json(longplay("info %%/run --json"), 0);
    assert_string_equal(text(back, "state_hash"), text(info, "state_hash"));
    assert_true(number(back, "decisions") == number(info, "decisions") && number(exported, "decisions") == number(info, "decisions"));
    cJSON_Delete(exported), cJSON_Delete(back), cJSON_Delete(info);
    expect_ok_run(longplay("movie import %%/live.bk2 cue --run %%/live"));
}

/* ---- desyncing ---- */

static void test_desync(void **state) {
    (void)state;
    expect_ok_run(longplay("play cue --policy random --headless --episodes 3 --set horizon=100 --run %%/run"));
    expect_ok_run(longplay("movie export %%/run %%/a.bk2"));
    copy_file(at("b.bk2"), at("a.bk2"));
    char *events = content_of(at("b.bk2"), "Longplay.txt"), *hash = strstr(events, " hash ");
    assert_non_null(hash);
    hash[6] = hash[6] == '0' ? '1' : '0';
    change(at("b.bk2"), "Longplay.txt", events);
    free(events);
    result r = longplay("movie import %%/b.bk2 cue --run %%/back");
    expect_refused(r, 1, "desynced at frame", "another hash");
    assert_non_null(strstr(r.err, "differs at decision 64"));
    assert_non_null(strstr(r.err, "all agreed up to decision 0"));
    assert_null(strstr(r.err, "another core"));
    replace(at("b.bk2"), "Longplay.txt", "core mGBA", "core mgba");
    r = longplay("movie import %%/b.bk2 cue --run %%/back");
    expect_refused(r, 1, "recorded on mgba", "another core");
    copy_file(at("b.bk2"), at("a.bk2"));
    replace(at("b.bk2"), "Longplay.txt", "poke c0a4 64", "poke c0a4 65"); /* another horizon */
    expect_refused(longplay("movie import %%/b.bk2 cue --run %%/back"), 1, "desynced at frame", "another poke");
    expect_nothing("back");
}

/* A game that is won once the machine is on: the timer register counts. Or never. */
static void make_game(const char *folder, const char *reference) {
    char content[512];
    lp_err err;
    if (lp_make_dirs(at(folder), &err)) fail_msg("%s", err.message);
    char path[PATH_MAX];
    copy_file(lp_path_join(path, sizeof path, at(folder), "rom.gb"), roms[0]);
    snprintf(content, sizeof content, "{\"win\": {\"variables\": {\"divider\": {\"op\": \"%s\", \"reference\": 0}}}}", reference);
    put(lp_path_join(path, sizeof path, at(folder), "longplay.json"), content, strlen(content));
    static const char data[] = "{\"info\": {\"divider\": {\"address\": 65284, \"type\": \"|u1\"}}}";
    put(lp_path_join(path, sizeof path, at(folder), "data.json"), data, strlen(data));
}

/* A movie of another emulator: frames with these keys, of cue's ROM. */
static void make_foreign(const char *path, int frames) {
    char *log = calloc(1, (size_t)frames * 14 + 256), *end = log, sha1[41], head[256];
    lp_blob rom = bytes_of(roms[0]);
    int why;
    assert_non_null(log);
    lp_sha1_hex(rom.data, rom.size_bytes, sha1);
    lp_blob_free(&rom);
    snprintf(head, sizeof head, "MovieVersion BizHawk v2.0.0\r\nPlatform GB\r\nSHA1 %s\r\nGameName cue\r\nemuVersion Version 2.9.1\r\n",
             sha1);
    end += sprintf(end, "[Input]\r\nLogKey:#Up|Down|Left|Right|Start|Select|B|A|Power|\r\n");
    for (int i = 0; i < frames; i++) end += sprintf(end, "|%c%c%c......|\r\n", i % 3 ? '.' : 'U', i % 5 ? '.' : 'D', i % 7 ? '.' : 'L');
    sprintf(end, "[/Input]\r\n");
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    assert_non_null(zip);
    assert_true(zip_file_add(zip, "Header.txt", zip_source_buffer(zip, head, strlen(head), 0), 0) >= 0);
    assert_true(zip_file_add(zip, "Input Log.txt", zip_source_buffer(zip, log, strlen(log), 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
    free(log);
}

static void test_foreign(void **state) {
    (void)state;
    make_foreign(at("f.bk2"), 1000);
    make_game("won", "greater-than");
    make_game("never", "negative");
    result r = longplay("movie import %%/f.bk2 %%/won --run %%/r1 --json");
    cJSON *won = json(r, 0);
    assert_true(number(won, "wins") == 1 && number(won, "frames") == 1000 && number(won, "decisions") == 1000 &&
                number(won, "hashes") == 0);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(won, "verified")) && cJSON_IsFalse(cJSON_GetObjectItem(won, "desynced")));
    assert_string_equal(text(won, "emulator"), "Version 2.9.1");
    if (*r.err) fail_msg("'%s'", r.err);
    r = longplay("movie import %%/f.bk2 %%/never --run %%/r2 --json");
    cJSON *never = json(r, 1);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(never, "desynced")));
    assert_string_equal(text(never, "state_hash"), text(won, "state_hash"));
    if (lines(r.err) != 1 || !strstr(r.err, "end without a win of never")) fail_msg("'%s'", r.err);
    cJSON *again = json(longplay("replay %%/r2 --verify --json"), 0); /* what was played is there all the same */
    assert_string_equal(text(again, "state_hash"), text(won, "state_hash"));
    r = longplay("movie import %%/f.bk2 %s --run %%/r3 --json", roms[0]);
    cJSON *bare = json(r, 0);
    assert_non_null(strstr(text(bare, "unsure"), "whether it desynced is not known"));
    assert_true(lines(r.err) == 1 && strstr(r.err, "is not known"));
    cJSON *skipped = json(longplay("movie import %%/f.bk2 %s --run %%/r4 --skip 900 --json", roms[0]), 0);
    assert_true(number(skipped, "frames") == 100 && strcmp(text(skipped, "state_hash"), text(bare, "state_hash")));
    cJSON_Delete(won), cJSON_Delete(never), cJSON_Delete(again), cJSON_Delete(bare), cJSON_Delete(skipped);
    change(at("f.bk2"), "Header.txt", "Platform GB\nGB_Firmware_World 4ED31EC6B0B175BB109C0EB5FD3D193DA823339F\n");
    r = longplay("movie import %%/f.bk2 %s --run %%/r5", roms[0]);
    if (r.code || !strstr(r.err, "boot ROM") || !strstr(r.err, "no SHA-1 of its ROM")) fail_msg("exit %d, err '%s'", r.code, r.err);
}

/* ---- refusals ---- */

static void test_refused(void **state) {
    (void)state;
    make_foreign(at("f.bk2"), 100);
    expect_ok_run(longplay("play cue --policy random --headless --episodes 1 --set horizon=20 --run %%/run"));
    expect_ok_run(longplay("movie export %%/run %%/a.bk2"));
    copy_file(at("gba.bk2"), at("f.bk2"));
    change(at("gba.bk2"), "Header.txt", "Platform GBA\n");
    copy_file(at("state.bk2"), at("f.bk2"));
    change(at("state.bk2"), "Core.bin", "state");
    copy_file(at("cut.bk2"), at("f.bk2"));
    assert_int_equal(truncate(at("cut.bk2"), 200), 0);
    put(at("text.bk2"), "hello", 5);
    put(at("taken"), "x", 1);
    char orders[][512] = {"movie import %/f.bk2 cue",
                          "movie import %/none.bk2 cue --run %/new",
                          "movie import % cue --run %/new",
                          "movie import %/f.bk2 nosuch --run %/new",
                          "movie import %/text.bk2 cue --run %/new",
                          "movie import %/cut.bk2 cue --run %/new",
                          "movie import %/state.bk2 cue --run %/new",
                          "movie import %/gba.bk2 cue --run %/new",
                          "",
                          "",
                          "movie import %/f.bk2 cue --run %/new --skip 100",
                          "movie import %/a.bk2 cue --run %/new --skip 1",
                          "movie import %/f.bk2 cue --run %/taken",
                          "movie import %/f.bk2 cue --run %/run",
                          "movie export %/none %/new.bk2",
                          "movie export %/run %/new.bk2 --run x",
                          "movie export %/run %/new.bk2 --skip 3",
                          "",
                          "movie nonsense a b",
                          "movie import",
                          "movie"};
    const char *says[] = {"needs --run",
                          "none.bk2",
                          "not a regular file",
                          "nosuch",
                          "no .bk2 movie",
                          "no .bk2 movie",
                          "from a savestate",
                          "a movie for the GBA",
                          "was recorded with the ROM with SHA-1",
                          "is for the GBA",
                          "no more frames",
                          "played whole",
                          "taken",
                          "is there already",
                          "none",
                          "takes neither",
                          "takes neither",
                          "another ROM",
                          "must be import or export",
                          "needs",
                          "needs"};
    snprintf(orders[8], sizeof *orders, "movie import %%/f.bk2 %s --run %%/new", roms[1]);
    snprintf(orders[9], sizeof *orders, "movie import %%/f.bk2 %s --run %%/new", roms[2]);
    snprintf(orders[17], sizeof *orders, "movie export %%/run %%/new.bk2 --game %s", roms[1]);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        expect_refused(longplay("%s", orders[i]), 2, says[i], orders[i]);
        expect_nothing("new");
    }
    expect_ok_run(longplay("movie import %%/a.bk2 cue --run %%/back"));
    expect_refused(longplay("play --run %%/back --resume"), 2, "can be replayed, not resumed", "resume");
    result r = longplay("info %%/back");
    if (r.code || !strstr(r.out, "movie")) fail_msg("'%s' '%s'", r.out, r.err);
}

/* A full disk at any moment: one line, exit code 1, nothing left. */
static void test_full_disk(void **state) {
    (void)state;
    char fault[64];
    expect_ok_run(longplay("play cue --policy random --headless --decisions 900 --run %%/run"));
    expect_ok_run(longplay("movie export %%/run %%/a.bk2"));
    int stops = 0;
    for (int room = 0; room < 1000000; room += 9777, stops++) {
        snprintf(fault, sizeof fault, "LONGPLAY_FAULT_BYTES=%d", room);
        result r = run_with(fault, "movie import %/a.bk2 cue --run %/back");
        if (!r.code) break;
        expect_refused(r, 1, "No space left", fault);
        expect_nothing("back");
    }
    assert_true(stops > 5 && lp_file_exists(at("back")));
    expect_ok_run(longplay("movie export %%/run %%/a.bk2")); /* over its like, and over nothing else */
    expect_refused(longplay("movie export %%/run %%/run/movie.lpm"), 2, "movie.lpm: is not a .bk2 movie (ZIP): it is not overwritten",
                   "a run");
    expect_refused(longplay("movie export %%/run %%/no/b.bk2"), 2, "no/b.bk2: cannot write", "no such folder");
    expect_refused(run_with("LONGPLAY_FAULT_BYTES=300", "movie export %/run %/b.bk2"), 1, "No space left", "export");
    expect_nothing("b.bk2");
}

/* ---- stable-retro ---- */

/* What stable-retro reads: a number for all keys of all frames, in the order of keys that it has for the console. */
static uint64_t sum_of(const char *path, uint64_t *n_frames) {
    static const int order[] = {1, -1, 2, 3, 6, 7, 5, 4, 0, -1, 9, 8}; /* B, -, Select, Start, Up, Down, Left, Right, A, -, L, R */
    lp_bk2 *b;
    lp_movie_op op;
    lp_err err;
    bool end = false;
    uint64_t sum = 0, frame = 0;
    if (lp_bk2_open(&b, path, &err)) fail_msg("%s", err.message);
    while (!lp_bk2_next(b, &op, &end, &err) && !end)
        for (uint32_t i = 0; (op.kind == LP_MOVIE_KEYS || op.kind == LP_MOVIE_DECISION) && i < op.n_frames; i++) {
            uint64_t mask = 0;
            for (int k = 0; k < 12; k++)
                if (order[k] >= 0 && op.keys >> order[k] & 1) mask |= (uint64_t)1 << k;
            sum = (sum * 1000003 + mask) % 2147483647;
            frame++;
        }
    lp_bk2_close(b);
    *n_frames = frame;
    return sum;
}

/* SHA-1 of a Game Boy's work RAM where the movie ends on our machine. */
static void ram_after(const char *path, const char *rom_path, char sha1[41]) {
    lp_blob rom = bytes_of(rom_path);
    unsigned char ram[0x2000];
    lp_emu *emu;
    lp_bk2 *b;
    lp_movie_op op;
    lp_err err;
    bool end = false;
    if (lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, &err) || lp_bk2_open(&b, path, &err)) fail_msg("%s", err.message);
    while (!lp_bk2_next(b, &op, &end, &err) && !end)
        if (op.kind == LP_MOVIE_DECISION) lp_emu_step(emu, op.keys, (int)op.n_frames);
    for (int i = 0; i < (int)sizeof ram; i++) ram[i] = lp_emu_read8(emu, 0xC000 + (uint32_t)i);
    lp_sha1_hex(ram, sizeof ram, sha1);
    lp_bk2_close(b);
    lp_emu_close(emu);
    lp_blob_free(&rom);
}

/* Reads the movies; and plays that of the busy loop on its own core, Gambatte, to the same RAM as ours. */
static void test_stable_retro(void **state) {
    (void)state;
    static const char script[] =
        "import hashlib, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "try:\n"
        "    import numpy, stable_retro as retro\n"
        "except ImportError:\n"
        "    sys.exit(77)\n"
        "movie = retro.Movie(sys.argv[1])\n"
        "console = retro.RetroEmulator(sys.argv[2])\n"
        "data = retro.data.GameData()\n"
        "console.configure_data(data)\n"
        "frames = total = 0\n"
        "while movie.step():\n"
        "    keys = [movie.get_key(k, 0) for k in range(12)]\n"
        "    total = (total * 1000003 + sum(1 << k for k in range(12) if keys[k])) % 2147483647\n"
        "    frames += 1\n"
        "    console.set_button_mask(numpy.array(keys, numpy.uint8), 0)\n"
        "    console.step()\n"
        "blocks = data.memory.blocks\n"
        "ram = hashlib.sha1(b''.join(bytes(blocks[a]) for a in (0xc000, 0xd000))).hexdigest() if 'busy' in sys.argv[2] else '-'\n"
        "print(movie.get_game(), movie.players, len(movie.get_state()), frames, total, ram)\n";
    const char *python = getenv("LONGPLAY_PYTHON");
    if (!python) {
        print_message("skipped: LONGPLAY_PYTHON names no Python\n");
        skip();
    }
    put(at("read.py"), script, strlen(script));
    for (int i = -1; i < N_ROMS; i++) {
        char want[256], got[256] = "", command[4 * PATH_MAX], ram[41] = "-";
        const char *rom = roms[i < 0 ? 0 : i];
        uint64_t frames, sum;
        remove_tree(at("run"));
        if (i < 0) expect_ok_run(longplay("play cue --policy random --headless --episodes 3 --run %%/run"));
        else expect_ok_run(longplay("play %s --headless --decisions 500 --run %%/run", rom));
        expect_ok_run(longplay("movie export %%/run %%/a.bk2"));
        if (strstr(rom, "busy")) ram_after(at("a.bk2"), rom, ram);
        sum = sum_of(at("a.bk2"), &frames);
        snprintf(want, sizeof want, "%s 1 0 %" PRIu64 " %" PRIu64 " %s\n", i < 0 ? "cue" : strrchr(rom, '/') + 1, frames, sum, ram);
        snprintf(command, sizeof command, "'%s' '%s' '%s' '%s' 2>&1", python, at("read.py"), at("a.bk2"), rom);
        FILE *out = popen(command, "r");
        assert_non_null(out);
        size_t n = fread(got, 1, sizeof got - 1, out);
        int status = pclose(out);
        got[n] = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
            print_message("skipped: %s has no stable_retro\n", python);
            skip();
        }
        assert_string_equal(got, want);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
/* Long enough to be stopped while it is played. */
static void test_stopped(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    make_foreign(at("long.bk2"), 400000);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int out = scratch_file(), err = scratch_file();
        pid_t child = start("movie import %/long.bk2 cue --run %/run", NULL, out, err);
        wait_until_it_catches(child);
        kill(child, signals[i]);
        expect_refused(finish(child, out, err), 128 + signals[i], "stopped: nothing was kept", "a signal");
        expect_nothing("run");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_cue),       TEST(test_bare_roms),    TEST(test_killed_run),
                                       TEST(test_desync),    TEST(test_foreign),      TEST(test_refused),
                                       TEST(test_full_disk), TEST(test_stable_retro), TEST(test_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
