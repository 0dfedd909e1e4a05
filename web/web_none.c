/* What stands in for the web page where Longplay is built without it (-DLP_WEB=OFF). */
#include "web/web.h"

#include "base/contract.h"

#include <stddef.h>

lp_status lp_web_open(lp_web **out, const lp_web_config *config, lp_err *err) {
    *out = NULL;
    return lp_fail(err, LP_BAD_INPUT, "--web %s: this longplay was built without its web page (LP_WEB=OFF)", config->address);
}

void lp_web_close(lp_web *web) { LP_CHECK(!web); /* none can be had */ }

const char *lp_web_url(const lp_web *web) {
    LP_CHECK(web);
    return "";
}

bool lp_web_wants(lp_web *web) {
    LP_CHECK(web);
    return false;
}

void lp_web_publish(lp_web *web, const lp_view *view) {
    (void)view;
    LP_CHECK(web);
}
