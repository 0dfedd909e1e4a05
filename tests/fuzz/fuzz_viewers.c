/* Any bytes as a run's viewers.txt: what is taken, written down again, reads the same. */
#include "harness/run_parts.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char line[1024], folder[64];
    lp_viewer_words words = {0}, again = {0};
    static char path[64];
    if (!*path) {
        snprintf(path, sizeof path, "%s/longplay-fuzz-XXXXXX", access("/dev/shm", W_OK) ? P_tmpdir : "/dev/shm");
        if (!mkdtemp(path)) abort();
    }
    snprintf(folder, sizeof folder, "%s", path);
    snprintf(line, sizeof line, "%s/viewers.txt", folder);
    fuzz_write(line, data, size);
    if (lp_viewer_words_open(&words, folder, 0, NULL)) return lp_viewer_words_close(&words), unlink(line), 0;
    unlink(line);
    if (lp_viewer_words_open(&again, folder, 0, NULL) || again.n) abort();
    for (int i = 0; i < words.n; i++)
        if (lp_viewer_words_add(&again, words.list[i].decision, words.list[i].vote, words.list[i].text, NULL)) abort();
    lp_viewer_words_close(&again);
    again = (lp_viewer_words){0};
    if (lp_viewer_words_open(&again, folder, 0, NULL) || again.n != words.n) abort();
    lp_viewer_words_close(&again);
    lp_viewer_words_close(&words);
    unlink(line);
    return 0;
}
