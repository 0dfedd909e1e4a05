/* The archive: cells by their keys, and how each was reached. Internal to explore/. */
#ifndef LP_EXPLORE_ARCHIVE_H
#define LP_EXPLORE_ARCHIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t key;
    int64_t depth;          /* decisions from power-on, by the shortest way that was found */
    int64_t seen;           /* decisions that came here */
    uint32_t node;          /* where that way ends */
    uint32_t machine_bytes; /* 0: it is gone */
    unsigned char *machine; /* lp_env_save as one LZ4 block; owned */
} cell;

/* A piece of a way: after another's end, these actions. Node 0 is power-on. Nodes stay, as others may go on from them. */
typedef struct {
    uint32_t parent, n; /* actions */
    uint64_t at;        /* the first of them */
} piece;

typedef struct {
    cell *cells; /* [n_cells] in the order of their discovery */
    uint32_t n_cells, cell_room;
    uint32_t *table; /* [table_size] a power of two, at most half full: a cell's index + 1, or 0 */
    uint32_t table_size;
    piece *nodes;
    uint32_t n_nodes, node_room;
    uint16_t *actions;
    uint64_t n_actions, action_room;
    int64_t machine_bytes; /* of all */
} archive;

/* Empty, with node 0. LP_FAILED: out of memory; here and below. */
lp_status archive_open(archive *a, lp_err *err);
void archive_close(archive *a);
/* The cell's index, or -1. */
int64_t archive_find(const archive *a, uint64_t key);
/* A new cell, without a machine. */
lp_status archive_add(archive *a, uint64_t key, uint32_t *index, lp_err *err);
lp_status archive_grow_way(archive *a, uint32_t parent, const uint16_t *actions, uint32_t n, uint32_t *node, lp_err *err);
/* Takes machine over. */
void archive_put_machine(archive *a, uint32_t index, unsigned char *machine, uint32_t bytes);
/* Those of the cells that were seen most go, until at most `most` bytes are left; cell 0's stays. */
lp_status archive_forget(archive *a, int64_t most, lp_err *err);
/* The actions from power-on to a node, into out [the depth of that]. */
void archive_way(const archive *a, uint32_t node, uint16_t *out, int64_t depth);

size_t archive_save_size(const archive *a);
void archive_save(const archive *a, unsigned char *out);
/* n_actions: of the game. LP_BAD_INPUT: damaged. */
lp_status archive_load(archive *a, const unsigned char *data, size_t size_bytes, int n_actions, lp_err *err);

#endif
