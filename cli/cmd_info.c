/* longplay info: describes a ROM, a game, a run, a policy, or this build.
 *
 * Each kind fills one JSON object; without --json the same object is printed as a table. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/hash.h"
#include "emulator/emulator.h"
#include "harness/choose.h"
#include "harness/run.h"
#include "memory/arch.h"
#include "train/train.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void add_hex(cJSON *o, const char *name, uint64_t value) {
    char hex[24];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)value);
    cJSON_AddStringToObject(o, name, hex);
}

/* ---- memories ---- */

static void add_value(cJSON *o, const char *name, const lp_mem_setting *s, int value) {
    char text[64];
    if (s->choices) cJSON_AddStringToObject(o, name, lp_mem_setting_text(s, value, text, sizeof text));
    else cJSON_AddNumberToObject(o, name, value);
}

static void add_architectures(cJSON *o) {
    cJSON *list = cJSON_AddArrayToObject(o, "memories");
    for (int i = 0; lp_mem_archs[i]; i++) {
        cJSON *arch = cJSON_CreateObject();
        cJSON_AddItemToArray(list, arch);
        cJSON_AddStringToObject(arch, "name", lp_mem_archs[i]->name);
        cJSON_AddStringToObject(arch, "help", lp_mem_archs[i]->help);
    }
    list = cJSON_AddArrayToObject(o, "memory_settings");
    for (int i = 0; lp_mem_archs[i]; i++)
        for (const lp_mem_setting *s = lp_mem_archs[i]->settings; s < lp_mem_archs[i]->settings + LP_MEM_MAX_SETTINGS && s->name; s++) {
            cJSON *setting = cJSON_CreateObject();
            cJSON_AddItemToArray(list, setting);
            cJSON_AddStringToObject(setting, "memory", lp_mem_archs[i]->name);
            cJSON_AddStringToObject(setting, "name", s->name);
            add_value(setting, "default", s, s->initial);
            if (s->choices) cJSON_AddStringToObject(setting, "choices", s->choices);
            else cJSON_AddNumberToObject(setting, "min", s->min), cJSON_AddNumberToObject(setting, "max", s->max);
            cJSON_AddStringToObject(setting, "help", s->help);
        }
}

/* What a memory is set to. */
static void add_settings(cJSON *o, lp_mem_config memory) {
    if (lp_mem_complete(&memory, NULL)) return;
    cJSON *settings = cJSON_AddObjectToObject(o, "memory_settings");
    for (int i = 0; i < LP_MEM_MAX_SETTINGS && memory.arch->settings[i].name; i++)
        add_value(settings, memory.arch->settings[i].name, &memory.arch->settings[i], memory.setting[i]);
}

/* ---- this build ---- */

static lp_status describe_build(cJSON *o, lp_err *err) {
    char names[64][64];
    (void)err;
    cJSON_AddStringToObject(o, "version", LP_VERSION);
    cJSON_AddStringToObject(o, "core", lp_emu_core_version());
    cJSON_AddStringToObject(o, "blas", "OpenBLAS " LP_OPENBLAS_VERSION);
#ifdef LP_CUDA
    cJSON_AddStringToObject(o, "cuda", "built");
#else
    cJSON_AddStringToObject(o, "cuda", "not built");
#endif
    char device[256];
    cJSON_AddStringToObject(o, "gpu",
                            lp_device_missing() ? lp_device_missing() : lp_device_describe(LP_DEVICE_CUDA, device, sizeof device));
    cJSON *games = cJSON_AddArrayToObject(o, "games");
    int n = lp_game_shipped(names, 64);
    for (int i = 0; i < n; i++) cJSON_AddItemToArray(games, cJSON_CreateString(names[i]));
    add_architectures(o);
    return LP_OK;
}

/* ---- a game or a ROM ---- */

static void add_knobs(cJSON *o, const lp_game *game) {
    cJSON *knobs = cJSON_AddArrayToObject(o, "knobs");
    for (int i = 0; i < lp_game_n_knobs(game); i++) {
        const lp_knob *k = lp_game_knob(game, i);
        cJSON *knob = cJSON_CreateObject();
        cJSON_AddStringToObject(knob, "name", k->name);
        cJSON_AddNumberToObject(knob, "default", (double)k->initial);
        cJSON_AddNumberToObject(knob, "min", (double)k->min);
        cJSON_AddNumberToObject(knob, "max", (double)k->max);
        cJSON_AddStringToObject(knob, "help", k->help);
        cJSON_AddItemToArray(knobs, knob);
    }
}

static void add_setup(cJSON *o, const lp_game *game) {
    char text[64], path[PATH_MAX];
    int width, height;
    cJSON *actions = cJSON_AddArrayToObject(o, "actions");
    for (int i = 0; i < lp_game_n_actions(game); i++) cJSON_AddItemToArray(actions, cJSON_CreateString(lp_game_action_name(game, i)));
    lp_game_observation(game, &width, &height);
    snprintf(text, sizeof text, "%dx%d grey", width, height);
    cJSON_AddStringToObject(o, "observation", text);
    cJSON_AddNumberToObject(o, "frame_skip", lp_game_frame_skip(game));
    cJSON_AddStringToObject(o, "noop", lp_game_noop_text(game, text));
    cJSON_AddBoolToObject(o, "can_win", lp_game_can_win(game));
    cJSON_AddBoolToObject(o, "can_lose", lp_game_can_lose(game));
    cJSON_AddBoolToObject(o, "is_endless", lp_game_is_endless(game));
    if (!lp_game_dir(game)) return;
    if (*lp_game_floor(game)) cJSON_AddStringToObject(o, "floor", lp_game_floor(game));
    if (*lp_game_licence(game)) cJSON_AddStringToObject(o, "licence", lp_game_licence(game));
    if (*lp_game_origin(game)) cJSON_AddStringToObject(o, "origin", lp_game_origin(game));
    if (lp_shipped_policy(game, path, sizeof path)) cJSON_AddStringToObject(o, "policy", path);
    cJSON_AddStringToObject(o, "folder", lp_game_dir(game));
    add_knobs(o, game);
}

static lp_status describe_game(cJSON *o, const char *name, lp_err *err) {
    lp_game *game = NULL;
    lp_emu *emu = NULL;
    size_t size = 0;
    char sha1[41];
    lp_status status = lp_game_open(&game, name, err);
    const void *rom = status ? NULL : lp_game_rom(game, &size);
    if (!status) status = lp_game_open_emu(&emu, game, &(lp_emu_config){.no_draw = true}, err);
    if (!status) {
        cJSON_AddStringToObject(o, lp_game_dir(game) ? "game" : "rom", lp_game_name(game));
        if (lp_game_dir(game)) cJSON_AddStringToObject(o, "about", lp_game_title(game));
        cJSON_AddStringToObject(o, "title", lp_emu_title(emu));
        cJSON_AddStringToObject(o, "system", lp_system_name(lp_emu_system(emu)));
        cJSON_AddStringToObject(o, "model", lp_model_name(lp_emu_model(emu)));
        cJSON_AddNumberToObject(o, "size_bytes", (double)size);
        lp_sha1_hex(rom, size, sha1);
        cJSON_AddStringToObject(o, "sha1", sha1);
        add_hex(o, "rom_hash", lp_hash64(rom, size));
        add_setup(o, game);
    }
    lp_emu_close(emu);
    lp_game_close(game);
    return status;
}

/* ---- a run ---- */

static lp_status describe_run(cJSON *o, const char *folder, lp_err *err) {
    lp_run_config c;
    lp_run_totals t;
    bool playing;
    lp_store *store = NULL;
    lp_store_counts counts;
    lp_status status = lp_run_config_read(&c, folder, err);
    if (!status) status = lp_run_look(&store, folder, &t, &playing, err);
    if (!status) status = lp_store_count(store, &counts, err);
    lp_store_close(store);
    if (status) return status;
    bool done = (c.episodes && t.episodes >= c.episodes) || (c.decisions && t.decisions >= c.decisions);
    cJSON_AddStringToObject(o, "run", folder);
    cJSON_AddStringToObject(o, "game", c.game);
    if (c.model != LP_MODEL_AUTO) cJSON_AddStringToObject(o, "model", lp_model_name((lp_model)c.model));
    cJSON_AddStringToObject(o, "policy", c.policy);
    cJSON_AddStringToObject(o, "policy_digest", c.policy_digest);
    cJSON_AddStringToObject(o, "memory", lp_mem_arch_name(lp_mem_archs[c.memory.arch]));
    add_settings(o, lp_mem_chosen(&c.memory, 1));
    cJSON_AddStringToObject(o, "knobs", c.knobs);
    cJSON_AddStringToObject(o, "noop", c.noop);
    cJSON_AddNumberToObject(o, "seed", (double)c.seed);
    cJSON_AddStringToObject(o, "core", c.core);
    cJSON_AddStringToObject(o, "rom_hash", c.rom_hash);
    cJSON_AddNumberToObject(o, "episodes", (double)t.episodes);
    if (c.episodes) cJSON_AddNumberToObject(o, "episodes_limit", (double)c.episodes);
    cJSON_AddNumberToObject(o, "wins", (double)t.wins);
    cJSON_AddNumberToObject(o, "losses", (double)t.losses);
    cJSON_AddNumberToObject(o, "timeouts", (double)t.timeouts);
    cJSON_AddNumberToObject(o, "decisions", (double)t.decisions);
    if (c.decisions) cJSON_AddNumberToObject(o, "decisions_limit", (double)c.decisions);
    cJSON_AddNumberToObject(o, "frames", (double)t.frames);
    if (c.keep) cJSON_AddNumberToObject(o, "keep_bytes", (double)c.keep);
    if (counts.dropped) cJSON_AddNumberToObject(o, "dropped_items", (double)counts.dropped);
    add_hex(o, "state_hash", t.state_hash);
    cJSON_AddBoolToObject(o, "in_episode", playing);
    cJSON_AddBoolToObject(o, "finished", done);
    return LP_OK;
}

/* ---- a policy ---- */

/* What the file says of its training. */
static void add_notes(cJSON *o, const lp_policy *policy) {
    cJSON *notes = cJSON_AddObjectToObject(o, "notes");
    for (int i = -2; i < lp_n_train_settings(); i++) {
        const char *name = i == -2 ? "game" : i == -1 ? "trained_decisions" : lp_train_settings()[i].name;
        const char *value = lp_policy_note_of(policy, name);
        if (value) cJSON_AddStringToObject(notes, name, value);
    }
}

static lp_status describe_policy(cJSON *o, const char *path, const lp_mem_given *given, lp_err *err) {
    lp_policy *policy = NULL;
    lp_mem_config memory;
    lp_status status = lp_policy_read(&policy, path, err);
    if (!status) status = lp_choose_memory(&memory, policy, given, err);
    if (!status) {
        const lp_policy_config *s = lp_policy_shape(policy);
        char text[64];
        cJSON_AddStringToObject(o, "policy", path);
        snprintf(text, sizeof text, "%dx%d grey", s->width, s->height);
        cJSON_AddStringToObject(o, "observation", text);
        cJSON_AddNumberToObject(o, "actions", s->n_actions);
        cJSON_AddNumberToObject(o, "item_dim", s->dim);
        cJSON_AddNumberToObject(o, "hidden", s->hidden);
        cJSON_AddStringToObject(o, "size", lp_policy_size_name(s->size));
        cJSON_AddStringToObject(o, "core", lp_policy_core_name(s->core));
        cJSON_AddNumberToObject(o, "core_state_bytes", (double)lp_policy_state_floats(policy) * (double)sizeof(float));
        cJSON_AddStringToObject(o, "join", lp_policy_join_name(s->join));
        cJSON_AddStringToObject(o, "order", lp_policy_order_name(s->order));
        cJSON_AddStringToObject(o, "salience", lp_policy_salience_name(s->salience));
        cJSON_AddStringToObject(o, "bias", lp_policy_bias_name(s->bias));
        cJSON_AddStringToObject(o, "softmax", lp_policy_softmax_name(s->softmax));
        cJSON_AddNumberToObject(o, "heads", s->heads);
        cJSON_AddNumberToObject(o, "parameters", (double)lp_policy_n_parameters(policy));
        cJSON_AddNumberToObject(o, "flops_per_decision", lp_policy_flops(policy, 0));
        cJSON_AddNumberToObject(o, "flops_per_context_item", lp_policy_flops(policy, 1) - lp_policy_flops(policy, 0));
        cJSON_AddStringToObject(o, "memory", memory.arch->name);
        add_settings(o, memory);
        cJSON_AddNumberToObject(o, "context_items_max", lp_mem_max_context(&memory));
        add_hex(o, "digest", lp_policy_digest(policy));
        add_notes(o, policy);
    }
    lp_policy_close(policy);
    return status;
}

/* ---- which of them ---- */

static bool ends_with(const char *text, const char *end) {
    return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static bool holds(const char *folder, const char *name) {
    char path[PATH_MAX];
    return strlen(folder) + strlen(name) + 2 <= sizeof path && lp_file_exists(lp_path_join(path, sizeof path, folder, name));
}

static lp_status describe(cJSON *o, const char *what, const lp_mem_given *given, lp_err *err) {
    bool policy = what && ends_with(what, ".safetensors");
    if (!policy && (given->arch || given->n_settings))
        return lp_fail(err, LP_BAD_INPUT, "info: --memory is about a weight file: what its context would be");
    if (!what) return describe_build(o, err);
    if (holds(what, "config.ini") || holds(what, "run.db")) return describe_run(o, what, err);
    if (policy) return describe_policy(o, what, given, err);
    return describe_game(o, what, err);
}

/* A value on one line; an object's members as name=value. */
static void print_value(const cJSON *v) {
    if (cJSON_IsString(v)) printf("%s", v->valuestring);
    else if (cJSON_IsBool(v)) printf("%s", cJSON_IsTrue(v) ? "yes" : "no");
    else if (cJSON_IsNumber(v)) printf("%.15g", v->valuedouble);
    else
        for (const cJSON *i = v->child; i; i = i->next) {
            if (cJSON_IsObject(v)) printf("%s=", i->string);
            print_value(i);
            if (i->next) printf(cJSON_IsObject(v) ? "  " : ", ");
        }
}

static void print_table(const cJSON *o) {
    for (const cJSON *v = o->child; v; v = v->next) {
        if (cJSON_IsArray(v) && cJSON_IsObject(v->child)) {
            for (const cJSON *k = v->child; k; k = k->next) {
                printf("%-24s", k == v->child ? v->string : "");
                print_value(k);
                printf("\n");
            }
            continue;
        }
        printf("%-24s", v->string);
        print_value(v);
        printf("\n");
    }
}

int lp_cmd_info(int argc, char **argv) {
    struct {
        const char *what, *memory, *settings[LP_MAX_LIST];
        int n, n_settings;
        bool json;
    } a = {0};
    const lp_option options[] = {LP_CLI_MEMORY(&a.memory), {.name = "json", .help = "print one JSON object", .flag = &a.json}};
    const lp_usage usage = {.name = "info",
                            .arguments = "[ROM|GAME|RUN|POLICY]",
                            .summary =
                                "Describes a ROM, a game (its knobs, actions, floor), a run folder (how far it is) or a weight file; "
                                "without an argument, this build and the memories that it has.",
                            .example = "longplay info cue",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .max_positional = 1,
                            .positional = &a.what,
                            .n_positional = &a.n,
                            LP_CLI_MEMORY_SETTINGS(a)};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    cJSON *o = cJSON_CreateObject();
    lp_status status = describe(o, a.what, &(lp_mem_given){a.memory, a.settings, a.n_settings}, &err);
    if (!status && a.json) return lp_print_json(o);
    if (!status) print_table(o);
    cJSON_Delete(o);
    return lp_report(status, &err);
}
