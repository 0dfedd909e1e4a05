/* Settings: a table of names with types, defaults and ranges, filled from an .ini file and from --section.key=value.
 *
 *     static const lp_setting table[] = {
 *         {"ppo.epochs", "passes over each rollout", LP_SET_INT, offsetof(my_config, epochs), 2, 1, 100, NULL},
 *         ...
 *     };
 *     lp_config_defaults(&config, table, n);
 *     lp_config_read(&config, sizeof config, table, n, "train.ini", &err);   // LP_BAD_INPUT names file, line, key, value
 *     lp_config_set(&config, table, n, "ppo.epochs", "3", &err);
 *
 * An unknown key, a value of the wrong type or out of range is LP_BAD_INPUT and leaves config as it was.
 */
#ifndef LP_BASE_CONFIG_H
#define LP_BASE_CONFIG_H

#include "base/status.h"

#include <stddef.h>

typedef enum {
    LP_SET_INT,    /* int64_t */
    LP_SET_FLOAT,  /* double */
    LP_SET_CHOICE, /* int64_t: the index among choices, separated by '|' */
    LP_SET_TEXT,   /* char[max], empty by default. An .ini line holds less than 200 bytes: a longer text goes on in lines that
                      begin with a space, joined without one. Refused, as an .ini would not give it back: outer spaces,
                      tabs, line ends, ';' at the start or after a space */
} lp_setting_type;

typedef struct {
    const char *name; /* "section.key" */
    const char *help; /* one line, with the unit */
    lp_setting_type type;
    size_t offset; /* of the field in the config struct */
    double initial, min, max;
    const char *choices; /* for LP_SET_CHOICE */
} lp_setting;

enum { LP_SETTING_BYTES = 2048 }; /* any setting's value as text, with its end */

void lp_config_defaults(void *config, const lp_setting *table, int n);
lp_status lp_config_set(void *config, const lp_setting *table, int n, const char *name, const char *value, lp_err *err);
/* All or nothing: config is changed only when the whole file is good. size_bytes: sizeof the config struct. */
lp_status lp_config_read(void *config, size_t size_bytes, const lp_setting *table, int n, const char *path, lp_err *err);
/* Every entry of an .ini file in its order, by "section.key", for files that are more than a table. A value that goes on in a further line
 * comes as its key once more. What take returns but LP_OK ends it, with its message behind file and line. */
typedef lp_status (*lp_config_take)(void *context, const char *name, const char *value, lp_err *err);
lp_status lp_config_entries(const char *path, lp_config_take take, void *context, lp_err *err);
/* The same of a text; name: what messages call it. */
lp_status lp_config_entries_of(const char *text, const char *name, lp_config_take take, void *context, lp_err *err);
/* The settings as an .ini text, which lp_config_read gives back exactly. Returns the length, as snprintf does. */
int lp_config_print(const void *config, const lp_setting *table, int n, char *out, size_t size_bytes);
/* The setting's value as text, into out. */
void lp_config_value(const void *config, const lp_setting *setting, char *out, size_t size_bytes);

#endif
