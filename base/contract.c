#include "base/contract.h"

#include <stdio.h>
#include <stdlib.h>

void lp_contract_broken(const char *file, int line, const char *condition) {
    fprintf(stderr, "longplay: %s:%d: broken contract: %s\n", file, line, condition);
    abort();
}
