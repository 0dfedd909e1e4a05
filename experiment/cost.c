/* What a cell's network and memory cost, and the width at which a network costs as much as another. */
#include "experiment/plan.h"

#include <math.h>

lp_status lp_plan_match(lp_train_config *config, const lp_game *game, size_t parameters, lp_err *err) {
    lp_policy_config shape = lp_train_shape(config, game);
    lp_policy_cost now, cost[2];
    lp_status status = lp_policy_count(&now, &shape, err);
    if (status || now.parameters == parameters) return status;
    const int asked = now.hidden;
    int low = 1, high = 8192; /* policy.hidden's range; a wider network has no fewer parameters */
    while (low < high && !status) {
        shape.hidden = low + (high - low) / 2;
        status = lp_policy_count(&now, &shape, err);
        if (now.parameters < parameters) low = shape.hidden + 1;
        else high = shape.hidden;
    }
    int best = 0;
    for (int i = 0; i < 2 && !status; i++) { /* the least that has as many, and the one before it */
        shape.hidden = low - i > 0 ? low - i : 1;
        status = lp_policy_count(&cost[i], &shape, err);
        if (!status && fabs((double)cost[i].parameters - (double)parameters) < fabs((double)cost[best].parameters - (double)parameters))
            best = i;
    }
    if (status) return status;
    const double off = (double)cost[best].parameters / (double)parameters - 1;
    if (fabs(off) > LP_PLAN_MATCH)
        return lp_fail(
            err, LP_BAD_INPUT,
            "experiment.match: %zu parameters are wanted, policy.hidden = %d comes nearest with %zu, %.1f %% off; at most %.0f %%",
            parameters, cost[best].hidden, cost[best].parameters, 100 * fabs(off), 100 * LP_PLAN_MATCH);
    if (cost[best].hidden != asked) config->hidden = cost[best].hidden;
    return LP_OK;
}

lp_status lp_plan_cost(lp_plan_cell *c, const lp_game *game, lp_err *err) {
    const lp_policy_config shape = lp_train_shape(&c->config, game);
    lp_mem_config memory = lp_train_memory(&c->config, game);
    lp_status status = lp_policy_count(&c->cost, &shape, err);
    if (!status) status = lp_mem_complete(&memory, err);
    if (status) return status;
    c->memory_bytes = (int64_t)lp_mem_need(&memory);
    c->context_items = lp_mem_max_context(&memory);
    return LP_OK;
}
