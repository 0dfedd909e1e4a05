/* A connection for lines of text, with TLS or without. One thread. */
#ifndef LP_IRC_IRC_LINK_H
#define LP_IRC_IRC_LINK_H

#include "irc/irc_line.h"

#include <stdatomic.h>

typedef struct lp_irc_link lp_irc_link;

/* Takes up to 15 s, and less where *closing becomes true. With TLS the server's certificate must be good: signed by who the system trusts, or as
 * the file says that SSL_CERT_FILE names. LP_FAILED: not connected. */
lp_status lp_irc_link_open(lp_irc_link **out, const lp_irc_address *address, const atomic_bool *closing, lp_err *err);
void lp_irc_link_close(lp_irc_link *link); /* NULL is fine */
/* Puts a line into the queue; one that has no room ends the connection. */
void lp_irc_link_put(lp_irc_link *link, const char *line, size_t n);
/* Sends what waits, and waits up to timeout_ms for what comes. Hands out each line, for the time of the visit. LP_FAILED: the connection is gone. */
lp_status lp_irc_link_turn(lp_irc_link *link, int timeout_ms, void (*visit)(void *context, char *line), void *context, lp_err *err);

#endif
