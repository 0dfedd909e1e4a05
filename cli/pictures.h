/* PNG files of a game's own screen, pixel by pixel. */
#ifndef LP_CLI_PICTURES_H
#define LP_CLI_PICTURES_H

#include "env/game_trial.h"

/* One picture, as lp_emu_frame gives it. LP_FAILED: out of memory, or the file cannot be written. */
lp_status lp_picture_write(const char *path, const uint32_t *frame, int width, int height, lp_err *err);
/* The end pictures of a trial's episodes on one sheet: rows of four, each framed by how it ended (green won, red lost, else grey). */
lp_status lp_contact_sheet_write(const char *path, const lp_trial *trial, lp_err *err);

#endif
