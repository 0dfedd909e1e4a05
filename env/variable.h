/* RAM variables in stable-retro's types: {"address": 49327, "type": "<u2", "mask": 255}.
 *
 * A type is byte order, kind, bytes. Orders: < little-endian, > big-endian, | and = little-endian, and the mixed ones: the
 * bytes in two halves, "<>" the lower half first and each half big-endian, "><" the upper half first and each half
 * little-endian; ">=" is "><", "<=" is "<". Kinds: u unsigned, i signed, d binary-coded decimal (two digits a byte), n a
 * decimal digit in a byte's low nibble. Bytes: 1 to 8. The value's two's complement is masked last. Internal to harness/. */
#ifndef LP_ENV_VARIABLE_H
#define LP_ENV_VARIABLE_H

#include "emulator/emulator.h"
#include "env/json.h"

enum { LP_NAME_BYTES = 64 };

typedef struct {
    char name[LP_NAME_BYTES];
    uint32_t address;
    char kind;
    int width_bytes;    /* 1 to 8 */
    uint64_t weight[8]; /* what the byte at address + i, as a digit, counts */
    uint64_t mask;
} lp_variable;

/* where: the variable's. known: the fields that item may have, as lp_json_known takes them, strict as there. Reports what is
 * wrong and returns false; *out is then a variable all the same. */
bool lp_variable_parse(lp_variable *out, const char *name, const cJSON *item, lp_system system, const char *known, bool strict,
                       const lp_place *where, lp_findings *r);
int64_t lp_variable_read(const lp_variable *v, lp_emu *emu);
/* Writes value into a variable of kind u or i; poke, where not NULL, is told each byte. */
void lp_variable_write(const lp_variable *v, lp_emu *emu, int64_t value, void (*poke)(void *context, uint32_t address, uint8_t value),
                       void *context);
/* The index of the name among variables, or -1. */
int lp_variable_find(const lp_variable *variables, int n, const char *name);

#endif
