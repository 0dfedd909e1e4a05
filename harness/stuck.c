#include "harness/stuck.h"

#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lp_stuck_open(lp_stuck *s, const lp_game *game, int64_t after) {
    lp_err err;
    memset(s, 0, sizeof *s);
    s->after = after;
    s->by_variables = *lp_game_cells(game) && !lp_cells_parse(&s->cells, game, lp_game_cells(game), 0, 0, 0, &err) && s->cells.n_terms;
}

static void forget(lp_stuck *s) {
    s->n = 0;
    s->nowhere = 0;
    memset(s->slot, 0, sizeof s->slot);
}

void lp_stuck_begin(lp_stuck *s) { forget(s); }

/* Was it there before? It is from now on. */
static bool was_at(lp_stuck *s, uint32_t place) {
    size_t at = place % LP_STUCK_SLOTS;
    for (; s->slot[at]; at = (at + 1) % LP_STUCK_SLOTS)
        if (s->slot[at] == place) return true;
    if (s->n == LP_STUCK_PLACES) {
        forget(s);
        at = place % LP_STUCK_SLOTS;
    }
    s->slot[at] = s->place[s->n++] = place;
    return false;
}

static uint32_t place_of(const lp_stuck *s, lp_env *env) {
    int width, height;
    uint64_t hash;
    if (s->by_variables) hash = lp_cells_key(&s->cells, NULL, env, NULL);
    else {
        const uint32_t *frame = lp_emu_frame(lp_env_emu(env), &width, &height);
        hash = lp_hash64(frame, (size_t)width * (size_t)height * sizeof *frame);
    }
    const uint32_t place = (uint32_t)(hash ^ hash >> 32);
    return place ? place : 1;
}

bool lp_stuck_look(lp_stuck *s, lp_env *env, uint16_t keys) {
    const lp_event *events;
    if (!s->after) return false;
    if (lp_env_events(env, &events)) forget(s);
    if (!keys) return false;
    s->nowhere = was_at(s, place_of(s, env)) ? s->nowhere + 1 : 0;
    s->times += s->nowhere == s->after;
    return s->nowhere == s->after;
}

int64_t lp_stuck_now(const lp_stuck *s) { return s->after && s->nowhere >= s->after ? s->nowhere : 0; }

void lp_stuck_print(const lp_stuck *s, char out[LP_STUCK_TEXT]) {
    int used = snprintf(out, LP_STUCK_TEXT, "%lld %lld", (long long)s->times, (long long)s->nowhere);
    for (int i = 0; i < s->n; i++) used += snprintf(out + used, (size_t)(LP_STUCK_TEXT - used), " %x", (unsigned)s->place[i]);
}

bool lp_stuck_read(lp_stuck *s, const char *text) {
    int used = 0;
    long long times = 0, nowhere = 0;
    forget(s);
    const bool begins = sscanf(text, "%18lld %18lld%n", &times, &nowhere, &used) == 2;
    const char *at = text + used;
    while (*at == ' ' && s->n < LP_STUCK_PLACES) {
        char *end;
        const unsigned long place = strtoul(at, &end, 16);
        if (end == at || !place || place > UINT32_MAX || was_at(s, (uint32_t)place)) break;
        at = end;
    }
    const bool good = begins && !*at && times >= 0 && nowhere >= 0;
    if (!good) forget(s);
    s->times = good ? times : 0;
    s->nowhere = good ? nowhere : 0;
    return good;
}
