/* What IRC says on its wires (RFC 1459, 2812), and what may go into it. No connection, no state: irc.h has those. Everything that is read comes
 * from strangers.
 */
#ifndef LP_IRC_IRC_LINE_H
#define LP_IRC_IRC_LINE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LP_IRC_BYTES = 512, /* a line, with its end */
    LP_IRC_NICK_BYTES = 32,
    LP_IRC_PARAMS = 15,
    LP_IRC_READ_BYTES = 2048, /* longer lines than this are nobody's */
};

/* irc://[NICK@]HOST[:PORT]/CHANNEL, or ircs:// with TLS. */
typedef struct {
    bool tls;
    int port;
    char nick[LP_IRC_NICK_BYTES], host[256], channel[64]; /* the channel with its # */
} lp_irc_address;
lp_status lp_irc_address_read(lp_irc_address *address, const char *url, lp_err *err);

/* Lines out of what comes. Zero-initialised. */
typedef struct {
    char line[LP_IRC_READ_BYTES];
    size_t n;
    bool too_long;
} lp_irc_reader;
/* Takes a byte; true: r->line is a line, without its end, until the next. One that is too long is left out whole. */
bool lp_irc_take(lp_irc_reader *r, char byte);

typedef struct {
    char nick[LP_IRC_NICK_BYTES]; /* who sent it, cleaned; "": nobody is named */
    const char *command;          /* "PRIVMSG", "001" */
    const char *param[LP_IRC_PARAMS];
    int n_params;
} lp_irc_message;
/* Cuts the line into its words, to which m points. False: it is no message. */
bool lp_irc_parse(lp_irc_message *m, char *line);

/* Text as it may be shown, kept and sent: without formatting, control characters and line ends, which become spaces, and those that change the direction of
 * writing; what is not UTF-8 is U+FFFD. Cut to out[size] at the end of a character. Returns its length. */
size_t lp_irc_clean(char *out, size_t size, const char *text);
/* "PRIVMSG CHANNEL :text" with its end, the text cleaned and cut so that it stays whole when the server puts nick's full name before it. */
size_t lp_irc_privmsg(char out[LP_IRC_BYTES + 1], const char *nick, const char *channel, const char *text);

#endif
