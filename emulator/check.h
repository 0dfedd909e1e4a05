/* Checks of images of libmgba's structs before they are loaded: what gb_check.c and gba_check.c share. A state's hash says that
 * nothing was damaged, not that an emulator made it, and libmgba believes every field: an index one too high is a write out of
 * bounds, an event at a strange time a frame that never ends.
 *
 * A limit is what every machine keeps that a game can bring about, and no tighter than what libmgba needs: no valid state may
 * be refused. Fields without a limit can hold anything (RAM, registers, what is only compared or masked). */
#ifndef LP_EMULATOR_CHECK_H
#define LP_EMULATOR_CHECK_H

#include "emulator/console.h"

/* Elements of a field within [low, high]: read as signed if of 4 bytes, as unsigned if of 1 or 2. */
typedef struct {
    const char *name;
    uint16_t offset, bytes, n;
    int32_t low, high;
} lp_limit;

#define LP_SIZE_OF(type, field) sizeof(((type *)0)->field)
#define LP_LIMIT(type, field, low, high)                                                                                                   \
    { #field, offsetof(type, field), LP_SIZE_OF(type, field), 1, low, high }
#define LP_LIMIT_EACH(type, field, low, high)                                                                                              \
    { #field, offsetof(type, field), LP_SIZE_OF(type, field[0]), LP_SIZE_OF(type, field) / LP_SIZE_OF(type, field[0]), low, high }
#define LP_BOOL(type, field) LP_LIMIT(type, field, 0, 1)

/* A field that never changes while a game runs, or must not for another reason: as the live machine has it. */
typedef struct {
    const char *name;
    uint16_t offset, bytes;
} lp_constant;

#define LP_CONSTANT(type, field)                                                                                                           \
    { #field, offsetof(type, field), LP_SIZE_OF(type, field) }

/* Something that holds between fields; name and value are the field's that is blamed. */
typedef struct {
    bool holds;
    const char *name;
    int64_t value;
} lp_relation;

enum { LP_NEVER = INT32_MIN }; /* latest_ticks of an event that is never queued when a state is taken */

typedef struct {
    const char *name;
    uint16_t offset;      /* of the struct mTimingEvent */
    bool always;          /* queued at all times */
    int32_t latest_ticks; /* from now, when queued */
} lp_event_limit;

#define LP_EVENT(type, field, always, latest)                                                                                              \
    { #field, offsetof(type, field), always, latest }

/* The CPU's clock, as an image has it. */
typedef struct {
    uint32_t master;
    int32_t cycles, next_event;
} lp_clock;

/* All return LP_BAD_INPUT and name what cannot be. */
lp_status lp_impossible(lp_err *err, const char *name, int64_t value);
lp_status lp_check_limits(const void *image, const lp_limit *limits, int n, lp_err *err);
lp_status lp_check_constants(const void *image, const void *live, const lp_constant *constants, int n, lp_err *err);
lp_status lp_check_relations(const lp_relation *relations, int n, lp_err *err);
/* Queued in order of their times, none late by more than an instruction takes nor later than its limit, none behind the CPU's
 * back. queue: as lp_queue_save made it, of these n events. */
lp_status lp_check_events(const void *image, const void *live, const lp_event_limit *events, int n, const uint8_t *queue, lp_clock clock,
                          lp_err *err);
bool lp_is_queued(const uint8_t *queue, int event);

struct GBAudio;
/* The tone generators, which both consoles have. now: the time as the image has it. */
lp_status lp_check_tones(const struct GBAudio *image, const struct GBAudio *live, uint32_t now, lp_err *err);

#endif
