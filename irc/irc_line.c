#include "irc/irc_line.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PORT = 6667, TLS_PORT = 6697, NAME_BYTES = 10 + 63 + 4 }; /* of :NICK!USER@HOST and a space, but the nick */

/* ---- the address ---- */

/* A piece of the address that ends at stop: cut off, and *rest behind it. */
static char *piece(char **rest, char stop) {
    char *start = *rest, *end = strchr(start, stop);
    if (!end) return NULL;
    *end = 0;
    *rest = end + 1;
    return start;
}

static bool is_nick(const char *s) {
    if (!*s || isdigit((unsigned char)*s) || *s == '-' || strlen(s) >= LP_IRC_NICK_BYTES) return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("-_[]\\`^{}|", *s)) return false;
    return true;
}

static bool is_host(const char *s) {
    const bool six = *s == '[';
    if (!*s || strlen(s) >= sizeof((lp_irc_address *)0)->host) return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr(six ? "[]:." : ".-_", *s)) return false;
    return !six || s[-1] == ']';
}

static bool is_channel(const char *s) {
    if (!*s || strlen(s) + 2 > sizeof((lp_irc_address *)0)->channel) return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == ',' || *s == ':' || *s == 0x7f) return false;
    return true;
}

static lp_status bad(lp_err *err, const char *what) {
    return lp_fail(err, LP_BAD_INPUT, "--chat: %s; it is irc://[NICK@]HOST[:PORT]/CHANNEL, or ircs:// with TLS", what);
}

lp_status lp_irc_address_read(lp_irc_address *a, const char *url, lp_err *err) {
    char text[512], *rest = text;
    *a = (lp_irc_address){.port = PORT, .nick = "longplay"};
    if (strlen(url) >= sizeof text) return bad(err, "too long an address");
    strcpy(text, url);
    const char *scheme = piece(&rest, ':');
    a->tls = scheme && !strcasecmp(scheme, "ircs");
    if (!scheme || (!a->tls && strcasecmp(scheme, "irc")) || strncmp(rest, "//", 2)) return bad(err, "not an address of IRC");
    if (a->tls) a->port = TLS_PORT;
    rest += 2;
    char *server = piece(&rest, '/'), *nick = server && strchr(server, '@') ? piece(&server, '@') : NULL;
    if (!server) return bad(err, "it names no channel");
    if (nick && strchr(nick, ':')) return bad(err, "a password stands in LONGPLAY_CHAT_PASSWORD, not in the address");
    if (nick && !is_nick(nick)) return bad(err, "its nick cannot be one");
    if (nick) strcpy(a->nick, nick);
    char *colon = *server == '[' ? strstr(server, "]:") : strchr(server, ':');
    if (colon) {
        char *number = *server == '[' ? colon + 2 : colon + 1, *end;
        long port = isdigit((unsigned char)*number) ? strtol(number, &end, 10) : 0;
        if (port < 1 || port > 65535 || *end) return bad(err, "its port is no number from 1 to 65535");
        a->port = (int)port;
        number[-1] = 0;
    }
    if (!is_host(server)) return bad(err, "it names no host");
    strcpy(a->host, server);
    if (!strncmp(rest, "%23", 3)) rest += 2, *rest = '#';
    if (!is_channel(rest)) return bad(err, "its channel cannot be one");
    snprintf(a->channel, sizeof a->channel, "%s%s", *rest == '#' || *rest == '&' ? "" : "#", rest);
    return LP_OK;
}

/* ---- lines ---- */

bool lp_irc_take(lp_irc_reader *r, char byte) {
    if (byte != '\n' && r->n == sizeof r->line - 1) r->too_long = true;
    if (byte != '\n') {
        if (!r->too_long) r->line[r->n++] = byte ? byte : ' ';
        return false;
    }
    const bool whole = !r->too_long;
    if (r->n && r->line[r->n - 1] == '\r') r->n--;
    r->line[r->n] = 0;
    r->n = 0;
    r->too_long = false;
    return whole;
}

/* The word at *rest, which moves behind it and the spaces that follow. */
static char *word(char **rest) {
    char *start = *rest, *end = start + strcspn(start, " ");
    *rest = end + strspn(end, " ");
    *end = 0;
    return start;
}

bool lp_irc_parse(lp_irc_message *m, char *line) {
    char *rest = line + strspn(line, " ");
    *m = (lp_irc_message){0};
    if (*rest == '@') word(&rest); /* tags */
    if (*rest == ':') {
        char *from = word(&rest) + 1;
        from[strcspn(from, "!@")] = 0;
        lp_irc_clean(m->nick, sizeof m->nick, from);
    }
    m->command = word(&rest);
    while (*rest && m->n_params < LP_IRC_PARAMS) {
        const bool last = *rest == ':' || m->n_params == LP_IRC_PARAMS - 1;
        m->param[m->n_params++] = last ? rest + (*rest == ':') : word(&rest);
        if (last) break;
    }
    return *m->command != 0;
}

/* ---- text ---- */

static const char *digits(const char *s, int most, int (*is_digit)(int)) {
    while (most-- > 0 && is_digit((unsigned char)*s)) s++;
    return s;
}

/* What stands behind the sign of a colour and belongs to it: "4", "04,12". */
static const char *colour(const char *s, int most, int (*is_digit)(int)) {
    const char *start = s;
    s = digits(s, most, is_digit);
    return s > start && *s == ',' && is_digit((unsigned char)s[1]) ? digits(s + 1, most, is_digit) : s;
}

/* Without the sign of formatting at s; s itself where there is none. */
static const char *behind_format(const char *s) {
    if (*s == 0x03) return colour(s + 1, 2, isdigit);
    if (*s == 0x04) return colour(s + 1, 6, isxdigit);
    return strchr("\x02\x0f\x11\x16\x1d\x1e\x1f", *s) ? s + 1 : s;
}

size_t lp_irc_clean(char *out, size_t size, const char *text) {
    size_t used = 0;
    while (*text) {
        const char *after = behind_format(text), *put = text;
        uint32_t c = 0;
        if (after > text) {
            text = after;
            continue;
        }
        int n = lp_utf8_decode((const unsigned char *)text, strlen(text), &c), length = n;
        text += n > 0 ? n : 1;
        if (n <= 0) put = "\xef\xbf\xbd", length = 3;
        else if (c < ' ') put = " ", length = 1;
        else if (lp_utf8_is_obeyed(c)) continue;
        if (used + (size_t)length >= size) break;
        memcpy(out + used, put, (size_t)length);
        used += (size_t)length;
    }
    out[used] = 0;
    return used;
}

size_t lp_irc_privmsg(char out[LP_IRC_BYTES + 1], const char *nick, const char *channel, const char *text) {
    char clean[LP_IRC_BYTES];
    const size_t others = NAME_BYTES + strlen(nick) + strlen("PRIVMSG  :\r\n") + strlen(channel);
    lp_irc_clean(clean, LP_IRC_BYTES - others + 1, text);
    return (size_t)snprintf(out, LP_IRC_BYTES + 1, "PRIVMSG %s :%s\r\n", channel, clean);
}
