#include "memory/settings.h"

#include "base/contract.h"
#include "base/hash.h"
#include "memory/arch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- architectures and their settings ---- */

const lp_mem_arch *lp_mem_find(const char *name) {
    for (int i = 0; lp_mem_archs[i]; i++)
        if (!strcmp(lp_mem_archs[i]->name, name)) return lp_mem_archs[i];
    return NULL;
}

const char *lp_mem_arch_name(const lp_mem_arch *arch) { return arch->name; }

bool lp_mem_wants_query(const lp_mem_arch *arch) { return arch->wants_query; }

static int n_settings(const lp_mem_arch *arch) {
    int n = 0;
    while (n < LP_MEM_MAX_SETTINGS && arch->settings[n].name) n++;
    return n;
}

static int find_setting(const lp_mem_arch *arch, const char *name) {
    int i = n_settings(arch) - 1;
    while (i >= 0 && strcmp(arch->settings[i].name, name)) i--;
    return i;
}

/* "the settings of tree are chunk, slots, fan, window" */
static const char *list_settings(const lp_mem_arch *arch, char *out, size_t size_bytes) {
    int n = n_settings(arch);
    size_t used = (size_t)snprintf(out, size_bytes, n ? "the settings of %s are" : "%s has none", arch->name);
    for (int i = 0; i < n && used < size_bytes; i++)
        used += (size_t)snprintf(out + used, size_bytes - used, "%s %s", i ? "," : "", arch->settings[i].name);
    return out;
}

/* Between a config's value and a choice's: tables count names from 0, and know no default that is not said. */
static int64_t value_from(const lp_mem_setting *s, int setting) { return s->choices ? (setting ? setting : s->initial) - 1 : setting; }

static int setting_from(const lp_mem_setting *s, int64_t value) { return (int)(s->choices ? value + 1 : value); }

static lp_status check(const lp_mem_setting *s, int64_t value, lp_err *err) {
    if (value >= s->min && value <= s->max) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "memory: %s is %lld, must be %d to %d", s->name, (long long)value, s->min, s->max);
}

const char *lp_mem_setting_text(const lp_mem_setting *setting, int value, char *out, size_t size_bytes) {
    const lp_setting row = {.type = setting->choices ? LP_SET_CHOICE : LP_SET_INT, .choices = setting->choices};
    const int64_t shown = value_from(setting, value);
    lp_config_value(&shown, &row, out, size_bytes);
    return out;
}

lp_status lp_mem_set(lp_mem_config *config, const char *name, int64_t value, lp_err *err) {
    int i = find_setting(config->arch, name);
    char list[256];
    if (i < 0) return lp_fail(err, LP_BAD_INPUT, "memory: no setting '%s': %s", name, list_settings(config->arch, list, sizeof list));
    const lp_mem_setting *s = &config->arch->settings[i];
    lp_status status = value ? check(s, value, err) : LP_OK;
    if (!status) config->setting[i] = value ? (int)value : s->initial;
    return status;
}

void lp_mem_use(lp_mem_config *config, const lp_mem_arch *arch) {
    lp_mem_config before = *config;
    *config = (lp_mem_config){.arch = arch, .dim = before.dim};
    for (int i = 0; before.arch && i < n_settings(arch); i++) {
        int k = find_setting(before.arch, arch->settings[i].name);
        if (k >= 0) config->setting[i] = before.setting[k];
    }
}

lp_status lp_mem_complete(lp_mem_config *config, lp_err *err) {
    lp_mem_config c = *config;
    if (!c.arch) return lp_fail(err, LP_BAD_INPUT, "memory: no architecture");
    lp_status status = check(&(lp_mem_setting){.name = "dim", .min = 1, .max = 65536}, c.dim, err);
    for (int i = 0; i < LP_MEM_MAX_SETTINGS && !status; i++) {
        const lp_mem_setting *s = &c.arch->settings[i];
        if (!s->name || !c.setting[i]) c.setting[i] = s->name ? s->initial : 0;
        if (s->name) status = check(s, c.setting[i], err);
    }
    if (!status) *config = c;
    return status;
}

/* ---- tables ---- */

/* The rows, with offsets in lp_mem_choice and the architectures' own initial values; made once, as their texts have to be. */
static struct {
    lp_setting row[LP_MEM_MAX_ROWS];
    char name[LP_MEM_MAX_ROWS][64], choices[512];
    const lp_mem_setting *key[LP_MEM_MAX_KEYS];
    int n_keys;
} made;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int find_key(const char *name) {
    int k = made.n_keys - 1;
    while (k >= 0 && strcmp(made.key[k]->name, name)) k--;
    return k;
}

static void add_key(const lp_mem_setting *s) {
    int r = 1 + made.n_keys;
    if (find_key(s->name) >= 0) return; /* shared, and so the same */
    LP_CHECK(made.n_keys < LP_MEM_MAX_KEYS);
    made.key[made.n_keys++] = s;
    snprintf(made.name[r], sizeof made.name[r], "memory.%s", s->name);
    made.row[r] = (lp_setting){.name = made.name[r],
                               .help = s->help,
                               .type = s->choices ? LP_SET_CHOICE : LP_SET_INT,
                               .offset = offsetof(lp_mem_choice, value) + (size_t)(r - 1) * sizeof(int64_t),
                               .initial = (double)value_from(s, s->initial),
                               .min = s->min < 0 ? s->min : 0,
                               .max = s->max,
                               .choices = s->choices};
}

static void make(void) {
    int arch = 0;
    size_t used = 0;
    for (int i = 0; lp_mem_archs[i]; i++) {
        const lp_mem_arch *a = lp_mem_archs[i];
        used += (size_t)snprintf(made.choices + used, sizeof made.choices - used, "%s%s", i ? "|" : "", a->name);
        LP_CHECK(used < sizeof made.choices);
        if (a == &lp_mem_tree) arch = i; /* what a policy is trained with unless it is said */
        for (int s = 0; s < n_settings(a); s++) add_key(&a->settings[s]);
    }
    made.row[0] =
        (lp_setting){"memory.arch", "memory architecture", LP_SET_CHOICE, offsetof(lp_mem_choice, arch), arch, 0, 0, made.choices};
}

const char *lp_mem_arch_choices(void) {
    pthread_once(&once, make);
    return made.choices;
}

int lp_mem_rows(lp_setting *out, size_t offset, bool defaults) {
    pthread_once(&once, make);
    for (int i = 0; i <= made.n_keys; i++) {
        out[i] = made.row[i];
        out[i].offset += offset;
        if (i && !defaults) out[i].initial = (double)value_from(made.key[i - 1], made.key[i - 1]->absent);
    }
    return 1 + made.n_keys;
}

static const char *const PREFIX = "memory.";

bool lp_mem_row_used(const lp_mem_choice *choice, const char *name) {
    pthread_once(&once, make);
    int k = strncmp(name, PREFIX, strlen(PREFIX)) ? -1 : find_key(name + strlen(PREFIX));
    if (k < 0) return true;
    const lp_mem_setting *s = made.key[k];
    return find_setting(lp_mem_archs[choice->arch], s->name) >= 0 && !(s->absent && choice->value[k] == value_from(s, s->absent));
}

void lp_mem_before(lp_mem_choice *choice, bool all) {
    pthread_once(&once, make);
    for (int k = 0; k < made.n_keys; k++) {
        const lp_mem_setting *s = made.key[k];
        if (s->absent && (all || (!choice->value[k] && !s->choices))) choice->value[k] = value_from(s, s->absent);
    }
}

lp_mem_config lp_mem_chosen(const lp_mem_choice *choice, int dim) {
    pthread_once(&once, make);
    lp_mem_config c = {.arch = lp_mem_archs[choice->arch], .dim = dim};
    for (int i = 0; i < n_settings(c.arch); i++) {
        const lp_mem_setting *s = &c.arch->settings[i];
        c.setting[i] = setting_from(s, choice->value[find_key(s->name)]);
    }
    return c;
}

void lp_mem_choose(lp_mem_choice *choice, const lp_mem_config *config) {
    pthread_once(&once, make);
    for (choice->arch = 0; lp_mem_archs[choice->arch] != config->arch;) choice->arch++;
    for (int i = 0; i < n_settings(config->arch); i++) {
        const lp_mem_setting *s = &config->arch->settings[i];
        choice->value[find_key(s->name)] = value_from(s, config->setting[i]);
    }
}

/* ---- by hand ---- */

static lp_status give_name(int *setting, const lp_mem_setting *s, const char *given, const char *name, lp_err *err) {
    const lp_setting row = {.name = s->name, .type = LP_SET_CHOICE, .choices = s->choices};
    int64_t value;
    if (lp_config_set(&value, &row, 1, s->name, name, NULL))
        return lp_fail(err, LP_BAD_INPUT, "--%s: must be one of %s", given, s->choices);
    *setting = setting_from(s, value);
    return LP_OK;
}

/* "memory.chunk=8" */
static lp_status give_setting(lp_mem_config *config, const char *given, lp_err *err) {
    char name[64], list[256], *end;
    const char *key = given + strlen(PREFIX), *equals = strchr(key, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals - key), key);
    int i = find_setting(config->arch, name);
    list_settings(config->arch, list, sizeof list);
    if (i < 0) return lp_fail(err, LP_BAD_INPUT, "--%s: the memory %s has no such setting: %s", given, config->arch->name, list);
    if (config->arch->settings[i].choices) return give_name(&config->setting[i], &config->arch->settings[i], given, equals + 1, err);
    errno = 0;
    long long value = strtoll(equals + 1, &end, 10);
    /* 0 is how files say "the default"; who types it means a number */
    if (errno || end == equals + 1 || *end || !value || lp_mem_set(config, name, value, NULL))
        return lp_fail(err, LP_BAD_INPUT, "--%s: must be a whole number from %d to %d%s: %s", given, config->arch->settings[i].min,
                       config->arch->settings[i].max, config->arch->settings[i].min < 0 ? ", but not 0" : "", list);
    return LP_OK;
}

lp_status lp_mem_give(lp_mem_config *config, const lp_mem_given *given, lp_err *err) {
    static const char ARCH[] = "memory.arch=";
    lp_mem_config c = *config;
    lp_status status = LP_OK;
    const char *name = given->arch;
    for (int i = 0; i < given->n_settings && !name; i++)
        if (!strncmp(given->settings[i], ARCH, strlen(ARCH))) name = given->settings[i] + strlen(ARCH);
    if (name && !lp_mem_find(name)) return lp_fail(err, LP_BAD_INPUT, "--memory '%s': must be one of %s", name, lp_mem_arch_choices());
    if (name) lp_mem_use(&c, lp_mem_find(name));
    for (int i = 0; i < given->n_settings && !status; i++) {
        const char *s = given->settings[i];
        if (!strncmp(s, PREFIX, strlen(PREFIX)) && strncmp(s, ARCH, strlen(ARCH))) status = give_setting(&c, s, err);
    }
    if (!status) *config = c;
    return status;
}

/* ---- for hashes ---- */

static int64_t value_of(const lp_mem_choice *choice, const char *key) {
    int k = find_key(key);
    return k < 0 ? 0 : choice->value[k];
}

void lp_mem_numbers(const lp_mem_choice *choice, int64_t out[LP_MEM_NUMBERS]) {
    static const char *const first[] = {"none", "window", "tree", "full"};
    static const char *const keys[LP_MEM_NUMBERS - 1] = {"chunk", "slots", "fan", "window", "max_items"};
    const lp_mem_config c = lp_mem_chosen(choice, 1);
    memset(out, 0, LP_MEM_NUMBERS * sizeof *out);
    for (int i = 0; i < 4; i++)
        if (!strcmp(first[i], c.arch->name)) {
            out[0] = i;
            for (int k = 0; k < LP_MEM_NUMBERS - 1; k++) out[1 + k] = value_of(choice, keys[k]);
            for (int k = 0; k < n_settings(c.arch); k++) {
                const lp_mem_setting *s = &c.arch->settings[k];
                const int value = c.setting[k] ? c.setting[k] : s->initial;
                if (!s->absent || value == s->absent) continue;
                out[0] = (int64_t)lp_hash64_seed(s->name, strlen(s->name), (uint64_t)out[0]);
                out[0] = (int64_t)lp_hash64_seed(&value, sizeof value, (uint64_t)out[0]);
            }
            return;
        }
    out[0] = (int64_t)lp_hash64(c.arch->name, strlen(c.arch->name));
    out[1] = (int64_t)lp_hash64(c.setting, sizeof c.setting);
}
