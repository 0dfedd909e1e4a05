/* The window: the one file that touches SDL's video and events.
 *
 * The picture keeps its shape at any window size (logical size), and is sharp where its caller paints it in the window's own pixels, as
 * lp_window_size and lp_painter_fit make it. Showing does not wait for the screen: the caller paces. SDL leaves SIGINT and SIGTERM to the
 * program. One window a process, on the main thread.
 */
#include "view/viewer.h"

#include "emulator/emulator.h"

#include <SDL.h>

#include <stdlib.h>
#include <string.h>

struct lp_window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture; /* the picture shown last, kept for when the window must be redrawn; NULL: none yet */
    int width, height;    /* the texture's */
    bool for_player;
    uint16_t held, tapped; /* buttons; tapped: pressed since they were last asked for, so that no short press is lost */
};

static bool named(const char *variable) {
    const char *value = getenv(variable);
    return value && *value;
}

/* Of SDL's drivers only those whose display is named: it would go on to others that draw for nobody, or say on stderr that they cannot. */
static bool start_video(void) {
    const char *drivers = !named("WAYLAND_DISPLAY") ? "x11" : named("DISPLAY") ? "x11,wayland" : "wayland";
    if (named("SDL_VIDEODRIVER")) drivers = getenv("SDL_VIDEODRIVER");
    SDL_SetHintWithPriority(SDL_HINT_VIDEODRIVER, drivers, SDL_HINT_OVERRIDE);
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    SDL_SetHint(SDL_HINT_RENDER_VSYNC, "0");
    return SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
}

bool lp_window_available(void) {
    if (!named("DISPLAY") && !named("WAYLAND_DISPLAY")) return false;
    if (!start_video()) return false;
    bool screen = SDL_GetNumVideoDisplays() > 0;
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    return screen;
}

/* In the same shape as large as the screen; the desktop takes its bars off that where it has some. */
static void shrink_to_screen(int *width, int *height) {
    SDL_Rect screen;
    if (SDL_GetDisplayBounds(0, &screen) || (*width <= screen.w && *height <= screen.h)) return;
    int by_width = *height * screen.w / *width;
    if (by_width <= screen.h) *height = by_width, *width = screen.w;
    else *width = *width * screen.h / *height, *height = screen.h;
}

lp_status lp_window_open(lp_window **out, const char *title, int width, int height, lp_err *err) {
    *out = NULL;
    lp_window *w = calloc(1, sizeof *w);
    if (!w) return lp_fail(err, LP_FAILED, "no memory for the window");
    if (!start_video()) {
        free(w);
        return lp_fail(err, LP_FAILED, "cannot open a window: %s", SDL_GetError());
    }
    shrink_to_screen(&width, &height);
    w->window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width, height,
                                 SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->window) w->renderer = SDL_CreateRenderer(w->window, -1, 0);
    if (w->window && !w->renderer) w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
    if (!w->renderer) {
        lp_fail(err, LP_FAILED, "cannot open a window: %s", SDL_GetError());
        lp_window_close(w);
        return LP_FAILED;
    }
    *out = w;
    return LP_OK;
}

void lp_window_close(lp_window *w) {
    if (!w) return;
    if (w->texture) SDL_DestroyTexture(w->texture);
    if (w->renderer) SDL_DestroyRenderer(w->renderer);
    if (w->window) SDL_DestroyWindow(w->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(w);
}

static void present(lp_window *w) {
    SDL_SetRenderDrawColor(w->renderer, 0, 0, 0, 255);
    SDL_RenderClear(w->renderer);
    if (w->texture) SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
    SDL_RenderPresent(w->renderer);
}

void lp_window_size(const lp_window *w, int *width, int *height) {
    if (SDL_GetRendererOutputSize(w->renderer, width, height)) *width = *height = 0;
}

void lp_window_show(lp_window *w, const uint32_t *pixels, int width, int height) {
    if (w->texture && (w->width != width || w->height != height)) {
        SDL_DestroyTexture(w->texture);
        w->texture = NULL;
    }
    if (!w->texture) {
        w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STREAMING, width, height);
        SDL_RenderSetLogicalSize(w->renderer, width, height);
        w->width = width;
        w->height = height;
    }
    if (w->texture) {
        int own_width, own_height;
        lp_window_size(w, &own_width, &own_height);
        bool reduced = own_width < width || own_height < height; /* a window too small for what is least */
        SDL_SetTextureScaleMode(w->texture, reduced ? SDL_ScaleModeLinear : SDL_ScaleModeNearest);
        SDL_UpdateTexture(w->texture, NULL, pixels, width * (int)sizeof *pixels);
    }
    present(w);
}

static void toggle_fullscreen(lp_window *w) {
    bool is_full = SDL_GetWindowFlags(w->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    SDL_SetWindowFullscreen(w->window, is_full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}

void lp_window_for_player(lp_window *w, bool for_player) { w->for_player = for_player; }

/* By what is printed on the key, not by its place. */
static uint16_t button_of(SDL_Keycode key) {
    switch (key) {
    case SDLK_x: return LP_KEY_A;
    case SDLK_z: return LP_KEY_B;
    case SDLK_BACKSPACE: return LP_KEY_SELECT;
    case SDLK_RETURN: return LP_KEY_START;
    case SDLK_RIGHT: return LP_KEY_RIGHT;
    case SDLK_LEFT: return LP_KEY_LEFT;
    case SDLK_UP: return LP_KEY_UP;
    case SDLK_DOWN: return LP_KEY_DOWN;
    case SDLK_s: return LP_KEY_R;
    case SDLK_a: return LP_KEY_L;
    default: return 0;
    }
}

uint16_t lp_window_buttons(lp_window *w) {
    uint16_t buttons = w->held | w->tapped;
    w->tapped = 0;
    return buttons;
}

static void note_button(lp_window *w, const SDL_KeyboardEvent *key) {
    uint16_t button = button_of(key->keysym.sym);
    if (key->type == SDL_KEYUP) {
        w->held &= (uint16_t)~button;
    } else if (!key->repeat) {
        w->held |= button;
        w->tapped |= button;
    }
}

static lp_keypress keypress_of(const lp_window *w, const SDL_KeyboardEvent *key) {
    /* Digits by place, too: on some layouts they need Shift. */
    if (key->keysym.scancode == SDL_SCANCODE_1 && !key->repeat) return LP_KEYPRESS_SPEED_1;
    if (key->keysym.scancode == SDL_SCANCODE_4 && !key->repeat) return LP_KEYPRESS_SPEED_4;
    SDL_Keycode step = w->for_player ? SDLK_n : SDLK_s;   /* a player's S is a button */
    if (key->keysym.sym == step) return LP_KEYPRESS_STEP; /* held down it steps on */
    if (key->repeat) return LP_KEYPRESS_NONE;
    switch (key->keysym.sym) {
    case SDLK_SPACE: return LP_KEYPRESS_PAUSE;
    case SDLK_1:
    case SDLK_KP_1: return LP_KEYPRESS_SPEED_1;
    case SDLK_4:
    case SDLK_KP_4: return LP_KEYPRESS_SPEED_4;
    case SDLK_m: return LP_KEYPRESS_SPEED_MAX;
    case SDLK_p: return LP_KEYPRESS_SHOT;
    case SDLK_q: return LP_KEYPRESS_QUIT;
    case SDLK_PLUS:
    case SDLK_EQUALS:
    case SDLK_KP_PLUS: return LP_KEYPRESS_LOUDER;
    case SDLK_MINUS:
    case SDLK_KP_MINUS: return LP_KEYPRESS_QUIETER;
    case SDLK_v: return LP_KEYPRESS_MUTE;
    default: return LP_KEYPRESS_NONE;
    }
}

lp_keypress lp_window_poll(lp_window *w) {
    SDL_Event event;
    while (SDL_PollEvent(&event)) {
        lp_keypress press = LP_KEYPRESS_NONE;
        if (event.type == SDL_QUIT) press = LP_KEYPRESS_QUIT;
        else if (event.type == SDL_KEYDOWN) press = keypress_of(w, &event.key);
        if (event.type == SDL_KEYDOWN && event.key.keysym.sym == SDLK_f && !event.key.repeat) toggle_fullscreen(w);
        if (event.type == SDL_KEYDOWN || event.type == SDL_KEYUP) note_button(w, &event.key);
        if (event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_FOCUS_LOST) w->held = 0;
        if (event.type == SDL_WINDOWEVENT && event.window.event == SDL_WINDOWEVENT_EXPOSED) present(w);
        if (press) return press;
    }
    return LP_KEYPRESS_NONE;
}
