/* Copying a run, also one that is being recorded. The files of a run belong together at its checkpoints only, and at any other moment they do
 * not: so the database is copied within one snapshot, which names the checkpoint, and the movie up to there, where it does not change any
 * more. What comes out is the run as a kill right after that checkpoint would have left it. */
#include "harness/run_parts.h"

#include "base/file.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20 };

static lp_status copy_bytes(int from, int to, uint64_t size, const char *from_path, const char *to_path, lp_err *err) {
    char *piece = malloc(PIECE);
    lp_status status = piece ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory", to_path);
    while (!status && size) {
        ssize_t n = read(from, piece, size < PIECE ? (size_t)size : PIECE);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) status = lp_fail(err, lp_errno_status(errno), "%s: %s", from_path, strerror(errno));
        else if (!n) status = lp_fail(err, LP_BAD_INPUT, "%s: ends %llu bytes before the checkpoint", from_path, (unsigned long long)size);
        else if (!(status = lp_write_all(to, piece, (size_t)n, to_path, err))) status = lp_stop_check(err);
        if (!status) size -= (uint64_t)n;
    }
    if (!status && fsync(to)) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", to_path, strerror(errno));
    free(piece);
    return status;
}

lp_status lp_run_copy_file(const char *from, const char *to, const char *name, int64_t size, lp_err *err) {
    char from_path[PATH_MAX], to_path[PATH_MAX];
    struct stat st;
    lp_path_join(from_path, sizeof from_path, from, name);
    lp_path_join(to_path, sizeof to_path, to, name);
    lp_status status = LP_OK;
    int in = open(from_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), out = -1;
    if (in >= 0 && size < 0) size = fstat(in, &st) ? 0 : (int64_t)st.st_size;
    if (in < 0) status = lp_fail(err, lp_errno_status(errno), "%s: %s", from_path, strerror(errno));
    else if ((out = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) < 0)
        status = lp_fail(err, lp_errno_status(errno), "%s: cannot create: %s", to_path, strerror(errno));
    if (!status) status = copy_bytes(in, out, (uint64_t)size, from_path, to_path, err);
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return status;
}

/* The copy's movie is whole, and as long as its checkpoint says. */
static lp_status check_movie(const char *folder, const lp_run_head *head, lp_err *err) {
    char path[PATH_MAX];
    lp_movie *movie = NULL;
    lp_movie_op op;
    bool end = false;
    int64_t n = 0;
    lp_status status = lp_movie_open(&movie, lp_path_join(path, sizeof path, folder, "movie.lpm"), err);
    while (!status && !end && !(status = lp_stop_check(err))) {
        status = lp_movie_next(movie, &op, &end, err);
        n += !status && !end && op.kind == LP_MOVIE_DECISION;
    }
    if (!status && n != head->decisions)
        status = lp_fail(err, LP_BAD_INPUT, "%s: holds %lld decisions where the checkpoint has %lld", path, (long long)n,
                         (long long)head->decisions);
    if (movie) lp_movie_read_close(movie);
    return status;
}

static lp_status fill(const char *from, const char *to, lp_store *store, lp_run_totals *totals, lp_err *err) {
    char path[PATH_MAX];
    lp_run_config config;
    lp_run_head head;
    const unsigned char *seat;
    bool playing;
    lp_store *copy = NULL;
    lp_status status = lp_store_copy(store, lp_path_join(path, sizeof path, to, "run.db"), err);
    if (!status) status = lp_run_look(&copy, to, totals, &playing, err);
    if (!status) status = lp_run_head_read(&head, &seat, copy, path, err);
    lp_store_close(copy);
    copy = NULL;
    if (!status) status = lp_store_open(&copy, path, err);
    if (!status) lp_store_meta(copy, "sitting", "closed"); /* nobody was killed here */
    if (!status) status = lp_store_commit(copy, NULL, 0, err);
    lp_store_close(copy);
    if (!status) status = lp_run_copy_file(from, to, "movie.lpm", (int64_t)head.movie_offset, err);
    if (!status) status = check_movie(to, &head, err);
    if (!status) status = lp_run_config_read(&config, from, err);
    if (!status && lp_is_guest(config.policy)) status = lp_run_copy_file(from, to, "answers.jsonl", -1, err);
    if (!status && lp_guest_chats(config.policy)) status = lp_run_copy_file(from, to, "chat.jsonl", -1, err);
    if (!status && lp_file_exists(lp_path_join(path, sizeof path, from, "viewers.txt")))
        status = lp_run_copy_file(from, to, "viewers.txt", -1, err);
    if (!status && lp_file_exists(lp_path_join(path, sizeof path, from, "edits.txt")))
        status = lp_run_copy_file(from, to, "edits.txt", -1, err);
    return status ? status : lp_run_config_write(&config, to, err);
}

lp_status lp_run_copy(const char *from, const char *to, lp_run_totals *totals, lp_err *err) {
    lp_run_folder f;
    lp_run_config config;
    lp_store *store = NULL;
    bool playing;
    lp_status status = lp_run_config_read(&config, from, err);
    if (!status) status = lp_run_look(&store, from, totals, &playing, err);
    if (!status) status = lp_run_folder_begin(&f, to, err);
    if (!status) {
        status = fill(from, f.temporary, store, totals, err);
        if (!status) status = lp_stop_check(err);
        if (!status) status = lp_run_folder_keep(&f, err);
        if (status) lp_run_folder_drop(&f);
    }
    lp_store_close(store);
    return status;
}
