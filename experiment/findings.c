#include "experiment/findings.h"

#include "experiment/db_impl.h"
#include "harness/choose.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_METHODS = 1024, MAX_TASKS = 4096 };

static const char *text_at(sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    return text ? text : "";
}

static double number_at(sqlite3_stmt *s, int column) {
    return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN : sqlite3_column_double(s, column);
}

/* Calls take for each row. */
static lp_status each(lp_db *db, const char *sql, bool (*take)(lp_findings *, sqlite3_stmt *), lp_findings *f, lp_err *err) {
    sqlite3_stmt *s;
    int rc = SQLITE_DONE;
    bool room = true;
    lp_status status = lp_db_prepare(db, &s, err, sql, "");
    if (status) return status;
    while (room && (rc = sqlite3_step(s)) == SQLITE_ROW) room = take(f, s);
    if (!room) status = lp_fail(err, LP_FAILED, "%s: out of memory, or too much in it", f->path);
    else if (rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

/* Makes room for one more; grows by halves. NULL: there is none. */
static void *more(void *items, int n, size_t bytes) {
    if (n & (n - 1)) return items;
    return realloc(items, (n ? 2 * (size_t)n : 1) * bytes);
}
#define GROW(items, n) ((grown = more(items, n, sizeof *(items))) ? ((items) = grown, true) : false)

/* ---- methods, tasks, seeds ---- */

static bool take_method(lp_findings *f, sqlite3_stmt *s) {
    void *grown;
    if (f->n_methods == MAX_METHODS || !GROW(f->methods, f->n_methods)) return false;
    lp_method *m = &f->methods[f->n_methods++];
    *m = (lp_method){.n_trainings = sqlite3_column_int(s, 2),
                     .n_trained = sqlite3_column_int(s, 3),
                     .parameters = number_at(s, 4),
                     .decisions = number_at(s, 5),
                     .cpu_s = number_at(s, 6),
                     .wall_s = number_at(s, 7),
                     .joules = number_at(s, 8),
                     .items = number_at(s, 9),
                     .context_items = number_at(s, 10),
                     .flops = NAN,
                     .read_bytes = NAN,
                     .memory_bytes = NAN};
    snprintf(m->variant, sizeof m->variant, "%s", text_at(s, 0));
    snprintf(m->memory, sizeof m->memory, "%s", text_at(s, 1));
    return true;
}

static const char methods[] =
    "WITH c AS (SELECT variant, count(*) AS n, sum(status = 'done') AS done, avg(parameters) AS parameters, avg(decisions) AS decisions,"
    " avg(cpu_s) AS cpu_s, avg(wall_s) AS wall_s,"
    " iif(count(joules) = sum(status = 'done'), avg(joules), NULL) AS joules FROM cells WHERE asked GROUP BY variant),"
    " e AS (SELECT variant, e.memory, 1.0 * sum(items_read) / sum(played_decisions) AS items, max(context_items) AS context"
    " FROM evaluations e JOIN cells USING(cell) WHERE e.asked AND cells.asked AND kind = 'test' AND e.decisions IS NULL GROUP BY variant, "
    "e.memory)"
    " SELECT variant, e.memory, n, done, parameters, decisions, cpu_s, wall_s, joules, items, context FROM e JOIN c USING(variant)"
    " ORDER BY variant, e.memory <> 'own', e.memory";

/* "memory.arch=tree policy.core=gru" without the sections, and the memory where it is another, or where there are several. */
static void name_methods(lp_findings *f) {
    bool owns = true;
    for (int m = 0; m < f->n_methods; m++) owns = owns && !strcmp(f->methods[m].memory, "own");
    for (int m = 0; m < f->n_methods; m++) {
        lp_method *one = &f->methods[m];
        char *out = one->name;
        bool section = true;
        for (const char *at = one->variant; *at; at++) {
            const char *dot = section ? strpbrk(at, ".= ") : NULL;
            if (dot && *dot == '.') at = dot + 1;
            section = *at == ' ';
            if (*at) *out++ = *at;
            else break;
        }
        *out = 0;
        bool plain = owns && out > one->name;
        snprintf(one->trained, sizeof one->trained, "%s", out > one->name ? one->name : "own");
        if (!plain) snprintf(out, sizeof one->name - (size_t)(out - one->name), "%s%s", *one->variant ? ", with " : "", one->memory);
    }
}

static bool take_task(lp_findings *f, sqlite3_stmt *s) {
    void *grown;
    if (f->n_tasks == MAX_TASKS || !GROW(f->tasks, f->n_tasks)) return false;
    lp_task *t = &f->tasks[f->n_tasks++];
    *t = (lp_task){.horizon = sqlite3_column_type(s, 2) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 2)};
    snprintf(t->game, sizeof t->game, "%s", text_at(s, 0));
    snprintf(t->knobs, sizeof t->knobs, "%s", text_at(s, 1));
    return true;
}

static bool take_seed(lp_findings *f, sqlite3_stmt *s) {
    void *grown;
    if (!GROW(f->seeds, f->n_seeds)) return false;
    f->seeds[f->n_seeds++] = sqlite3_column_int64(s, 0);
    return true;
}

/* Does this knob of task t have another value in another task of the game? */
static bool varies(const lp_task *tasks, int n, int t, cJSON *const *knobs, const cJSON *knob) {
    for (int i = 0; i < n; i++)
        if (!strcmp(tasks[i].game, tasks[t].game) && !cJSON_Compare(cJSON_GetObjectItemCaseSensitive(knobs[i], knob->string), knob, true))
            return true;
    return false;
}

bool lp_name_tasks(lp_task *tasks, int n) {
    cJSON **knobs = calloc((size_t)n + 1, sizeof *knobs);
    bool room = knobs;
    for (int t = 0; t < n && room; t++) room = (knobs[t] = cJSON_Parse(tasks[t].knobs)) != NULL;
    for (int t = 0; t < n && room; t++) {
        lp_task *task = &tasks[t];
        size_t used = (size_t)snprintf(task->panel, sizeof task->panel, "%s", task->game);
        const cJSON *knob;
        cJSON_ArrayForEach(knob, knobs[t]) if (knob->string && strcmp(knob->string, "horizon") && used < sizeof task->panel &&
                                               varies(tasks, n, t, knobs, knob)) used +=
            (size_t)snprintf(task->panel + used, sizeof task->panel - used, " %s=%.10g", knob->string, knob->valuedouble);
        if (task->horizon >= 0) snprintf(task->name, sizeof task->name, "%s, %lld", task->panel, (long long)task->horizon);
        else snprintf(task->name, sizeof task->name, "%s", task->panel);
    }
    for (int t = 0; t < n && knobs; t++) cJSON_Delete(knobs[t]);
    free(knobs);
    return room;
}

static int by_panel(const void *a, const void *b) {
    const lp_task *x = a, *y = b;
    int order = strcmp(x->game, y->game);
    if (!order) order = strcmp(x->panel, y->panel);
    if (!order) order = (x->horizon > y->horizon) - (x->horizon < y->horizon);
    return order ? order : strcmp(x->knobs, y->knobs);
}

/* ---- what was won ---- */

double *lp_found_rate(const lp_findings *f, int method, int task, int seed) {
    return &f->rates[((size_t)method * (size_t)f->n_tasks + (size_t)task) * (size_t)f->n_seeds + (size_t)seed];
}

static int find_method(const lp_findings *f, const char *variant, const char *memory) {
    for (int m = 0; m < f->n_methods; m++)
        if (!strcmp(f->methods[m].variant, variant) && (!memory || !strcmp(f->methods[m].memory, memory))) return m;
    return -1;
}

static bool take_rate(lp_findings *f, sqlite3_stmt *s) {
    int method = find_method(f, text_at(s, 0), text_at(s, 1)), task = 0, seed = 0;
    while (task < f->n_tasks && (strcmp(f->tasks[task].game, text_at(s, 2)) || strcmp(f->tasks[task].knobs, text_at(s, 3)))) task++;
    while (seed < f->n_seeds && f->seeds[seed] != sqlite3_column_int64(s, 4)) seed++;
    if (method >= 0 && task < f->n_tasks && seed < f->n_seeds) *lp_found_rate(f, method, task, seed) = number_at(s, 5);
    return true;
}

static bool take_point(lp_findings *f, sqlite3_stmt *s) {
    void *grown;
    int method = find_method(f, text_at(s, 1), NULL);
    if (method < 0 || sqlite3_column_type(s, 3) == SQLITE_NULL) return true; /* nothing is tested of it */
    if (!GROW(f->points, f->n_points)) return false;
    lp_curve_point *p = &f->points[f->n_points++];
    *p = (lp_curve_point){
        .variant = method, .seed = sqlite3_column_int64(s, 2), .decisions = sqlite3_column_int64(s, 3), .win_rate = number_at(s, 4)};
    snprintf(p->game, sizeof p->game, "%s", text_at(s, 0));
    return true;
}

static bool take_failed(lp_findings *f, sqlite3_stmt *s) {
    void *grown;
    if (!GROW(f->failed, f->n_failed)) return false;
    snprintf(f->failed[f->n_failed++], sizeof *f->failed, "%s of %s, %s%sseed %s: %s", text_at(s, 0), text_at(s, 1), text_at(s, 2),
             *text_at(s, 2) ? ", " : "", text_at(s, 3), text_at(s, 4));
    return true;
}

static bool take_counts(lp_findings *f, sqlite3_stmt *s) {
    f->n_evaluations = sqlite3_column_int(s, 0), f->n_waiting = sqlite3_column_int(s, 1);
    return true;
}

/* ---- costs, of the weights ---- */

/* "tree keep=oldest", or the policy's own. */
static lp_status memory_of(lp_mem_config *out, const lp_policy *policy, const char *label, lp_err *err) {
    char words[8][96], copy[96], *save = NULL;
    const char *settings[8];
    lp_mem_given given = {.settings = settings};
    if (!strcmp(label, "own")) return lp_choose_memory(out, policy, NULL, err);
    snprintf(copy, sizeof copy, "%s", label);
    for (char *word = strtok_r(copy, " ", &save); word && given.n_settings < 7; word = strtok_r(NULL, " ", &save)) {
        snprintf(words[given.n_settings], sizeof *words, given.arch ? "memory.%s" : "%s", word);
        if (given.arch) settings[given.n_settings] = words[given.n_settings], given.n_settings++;
        else given.arch = memcpy(words[7], words[0], sizeof *words);
    }
    return lp_choose_memory(out, policy, &given, err);
}

/* Of the first training whose weights are there. They may be anybody's: what they do not tell stays unknown. */
static void weigh(lp_findings *f, lp_method *m, const char *cell) {
    char path[PATH_MAX + 64];
    lp_policy *policy = NULL;
    lp_mem_config memory;
    lp_mem *mem = NULL;
    snprintf(path, sizeof path, "%s/%.32s.safetensors", f->folder, cell);
    if (lp_policy_read(&policy, path, NULL)) return;
    if (!memory_of(&memory, policy, m->memory, NULL) && !lp_mem_open(&mem, &memory, NULL)) {
        m->no_weights = false;
        m->memory_bytes = (double)lp_mem_bytes(mem);
        if (m->context_items >= 0 && m->context_items <= 1e9) m->flops = lp_policy_flops(policy, (int)m->context_items);
        m->read_bytes = 4 * ((double)lp_policy_n_parameters(policy) + m->items * (lp_policy_shape(policy)->dim + 1));
    }
    lp_mem_close(mem);
    lp_policy_close(policy);
}

static bool take_weights(lp_findings *f, sqlite3_stmt *s) {
    for (int m = 0; m < f->n_methods; m++)
        if (f->methods[m].no_weights && !strcmp(f->methods[m].variant, text_at(s, 0))) weigh(f, &f->methods[m], text_at(s, 1));
    return true;
}

/* ---- all of it ---- */

static lp_status read_all(lp_findings *f, lp_db *db, lp_err *err) {
    lp_status status = each(db, methods, take_method, f, err);
    if (!status)
        status = each(db,
                      "SELECT DISTINCT game, knobs, horizon FROM evaluations e JOIN cells c USING(cell)"
                      " WHERE e.asked AND c.asked AND kind = 'test' AND e.decisions IS NULL",
                      take_task, f, err);
    if (!status) status = each(db, "SELECT DISTINCT seed FROM cells WHERE asked ORDER BY seed", take_seed, f, err);
    if (status) return status;
    name_methods(f);
    if (!lp_name_tasks(f->tasks, f->n_tasks)) return lp_fail(err, LP_BAD_INPUT, "%s: knobs that are not JSON, or out of memory", f->path);
    if (f->n_tasks) qsort(f->tasks, (size_t)f->n_tasks, sizeof *f->tasks, by_panel);
    size_t n = (size_t)f->n_methods * (size_t)f->n_tasks * (size_t)f->n_seeds;
    if (!(f->rates = malloc((n + 1) * sizeof *f->rates))) return lp_fail(err, LP_FAILED, "out of memory");
    for (size_t i = 0; i < n; i++) f->rates[i] = NAN;
    status = each(db, "SELECT variant, memory, game, knobs, seed, win_rate FROM scores", take_rate, f, err);
    if (!status) status = each(db, "SELECT game, variant, seed, decisions, win_rate FROM curves", take_point, f, err);
    if (!status) status = each(db, "SELECT what, game, variant, seed, error FROM failed", take_failed, f, err);
    if (!status)
        status = each(db,
                      "SELECT count(*), sum(e.status = 'waiting') FROM evaluations e JOIN cells c USING(cell)"
                      " WHERE e.asked AND c.asked AND kind = 'test' AND e.decisions IS NULL",
                      take_counts, f, err);
    for (int m = 0; m < f->n_methods; m++) f->methods[m].no_weights = true;
    if (!status) status = each(db, "SELECT variant, cell FROM cells WHERE asked AND status = 'done' ORDER BY seed", take_weights, f, err);
    return status;
}

lp_status lp_findings_read(lp_findings *out, const char *path, lp_err *err) {
    lp_db *db;
    bool any = false;
    *out = (lp_findings){0};
    lp_status status = lp_db_open_reader(&db, path, err);
    if (status) return status;
    snprintf(out->path, sizeof out->path, "%s", db->path);
    snprintf(out->folder, sizeof out->folder, "%s", db->folder);
    status = lp_db_run(db, err, "BEGIN", ""); /* of one moment, also while the experiment runs */
    if (!status) status = read_all(out, db, err);
    lp_db_close(db);
    for (size_t i = 0, n = (size_t)out->n_methods * (size_t)out->n_tasks * (size_t)out->n_seeds; i < n && !status && !any; i++)
        any = !isnan(out->rates[i]);
    if (!status && !any) status = lp_fail(err, LP_BAD_INPUT, "%s: no evaluation is done yet", out->path);
    return status;
}

void lp_findings_free(lp_findings *f) {
    free(f->methods), free(f->tasks), free(f->seeds), free(f->rates), free(f->points), free(f->failed);
    *f = (lp_findings){0};
}
