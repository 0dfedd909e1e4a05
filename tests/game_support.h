/* What the tests of longplay game share. */
#ifndef LP_TESTS_GAME_SUPPORT_H
#define LP_TESTS_GAME_SUPPORT_H

#include "tests/run_support.h"

#include "base/hash.h"
#include "base/rng.h"

#include <cjson/cJSON.h>
#include <dirent.h>

#define WINDOW "DISPLAY=:49213 SDL_VIDEODRIVER=dummy"
#define CUE LP_SOURCE_DIR "/games/cue/cue.gb"
#define ORBIT LP_SOURCE_DIR "/games/roms/orbit.gba"

static inline cJSON *parsed(result r, const char *what) {
    const char *end = NULL;
    cJSON *o = cJSON_ParseWithOpts(r.out, &end, 0);
    if (!cJSON_IsObject(o) || strcmp(end, "\n")) fail_msg("%s: exit %d, out '%s', err '%s'", what, r.code, r.out, r.err);
    return o;
}

static inline double number(const cJSON *o, const char *name) {
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsNumber(v)) fail_msg("no number '%s'", name);
    return v->valuedouble;
}

static inline void expect_done(result r, const char *says, const char *what) {
    if (r.code || !strstr(r.out, says)) fail_msg("%s: exit %d, out '%s' (want '%s'), err '%s'", what, r.code, r.out, says, r.err);
}

static inline int count_entries(const char *folder) {
    DIR *d = opendir(folder);
    int n = 0;
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

static inline result script(const char *name, const char *text, const char *options) {
    put(at("script"), text, strlen(text));
    return longplay("game ram %s %%/script %s", name, options);
}

#endif
