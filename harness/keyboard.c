/* Held buttons as an action. See keyboard.h. */
#include "harness/keyboard.h"

#include "env/buttons.h"

uint16_t lp_keyboard_pad(uint16_t held) {
    static const uint16_t pairs[] = {LP_KEY_LEFT | LP_KEY_RIGHT, LP_KEY_UP | LP_KEY_DOWN};
    for (int i = 0; i < 2; i++)
        if ((held & pairs[i]) == pairs[i]) held &= (uint16_t)~pairs[i];
    return held;
}

void lp_keyboard_name(uint16_t keys, char *out, size_t size) { lp_keys_name(keys, out, size); }

int lp_keyboard_action(const lp_game *game, uint16_t held) {
    int best = 0, most = -1;
    held = lp_keyboard_pad(held);
    for (int a = 0; a < lp_game_n_actions(game); a++) {
        uint16_t keys = lp_game_action_keys(game, a);
        int pressed = __builtin_popcount(keys);
        if ((keys & ~held) || pressed <= most) continue;
        most = pressed;
        best = a;
    }
    return best;
}
