/* Limits that several folders share, so that what one of them lets in fits all the others. */
#ifndef LP_BASE_LIMITS_H
#define LP_BASE_LIMITS_H

enum { LP_MAX_ACTIONS = 512 }; /* of a game; a policy chooses among them */

#endif
