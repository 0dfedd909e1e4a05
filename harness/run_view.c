/* The viewer's description of a run: what the policy intends, what it remembers, and what of it it is reading now. */
#include "harness/run_parts.h"

#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEAR = 16,       /* decisions after an event that an item is still told by it */
    MAX_ASKED = 2048 /* items whose texts a resumed run asks the store for */
};

/* ---- texts of the items that the context still holds ---- */

/* The last of the texts at or before step; NULL when there is none. */
static const lp_run_text *text_before(const lp_run *run, int64_t step) {
    int low = 0, high = run->n_texts;
    while (low < high) {
        int middle = (low + high) / 2;
        if (run->texts[middle].step <= step) low = middle + 1;
        else high = middle;
    }
    return low ? &run->texts[low - 1] : NULL;
}

static const char *text_of(const lp_run *run, int64_t step) {
    const lp_run_text *t = text_before(run, step);
    return t && t->step == step ? t->text : NULL;
}

/* Drops texts that the context no longer holds; where all are still held, the older half. */
static void prune(lp_run *run) {
    int kept = 0;
    for (int i = 0; i < run->n_texts; i++) {
        bool held = false;
        for (int k = 0; k < run->seat.n_items && !held; k++) held = run->seat.context.step[k] == run->texts[i].step;
        if (held) run->texts[kept++] = run->texts[i];
    }
    if (kept == LP_RUN_TEXTS) {
        kept /= 2;
        memmove(run->texts, run->texts + LP_RUN_TEXTS - kept, (size_t)kept * sizeof *run->texts);
    }
    run->n_texts = kept;
}

static void set_text(char out[LP_RUN_TEXT_BYTES], const char *text) {
    snprintf(out, LP_RUN_TEXT_BYTES, "%s", text);
}

void lp_run_note_reset(lp_run *run) {
    run->n_texts = 0;
    run->written[0] = 0;
}

static void visit_text(void *context, const lp_store_row *row) {
    set_text(context, row->text ? row->text : "");
}

static int by_step(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The texts of what the context holds, from the store. They are for the eye only: without them the run goes on as well. */
void lp_run_note_resume(lp_run *run) {
    char id[48], text[LP_RUN_TEXT_BYTES];
    int n = lp_mem_context(run->seat.mem, &run->seat.context);
    int64_t *steps = malloc((size_t)n * sizeof *steps + 1);
    if (steps) memcpy(steps, run->seat.context.step, (size_t)n * sizeof *steps);
    if (steps) qsort(steps, (size_t)n, sizeof *steps, by_step);
    for (int i = n > MAX_ASKED ? n - MAX_ASKED : 0; steps && i < n; i++) {
        if (i && steps[i] == steps[i - 1]) continue;
        text[0] = 0;
        snprintf(id, sizeof id, "e%llds%lld", (long long)(run->head.episodes + (run->head.playing ? 1 : 0)), (long long)steps[i]);
        if (!lp_store_show(run->store, id, visit_text, text, NULL) && *text) lp_run_note_item(run, steps[i], text);
    }
    free(steps);
}

void lp_run_note_item(lp_run *run, int64_t step, const char *text) {
    if (!text) return;
    if (run->n_texts == LP_RUN_TEXTS) prune(run);
    run->texts[run->n_texts].step = step;
    set_text(run->texts[run->n_texts++].text, text);
    set_text(run->written, text);
}

void lp_run_note_summary(lp_run *run, const lp_mem_summary *s) {
    char line[2 * LP_RUN_TEXT_BYTES];
    size_t used = (size_t)snprintf(line, sizeof line, "summary of %lld to %lld", (long long)s->first, (long long)s->last);
    const char *before = ": ";
    for (int i = 0; i < s->n_items && used < LP_RUN_TEXT_BYTES; i++) {
        const char *text = text_of(run, s->steps[i]);
        if (!text) continue;
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", before, text);
        before = "; ";
    }
    set_text(run->written, line);
}

void lp_run_note_end(lp_run *run, const char *text) {
    set_text(run->written, text);
}

void lp_run_note_value(lp_run *run, float value) {
    run->values[run->n_values++ % LP_VIEW_HISTORY] = value;
}

/* ---- filling the view ---- */

/* What to say of an item: its own text, or how long after what it came. */
static const char *describe(lp_run *run, int64_t step, char out[LP_RUN_TEXT_BYTES]) {
    const lp_run_text *t = text_before(run, step);
    if (!t || step - t->step > NEAR) return NULL;
    if (t->step == step) return t->text;
    snprintf(out, LP_RUN_TEXT_BYTES, "%lld after: %.*s", (long long)(step - t->step), LP_RUN_TEXT_BYTES - 32, t->text);
    return out;
}

/* The context items that attention rests on, strongest first; the mean over the heads. */
static int strongest(lp_run *run, lp_view_read *out) {
    const lp_observation *o = &run->observation;
    int heads = lp_policy_shape(run->policy)->heads, n = 0;
    for (int i = 0; i < o->n_items; i++) {
        float weight = 0;
        for (int h = 0; h < heads; h++) weight += run->decision.weight[(size_t)h * (size_t)o->n_items + (size_t)i] / (float)heads;
        int at = n < LP_VIEW_MAX_READS ? n++ : n;
        if (at == n && weight <= out[n - 1].weight) continue;
        if (at == n) at--;
        for (; at > 0 && out[at - 1].weight < weight; at--) out[at] = out[at - 1];
        out[at] = (lp_view_read){o->now - o->step[i], o->level[i], weight, NULL};
    }
    for (int i = 0; i < n; i++) out[i].text = describe(run, o->now - out[i].age, run->read_texts[i]);
    return n;
}

static void show_mind(lp_run *run, lp_view *view) {
    int n_actions = lp_game_n_actions(run->game);
    view->n_actions = n_actions;
    view->chosen = run->action;
    view->action_names = run->action_names;
    view->action_probabilities = run->probabilities;
    if (run->policy && run->action >= 0) {
        lp_k_softmax(run->probabilities, run->decision.logit, n_actions);
        view->n_reads = strongest(run, view->reads);
    } else {
        for (int a = 0; a < n_actions; a++)
            run->probabilities[a] = run->oracle ? (a == run->action ? 1.0f : 0.0f) : 1.0f / (float)n_actions;
    }
    int n = run->n_values < LP_VIEW_HISTORY ? (int)run->n_values : LP_VIEW_HISTORY;
    for (int i = 0; i < n; i++) run->shown_values[i] = run->values[(run->n_values - n + i) % LP_VIEW_HISTORY];
    view->value_history = run->shown_values;
    view->n_values = n;
}

void lp_run_view(lp_run *run, lp_view *view) {
    static const char *const arch_names[] = {"none", "window", "tree", "full"};
    const lp_run_head *h = &run->head;
    const char *slash = strrchr(run->config.policy, '/');
    view->game = lp_game_name(run->game);
    view->policy = slash ? slash + 1 : run->config.policy;
    view->memory = arch_names[lp_run_memory(&run->config, run->policy).arch];
    view->recovered = run->resumed;
    view->frame = lp_emu_frame(lp_env_emu(run->seat.env), &view->frame_width, &view->frame_height);
    show_mind(run, view);
    view->n_levels = lp_mem_levels(run->seat.mem, view->level_counts, LP_VIEW_MAX_LEVELS);
    view->items_seen = lp_mem_steps(run->seat.mem);
    view->last_written = *run->written ? run->written : NULL;
    view->wins = h->wins;
    view->losses = h->losses;
    view->timeouts = h->timeouts;
    view->episode = h->episodes + (h->playing ? 1 : 0);
    view->decisions = h->decisions;
    view->episode_decisions = h->decisions - h->first_decision;
}
