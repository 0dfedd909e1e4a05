/* Who looks, and what they are sent: server-sent events, "panels" with JSON and "picture" with a PNG in base64. A message is made once and
 * shared; a viewer who is slow misses some, and gets the newest when ready. */
#include "web/web_parts.h"

#include "base/base64.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define PANELS_S (1.0 / LP_WEB_PANELS_PER_S)
#define AGAIN_S 5.0   /* nothing is new: the panels are sent again, so that all know that the other is there */
#define PATIENCE_S 10 /* with who takes nothing of what is sent */
enum { BLOCK_BYTES = 16 << 10 };

struct lp_web_message {
    int n_users; /* viewers, and the channel */
    size_t size_bytes;
    char text[];
};

struct lp_web_viewer {
    lp_web_viewer *next, **link;
    lp_web *web;
    lp_web_peer *peer;
    struct MHD_Connection *connection;
    bool pictures, asleep;
    uint64_t seen[LP_WEB_N_CHANNELS];
    lp_web_message *message; /* that is being sent; NULL: none */
    size_t sent_bytes;
};

static void release(lp_web_message *m) {
    if (m && !--m->n_users) free(m);
}

/* ---- messages ---- */

static lp_web_message *new_message(const char *name, size_t data_bytes) {
    static const char frame[] = "event: \ndata: \n\n";
    lp_web_message *m = malloc(sizeof *m + sizeof frame + strlen(name) + data_bytes);
    if (!m) return NULL;
    m->n_users = 1;
    m->size_bytes = (size_t)(stpcpy(stpcpy(stpcpy(m->text, "event: "), name), "\ndata: ") - m->text);
    return m;
}

static void add(lp_web_message *m, const void *data, size_t size) {
    memcpy(m->text + m->size_bytes, data, size);
    m->size_bytes += size;
}

static lp_web_message *panels_message(const lp_web *web) {
    cJSON *all = lp_web_panels(&web->front->view);
    char *text = all ? cJSON_PrintUnformatted(all) : NULL;
    lp_web_message *m = text ? new_message("panels", strlen(text)) : NULL;
    if (m) add(m, text, strlen(text)), add(m, "\n\n", 2);
    free(text);
    cJSON_Delete(all);
    return m;
}

static lp_web_message *picture_message(const lp_web *web) {
    const size_t size = lp_base64_size(web->png_bytes);
    lp_web_message *m = new_message("picture", size);
    if (!m) return NULL;
    lp_base64(m->text + m->size_bytes, web->png, web->png_bytes);
    m->size_bytes += size;
    add(m, "\n\n", 2);
    return m;
}

bool lp_web_picture(lp_web *web, bool *is_new) {
    const lp_view *view = &web->front->view;
    *is_new = false;
    if (!view->frame) return false;
    const size_t n = (size_t)view->frame_width * (size_t)view->frame_height, bytes = n * sizeof *web->shown;
    if (web->png && view->frame_width == web->shown_width && view->frame_height == web->shown_height &&
        !memcmp(web->shown, view->frame, bytes))
        return true;
    free(web->png);
    web->png = NULL;
    lp_frame_pixels(web->pixels, view->frame, n);
    if (lp_png_encode(&web->png, &web->png_bytes, web->pixels, view->frame_width, view->frame_height, NULL)) return false;
    memcpy(web->shown, view->frame, bytes);
    web->shown_width = view->frame_width;
    web->shown_height = view->frame_height;
    return *is_new = true;
}

static void put(lp_web *web, lp_web_channel channel, lp_web_message *message, double now) {
    if (!message) return; /* no memory: what was last stays */
    release(web->channels[channel].newest);
    web->channels[channel].newest = message;
    web->channels[channel].number++;
    web->channels[channel].of = web->front->number;
    web->channels[channel].made_s = now;
}

static void wake(lp_web_viewer *v) {
    if (v->asleep) MHD_resume_connection(v->connection);
    v->asleep = false;
}

static bool has_news(const lp_web_viewer *v) {
    bool panels = v->seen[LP_WEB_PANELS] != v->web->channels[LP_WEB_PANELS].number;
    return panels || (v->pictures && v->seen[LP_WEB_PICTURES] != v->web->channels[LP_WEB_PICTURES].number);
}

void lp_web_tell(lp_web *web, double now) {
    bool is_new;
    double since = now - web->channels[LP_WEB_PANELS].made_s;
    if (!web->viewers) return;
    if (web->n_picture_viewers && lp_web_picture(web, &is_new) && (is_new || !web->channels[LP_WEB_PICTURES].newest))
        put(web, LP_WEB_PICTURES, picture_message(web), now);
    if (since >= AGAIN_S || (since >= PANELS_S && web->channels[LP_WEB_PANELS].of != web->front->number))
        put(web, LP_WEB_PANELS, panels_message(web), now);
    for (lp_web_viewer *v = web->viewers; v; v = v->next)
        if (has_news(v)) wake(v);
}

/* ---- viewers ---- */

static bool next_message(lp_web_viewer *v) {
    for (int i = 0; i < LP_WEB_N_CHANNELS; i++) {
        if (v->seen[i] == v->web->channels[i].number || (i == LP_WEB_PICTURES && !v->pictures)) continue;
        v->seen[i] = v->web->channels[i].number;
        v->message = v->web->channels[i].newest;
        v->message->n_users++;
        v->sent_bytes = 0;
        return true;
    }
    return false;
}

static ssize_t on_ready(void *context, uint64_t position, char *out, size_t room) {
    lp_web_viewer *v = context;
    size_t n = 0;
    (void)position;
    if (atomic_load(&v->web->closing)) return MHD_CONTENT_READER_END_OF_STREAM;
    while (n < room && (v->message || next_message(v))) {
        size_t left = v->message->size_bytes - v->sent_bytes, part = left < room - n ? left : room - n;
        memcpy(out + n, v->message->text + v->sent_bytes, part);
        n += part;
        v->sent_bytes += part;
        if (part < left) break;
        release(v->message);
        v->message = NULL;
    }
    v->peer->due_s = n ? lp_now_s() + PATIENCE_S : INFINITY;
    v->asleep = !n;
    if (v->asleep) MHD_suspend_connection(v->connection);
    return (ssize_t)n;
}

static void on_left(void *context) {
    lp_web_viewer *v = context;
    *v->link = v->next;
    if (v->next) v->next->link = v->link;
    v->web->n_picture_viewers -= v->pictures;
    atomic_fetch_sub(&v->web->n_viewers, 1);
    release(v->message);
    free(v);
}

struct MHD_Response *lp_web_follow(lp_web *web, struct MHD_Connection *connection, lp_web_peer *peer, bool pictures) {
    lp_web_viewer *v = malloc(sizeof *v);
    struct MHD_Response *response = v ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_ready, v, on_left) : NULL;
    if (!response) {
        free(v);
        return NULL;
    }
    *v = (lp_web_viewer){
        .next = web->viewers, .link = &web->viewers, .web = web, .peer = peer, .connection = connection, .pictures = pictures};
    if (v->next) v->next->link = &v->next;
    web->viewers = v;
    web->n_picture_viewers += pictures;
    atomic_fetch_add(&web->n_viewers, 1);
    return response;
}

void lp_web_wake_all(lp_web *web) {
    for (lp_web_viewer *v = web->viewers; v; v = v->next) wake(v);
}

void lp_web_forget(lp_web *web) {
    for (int i = 0; i < LP_WEB_N_CHANNELS; i++) release(web->channels[i].newest);
    free(web->png);
}
