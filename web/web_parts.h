/* Inside the web page's server. Nobody else includes this. */
#ifndef LP_WEB_WEB_PARTS_H
#define LP_WEB_WEB_PARTS_H

#include "base/limits.h"
#include "emulator/emulator.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

/* ---- web_snapshot.c: a moment that stays ---- */
enum { LP_WEB_MAX_VARIABLES = 1024, LP_WEB_TEXT_BYTES = 1 << 17, LP_WEB_MAX_PIXELS = LP_EMU_MAX_WIDTH * LP_EMU_MAX_HEIGHT };

typedef struct {
    lp_view view;                      /* its pointers lead into the rest; without a sheet */
    uint64_t number;                   /* 1, 2 ...; 0: nothing yet */
    uint32_t frame[LP_WEB_MAX_PIXELS]; /* 0x00RRGGBB */
    float values[LP_VIEW_HISTORY], probabilities[LP_MAX_ACTIONS];
    const char *names[LP_MAX_ACTIONS];
    lp_view_variable variables[LP_WEB_MAX_VARIABLES];
    char texts[LP_WEB_TEXT_BYTES]; /* UTF-8; what does not fit is "" */
    size_t n_texts;
} lp_web_snapshot;

void lp_web_copy(lp_web_snapshot *out, const lp_view *view);

/* ---- web_json.c ---- */
/* An object with a member for each panel. NULL: no memory. */
cJSON *lp_web_panels(const lp_view *view);

/* ---- page.c, made of page/ by embed.cmake ---- */
typedef struct {
    const unsigned char *data;
    size_t size_bytes;
} lp_web_file;
extern const lp_web_file lp_web_page_html, lp_web_page_css, lp_web_page_js;

/* ---- web_address.c ---- */
/* A socket that listens there, and where that is. */
lp_status lp_web_listen(int *fd, char url[128], bool *loopback, const char *address, lp_err *err);
lp_status lp_web_read_password(char **out, const char *path, lp_err *err);
bool lp_web_same(const char *secret, const char *given); /* takes the same time wherever they differ */
/* Whether a page of somebody else's cannot have sent a browser here under this name (DNS rebinding): localhost, or a number. */
bool lp_web_own_host(const char *host);

/* ---- the server ---- */
typedef struct lp_web_peer { /* a connection */
    struct lp_web_peer *next, **link;
    int fd;
    double due_s; /* what it owes, or is owed, must have passed by then */
} lp_web_peer;

typedef struct lp_web_message lp_web_message; /* one for all viewers */
typedef struct lp_web_viewer lp_web_viewer;   /* one of /live */
typedef enum { LP_WEB_PANELS, LP_WEB_PICTURES, LP_WEB_N_CHANNELS } lp_web_channel;

struct lp_web {
    /* the player's and the server's */
    pthread_mutex_t lock; /* of ready and fresh; held to swap pointers */
    lp_web_snapshot *ready;
    bool fresh; /* the server has not had it */
    atomic_bool closing;
    atomic_int n_viewers;
    /* the player's */
    lp_web_snapshot *back;
    uint64_t n_published;
    double next_s;
    /* the server's */
    lp_web_snapshot *front;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int fd;
    bool serving;
    char url[128], *password; /* NULL: none */
    lp_web_peer *peers;
    lp_web_viewer *viewers;
    int n_picture_viewers;
    struct {
        lp_web_message *newest;
        uint64_t number; /* of messages */
        uint64_t of;     /* the snapshot that it shows */
        double made_s;
    } channels[LP_WEB_N_CHANNELS];
    unsigned char *png; /* of shown */
    size_t png_bytes;
    int shown_width, shown_height;
    uint32_t shown[LP_WEB_MAX_PIXELS];
};

/* ---- web.c ---- */
/* The newest moment is in front from now on. */
void lp_web_take(lp_web *web);

/* ---- web_http.c ---- */
lp_status lp_web_start(lp_web *web, lp_err *err);
/* Connections that are overdue go. */
void lp_web_sweep(lp_web *web, double now);

/* ---- web_live.c ---- */
/* The picture in front as a PNG in web->png. False: there is none. *is_new: it is another than the last. */
bool lp_web_picture(lp_web *web, bool *is_new);
/* A response that goes on with what is new until the viewer leaves; NULL: no memory. */
struct MHD_Response *lp_web_follow(lp_web *web, struct MHD_Connection *connection, lp_web_peer *peer, bool pictures);
/* Makes messages of what is new, and wakes who waits for them. */
void lp_web_tell(lp_web *web, double now);
/* Every stream ends; before the server stops. */
void lp_web_wake_all(lp_web *web);
void lp_web_forget(lp_web *web);

#endif
