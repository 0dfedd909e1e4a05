/* A guest as --policy names it, apart from what it needs to play: who never plays guests need not be linked with it. */
#include "players/chat_setup.h"
#include "players/guest.h"

#include <string.h>

static bool begins(const char *policy, const char *kind) { return !strncmp(policy, kind, strlen(kind)); }

bool lp_guest_chats(const char *policy) { return begins(policy, LP_GUEST_CHAT); }

bool lp_is_guest(const char *policy) { return begins(policy, LP_GUEST_PROCESS) || lp_guest_chats(policy) || !strcmp(policy, LP_GUEST_MCP); }

lp_status lp_guest_check(const char *policy, lp_err *err) {
    lp_chat_setup setup;
    if (!strcmp(policy, LP_GUEST_CHAT)) return lp_fail(err, LP_BAD_INPUT, "--policy %s: chat:FILE, an .ini that says whom to ask", policy);
    if (lp_guest_chats(policy)) return lp_chat_setup_read(&setup, policy + strlen(LP_GUEST_CHAT), err);
    if (!strcmp(policy, LP_GUEST_MCP)) return LP_OK;
    const char *command = begins(policy, LP_GUEST_PROCESS) ? policy + strlen(LP_GUEST_PROCESS) : "";
    if (command[strspn(command, " ")]) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "--policy %s: process:COMMAND, a command for the shell", policy);
}
