/* Weights of another network, where they fit. */
#include "policy/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to text, cut to size. */
__attribute__((format(printf, 3, 4))) static void say(char *text, size_t size, const char *format, ...) {
    const size_t used = strlen(text);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text + used, size - used, format, list);
    va_end(list);
}

static void say_shape(char *text, size_t size, const param_info *t) {
    for (int k = 0; t->size && k < t->rank; k++) say(text, size, "%s%d", k ? "x" : "", t->shape[k]);
    if (!t->size) say(text, size, "none");
}

static bool same_shape(const param_info *a, const param_info *b) {
    return a->size == b->size && a->rank == b->rank && !memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

int lp_policy_take(lp_policy *policy, const lp_policy *from, char *left, size_t left_bytes) {
    int n = 0;
    if (left_bytes) *left = 0;
    for (int i = 0; i < P_COUNT; i++) {
        const param_info *to = &policy->info[i], *of = &from->info[i];
        if (!to->size && !of->size) continue;
        if (same_shape(to, of)) {
            memcpy(policy->parameters + to->offset, from->parameters + of->offset, to->size * sizeof *policy->parameters);
            n++;
        } else if (left_bytes) {
            say(left, left_bytes, "%s%s ", *left ? ", " : "", to->name ? to->name : of->name);
            say_shape(left, left_bytes, of);
            say(left, left_bytes, " (here ");
            say_shape(left, left_bytes, to);
            say(left, left_bytes, ")");
        }
    }
    policy->version++;
    return n;
}
