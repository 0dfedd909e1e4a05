/* A person at the keyboard: which buttons the keys are, and which of a game's actions the held buttons mean.
 *
 * The window (window.c) tells which buttons are held; a decision is one of the game's actions, so that what a person plays
 * is a run like any other, and a demonstration for a policy that has the same actions.
 */
#ifndef LP_HARNESS_KEYBOARD_H
#define LP_HARNESS_KEYBOARD_H

#include "env/game.h"

/* One line for people: which key is which button. */
#define LP_KEYBOARD_HELP "arrows, X = A, Z = B, Return = START, Backspace = SELECT, A = L, S = R"

/* The action that presses the most of the held buttons and none besides; the first of several. No action does without others: the
 * action that presses nothing, or the first. LEFT and RIGHT together count as neither, as UP and DOWN do: a pad cannot. */
int lp_keyboard_action(const lp_game *game, uint16_t held);
/* held without opposite directions. */
uint16_t lp_keyboard_pad(uint16_t held);
/* "none", "LEFT", "A+RIGHT" */
void lp_keyboard_name(uint16_t keys, char *out, size_t size);

#endif
