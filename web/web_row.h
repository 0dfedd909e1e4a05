/* What the memory has, as JSON: the same in `longplay memory --json` and on the web page, and in builds without it. */
#ifndef LP_WEB_WEB_ROW_H
#define LP_WEB_WEB_ROW_H

#include "memory/store.h"

#include <cjson/cJSON.h>

cJSON *lp_row_json(const lp_store_row *row);

#endif
