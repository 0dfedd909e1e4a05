/* The relay between a player and the process that started it and shows what it plays (cmd_stream.c): moments and their sound go one way
 * through memory that both have, keys and signs of life through a socket.
 *
 *     the one that stays                                      a player
 *     lp_relay_open(&relay, true, &err);
 *     lp_relay_connect(relay, &err), fork:
 *         lp_relay_hand_down(relay), exec                     lp_relay_join(&relay, &err);
 *     lp_relay_begun(relay);                                  lp_relay_beat(relay), each decision
 *     lp_relay_wait(relay, 15, &heard)                        lp_relay_hear(relay, pairs, n), lp_relay_show(relay, &view)
 *     while ((moment = lp_relay_next(relay))) ...
 *     lp_relay_press(relay, key)                              lp_relay_poll(relay)
 *
 * Nobody waits for the other. The memory is a ring; each slot has the number of the moment in it, none while it is written. So a player can be
 * killed at any point: what it had not finished is never seen, and the next one goes on with the next number. Who shows and is late by more
 * than the ring misses the oldest. One thread on each side.
 */
#ifndef LP_CLI_RELAY_H
#define LP_CLI_RELAY_H

#include "view/snapshot.h"

enum { LP_RELAY_PAIRS = 4800 };

typedef struct {
    int n_pairs; /* heard since the moment before */
    int16_t sound[2 * LP_RELAY_PAIRS];
    lp_snapshot snapshot;
} lp_relay_moment;

typedef struct lp_relay lp_relay;
void lp_relay_close(lp_relay *relay); /* NULL is fine */

/* ---- who shows ---- */
/* shows: there is something that moments are shown in. */
lp_status lp_relay_open(lp_relay **out, bool shows, lp_err *err);
/* Of the next player: its end, which only it inherits. */
lp_status lp_relay_connect(lp_relay *relay, lp_err *err);
void lp_relay_hand_down(
    const lp_relay *relay);           /* in the child, before exec; nothing else that is open is inherited, but the standard streams */
void lp_relay_begun(lp_relay *relay); /* in the parent */
void lp_relay_part(lp_relay *relay);  /* the player is dead */
/* Waits until something is heard of the player. False: it has let go. */
bool lp_relay_wait(lp_relay *relay, int timeout_ms, bool *heard);
/* The next moment, valid until the next call; NULL: there is none yet. */
const lp_relay_moment *lp_relay_next(lp_relay *relay);
bool lp_relay_has_more(const lp_relay *relay);
void lp_relay_press(lp_relay *relay, lp_keypress key);
/* Is sound wanted? */
void lp_relay_listen(lp_relay *relay, bool listens);

/* ---- who plays ---- */
/* *out NULL: nobody who shows started us. */
lp_status lp_relay_join(lp_relay **out, lp_err *err);
bool lp_relay_shows(const lp_relay *relay);
bool lp_relay_listens(const lp_relay *relay);
void lp_relay_beat(lp_relay *relay);
/* Goes with the next moment. */
void lp_relay_hear(lp_relay *relay, const int16_t *pairs, int n_pairs);
void lp_relay_show(lp_relay *relay, const lp_view *view);
lp_keypress lp_relay_poll(lp_relay *relay);

#endif
