/* The episodes of an evaluation: by the first byte any bytes, or lines behind the right head. What is taken is closed and opened again. */
#include "evals/episodes.h"
#include "tests/fuzz/fuzz.h"

static const char head_text[] = "{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"episodes\":3},{\"episodes\":2}]}";
static char path[64];

static void remove_path(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cJSON *head;
    static uint8_t text[1 << 17];
    lp_episodes *file;
    lp_err err;
    size_t n = 0;
    if (!head) {
        head = cJSON_Parse(head_text);
        close(fuzz_temporary(path, sizeof path, ".jsonl"));
        atexit(remove_path);
    }
    if (!size || size > sizeof text / 2) return 0;
    if (data[0] & 1) {
        char *line = cJSON_PrintUnformatted(head);
        n = (size_t)snprintf((char *)text, sizeof text, "%s\n", line);
        free(line);
    }
    memcpy(text + n, data + 1, size - 1);
    fuzz_write(path, text, n + size - 1);
    for (int again = 0; again < 2; again++) {
        lp_status status = lp_episodes_open(&file, path, head, &err);
        if (status && again) abort();
        if (status) return 0;
        for (int row = 0; row < 2; row++)
            for (int i = 0; i < 3 - row; i++)
                if ((unsigned)lp_episodes_row(file, row)[i].outcome > LP_TIMEOUT) abort();
        if (lp_episodes_close(file, &err)) abort();
    }
    return 0;
}
