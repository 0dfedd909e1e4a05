#include "cli/train_log.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/lock.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MAX_LOG_BYTES = (size_t)4 << 30;

static lp_status failed(const lp_train_log *log, lp_err *err) {
    return lp_fail(err, LP_FAILED, "%s: cannot write: %s", log->path, strerror(errno));
}

lp_status lp_train_log_open(lp_train_log *log, lp_err *err) {
    lp_status status = lp_lock_open(&log->fd, &log->made, log->path, "is training this", err);
    if (status) log->fd = 0;
    return status;
}

void lp_train_log_close(lp_train_log *log) {
    if (log->fd) close(log->fd);
}

lp_status lp_train_log_check(const lp_train_log *log, lp_err *err) {
    static const lp_file_kind kind = {"a training's log", {"{\"longplay\":\"training\"", "update "}};
    return lp_file_check_writable(log->path, &kind, err);
}

lp_status lp_train_log_sync(const lp_train_log *log, lp_err *err) { return fdatasync(log->fd) ? failed(log, err) : LP_OK; }

/* ---- writing ---- */

/* A line in memory, so that it is one write. */
typedef struct {
    FILE *file;
    char *text;
    size_t size_bytes;
} line;

static lp_status begin_line(line *l, const lp_train_log *log, lp_err *err) {
    *l = (line){0};
    l->file = open_memstream(&l->text, &l->size_bytes);
    return l->file ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory", log->path);
}

static lp_status end_line(line *l, const lp_train_log *log, lp_err *err) {
    fputc('\n', l->file);
    lp_status status = fclose(l->file) ? lp_fail(err, LP_FAILED, "%s: out of memory", log->path) : LP_OK;
    if (!status) status = lp_write_all(log->fd, l->text, l->size_bytes, log->path, err);
    free(l->text);
    return status;
}

/* No number is null, as JSON has it. */
static void add_number(const line *l, const char *name, double value) {
    if (isfinite(value)) fprintf(l->file, ",\"%s\":%.6g", name, value);
    else fprintf(l->file, ",\"%s\":null", name);
}

static void add_times(const line *l, const lp_train_log *log) {
    fprintf(l->file, ",\"wall_s\":%.3f,\"cpu_s\":%.3f", log->wall_s, log->cpu_s);
    if (isfinite(log->joules)) fprintf(l->file, ",\"joules\":%.3f", log->joules);
}

/* NULL: no memory. */
static char *head_of(const lp_game *game, const lp_train_config *config) {
    char value[LP_SETTING_BYTES], rom_hash[24];
    size_t rom_bytes;
    const void *rom = lp_game_rom(game, &rom_bytes);
    snprintf(rom_hash, sizeof rom_hash, "%016llx", (unsigned long long)lp_hash64(rom, rom_bytes));
    cJSON *o = cJSON_CreateObject();
    bool all = cJSON_AddStringToObject(o, "longplay", "training") && cJSON_AddNumberToObject(o, "version", 1) &&
               cJSON_AddStringToObject(o, "game", lp_game_name(game)) && cJSON_AddStringToObject(o, "rom", rom_hash);
    cJSON *settings = cJSON_AddObjectToObject(o, "settings");
    for (int i = 0; i < lp_n_train_settings(); i++) {
        const lp_setting *s = &lp_train_settings()[i];
        if (!strcmp(s->name, "train.decisions")) continue; /* a training can be made longer */
        if (!lp_mem_row_used(&config->memory, s->name)) continue;
        lp_train_value(config, s, value, sizeof value);
        all &= cJSON_AddStringToObject(settings, s->name, value) != NULL;
    }
    char *text = all ? cJSON_PrintUnformatted(o) : NULL;
    cJSON_Delete(o);
    return text;
}

lp_status lp_train_log_begin(lp_train_log *log, const lp_game *game, const lp_train_config *config, lp_err *err) {
    line l;
    log->best = -1;
    if (ftruncate(log->fd, 0)) return failed(log, err);
    char *head = head_of(game, config);
    if (!head) return lp_fail(err, LP_FAILED, "%s: out of memory", log->path);
    lp_status status = begin_line(&l, log, err);
    if (!status) {
        fputs(head, l.file);
        status = end_line(&l, log, err);
    }
    free(head);
    return status;
}

/* "horizon 16 n 3" as an object. */
static void add_level(const line *l, const char *level) {
    char text[sizeof((lp_train_stats *)0)->level], *save = NULL;
    const char *before = "";
    snprintf(text, sizeof text, "%s", level);
    fprintf(l->file, ",\"level\":{");
    for (const char *name = strtok_r(text, " ", &save), *value; name && (value = strtok_r(NULL, " ", &save));
         name = strtok_r(NULL, " ", &save), before = ",")
        fprintf(l->file, "%s\"%s\":%s", before, name, value);
    fputc('}', l->file);
}

lp_status lp_train_log_update(lp_train_log *log, const lp_train_stats *now, lp_err *err) {
    line l;
    lp_status status = begin_line(&l, log, err);
    if (status) return status;
    fprintf(l.file, "{\"update\":%lld,\"decisions\":%lld", (long long)now->update, (long long)now->decisions);
    add_level(&l, now->level);
    add_number(&l, "win_rate", now->win_rate);
    fprintf(l.file, ",\"episodes\":%lld,\"wins\":%lld,\"twin_episodes\":%lld,\"twin_wins\":%lld", (long long)now->episodes,
            (long long)now->wins, (long long)now->twin_episodes, (long long)now->twin_wins);
    add_number(&l, "policy_loss", now->learning.policy_loss);
    add_number(&l, "value_loss", now->learning.value_loss);
    add_number(&l, "entropy", now->learning.entropy);
    add_number(&l, "kl", now->learning.kl);
    add_number(&l, "clip_fraction", now->learning.clip_fraction);
    add_number(&l, "salience_loss", now->learning.salience_loss);
    add_number(&l, "attention_entropy", now->learning.attention_entropy);
    add_number(&l, "grad_norm", now->learning.grad_norm);
    if (now->learning.told > 0) add_number(&l, "clone_loss", now->learning.clone_loss);
    if (now->bonus > 0) add_number(&l, "bonus", now->bonus);
    fprintf(l.file, ",\"rollout_s\":%.3f,\"learn_s\":%.3f", now->rollout_s, now->learn_s);
    add_times(&l, log);
    fputc('}', l.file);
    return end_line(&l, log, err);
}

lp_status lp_train_log_evaluation(lp_train_log *log, bool final, int64_t decisions, const lp_game *game, const lp_eval_config *config,
                                  const lp_eval_row *row, lp_err *err) {
    line l;
    lp_status status = begin_line(&l, log, err);
    if (status) return status;
    fprintf(l.file, "{\"evaluation\":\"%s\",\"decisions\":%lld,\"seed\":%llu,\"knobs\":{", final ? "final" : "interim",
            (long long)decisions, (unsigned long long)config->seed);
    for (int k = 0; k < lp_game_n_knobs(game); k++)
        fprintf(l.file, "%s\"%s\":%lld", k ? "," : "", lp_game_knob(game, k)->name, (long long)config->knobs[k]);
    fprintf(l.file, "},\"episodes\":%lld,\"wins\":%lld,\"losses\":%lld,\"timeouts\":%lld", (long long)row->episodes, (long long)row->wins,
            (long long)row->losses, (long long)row->timeouts);
    add_number(&l, "win_rate", row->win_rate);
    fprintf(l.file, ",\"context_items_max\":%d,\"outcomes\":\"", row->context_items_max);
    for (int64_t i = 0; i < row->episodes; i++) fputc("-WLT"[config->results[i].outcome], l.file);
    fprintf(l.file, "\",\"lengths\":[");
    for (int64_t i = 0; i < row->episodes; i++) fprintf(l.file, "%s%lld", i ? "," : "", (long long)config->results[i].decisions);
    fputc(']', l.file);
    add_times(&l, log);
    fputc('}', l.file);
    if (row->win_rate > log->best) log->best = row->win_rate;
    return end_line(&l, log, err);
}

/* ---- going on ---- */

static bool number(const cJSON *o, const char *key, double *out) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    if (cJSON_IsNumber(v)) *out = v->valuedouble;
    return cJSON_IsNumber(v);
}

/* *keep: it is of a checkpoint of so many decisions. n: the line's number, for messages. */
static lp_status take_line(lp_train_log *log, const char *text, size_t length, long long n, int64_t decisions, bool *keep, lp_err *err) {
    errno = 0; /* a parser that runs out of memory says what it says of a text that is not JSON */
    cJSON *o = cJSON_ParseWithLength(text, length);
    if (!o && errno == ENOMEM) return lp_fail(err, LP_FAILED, "%s: out of memory", log->path);
    const char *evaluation = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "evaluation"));
    double at = 0, wall_s = 0, cpu_s = 0, joules = NAN, rate = -1, update;
    bool good = number(o, "decisions", &at) && number(o, "wall_s", &wall_s) && number(o, "cpu_s", &cpu_s) &&
                (evaluation || number(o, "update", &update));
    *keep = good && at <= (double)decisions && !(evaluation && !strcmp(evaluation, "final"));
    if (*keep) {
        log->wall_s = wall_s, log->cpu_s = cpu_s;
        log->joules = number(o, "joules", &joules) ? joules : NAN;
        log->evaluated = evaluation && at == (double)decisions;
        if (evaluation && number(o, "win_rate", &rate) && rate > log->best) log->best = rate;
    }
    cJSON_Delete(o);
    return good ? LP_OK : lp_fail(err, LP_BAD_INPUT, "%s:%lld: not a line of a training's log", log->path, n);
}

lp_status lp_train_log_resume(lp_train_log *log, const lp_game *game, const lp_train_config *config, int64_t decisions, lp_err *err) {
    lp_blob file = {0};
    log->best = -1;
    lp_status status = lp_train_log_check(log, err);
    if (!status) status = lp_file_read(&file, log->path, MAX_LOG_BYTES, err);
    if (status) return status;
    const char *const begin = (const char *)file.data, *const end = begin + file.size_bytes, *at = begin;
    const char *line_end = memchr(at, '\n', file.size_bytes);
    if (!line_end || !decisions) {
        status = lp_train_log_begin(log, game, config, err); /* it was taken away, or is of what was overwritten */
    } else if (*at != '{') {
        status = lp_fail(err, LP_BAD_INPUT, "%s: text, as logs were before they were JSON: move it away", log->path);
    } else {
        bool keep = true;
        at = line_end + 1;
        for (long long n = 2; keep && !status && (line_end = memchr(at, '\n', (size_t)(end - at))); n++) {
            status = take_line(log, at, (size_t)(line_end - at), n, decisions, &keep, err);
            if (keep) at = line_end + 1;
        }
        if (!status && at < end && ftruncate(log->fd, at - begin)) status = failed(log, err);
    }
    lp_blob_free(&file);
    return status;
}
