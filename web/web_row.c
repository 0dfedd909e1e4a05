#include "web/web_row.h"

#include <stdio.h>
#include <string.h>

cJSON *lp_row_json(const lp_store_row *row) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", row->id);
    cJSON_AddNumberToObject(o, "episode", (double)row->episode);
    cJSON_AddNumberToObject(o, "level", (double)row->level);
    cJSON_AddNumberToObject(o, "first_step", (double)row->first);
    cJSON_AddNumberToObject(o, "last_step", (double)row->last);
    cJSON_AddNumberToObject(o, "decision", (double)row->decision);
    if (*row->parent) cJSON_AddStringToObject(o, "parent", row->parent);
    else cJSON_AddNullToObject(o, "parent");
    if (row->level) {
        cJSON *items = cJSON_AddArrayToObject(o, "items");
        for (const char *one = row->items ? row->items : ""; *one; one += strcspn(one, " "), one += strspn(one, " ")) {
            char id[64];
            snprintf(id, sizeof id, "%.*s", (int)strcspn(one, " "), one);
            cJSON_AddItemToArray(items, cJSON_CreateString(id));
        }
    } else {
        if (row->dropped) cJSON_AddTrueToObject(o, "dropped");
        else cJSON_AddNumberToObject(o, "salience", row->salience);
    }
    if (row->text) cJSON_AddStringToObject(o, "text", row->text);
    else cJSON_AddNullToObject(o, "text");
    return o;
}
