/* Any bytes as what a chat server sends: lines, messages, what nick and text become; and as an address. */
#include "base/utf8.h"
#include "irc/irc_line.h"
#include "tests/fuzz/fuzz.h"

static void expect_clean(const char *text) {
    const size_t n = strlen(text);
    for (size_t k = 0; k < n;) {
        uint32_t c = 0;
        const int length = lp_utf8_decode((const unsigned char *)text + k, n - k, &c);
        if (length <= 0 || c < ' ' || lp_utf8_is_obeyed(c)) abort();
        k += (size_t)length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_irc_reader reader = {.n = 0};
    lp_irc_message m;
    lp_irc_address address;
    char text[LP_IRC_BYTES], line[LP_IRC_BYTES + 1], url[600];
    for (size_t i = 0; i < size; i++) {
        if (!lp_irc_take(&reader, (char)data[i]) || !lp_irc_parse(&m, reader.line)) continue;
        expect_clean(m.nick);
        for (int k = 0; k < m.n_params; k++) {
            lp_irc_clean(text, sizeof text, m.param[k]);
            expect_clean(text);
            if (lp_irc_privmsg(line, m.nick, "#games", text) > LP_IRC_BYTES) abort();
        }
    }
    snprintf(url, sizeof url, "%.*s", (int)(size < sizeof url ? size : sizeof url - 1), (const char *)data);
    if (!lp_irc_address_read(&address, url, NULL) && strpbrk(address.channel, " \r\n,")) abort();
    return 0;
}
