/* Rounds of tries. Within a round the archive is only read; what the tries found goes in afterwards, in their order, so that threads change nothing. */
#include "explore/explore.h"

#include "base/contract.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"
#include "env/cells.h"
#include "explore/archive.h"
#include "explore/leader.h"
#include "harness/demo.h"
#include "harness/seat.h"

#include <lz4.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LENGTH = 1 << 16, MAX_TRIES = 1 << 12, MAX_WINS = 1000 };

#define AT(field) offsetof(lp_explore_config, field)
static const lp_setting settings[] = {
    {"explore.seed", "seed of everything random", LP_SET_INT, AT(seed), 1, 0, 4294967295.0, NULL},
    {"explore.episode", "which training seed of it is explored", LP_SET_INT, AT(episode), 0, 0, 1e9, NULL},
    {"explore.cells", "what makes two moments one cell: \"picture\", variables, \"room,x/4,y/4\", or \"item\", a policy's", LP_SET_TEXT,
     AT(cells), 0, 0, 512, NULL},
    {"explore.columns", "of the coarse picture", LP_SET_INT, AT(columns), 16, 1, LP_CELLS_MAX_SIDE, NULL},
    {"explore.rows", "of the coarse picture", LP_SET_INT, AT(rows), 12, 1, LP_CELLS_MAX_SIDE, NULL},
    {"explore.shades", "of the coarse picture", LP_SET_INT, AT(shades), 4, 2, 256, NULL},
    {"explore.bits", "of the item: the signs of so many of its numbers", LP_SET_INT, AT(bits), 32, 1, 64, NULL},
    {"explore.policy", "weights of a policy that leads; it has no memory", LP_SET_TEXT, AT(policy), 0, 0, 512, NULL},
    {"explore.lead", "with a policy: probability that a decision is what it would do", LP_SET_FLOAT, AT(lead), 0.5, 0, 1, NULL},
    {"explore.length", "decisions of a try", LP_SET_INT, AT(length), 64, 1, MAX_LENGTH, NULL},
    {"explore.stay", "probability that a decision does what the one before did", LP_SET_FLOAT, AT(stay), 0.5, 0, 1, NULL},
    {"explore.tries", "of a round", LP_SET_INT, AT(tries), 64, 1, MAX_TRIES, NULL},
    {"explore.wins", "that are looked for, each shorter than the one before", LP_SET_INT, AT(wins), 1, 1, MAX_WINS, NULL},
    {"explore.megabytes", "that machines may take", LP_SET_INT, AT(megabytes), 1024, 1, 1 << 20, NULL},
};

const lp_setting *lp_explore_settings(void) { return settings; }
int lp_n_explore_settings(void) { return sizeof settings / sizeof *settings; }

/* A cell that a try came to and that is not known, or was not known to be so near. */
typedef struct {
    uint64_t key;
    int64_t step; /* decisions of the try up to there */
    unsigned char *machine;
    uint32_t bytes;
} find;

typedef struct {
    uint32_t from; /* the cell that it begins at */
    int64_t n;     /* decisions made */
    int outcome;
    uint64_t end_hash;
    uint16_t *actions; /* [length] */
    uint64_t *keys;    /* [length] of the cells that it came to */
    find *finds;       /* [length] */
    int n_finds;
    bool failed;
} attempt;

/* A thread's. */
typedef struct {
    lp_env *env;
    unsigned char *machine, *packed; /* as lp_env_save has it; as one LZ4 block */
    uint8_t *view;                   /* the game's observation */
    leader *leader;                  /* NULL: no policy */
} worker;

typedef struct {
    uint32_t node;
    int64_t depth;
    uint64_t end_hash;
} win;

struct lp_explore {
    const lp_game *game;
    lp_explore_config config;
    lp_pool *pool;
    worker *workers; /* [threads] */
    size_t machine_bytes, packed_bytes;
    lp_cells cells;
    lp_policy *policy; /* owned; NULL: none */
    bool by_item;      /* cells are */
    archive archive;
    attempt *attempts; /* [tries] */
    double *weights;   /* [weight_room] sums, for the choice */
    uint32_t weight_room;
    int64_t rounds, decisions;
    win wins[MAX_WINS];
    int n_wins;
    lp_demos *demos; /* of the wins */
};

/* After a look of its leader, if it has one. */
static uint64_t key_of(const lp_explore *x, worker *w) {
    if (x->by_item) return leader_key(w->leader, (int)x->config.bits);
    if (!x->cells.n_terms && !w->leader) lp_env_observe(w->env, w->view);
    return lp_cells_key(&x->cells, x->game, w->env, w->view);
}

static bool look(worker *w) { return !w->leader || !leader_look(w->leader, w->env, w->view, NULL); }

/* ---- a try ---- */

static bool keep_machine(const lp_explore *x, worker *w, find *f) {
    lp_env_save(w->env, w->machine);
    f->bytes = (uint32_t)LZ4_compress_default((const char *)w->machine, (char *)w->packed, (int)x->machine_bytes, (int)x->packed_bytes);
    if ((f->machine = malloc(f->bytes))) memcpy(f->machine, w->packed, f->bytes);
    return f->machine != NULL;
}

static bool load_machine(const lp_explore *x, worker *w, const cell *c) {
    return LZ4_decompress_safe((const char *)c->machine, (char *)w->machine, (int)c->machine_bytes, (int)x->machine_bytes) ==
               (int)x->machine_bytes &&
           !lp_env_load(w->env, w->machine, x->machine_bytes, NULL);
}

/* Is it worth keeping: unknown, or not known to be so near, and not found in this try already? */
static bool is_news(const lp_explore *x, const attempt *a, uint64_t key, int64_t depth) {
    const int64_t known = archive_find(&x->archive, key);
    if (known >= 0 && x->archive.cells[known].depth <= depth) return false;
    for (int i = 0; i < a->n_finds; i++)
        if (a->finds[i].key == key) return false;
    return true;
}

static void try_job(void *context, int index, int thread) {
    lp_explore *x = context;
    worker *w = &x->workers[thread];
    attempt *a = &x->attempts[index];
    const cell *from = &x->archive.cells[a->from];
    lp_rng rng = lp_rng_make((uint64_t)x->config.seed, ((uint64_t)x->rounds << 16 | (uint64_t)index) + 1);
    const uint32_t n_actions = (uint32_t)lp_game_n_actions(x->game);
    a->n = a->n_finds = 0, a->outcome = LP_RUNNING;
    if (w->leader) leader_begin(w->leader, lp_rng_u64(&rng));
    a->failed = !load_machine(x, w, from) || !look(w);
    while (!a->failed && !a->outcome && a->n < x->config.length) {
        const bool leads = w->leader && lp_rng_float(&rng) < (float)x->config.lead;
        const bool stays = !leads && a->n && lp_rng_float(&rng) < (float)x->config.stay;
        const uint16_t action = leads   ? (uint16_t)w->leader->decision.action
                                : stays ? a->actions[a->n - 1]
                                        : (uint16_t)lp_rng_below(&rng, n_actions);
        a->outcome = (int)lp_env_step(w->env, action);
        a->actions[a->n++] = action;
        if (a->outcome) break; /* nobody begins at an end */
        if (w->leader) leader_took(w->leader, action);
        a->failed = !look(w);
        const uint64_t key = a->keys[a->n - 1] = key_of(x, w);
        if (a->failed || !is_news(x, a, key, from->depth + a->n)) continue;
        find *f = &a->finds[a->n_finds];
        *f = (find){key, a->n, NULL, 0};
        if (keep_machine(x, w, f)) a->n_finds++;
        else a->failed = true;
    }
    a->end_hash = lp_emu_hash(lp_env_emu(w->env));
}

/* ---- a round ---- */

/* Cells that were seen less are chosen more: in proportion to 1 / sqrt(seen + 1). */
static lp_status choose(lp_explore *x, lp_err *err) {
    const archive *a = &x->archive;
    lp_rng rng = lp_rng_make((uint64_t)x->config.seed, (uint64_t)x->rounds << 16);
    if (a->n_cells > x->weight_room) {
        double *more = realloc(x->weights, 2 * (size_t)a->n_cells * sizeof *more);
        if (!more) return lp_fail(err, LP_FAILED, "out of memory for the choice of cells");
        x->weights = more;
        x->weight_room = 2 * a->n_cells;
    }
    double sum = 0;
    for (uint32_t i = 0; i < a->n_cells; i++) {
        if (a->cells[i].machine) sum += 1 / sqrt((double)a->cells[i].seen + 1);
        x->weights[i] = sum;
    }
    for (int64_t t = 0; t < x->config.tries; t++) {
        const double at = (double)(lp_rng_u64(&rng) >> 11) * 0x1p-53 * sum;
        uint32_t low = 0, high = a->n_cells - 1;
        while (low < high) { /* the first whose sum is above */
            const uint32_t middle = low + (high - low) / 2;
            if (x->weights[middle] > at) high = middle;
            else low = middle + 1;
        }
        while (!a->cells[low].machine) low--; /* rounding's; cell 0 has one */
        x->attempts[t].from = low;
    }
    return LP_OK;
}

/* The actions of the try up to a step, after those up to another, as a piece of a way. */
static lp_status grow(lp_explore *x, const attempt *a, uint32_t *node, int64_t *step, int64_t to, lp_err *err) {
    lp_status status = archive_grow_way(&x->archive, *node, a->actions + *step, (uint32_t)(to - *step), node, err);
    *step = to;
    return status;
}

static lp_status take_win(lp_explore *x, const win *w, lp_err *err) {
    lp_demo demo = {.seed = lp_game_train_seed((uint64_t)x->config.seed, (uint64_t)x->config.episode),
                    .end_hash = w->end_hash,
                    .n_decisions = w->depth,
                    .outcome = LP_WIN,
                    .source = "explore"};
    memcpy(demo.knobs, x->config.knobs, sizeof x->config.knobs);
    if (!(demo.keys = malloc((size_t)w->depth * sizeof *demo.keys))) return lp_fail(err, LP_FAILED, "out of memory for a win");
    archive_way(&x->archive, w->node, demo.keys, w->depth);
    for (int64_t i = 0; i < w->depth; i++) demo.keys[i] = lp_game_action_keys(x->game, demo.keys[i]);
    lp_status status = lp_demos_add(x->demos, &demo, err);
    free(demo.keys);
    if (!status) x->wins[x->n_wins++] = *w;
    return status;
}

static bool done(const lp_explore *x) { return x->n_wins >= x->config.wins; }

/* What a try found goes into the archive. */
static lp_status take(lp_explore *x, attempt *a, lp_err *err) {
    archive *all = &x->archive;
    const int64_t depth = all->cells[a->from].depth;
    uint32_t way = all->cells[a->from].node;
    int64_t step = 0;
    lp_status status = a->failed ? lp_fail(err, LP_FAILED, "out of memory, or a machine of the archive is damaged") : LP_OK;
    for (int i = 0; i < a->n_finds && !status; i++) {
        find *f = &a->finds[i];
        int64_t index = archive_find(all, f->key);
        if (index >= 0 && all->cells[index].depth <= depth + f->step) continue; /* an earlier try of this round was here */
        uint32_t fresh;
        if (index < 0 && !(status = archive_add(all, f->key, &fresh, err))) index = fresh;
        if (!status) status = grow(x, a, &way, &step, f->step, err);
        if (status) break;
        cell *c = &all->cells[index];
        c->depth = depth + f->step;
        c->node = way;
        archive_put_machine(all, (uint32_t)index, f->machine, f->bytes);
        f->machine = NULL;
    }
    for (int i = 0; i < a->n_finds; i++) free(a->finds[i].machine);
    a->n_finds = 0;
    x->decisions += a->n;
    for (int64_t i = 0; i < a->n - (a->outcome != LP_RUNNING) && !status; i++) {
        const int64_t index = archive_find(all, a->keys[i]);
        if (index >= 0) all->cells[index].seen++;
    }
    if (status || a->outcome != LP_WIN || done(x) || (x->n_wins && depth + a->n >= x->wins[x->n_wins - 1].depth)) return status;
    status = grow(x, a, &way, &step, a->n, err);
    return status ? status : take_win(x, &(win){way, depth + a->n, a->end_hash}, err);
}

lp_status lp_explore_round(lp_explore *x, lp_err *err) {
    lp_status status = choose(x, err);
    if (status) return status;
    lp_pool_run(x->pool, (int)x->config.tries, try_job, x);
    for (int64_t t = 0; t < x->config.tries; t++) {
        lp_status one = take(x, &x->attempts[t], status ? NULL : err);
        if (!status) status = one;
    }
    x->rounds++;
    return status ? status : archive_forget(&x->archive, x->config.megabytes * 1000000, err);
}

bool lp_explore_done(const lp_explore *x) { return done(x); }
const lp_demos *lp_explore_wins(const lp_explore *x) { return x->demos; }

lp_explore_stats lp_explore_now(const lp_explore *x) {
    lp_explore_stats s = {.rounds = x->rounds,
                          .decisions = x->decisions,
                          .cells = x->archive.n_cells,
                          .wins = x->n_wins,
                          .shortest = x->n_wins ? x->wins[x->n_wins - 1].depth : 0,
                          .machine_bytes = x->archive.machine_bytes};
    for (uint32_t i = 0; i < x->archive.n_cells; i++) {
        s.without += !x->archive.cells[i].machine;
        if (x->archive.cells[i].depth > s.deepest) s.deepest = x->archive.cells[i].depth;
    }
    return s;
}

/* ---- opening ---- */

/* Cell 0: the episode's first moment. */
static lp_status begin(lp_explore *x, lp_err *err) {
    worker *w = &x->workers[0];
    uint32_t index;
    find f;
    lp_status status =
        lp_env_reset(w->env, lp_game_train_seed((uint64_t)x->config.seed, (uint64_t)x->config.episode), x->config.knobs, 0, err);
    if (w->leader) leader_begin(w->leader, 0);
    if (!status && !look(w)) status = lp_fail(err, LP_FAILED, "the policy failed");
    if (!status) status = archive_open(&x->archive, err);
    if (!status) status = archive_add(&x->archive, key_of(x, w), &index, err);
    if (!status && !keep_machine(x, w, &f)) status = lp_fail(err, LP_FAILED, "out of memory");
    if (!status) archive_put_machine(&x->archive, index, f.machine, f.bytes);
    return status;
}

static lp_status open_workers(lp_explore *x, lp_err *err) {
    int width, height;
    const int threads = lp_pool_threads(x->pool);
    lp_game_observation(x->game, &width, &height);
    if (!(x->workers = calloc((size_t)threads, sizeof *x->workers))) return lp_fail(err, LP_FAILED, "out of memory");
    const lp_emu_config emu = {.no_draw = x->cells.n_terms > 0 && !x->policy};
    for (int i = 0; i < threads; i++) {
        worker *w = &x->workers[i];
        lp_status status = lp_env_open(&w->env, x->game, &emu, err);
        if (status) return status;
        x->machine_bytes = lp_env_save_size(w->env);
        x->packed_bytes = (size_t)LZ4_compressBound((int)x->machine_bytes);
        w->machine = malloc(x->machine_bytes), w->packed = malloc(x->packed_bytes), w->view = malloc((size_t)width * (size_t)height);
        if (!w->machine || !w->packed || !w->view) return lp_fail(err, LP_FAILED, "out of memory");
        if (x->policy && (status = leader_open(&w->leader, x->policy, err))) return status;
    }
    const size_t length = (size_t)x->config.length;
    if (!(x->attempts = calloc((size_t)x->config.tries, sizeof *x->attempts))) return lp_fail(err, LP_FAILED, "out of memory");
    for (int64_t t = 0; t < x->config.tries; t++) {
        attempt *a = &x->attempts[t];
        a->actions = calloc(length, sizeof *a->actions), a->keys = calloc(length, sizeof *a->keys),
        a->finds = calloc(length, sizeof *a->finds);
        if (!a->actions || !a->keys || !a->finds)
            return lp_fail(err, LP_FAILED, "out of memory for %lld tries", (long long)x->config.tries);
    }
    return LP_OK;
}

static lp_status open_policy(lp_explore *x, lp_err *err) {
    const char *path = x->config.policy;
    x->by_item = !strcmp(x->config.cells, "item");
    if (!*path) return x->by_item ? lp_fail(err, LP_BAD_INPUT, "explore.cells = item: explore.policy names no weights") : LP_OK;
    lp_status status = lp_policy_read(&x->policy, path, err);
    if (!status) status = lp_policy_fits(x->policy, x->game, err);
    if (!status) status = lp_policy_threads(lp_pool_threads(x->pool), err);
    if (!status && x->by_item && x->config.bits > lp_policy_shape(x->policy)->dim)
        status = lp_fail(err, LP_BAD_INPUT, "its items have %d numbers, explore.bits is %lld", lp_policy_shape(x->policy)->dim,
                         (long long)x->config.bits);
    return status ? lp_fail_prefix(err, status, "explore.policy") : LP_OK;
}

static lp_status open_cells(lp_explore *x, lp_err *err) {
    const lp_explore_config *c = &x->config;
    if (x->by_item) return LP_OK;
    lp_status status = lp_cells_parse(&x->cells, x->game, c->cells, (int)c->columns, (int)c->rows, (int)c->shades, err);
    return status ? lp_fail_prefix(err, status, "explore.cells") : LP_OK;
}

lp_status lp_explore_open(lp_explore **out, const lp_game *game, const lp_explore_config *config, int n_threads, lp_err *err) {
    *out = NULL;
    if (!lp_game_can_win(game)) return lp_fail(err, LP_BAD_INPUT, "%s: cannot be won (longplay.json: win)", lp_game_name(game));
    lp_explore *x = calloc(1, sizeof *x);
    if (!x) return lp_fail(err, LP_FAILED, "out of memory");
    const lp_demos_about about = lp_demo_about(game);
    x->game = game;
    x->config = *config;
    if (!*x->config.cells) snprintf(x->config.cells, sizeof x->config.cells, "picture");
    x->pool = lp_pool_open(n_threads);
    lp_status status = x->pool ? LP_OK : lp_fail(err, LP_FAILED, "cannot start threads");
    if (!status) status = open_policy(x, err);
    if (!status) status = open_cells(x, err);
    if (!status) status = lp_demos_new(&x->demos, &about, err);
    if (!status) status = open_workers(x, err);
    if (!status) status = begin(x, err);
    if (status) lp_explore_close(x);
    else *out = x;
    return status;
}

void lp_explore_close(lp_explore *x) {
    if (!x) return;
    for (int i = 0; x->workers && i < lp_pool_threads(x->pool); i++) {
        lp_env_close(x->workers[i].env);
        free(x->workers[i].machine);
        free(x->workers[i].packed);
        free(x->workers[i].view);
        leader_close(x->workers[i].leader);
    }
    for (int64_t t = 0; x->attempts && t < x->config.tries; t++) {
        for (int i = 0; i < x->attempts[t].n_finds; i++) free(x->attempts[t].finds[i].machine);
        free(x->attempts[t].actions);
        free(x->attempts[t].keys);
        free(x->attempts[t].finds);
    }
    free(x->workers);
    free(x->attempts);
    free(x->weights);
    archive_close(&x->archive);
    lp_demos_close(x->demos);
    lp_policy_close(x->policy);
    lp_pool_close(x->pool);
    free(x);
}

/* ---- pictures ---- */

int lp_explore_views(const lp_explore *x, uint8_t *out, int n, lp_err *err) {
    lp_env *env;
    int width, height, shown = 0;
    unsigned char *machine = malloc(x->machine_bytes);
    lp_game_observation(x->game, &width, &height);
    if (!machine || lp_env_open(&env, x->game, NULL, err)) {
        free(machine);
        return 0;
    }
    const int64_t n_cells = x->archive.n_cells;
    for (int64_t i = 0; i < n && i < n_cells; i++) {
        const cell *c = &x->archive.cells[n_cells <= n ? i : i * (n_cells - 1) / (n - 1)];
        if (!c->machine ||
            LZ4_decompress_safe((const char *)c->machine, (char *)machine, (int)c->machine_bytes, (int)x->machine_bytes) < 0 ||
            lp_env_load(env, machine, x->machine_bytes, NULL))
            continue;
        lp_emu_step(lp_env_emu(env), 0, 1); /* so that there is a picture, where none was drawn */
        lp_env_observe(env, out + (size_t)shown++ * (size_t)width * (size_t)height);
    }
    lp_env_close(env);
    free(machine);
    return shown;
}

/* ---- the file ---- */

/* 80 bytes, the wins, the archive. All numbers are little-endian. */
typedef struct {
    char magic[8];
    uint64_t hash; /* of everything after it */
    uint64_t config_hash, rom_hash, core_hash, game_hash;
    int64_t rounds, decisions, n_wins, machine_bytes; /* machine_bytes: of one, unpacked */
} header;
static const char MAGIC[8] = "LPEXPL01";
enum { HASHED_FROM = 16, WIN_BYTES = 3 * 8 };
static const size_t MAX_FILE_BYTES = (size_t)1 << 36;

/* How long and how large it may become may differ. */
static uint64_t config_hash(const lp_explore *x) {
    uint64_t hash = lp_hash64(x->config.knobs, (size_t)lp_game_n_knobs(x->game) * sizeof *x->config.knobs);
    char value[LP_SETTING_BYTES];
    for (int i = 0; i < lp_n_explore_settings(); i++) {
        const lp_setting *s = &settings[i];
        if (!strcmp(s->name, "explore.wins") || !strcmp(s->name, "explore.megabytes")) continue;
        if (!strcmp(s->name, "explore.policy") || (!x->policy && (!strcmp(s->name, "explore.lead") || !strcmp(s->name, "explore.bits"))))
            continue;
        lp_config_value(&x->config, s, value, sizeof value);
        hash = lp_hash64_seed(value, strlen(value), hash);
    }
    return x->policy ? hash ^ lp_policy_digest(x->policy) : hash;
}

static header header_of(const lp_explore *x) {
    const lp_demos_about *about = &x->demos->about;
    const char *core = lp_emu_core_version();
    header h = {.config_hash = config_hash(x),
                .rom_hash = about->rom_hash,
                .core_hash = lp_hash64(core, strlen(core)),
                .game_hash = lp_hash64_seed(about->noop, sizeof about->noop, (uint64_t)about->frame_skip << 32 | about->model),
                .rounds = x->rounds,
                .decisions = x->decisions,
                .n_wins = x->n_wins,
                .machine_bytes = (int64_t)x->machine_bytes};
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    return h;
}

lp_status lp_explore_save(const lp_explore *x, const char *path, lp_err *err) {
    header h = header_of(x);
    const size_t wins = (size_t)x->n_wins * WIN_BYTES, size = sizeof h + wins + archive_save_size(&x->archive);
    unsigned char *file = malloc(size);
    if (!file) return lp_fail(err, LP_FAILED, "%s: out of memory for %zu bytes", path, size);
    unsigned char *at = file + sizeof h;
    for (int i = 0; i < x->n_wins; i++, at += WIN_BYTES) {
        const uint64_t one[3] = {x->wins[i].node, (uint64_t)x->wins[i].depth, x->wins[i].end_hash};
        memcpy(at, one, WIN_BYTES);
    }
    archive_save(&x->archive, at);
    memcpy(file, &h, sizeof h);
    h.hash = lp_hash64(file + HASHED_FROM, size - HASHED_FROM);
    memcpy(file, &h, sizeof h);
    lp_status status = lp_file_write_atomic(path, file, size, err);
    free(file);
    return status;
}

/* Every machine must be one, as tries rely on it. */
static lp_status check_machines(lp_explore *x, lp_err *err) {
    for (uint32_t i = 0; i < x->archive.n_cells; i++)
        if (x->archive.cells[i].machine && !load_machine(x, &x->workers[0], &x->archive.cells[i]))
            return lp_fail(err, LP_BAD_INPUT, "the machine of cell %u is damaged", i);
    return LP_OK;
}

static lp_status load_wins(lp_explore *x, const unsigned char *at, int64_t n, lp_err *err) {
    for (int64_t i = 0; i < n; i++, at += WIN_BYTES) {
        uint64_t one[3];
        memcpy(one, at, WIN_BYTES);
        int64_t depth = 0;
        if (one[0] >= x->archive.n_nodes) return lp_fail(err, LP_BAD_INPUT, "a win is damaged");
        for (uint32_t node = (uint32_t)one[0]; node; node = x->archive.nodes[node].parent) depth += x->archive.nodes[node].n;
        if (depth < 1 || depth != (int64_t)one[1] || depth > LP_DEMO_MAX_DECISIONS) return lp_fail(err, LP_BAD_INPUT, "a win is damaged");
        lp_status status = take_win(x, &(win){(uint32_t)one[0], depth, one[2]}, err);
        if (status) return status;
    }
    return LP_OK;
}

lp_status lp_explore_load(lp_explore *x, const char *path, lp_err *err) {
    lp_blob file;
    LP_CHECK(!x->rounds && !x->n_wins);
    lp_status status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    if (status) return status;
    header h = {0}, own = header_of(x);
    if (file.size_bytes >= sizeof h) memcpy(&h, file.data, sizeof h);
    if (file.size_bytes < sizeof h || memcmp(h.magic, MAGIC, sizeof MAGIC - 2) != 0) status = lp_fail(err, LP_BAD_INPUT, "not an archive");
    else if (memcmp(h.magic, MAGIC, sizeof MAGIC) != 0)
        status = lp_fail(err, LP_BAD_INPUT, "an archive of another version (%.2s, this is %.2s)", h.magic + 6, MAGIC + 6);
    else if (h.hash != lp_hash64(file.data + HASHED_FROM, file.size_bytes - HASHED_FROM))
        status = lp_fail(err, LP_BAD_INPUT, "damaged or cut short");
    else if (h.rom_hash != own.rom_hash) status = lp_fail(err, LP_BAD_INPUT, "was made with another ROM");
    else if (h.config_hash != own.config_hash || h.game_hash != own.game_hash)
        status = lp_fail(err, LP_BAD_INPUT, "was made with other settings");
    else if (h.core_hash != own.core_hash || h.machine_bytes != own.machine_bytes)
        status = lp_fail(err, LP_BAD_INPUT, "was made on another version of the emulation core than %s", lp_emu_core_version());
    else if (h.rounds < 0 || h.rounds > (int64_t)1 << 40 || h.decisions < 0 || h.decisions > (int64_t)1 << 62 || h.n_wins < 0 ||
             h.n_wins > MAX_WINS || (size_t)h.n_wins * WIN_BYTES > file.size_bytes - sizeof h)
        status = lp_fail(err, LP_BAD_INPUT, "damaged");
    const unsigned char *wins = file.data + sizeof h, *at = wins + (size_t)h.n_wins * WIN_BYTES;
    if (!status) status = archive_load(&x->archive, at, (size_t)(file.data + file.size_bytes - at), lp_game_n_actions(x->game), err);
    if (!status) status = check_machines(x, err);
    if (!status) status = load_wins(x, wins, h.n_wins, err);
    if (!status) x->rounds = h.rounds, x->decisions = h.decisions;
    lp_blob_free(&file);
    return status ? lp_fail_prefix(err, status, "%s", path) : LP_OK;
}
