/* A night of `lantern`, from power-on to its end, by an endpoint that knows of it what each request says (chat_lantern.py): the tree remembers for it. */
#include "tests/chat_support.h"

enum { TOKENS = 4000 }; /* of a turn, all that is sent */

static void put_night(void) {
    put_setup("night", "counts",
              "turns = 0\nsees = text\nvariables = room, x, y, lap, phase, wheel_1, wheel_2, wheel_3, wheel_4\ncontext_tokens = 2500\n");
}

#define NIGHT "play lantern --policy chat:%/night.ini --memory.slots=16 --headless --episodes 1 --resume --json --run %/"

/* It wins, each turn within its tokens. Of what was before, it has what it is sent: an endpoint that is started anew in the middle goes on the same. */
static void test_wins(void **state) {
    (void)state;
    put_night();
    cJSON *o = json_of(run_with(NULL, NIGHT "whole"));
    assert_int_equal(number(o, "wins"), 1);
    assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "faults"), 0);
    assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "repeats"), 0); /* though roads look the same sixteen times */
    const int decisions = number(o, "decisions"), replies = number(cJSON_GetObjectItem(o, "chat"), "replies");
    cJSON_Delete(o);
    char arguments[256];
    snprintf(arguments, sizeof arguments, "%s --decisions %d", NIGHT "parts", decisions / 2);
    cJSON_Delete(json_of(run_with(NULL, arguments)));
    stop_server();
    assert_int_equal(start_server(), 0);
    put_night();
    cJSON_Delete(json_of(run_with(NULL, NIGHT "parts --decisions 0")));
    char *whole = text_of("whole/chat.jsonl"), *parts = text_of("parts/chat.jsonl"), *rest = NULL;
    assert_string_equal(parts, whole);
    int most = 0;
    for (char *line = strtok_r(whole, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        cJSON *turn = cJSON_Parse(line);
        if (number(turn, "tokens") > most) most = number(turn, "tokens");
        cJSON_Delete(turn);
    }
    free(whole), free(parts);
    print_message("won in %d decisions, %d turns of up to %d tokens\n", decisions, replies, most);
    assert_true(most > 500 && most <= TOKENS);
}

/* By the same play, with the last items alone or none, it must guess. */
static void test_loses(void **state) {
    (void)state;
    put_night();
    assert_int_equal(wins_of("eval lantern --policy chat:%/night.ini --memory window --episodes 1 --json"), 0);
    assert_int_equal(wins_of("eval lantern --policy chat:%/night.ini --memory none --episodes 1 --json"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wins), cmocka_unit_test(test_loses)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
