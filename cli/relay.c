#include "cli/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { N_SLOTS = 8 };
#define VARIABLE "LONGPLAY_RELAY" /* "SOCKET:MEMORY", the descriptors that a player inherits */

typedef struct {
    atomic_uint_fast64_t number; /* of the moment; 0: none, or not finished */
    lp_relay_moment moment;
} slot;

typedef struct {
    atomic_uint_fast64_t newest; /* moment n is in slots[n % N_SLOTS] */
    atomic_bool shows, listens;
    slot slots[N_SLOTS];
} ring;

struct lp_relay {
    ring *ring;             /* owned, as are the descriptors; -1: none */
    int memory, fd, theirs; /* theirs: a number that is kept for the player's end of fd */
    uint64_t seen;          /* the last moment that next gave */
    lp_relay_moment moment; /* given; of a player: its sound is being gathered */
};

static lp_status fail(lp_err *err) { return lp_fail(err, LP_FAILED, "no way between player and stream: %s", strerror(errno)); }

static lp_status map(lp_relay *r, lp_err *err) {
    void *at = mmap(NULL, sizeof *r->ring, PROT_READ | PROT_WRITE, MAP_SHARED, r->memory, 0);
    r->ring = at == MAP_FAILED ? NULL : at;
    return r->ring ? LP_OK : fail(err);
}

static lp_relay *make(void) {
    lp_relay *r = calloc(1, sizeof *r);
    if (r) r->memory = r->fd = r->theirs = -1;
    return r;
}

void lp_relay_close(lp_relay *r) {
    if (!r) return;
    if (r->ring) munmap(r->ring, sizeof *r->ring);
    if (r->fd >= 0) close(r->fd);
    if (r->theirs >= 0) close(r->theirs);
    if (r->memory >= 0) close(r->memory);
    free(r);
}

/* ---- who shows ---- */

/* The variable is set once, while there are no threads: so both descriptors keep their numbers. */
lp_status lp_relay_open(lp_relay **out, bool shows, lp_err *err) {
    char numbers[32];
    lp_relay *r = *out = make();
    if (!r) return lp_fail(err, LP_FAILED, "out of memory");
    r->memory = memfd_create("longplay", MFD_CLOEXEC);
    if (r->memory < 0 || ftruncate(r->memory, sizeof *r->ring) || (r->theirs = fcntl(r->memory, F_DUPFD_CLOEXEC, 0)) < 0) return fail(err);
    snprintf(numbers, sizeof numbers, "%d:%d", r->theirs, r->memory);
    setenv(VARIABLE, numbers, 1);
    lp_status status = map(r, err);
    if (!status) atomic_store(&r->ring->shows, shows);
    return status;
}

lp_status lp_relay_connect(lp_relay *r, lp_err *err) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) return fail(err);
    (void)dup3(ends[1], r->theirs, O_CLOEXEC);
    close(ends[1]);
    r->fd = ends[0];
    return LP_OK;
}

void lp_relay_hand_down(const lp_relay *r) {
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC); /* whatever libraries have open */
    fcntl(r->theirs, F_SETFD, 0);
    fcntl(r->memory, F_SETFD, 0);
}

void lp_relay_begun(lp_relay *r) { (void)dup3(r->memory, r->theirs, O_CLOEXEC); }

void lp_relay_part(lp_relay *r) {
    if (r->fd >= 0) close(r->fd);
    r->fd = -1;
}

bool lp_relay_wait(lp_relay *r, int timeout_ms, bool *heard) {
    char signs[64];
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    ssize_t n = poll(&p, 1, timeout_ms) > 0 ? recv(r->fd, signs, sizeof signs, MSG_DONTWAIT) : -2;
    *heard = n > 0;
    return n > 0 || n == -2 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool lp_relay_has_more(const lp_relay *r) { return atomic_load(&r->ring->newest) != r->seen; }

const lp_relay_moment *lp_relay_next(lp_relay *r) {
    while (lp_relay_has_more(r)) {
        const uint64_t newest = atomic_load(&r->ring->newest);
        if (newest - r->seen >= N_SLOTS) r->seen = newest - N_SLOTS + 1;
        else r->seen++;
        slot *s = &r->ring->slots[r->seen % N_SLOTS];
        lp_relay_moment *m = &r->moment;
        if (atomic_load_explicit(&s->number, memory_order_acquire) != r->seen) continue;
        size_t n_bytes = s->moment.snapshot.n_bytes, most = sizeof m->snapshot.data - 1;
        memcpy(m, &s->moment, offsetof(lp_relay_moment, snapshot.data) + (n_bytes < most ? n_bytes : most) + 1);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&s->number, memory_order_relaxed) != r->seen) continue; /* written meanwhile */
        m->n_pairs = m->n_pairs < 0 ? 0 : m->n_pairs < LP_RELAY_PAIRS ? m->n_pairs : LP_RELAY_PAIRS;
        lp_snapshot_arrive(&m->snapshot);
        return m;
    }
    return NULL;
}

void lp_relay_press(lp_relay *r, lp_keypress key) {
    const char byte = (char)key;
    if (r->fd >= 0) (void)send(r->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void lp_relay_listen(lp_relay *r, bool listens) { atomic_store(&r->ring->listens, listens); }

/* ---- who plays ---- */

lp_status lp_relay_join(lp_relay **out, lp_err *err) {
    const char *numbers = getenv(VARIABLE);
    int fd, memory;
    *out = NULL;
    if (!numbers || sscanf(numbers, "%d:%d", &fd, &memory) != 2) return LP_OK;
    lp_relay *r = *out = make();
    if (!r) return lp_fail(err, LP_FAILED, "out of memory");
    r->fd = fd, r->memory = memory;
    unsetenv(VARIABLE); /* it is ours, and no guest's */
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(memory, F_SETFD, FD_CLOEXEC);
    return map(r, err);
}

bool lp_relay_shows(const lp_relay *r) { return atomic_load(&r->ring->shows); }

bool lp_relay_listens(const lp_relay *r) { return atomic_load(&r->ring->listens); }

void lp_relay_beat(lp_relay *r) { (void)send(r->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL); }

void lp_relay_hear(lp_relay *r, const int16_t *pairs, int n_pairs) {
    lp_relay_moment *m = &r->moment;
    int room = LP_RELAY_PAIRS - m->n_pairs, n = n_pairs < room ? n_pairs : room;
    memcpy(m->sound + 2 * m->n_pairs, pairs, 2 * sizeof *pairs * (size_t)n);
    m->n_pairs += n;
}

void lp_relay_show(lp_relay *r, const lp_view *view) {
    const uint64_t number = atomic_load(&r->ring->newest) + 1;
    slot *s = &r->ring->slots[number % N_SLOTS];
    atomic_store_explicit(&s->number, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    s->moment.n_pairs = r->moment.n_pairs;
    memcpy(s->moment.sound, r->moment.sound, 2 * sizeof *r->moment.sound * (size_t)r->moment.n_pairs);
    lp_snapshot_copy(&s->moment.snapshot, view);
    atomic_store_explicit(&s->number, number, memory_order_release);
    atomic_store(&r->ring->newest, number);
    r->moment.n_pairs = 0;
    lp_relay_beat(r);
}

lp_keypress lp_relay_poll(lp_relay *r) {
    char key;
    return recv(r->fd, &key, 1, MSG_DONTWAIT) == 1 ? (lp_keypress)key : LP_KEYPRESS_NONE;
}
