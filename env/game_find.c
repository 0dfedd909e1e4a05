/* Finding games: shipped ones by name, and the files of one. See game_find.h. */
#include "env/game_find.h"

#include "base/file.h"
#include "env/game.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folders that may hold shipped games, in order; returns false past the last. A build has them beside the program, an installation
 * where its prefix says. */
static bool games_folder(int index, char *out, size_t size) {
    char exe[PATH_MAX];
    const char *env = getenv("LONGPLAY_DATA");
    ssize_t n;
    switch (index) {
    case 0: snprintf(out, size, "%s", env ? env : ""); return true;
    case 1:
    case 2:
        n = readlink("/proc/self/exe", exe, sizeof exe - 1);
        exe[n > 0 ? n : 0] = 0;
        if (strrchr(exe, '/')) *strrchr(exe, '/') = 0;
        snprintf(out, size, "%s/%sshare/longplay/games", exe, index == 1 ? "" : "../");
        return true;
    default: return false;
    }
}

bool lp_is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool holds(const char *folder, const char *name) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lp_file_exists(path);
}

bool lp_is_game_folder(const char *path) {
    return holds(path, "longplay.json") || holds(path, "data.json") || holds(path, "scenario.json") || holds(path, "rom.sha");
}

/* $LONGPLAY_DATA may also be stable-retro's own folder of data; ours has games whose ROMs are not ours to ship in a folder of their own. */
bool lp_find_shipped(const char *name, char *out, size_t size) {
    static const char *const parts[] = {"", "community/", "stable/", "experimental/", "contrib/"};
    char folder[PATH_MAX], real[PATH_MAX];
    if (strchr(name, '/') || !*name || *name == '.') return false;
    for (int i = 0; games_folder(i, folder, sizeof folder); i++)
        for (int p = 0; p < (i ? 2 : 5) && *folder; p++) {
            snprintf(out, size, "%s/%s%s", folder, parts[p], name);
            if (!lp_is_game_folder(out)) continue;
            if (realpath(out, real)) snprintf(out, size, "%s", real);
            return true;
        }
    return false;
}

/* The ROMs that measure emulation are played by their names too; they stand among the games. */
bool lp_find_shipped_rom(const char *name, char *out, size_t size) {
    static const char *const endings[] = {"gb", "gba"};
    char folder[PATH_MAX];
    if (strchr(name, '/') || !*name || *name == '.') return false;
    for (int i = 0; games_folder(i, folder, sizeof folder); i++)
        for (int e = 0; e < 2 && *folder; e++) {
            snprintf(out, size, "%s/roms/%s.%s", folder, name, endings[e]);
            if (lp_file_exists(out)) return true;
        }
    return false;
}

bool lp_find_suite(const char *name, char *out, size_t size) {
    char folder[PATH_MAX], real[PATH_MAX];
    if (strchr(name, '/') || !*name || *name == '.') return false;
    for (int i = 0; games_folder(i, folder, sizeof folder); i++) {
        if (!*folder) continue;
        snprintf(out, size, "%s/suites/%s.json", folder, name);
        if (!lp_file_exists(out)) continue;
        if (realpath(out, real)) snprintf(out, size, "%s", real);
        return true;
    }
    return false;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

int lp_game_shipped(char names[][64], int max) {
    char folder[PATH_MAX];
    int n = 0;
    for (int i = 0; n == 0 && games_folder(i, folder, sizeof folder); i++) {
        DIR *dir = *folder ? opendir(folder) : NULL;
        struct dirent *entry;
        while (dir && (entry = readdir(dir)) && n < max) {
            char path[PATH_MAX + 300];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (entry->d_name[0] != '.' && holds(path, "longplay.json")) snprintf(names[n++], 64, "%s", entry->d_name);
        }
        if (dir) closedir(dir);
    }
    qsort(names, (size_t)n, sizeof names[0], by_name);
    return n;
}

bool lp_find_game_file(const char *folder, const char *name, char *out, size_t size) {
    static const char *const parts[] = {"experimental", "contrib"};
    char real[PATH_MAX];
    snprintf(out, size, "%s/%s", folder, name);
    if (lp_file_exists(out) || !realpath(folder, real)) return lp_file_exists(out);
    char *game = strrchr(real, '/'), *part = NULL;
    if (game) *game = 0, part = strrchr(real, '/');
    for (int i = 0; i < 2 && part; i++) {
        if (strcmp(part + 1, parts[i])) continue;
        *part = 0;
        char stable[2 * PATH_MAX + 16];
        snprintf(stable, sizeof stable, "%s/stable/%s/%s", real, game + 1, name);
        if (strlen(stable) < size && lp_file_exists(stable)) return snprintf(out, size, "%s", stable), true;
        break;
    }
    return false;
}

int lp_find_states(const char *folder, char *first, size_t size) {
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int n = 0;
    *first = 0;
    while (dir && (entry = readdir(dir))) {
        size_t length = strlen(entry->d_name);
        if (length < 7 || strcmp(entry->d_name + length - 6, ".state")) continue;
        if (!n++ || strcmp(entry->d_name, first) < 0) snprintf(first, size, "%s", entry->d_name);
    }
    if (dir) closedir(dir);
    return n;
}
