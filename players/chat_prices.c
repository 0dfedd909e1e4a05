#include "players/chat_prices.h"

#include "base/file.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, FIELDS = 4, MAX_MODELS = 4096 };
#define DEAREST 1e9

/* A line's words; one more than there may be tells that there are too many. */
static int split(char *line, char *word[FIELDS + 1]) {
    int n = 0;
    char *rest = NULL;
    line[strcspn(line, "#")] = 0;
    for (char *w = strtok_r(line, " \t\r", &rest); w && n <= FIELDS; w = strtok_r(NULL, " \t\r", &rest)) word[n++] = w;
    return n;
}

static lp_status read_line(lp_chat_setup *s, char *word[FIELDS + 1], int n, int number, lp_err *err) {
    double price[FIELDS - 1];
    if (n != FIELDS) return lp_fail(err, LP_BAD_INPUT, "%s:%d: not a model and three prices: in, cached, out", s->prices, number);
    for (int i = 0; i < FIELDS - 1; i++)
        if (!lp_parse_double(word[i + 1], &price[i]) || price[i] < 0 || price[i] > DEAREST)
            return lp_fail(err, LP_BAD_INPUT, "%s:%d: '%.40s' is no price, 0 to %.0e", s->prices, number, word[i + 1], DEAREST);
    if (!strcmp(word[0], s->model)) s->price_in = price[0], s->price_cached = price[1], s->price_out = price[2];
    return LP_OK;
}

static lp_status read_lines(lp_chat_setup *s, char *text, lp_err *err) {
    char **seen = calloc(MAX_MODELS, sizeof *seen), *rest = text, *line;
    int n_seen = 0, number = 0;
    bool found = false;
    lp_status status = seen ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    while (!status && (line = strsep(&rest, "\n"))) {
        char *word[FIELDS + 1];
        const int n = split(line, word);
        number++;
        if (!n) continue;
        status = read_line(s, word, n, number, err);
        for (int i = 0; i < n_seen && !status; i++)
            if (!strcmp(seen[i], word[0]))
                status = lp_fail(err, LP_BAD_INPUT, "%s:%d: '%.80s' stands there twice", s->prices, number, word[0]);
        if (!status && n_seen == MAX_MODELS)
            status = lp_fail(err, LP_BAD_INPUT, "%s:%d: more than %d models", s->prices, number, MAX_MODELS);
        if (status) break;
        found |= !strcmp(word[0], s->model);
        seen[n_seen++] = word[0];
    }
    if (!status && !found) status = lp_fail(err, LP_BAD_INPUT, "%s: has no model '%s'", s->prices, s->model);
    free(seen);
    return status;
}

lp_status lp_chat_prices_read(lp_chat_setup *setup, lp_err *err) {
    lp_blob text = {0};
    lp_chat_setup s = *setup;
    lp_status status = lp_file_read(&text, s.prices, MAX_BYTES, err);
    if (status) return status;
    if (memchr(text.data, 0, text.size_bytes)) status = lp_fail(err, LP_BAD_INPUT, "%s: not a text file", s.prices);
    else status = read_lines(&s, (char *)text.data, err);
    lp_blob_free(&text);
    if (!status) *setup = s;
    return status;
}
