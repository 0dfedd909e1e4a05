#include "players/chat_doubts.h"

#include "base/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST_SAID = 4 /* different things of a key */, SAID_BYTES = 120 };

/* What is said of a key. */
typedef struct {
    char text[SAID_BYTES];
    const lp_note *by; /* NULL: the notebook */
} said;

/* What text says of key, into out; false: nothing. */
static bool find(char out[SAID_BYTES], const char *text, const char *key) {
    const size_t n = strlen(key);
    const char *at = text;
    while ((at = strcasestr(at, key)) && (at[n] != ':' || (at > text && isalnum((unsigned char)at[-1])))) at++;
    if (!at) return false;
    at += n + 1;
    at += strspn(at, " ");
    size_t size = strcspn(at, ";\n");
    while (size && (at[size - 1] == ' ' || at[size - 1] == '.')) size--;
    char whole[LP_ANSWER_TEXT];
    snprintf(whole, sizeof whole, "%.*s", (int)size, at);
    lp_text_cut(out, SAID_BYTES, whole);
    return *out;
}

/* The newest of what says the same stays. */
static int add(said list[MOST_SAID], int n, const char *text, const lp_note *by) {
    for (int i = 0; i < n; i++) {
        if (strcasecmp(list[i].text, text) != 0) continue;
        if (list[i].by) list[i].by = by;
        return n;
    }
    if (n == MOST_SAID) return n;
    list[n].by = by;
    memcpy(list[n].text, text, SAID_BYTES);
    return n + 1;
}

static void print(char *out, size_t room, const char *key, const said *list, int n, const lp_moment *m) {
    size_t used = strlen(out);
    used += (size_t)snprintf(out + used, room - used, " About \"%s\" these contradict each other:", key);
    for (int i = 0; i < n && used < room; i++) {
        const lp_note *by = list[i].by;
        char id[LP_NODE_ID] = "your notebook";
        if (by && by->node) snprintf(id, sizeof id, "%s", by->node);
        else if (by) snprintf(id, sizeof id, "e%llds%lld", (long long)m->episode, (long long)(m->step - by->age));
        used += (size_t)snprintf(out + used, room - used, "%s %s says \"%s\"", i ? ";" : "", id, list[i].text);
        if (by && used < room) used += (size_t)snprintf(out + used, room - used, ", %lld decisions ago", (long long)by->age);
    }
    if (used < room) snprintf(out + used, room - used, ". Which is right?");
}

int lp_chat_contradictions(char *out, size_t room, uint64_t *hash, const lp_moment *m, const lp_chat_notebook *book) {
    int n_keys = 0;
    *out = 0;
    *hash = 0;
    for (int k = 0; k < book->n; k++) {
        said list[MOST_SAID];
        char text[SAID_BYTES], line[LP_CHAT_KEY + LP_CHAT_NOTE + 2];
        snprintf(line, sizeof line, "%s:%s", book->key[k], book->text[k]);
        int n = strcmp(book->key[k], LP_CHAT_GOAL) && find(text, line, book->key[k]) ? add(list, 0, text, NULL) : 0;
        for (int i = 0; n && i < m->n_notes; i++)
            if (find(text, m->notes[i].text, book->key[k])) n = add(list, n, text, &m->notes[i]);
        if (n < 2) continue;
        n_keys++;
        *hash = lp_hash64(line, strlen(line)) + 31 * *hash;
        for (int i = 1; i < n; i++) *hash = lp_hash64(list[i].text, strlen(list[i].text)) + 31 * *hash;
        print(out, room, book->key[k], list, n, m);
    }
    return n_keys;
}

const char *lp_chat_goal(const lp_chat_notebook *book) {
    for (int i = 0; i < book->n; i++)
        if (!strcmp(book->key[i], LP_CHAT_GOAL)) return book->text[i];
    return NULL;
}
