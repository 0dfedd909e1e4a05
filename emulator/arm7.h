/* Instructions of the Game Boy Advance's CPU, an ARM7TDMI: both sets, ARM and Thumb, as one. Thumb's are ARM's in fewer bits, so what an
 * instruction does is said in one place, whoever carries it out. Source: ARM Architecture Reference Manual (ARM DDI 0100), chapters A3, A5
 * and A7. Internal to emulator/. */
#ifndef LP_EMULATOR_ARM7_H
#define LP_EMULATOR_ARM7_H

#include <stdbool.h>
#include <stdint.h>

enum { LP_ARM_SP = 13, LP_ARM_LR = 14, LP_ARM_PC = 15 };

typedef enum {
    LP_ARM_OTHER, /* left to libmgba: calls of the BIOS, what writes the status, what is undefined or nobody writes */
    LP_ARM_NOTHING,
    LP_ARM_ALU,
    LP_ARM_MULTIPLY,
    LP_ARM_MEMORY,
    LP_ARM_MULTIPLE,
    LP_ARM_STATUS,       /* MRS: rd = the status; is_saved: that of the mode before */
    LP_ARM_BRANCH,       /* to `value` */
    LP_ARM_EXCHANGE,     /* BX to rm */
    LP_ARM_LINK_PREPARE, /* Thumb's BL, first half: LR = value */
    LP_ARM_LINK,         /* second half: to LR + value */
} lp_arm_kind;

/* As ARM's opcodes number them. */
enum {
    LP_ALU_AND,
    LP_ALU_EOR,
    LP_ALU_SUB,
    LP_ALU_RSB,
    LP_ALU_ADD,
    LP_ALU_ADC,
    LP_ALU_SBC,
    LP_ALU_RSC,
    LP_ALU_TST,
    LP_ALU_TEQ,
    LP_ALU_CMP,
    LP_ALU_CMN,
    LP_ALU_ORR,
    LP_ALU_MOV,
    LP_ALU_BIC,
    LP_ALU_MVN
};
enum { LP_SHIFT_LSL, LP_SHIFT_LSR, LP_SHIFT_ASR, LP_SHIFT_ROR };
enum { LP_COND_EQ, LP_COND_NE, LP_COND_CS, LP_COND_CC, LP_COND_MI, LP_COND_PL, LP_COND_VS, LP_COND_VC };
enum { LP_COND_HI = 8, LP_COND_LS, LP_COND_GE, LP_COND_LT, LP_COND_GT, LP_COND_LE, LP_COND_ALWAYS, LP_COND_NEVER };

typedef struct {
    uint32_t pc;
    uint8_t kind; /* lp_arm_kind */
    uint8_t condition;
    uint8_t alu;
    bool sets;              /* the flags */
    bool thumb;             /* of the Thumb set */
    uint8_t rd, rn, rm, rs; /* MULTIPLY: rd the low or only half, rn the high half or what is added */
    /* The second operand, or an offset: a value, or rm shifted by `amount` (0 of LSR and ASR: 32; of ROR: with carry, by one) or by rs. */
    bool is_value, by_register;
    bool has_carry; /* of a value: it is what the shifter's carry becomes, bit 31; else that is the C flag's */
    uint8_t shift, amount;
    uint32_t value; /* MULTIPLE: which registers */
    bool subtracts; /* an offset; MULTIPLE: downwards */
    bool before, writes_back, loads, is_signed;
    uint8_t size; /* bytes */
    bool links;   /* BRANCH: LR = the next instruction's address (with bit 0 set in Thumb) */
    bool accumulates, is_long, is_saved;
} lp_arm_op;

/* What R15 reads as while it runs. */
static inline uint32_t lp_arm_r15(const lp_arm_op *op) { return op->pc + (op->thumb ? 4 : 8); }
static inline uint32_t lp_arm_next(const lp_arm_op *op) { return op->pc + (op->thumb ? 2 : 4); }

lp_arm_op lp_arm_decode(uint32_t pc, uint32_t instruction);
lp_arm_op lp_thumb_decode(uint32_t pc, uint16_t instruction);

#endif
