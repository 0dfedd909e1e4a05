/* Bonuses: rewards beside a win and a loss, which make the way there less rare. Scaffolds, each with a weight of its own, 0 by default.
 *
 *   bonus.milestone   for each of the game's milestones, the first time in an episode
 *   bonus.count       over the square root of how often the episode has been in the cell where it is (bonus.cells)
 *   bonus.novelty     for pictures that were rarely seen in the whole training (novelty.h)
 *
 * A decision that ends the episode brings a win or a loss and nothing else. Where an episode was begins anew with it; in one that begins at a start, too.
 */
#include "train/train_parts.h"

#include "env/cells.h"
#include "train/novelty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VISITS = 1 << 14, TABLE = 2 * MAX_VISITS, LEARNED_OF = 4 /* novelty learns from every fourth decision */ };

typedef struct {
    uint64_t key;
    uint32_t n;
} visit;

/* Of a player. Cells beyond MAX_VISITS count as seen before. */
struct train_bonus {
    uint64_t milestones; /* bits, those that this episode reached */
    uint32_t n_visits;
    visit *visits;   /* [MAX_VISITS] in the order of discovery; NULL: nothing is counted */
    uint16_t *table; /* [TABLE] a visit's index + 1, or 0 */
    uint8_t *view;   /* an observation */
    uint8_t *seen;   /* [steps / LEARNED_OF][inputs] of this rollout, for novelty to learn from; NULL: there is none */
    int n_steps;     /* of this rollout */
    double sum;      /* of this rollout's bonuses */
};

/* Of all. */
struct train_bonuses {
    lp_cells cells, coarse; /* those that are counted; what novelty looks at */
    novelty *novelty;       /* NULL: none */
    int n_milestones;
    const char *milestones[LP_MAX_MILESTONES];
};

static bool wanted(const lp_train_config *c) { return c->bonus_milestone > 0 || c->bonus_count > 0 || c->bonus_novelty > 0; }

static int inputs(const train_bonuses *b) { return b->coarse.columns * b->coarse.rows; }

lp_status bonuses_open(train_bonuses **out, const lp_train *t, lp_err *err) {
    const lp_train_config *c = &t->config;
    int width, height;
    *out = NULL;
    if (!wanted(c)) return LP_OK;
    train_bonuses *b = *out = calloc(1, sizeof *b);
    if (!b) return lp_fail(err, LP_FAILED, "out of memory");
    lp_game_observation(t->game, &width, &height);
    b->n_milestones = lp_game_milestones(t->game, b->milestones);
    lp_status status = LP_OK;
    if (c->bonus_milestone > 0 && !b->n_milestones)
        status = lp_fail(err, LP_BAD_INPUT, "bonus.milestone: %s has no milestones", lp_game_name(t->game));
    if (!status) {
        const int columns = width < 16 ? width : 16, rows = height < 12 ? height : 12;
        status = lp_cells_parse(&b->cells, t->game, *c->bonus_cells ? c->bonus_cells : "picture", columns, rows, 4, err);
        if (status) lp_fail_prefix(err, status, "bonus.cells");
    }
    if (!status) status = lp_cells_parse(&b->coarse, t->game, "picture", width < 20 ? width : 20, height < 18 ? height : 18, 256, err);
    if (!status && c->bonus_novelty > 0) status = novelty_open(&b->novelty, inputs(b), (uint64_t)c->seed, err);
    return status;
}

void bonuses_close(train_bonuses *b) {
    if (!b) return;
    novelty_close(b->novelty);
    free(b);
}

lp_status bonus_open(player *p, const lp_train *t, lp_err *err) {
    int width, height;
    const train_bonuses *all = t->bonuses;
    if (!all) return LP_OK;
    lp_game_observation(t->game, &width, &height);
    train_bonus *b = p->bonus = calloc(1, sizeof *b);
    if (!b || !(b->view = malloc((size_t)width * (size_t)height))) return lp_fail(err, LP_FAILED, "out of memory");
    if (t->config.bonus_count > 0) {
        b->visits = calloc(MAX_VISITS, sizeof *b->visits);
        b->table = calloc(TABLE, sizeof *b->table);
        if (!b->visits || !b->table) return lp_fail(err, LP_FAILED, "out of memory");
    }
    if (all->novelty) {
        const size_t kept = ((size_t)t->config.steps + LEARNED_OF - 1) / LEARNED_OF;
        if (!(b->seen = calloc(kept, (size_t)inputs(all)))) return lp_fail(err, LP_FAILED, "out of memory");
    }
    return LP_OK;
}

void bonus_close(player *p) {
    train_bonus *b = p->bonus;
    if (!b) return;
    free(b->visits), free(b->table), free(b->view), free(b->seen);
    free(b);
}

void bonus_begin(player *p) {
    train_bonus *b = p->bonus;
    if (!b) return;
    b->milestones = 0;
    b->n_visits = 0;
    if (b->table) memset(b->table, 0, TABLE * sizeof *b->table);
}

/* Where the key is, or could be: the first place from its own on that has it or is free. */
static uint16_t *place_of(train_bonus *b, uint64_t key) {
    uint32_t at = (uint32_t)key & (TABLE - 1);
    while (b->table[at] && b->visits[b->table[at] - 1].key != key) at = (at + 1) & (TABLE - 1);
    return &b->table[at];
}

/* How often the episode has been there, this time included. */
static uint32_t visit_cell(train_bonus *b, uint64_t key) {
    uint16_t *place = place_of(b, key);
    if (!*place) {
        if (b->n_visits == MAX_VISITS) return UINT32_MAX;
        b->visits[b->n_visits] = (visit){key, 0};
        *place = (uint16_t)++b->n_visits;
    }
    return ++b->visits[*place - 1].n;
}

static int new_milestones(const train_bonuses *all, train_bonus *b, const lp_env *env) {
    const lp_event *events;
    int n = 0;
    for (int i = lp_env_events(env, &events) - 1; i >= 0; i--)
        for (int m = 0; m < all->n_milestones && events[i].milestone; m++) {
            if (strcmp(events[i].name, all->milestones[m]) != 0 || b->milestones >> m & 1) continue;
            b->milestones |= (uint64_t)1 << m;
            n++;
        }
    return n;
}

/* Of b->view; kept to be learned from, where it is this decision's turn. */
static float novelty_now(const lp_train *t, train_bonus *b) {
    const train_bonuses *all = t->bonuses;
    const int step = b->n_steps++;
    uint8_t picture[NOVELTY_MAX_INPUTS];
    lp_cells_picture(&all->coarse, t->game, b->view, picture);
    if (step % LEARNED_OF == 0) memcpy(b->seen + (size_t)(step / LEARNED_OF) * (size_t)inputs(all), picture, (size_t)inputs(all));
    return novelty_of(all->novelty, picture);
}

float bonus_take(const lp_train *t, player *p, lp_outcome outcome) {
    const train_bonuses *all = t->bonuses;
    train_bonus *b = p->bonus;
    lp_env *env = p->seat.env;
    double sum = 0;
    if (!b) return 0;
    if (all->novelty || (b->visits && !all->cells.n_terms)) lp_env_observe(env, b->view);
    if (all->novelty) sum += t->config.bonus_novelty * novelty_now(t, b);
    if (outcome != LP_RUNNING) return 0;
    if (t->config.bonus_milestone > 0) sum += t->config.bonus_milestone * new_milestones(all, b, env);
    if (b->visits) sum += t->config.bonus_count / sqrt(visit_cell(b, lp_cells_key(&all->cells, t->game, env, b->view)));
    b->sum += sum;
    return (float)sum;
}

double bonuses_learn(lp_train *t) {
    double sum = 0;
    for (int64_t e = 0; t->bonuses && e < t->config.envs; e++) {
        train_bonus *b = t->players[e].bonus;
        if (b->seen) novelty_learn(t->bonuses->novelty, b->seen, (b->n_steps + LEARNED_OF - 1) / LEARNED_OF);
        sum += b->sum;
        b->sum = b->n_steps = 0;
    }
    return sum / (double)(t->config.envs * t->config.steps);
}

/* ---- checkpoints: of each player the milestones, the number of visits, and they; then what novelty has learned ---- */
enum { HEAD_BYTES = 8 + 4, VISIT_BYTES = 8 + 4 };

size_t bonuses_save_size(const lp_train *t) {
    const train_bonuses *all = t->bonuses;
    size_t size = all && all->novelty ? novelty_save_size(all->novelty) : 0;
    for (int64_t e = 0; all && e < t->config.envs; e++) size += HEAD_BYTES + (size_t)t->players[e].bonus->n_visits * VISIT_BYTES;
    return size;
}

void bonuses_save(const lp_train *t, unsigned char *out) {
    for (int64_t e = 0; t->bonuses && e < t->config.envs; e++) {
        const train_bonus *b = t->players[e].bonus;
        memcpy(out, &b->milestones, 8), memcpy(out + 8, &b->n_visits, 4);
        out += HEAD_BYTES;
        for (uint32_t i = 0; i < b->n_visits; i++, out += VISIT_BYTES)
            memcpy(out, &b->visits[i].key, 8), memcpy(out + 8, &b->visits[i].n, 4);
    }
    if (t->bonuses && t->bonuses->novelty) novelty_save(t->bonuses->novelty, out);
}

static lp_status load_visits(train_bonus *b, const unsigned char *at, uint32_t n, lp_err *err) {
    for (uint32_t i = 0; i < n; i++, at += VISIT_BYTES) {
        visit *v = &b->visits[i];
        memcpy(&v->key, at, 8), memcpy(&v->n, at + 8, 4);
        uint16_t *place = place_of(b, v->key);
        if (*place || !v->n) return lp_fail(err, LP_BAD_INPUT, "bonuses: damaged");
        *place = (uint16_t)(i + 1);
    }
    b->n_visits = n;
    return LP_OK;
}

lp_status bonuses_load(lp_train *t, const unsigned char *data, size_t size_bytes, bool anew, size_t *used, lp_err *err) {
    const unsigned char *at = data, *end = data + size_bytes;
    lp_status status = LP_OK;
    for (int64_t e = 0; t->bonuses && e < t->config.envs && !status; e++) {
        player *p = &t->players[e];
        uint64_t milestones;
        uint32_t n;
        if (end - at < HEAD_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
        memcpy(&milestones, at, 8), memcpy(&n, at + 8, 4);
        at += HEAD_BYTES;
        if (n > (p->bonus->visits ? (uint32_t)MAX_VISITS : 0)) return lp_fail(err, LP_BAD_INPUT, "bonuses: damaged");
        if ((size_t)(end - at) < (size_t)n * VISIT_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
        bonus_begin(p);
        if (!anew) {
            p->bonus->milestones = milestones;
            status = load_visits(p->bonus, at, n, err);
        }
        at += (size_t)n * VISIT_BYTES;
    }
    if (!status && t->bonuses && t->bonuses->novelty) {
        const size_t bytes = novelty_save_size(t->bonuses->novelty);
        if ((size_t)(end - at) < bytes) return lp_fail(err, LP_BAD_INPUT, "cut short");
        status = novelty_load(t->bonuses->novelty, at, err);
        at += bytes;
    }
    *used = (size_t)(at - data);
    return status;
}
