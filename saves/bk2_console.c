/* Which console a .bk2 says that it was recorded on. What says so:
 *
 *     Platform                 GB, GBC, SGB or GBA. Old versions of BizHawk wrote GB for Game Boy Color games as well, and all of them
 *                              do for an older game in a Game Boy Color. stable-retro names the folder of its integration instead:
 *                              GameBoy, GbColor, GbAdvance; its core goes by the ROM.
 *     IsCGBMode, IsCGBDMGMode  a Game Boy Color, or Advance; the second: with an older game in it
 *     ConsoleMode              in SyncSettings.json, by name or number: Gambatte's and GBHawk's, or SameBoy's */
#include "saves/bk2_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SETTINGS_BYTES = 1 << 16, MAX_VALUE = 23 };

void bk2_claim(lp_bk2_info *info, unsigned consoles, bool sure, const char *what, const char *value) {
    if (info->n_claims == LP_BK2_MAX_CLAIMS) return;
    lp_bk2_claim *c = &info->claims[info->n_claims++];
    *c = (lp_bk2_claim){.consoles = consoles, .sure = sure};
    snprintf(c->text, sizeof c->text, "%s %s", what, value);
}

bool bk2_platform(lp_bk2_info *info, const char *platform) {
    static const struct {
        const char *name, *system;
        unsigned consoles; /* 0: says nothing of Game Boys */
        bool sure;
    } platforms[] = {{"GB", "GB", LP_BK2_DMG, false}, {"GBC", "GBC", LP_BK2_CGB | LP_BK2_AGB, true}, {"SGB", "GB", LP_BK2_SGB, true},
                     {"GBA", "GBA", 0, false},        {"GameBoy", "GB", LP_BK2_OWN, false},          {"GbColor", "GBC", LP_BK2_OWN, false},
                     {"GbAdvance", "GBA", 0, false}};
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        if (strcasecmp(platform, platforms[i].name)) continue;
        snprintf(info->system, sizeof info->system, "%s", platforms[i].system);
        if (platforms[i].consoles) bk2_claim(info, platforms[i].consoles, platforms[i].sure, "Platform", platforms[i].name);
        return true;
    }
    return false;
}

/* 0: none that we know, or what the ROM asks for. */
static unsigned console_of(const char *mode, bool sameboy) {
    static const struct {
        const char *prefix;
        unsigned console;
    } names[] = {{"SGB", LP_BK2_SGB}, {"GBA", LP_BK2_AGB}, {"AGB", LP_BK2_AGB}, {"GBC", LP_BK2_CGB},
                 {"CGB", LP_BK2_CGB}, {"DMG", LP_BK2_DMG}, {"MGB", LP_BK2_DMG}, {"GB", LP_BK2_DMG}};
    static const unsigned gambatte[] = {0, LP_BK2_DMG, LP_BK2_CGB, LP_BK2_AGB, LP_BK2_SGB};
    char *end;
    long number = strtol(mode, &end, 10);
    if (!*end && sameboy)
        return number == 0x002 || number == 0x100 ? LP_BK2_DMG : number >= 0x206 ? LP_BK2_AGB : number >= 0x200 ? LP_BK2_CGB : 0;
    if (!*end) return number >= 0 && number <= 4 ? gambatte[number] : 0;
    if (!strncasecmp(mode, "GB_MODEL_", 9)) mode += 9;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncasecmp(mode, names[i].prefix, strlen(names[i].prefix))) return names[i].console;
    return 0;
}

lp_status bk2_console_settings(lp_bk2_info *info, bk2_text *t, const bk2_zip *z, lp_err *err) {
    static const char key[] = "\"ConsoleMode\"";
    int64_t index;
    char *at = NULL;
    lp_status status = bk2_zip_find(z, "SyncSettings", ".json", &index, err);
    if (status || index < 0) return status;
    status = bk2_text_open(t, z, index, "SyncSettings.json", MAX_SETTINGS_BYTES, err);
    if (!status) status = bk2_text_all(t, &at, err);
    while (!status && (at = strstr(at, key))) {
        char value[MAX_VALUE + 1];
        at += sizeof key - 1;
        at += strspn(at, " \t\r\n:\"");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at, " \t\r\n,\"}"), at);
        unsigned console = console_of(value, !strcasecmp(info->core, "SameBoy"));
        if (console) bk2_claim(info, console, true, "ConsoleMode", value);
    }
    bk2_text_close(t);
    return status;
}
