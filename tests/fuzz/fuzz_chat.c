/* A chat model's answer, whole or in pieces: any bytes, and what its calls do to a plan and a notebook, or to a summary. */
#include "tests/fuzz/fuzz.h"

#include "players/chat_stream.h"
#include "players/chat_summary.h"
#include "players/chat_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lp_game *game;
    static lp_chat_plan plan;
    static lp_chat_notebook book;
    static lp_written written;
    static lp_chat_stream stream;
    static const lp_writing writing = {.n = 1, .sources = {{"e1s0", "x"}}};
    const lp_chat_setup setup = {.sequence = 120, .scale = 1, .context_tokens = 100};
    lp_err err;
    if (!game) fuzz_must(lp_game_open(&game, LP_SOURCE_DIR "/games/cue", &err), &err);
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    cJSON *message, *now = cJSON_CreateArray();
    lp_chat_usage tokens;
    const char *body = text;
    lp_chat_stream_begin(&stream);
    lp_chat_stream_look(&stream, text, size / 2); /* and then the rest of it */
    lp_chat_stream_look(&stream, text, size);
    const char *saying = lp_chat_stream_saying(&stream);
    if (saying && strlen(saying) >= LP_ANSWER_THOUGHT) abort();
    const bool cut = stream.in_pieces && lp_chat_stream_end(&stream, &body, &err);
    if (!cut && !lp_chat_reply(&message, &tokens, body, &err)) {
        memset(&plan, 0, sizeof plan);
        lp_chat_follow(&plan, &book, now, message, &setup, game, NULL, NULL);
        if (plan.n_presses > setup.sequence || book.n > LP_NOTEBOOK) abort();
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
