/* From the files that trainings and evaluations write into the database. */
#include "experiment/db_impl.h"

#include "base/file.h"
#include "base/hash.h"
#include "evals/episodes.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MAX_LOG_BYTES = (size_t)4 << 30;

/* ---- a training's log ---- */

static void bind_number(sqlite3_stmt *s, int index, const cJSON *o, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (!cJSON_IsNumber(v)) sqlite3_bind_null(s, index);
    else if (v->valuedouble == (double)(int64_t)v->valuedouble) sqlite3_bind_int64(s, index, (int64_t)v->valuedouble);
    else sqlite3_bind_double(s, index, v->valuedouble);
}

static lp_status step(lp_db *db, sqlite3_stmt *s, lp_err *err) {
    int rc = sqlite3_step(s);
    sqlite3_reset(s);
    return rc == SQLITE_DONE ? LP_OK : lp_db_fail(db, err);
}

static lp_status add_update(lp_db *db, sqlite3_stmt *s, const cJSON *o, lp_err *err) {
    static const char *const keys[] = {
        "update",      "decisions",  "win_rate", "episodes", "wins",          "twin_episodes", "twin_wins",
        "policy_loss", "value_loss", "entropy",  "kl",       "clip_fraction", "salience_loss", "attention_entropy",
        "grad_norm",   "rollout_s",  "learn_s",  "wall_s",   "cpu_s",         "joules"};
    char *level = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(o, "level"));
    sqlite3_bind_text(s, 2, level, -1, SQLITE_TRANSIENT);
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++) bind_number(s, 3 + i, o, keys[i]);
    cJSON_free(level);
    return step(db, s, err);
}

static lp_status add_episode(lp_db *db, sqlite3_stmt *s, int64_t evaluation, int64_t index, uint64_t seed, const char *outcome,
                             int64_t decisions, const lp_eval_episode *more, lp_err *err) {
    sqlite3_bind_int64(s, 1, evaluation);
    sqlite3_bind_int64(s, 2, index);
    sqlite3_bind_int64(s, 3, (int64_t)seed);
    sqlite3_bind_text(s, 4, outcome, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, decisions);
    if (more) sqlite3_bind_int64(s, 6, more->context_items_max);
    if (more && more->items_read >= 0) sqlite3_bind_int64(s, 7, more->items_read);
    lp_status status = step(db, s, err);
    sqlite3_clear_bindings(s);
    return status;
}

static double number(const cJSON *o, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    return cJSON_IsNumber(v) ? v->valuedouble : 0;
}

static lp_outcome outcome_of(char letter) { return letter == 'W' ? LP_WIN : letter == 'L' ? LP_LOSS : LP_TIMEOUT; }

static lp_status add_on_the_way(lp_db *db, const lp_plan_cell *c, sqlite3_stmt *episodes, const cJSON *o, lp_err *err) {
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "evaluation"));
    const char *outcomes = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "outcomes"));
    const cJSON *knobs = cJSON_GetObjectItemCaseSensitive(o, "knobs"), *horizon = cJSON_GetObjectItemCaseSensitive(knobs, "horizon");
    const cJSON *length = cJSON_GetObjectItemCaseSensitive(o, "lengths");
    char name[128], *json = cJSON_PrintUnformatted(knobs);
    int64_t decisions = 0, at = (int64_t)number(o, "decisions"), seed = (int64_t)number(o, "seed");
    int n = snprintf(name, sizeof name, "%s|%.16s|%lld", c->id, kind, (long long)at);
    int64_t id = (int64_t)(lp_hash64(name, (size_t)n) & INT64_MAX);
    if (!json || !outcomes)
        return cJSON_free(json), lp_fail(err, LP_FAILED, "an evaluation in the log of %s: not whole, or out of memory", c->id);
    const cJSON *item;
    cJSON_ArrayForEach(item, length) decisions += (int64_t)item->valuedouble;
    lp_status status = lp_db_run(
        db, err,
        "INSERT OR REPLACE INTO evaluations(evaluation, cell, asked, kind, decisions, memory, knobs, horizon, seed, n, status,"
        " wins, losses, timeouts, played_decisions, context_items, wall_s, cpu_s, tries, act)"
        " VALUES(?1, ?2, 1, ?3, ?4, 'own', ?5, iif(?6 < 0, NULL, ?6), ?7, ?8, 'done', ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, 'own')",
        "ittitiiiiiiiidd", id, c->id, kind, at, json, horizon ? (int64_t)horizon->valuedouble : (int64_t)-1, seed,
        (int64_t)number(o, "episodes"), (int64_t)number(o, "wins"), (int64_t)number(o, "losses"), (int64_t)number(o, "timeouts"), decisions,
        (int64_t)number(o, "context_items_max"), number(o, "wall_s"), number(o, "cpu_s"));
    int64_t i = 0;
    cJSON_ArrayForEach(item, length) {
        if (status || !outcomes[i]) break;
        status = add_episode(db, episodes, id, i, lp_game_eval_seed((uint64_t)seed, (uint64_t)i), lp_outcome_name(outcome_of(outcomes[i])),
                             (int64_t)item->valuedouble, NULL, err);
        i++;
    }
    cJSON_free(json);
    return status;
}

static const char insert_episode[] = "INSERT INTO episodes VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";

static lp_status take_log(lp_db *db, const lp_plan_cell *c, const char *path, lp_err *err) {
    lp_blob file = {0};
    sqlite3_stmt *updates = NULL, *episodes = NULL;
    lp_status status = lp_file_read(&file, path, MAX_LOG_BYTES, err);
    if (!status)
        status = lp_db_run(
            db, err, "DELETE FROM episodes WHERE evaluation IN (SELECT evaluation FROM evaluations WHERE cell = ?1 AND kind <> 'test')",
            "t", c->id);
    if (!status) status = lp_db_run(db, err, "DELETE FROM evaluations WHERE cell = ?1 AND kind <> 'test'", "t", c->id);
    if (!status) status = lp_db_run(db, err, "DELETE FROM updates WHERE cell = ?1", "t", c->id);
    if (!status) status = lp_db_prepare(db, &episodes, err, insert_episode, "");
    if (!status)
        status = lp_db_prepare(
            db, &updates, err,
            "INSERT INTO updates(cell, level, n, decisions, win_rate, episodes, wins, twin_episodes, twin_wins, policy_loss,"
            " value_loss, entropy, kl, clip_fraction, salience_loss, attention_entropy, grad_norm, rollout_s, learn_s, wall_s,"
            " cpu_s, joules) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
            "t", c->id);
    const char *at = (const char *)file.data, *end = at + file.size_bytes, *line_end;
    for (int i = 0; !status && (line_end = memchr(at, '\n', (size_t)(end - at))); i++, at = line_end + 1) {
        cJSON *o = i ? cJSON_ParseWithLength(at, (size_t)(line_end - at)) : NULL; /* the first line is the head */
        if (i && !o) status = lp_fail(err, LP_FAILED, "%s:%d: not JSON, or out of memory", path, i + 1);
        else if (cJSON_GetObjectItemCaseSensitive(o, "update")) status = add_update(db, updates, o, err);
        else if (cJSON_GetObjectItemCaseSensitive(o, "evaluation")) status = add_on_the_way(db, c, episodes, o, err);
        cJSON_Delete(o);
    }
    sqlite3_finalize(updates), sqlite3_finalize(episodes);
    lp_blob_free(&file);
    return status;
}

lp_status lp_db_log(lp_db *db, const lp_plan *plan, lp_plan_cell *c, lp_err *err) {
    char path[PATH_MAX];
    (void)plan;
    lp_db_path(db, c, NULL, ".safetensors.log", path);
    if (!lp_file_exists(path)) return LP_OK;
    lp_status status = lp_db_begin(db, err);
    if (!status) status = take_log(db, c, path, err);
    return lp_db_end(db, status, err);
}

lp_status lp_db_trained(lp_db *db, const lp_plan *plan, lp_plan_cell *c, lp_err *err) {
    char log[PATH_MAX], weights[PATH_MAX], checkpoint[PATH_MAX];
    lp_policy *policy = NULL;
    (void)plan;
    lp_db_path(db, c, NULL, ".safetensors.log", log);
    lp_db_path(db, c, NULL, ".safetensors", weights);
    lp_db_path(db, c, NULL, ".safetensors.train", checkpoint);
    lp_status status = lp_policy_read(&policy, weights, err);
    if (status) return status;
    if (lp_policy_n_parameters(policy) != c->cost.parameters)
        status = lp_fail(err, LP_FAILED, "%s: of another network than was asked for", weights);
    lp_policy_close(policy);
    if (status) return status;
    status = lp_db_begin(db, err);
    if (!status) status = take_log(db, c, log, err);
    if (!status)
        status = lp_db_run(db, err,
                           "UPDATE cells SET status = 'done', error = NULL,"
                           " (decisions, wall_s, cpu_s, joules) = (SELECT decisions, wall_s, cpu_s, joules FROM updates u WHERE u.cell = "
                           "?1 ORDER BY n DESC"
                           " LIMIT 1)"
                           " WHERE cell = ?1",
                           "t", c->id);
    if ((status = lp_db_end(db, status, err))) return status;
    c->status = LP_DONE;
    unlink(checkpoint);
    return LP_OK;
}

/* ---- an evaluation's file ---- */

static lp_status take_milestones(lp_db *db, const lp_plan_evaluation *e, lp_episodes *file, const cJSON *head, lp_err *err) {
    const cJSON *names =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(head, "rows"), 0), "milestones");
    const int64_t *reached = lp_episodes_reached(file, 0);
    int n = cJSON_GetArraySize(names);
    sqlite3_stmt *s = NULL;
    lp_status status = lp_db_run(db, err, "DELETE FROM milestones WHERE evaluation = ?1", "i", e->id);
    if (!status) status = lp_db_prepare(db, &s, err, "INSERT INTO milestones VALUES(?1, ?2, ?3, ?4)", "i", e->id);
    for (int64_t i = 0; i < e->n * n && !status && reached; i++) {
        if (reached[i] < 0) continue;
        sqlite3_bind_int64(s, 2, i / n);
        sqlite3_bind_text(s, 3, cJSON_GetStringValue(cJSON_GetArrayItem(names, (int)(i % n))), -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 4, reached[i]);
        status = step(db, s, err);
    }
    sqlite3_finalize(s);
    return status;
}

/* Of the seeds' tries: how often one of so many wins. */
static lp_status take_tries(lp_db *db, const lp_plan *plan, const lp_plan_evaluation *e, lp_episodes *file, lp_err *err) {
    lp_eval_row row = {.episodes = e->n};
    lp_eval_tries(lp_episodes_row(file, 0), plan->spec.tries, &row);
    lp_status status = lp_db_run(db, err, "DELETE FROM pass_at WHERE evaluation = ?1", "i", e->id);
    for (int i = 0; i < row.n_pass_at && !status; i++)
        status = lp_db_run(db, err, "INSERT INTO pass_at VALUES(?1, ?2, ?3)", "iid", e->id, row.pass_of[i], row.pass_at[i]);
    return status;
}

typedef struct {
    int64_t of[LP_TIMEOUT + 1], decisions, context, read; /* of: by outcome */
} counts;

static lp_status count(counts *out, lp_episodes *file, int64_t n, const char *what, lp_err *err) {
    const lp_eval_episode *played = lp_episodes_row(file, 0);
    *out = (counts){.decisions = 0};
    for (int64_t i = 0; i < n; i++) {
        out->of[played[i].outcome]++, out->decisions += played[i].decisions, out->read += played[i].items_read;
        if (played[i].context_items_max > out->context) out->context = played[i].context_items_max;
    }
    return out->of[LP_RUNNING] ? lp_fail(err, LP_FAILED, "%s lacks %lld episodes", what, (long long)out->of[LP_RUNNING]) : LP_OK;
}

static lp_status take_episodes(lp_db *db, const lp_plan *plan, const lp_plan_evaluation *e, lp_episodes *file, lp_err *err) {
    const lp_plan_row *row = &plan->rows[e->row];
    const lp_eval_episode *played = lp_episodes_row(file, 0);
    sqlite3_stmt *s = NULL;
    counts c;
    lp_status status = count(&c, file, e->n, "an evaluation", err);
    if (!status) status = lp_db_run(db, err, "DELETE FROM episodes WHERE evaluation = ?1", "i", e->id);
    if (!status) status = lp_db_prepare(db, &s, err, insert_episode, "");
    for (int64_t i = 0; i < e->n && !status; i++)
        status = add_episode(db, s, e->id, i, lp_game_eval_seed(row->seed, (uint64_t)(i / plan->spec.tries)),
                             lp_outcome_name(played[i].outcome), played[i].decisions, &played[i], err);
    sqlite3_finalize(s);
    if (status) return status;
    return lp_db_run(db, err,
                     "UPDATE evaluations SET status = 'done', error = NULL, wins = ?2, losses = ?3, timeouts = ?4, played_decisions = ?5,"
                     " context_items = ?6, items_read = ?7, n = ?8 WHERE evaluation = ?1",
                     "iiiiiiii", e->id, c.of[LP_WIN], c.of[LP_LOSS], c.of[LP_TIMEOUT], c.decisions, c.context, c.read, e->n);
}

lp_status lp_db_played(lp_db *db, const lp_plan *plan, lp_plan_evaluation *e, lp_err *err) {
    char path[PATH_MAX];
    lp_episodes *file = NULL;
    cJSON *head = NULL;
    lp_db_path(db, &plan->cells[e->cell], e, ".jsonl", path);
    lp_status status = lp_episodes_read(&file, &head, path, err);
    if (status) return status;
    status = lp_db_begin(db, err);
    if (!status) status = take_episodes(db, plan, e, file, err);
    if (!status) status = take_milestones(db, e, file, head, err);
    if (!status) status = take_tries(db, plan, e, file, err);
    cJSON_Delete(head);
    status = lp_db_end(db, status, err);
    (void)lp_episodes_close(file, NULL);
    if (status) return status;
    e->status = LP_DONE;
    unlink(path);
    return LP_OK;
}

/* ---- floors ---- */

lp_status lp_db_floored(lp_db *db, lp_plan *plan, int index, lp_err *err) {
    lp_plan_row *row = &plan->rows[index];
    char path[PATH_MAX];
    lp_episodes *file = NULL;
    cJSON *head = NULL;
    counts c;
    lp_db_floor_path(db, row, path);
    lp_status status = lp_episodes_read(&file, &head, path, err);
    if (status) return status;
    cJSON_Delete(head);
    status = count(&c, file, plan->spec.floor, "a floor", err);
    (void)lp_episodes_close(file, NULL);
    if (!status)
        status = lp_db_run(db, err,
                           "UPDATE floors SET status = 'done', error = NULL, wins = ?2, losses = ?3, timeouts = ?4, played_decisions = ?5"
                           " WHERE floor = ?1",
                           "iiiii", row->floor_id, c.of[LP_WIN], c.of[LP_LOSS], c.of[LP_TIMEOUT], c.decisions);
    if (status) return status;
    row->floor = LP_DONE;
    lp_plan_size(plan, index, plan->spec.floor, c.decisions);
    unlink(path);
    return LP_OK;
}

lp_status lp_db_training_failed(lp_db *db, lp_plan_cell *c, const char *why, lp_err *err) {
    c->status = LP_BROKEN;
    return lp_db_run(db, err, "UPDATE cells SET status = 'failed', error = ?2 WHERE cell = ?1", "tt", c->id, why);
}

lp_status lp_db_evaluation_failed(lp_db *db, lp_plan_evaluation *e, const char *why, lp_err *err) {
    e->status = LP_BROKEN;
    return lp_db_run(db, err, "UPDATE evaluations SET status = 'failed', error = ?2 WHERE evaluation = ?1", "it", e->id, why);
}

lp_status lp_db_floor_failed(lp_db *db, lp_plan *plan, int index, const char *why, lp_err *err) {
    lp_plan_row *row = &plan->rows[index];
    lp_status status = lp_db_run(db, err, "UPDATE floors SET status = 'failed', error = ?2 WHERE floor = ?1", "it", row->floor_id, why);
    row->floor = LP_BROKEN;
    for (int i = 0; i < plan->n_evaluations && !status; i++)
        if (plan->evaluations[i].row == index && !plan->evaluations[i].n)
            status = lp_db_evaluation_failed(db, &plan->evaluations[i], "its floor failed", err);
    return status;
}
