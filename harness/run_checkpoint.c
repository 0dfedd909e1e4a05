/* The checkpoint of a run as bytes, and reading it without disturbing the run. */
#include "harness/run_parts.h"

#include "base/file.h"
#include "base/hash.h"

#include <stddef.h>
#include <string.h>

static const char magic[8] = {'L', 'P', 'R', 'U', 'N', 0, 0, 2};
enum { HASHED_FROM = offsetof(lp_run_head, identity) };
static const int64_t MAX_COUNT = (int64_t)1 << 60;
_Static_assert(sizeof(lp_run_head) == 15 * 8 + LP_MIND_TEXT_BYTES, "no padding in the file format");

void lp_run_head_pack(lp_run_head *head, unsigned char *out) {
    memcpy(head->magic, magic, sizeof magic);
    memcpy(out, head, sizeof *head);
    head->hash = lp_hash64(out + HASHED_FROM, sizeof *head - HASHED_FROM + head->seat_bytes);
    memcpy(out + offsetof(lp_run_head, hash), &head->hash, sizeof head->hash);
}

/* Do the counts add up? */
static bool adds_up(const lp_run_head *h) {
    const int64_t counts[] = {h->episodes, h->wins, h->losses, h->timeouts, h->decisions, h->first_decision};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] < 0 || counts[i] > MAX_COUNT) return false;
    return h->wins + h->losses + h->timeouts <= h->episodes && h->first_decision <= h->decisions && h->playing <= 1;
}

lp_status lp_run_head_unpack(lp_run_head *head, const unsigned char **seat, const void *data, size_t size_bytes, lp_err *err) {
    lp_run_head h;
    if (!data) return lp_fail(err, LP_BAD_INPUT, "checkpoint: there is none");
    if (size_bytes < sizeof h) return lp_fail(err, LP_BAD_INPUT, "checkpoint: cut to %zu bytes", size_bytes);
    memcpy(&h, data, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic - 1)) return lp_fail(err, LP_BAD_INPUT, "checkpoint: not one of ours");
    if (h.magic[7] != magic[7]) return lp_fail(err, LP_BAD_INPUT, "checkpoint: of version %d, this build reads %d", h.magic[7], magic[7]);
    if (h.seat_bytes != size_bytes - sizeof h || h.hash != lp_hash64((const char *)data + HASHED_FROM, size_bytes - HASHED_FROM))
        return lp_fail(err, LP_BAD_INPUT, "checkpoint: damaged");
    if (!adds_up(&h)) return lp_fail(err, LP_BAD_INPUT, "checkpoint: contradicts itself");
    h.text[sizeof h.text - 1] = 0;
    *head = h;
    *seat = (const unsigned char *)data + sizeof h;
    return LP_OK;
}

/* Who remembers leaves an item a decision. */
static lp_status check_rows(const lp_run_head *h, const lp_store_extent *rows, bool remembers, lp_err *err) {
    int64_t items = remembers ? h->decisions : 0, episodes = h->episodes + (h->playing ? 1 : 0);
    if (rows->last_decision != items - 1 || rows->n_items + rows->n_dropped != items)
        return lp_fail(err, LP_BAD_INPUT,
                       "damaged, or a copy of files that do not belong together: %lld items up to decision %lld, not %lld",
                       (long long)(rows->n_items + rows->n_dropped), (long long)rows->last_decision, (long long)items);
    if (rows->last_episode != episodes)
        return lp_fail(err, LP_BAD_INPUT, "damaged, or a copy of files that do not belong together: rows of %lld episodes, not %lld",
                       (long long)rows->last_episode, (long long)episodes);
    return LP_OK;
}

lp_status lp_run_head_read(lp_run_head *head, const unsigned char **seat, lp_store *store, const char *path, lp_err *err) {
    const void *data = NULL;
    size_t size = 0;
    char digest[24], policy[LP_RUN_PATH_BYTES];
    lp_store_extent rows;
    lp_status status = lp_store_get_meta(store, "policy_digest", digest, sizeof digest, err);
    if (!status) status = lp_store_get_meta(store, "policy", policy, sizeof policy, err);
    if (!status) status = lp_store_checkpoint(store, &data, &size, &rows, err);
    if (status) return status;
    status = lp_run_head_unpack(head, seat, data, size, err);
    if (!status) status = check_rows(head, &rows, strspn(digest, "0") < strlen(digest) || lp_is_guest(policy), err);
    if (!status) return LP_OK;
    lp_store_leave(store);
    return lp_fail_prefix(err, status, "%s", path);
}

lp_status lp_run_look(lp_store **store, const char *folder, lp_run_totals *totals, bool *playing, lp_err *err) {
    char path[PATH_MAX];
    lp_run_head head;
    const unsigned char *seat;
    *store = NULL;
    if (strlen(folder) >= LP_RUN_PATH_BYTES) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", folder);
    lp_status status = lp_store_open_reader(store, lp_path_join(path, sizeof path, folder, "run.db"), err);
    if (!status && (status = lp_run_head_read(&head, &seat, *store, path, err))) {
        lp_store_close(*store);
        *store = NULL;
    }
    if (status) return status;
    *totals = (lp_run_totals){head.episodes,  head.wins, head.losses, head.timeouts, head.decisions, head.frames + head.frames_now,
                              head.state_hash};
    *playing = head.playing;
    return LP_OK;
}

lp_status lp_run_peek(const char *folder, lp_run_totals *totals, bool *playing, lp_err *err) {
    lp_store *store;
    lp_status status = lp_run_look(&store, folder, totals, playing, err);
    lp_store_close(store);
    return status;
}
