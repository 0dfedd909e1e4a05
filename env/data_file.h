/* Adding to data.json by program, for longplay game ram: what is there stays as it is, byte by byte. */
#ifndef LP_ENV_DATA_FILE_H
#define LP_ENV_DATA_FILE_H

#include "base/status.h"

#include <stdint.h>

/* Adds a variable to folder/data.json, which is made where there is none; atomic. type: as in data.json. LP_BAD_INPUT, with nothing
 * changed: a name that cannot be one or is taken, a file that is damaged; LP_FAILED: a full disk. */
lp_status lp_data_file_add(const char *folder, const char *name, uint32_t address, const char *type, lp_err *err);

#endif
