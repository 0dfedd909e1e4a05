#include "harness/run_mind.h"

#include "harness/keyboard.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 16 }; /* decisions after an event that an item is still told by it */

lp_status lp_mind_open(lp_mind *mind, const lp_game *game, const lp_policy *policy, bool oracle, const lp_mem_config *memory,
                       const lp_emu_config *emu, lp_err *err) {
    mind->game = game;
    mind->policy = policy;
    mind->samples = policy && lp_policy_samples(policy);
    mind->oracle = oracle;
    mind->arch = memory->arch;
    mind->action = -1;
    for (int a = 0; a < lp_game_n_actions(game); a++) mind->action_names[a] = lp_game_action_name(game, a);
    lp_status status = lp_seat_open(&mind->seat, game, memory, policy, emu, err);
    if (!status && policy) status = lp_actor_open(&mind->actor, policy, 1, lp_mem_max_context(memory), err);
    return status;
}

void lp_mind_close(lp_mind *mind) {
    lp_actor_close(mind->actor);
    if (mind->seat.env) lp_seat_close(&mind->seat);
    mind->actor = NULL;
}

lp_status lp_mind_think(lp_mind *mind, lp_err *err) {
    int n_actions = lp_game_n_actions(mind->game);
    if (mind->policy) {
        lp_seat_look(&mind->seat, &mind->observation);
        lp_status status = lp_actor_run(mind->actor, 1, &mind->observation, &mind->decision, err);
        if (status) return status;
        mind->observation.n_items = mind->seat.n_items;
        mind->action = lp_decision_action(&mind->decision, n_actions, !mind->samples);
        mind->values[mind->n_values++ % LP_VIEW_HISTORY] = mind->decision.value;
        return LP_OK;
    }
    if (mind->guest) {
        lp_seat_look(&mind->seat, &mind->observation);
        return LP_OK;
    }
    if (mind->human) {
        mind->action = lp_keyboard_action(mind->game, 0);
        return LP_OK;
    }
    if (mind->oracle) return lp_env_oracle(mind->seat.env, &mind->action, err);
    mind->action = (int)lp_rng_below(&mind->seat.rng, (uint32_t)n_actions);
    return LP_OK;
}

/* ---- texts of the items that the context still holds ---- */

/* The last of the texts at or before step; NULL when there is none. */
static const lp_mind_text *text_before(const lp_mind *mind, int64_t step) {
    int low = 0, high = mind->n_texts;
    while (low < high) {
        int middle = (low + high) / 2;
        if (mind->texts[middle].step <= step) low = middle + 1;
        else high = middle;
    }
    return low ? &mind->texts[low - 1] : NULL;
}

static const char *text_of(const lp_mind *mind, int64_t step) {
    const lp_mind_text *t = text_before(mind, step);
    return t && t->step == step ? t->text : NULL;
}

/* Drops texts that the context no longer holds; where all are still held, or may come back, the older half. */
static void prune(lp_mind *mind) {
    int kept = 0;
    for (int i = 0; i < mind->n_texts; i++) {
        bool held = mind->seat.asks;
        for (int k = 0; k < mind->seat.n_items && !held; k++) held = mind->seat.context.step[k] == mind->texts[i].step;
        if (held) mind->texts[kept++] = mind->texts[i];
    }
    if (kept == LP_MIND_TEXTS) {
        kept /= 2;
        memmove(mind->texts, mind->texts + LP_MIND_TEXTS - kept, (size_t)kept * sizeof *mind->texts);
    }
    mind->n_texts = kept;
}

static void set_text(char out[LP_MIND_TEXT_BYTES], const char *text) { snprintf(out, LP_MIND_TEXT_BYTES, "%s", text); }

/* Where in the context the item of that step is, or -1. The context has no order. */
static int place_of(const lp_mind *mind, int64_t step) {
    for (int i = 0; i < mind->seat.n_items; i++)
        if (mind->seat.context.step[i] == step) return i;
    return -1;
}

/* Is the item at that place of the context told of by itself? */
static bool is_told(const lp_mind *mind, int at) { return at >= 0 && !(mind->writes && mind->seat.context.level[at]); }

/* Those of the context's items that have a text, oldest first, behind the summaries that were written; of more than there is room for the newest. Texts ascend by step. */
static int take_notes(const lp_mind *mind, lp_note notes[LP_MIND_NOTES]) {
    const lp_mem_context_view *c = &mind->seat.context;
    const int n_nodes = mind->writes ? lp_mind_node_notes(mind, notes) : 0;
    int n = n_nodes, from = mind->n_texts;
    for (; from > 0 && n < LP_MIND_NOTES; from--) n += is_told(mind, place_of(mind, mind->texts[from - 1].step));
    n = n_nodes;
    for (int i = from; i < mind->n_texts; i++) {
        const int at = place_of(mind, mind->texts[i].step);
        if (is_told(mind, at))
            notes[n++] = (lp_note){mind->observation.now - c->step[at], c->level[at], (double)c->salience[at], mind->texts[i].text, NULL};
    }
    return n;
}

/* One more of the strongest, which stand first; returns how many there are. */
static int rank(lp_view_read out[LP_VIEW_MAX_READS], int n, lp_view_read read) {
    if (n == LP_VIEW_MAX_READS && read.weight <= out[n - 1].weight) return n;
    int at = n < LP_VIEW_MAX_READS ? n++ : n - 1;
    for (; at > 0 && out[at - 1].weight < read.weight; at--) out[at] = out[at - 1];
    out[at] = read;
    return n;
}

/* What of its memory a guest is sent, for the viewer. */
static void note_sent(lp_mind *mind, const lp_moment *m, const bool *sent) {
    size_t bytes = 0;
    mind->n_sent = 0;
    mind->sent_at = m->step;
    memset(mind->sent_levels, 0, sizeof mind->sent_levels);
    for (int i = 0; i < m->n_notes; i++)
        if (sent[i]) bytes += strlen(m->notes[i].text);
    for (int i = 0; i < m->n_notes; i++) {
        const lp_note *note = &m->notes[i];
        if (!sent[i]) continue;
        const lp_view_read read = {note->age, note->level, (float)strlen(note->text) / (float)bytes, note->text};
        mind->n_sent = rank(mind->sent, mind->n_sent, read);
        if (read.level < LP_VIEW_MAX_LEVELS) mind->sent_levels[read.level] += read.weight;
    }
    for (int i = 0; i < mind->n_sent; i++) {
        set_text(mind->read_texts[i], mind->sent[i].text);
        mind->sent[i].text = mind->read_texts[i];
    }
}

lp_status lp_mind_ask(lp_mind *mind, lp_guest *guest, const lp_moment *what, lp_err *err) {
    lp_note notes[LP_MIND_NOTES];
    lp_moment moment = *what;
    moment.step = lp_env_steps(mind->seat.env);
    moment.variables = lp_env_variables(mind->seat.env);
    moment.frame = lp_emu_frame(lp_env_emu(mind->seat.env), &moment.width, &moment.height);
    moment.notes = notes;
    moment.n_notes = take_notes(mind, notes);
    bool sent[LP_MIND_NOTES];
    lp_status status = lp_guest_ask(guest, &moment, err);
    if (!status && lp_guest_sent(guest, &moment, sent)) note_sent(mind, &moment, sent);
    return status;
}

void lp_text_add(char out[LP_MIND_TEXT_BYTES], const char *between, const char *more) {
    size_t used = strlen(out);
    if (*more) snprintf(out + used, LP_MIND_TEXT_BYTES - used, "%s%s", used ? between : "", more);
}

void lp_mind_answer(lp_mind *mind, const lp_answer *answer) {
    static const float no_vector[1] = {0};
    mind->action = answer->action;
    mind->decision = (lp_decision){.item = no_vector, .salience = (float)answer->importance};
}

void lp_mind_reset(lp_mind *mind) {
    mind->n_texts = mind->n_nodes = mind->n_sent = 0;
    memset(mind->sent_levels, 0, sizeof mind->sent_levels);
    mind->written[0] = 0;
}

void lp_mind_note_item(lp_mind *mind, int64_t step, const char *text) {
    if (!text) return;
    if (mind->n_texts == LP_MIND_TEXTS) prune(mind);
    mind->texts[mind->n_texts].step = step;
    set_text(mind->texts[mind->n_texts++].text, text);
    set_text(mind->written, text);
}

void lp_mind_correct(lp_mind *mind, int64_t step, const char *text) {
    if (mind->n_texts == LP_MIND_TEXTS) prune(mind);
    const lp_mind_text *before = text_before(mind, step);
    int at = before ? (int)(before - mind->texts) : -1;
    const bool there = before && before->step == step;
    const size_t after = (size_t)(mind->n_texts - at - 1) * sizeof *mind->texts;
    if (there && !text) memmove(mind->texts + at, mind->texts + at + 1, after), mind->n_texts--;
    if (!text) return;
    if (!there) memmove(mind->texts + at + 2, mind->texts + at + 1, after), mind->n_texts++, at++;
    mind->texts[at].step = step;
    set_text(mind->texts[at].text, text);
}

void lp_mind_note_summary(lp_mind *mind, const lp_mem_summary *s) {
    char line[2 * LP_MIND_TEXT_BYTES];
    size_t used = (size_t)snprintf(line, sizeof line, "summary of %lld to %lld", (long long)s->first, (long long)s->last);
    const char *before = ": ";
    for (int i = 0; i < s->n_items && used < LP_MIND_TEXT_BYTES; i++) {
        const char *text = text_of(mind, s->steps[i]);
        if (!text) continue;
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", before, text);
        before = "; ";
    }
    const char *text = strstr(line, ": ");
    if (mind->writes) lp_mind_note_node(mind, s, text ? text + 2 : "");
    set_text(mind->written, line);
}

void lp_mind_note_end(lp_mind *mind, const char *text) { set_text(mind->written, text); }

/* ---- filling the view ---- */

/* What to say of an item: its own text, or how long after what it came. */
static const char *describe(lp_mind *mind, int64_t step, char out[LP_MIND_TEXT_BYTES]) {
    const lp_mind_text *t = text_before(mind, step);
    if (!t || step - t->step > NEAR) return NULL;
    if (t->step == step) return t->text;
    snprintf(out, LP_MIND_TEXT_BYTES, "%lld after: %.*s", (long long)(step - t->step), LP_MIND_TEXT_BYTES - 32, t->text);
    return out;
}

/* The context items that attention rests on, strongest first, and the part of it on each level; the mean over the heads. */
static void show_attention(lp_mind *mind, lp_view *view) {
    const lp_observation *o = &mind->observation;
    const float *attention = lp_actor_attention(mind->actor, 0);
    int heads = lp_policy_shape(mind->policy)->heads, n = 0;
    for (int i = 0; i < o->n_items && attention; i++) {
        float weight = 0;
        for (int h = 0; h < heads; h++) weight += attention[(size_t)h * (size_t)o->n_items + (size_t)i] / (float)heads;
        n = rank(view->reads, n, (lp_view_read){o->now - o->step[i], o->level[i], weight, NULL});
        if (o->level[i] < LP_VIEW_MAX_LEVELS) view->level_weights[o->level[i]] += weight;
    }
    for (int i = 0; i < n; i++) view->reads[i].text = describe(mind, o->now - view->reads[i].age, mind->read_texts[i]);
    view->n_reads = n;
}

static void show_sent(const lp_mind *mind, lp_view *view) {
    view->n_reads = mind->n_sent;
    for (int i = 0; i < mind->n_sent; i++) {
        view->reads[i] = mind->sent[i];
        view->reads[i].age += mind->observation.now - mind->sent_at;
    }
    memcpy(view->level_weights, mind->sent_levels, sizeof view->level_weights);
}

static void show_mind(lp_mind *mind, lp_view *view) {
    int n_actions = lp_game_n_actions(mind->game);
    view->n_actions = n_actions;
    view->chosen = mind->action;
    view->action_names = mind->action_names;
    view->action_probabilities = mind->probabilities;
    memset(view->level_weights, 0, sizeof view->level_weights);
    if (mind->policy && mind->action >= 0) {
        lp_k_softmax(mind->probabilities, mind->decision.logit, n_actions);
        show_attention(mind, view);
    } else {
        show_sent(mind, view);
        for (int a = 0; a < n_actions; a++)
            mind->probabilities[a] =
                mind->oracle || mind->human || mind->guest ? (a == mind->action ? 1.0f : 0.0f) : 1.0f / (float)n_actions;
    }
    int n = mind->n_values < LP_VIEW_HISTORY ? (int)mind->n_values : LP_VIEW_HISTORY;
    for (int i = 0; i < n; i++) mind->shown_values[i] = mind->values[(mind->n_values - n + i) % LP_VIEW_HISTORY];
    view->value_history = mind->shown_values;
    view->n_values = n;
}

void lp_mind_view(lp_mind *mind, lp_view *view) {
    view->game = lp_game_name(mind->game);
    view->can_win = lp_game_can_win(mind->game);
    view->can_end = lp_game_can_end(mind->game);
    view->memory = lp_mem_arch_name(mind->arch);
    view->frame = lp_emu_frame(lp_env_emu(mind->seat.env), &view->frame_width, &view->frame_height);
    show_mind(mind, view);
    view->n_levels = lp_mem_levels(mind->seat.mem, view->level_counts, LP_VIEW_MAX_LEVELS);
    view->items_seen = lp_mem_steps(mind->seat.mem);
    view->last_written = *mind->written ? mind->written : NULL;
}
