/* An answer in pieces: put together whatever the pieces are cut into, read as it comes, never taken for whole before it is; and no bytes break it.
 *
 * The damage prints its seed; LONGPLAY_TEST_SEED=N takes another one. */
#include "players/chat_stream.h"

#include "base/rng.h"
#include "players/words.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PIECE(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]}\n\n"
static const char body[] =
    ": a comment\r\n\r\nevent: message\r\n" PIECE("{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"Hm\"}")
        PIECE("{\"reasoning_content\":\"m.\"}") PIECE("{\"content\":\"I go \"}") PIECE("{\"content\":\"caf\xc3\xa9\\n\"}") PIECE(
            "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"press\",\"arguments\":\"\"}}]}")
            PIECE("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\":\"}}]}")
                PIECE("{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"wait\",\"arguments\":\"{}\"}},"
                      "{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}")
                    PIECE("{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"note\",\"arguments\":\"{\"}}]}")
                        PIECE("{\"tool_calls\":[{\"function\":{\"arguments\":\"}\"}}]}") /* without an index, as some have it */
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";
static const char whole[] =
    "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"I go caf\xc3\xa9\\n\",\"reasoning_content\":\"Hmm.\",\"tool_calls\":["
    "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"press\",\"arguments\":\"{\\\"x\\\":1}\"}},"
    "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"wait\",\"arguments\":\"{}\"}},"
    "{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"note\",\"arguments\":\"{}\"}}]}}],"
    "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}";

/* It comes so many bytes at a time, and what it says grows: first what it thinks, then what it says. */
static void as_it_comes(void **state) {
    (void)state;
    lp_chat_stream s = {0};
    const char *got;
    for (size_t step = 1; step <= sizeof body; step += step < 20 ? 1 : 97) {
        char before[LP_ANSWER_THOUGHT] = "";
        int grew = 0;
        lp_chat_stream_begin(&s);
        assert_null(lp_chat_stream_saying(&s));
        for (size_t n = 0; n < sizeof body - 1;) {
            n = n + step < sizeof body - 1 ? n + step : sizeof body - 1;
            lp_chat_stream_look(&s, body, n);
            const char *saying = lp_chat_stream_saying(&s);
            if (!saying || !strcmp(saying, before)) continue;
            assert_true(!strncmp(saying, before, strlen(before)) || !strncmp(before, "Hm", 2));
            strcpy(before, saying);
            grew++;
        }
        assert_string_equal(before, "I go caf\xc3\xa9\n");
        if (step == 1) assert_int_equal(grew, 4);
        assert_true(s.in_pieces);
        assert_int_equal(lp_chat_stream_end(&s, &got, NULL), LP_OK);
        assert_string_equal(got, whole);
    }
    lp_chat_stream_free(&s);
}

static void cut_anywhere(void **state) {
    (void)state;
    const size_t last =
        (size_t)(strstr(body, "\"finish_reason\":\"tool_calls\"}]}\n") - body) + strlen("\"finish_reason\":\"tool_calls\"}]}\n");
    lp_chat_stream s = {0};
    const char *got;
    for (size_t n = 0; n < sizeof body; n++) {
        lp_err err = {{0}};
        lp_chat_stream_begin(&s);
        lp_chat_stream_look(&s, body, n);
        const lp_status status = lp_chat_stream_end(&s, &got, &err);
        assert_int_equal(status, n < last ? LP_BAD_INPUT : LP_OK);
        if (status) assert_non_null(strstr(err.message, "was cut after"));
    }
    lp_chat_stream_free(&s);
}

static void expect(const char *text, const char *words) {
    lp_chat_stream s = {0};
    lp_err err = {{0}};
    const char *got;
    lp_chat_stream_begin(&s);
    lp_chat_stream_look(&s, text, strlen(text));
    assert_true(s.in_pieces);
    assert_int_equal(lp_chat_stream_end(&s, &got, &err), LP_BAD_INPUT);
    if (!strstr(err.message, words)) fail_msg("%s: '%s'", text, err.message);
    lp_chat_stream_free(&s);
}

static void what_is_none(void **state) {
    static const char *const answers[] = {"", "\n\n", "{\"choices\":[]}", "\n{\"a\":\n1}\n", "<html>\ndata: x\n", "data: {\"no line end"};
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) { /* whole answers, and who knows what */
        lp_chat_stream s = {0};
        lp_chat_stream_begin(&s);
        lp_chat_stream_look(&s, answers[i], strlen(answers[i]));
        assert_false(s.in_pieces);
        lp_chat_stream_free(&s);
    }
    expect("data: {\n", "is no JSON object: '{'");
    expect("data: 7\n", "is no JSON object: '7'");
    expect(PIECE("{\"tool_calls\":[{\"index\":1,\"function\":{}}]}"), "of no call");
    expect(PIECE("{\"tool_calls\":[{\"function\":{}}]}"), "of no call");
    expect(PIECE("{\"tool_calls\":[{\"index\":-1}]}"), "of no call");
    lp_chat_stream s = {0};
    const char *got;
    static const char failed[] = PIECE("{\"content\":\"I\"}") "data: {\"error\":{\"message\":\"overloaded\"}}\n";
    lp_chat_stream_look(&s, failed, sizeof failed - 1);
    assert_int_equal(lp_chat_stream_end(&s, &got, NULL), LP_OK);
    assert_non_null(strstr(got, "\"error\":{\"message\":\"overloaded\"}"));
    lp_chat_stream_free(&s);
}

static void a_long_one(void **state) {
    enum { PIECES = 3000 };
    static const char piece[] = PIECE("{\"content\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}"), end[] = "data: [DONE]\n";
    (void)state;
    const size_t size = PIECES * (sizeof piece - 1) + sizeof end - 1;
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < PIECES; i++) memcpy(text + i * (sizeof piece - 1), piece, sizeof piece - 1);
    memcpy(text + size - sizeof end + 1, end, sizeof end);
    lp_chat_stream s = {0};
    for (size_t n = 1000; n < size; n += 1000) lp_chat_stream_look(&s, text, n);
    lp_chat_stream_look(&s, text, size);
    const char *saying = lp_chat_stream_saying(&s), *got;
    assert_int_equal(strlen(saying), LP_ANSWER_THOUGHT - 2); /* its end, from a whole character on */
    assert_int_equal((unsigned char)saying[0], 0xc3);
    assert_int_equal(lp_chat_stream_end(&s, &got, NULL), LP_OK);
    assert_int_equal(s.said[0].used, PIECES * 6);
    lp_chat_stream_free(&s);
    free(text);
}

static void damaged(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    lp_chat_stream s = {0};
    int whole_ones = 0;
    for (int i = 0; i < 3000; i++) {
        char text[sizeof body];
        const char *got;
        memcpy(text, body, sizeof body);
        for (int n = 1 + (int)lp_rng_below(&rng, 8); n > 0; n--) text[lp_rng_below(&rng, sizeof body - 1)] = (char)lp_rng_below(&rng, 256);
        lp_chat_stream_begin(&s);
        for (size_t n = lp_rng_below(&rng, sizeof body); n < sizeof body - 1; n += 1 + lp_rng_below(&rng, 300))
            lp_chat_stream_look(&s, text, n);
        lp_chat_stream_look(&s, text, sizeof body - 1);
        whole_ones += !lp_chat_stream_end(&s, &got, NULL);
    }
    print_message("%d of 3000 were still whole\n", whole_ones);
    assert_true(whole_ones > 0 && whole_ones < 3000);
    lp_chat_stream_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_it_comes), cmocka_unit_test(cut_anywhere), cmocka_unit_test(what_is_none),
                                       cmocka_unit_test(a_long_one), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
