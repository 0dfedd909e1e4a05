/* longplay bench emulator: the speed of emulation, ROM by ROM, and how it is spread over many of them. */
#ifndef LP_CLI_BENCH_ROMS_H
#define LP_CLI_BENCH_ROMS_H

#include "bench/bench.h"

/* Of the games, ROMs and folders of ROMs (searched through) that a names, else of what ships. Of several, one that is refused is told, counted and passed by. */
lp_status lp_bench_roms(const lp_bench_arguments *a, cJSON *o, lp_err *err);

#endif
