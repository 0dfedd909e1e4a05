/* Finding where a game keeps a value, by elimination: play a little, say what the value did, and again.
 *
 *     lp_ram_search *search;
 *     lp_ram_search_open(&search, rom, size_bytes, &err);
 *     lp_ram_search_snap(search, emu, "", &err);                          // the RAM as it is
 *     ... play: a life is lost ...
 *     lp_ram_search_snap(search, emu, "", &err);
 *     lp_ram_search_filter(search, &(lp_ram_filter){.op = LP_RAM_BY, .number = -1}, &err);
 *     n = lp_ram_search_list(search, 0, candidates, 10);
 *
 * Every address of the RAM that the CPU sees is a candidate, in each of the types that are searched for, until a filter drops it: a Game Boy's cartridge RAM, work RAM and
 * high RAM (of banked RAM the bank that is switched in), a GBA's EWRAM, IWRAM and cartridge RAM. A snapshot is a copy
 * of all of it, the candidates are one bit an address and type. One thread.
 *
 * The machine is not touched: it is looked at in a second one, into which its state is loaded.
 */
#ifndef LP_ENV_RAM_SEARCH_H
#define LP_ENV_RAM_SEARCH_H

#include "env/game.h"

enum { LP_RAM_MAX_TYPES = 24, LP_RAM_MAX_SNAPSHOTS = 64, LP_RAM_MAX_UNDO = 64, LP_RAM_NAME_BYTES = 32 };

/* A type as in data.json: byte order | < or >, kind u (unsigned), i (signed), d (binary-coded decimal, two digits a byte) or n (a decimal digit a
 * byte), and 1 to 8 bytes. */
typedef struct {
    char text[4]; /* "<u2" */
    bool big_endian;
    char kind;
    int width_bytes;
} lp_ram_type;
lp_status lp_ram_type_parse(lp_ram_type *out, const char *text, lp_err *err);
/* The types that games use, to be searched for all at once; returns how many. */
int lp_ram_types(lp_ram_type out[LP_RAM_MAX_TYPES]);

typedef enum {
    LP_RAM_UNCHANGED,
    LP_RAM_CHANGED,
    LP_RAM_UP,
    LP_RAM_DOWN, /* by anything */
    LP_RAM_BY,   /* now - before == number */
    LP_RAM_IS,
    LP_RAM_IS_NOT,
    LP_RAM_ABOVE,
    LP_RAM_BELOW, /* now, and number */
} lp_ram_op;

typedef struct {
    lp_ram_op op;
    int64_t number;
    const char *since; /* the name of the snapshot that the last one is compared with; NULL: the one before it */
} lp_ram_filter;

typedef struct {
    uint32_t address;
    const lp_ram_type *type; /* the search's; valid until the next restart or undo */
    int64_t now, before;     /* in the last snapshot and the one before it (the same where there is only one) */
} lp_ram_candidate;

typedef struct lp_ram_search lp_ram_search;

/* game is borrowed and must outlive the search. All addresses are candidates; the type is |u1. */
lp_status lp_ram_search_open(lp_ram_search **out, const lp_game *game, lp_err *err);
void lp_ram_search_close(lp_ram_search *search); /* NULL is fine */
/* The bytes of RAM that are searched. */
size_t lp_ram_search_bytes(const lp_ram_search *search);

/* Copies emu's RAM; emu plays the same game. A name ("" for none) can be used in filters; a name given again names the newer one. Of more than
 * LP_RAM_MAX_SNAPSHOTS the oldest without a name goes first. LP_BAD_INPUT: too long a name, or only named ones left. */
lp_status lp_ram_search_snap(lp_ram_search *search, lp_emu *emu, const char *name, lp_err *err);
/* All addresses are candidates again, as values of each of these types, 1 to LP_RAM_MAX_TYPES. Can be undone. LP_FAILED, and
 * nothing changed: out of memory. */
lp_status lp_ram_search_restart(lp_ram_search *search, const lp_ram_type *types, int n_types, lp_err *err);
/* Keeps the candidates for which it holds. Bytes that are no decimal digits are no value of a decimal type: dropped. LP_BAD_INPUT, with
 * nothing changed: no snapshot to compare. */
lp_status lp_ram_search_filter(lp_ram_search *search, const lp_ram_filter *filter, lp_err *err);
/* As before the last filter or restart; false when there is none that is remembered. */
bool lp_ram_search_undo(lp_ram_search *search);

/* The types that are searched for. */
const lp_ram_type *lp_ram_search_types(const lp_ram_search *search, int *n_types);
int lp_ram_search_snapshots(const lp_ram_search *search);
/* Candidates: an address counts once in each type that fits it; and addresses. */
int64_t lp_ram_search_count(const lp_ram_search *search);
int64_t lp_ram_search_addresses(const lp_ram_search *search);
/* The candidates from the first at or after address from, ascending, those of an address in the order of the types, at most max. Values are 0 before the first snapshot. */
int lp_ram_search_list(const lp_ram_search *search, uint32_t from, lp_ram_candidate *out, int max);
/* The same, but now is emu's present value, and before that of the last snapshot; no snapshot is taken. -1: err is set. */
int lp_ram_search_live(lp_ram_search *search, lp_emu *emu, uint32_t from, lp_ram_candidate *out, int max, lp_err *err);
/* The value of any searched address in the last snapshot; false: not in searched RAM, no snapshot, or not decimal. */
bool lp_ram_search_value(const lp_ram_search *search, uint32_t address, const lp_ram_type *type, int64_t *out);

#endif
