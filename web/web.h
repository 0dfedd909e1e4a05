/* The web page: what the window shows, over HTTP, for a second screen, OBS's browser source and programs (docs/web.md).
 *
 *     lp_web *web;
 *     lp_web_open(&web, &(lp_web_config){.address = "127.0.0.1:8600"}, &err);
 *     if (lp_web_wants(web)) lp_web_publish(web, &view);   // the player's thread, as often as it likes
 *     lp_web_close(web);
 *
 * Read only. The player copies a moment from time to time and waits for nobody: the server's thread, which the system serves after the
 * player's, takes the newest, makes one message of it for all who look, and drops who cannot keep up. Without libmicrohttpd (-DLP_WEB=OFF)
 * lp_web_open says so.
 */
#ifndef LP_WEB_WEB_H
#define LP_WEB_WEB_H

#include "base/status.h"
#include "view/viewer.h"

#include <stdbool.h>

enum {
    LP_WEB_PICTURES_PER_S = 30,   /* at most */
    LP_WEB_MESSAGES_PER_S = 2000, /* to all viewers together; the more there are, the fewer pictures each gets */
    LP_WEB_PANELS_PER_S = 5,
    LP_WEB_CONNECTIONS = 480, /* at once; who comes then waits */
    LP_WEB_MIN_PASSWORD = 8,
};

typedef struct {
    const char *address;       /* "127.0.0.1:8600", "[::1]:8600", "localhost:8600"; port 0: any that is free */
    const char *password_file; /* its first line is the password; NULL: none, and then only a loopback address */
    const char *run;  /* the folder of the run, whose memory can be looked into; NULL: not recorded. Borrowed until close, as the next */
    const char *game; /* where its ROM is now; NULL: where it was */
} lp_web_config;

typedef struct lp_web lp_web;

/* Serves from here on, what is published later. LP_BAD_INPUT: no such address, an open one without a password, or no server in this build;
 * LP_FAILED: the port is taken, no memory, no threads. *out is then NULL. */
lp_status lp_web_open(lp_web **out, const lp_web_config *config, lp_err *err);
/* Ends all connections. NULL is fine. */
void lp_web_close(lp_web *web);
/* "http://127.0.0.1:8600/"; valid as long as web. */
const char *lp_web_url(const lp_web *web);

/* One thread, the player's. */
/* True when a moment would be shown: up to 30 times a second while somebody looks, else a few times. */
bool lp_web_wants(lp_web *web);
/* Copies the moment; nothing of view is kept. */
void lp_web_publish(lp_web *web, const lp_view *view);

#endif
