#include "cli/run_json.h"

#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVERY_S 1.0

void lp_run_json_open(lp_run_json *j, const char *folder) {
    *j = (lp_run_json){.written_s = -EVERY_S};
    if (folder) lp_path_join(j->path, sizeof j->path, folder, "run.json");
}

bool lp_run_json_due(const lp_run_json *j) { return lp_now_s() - j->written_s >= EVERY_S; }

static void add_text(cJSON *o, const char *name, const char *text) {
    if (text) cJSON_AddStringToObject(o, name, text);
    else cJSON_AddNullToObject(o, name);
}

static void add_number(cJSON *o, const char *name, double value) {
    if (isfinite(value)) cJSON_AddNumberToObject(o, name, value);
    else cJSON_AddNullToObject(o, name);
}

static cJSON *describe(const lp_view *v, const lp_irc_state *chat, const char *state) {
    cJSON *o = cJSON_CreateObject();
    add_text(o, "longplay", "run");
    add_number(o, "version", 1);
    add_number(o, "pid", (double)getpid());
    add_number(o, "updated", (double)time(NULL));
    add_text(o, "state", state);
    add_text(o, "game", v->game);
    add_text(o, "policy", v->policy);
    add_text(o, "memory", v->memory);
    add_number(o, "decision", (double)v->decisions);
    add_number(o, "episode", (double)v->episode);
    add_number(o, "episode_decision", (double)v->episode_decisions);
    add_number(o, "episode_s", v->episode_s);
    add_number(o, "wins", (double)v->wins);
    add_number(o, "losses", (double)v->losses);
    add_number(o, "timeouts", (double)v->timeouts);
    add_number(o, "played_s", v->played_s);
    add_number(o, "real_s", v->real_s);
    add_number(o, "decisions_per_s", v->decisions_per_s);
    add_number(o, "speed", v->speed);
    cJSON *disk = v->disk.run_bytes ? cJSON_AddObjectToObject(o, "disk") : cJSON_AddNullToObject(o, "disk");
    if (v->disk.run_bytes) {
        add_number(disk, "run_bytes", v->disk.run_bytes);
        add_number(disk, "keep_bytes", v->disk.keep_bytes ? v->disk.keep_bytes : NAN);
        add_number(disk, "free_bytes", v->disk.free_bytes);
    }
    cJSON_AddBoolToObject(o, "recorded", v->recorded);
    add_text(o, "recovered", v->recovered);
    add_text(o, "note", v->note);
    cJSON *stuck = cJSON_AddObjectToObject(o, "stuck");
    add_number(stuck, "decisions", (double)v->stuck);
    add_number(stuck, "times", (double)v->stuck_times);
    cJSON *c = chat ? cJSON_AddObjectToObject(o, "chat") : cJSON_AddNullToObject(o, "chat");
    if (chat) {
        cJSON_AddBoolToObject(c, "connected", chat->connected);
        add_number(c, "losses", chat->losses);
        add_number(c, "asked", (double)chat->asked);
        add_number(c, "answered", (double)chat->answered);
        add_number(c, "votes", (double)chat->votes);
        add_number(c, "told", (double)chat->told);
        add_number(c, "dropped", (double)chat->dropped);
    }
    return o;
}

void lp_run_json_write(lp_run_json *j, const lp_view *view, const lp_irc_state *chat, const char *state) {
    j->written_s = lp_now_s();
    if (!*j->path) return;
    cJSON *o = describe(view, chat, state);
    char *text = cJSON_Print(o);
    if (text) (void)lp_file_replace(j->path, text, strlen(text), NULL);
    cJSON_free(text);
    cJSON_Delete(o);
}
