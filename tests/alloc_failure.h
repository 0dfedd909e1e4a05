/* A library to preload (alloc_failure.c) that makes one allocation of a program fail. What is to fail, and what came of it, stands in
 * a file that the program and its test both map: LONGPLAY_ALLOC_FAILURE names it. */
#ifndef LP_TESTS_ALLOC_FAILURE_H
#define LP_TESTS_ALLOC_FAILURE_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    char from[32];         /* whose allocations count: "": the program's own, otherwise of libraries with this in their file's name */
    int64_t fail_at;       /* the first to fail, counted from 1; 0: none does */
    int64_t n_fail;        /* how many fail in a row */
    _Atomic int64_t count; /* allocations seen */
    _Atomic int64_t failed;
} alloc_failure_plan;

#endif
