#include "players/guest.h"

#include "players/chat_setup.h"
#include "players/mcp.h"
#include "players/picture.h"
#include "players/program.h"
#include "players/program_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lp_guest {
    const lp_game *game; /* borrowed */
    lp_program *program; /* owned; or */
    lp_program_setup setup;
    char picture[256]; /* the file that has the program's picture; "": none */
    lp_chat *chat;     /* owned; or */
    lp_mcp *mcp;       /* owned */
    bool greeted;
};

/* A program, and a file for its pictures where it wants one. */
static lp_status open_program(lp_guest *g, const char *given, lp_err *err) {
    const char *command, *folder = getenv("TMPDIR");
    lp_status status = lp_program_setup_read(&g->setup, given, &command, err);
    if (status) return status;
    if ((status = lp_chat_check_variables(g->setup.variables, g->game, err))) return lp_fail_prefix(err, status, "--process.variables");
    if (g->setup.picture == LP_PICTURE_PATH) {
        snprintf(g->picture, sizeof g->picture, "%s/longplay-XXXXXX.png", folder && strlen(folder) < 200 ? folder : "/tmp");
        const int fd = mkstemps(g->picture, 4);
        if (fd < 0) return lp_fail(err, LP_FAILED, "%s: no file for the program's picture can be made there", g->picture);
        close(fd);
    }
    return lp_program_open(&g->program, command, err);
}

/* What it is told, as a line; NULL: out of memory. */
static char *moment_line(lp_guest *g, const lp_moment *m, lp_err *err) {
    const char *picture = g->setup.picture == LP_PICTURE_BASE64 ? NULL : g->picture;
    if (*g->picture && m->frame) {
        int width, height;
        uint32_t *pixels = lp_picture(&width, &height, m->frame, m->width, m->height, 1, 0);
        const lp_status status = pixels ? lp_png_write(g->picture, pixels, width, height, err) : lp_fail(err, LP_FAILED, "out of memory");
        free(pixels);
        if (status) return NULL;
    }
    char *line = lp_moment_json(m, g->game, g->setup.variables, picture);
    if (!line) (void)lp_fail(err, LP_FAILED, "out of memory");
    return line;
}

lp_status lp_guest_open(lp_guest **out, const char *policy, const lp_game *game, const char *folder, lp_err *err) {
    *out = NULL;
    if (lp_guest_check(policy, err)) return LP_BAD_INPUT;
    lp_guest *g = calloc(1, sizeof *g);
    if (!g) return lp_fail(err, LP_FAILED, "out of memory");
    g->game = game;
    lp_status status = !strcmp(policy, LP_GUEST_MCP) ? lp_mcp_open(&g->mcp, game, err)
                       : lp_guest_chats(policy)      ? lp_chat_open(&g->chat, policy + strlen(LP_GUEST_CHAT), game, folder, err)
                                                     : open_program(g, policy + strlen(LP_GUEST_PROCESS), err);
    if (status) lp_guest_close(g);
    else *out = g;
    return status;
}

void lp_guest_close(lp_guest *g) {
    if (!g) return;
    lp_program_close(g->program);
    lp_chat_close(g->chat);
    lp_mcp_close(g->mcp);
    if (*g->picture) unlink(g->picture);
    free(g);
}

bool lp_guest_count(const lp_guest *g, lp_chat_counts *counts) {
    if (g->chat) *counts = lp_chat_count(g->chat);
    return g->chat != NULL;
}

bool lp_guest_show(const lp_guest *g, lp_view_model *model, lp_view_line lines[LP_NOTEBOOK], int *n_lines) {
    if (g->chat) *n_lines = lp_chat_show(g->chat, model, lines);
    return g->chat != NULL;
}

const char *lp_guest_saying(const lp_guest *g) { return g->chat ? lp_chat_saying(g->chat) : NULL; }

static lp_status say(lp_guest *g, char *line, lp_err *err) {
    lp_status status = line ? lp_program_say(g->program, line, err) : lp_fail(err, LP_FAILED, "out of memory");
    free(line);
    return status;
}

lp_status lp_guest_ask(lp_guest *g, const lp_moment *m, lp_err *err) {
    if (g->chat) return lp_chat_ask(g->chat, m, err);
    if (g->mcp) return lp_mcp_ask(g->mcp, m, err);
    lp_status status = g->greeted ? LP_OK : say(g, lp_greeting_json(g->game, m->width, m->height), err);
    g->greeted = true;
    char *line = status ? NULL : moment_line(g, m, err);
    if (!status && !line) return LP_FAILED;
    return status ? status : say(g, line, err);
}

bool lp_guest_sent(const lp_guest *g, const lp_moment *m, bool *sent) {
    if (g->chat) return lp_chat_sent(g->chat, m, sent);
    if (g->mcp) return lp_mcp_sent(g->mcp, m, sent);
    for (int i = 0; i < m->n_notes; i++) sent[i] = true;
    return true;
}

bool lp_guest_writes(const lp_guest *g) { return g->chat && lp_chat_writes(g->chat); }

lp_status lp_guest_summarise(lp_guest *g, const lp_writing *w, lp_err *err) { return lp_chat_summarise(g->chat, w, err); }

lp_status lp_guest_hear_summary(lp_guest *g, int timeout_ms, bool *answered, lp_written *written, lp_err *err) {
    return lp_chat_hear_summary(g->chat, timeout_ms, answered, written, err);
}

lp_status lp_guest_hear(lp_guest *g, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err) {
    if (g->chat) return lp_chat_hear(g->chat, timeout_ms, answered, answer, err);
    if (g->mcp) return lp_mcp_hear(g->mcp, timeout_ms, answered, answer, err);
    char *line;
    lp_status status = lp_program_hear(g->program, timeout_ms, &line, err);
    *answered = !status && line;
    if (!*answered) return status;
    status = lp_answer_read(answer, g->game, line, err);
    return status ? (lp_fail_prefix(err, status, "the player's answer"), LP_FAILED) : LP_OK;
}
