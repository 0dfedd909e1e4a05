/* The registers and arithmetic of the Game Boy's CPU, an SM83: what an instruction does apart from reaching memory. Registers are
 * in pairs, as a computer's own like them best. Source: Pan Docs, "CPU instruction set". Internal to emulator/. */
#ifndef LP_EMULATOR_SM83_H
#define LP_EMULATOR_SM83_H

#include <stdbool.h>
#include <stdint.h>

enum { Z = 0x80, N = 0x40, H = 0x20, C = 0x10 }; /* in f: zero, subtraction, half carry, carry */

typedef struct {
    uint16_t bc, de, hl, sp;
    uint8_t a, f;
} registers;

extern const uint8_t lp_sm83_length[256]; /* an instruction's bytes */
extern const uint8_t lp_sm83_cycles[256]; /* its machine cycles, at most; CB: of all that begin with it */

#define ALWAYS static inline __attribute__((always_inline))
#define HIGH(pair, value) ((uint16_t)((pair & 0xFF) | (value) << 8))
#define LOW(pair, value) ((uint16_t)((pair & 0xFF00) | (uint8_t)(value)))

/* A register as opcodes number them: B C D E H L (HL) A. */
ALWAYS uint8_t get(const registers *r, int index) {
    switch (index & 7) {
    case 0: return (uint8_t)(r->bc >> 8);
    case 1: return (uint8_t)r->bc;
    case 2: return (uint8_t)(r->de >> 8);
    case 3: return (uint8_t)r->de;
    case 4: return (uint8_t)(r->hl >> 8);
    case 5: return (uint8_t)r->hl;
    default: return r->a;
    }
}

ALWAYS void set(registers *r, int index, uint8_t value) {
    switch (index & 7) {
    case 0: r->bc = HIGH(r->bc, value); break;
    case 1: r->bc = LOW(r->bc, value); break;
    case 2: r->de = HIGH(r->de, value); break;
    case 3: r->de = LOW(r->de, value); break;
    case 4: r->hl = HIGH(r->hl, value); break;
    case 5: r->hl = LOW(r->hl, value); break;
    default: r->a = value; break;
    }
}

/* Conditions as opcodes number them: NZ Z NC C. */
ALWAYS bool holds(const registers *r, int index) { return ((r->f & (index & 2 ? C : Z)) != 0) == (index & 1); }

ALWAYS void add(registers *r, uint8_t value, int carry) {
    int sum = r->a + value + carry;
    r->f = (uint8_t)(((sum & 0xFF) ? 0 : Z) | ((r->a ^ value ^ sum) & 0x10 ? H : 0) | (sum > 0xFF ? C : 0));
    r->a = (uint8_t)sum;
}

ALWAYS uint8_t subtract(registers *r, uint8_t value, int carry) {
    int difference = r->a - value - carry;
    r->f = (uint8_t)(((difference & 0xFF) ? 0 : Z) | N | ((r->a ^ value ^ difference) & 0x10 ? H : 0) | (difference < 0 ? C : 0));
    return (uint8_t)difference;
}

ALWAYS void logic(registers *r, int result, int flags) {
    r->a = (uint8_t)result;
    r->f = (uint8_t)((r->a ? 0 : Z) | flags);
}

/* As opcodes number them: ADD ADC SUB SBC AND XOR OR CP. */
ALWAYS void arithmetic(registers *r, int operation, uint8_t value) {
    int carry = r->f >> 4 & 1;
    switch (operation) {
    case 0: add(r, value, 0); break;
    case 1: add(r, value, carry); break;
    case 2: r->a = subtract(r, value, 0); break;
    case 3: r->a = subtract(r, value, carry); break;
    case 4: logic(r, r->a & value, H); break;
    case 5: logic(r, r->a ^ value, 0); break;
    case 6: logic(r, r->a | value, 0); break;
    default: subtract(r, value, 0); break;
    }
}

ALWAYS uint8_t increment(registers *r, uint8_t value) {
    uint8_t result = (uint8_t)(value + 1);
    r->f = (uint8_t)((r->f & C) | (result ? 0 : Z) | ((value & 15) == 15 ? H : 0));
    return result;
}

ALWAYS uint8_t decrement(registers *r, uint8_t value) {
    uint8_t result = (uint8_t)(value - 1);
    r->f = (uint8_t)((r->f & C) | N | (result ? 0 : Z) | ((value & 15) ? 0 : H));
    return result;
}

ALWAYS void add_hl(registers *r, uint16_t value) {
    uint32_t sum = (uint32_t)r->hl + value;
    r->f = (uint8_t)((r->f & Z) | ((r->hl ^ value ^ sum) & 0x1000 ? H : 0) | (sum > 0xFFFF ? C : 0));
    r->hl = (uint16_t)sum;
}

ALWAYS uint16_t add_sp(registers *r, uint8_t offset) {
    r->f = (uint8_t)(((r->sp & 15) + (offset & 15) > 15 ? H : 0) | ((r->sp & 255) + offset > 255 ? C : 0));
    return (uint16_t)(r->sp + (int8_t)offset);
}

ALWAYS void adjust_decimal(registers *r) {
    int a = r->a;
    if (r->f & N) {
        a += (r->f & H ? 0xFA : 0) + (r->f & C ? 0xA0 : 0);
    } else {
        if ((a & 15) > 9 || r->f & H) a += 6;
        if ((a & 0x1F0) > 0x90 || r->f & C) {
            a += 0x60;
            r->f |= C;
        }
    }
    r->a = (uint8_t)a;
    r->f = (uint8_t)((r->f & (N | C)) | (r->a ? 0 : Z));
}

/* The eight rotations and shifts of CB 00 to 3F, flags included. */
ALWAYS uint8_t rotate(registers *r, int operation, uint8_t value) {
    int carry = r->f >> 4 & 1, out, result;
    switch (operation) {
    case 0: out = value >> 7, result = value << 1 | out; break;
    case 1: out = value & 1, result = value >> 1 | out << 7; break;
    case 2: out = value >> 7, result = value << 1 | carry; break;
    case 3: out = value & 1, result = value >> 1 | carry << 7; break;
    case 4: out = value >> 7, result = value << 1; break;
    case 5: out = value & 1, result = value >> 1 | (value & 0x80); break;
    case 6: out = 0, result = value << 4 | value >> 4; break;
    default: out = value & 1, result = value >> 1; break;
    }
    result &= 0xFF;
    r->f = (uint8_t)((result ? 0 : Z) | (out ? C : 0));
    return (uint8_t)result;
}

/* CB: rotate, test, clear and set a bit; the result, for those that write one. */
ALWAYS uint8_t bits(registers *r, uint8_t operation, uint8_t value) {
    int bit = 1 << (operation >> 3 & 7);
    switch (operation >> 6) {
    case 0: return rotate(r, operation >> 3, value);
    case 1: r->f = (uint8_t)((r->f & C) | H | (value & bit ? 0 : Z)); return value;
    case 2: return (uint8_t)(value & ~bit);
    default: return (uint8_t)(value | bit);
    }
}

#endif
