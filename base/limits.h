/* What several folders share: limits, so that what one of them lets in fits all the others. */
#ifndef LP_BASE_LIMITS_H
#define LP_BASE_LIMITS_H

enum { LP_MAX_ACTIONS = 512 }; /* of a game; a policy chooses among them */

/* In the place of an action's log probability, which is never above 0: the action was not drawn by the policy but told, by a demonstration. */
#define LP_TOLD 1.0f

#endif
