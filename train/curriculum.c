#include "train/curriculum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "n=1..4" into the next range. */
static lp_status add_range(lp_curriculum *c, const char *text, lp_err *err) {
    char name[64] = "", rest;
    long long first, last;
    int n = sscanf(text, "%63[^=]=%lld..%lld%c", name, &first, &last, &rest);
    if (n == 2 && sscanf(text, "%63[^=]=%lld%c", name, &first, &rest) == 2) last = first;
    else if (n != 3) return lp_fail(err, LP_BAD_INPUT, "curriculum.knobs: '%s': not KNOB=N or KNOB=FIRST..LAST", text);
    lp_knob_range range = {lp_game_find_knob(c->game, name), first, last};
    if (range.index < 0 || range.index == c->horizon_knob)
        return lp_fail(err, LP_BAD_INPUT, "curriculum.knobs: '%s': %s", text,
                       range.index < 0 ? "the game has no such knob" : "horizon goes by curriculum.start and end");
    const lp_knob *knob = lp_game_knob(c->game, range.index);
    if (first < knob->min || first > knob->max || last < knob->min || last > knob->max)
        return lp_fail(err, LP_BAD_INPUT, "curriculum.knobs: '%s': must stay within %lld to %lld", text, (long long)knob->min,
                       (long long)knob->max);
    for (int r = 0; r < c->n_ranges; r++)
        if (c->ranges[r].index == range.index) return lp_fail(err, LP_BAD_INPUT, "curriculum.knobs: %s stands twice", name);
    c->now.hardest[c->n_ranges] = first;
    c->ranges[c->n_ranges++] = range;
    return LP_OK;
}

lp_status lp_curriculum_open(lp_curriculum *out, const lp_game *game, const lp_curriculum_config *config, lp_err *err) {
    lp_curriculum c = {
        .game = game, .config = *config, .horizon_knob = lp_game_find_knob(game, "horizon"), .now = {.horizon = config->start}};
    *out = (lp_curriculum){0};
    if (config->end < config->start)
        return lp_fail(err, LP_BAD_INPUT, "curriculum.end (%lld) is below curriculum.start (%lld)", (long long)config->end,
                       (long long)config->start);
    if (config->back > config->win_rate)
        return lp_fail(err, LP_BAD_INPUT, "curriculum.back (%g) is above curriculum.win_rate (%g)", config->back, config->win_rate);
    if (c.horizon_knob >= 0) {
        const lp_knob *knob = lp_game_knob(game, c.horizon_knob);
        if (config->start < knob->min || config->end > knob->max)
            return lp_fail(err, LP_BAD_INPUT, "curriculum.start and end: must be within %lld to %lld", (long long)knob->min,
                           (long long)knob->max);
    }
    char text[sizeof config->knobs], *rest;
    snprintf(text, sizeof text, "%s", config->knobs);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        lp_status status = add_range(&c, word, err);
        if (status) return status;
    }
    if (!(c.recent = calloc((size_t)config->episodes, 1))) return lp_fail(err, LP_FAILED, "out of memory");
    *out = c;
    return LP_OK;
}

void lp_curriculum_close(lp_curriculum *c) {
    free(c->recent);
    *c = (lp_curriculum){0};
}

void lp_curriculum_draw(const lp_curriculum *c, lp_rng *rng, bool twin, int64_t *knobs) {
    lp_game_default_knobs(c->game, knobs);
    if (c->horizon_knob >= 0) {
        int64_t min = c->config.draw == LP_CURRICULUM_LONGEST ? c->now.horizon : lp_game_knob(c->game, c->horizon_knob)->min;
        knobs[c->horizon_knob] = min + (int64_t)lp_rng_below(rng, (uint32_t)(c->now.horizon - min + 1));
    }
    const bool all = twin && c->config.twin == LP_CURRICULUM_ALL;
    for (int r = 0; r < c->n_ranges; r++) {
        const lp_knob_range *range = &c->ranges[r];
        int64_t hardest = all ? range->last : c->now.hardest[r];
        int64_t way = llabs(hardest - range->first), sign = range->last < range->first ? -1 : 1;
        if (way && (all || lp_rng_below(rng, 2))) hardest = range->first + sign * (int64_t)lp_rng_below(rng, (uint32_t)way + 1);
        knobs[range->index] = hardest;
    }
}

void lp_curriculum_count(lp_curriculum *c, bool won) {
    if (c->now.n_recent == c->config.episodes) c->now.recent_wins -= c->recent[c->now.recent_at];
    else c->now.n_recent++;
    c->recent[c->now.recent_at] = won;
    c->now.recent_wins += won;
    c->now.recent_at = (c->now.recent_at + 1) % c->config.episodes;
}

double lp_curriculum_win_rate(const lp_curriculum *c) {
    return c->now.n_recent ? (double)c->now.recent_wins / (double)c->now.n_recent : NAN;
}

static int64_t grown(const lp_curriculum *c, int64_t from, int64_t end) {
    const int64_t next = (int64_t)((double)from * c->config.grow) + 1;
    return next < end ? next : end;
}

static int64_t longer(const lp_curriculum *c, int64_t horizon) { return grown(c, horizon, c->config.end); }

static int64_t step(const lp_knob_range *range) { return range->last < range->first ? -1 : 1; }

void lp_curriculum_begin_late(lp_curriculum *c, int64_t longest) {
    c->longest = longest;
    c->before_end = c->config.before_end < longest ? c->config.before_end : longest;
}

/* The distance from a demonstration's end, the knobs in their order, then the horizon. False: this is the hardest. */
static bool harder(lp_curriculum *c) {
    int r = 0;
    while (r < c->n_ranges && c->now.hardest[r] == c->ranges[r].last) r++;
    if (c->before_end < c->longest) c->before_end = grown(c, c->before_end, c->longest);
    else if (r < c->n_ranges) c->now.hardest[r] += step(&c->ranges[r]);
    else if (c->now.horizon < c->config.end) c->now.horizon = longer(c, c->now.horizon);
    else return false;
    return true;
}

/* What became harder last, back by a level. False: this is the first. */
static bool easier(lp_curriculum *c) {
    int64_t before = c->config.start;
    int r = c->n_ranges - 1;
    while (before < c->now.horizon && longer(c, before) < c->now.horizon) before = longer(c, before);
    while (r >= 0 && c->now.hardest[r] == c->ranges[r].first) r--;
    if (before < c->now.horizon) c->now.horizon = before;
    else if (r >= 0) c->now.hardest[r] -= step(&c->ranges[r]);
    else if (c->longest && c->before_end > c->config.before_end) {
        int64_t nearer = c->config.before_end;
        while (grown(c, nearer, c->longest) < c->before_end) nearer = grown(c, nearer, c->longest);
        c->before_end = nearer;
    } else return false;
    return true;
}

void lp_curriculum_advance(lp_curriculum *c) {
    const double won = lp_curriculum_win_rate(c);
    if (c->now.n_recent < c->config.episodes) return;
    if (won >= c->config.win_rate ? harder(c) : won < c->config.back && easier(c))
        c->now.n_recent = c->now.recent_at = c->now.recent_wins = 0;
}

void lp_curriculum_goal(const lp_curriculum *c, int64_t *knobs) {
    lp_game_default_knobs(c->game, knobs);
    if (c->horizon_knob >= 0 && knobs[c->horizon_knob] > c->config.end) knobs[c->horizon_knob] = c->config.end;
    for (int r = 0; r < c->n_ranges; r++) knobs[c->ranges[r].index] = c->ranges[r].last;
}

void lp_curriculum_describe(const lp_curriculum *c, char *out, size_t size_bytes) {
    int used = 0;
    if (size_bytes) *out = 0;
    if (c->longest) used = snprintf(out, size_bytes, "before_end %lld", (long long)c->before_end);
    if (c->horizon_knob >= 0)
        used += snprintf(out + used, size_bytes - (size_t)used, "%shorizon %lld", used ? " " : "", (long long)c->now.horizon);
    for (int r = 0; r < c->n_ranges && (size_t)used < size_bytes; r++)
        used += snprintf(out + used, size_bytes - (size_t)used, "%s%s %lld", used ? " " : "",
                         lp_game_knob(c->game, c->ranges[r].index)->name, (long long)c->now.hardest[r]);
}

size_t lp_curriculum_save_size(const lp_curriculum *c) { return sizeof c->now + (size_t)c->config.episodes; }

void lp_curriculum_save(const lp_curriculum *c, void *out) {
    memcpy(out, &c->now, sizeof c->now);
    memcpy((char *)out + sizeof c->now, c->recent, (size_t)c->config.episodes);
}

lp_status lp_curriculum_load(lp_curriculum *c, const void *data, lp_err *err) {
    lp_curriculum read = *c;
    memcpy(&read.now, data, sizeof read.now);
    bool good = read.now.horizon >= c->config.start && read.now.horizon <= c->config.end && read.now.n_recent >= 0 &&
                read.now.n_recent <= c->config.episodes && read.now.recent_at >= 0 && read.now.recent_at < c->config.episodes &&
                read.now.recent_wins >= 0 && read.now.recent_wins <= read.now.n_recent;
    for (int r = 0; r < c->n_ranges; r++) { /* between the range's ends, whichever way it goes */
        int64_t first = c->ranges[r].first, last = c->ranges[r].last, at = read.now.hardest[r];
        good &= first <= last ? at >= first && at <= last : at <= first && at >= last;
    }
    const uint8_t *recent = (const uint8_t *)data + sizeof c->now;
    int64_t wins = 0;
    for (int64_t i = 0; good && i < read.now.n_recent; i++) good = recent[i] <= 1, wins += recent[i];
    if (!good || wins != read.now.recent_wins) return lp_fail(err, LP_BAD_INPUT, "saved curriculum: damaged");
    *c = read;
    memcpy(c->recent, recent, (size_t)c->config.episodes);
    return LP_OK;
}
