/* A chat model's answer: any bytes, and what its calls do to a plan and a notebook, or to a summary. */
#include "tests/fuzz/fuzz.h"

#include "players/chat_summary.h"
#include "players/chat_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lp_game *game;
    static lp_chat_plan plan;
    static lp_chat_notebook book;
    static lp_written written;
    static const lp_writing writing = {.n = 1, .sources = {{"e1s0", "x"}}};
    const lp_chat_setup setup = {.sequence = 120, .scale = 1, .context_tokens = 100};
    lp_err err;
    if (!game) fuzz_must(lp_game_open(&game, LP_SOURCE_DIR "/games/cue", &err), &err);
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    cJSON *message, *now = cJSON_CreateArray();
    lp_chat_usage tokens;
    if (!lp_chat_reply(&message, &tokens, text, &err)) {
        memset(&plan, 0, sizeof plan);
        lp_chat_follow(&plan, &book, now, message, &setup, game, NULL, NULL);
        if (plan.n_presses > setup.sequence || book.n > LP_CHAT_NOTEBOOK) abort();
        cJSON *line = cJSON_CreateObject();
        cJSON_AddStringToObject(line, "question", "x");
        cJSON_AddItemToObject(line, "message", message);
        lp_chat_summary_judge(&written, &setup, &writing, line);
        if (!*written.refused && (!*written.text || strcmp(written.sources, "e1s0"))) abort();
        cJSON_Delete(line);
    }
    cJSON_Delete(now);
    free(text);
    return 0;
}
