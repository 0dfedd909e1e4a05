/* Images of libmgba's structs, links for its pointers, and its queue of events. See console.h. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>

#include "emulator/console.h"

#include "base/contract.h"

#include <string.h>

void lp_zero_ranges(void *data, const lp_range *ranges, int n) {
    for (int i = 0; i < n; i++) memset((char *)data + ranges[i].offset, 0, ranges[i].size);
}

void lp_image_save(void *out, const void *live, size_t size, const lp_range *host, int n_host) {
    memcpy(out, live, size);
    lp_zero_ranges(out, host, n_host);
}

void lp_image_load(void *live, const void *image, size_t size, const lp_range *host, int n_host) {
    size_t at = 0;
    for (int i = 0; i <= n_host; i++) {
        size_t end = i < n_host ? host[i].offset : size;
        LP_CHECK(end >= at);
        memcpy((char *)live + at, (const char *)image + at, end - at);
        if (i < n_host) at = end + host[i].size;
    }
}

lp_link lp_link_save(const void *pointer, const lp_block *blocks, int n) {
    uintptr_t p = (uintptr_t)pointer;
    for (int i = 0; i < n && p; i++) {
        uintptr_t base = (uintptr_t)blocks[i].base;
        if (base && p >= base && p < base + blocks[i].size) return (lp_link){(uint32_t)i + 1, (uint32_t)(p - base)};
    }
    return (lp_link){0, 0};
}

bool lp_link_check(lp_link link, size_t span, const lp_block *blocks, int n) {
    if (!link.block) return !link.offset;
    return link.block <= (uint32_t)n && blocks[link.block - 1].base && link.offset + span <= blocks[link.block - 1].size;
}

void *lp_link_load(lp_link link, const lp_block *blocks, int n) {
    LP_CHECK(link.block <= (uint32_t)n);
    return link.block ? (char *)blocks[link.block - 1].base + link.offset : NULL;
}

void lp_queue_save(uint8_t order[LP_MAX_EVENTS], const struct mTiming *timing, struct mTimingEvent *const *events, int n) {
    memset(order, 0, LP_MAX_EVENTS);
    int length = 0;
    for (const struct mTimingEvent *e = timing->root ? timing->root : timing->reroot; e; e = e->next) {
        int i = 0;
        while (i < n && events[i] != e) i++;
        LP_CHECK(i < n && length < n);
        order[length++] = (uint8_t)(i + 1);
    }
}

bool lp_queue_check(const uint8_t order[LP_MAX_EVENTS], int n) {
    unsigned seen = 0;
    int length = 0;
    while (length < LP_MAX_EVENTS && order[length]) {
        if (order[length] > n || seen & 1u << order[length]) return false;
        seen |= 1u << order[length++];
    }
    while (length < LP_MAX_EVENTS)
        if (order[length++]) return false;
    return seen != 0; /* without an event no frame would ever end */
}

void lp_queue_load(struct mTiming *timing, const uint8_t order[LP_MAX_EVENTS], struct mTimingEvent *const *events) {
    struct mTimingEvent **last = &timing->root;
    for (int i = 0; i < LP_MAX_EVENTS && order[i]; i++) {
        *last = events[order[i] - 1];
        last = &(*last)->next;
    }
    *last = NULL;
    timing->reroot = NULL;
}
