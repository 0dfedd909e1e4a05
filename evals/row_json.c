#include "evals/row_json.h"

#include "base/hash.h"
#include "memory/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cJSON *add_hash(cJSON *o, const char *name, uint64_t hash) {
    char text[24];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    return cJSON_AddStringToObject(o, name, text);
}

bool lp_row_add_played(cJSON *o, const lp_game *game, const int64_t *knobs, uint64_t seed, int64_t time_limit) {
    size_t rom_bytes;
    const void *rom = lp_game_rom(game, &rom_bytes);
    lp_noop noop = lp_game_noop(game);
    bool all = add_hash(o, "rom", lp_hash64(rom, rom_bytes)) && cJSON_AddStringToObject(o, "model", lp_model_name(lp_game_model(game)));
    cJSON *idle = cJSON_CreateIntArray((const int[]){noop.min, noop.max}, 2);
    all &= cJSON_GetArraySize(idle) == 2 && cJSON_AddItemToObject(o, "noop", idle);
    cJSON *values = cJSON_AddObjectToObject(o, "knobs");
    for (int i = 0; i < lp_game_n_knobs(game); i++)
        all &= cJSON_AddNumberToObject(values, lp_game_knob(game, i)->name, (double)knobs[i]) != NULL;
    return cJSON_AddNumberToObject(o, "seed", (double)seed) && cJSON_AddNumberToObject(o, "time_limit", (double)time_limit) && all &&
           values;
}

void lp_row_add_player(cJSON *o, const char *policy, uint64_t digest, bool sample, const lp_mem_config *memory) {
    lp_setting settings[LP_MEM_MAX_ROWS];
    lp_mem_choice choice = {0};
    char value[LP_SETTING_BYTES];
    cJSON_AddStringToObject(o, "policy", policy);
    if (digest) add_hash(o, "policy_digest", digest);
    cJSON_AddStringToObject(o, "act", sample ? "sample" : "greedy");
    cJSON *m = cJSON_AddObjectToObject(o, "memory");
    lp_mem_choose(&choice, memory);
    for (int i = 0, n = lp_mem_rows(settings, 0, true); i < n; i++) {
        if (!lp_mem_row_used(&choice, settings[i].name)) continue;
        lp_config_value(&choice, &settings[i], value, sizeof value);
        cJSON_AddStringToObject(m, strchr(settings[i].name, '.') + 1, value);
    }
}

/* ---- differences ---- */

/* The first place in which what is there differs from what is here; NULL: it is not there. */
typedef struct {
    char where[256];
    const cJSON *there, *here;
} difference;

static bool differ(const cJSON *there, const cJSON *here, difference *d) {
    const cJSON *item;
    size_t n = strlen(d->where);
    int i = 0;
    bool nested = cJSON_IsObject(here) || cJSON_IsArray(here);
    d->there = there, d->here = here;
    if (!nested || !there || (there->type & 0xff) != (here->type & 0xff)) return !cJSON_Compare(there, here, true);
    cJSON_ArrayForEach(item, here) {
        const cJSON *other = item->string ? cJSON_GetObjectItemCaseSensitive(there, item->string) : cJSON_GetArrayItem(there, i);
        if (item->string) snprintf(d->where + n, sizeof d->where - n, "%s%s", n ? "." : "", item->string);
        else snprintf(d->where + n, sizeof d->where - n, "[%d]", i);
        if (differ(other, item, d)) return true;
        d->where[n] = 0;
        i++;
    }
    d->there = there, d->here = here;
    return cJSON_GetArraySize(there) != cJSON_GetArraySize(here);
}

static bool tell(const difference *d, char *where, size_t size_bytes) {
    char *old = d->there ? cJSON_PrintUnformatted(d->there) : NULL, *new = d->here ? cJSON_PrintUnformatted(d->here) : NULL;
    snprintf(where, size_bytes, "%s is %.80s there, %.80s here", d->where, old ? old : "missing", new ? new : "missing");
    free(old);
    free(new);
    return true;
}

bool lp_json_differs(const cJSON *there, const cJSON *here, char *where, size_t size_bytes) {
    difference d = {{0}, NULL, NULL};
    return differ(there, here, &d) && tell(&d, where, size_bytes);
}

bool lp_row_differs(const cJSON *there, const cJSON *here, char *where, size_t size_bytes) {
    const cJSON *k_there = cJSON_GetObjectItemCaseSensitive(there, "k"), *k_here = cJSON_GetObjectItemCaseSensitive(here, "k");
    if ((k_there || k_here) && !cJSON_Compare(k_there, k_here, true)) {
        difference d = {"k", k_there, k_here};
        return tell(&d, where, size_bytes);
    }
    static const char *const played[] = {"rom", "model", "noop", "knobs", "seed", "time_limit"};
    for (size_t i = 0; i < sizeof played / sizeof *played; i++) {
        difference d = {{0}, NULL, NULL};
        const cJSON *a = cJSON_GetObjectItemCaseSensitive(there, played[i]), *b = cJSON_GetObjectItemCaseSensitive(here, played[i]);
        snprintf(d.where, sizeof d.where, "%s", played[i]);
        if (!a || !b || differ(a, b, &d)) {
            if (!a || !b) d.there = a, d.here = b;
            return tell(&d, where, size_bytes);
        }
    }
    return false;
}
