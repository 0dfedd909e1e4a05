/* A guest as --policy names it, apart from what it needs to play: who never plays guests need not be linked with it. */
#include "players/chat_setup.h"
#include "players/guest.h"
#include "players/program_setup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *policy, const char *kind) { return !strncmp(policy, kind, strlen(kind)); }

bool lp_guest_chats(const char *policy) { return begins(policy, LP_GUEST_CHAT); }

bool lp_is_guest(const char *policy) { return begins(policy, LP_GUEST_PROCESS) || lp_guest_chats(policy) || !strcmp(policy, LP_GUEST_MCP); }

lp_status lp_guest_check(const char *policy, lp_err *err) {
    lp_chat_setup setup;
    if (!strcmp(policy, LP_GUEST_CHAT))
        return lp_fail(err, LP_BAD_INPUT, "--policy chat: chat:FILE, an .ini that says whom to ask, or --chat.url and --chat.model");
    if (lp_guest_chats(policy)) return lp_chat_setup_read(&setup, policy + strlen(LP_GUEST_CHAT), err);
    if (!strcmp(policy, LP_GUEST_MCP)) return LP_OK;
    lp_program_setup program;
    const char *command = begins(policy, LP_GUEST_PROCESS) ? policy + strlen(LP_GUEST_PROCESS) : "";
    if (lp_program_setup_read(&program, command, &command, err)) return LP_BAD_INPUT;
    if (command[strspn(command, " ")]) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "--policy %s: process:COMMAND, a command for the shell", policy);
}

static lp_status too_long(const char *policy, lp_err *err) { return lp_fail(err, LP_BAD_INPUT, "--policy %.40s...: too long", policy); }

/* Has the list a setting of that key? */
static bool given_again(const char *one, int length, const char *const *settings, int n) {
    for (int i = 0; i < n; i++)
        if (!strncmp(settings[i], one, (size_t)length) && settings[i][length] == '=') return true;
    return false;
}

/* Settings of a program go before its command. */
static lp_status give_program(char *out, size_t room, const char *policy, const char *const *settings, int n, lp_err *err) {
    size_t used = (size_t)snprintf(out, room, LP_GUEST_PROCESS);
    for (int i = 0; i < n && used < room; i++) {
        if (strncmp(settings[i], "process.", 8) != 0 || strchr(settings[i], ' '))
            return lp_fail(err, LP_BAD_INPUT, "--%s: of a program there are --process.variables and --process.picture, without spaces",
                           settings[i]);
        used += (size_t)snprintf(out + used, room - used, " --%s", settings[i]);
    }
    if (used < room) used += (size_t)snprintf(out + used, room - used, " %s", policy + strlen(LP_GUEST_PROCESS));
    return used < room ? LP_OK : too_long(policy, err);
}

lp_status lp_guest_give(char *out, size_t room, const char *policy, const char *const *settings, int n, lp_err *err) {
    if (n && policy && begins(policy, LP_GUEST_PROCESS)) return give_program(out, room, policy, settings, n, err);
    for (int i = 0; i < n; i++)
        if (!strncmp(settings[i], "process.", 8))
            return lp_fail(err, LP_BAD_INPUT, "--%s: only a program has such settings: --policy process:COMMAND", settings[i]);
    const bool chats = policy && (!strcmp(policy, "chat") || lp_guest_chats(policy));
    if (n && !chats) return lp_fail(err, LP_BAD_INPUT, "--%s: only a chat model has such settings: --policy chat", settings[0]);
    const char *given = chats && policy[4] ? policy + strlen(LP_GUEST_CHAT) : "", *at = lp_chat_given_settings(given), *end;
    size_t used = (size_t)snprintf(out, room, LP_GUEST_CHAT "%.*s", (int)(at - given), given);
    for (; *at && used < room; at = end) {
        const char *key = at + strlen(" --");
        end = lp_chat_given_settings(key);
        if (!given_again(key, (int)strcspn(key, "="), settings, n))
            used += (size_t)snprintf(out + used, room - used, "%.*s", (int)(end - at), at);
    }
    for (int i = 0; i < n && used < room; i++) used += (size_t)snprintf(out + used, room - used, " --%s", settings[i]);
    return used < room ? LP_OK : too_long(policy ? policy : "", err);
}

lp_status lp_guest_lasting(char *out, size_t room, const char *policy, lp_err *err) {
    char path[PATH_MAX], file[PATH_MAX];
    const char *given = lp_guest_chats(policy) ? policy + strlen(LP_GUEST_CHAT) : "", *settings = lp_chat_given_settings(given);
    snprintf(file, sizeof file, "%.*s", (int)(settings - given), given);
    const bool has_file = *file && realpath(file, path);
    const int n = has_file ? snprintf(out, room, LP_GUEST_CHAT "%s%s", path, settings) : snprintf(out, room, "%s", policy);
    return n < (int)room ? LP_OK : too_long(policy, err);
}

bool lp_guest_same(const char *policy, const char *other) {
    const size_t n = (size_t)(lp_chat_given_settings(policy) - policy), m = (size_t)(lp_chat_given_settings(other) - other);
    return n == m && !memcmp(policy, other, n);
}

const char *lp_guest_shown(char *out, size_t room, const char *policy) {
    const char *settings = lp_guest_chats(policy) ? lp_chat_given_settings(policy) : policy + strlen(policy);
    snprintf(out, room, "%.*s", (int)(settings - policy), policy);
    const char *slash = strrchr(out, '/'), *model = strstr(settings, " --chat.model=");
    if (strcmp(out, LP_GUEST_CHAT) || !model) return slash ? slash + 1 : out;
    model = strchr(model, '=') + 1;
    snprintf(out, room, LP_GUEST_CHAT "%.*s", (int)(lp_chat_given_settings(model) - model), model);
    return out;
}
