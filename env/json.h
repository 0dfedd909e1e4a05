/* JSON files read field by field, every mistake told with its place: "my-game/longplay.json: knobs.doors.default: must be ...".
 *
 * A reader does not stop at the first mistake: it tells it to the report and goes on, so that the same code opens a game
 * (the report keeps the first line) and checks one (the report says them all). For harness/ and evals/.
 *
 *     lp_findings report = {.err = err};
 *     const lp_place file = lp_place_file("my-game/longplay.json");
 *     lp_json_int(root, "frame_skip", 1, 600, &four, &value, &file, &report);
 *     return report.status;
 */
#ifndef LP_ENV_JSON_H
#define LP_ENV_JSON_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void (*say)(void *context, bool is_error, const char *line); /* NULL: nobody listens */
    void *context;
    lp_err *err;      /* takes the first error; may be NULL */
    lp_status status; /* the first error's */
    int n_errors;
} lp_findings;

/* Where in a file: a chain on the stack, borrowed while in use. */
typedef struct lp_place {
    const struct lp_place *up; /* NULL: this is the file */
    const char *name;          /* of a field; NULL: an item of a list */
    int index;
} lp_place;

static inline lp_place lp_place_file(const char *path) { return (lp_place){NULL, path, 0}; }
static inline lp_place lp_place_field(const lp_place *up, const char *name) { return (lp_place){up, name, 0}; }
static inline lp_place lp_place_item(const lp_place *up, int index) { return (lp_place){up, NULL, index}; }

/* An error at a place; where NULL: the message says it. Returns LP_BAD_INPUT. */
lp_status lp_report_error(lp_findings *r, const lp_place *where, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An error that comes with its own message and status, which is returned. */
lp_status lp_report_status(lp_findings *r, lp_status status, const lp_err *err);
lp_status lp_report_out_of_memory(lp_findings *r, const lp_place *where);
/* No mistake, but worth saying. */
void lp_report_note(lp_findings *r, const lp_place *where, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A file as an object: of plain text (no control characters in its strings), no name twice in an object; fields whose names
 * begin with // are comments and left out. *out is then the caller's to delete; NULL after an error. */
lp_status lp_json_read(cJSON **out, const char *path, lp_findings *r);

/* A field of an object. They report a mistake and return false; *out is then what an absent field gives. Whole numbers are
 * exact up to 2^53. An absent number is taken as initial, or, where that is NULL, reported; it is then 0. */
enum { LP_JSON_EXACT_BITS = 53 };
bool lp_json_int(const cJSON *object, const char *key, int64_t min, int64_t max, const int64_t *initial, int64_t *out,
                 const lp_place *where, lp_findings *r);
/* A number that a float can hold; 0 when absent. */
bool lp_json_float(const cJSON *object, const char *key, float *out, const lp_place *where, lp_findings *r);
bool lp_json_bool(const cJSON *object, const char *key, bool *out, const lp_place *where, lp_findings *r); /* false when absent */
/* An object, or a list of at most max; NULL when absent. */
bool lp_json_object(const cJSON *object, const char *key, const cJSON **out, const lp_place *where, lp_findings *r);
bool lp_json_list(const cJSON *object, const char *key, int max, const cJSON **out, const lp_place *where, lp_findings *r);
/* The text into out; "" when absent. */
bool lp_json_text(const cJSON *object, const char *key, char *out, size_t size, const lp_place *where, lp_findings *r);
/* Looks for fields that are not among known, names separated by '|': with strict they are errors, since a misspelt field
 * must not pass for an absent one; else notes. A field whose name begins with "//" is a comment. */
bool lp_json_known(const cJSON *object, const char *known, bool strict, const lp_place *where, lp_findings *r);

#endif
