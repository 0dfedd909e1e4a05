/* Variables: parsing, reading, writing. See variable.h. */
#include "env/variable.h"

#include "base/contract.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef enum { LITTLE, BIG, LOW_HALF_FIRST, HIGH_HALF_FIRST } byte_order;

/* Where the byte of this rank stands, 0 being the least significant. */
static int offset_of(byte_order order, int width, int rank) {
    int half = width / 2; /* of an odd width the first half is the shorter */
    switch (order) {
    case LITTLE: return rank;
    case BIG: return width - 1 - rank;
    case LOW_HALF_FIRST: return rank < half ? half - 1 - rank : width - 1 - (rank - half);
    default: return rank < width - half ? half + rank : rank - (width - half);
    }
}

static bool parse_type(lp_variable *v, const char *type) {
    static const struct {
        const char *text;
        byte_order order;
    } orders[] = {
        {"<>", LOW_HALF_FIRST}, {"><", HIGH_HALF_FIRST}, {">=", HIGH_HALF_FIRST}, {"<=", LITTLE}, {"<", LITTLE}, {">", BIG}, {"|", LITTLE},
        {"=", LITTLE}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        size_t n = strlen(orders[i].text);
        if (strncmp(type, orders[i].text, n)) continue;
        char kind = type[n], width = kind ? type[n + 1] : 0;
        if (!kind || !strchr("uidn", kind) || width < '1' || width > '8' || type[n + 2]) return false;
        v->kind = kind;
        v->width_bytes = width - '0';
        uint64_t weight = 1;
        for (int rank = 0; rank < v->width_bytes; rank++) {
            v->weight[offset_of(orders[i].order, v->width_bytes, rank)] = weight;
            weight *= kind == 'd' ? 100 : kind == 'n' ? 10 : 256;
        }
        return true;
    }
    return false;
}

/* A mask is a whole number; a negative one stands for its two's complement. */
static bool parse_mask(uint64_t *out, const cJSON *item, const lp_place *where, lp_findings *r) {
    const cJSON *mask = cJSON_GetObjectItemCaseSensitive(item, "mask");
    const double exact = 9007199254740992.0, all_ones = 18446744073709551616.0; /* 2^53; what 2^64 - 1 is read as */
    *out = UINT64_MAX;
    if (!mask || (cJSON_IsNumber(mask) && mask->valuedouble == all_ones)) return true;
    if (!cJSON_IsNumber(mask) || mask->valuedouble != floor(mask->valuedouble) || !(fabs(mask->valuedouble) <= exact)) {
        const lp_place at = lp_place_field(where, "mask");
        lp_report_error(r, &at, "must be a whole number, at most 2^53 from 0 (a negative one sets the upper bits)");
        return false;
    }
    *out = (uint64_t)(int64_t)mask->valuedouble;
    return true;
}

bool lp_variable_parse(lp_variable *out, const char *name, const cJSON *item, lp_system system, const char *known, bool strict,
                       const lp_place *where, lp_findings *r) {
    *out = (lp_variable){.kind = 'u', .width_bytes = 1, .weight = {1}, .mask = UINT64_MAX};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (!cJSON_IsObject(item)) {
        lp_report_error(r, where, "must be an object with address and type");
        return false;
    }
    bool good = strlen(name) < LP_NAME_BYTES;
    if (!good) lp_report_error(r, where, "its name is longer than %d bytes", LP_NAME_BYTES - 1);
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "type"));
    if (!type || !parse_type(out, type)) {
        const lp_place at = lp_place_field(where, "type");
        lp_report_error(r, &at, "'%.20s' is no type: < > | = <> >< >= or <=, then u i d or n, then 1 to 8 bytes", type ? type : "");
        good = false;
    }
    int64_t address, last = system == LP_SYSTEM_GBA ? 0x0fffffff : 0xffff;
    good &= lp_json_int(item, "address", 0, last - (out->width_bytes - 1), NULL, &address, where, r);
    out->address = (uint32_t)address;
    good &= parse_mask(&out->mask, item, where, r);
    return lp_json_known(item, known, strict, where, r) && good;
}

int64_t lp_variable_read(const lp_variable *v, lp_emu *emu) {
    uint64_t value = 0;
    for (int i = 0; i < v->width_bytes; i++) {
        uint64_t byte = lp_emu_read8(emu, v->address + (uint32_t)i);
        if (v->kind == 'd') byte = (byte >> 4) % 10 * 10 + (byte & 15) % 10; /* A to F count as 0 to 5 */
        if (v->kind == 'n') byte = (byte & 15) % 10;
        value += byte * v->weight[i];
    }
    int bits = 8 * v->width_bytes;
    if (v->kind == 'i' && bits < 64 && value >> (bits - 1)) value |= ~(uint64_t)0 << bits;
    return (int64_t)(value & v->mask);
}

void lp_variable_write(const lp_variable *v, lp_emu *emu, int64_t value, void (*poke)(void *, uint32_t, uint8_t), void *context) {
    LP_CHECK(v->kind == 'u' || v->kind == 'i');
    for (int i = 0; i < v->width_bytes; i++) {
        uint32_t address = v->address + (uint32_t)i;
        uint8_t byte = (uint8_t)((uint64_t)value / v->weight[i]);
        lp_emu_write8(emu, address, byte);
        if (poke) poke(context, address, byte);
    }
}

int lp_variable_find(const lp_variable *variables, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(variables[i].name, name)) return i;
    return -1;
}
