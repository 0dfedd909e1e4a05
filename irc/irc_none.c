/* What stands in for the chat where Longplay is built without it (-DLP_IRC=OFF). */
#include "irc/irc.h"

#include "base/contract.h"

lp_status lp_irc_check(const char *address, lp_err *err) {
    (void)address;
    return lp_fail(err, LP_BAD_INPUT, "--chat: this longplay was built without chat (LP_IRC=OFF)");
}

lp_status lp_irc_open(lp_irc **out, const lp_irc_config *config, lp_err *err) {
    *out = NULL;
    return lp_irc_check(config->address, err);
}

void lp_irc_close(lp_irc *chat) { LP_CHECK(!chat); /* none can be had */ }

void lp_irc_tell(lp_irc *chat, const char *text) {
    (void)text;
    LP_CHECK(chat);
}

void lp_irc_say(lp_irc *chat, const char *text) {
    (void)text;
    LP_CHECK(chat);
}

void lp_irc_reply(lp_irc *chat, const char *text) {
    (void)text;
    LP_CHECK(chat);
}

bool lp_irc_mark(lp_irc *chat, char text[LP_IRC_TEXT_BYTES]) {
    (void)text;
    LP_CHECK(chat);
    return false;
}

bool lp_irc_elect(lp_irc *chat, char *knobs, size_t size) {
    (void)knobs, (void)size;
    LP_CHECK(chat);
    return false;
}

lp_irc_state lp_irc_look(lp_irc *chat) {
    LP_CHECK(chat);
    return (lp_irc_state){0};
}
