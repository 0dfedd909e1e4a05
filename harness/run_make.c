/* The folder of a new run. It is filled under another name beside its own, with a first checkpoint in it, and renamed: so it
 * is there whole or not at all, wherever the process is killed. */
#include "harness/run_parts.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Removes a folder that lp_run_make was filling, or has filled: our files, and the folder if that empties it. */
static void remove_folder(const char *folder) {
    static const char *const ours[] = {"config.ini", "movie.lpm",   "run.db",   "answers.jsonl",
                                       "chat.jsonl", "viewers.txt", "edits.txt"}; /* and what their writers put beside them */
    char path[PATH_MAX];
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));)
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            if (!strncmp(d->d_name, ours[i], strlen(ours[i])) && strlen(folder) + strlen(d->d_name) + 2 < sizeof path)
                unlink(lp_path_join(path, sizeof path, folder, d->d_name));
    if (dir) closedir(dir);
    rmdir(folder);
}

/* Nothing may be at folder, or an empty folder. */
static lp_status check_free(const char *folder, lp_err *err) {
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT) return LP_OK;
    struct stat st;
    if (!dir && (lp_errno_status(errno) == LP_FAILED || lstat(folder, &st)))
        return lp_fail(err, lp_errno_status(errno), "%s: %s", folder, strerror(errno));
    bool empty = dir != NULL;
    for (struct dirent *d; empty && (d = readdir(dir));) empty = !strcmp(d->d_name, ".") || !strcmp(d->d_name, "..");
    if (dir) closedir(dir);
    return empty ? LP_OK : lp_fail(err, LP_BAD_INPUT, "%s: is there already (--resume goes on with a run)", folder);
}

static lp_status make_movie(const char *folder, const lp_run_config *config, const lp_game *game, uint64_t *offset, lp_err *err) {
    char path[PATH_MAX];
    lp_emu *emu = NULL;
    lp_movie_writer *movie = NULL;
    lp_status status = lp_game_open_emu(&emu, game, NULL, err);
    if (status) return status;
    lp_movie_header header = lp_run_movie_header(config, game, lp_emu_state_size(emu));
    lp_movie_config states = {.state_budget_bytes = lp_run_state_budget(config), .state_spacing = (uint32_t)config->state_every};
    status = lp_movie_create(&movie, lp_path_join(path, sizeof path, folder, "movie.lpm"), &header, &states, err);
    if (!status) status = lp_movie_sync(movie, offset, err);
    lp_movie_close(movie);
    lp_emu_close(emu);
    return status;
}

void lp_run_store_meta(lp_store *store, const lp_run_config *config, const lp_game *game) {
    char seed[32];
    snprintf(seed, sizeof seed, "%lld", (long long)config->seed);
    lp_store_meta(store, "game", lp_game_name(game));
    lp_store_meta(store, "model", lp_model_name((lp_model)config->model));
    lp_store_meta(store, "rom_hash", config->rom_hash);
    lp_store_meta(store, "policy", config->policy);
    lp_store_meta(store, "policy_digest", config->policy_digest); /* the version of the encoder that wrote the vectors */
    lp_store_meta(store, "core", config->core);
    lp_store_meta(store, "knobs", config->knobs);
    lp_store_meta(store, "seed", seed);
}

static lp_status make_store(const char *folder, const lp_run_config *config, const lp_game *game, uint64_t offset, lp_err *err) {
    char path[PATH_MAX];
    lp_store *store = NULL;
    lp_run_head head = {.identity = lp_run_identity(config, game), .movie_offset = offset};
    unsigned char blob[sizeof head];
    lp_status status = lp_store_create(&store, lp_path_join(path, sizeof path, folder, "run.db"), err);
    if (status) return status;
    lp_run_store_meta(store, config, game);
    lp_run_head_pack(&head, blob);
    status = lp_store_commit(store, blob, sizeof blob, err);
    lp_store_close(store);
    return status;
}

lp_status lp_run_folder_begin(lp_run_folder *f, const char *as_given, lp_err *err) {
    size_t length = strlen(as_given);
    while (length > 1 && as_given[length - 1] == '/') length--;
    if (length >= sizeof f->folder) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", as_given);
    if (!length) return lp_fail(err, LP_BAD_INPUT, "the run folder's name is empty");
    snprintf(f->folder, sizeof f->folder, "%.*s", (int)length, as_given);
    lp_status status = check_free(f->folder, err);
    if (status) return status;
    lp_folder_of(f->parent, f->folder);
    status = lp_make_dirs(f->parent, err);
    if (status) return status;
    lp_temporary_sweep(f->folder, remove_folder);
    status = lp_temporary_path(f->temporary, f->folder, err);
    if (status) return status;
    if (mkdir(f->temporary, 0777))
        return lp_fail(err, lp_errno_status(errno), "%s: cannot create folder: %s", f->temporary, strerror(errno));
    return LP_OK;
}

lp_status lp_run_folder_keep(const lp_run_folder *f, lp_err *err) {
    lp_sync_folder(f->temporary);
    if (rename(f->temporary, f->folder))
        return lp_fail(err, errno == ENOENT ? LP_FAILED : lp_errno_status(errno), "%s: cannot create folder: %s", f->folder,
                       strerror(errno)); /* ENOENT: what we filled was removed under us */
    lp_sync_folder(f->parent);
    return LP_OK;
}

void lp_run_folder_drop(const lp_run_folder *f) { remove_folder(f->temporary); }

void lp_run_unmake(const char *folder) { remove_folder(folder); }

lp_status lp_run_make(const char *folder, const lp_game *game, const lp_policy *policy, lp_run_config *config, lp_err *err) {
    lp_run_folder f;
    uint64_t offset = 0;
    lp_status status = lp_run_folder_begin(&f, folder, err);
    if (status) return status;
    lp_run_identify(config, game, policy);
    status = lp_run_config_write(config, f.temporary, err);
    if (!status) status = make_movie(f.temporary, config, game, &offset, err);
    if (!status) status = make_store(f.temporary, config, game, offset, err);
    if (!status) status = lp_run_folder_keep(&f, err);
    if (status) lp_run_folder_drop(&f);
    return status;
}
