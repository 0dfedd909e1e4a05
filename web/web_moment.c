/* The game's picture at any decision of a run: the machine goes on from the last recorded state before it, by the movie's keys. One thread,
 * that of the desk which asks. Pictures that were made are kept for a while. */
#include "web/web_parts.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "harness/run.h"
#include "saves/movie.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 64, ASK_TIME = 256 }; /* decisions between looks at the clock */
#define LONGEST_S 20.0              /* a picture may take */

struct lp_web_moments {
    lp_game *game; /* owned; NULL: not opened yet */
    lp_emu *emu;   /* owned */
    struct {
        int64_t episode, decision;
        unsigned char *png; /* owned */
        size_t size_bytes;
    } kept[KEPT]; /* a ring */
    int next;
};

lp_web_moments *lp_web_moments_open(void) { return calloc(1, sizeof(lp_web_moments)); }

void lp_web_moments_close(lp_web_moments *m) {
    if (!m) return;
    for (int i = 0; i < KEPT; i++) free(m->kept[i].png);
    lp_emu_close(m->emu);
    lp_game_close(m->game);
    free(m);
}

static lp_status open_game(lp_web_moments *m, const lp_web_question *q, lp_err *err) {
    lp_run_config config;
    lp_status status = m->game ? LP_OK : lp_run_config_read(&config, q->run, err);
    if (!status && !m->game) status = lp_run_game(&m->game, &config, q->game, err);
    if (!status && !m->emu) status = lp_game_open_emu(&m->emu, m->game, NULL, err);
    return status;
}

static lp_status check_movie(const lp_web_moments *m, const lp_movie *movie, lp_err *err) {
    size_t size;
    const lp_movie_header *header = lp_movie_info(movie);
    const void *rom = lp_game_rom(m->game, &size);
    if (lp_hash64(rom, size) != header->rom_hash) return lp_fail(err, LP_BAD_INPUT, "recorded with another ROM");
    if (strcmp(header->core_version, lp_emu_core_version()) != 0 || header->state_size_bytes != lp_emu_state_size(m->emu))
        return lp_fail(err, LP_BAD_INPUT, "recorded on another version of the core");
    return LP_OK;
}

/* Up to the keys of q's decision, or to the end of its episode; the machine then shows what the agent saw. */
static lp_status run_to(lp_web_moments *m, const lp_web_question *q, lp_movie *movie, lp_err *err) {
    double start = lp_now_s();
    uint64_t target = (uint64_t)q->number, n = 0, decision = 0, episode = 0; /* where the machine is; 0: nowhere yet */
    bool end = false;
    lp_status status = lp_movie_seek(movie, target ? target - 1 : 0, err); /* an episode's end is before the next one's beginning */
    while (!status) {
        lp_movie_op op = {.kind = LP_MOVIE_HASH};
        status = lp_movie_next(movie, &op, &end, err);
        bool next_episode = op.kind == LP_MOVIE_RESET && episode && op.decision >= target && (int64_t)op.episode > q->episode;
        if (status || end || next_episode || (op.kind == LP_MOVIE_DECISION && op.decision >= target)) break;
        switch (op.kind) {
        case LP_MOVIE_RESET: status = lp_emu_reset(m->emu, err); break;
        case LP_MOVIE_STATE:
            if (!episode) status = lp_emu_state_load(m->emu, op.state, lp_movie_info(movie)->state_size_bytes, err);
            break;
        case LP_MOVIE_POKE: lp_emu_write8(m->emu, op.address, op.value); break;
        case LP_MOVIE_KEYS: lp_emu_step(m->emu, op.keys, (int)op.n_frames); break;
        case LP_MOVIE_DECISION:
            lp_emu_step(m->emu, op.keys, (int)lp_movie_info(movie)->frame_skip);
            if (++n % ASK_TIME == 0 && (lp_now_s() - start > LONGEST_S || atomic_load(q->closing)))
                status = lp_fail(err, LP_FAILED, "the last recorded state is too far away from this decision");
            break;
        case LP_MOVIE_HASH: break;
        }
        decision = op.decision + (op.kind == LP_MOVIE_DECISION);
        episode = op.episode;
    }
    if (status || (decision == target && (int64_t)episode == q->episode)) return status;
    return lp_fail(err, LP_BAD_INPUT, "not recorded (yet): decision %lld of episode %lld", (long long)q->number, (long long)q->episode);
}

static lp_status draw(const lp_web_moments *m, unsigned char **png, size_t *size, lp_err *err) {
    int width, height;
    uint32_t pixels[LP_SNAPSHOT_PIXELS];
    const uint32_t *frame = lp_emu_frame(m->emu, &width, &height);
    lp_frame_pixels(pixels, frame, (size_t)width * (size_t)height);
    return lp_png_encode(png, size, pixels, width, height, err);
}

lp_status lp_web_show_moment(lp_web_moments *m, const lp_web_question *q, const unsigned char **png, size_t *size, lp_err *err) {
    char path[PATH_MAX];
    lp_movie *movie = NULL;
    for (int i = 0; i < KEPT; i++) {
        if (!m->kept[i].png || m->kept[i].episode != q->episode || m->kept[i].decision != q->number) continue;
        *png = m->kept[i].png;
        *size = m->kept[i].size_bytes;
        return LP_OK;
    }
    unsigned char *made = NULL;
    lp_status status = open_game(m, q, err);
    if (!status) status = lp_movie_open(&movie, lp_path_join(path, sizeof path, q->run, "movie.lpm"), err);
    if (!status) status = check_movie(m, movie, err);
    if (!status) status = run_to(m, q, movie, err);
    if (!status) status = draw(m, &made, size, err);
    lp_movie_read_close(movie);
    if (status) return status;
    int at = m->next;
    m->next = (at + 1) % KEPT;
    free(m->kept[at].png);
    m->kept[at].png = made;
    m->kept[at].size_bytes = *size;
    m->kept[at].episode = q->episode;
    m->kept[at].decision = q->number;
    *png = made;
    return LP_OK;
}
