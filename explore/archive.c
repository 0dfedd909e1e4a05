#include "explore/archive.h"

#include <stdlib.h>
#include <string.h>

static lp_status no_memory(lp_err *err) { return lp_fail(err, LP_FAILED, "out of memory for the archive"); }

/* Room for one more of size bytes each, or for `need`. */
static bool room(void **data, uint64_t *has, uint64_t need, size_t size) {
    if (need <= *has) return true;
    uint64_t want = *has ? *has : 256;
    while (want < need) want *= 2;
    void *more = realloc(*data, want * size);
    if (!more) return false;
    *data = more;
    *has = want;
    return true;
}

lp_status archive_open(archive *a, lp_err *err) {
    *a = (archive){.table_size = 1024};
    a->table = calloc(a->table_size, sizeof *a->table);
    a->nodes = calloc(256, sizeof *a->nodes);
    a->node_room = 256, a->n_nodes = 1;
    if (a->table && a->nodes) return LP_OK;
    archive_close(a);
    return no_memory(err);
}

void archive_close(archive *a) {
    for (uint32_t i = 0; i < a->n_cells; i++) free(a->cells[i].machine);
    free(a->cells);
    free(a->table);
    free(a->nodes);
    free(a->actions);
    *a = (archive){0};
}

/* The place of key in the table: its own, or the free one where it would go. Keys are hashes already. */
static uint32_t place_of(const archive *a, uint64_t key) {
    uint32_t at = (uint32_t)key & (a->table_size - 1);
    while (a->table[at] && a->cells[a->table[at] - 1].key != key) at = (at + 1) & (a->table_size - 1);
    return at;
}

int64_t archive_find(const archive *a, uint64_t key) { return (int64_t)a->table[place_of(a, key)] - 1; }

static lp_status enlarge_table(archive *a, lp_err *err) {
    uint32_t *table = calloc((size_t)a->table_size * 2, sizeof *table);
    if (!table) return no_memory(err);
    free(a->table);
    a->table = table;
    a->table_size *= 2;
    for (uint32_t i = 0; i < a->n_cells; i++) a->table[place_of(a, a->cells[i].key)] = i + 1;
    return LP_OK;
}

lp_status archive_add(archive *a, uint64_t key, uint32_t *index, lp_err *err) {
    uint64_t has = a->cell_room;
    if (a->n_cells >= 1u << 30 || !room((void **)&a->cells, &has, (uint64_t)a->n_cells + 1, sizeof *a->cells)) return no_memory(err);
    a->cell_room = (uint32_t)has;
    if (2 * (a->n_cells + 1) > a->table_size && enlarge_table(a, err)) return LP_FAILED;
    a->cells[a->n_cells] = (cell){.key = key};
    a->table[place_of(a, key)] = a->n_cells + 1; /* a free place, as nobody has this key */
    *index = a->n_cells++;
    return LP_OK;
}

lp_status archive_grow_way(archive *a, uint32_t parent, const uint16_t *actions, uint32_t n, uint32_t *out, lp_err *err) {
    uint64_t nodes = a->node_room;
    if (a->n_nodes >= 1u << 31 || !room((void **)&a->nodes, &nodes, (uint64_t)a->n_nodes + 1, sizeof *a->nodes) ||
        !room((void **)&a->actions, &a->action_room, a->n_actions + n, sizeof *a->actions))
        return no_memory(err);
    a->node_room = (uint32_t)nodes;
    a->nodes[a->n_nodes] = (piece){parent, n, a->n_actions};
    if (n) memcpy(a->actions + a->n_actions, actions, n * sizeof *actions);
    a->n_actions += n;
    *out = a->n_nodes++;
    return LP_OK;
}

void archive_put_machine(archive *a, uint32_t index, unsigned char *machine, uint32_t bytes) {
    cell *c = &a->cells[index];
    a->machine_bytes += (int64_t)bytes - c->machine_bytes;
    free(c->machine);
    c->machine = machine;
    c->machine_bytes = bytes;
}

typedef struct {
    int64_t seen;
    uint32_t index;
} often;

static int most_seen_first(const void *a, const void *b) {
    const often *x = a, *y = b;
    if (x->seen != y->seen) return x->seen < y->seen ? 1 : -1;
    return x->index < y->index ? -1 : x->index > y->index;
}

lp_status archive_forget(archive *a, int64_t most, lp_err *err) {
    if (a->machine_bytes <= most) return LP_OK;
    often *order = malloc((size_t)a->n_cells * sizeof *order);
    uint32_t n = 0;
    if (!order) return no_memory(err);
    for (uint32_t i = 1; i < a->n_cells; i++)
        if (a->cells[i].machine) order[n++] = (often){a->cells[i].seen, i};
    qsort(order, n, sizeof *order, most_seen_first);
    for (uint32_t i = 0; i < n && a->machine_bytes > most; i++) archive_put_machine(a, order[i].index, NULL, 0);
    free(order);
    return LP_OK;
}

void archive_way(const archive *a, uint32_t at, uint16_t *out, int64_t depth) {
    for (; at; at = a->nodes[at].parent) {
        const piece *n = &a->nodes[at];
        depth -= n->n;
        if (n->n) memcpy(out + depth, a->actions + n->at, n->n * sizeof *out);
    }
}

/* ---- saved: counts, nodes, actions, cells, machines ---- */

enum { COUNTS_BYTES = 24, NODE_BYTES = 8, CELL_BYTES = 32 };

size_t archive_save_size(const archive *a) {
    return COUNTS_BYTES + (size_t)a->n_nodes * NODE_BYTES + a->n_actions * sizeof *a->actions + (size_t)a->n_cells * CELL_BYTES +
           (size_t)a->machine_bytes;
}

void archive_save(const archive *a, unsigned char *at) {
    const uint64_t counts[3] = {a->n_nodes, a->n_actions, a->n_cells};
    memcpy(at, counts, COUNTS_BYTES);
    at += COUNTS_BYTES;
    for (uint32_t i = 0; i < a->n_nodes; i++, at += NODE_BYTES) {
        memcpy(at, &a->nodes[i].parent, 4);
        memcpy(at + 4, &a->nodes[i].n, 4);
    }
    if (a->n_actions) memcpy(at, a->actions, a->n_actions * sizeof *a->actions);
    at += a->n_actions * sizeof *a->actions;
    for (uint32_t i = 0; i < a->n_cells; i++, at += CELL_BYTES) {
        const cell *c = &a->cells[i];
        memcpy(at, &c->key, 8);
        memcpy(at + 8, &c->depth, 8);
        memcpy(at + 16, &c->seen, 8);
        memcpy(at + 24, &c->node, 4);
        memcpy(at + 28, &c->machine_bytes, 4);
    }
    for (uint32_t i = 0; i < a->n_cells; at += a->cells[i++].machine_bytes)
        if (a->cells[i].machine) memcpy(at, a->cells[i].machine, a->cells[i].machine_bytes);
}

/* Every node's decisions from power-on into depths, as its parent comes before it. */
static lp_status load_ways(archive *a, const unsigned char **at, const uint64_t counts[3], int n_actions, int64_t *depths, lp_err *err) {
    uint64_t used = 0;
    a->nodes = calloc(counts[0], sizeof *a->nodes);
    a->actions = calloc(counts[1] + 1, sizeof *a->actions);
    if (!a->nodes || !a->actions) return no_memory(err);
    a->n_nodes = a->node_room = (uint32_t)counts[0];
    a->n_actions = counts[1], a->action_room = counts[1] + 1;
    for (uint32_t i = 0; i < a->n_nodes; i++, *at += NODE_BYTES) {
        piece *n = &a->nodes[i];
        memcpy(&n->parent, *at, 4);
        memcpy(&n->n, *at + 4, 4);
        n->at = used;
        if ((i ? n->parent >= i : n->parent || n->n) || n->n > counts[1] - used) return lp_fail(err, LP_BAD_INPUT, "a way is damaged");
        used += n->n;
        depths[i] = i ? depths[n->parent] + n->n : 0;
    }
    if (used != counts[1]) return lp_fail(err, LP_BAD_INPUT, "actions belong to no way");
    memcpy(a->actions, *at, counts[1] * sizeof *a->actions);
    *at += counts[1] * sizeof *a->actions;
    for (uint64_t i = 0; i < counts[1]; i++)
        if (a->actions[i] >= n_actions) return lp_fail(err, LP_BAD_INPUT, "an action that the game does not have");
    return LP_OK;
}

static lp_status load_cells(archive *a, const unsigned char *at, const unsigned char *end, uint64_t n, const int64_t *depths, lp_err *err) {
    const unsigned char *machine = at + n * CELL_BYTES;
    for (uint64_t i = 0; i < n; i++, at += CELL_BYTES) {
        uint64_t key;
        uint32_t index, bytes;
        memcpy(&key, at, 8);
        memcpy(&bytes, at + 28, 4);
        if (archive_find(a, key) >= 0) return lp_fail(err, LP_BAD_INPUT, "a cell stands twice");
        if (archive_add(a, key, &index, err)) return LP_FAILED;
        cell *c = &a->cells[index];
        memcpy(&c->depth, at + 8, 8);
        memcpy(&c->seen, at + 16, 8);
        memcpy(&c->node, at + 24, 4);
        if (c->node >= a->n_nodes || depths[c->node] != c->depth || c->seen < 0 || c->seen > (int64_t)1 << 62 ||
            bytes > (size_t)(end - machine))
            return lp_fail(err, LP_BAD_INPUT, "a cell is damaged");
        if (!bytes) continue;
        unsigned char *copy = malloc(bytes);
        if (!copy) return no_memory(err);
        memcpy(copy, machine, bytes);
        archive_put_machine(a, index, copy, bytes);
        machine += bytes;
    }
    return machine == end && n && a->cells[0].machine ? LP_OK : lp_fail(err, LP_BAD_INPUT, "machines are missing");
}

lp_status archive_load(archive *a, const unsigned char *data, size_t size_bytes, int n_actions, lp_err *err) {
    uint64_t counts[3];
    archive read;
    if (size_bytes < COUNTS_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
    memcpy(counts, data, COUNTS_BYTES);
    const size_t rest = size_bytes - COUNTS_BYTES;
    if (!counts[0] || counts[0] > rest / NODE_BYTES || counts[1] > rest / sizeof(uint16_t) || counts[2] > rest / CELL_BYTES ||
        counts[0] * NODE_BYTES + counts[1] * sizeof(uint16_t) + counts[2] * CELL_BYTES > rest)
        return lp_fail(err, LP_BAD_INPUT, "damaged");
    lp_status status = archive_open(&read, err);
    if (status) return status;
    free(read.nodes);
    read.nodes = NULL;
    const unsigned char *at = data + COUNTS_BYTES;
    int64_t *depths = malloc(counts[0] * sizeof *depths);
    if (!depths) status = no_memory(err);
    if (!status) status = load_ways(&read, &at, counts, n_actions, depths, err);
    if (!status) status = load_cells(&read, at, data + size_bytes, counts[2], depths, err);
    free(depths);
    if (status) {
        archive_close(&read);
        return status;
    }
    archive_close(a);
    *a = read;
    return LP_OK;
}
