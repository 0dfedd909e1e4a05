/* Status codes and error messages.
 *
 * What can fail returns an lp_status and takes an lp_err* as its last parameter (NULL: no message wanted).
 * The message is one line that names the file, the field and the value at fault.
 */
#ifndef LP_BASE_STATUS_H
#define LP_BASE_STATUS_H

typedef enum {
    LP_OK = 0,
    LP_FAILED = 1,    /* the thing asked for could not be done or finished (exit code 1) */
    LP_BAD_INPUT = 2, /* the caller's file, setting or argument is at fault (exit code 2) */
} lp_status;

typedef struct {
    char message[512]; /* empty after LP_OK */
} lp_err;

/* Writes the message (printf-style) to err, if not NULL, and returns status. */
lp_status lp_fail(lp_err *err, lp_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the message already in err; returns status. */
lp_status lp_fail_prefix(lp_err *err, lp_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
