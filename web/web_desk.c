/* Desks: what takes long is asked of a thread of its own, one for run.db and one for pictures of moments, so that nobody who looks waits for
 * it. The server's thread asks, and looks from time to time whether there is an answer; its connection sleeps meanwhile. */
#include "web/web_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICENESS = 10, MAX_WAITING = 32 };

/* Puts the answer into ask. */
static void answer(lp_web_desk *desk, lp_web_ask *ask) {
    cJSON *object = NULL;
    if (ask->question.what == LP_WEB_MOMENT) {
        const unsigned char *png;
        lp_status status = LP_FAILED;
        if (!desk->moments) desk->moments = lp_web_moments_open();
        if (desk->moments) status = lp_web_show_moment(desk->moments, &ask->question, &png, &ask->size_bytes, &ask->why);
        if (!status && (ask->data = malloc(ask->size_bytes))) memcpy(ask->data, png, ask->size_bytes);
        ask->code = status == LP_BAD_INPUT ? MHD_HTTP_NOT_FOUND : MHD_HTTP_SERVICE_UNAVAILABLE;
    } else {
        if (!desk->memory) desk->memory = lp_web_memory_open();
        if (desk->memory && (object = lp_web_remember(desk->memory, &ask->question, &ask->why))) ask->data = cJSON_PrintUnformatted(object);
        if (ask->data) ask->size_bytes = strlen(ask->data);
        ask->code = MHD_HTTP_NOT_FOUND;
        cJSON_Delete(object);
    }
    if (ask->data) ask->code = MHD_HTTP_OK;
    else if (!*ask->why.message) lp_fail(&ask->why, LP_FAILED, "no memory");
}

static void *work(void *context) {
    lp_web_desk *desk = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    pthread_mutex_lock(&desk->lock);
    while (!desk->closing) {
        lp_web_ask *ask = desk->first;
        if (!ask) {
            pthread_cond_wait(&desk->asked, &desk->lock);
            continue;
        }
        desk->first = ask->next_waiting;
        pthread_mutex_unlock(&desk->lock);
        answer(desk, ask);
        pthread_mutex_lock(&desk->lock);
        desk->n_waiting--;
        atomic_store(&ask->done, true); /* the server may free it from here on */
    }
    pthread_mutex_unlock(&desk->lock);
    return NULL;
}

bool lp_web_desk_ask(lp_web_desk *desk, lp_web_ask *ask) {
    bool room;
    pthread_mutex_lock(&desk->lock);
    if ((room = desk->n_waiting < MAX_WAITING)) {
        lp_web_ask **last = &desk->first;
        while (*last) last = &(*last)->next_waiting;
        *last = ask;
        desk->n_waiting++;
        pthread_cond_signal(&desk->asked);
    }
    pthread_mutex_unlock(&desk->lock);
    return room;
}

lp_status lp_web_desk_open(lp_web_desk *desk, lp_err *err) {
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->asked, NULL);
    desk->open = true;
    int failed = lp_web_thread(&desk->thread, work, desk);
    desk->working = !failed;
    return failed ? lp_fail(err, LP_FAILED, "--web: no thread for it: %s", strerror(failed)) : LP_OK;
}

void lp_web_desk_close(lp_web_desk *desk) {
    if (!desk->open) return;
    pthread_mutex_lock(&desk->lock);
    desk->closing = true;
    pthread_cond_signal(&desk->asked);
    pthread_mutex_unlock(&desk->lock);
    if (desk->working) pthread_join(desk->thread, NULL);
    pthread_mutex_destroy(&desk->lock);
    pthread_cond_destroy(&desk->asked);
    lp_web_memory_close(desk->memory);
    lp_web_moments_close(desk->moments);
}
