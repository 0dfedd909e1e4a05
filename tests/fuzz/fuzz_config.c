/* Any bytes as an .ini of training's settings: what is taken prints as a text that reads as the same settings. */
#include "train/train.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lp_train_config config, again;
    static char text[1 << 20], second[1 << 20];
    lp_err err;
    lp_config_defaults(&config, lp_train_settings(), lp_n_train_settings());
    if (lp_config_read(&config, sizeof config, lp_train_settings(), lp_n_train_settings(), fuzz_file(data, size), &err)) return 0;
    int n = lp_config_print(&config, lp_train_settings(), lp_n_train_settings(), text, sizeof text);
    lp_config_defaults(&again, lp_train_settings(), lp_n_train_settings());
    if (lp_config_read(&again, sizeof again, lp_train_settings(), lp_n_train_settings(), fuzz_file((uint8_t *)text, (size_t)n), &err))
        abort();
    lp_config_print(&again, lp_train_settings(), lp_n_train_settings(), second, sizeof second);
    if (strcmp(text, second)) abort();
    return 0;
}
