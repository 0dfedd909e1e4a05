/* A guest as --policy names it, apart from what it needs to play: who never plays guests need not be linked with it. */
#include "players/guest.h"

#include <string.h>

bool lp_is_guest(const char *policy) { return !strncmp(policy, LP_GUEST_PROCESS, strlen(LP_GUEST_PROCESS)); }

lp_status lp_guest_check(const char *policy, lp_err *err) {
    const char *command = lp_is_guest(policy) ? policy + strlen(LP_GUEST_PROCESS) : "";
    if (command[strspn(command, " ")]) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "--policy %s: process:COMMAND, a command for the shell", policy);
}
