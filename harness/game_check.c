/* Says what is wrong in a game folder. See game_check.h. */
#include "harness/game_check.h"

#include "harness/game_impl.h"

int lp_game_check(const char *dir, void (*say)(void *context, bool is_error, const char *line), void *context) {
    lp_game *game;
    lp_err err;
    if (lp_game_open(&game, dir, &err)) {
        say(context, true, err.message);
        return 1;
    }
    if (!game->win.n) say(context, false, "longplay.json: no win: nothing here can be won, so there is nothing to learn or to compare");
    else if (!game->audit.n) say(context, false, "longplay.json: no audit: a win is believed without a second look");
    lp_game_close(game);
    return 0;
}
