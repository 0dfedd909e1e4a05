/* edits.txt of a run that a guest plays: what people correct in its memory. Whoever corrects adds a line, whoever has the store for writing
 * takes it up, both under the file's lock:
 *
 *     1764457200  e1s0  anna  The sign shows a cross.       tabs between; without a text: deleted
 *
 * Line n becomes row n of the store's table edits, in the transaction that changes the text: so what a kill undoes is done again. A player is
 * told with the next question that is really asked, never with one whose answer is known from before a kill. */
#include "harness/run_parts.h"

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_MS = 5000, ENDING_MS = 300 }; /* how long to wait for another who edits; for a player that is just ending */

static char *path_of(char out[PATH_MAX], const char *folder) { return lp_path_join(out, PATH_MAX, folder, "edits.txt"); }

/* What an edit may say: UTF-8, without control characters, which become spaces. */
static lp_status clean_text(char out[LP_MIND_TEXT_BYTES], const char *text, lp_err *err) {
    const size_t n = strlen(text);
    uint32_t c;
    if (!n) return lp_fail(err, LP_BAD_INPUT, "an empty text: delete takes one away");
    if (n >= LP_MIND_TEXT_BYTES) return lp_fail(err, LP_BAD_INPUT, "the text has %zu bytes, %d are the most", n, LP_MIND_TEXT_BYTES - 1);
    for (size_t i = 0; i < n;) {
        const int bytes = lp_utf8_decode((const unsigned char *)text + i, n - i, &c);
        if (bytes <= 0) return lp_fail(err, LP_BAD_INPUT, "the text is not UTF-8 from byte %zu on", i);
        if (c < ' ') out[i] = ' ';
        else memcpy(out + i, text + i, (size_t)bytes);
        i += (size_t)bytes;
    }
    out[n] = 0;
    return LP_OK;
}

/* ---- taking up ---- */

/* The next of a line's fields, which tabs are between; *line is behind it, NULL where it was the last. */
static char *field(char **line) { return *line ? strsep(line, "\t") : NULL; }

/* False: the line is none. What e has points into it. */
static bool read_line(lp_store_edit *e, char *line) {
    char clean[LP_MIND_TEXT_BYTES];
    const char *at = field(&line);
    e->id = field(&line), e->by = field(&line), e->text = field(&line);
    e->at = at ? strtoll(at, NULL, 10) : 0;
    return e->by && !line && !clean_text(clean, e->by, NULL) && (!e->text || !clean_text(clean, e->text, NULL));
}

/* The file's whole lines that the store has not got; edited is told each ID. */
static lp_status take_lines(lp_store *store, FILE *f, const char *path, int64_t decision, void (*edited)(void *, const char *),
                            void *context, lp_err *err) {
    char *line = NULL;
    size_t room = 0;
    int64_t last;
    ssize_t n;
    lp_status status = lp_store_last_edit(store, &last, err);
    for (int64_t number = 1; !status && (n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n'; number++) {
        if (number <= last) continue;
        lp_store_edit e = {.number = number, .decision = decision};
        line[n - 1] = 0;
        if (!read_line(&e, line)) lp_warn("%s:%lld: not an edit", path, (long long)number);
        else if (!lp_store_edit_text(store, &e)) lp_warn("%s:%lld: there is no %.80s", path, (long long)number, e.id);
        else if (edited) edited(context, e.id);
    }
    free(line);
    return status;
}

static void visit_corrected(void *context, const lp_store_row *row) {
    lp_run *run = context;
    if (run->head.playing && row->episode == run->head.episodes + 1 && !row->level) lp_mind_correct(&run->mind, row->first, row->text);
}

static void tell_mind(void *context, const char *id) {
    lp_run *run = context;
    (void)lp_store_show(run->store, id, visit_corrected, run, NULL);
}

void lp_run_take_edits(lp_run *run) {
    char path[PATH_MAX];
    struct stat st;
    lp_err err;
    if (!run->guest || !run->recorded || stat(path_of(path, run->folder), &st) || st.st_size == run->edits_bytes) return;
    FILE *f = fopen(path, "re");
    if (!f) return;
    /* somebody is writing: next time */
    if (!flock(fileno(f), LOCK_EX | LOCK_NB)) {
        lp_status status = take_lines(run->store, f, path, run->head.decisions, tell_mind, run, &err);
        if (status) lp_warn("%s", err.message);
        lp_run_renew_nodes(run);
        run->edits_bytes = st.st_size;
    }
    fclose(f);
}

/* ---- editing ---- */

static void visit_writer(void *context, const lp_store_written *w) {
    if (!w->refused) *(bool *)context = true;
}

static void visit_node(void *context, const lp_store_row *row) {
    lp_store_row *out = context;
    memcpy(out->id, row->id, sizeof out->id);
    out->level = row->level;
    out->dropped = row->dropped;
}

/* The ID as it is written, of what can be edited. */
static lp_status find_node(char out[64], const char *folder, const char *id, lp_err *err) {
    lp_run_config config;
    lp_run_totals totals;
    lp_store_row row = {0};
    lp_store *store = NULL;
    bool playing, written = false;
    lp_status status = lp_run_config_read(&config, folder, err);
    if (!status && !lp_is_guest(config.policy))
        status = lp_fail(err, LP_BAD_INPUT, "%s: %.80s remembers no texts: they are for people, and say what was", folder, config.policy);
    if (!status) status = lp_run_look(&store, folder, &totals, &playing, err);
    if (!status) status = lp_store_show(store, id, visit_node, &row, err);
    if (!status) status = lp_store_writer(store, id, visit_writer, &written, err);
    lp_store_close(store);
    if (status) return status;
    if (row.level && !written)
        return lp_fail(err, LP_BAD_INPUT, "%s is made of the texts of its items: edit these (memory show %s)", row.id, row.id);
    if (row.dropped) return lp_fail(err, LP_BAD_INPUT, "%s was dropped to keep within the disk's budget", row.id);
    memcpy(out, row.id, sizeof row.id);
    return LP_OK;
}

static lp_status add_line(const char *folder, const char *id, const char *text, const char *by, lp_err *err) {
    char path[PATH_MAX], line[2 * LP_MIND_TEXT_BYTES + 128];
    int fd = -1;
    bool made;
    lp_journal *journal = NULL;
    lp_status status = lp_lock_open(&fd, &made, path_of(path, folder), "is editing this run", err);
    for (int ms = 0; status == LP_BAD_INPUT && lp_is_locked(path) && ms < LOCK_MS; ms += 10) {
        usleep(10000);
        status = lp_lock_open(&fd, &made, path, "is editing this run", err);
    }
    if (!status) status = lp_journal_open(&journal, path, "an edit", NULL, NULL, err);
    snprintf(line, sizeof line, "%lld\t%s\t%s%s%s", (long long)time(NULL), id, by, text ? "\t" : "", text ? text : "");
    if (!status) status = lp_journal_add(journal, line, err);
    lp_journal_close(journal);
    if (fd >= 0) close(fd);
    return status;
}

/* Where nobody plays. */
static lp_status take_up(const char *folder, lp_err *err) {
    char path[PATH_MAX];
    lp_run_totals totals;
    bool playing;
    lp_store *store = NULL;
    lp_status status = lp_run_peek(folder, &totals, &playing, err);
    if (!status) status = lp_store_open(&store, lp_path_join(path, sizeof path, folder, "run.db"), err);
    FILE *f = status ? NULL : fopen(path_of(path, folder), "re");
    if (f && !flock(fileno(f), LOCK_EX)) status = take_lines(store, f, path, totals.decisions, NULL, NULL, err);
    if (f) fclose(f);
    if (!status) status = lp_store_commit(store, NULL, 0, err);
    lp_store_close(store);
    return status;
}

lp_status lp_run_edit(const char *folder, const char *id, const char *text, const char *by, bool *taken, lp_err *err) {
    char node[64], as_text[LP_MIND_TEXT_BYTES], as_name[LP_MIND_TEXT_BYTES];
    int fd;
    lp_err locked;
    *taken = false;
    lp_status status = text ? clean_text(as_text, text, err) : LP_OK;
    if (!status && (status = clean_text(as_name, by, err))) lp_fail_prefix(err, status, "who edits");
    if (!status) status = find_node(node, folder, id, err);
    if (!status) status = add_line(folder, node, text ? as_text : NULL, as_name, err);
    for (int ms = 0; !status && !*taken && ms < ENDING_MS; ms += 20) {
        *taken = !lp_run_lock(&fd, folder, &locked);
        if (*taken) status = take_up(folder, err), close(fd);
        else usleep(20000);
    }
    return status;
}
