#include "players/program_setup.h"

#include "base/config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char GIVEN[] = " --process.";
static const lp_setting table[] = {
    {"process.variables", "of the game that are told at each decision, with commas between", LP_SET_TEXT,
     offsetof(lp_program_setup, variables), 0, 0, sizeof((lp_program_setup *)0)->variables, NULL},
    {"process.picture", "in the line, as the path of a file, or not at all", LP_SET_CHOICE, offsetof(lp_program_setup, picture),
     LP_PICTURE_BASE64, 0, 0, "base64|path|none"},
};
enum { N = sizeof table / sizeof *table };

lp_status lp_program_setup_read(lp_program_setup *out, const char *given, const char **command, lp_err *err) {
    lp_program_setup s;
    lp_status status = LP_OK;
    memset(&s, 0, sizeof s);
    lp_config_defaults(&s, table, N);
    while (!strncmp(given, GIVEN, strlen(GIVEN)) && !status) {
        char one[LP_SETTING_BYTES];
        const char *name = given + strlen(" --");
        const size_t length = strcspn(name, " ");
        if (length >= sizeof one) return lp_fail(err, LP_BAD_INPUT, "--%.40s...: too long", name);
        snprintf(one, sizeof one, "%.*s", (int)length, name);
        char *value = strchr(one, '=');
        if (!value) return lp_fail(err, LP_BAD_INPUT, "--%s needs =VALUE", one);
        *value++ = 0;
        if ((status = lp_config_set(&s, table, N, one, value, err))) lp_fail_prefix(err, status, "--%s", one);
        given = name + length;
    }
    if (status) return status;
    *out = s;
    *command = given;
    return LP_OK;
}
