/* Where a chat model's memory contradicts itself: what is about a note, what says the same, and what is left out. */
#include "players/chat_doubts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static lp_chat_notebook book;
static lp_note notes[8];
static lp_moment moment;
static char out[LP_CHAT_QUESTION];

/* The notebook says that the door is left. */
static int begin(void **state) {
    (void)state;
    memset(&book, 0, sizeof book);
    book.n = 2;
    strcpy(book.key[0], "door"), strcpy(book.text[0], "left.");
    strcpy(book.key[1], LP_CHAT_GOAL), strcpy(book.text[1], "out");
    moment = (lp_moment){.episode = 2, .step = 100, .notes = notes};
    return 0;
}

static void remember(int64_t age, const char *text, const char *node) {
    notes[moment.n_notes++] = (lp_note){.age = age, .text = text, .node = node};
}

static int doubts(uint64_t *hash) { return lp_chat_contradictions(out, sizeof out, hash, &moment, &book); }

static void says_the_same(void **state) {
    (void)state;
    uint64_t hash;
    remember(90, "door: left", NULL);
    remember(80, "A bell rings. DOOR:  Left. ; the trapdoor: right", NULL);
    remember(70, "indoors: right; the door is right; door", NULL);
    remember(60, "goal: elsewhere", NULL); /* it may change */
    assert_int_equal(doubts(&hash), 0);
    assert_string_equal(out, "");
    assert_true(hash == 0);
}

static void side_by_side(void **state) {
    (void)state;
    uint64_t hash, same;
    remember(90, "door: right", NULL);
    remember(80, "I heard; door: up; and went", "e2L1.0");
    remember(30, "a door: Right.", NULL); /* newer, and the same */
    assert_int_equal(doubts(&hash), 1);
    assert_string_equal(
        out,
        " About \"door\" these contradict each other: your notebook says \"left\"; e2s70 says \"right\", 30 decisions ago; e2L1.0 says "
        "\"up\", 80 decisions ago. Which is right?");
    moment.step++, notes[0].age++, notes[1].age++, notes[2].age++;
    assert_int_equal(doubts(&same), 1);
    assert_true(hash == same && hash != 0); /* older, but nothing new */
    strcpy(book.text[0], "up");
    assert_int_equal(doubts(&same), 1);
    assert_true(hash != same);
    moment.n_notes = 1;
    strcpy(book.text[0], "right");
    assert_int_equal(doubts(&same), 0);
}

/* However much is said, it stays in its room. */
static void much(void **state) {
    (void)state;
    static char text[8][600];
    uint64_t hash;
    book.n = LP_NOTEBOOK;
    for (int k = 0; k < LP_NOTEBOOK; k++) {
        snprintf(book.key[k], sizeof book.key[k], "key %d", k);
        memset(book.text[k], 'a', LP_CHAT_NOTE - 1);
    }
    for (int i = 0; i < 8; i++) {
        snprintf(text[i], sizeof text[i], "key %d: %0400d", i, i);
        memset(text[i] + 7, 'b' + i, 300);
        remember(i, text[i], NULL);
    }
    assert_int_equal(doubts(&hash), 8);
    assert_true(strlen(out) < sizeof out);
    assert_int_equal(lp_chat_contradictions(out, 10, &hash, &moment, &book), 8);
    assert_true(strlen(out) < 10);
    assert_null(lp_chat_goal(&book));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(says_the_same, begin), cmocka_unit_test_setup(side_by_side, begin),
                                       cmocka_unit_test_setup(much, begin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
