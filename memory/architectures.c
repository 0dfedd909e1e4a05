/* The architectures of memory that there are, in the order in which they are listed. A line each; arch_NAME.c defines lp_mem_NAME. Nothing
 * else is defined here, so that a program may bring a list of its own. */
#include "memory/arch.h"

#define ARCHITECTURES(ARCH)                                                                                                                \
    ARCH(none)                                                                                                                             \
    ARCH(window)                                                                                                                           \
    ARCH(tree)                                                                                                                             \
    ARCH(flat)                                                                                                                             \
    ARCH(reservoir)                                                                                                                        \
    ARCH(full)                                                                                                                             \
    ARCH(knn)                                                                                                                              \
    ARCH(descend)

#define DECLARE(name) extern const lp_mem_arch lp_mem_##name;
#define ENTRY(name) &lp_mem_##name,

ARCHITECTURES(DECLARE)
const lp_mem_arch *const lp_mem_archs[] = {ARCHITECTURES(ENTRY) NULL};
