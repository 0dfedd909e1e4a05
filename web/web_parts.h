/* Inside the web page's server. Nobody else includes this. */
#ifndef LP_WEB_WEB_PARTS_H
#define LP_WEB_WEB_PARTS_H

#include "view/snapshot.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

/* ---- web_json.c ---- */
/* An object with a member for each panel. NULL: no memory. */
cJSON *lp_web_panels(const lp_view *view);

/* ---- page.c, made of page/ by embed.cmake ---- */
typedef struct {
    const unsigned char *data;
    size_t size_bytes;
} lp_web_file;
extern const lp_web_file lp_web_page_html, lp_web_page_css, lp_web_page_js, lp_web_browse_js;

/* ---- web_address.c ---- */
/* A socket that listens there, and where that is. */
lp_status lp_web_listen(int *fd, char url[128], bool *loopback, const char *address, lp_err *err);
lp_status lp_web_read_password(char **out, const char *path, lp_err *err);
bool lp_web_same(const char *secret, const char *given); /* takes the same time wherever they differ */
/* Whether a page of somebody else's cannot have sent a browser here under this name (DNS rebinding): localhost, or a number. */
bool lp_web_own_host(const char *host);

/* ---- web_desk.c: what takes long, on threads of its own ---- */
typedef enum { LP_WEB_TREE, LP_WEB_ITEM, LP_WEB_SEARCH, LP_WEB_PAST, LP_WEB_MOMENT } lp_web_what;

typedef struct {
    lp_web_what what;
    const char *run, *game; /* as the config has them */
    const atomic_bool *closing;
    int64_t number;  /* tree: an episode; moment: a decision */
    int64_t episode; /* moment: that the decision belongs to, or ended */
    char text[512];  /* tree, item: an ID; search: words */
} lp_web_question;

/* A question, and in the end its answer. */
typedef struct lp_web_ask {
    struct lp_web_ask *next_waiting;   /* at its desk */
    struct lp_web_ask *next, **link;   /* of all; the server's */
    struct MHD_Connection *connection; /* sleeps until done */
    bool asleep;
    lp_web_question question;
    atomic_bool done;
    unsigned code;
    char *data; /* owned; NULL: none, and why */
    size_t size_bytes;
    lp_err why;
} lp_web_ask;

typedef struct lp_web_memory lp_web_memory;   /* web_memory.c */
typedef struct lp_web_moments lp_web_moments; /* web_moment.c */
typedef struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked;
    lp_web_ask *first; /* that waits */
    int n_waiting;
    bool open, working, closing;
    lp_web_memory *memory; /* owned, as the next; opened when first needed */
    lp_web_moments *moments;
} lp_web_desk;

lp_status lp_web_desk_open(lp_web_desk *desk, lp_err *err);
/* The question that is being answered is waited for; others are not answered. */
void lp_web_desk_close(lp_web_desk *desk);
/* False: too many wait. Else ask must stay until it is done, or the desk closed. */
bool lp_web_desk_ask(lp_web_desk *desk, lp_web_ask *ask);

lp_web_memory *lp_web_memory_open(void); /* NULL: no memory */
void lp_web_memory_close(lp_web_memory *memory);
/* An object; NULL with err set. */
cJSON *lp_web_remember(lp_web_memory *memory, const lp_web_question *question, lp_err *err);
lp_web_moments *lp_web_moments_open(void); /* NULL: no memory */
void lp_web_moments_close(lp_web_moments *moments);
/* A PNG, which is moments' until the next call. LP_BAD_INPUT: there is no such moment. */
lp_status lp_web_show_moment(lp_web_moments *moments, const lp_web_question *question, const unsigned char **png, size_t *size_bytes,
                             lp_err *err);

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
    lp_snapshot *ready;
    bool fresh; /* the server has not had it */
    atomic_bool closing;
    atomic_int n_viewers;
    /* the player's */
    lp_snapshot *back;
    uint64_t n_published;
    double next_s;
    /* the server's */
    lp_snapshot *front;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int fd;
    bool serving;
    char url[128], *password; /* NULL: none */
    lp_web_peer *peers;
    lp_web_ask *asks;
    lp_web_desk memory, moments;
    const char *run, *game; /* borrowed; NULL: none */
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
    uint32_t shown[LP_SNAPSHOT_PIXELS], pixels[LP_SNAPSHOT_PIXELS]; /* as the console has it; as the PNG is made of it */
};

/* ---- web.c ---- */
/* The newest moment is in front from now on. */
void lp_web_take(lp_web *web);
/* A thread that no signal comes to. Returns an errno. */
int lp_web_thread(pthread_t *thread, void *(*run)(void *), void *context);

/* ---- web_http.c ---- */
lp_status lp_web_start(lp_web *web, lp_err *err);
/* Connections that are overdue go; those whose answer is there go on, or all. */
void lp_web_sweep(lp_web *web, double now);
void lp_web_resume(lp_web *web, bool all);

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
