#include "cli/cli.h"

#include "base/config.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "evals/eval.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const lp_usage *u) {
    printf("usage: longplay %s %s [OPTIONS]\n\n%s\n\n", u->name, u->arguments, u->summary);
    for (int i = 0; i < u->n_options; i++) {
        const lp_option *o = &u->options[i];
        char left[96];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
        if (strlen(left) <= 26) printf("  %-26s %s\n", left, o->help);
        else printf("  %s\n  %-26s %s\n", left, "", o->help);
    }
    if (u->section) {
        char left[64];
        snprintf(left, sizeof left, "--%sKEY=VALUE", u->section);
        printf("  %-26s %s\n", left, u->section_help);
    }
    if (u->chat) printf("  %-26s %s\n", "--chat.KEY=VALUE", "a setting of --policy chat or chat:FILE, before the file's (docs/players.md)");
    if (u->chat)
        printf("  %-26s %s\n", "--process.KEY=VALUE",
               "of --policy process:COMMAND: variables=NAME,... or picture=base64|path|none (docs/players.md)");
    printf("  %-26s %s\n", "--help", "this text");
    if (u->more_help) u->more_help();
    printf("\nexample: %s\n", u->example);
}

static int bad_usage(const lp_usage *u, const char *format, const char *a, const char *b) {
    lp_progress_end();
    fprintf(stderr, "longplay %s: ", u->name);
    fprintf(stderr, format, a, b);
    fprintf(stderr, " (see longplay %s --help)\n", u->name);
    return 2;
}

static int take_value(const lp_usage *u, const lp_option *o, const char *value) {
    if (o->text) {
        *o->text = value;
    } else if (o->list) {
        if (*o->n_list == LP_MAX_LIST) return bad_usage(u, "too many --%s%s", o->name, "");
        o->list[(*o->n_list)++] = value;
    } else {
        double number;
        if (!lp_parse_double(value, &number) || (o->number && number != floor(number)))
            return bad_usage(u, o->number ? "--%s '%s' is not a whole number" : "--%s '%s' is not a number", o->name, value);
        if (number < o->min || number > o->max) {
            char range[96];
            snprintf(range, sizeof range, "%.10g to %.10g", o->min, o->max);
            return bad_usage(u, "--%s must be %s", o->name, range);
        }
        if (o->number) *o->number = (int64_t)number;
        else *o->real = number;
    }
    return -1;
}

static int take_rest(const lp_usage *u, const char *argument) {
    if (*u->n_rest == LP_MAX_LIST) return bad_usage(u, "too many arguments%s%s", "", "");
    u->rest[(*u->n_rest)++] = argument;
    return -1;
}

/* argv[*i] begins with "--". Consumes a following value where the option wants one. */
static int take_option(const lp_usage *u, int argc, char **argv, int *i) {
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    for (int k = 0; k < u->n_options; k++) {
        const lp_option *o = &u->options[k];
        if (strlen(o->name) != length || memcmp(o->name, name, length)) continue;
        if (o->flag) {
            if (equals) return bad_usage(u, "--%s takes no value%s", o->name, "");
            *o->flag = true;
            return -1;
        }
        if (!equals && (*i + 1 >= argc ||
                        !strncmp(argv[*i + 1], "--", 2))) /* what begins with dashes is the next option: --run=--odd says otherwise */
            return bad_usage(u, "--%s needs a value: %s", o->name, o->value);
        return take_value(u, o, equals ? equals + 1 : argv[++*i]);
    }
    if (u->chat && (!strncmp(name, "chat.", 5) || !strncmp(name, "process.", 8))) {
        if (!equals) return bad_usage(u, "--%s needs =VALUE%s", name, "");
        if (*u->n_chat == LP_MAX_LIST) return bad_usage(u, "too many settings%s%s", "", "");
        u->chat[(*u->n_chat)++] = name;
        return -1;
    }
    if (u->settings && memchr(name, '.', length) && (!u->section || !strncmp(name, u->section, strlen(u->section)))) {
        if (!equals) return bad_usage(u, "--%s needs =VALUE%s", name, "");
        if (*u->n_settings == LP_MAX_LIST) return bad_usage(u, "too many settings%s%s", "", "");
        u->settings[(*u->n_settings)++] = name;
        return -1;
    }
    return u->rest ? take_rest(u, argv[*i]) : bad_usage(u, "unknown option %s%s", argv[*i], "");
}

int lp_parse(const lp_usage *u, int argc, char **argv) {
    bool only_positional = false;
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            print_help(u);
            return 0;
        }
    for (int i = 1; i < argc; i++) {
        if (!only_positional && !strcmp(argv[i], "--")) {
            only_positional = true;
        } else if (!only_positional && argv[i][0] == '-' && argv[i][1]) {
            char *out = !strcmp(argv[i], "-o") ? (char *)"--out" : argv[i]; /* as elsewhere */
            if (out[1] != '-') return bad_usage(u, "unknown option %s%s", argv[i], "");
            argv[i] = out;
            int code = take_option(u, argc, argv, &i);
            if (code >= 0) return code;
        } else if (u->rest) {
            int code = take_rest(u, argv[i]);
            if (code >= 0) return code;
        } else {
            if (*u->n_positional == u->max_positional) return bad_usage(u, "unexpected argument '%s'%s", argv[i], "");
            u->positional[(*u->n_positional)++] = argv[i];
        }
    }
    if (!u->rest && *u->n_positional < u->min_positional) return bad_usage(u, "needs %s%s", u->arguments, "");
    return -1;
}

int lp_report(lp_status status, const lp_err *err) {
    if (status) {
        lp_progress_end();
        fprintf(stderr, "longplay: %s\n", err->message);
    }
    return (int)status;
}

/* An object that had no memory for a member goes on without it: whoever prints it must know. */
static atomic_bool json_lost;

static void *json_malloc(size_t size) {
    void *p = malloc(size);
    if (!p) json_lost = true;
    return p;
}

void lp_json_begin(void) { cJSON_InitHooks(&(cJSON_Hooks){json_malloc, free}); }

int lp_print_json(cJSON *result) {
    char *text = cJSON_PrintUnformatted(result);
    cJSON_Delete(result);
    if (json_lost) free(text), text = NULL;
    if (text) printf("%s\n", text);
    else fprintf(stderr, "longplay: out of memory\n");
    free(text);
    return text ? 0 : 1;
}

lp_status lp_lasting_path(char *out, size_t size, const char *given, const char *const *names, lp_err *err) {
    char path[PATH_MAX];
    for (; *names; names++)
        if (!strcmp(given, *names)) return memset(out, 0, size), snprintf(out, size, "%s", given), LP_OK;
    if (!realpath(given, path)) return lp_fail(err, lp_errno_status(errno), "%s: %s", given, strerror(errno));
    if (strlen(path) >= size) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
    memset(out, 0, size);
    memcpy(out, path, strlen(path));
    return LP_OK;
}

lp_status lp_lasting_game(char *out, size_t size, const char *given, lp_err *err) {
    bool is_name = !strchr(given, '/') && !lp_file_exists(given); /* it was opened, so it is one that is found from anywhere */
    return lp_lasting_path(out, size, given, (const char *const[]){is_name ? given : "", NULL}, err);
}
