/* make_seeds FOLDER: what the fuzz targets start from, a folder a target, made here from valid files. */
#include "base/hash.h"
#include "saves/bk2.h"
#include "saves/demos.h"
#include "tests/cartridges.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sys/stat.h>

static const char *folder;

static char *place(const char *target, const char *name) {
    static char path[1024];
    char parent[800];
    lp_path_join(parent, sizeof parent, folder, target);
    if (mkdir(parent, 0777) && errno != EEXIST) perror(parent), exit(1);
    return lp_path_join(path, sizeof path, parent, name);
}

static void must(lp_status status, const lp_err *err) {
    if (!status) return;
    fprintf(stderr, "make_seeds: %s\n", err->message);
    exit(1);
}

/* A copy, behind a byte that tells the target what it is where there is one (first >= 0). */
static void copy(const char *target, const char *name, const char *source, int first) {
    lp_blob blob = fuzz_read(source);
    size_t n = first >= 0;
    char *bytes = malloc(blob.size_bytes + n);
    lp_err err;
    bytes[0] = (char)first;
    memcpy(bytes + n, blob.data, blob.size_bytes);
    must(lp_file_write_atomic(place(target, name), bytes, blob.size_bytes + n, &err), &err);
    free(bytes);
    lp_blob_free(&blob);
}

static void make_demos(void) {
    static const lp_demos_about about = {.rom_hash = 7, .core_version = "mGBA", .game = "cue", .frame_skip = 4, .model = 1, .n_knobs = 2};
    uint16_t keys[300];
    lp_demos *demos;
    lp_err err;
    for (int i = 0; i < 300; i++) keys[i] = (uint16_t)(i / 7 % 3);
    must(lp_demos_new(&demos, &about, &err), &err);
    for (int i = 1; i < 4; i++)
        must(lp_demos_add(demos, &(lp_demo){.seed = (uint64_t)i, .n_decisions = 100 * i, .outcome = i, .source = "oracle", .keys = keys},
                          &err),
             &err);
    must(lp_demos_write(demos, place("demos", "a.demos"), &err), &err);
    lp_demos_close(demos);
}

static void make_movies(void) {
    static const lp_movie_header header = {
        .rom_hash = 7, .core_version = "mGBA", .game = "cue", .seed = 5, .frame_skip = 4, .state_size_bytes = 64};
    static const lp_movie_config config = {.block_ops = 16, .state_spacing = 8};
    static const char state[64] = "state";
    const char *path = place("movie", "a.lpm");
    lp_movie_writer *w;
    lp_err err;
    uint64_t offset;
    unlink(path);
    must(lp_movie_create(&w, path, &header, &config, &err), &err);
    lp_movie_reset(w);
    lp_movie_poke(w, 0xC0A0, 7);
    lp_movie_keys(w, 8, 30);
    for (int i = 0; i < 60; i++) {
        lp_movie_decision(w, (uint16_t)(i / 9));
        if (i % 10 == 0) lp_movie_hash(w, (uint64_t)i);
        lp_movie_state(w, state, sizeof state);
    }
    must(lp_movie_sync(w, &offset, &err), &err);
    lp_movie_close(w);
    char movie[1024];
    snprintf(movie, sizeof movie, "%s", path);
    lp_bk2_totals totals;
    const lp_bk2_export e = {.system = "GB",
                             .model = "dmg",
                             .game = "cue",
                             .sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                             .n_decisions = 60,
                             .final_hash = 9};
    must(lp_bk2_write(place("bk2", "a.bk2"), movie, &e, &totals, &err), &err);
}

/* Each machine of fuzz_state.c: fields changed, and bytes damaged. */
static void make_states(void) {
    for (uint8_t i = 0; i < N_CARTRIDGES + 2; i++) {
        const uint8_t forged[] = {i, 0, 0x10, 0x80, 1, 0, 0, 0, 0x00, 0x4A, 0xFF, 0xFF, 0, 0},
                      damaged[] = {i, 2, 0, 0, 1, 0, 0, 0, 9, 2, 0, 0};
        char name[16];
        lp_err err;
        snprintf(name, sizeof name, "forged%d", i);
        must(lp_file_write_atomic(place("state", name), forged, sizeof forged, &err), &err);
        snprintf(name, sizeof name, "damaged%d", i);
        must(lp_file_write_atomic(place("state", name), damaged, sizeof damaged, &err), &err);
    }
}

/* Changes to what a target makes itself: behind its first bytes, which choose what is done with them. */
static void make_patches(void) {
    static const struct {
        const char *target;
        uint8_t first[2];
        size_t n;
    } targets[] = {{"env_save", {1}, 1}, {"env_save", {2}, 1}, {"memory", {3, 2}, 2}, {"memory", {1, 1}, 2}, {"learner", {1}, 1},
                   {"weights", {1}, 1},  {"seat", {0}, 0},     {"run_head", {1}, 1},  {"train", {1}, 1}};
    static const uint8_t patch[10] = {16, 0, 0, 0, 9, 60, 0, 0, 0, 1};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        uint8_t bytes[2 + sizeof patch];
        char name[16];
        lp_err err;
        memcpy(bytes, targets[i].first, targets[i].n);
        memcpy(bytes + targets[i].n, patch, sizeof patch);
        snprintf(name, sizeof name, "patch%zu", i);
        must(lp_file_write_atomic(place(targets[i].target, name), bytes, targets[i].n + sizeof patch, &err), &err);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    folder = argv[1];
    copy("rom", "busy.gb", LP_SOURCE_DIR "/games/roms/busy.gb", -1);
    copy("rom", "orbit.gba", LP_SOURCE_DIR "/games/roms/orbit.gba", -1);
    copy("rom", "cue.gb", LP_SOURCE_DIR "/games/cue/cue.gb", -1);
    static const char *const names[] = {"data.json", "scenario.json", "longplay.json", "metadata.json", "rom.sha"}; /* as in fuzz_game.c */
    for (int i = 0; i < 5; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/games/cue/%s", LP_SOURCE_DIR, names[i]);
        copy("game", names[i], path, i);
    }
    copy("weights", "cue.safetensors", LP_SOURCE_DIR "/games/cue/cue.safetensors", 0);
    copy("config", "train.ini", LP_SOURCE_DIR "/games/cue/train.ini", -1);
    make_movies();
    make_demos();
    make_states();
    make_patches();
    static const char suite[] = "{\"title\":\"a\",\"seed\":7,\"episodes\":3,\"games\":[{\"game\":\"" LP_SOURCE_DIR
                                "/games/cue\",\"knobs\":{\"horizon\":[1,20],\"doors\":3},\"episodes\":2}]}";
    static const char line[] = "1{\"row\":0,\"episode\":1,\"outcome\":\"win\",\"decisions\":68,\"context_items\":12}\n";
    lp_err err;
    must(lp_file_write_atomic(place("suite", "a.json"), suite, sizeof suite - 1, &err), &err);
    static const char layout[] =
        "[layout]\nsize = 1920x1080\ngame = right\ntop = header\n[panels]\nrow = action value\n[below]\nrow = events\n";
    static const char theme[] = "[colours]\nground = #0c1016\ntext = #edf1f6\n";
    must(lp_file_write_atomic(place("look", "layout.ini"), layout, sizeof layout - 1, &err), &err);
    must(lp_file_write_atomic(place("look", "theme.ini"), theme, sizeof theme - 1, &err), &err);
    must(lp_file_write_atomic(place("episodes", "line"), line, sizeof line - 1, &err), &err);
    static const char reply[] =
        "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"x\",\"tool_calls\":["
        "{\"id\":\"a\",\"function\":{\"name\":\"press\",\"arguments\":\"{\\\"sequence\\\":[{\\\"action\\\":\\\"UP\\\",\\\"times\\\":3}]}\"}"
        "},"
        "{\"id\":\"b\",\"function\":{\"name\":\"note\",\"arguments\":\"{\\\"key\\\":\\\"a\\\",\\\"text\\\":\\\"b\\\"}\"}},"
        "{\"id\":\"c\",\"function\":{\"name\":\"remember\",\"arguments\":\"{\\\"text\\\":\\\"b\\\",\\\"importance\\\":3}\"}}]}}],"
        "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}";
    must(lp_file_write_atomic(place("chat", "reply.json"), reply, sizeof reply - 1, &err), &err);
    static const char pieces[] =
        "data: {\"choices\":[{\"delta\":{\"content\":\"I \",\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"note\","
        "\"arguments\":\"{\\\"key\\\":\"}}]}}]}\n\ndata: "
        "{\"choices\":[{\"delta\":{\"content\":\"see\",\"tool_calls\":[{\"index\":0,\"function\":"
        "{\"arguments\":\"\\\"a\\\",\\\"text\\\":\\\"b\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n"
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\ndata: [DONE]\n\n";
    must(lp_file_write_atomic(place("chat", "pieces.txt"), pieces, sizeof pieces - 1, &err), &err);
    static const char kept[] = "\001{\"row\":0,\"episode\":0,\"outcome\":\"win\",\"decisions\":6,\"context_items\":1}\n"
                               "{\"row\":0,\"episode\":1,\"outcome\":\"timeout\",\"decisions\":6,\"context_items\":1}\n",
                      printed[] = "\002WLT\"}]}\n";
    must(lp_file_write_atomic(place("results", "out"), kept, sizeof kept - 1, &err), &err);
    must(lp_file_write_atomic(place("results", "json"), printed, sizeof printed - 1, &err), &err);
    static const char viewers[] = "0 vote doors=4 when=1\n12 clip by anna: a jump\n",
                      irc[] = "@a=b :anna!a@h PRIVMSG #games :!memory \00304,12bell\r\nPING :x\r\n:s 001 longplay :hi\r\n",
                      address[] = "ircs://me@[::1]:6697/%23games";
    must(lp_file_write_atomic(place("viewers", "a.txt"), viewers, sizeof viewers - 1, &err), &err);
    must(lp_file_write_atomic(place("irc", "lines"), irc, sizeof irc - 1, &err), &err);
    must(lp_file_write_atomic(place("irc", "address"), address, sizeof address - 1, &err), &err);
    return 0;
}
