/* A chat model's thought is on the page while it comes. */
#include "tests/chat_support.h"
#include "tests/page_support.h"

static void test_grows(void **state) {
    (void)state;
    pid_t child;
    int status;
    put_setup("halts", "halts", "");
    const int port = start_web("play order --policy chat:%/halts.ini --headless --set n=4 --set horizon=60 --web 127.0.0.1:0", &child);
    wait_for(port, "/api/panels/thought", "{\"text\":\"I look, and\",\"thinks\":true}"); /* the rest does not come before it is told */
    wait_for(port, "/api/panels/model", "{\"plays\":true,\"replies\":0,");
    put_text("go", "");
    wait_for(port, "/api/panels/thought", "\"text\":\"I look, and I wonder.\"");
    wait_for(port, "/api/panels/notebook", "{\"lines\":[{\"key\":\"given\",\"text\":\"4\"}]}");
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
