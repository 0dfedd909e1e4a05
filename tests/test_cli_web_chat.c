/* A chat model's thought is on the page while it comes, and what it was sent of its memory is lit. */
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

/* Of numbers, or of that field of rows. */
static double sum(const cJSON *list, const char *of) {
    double all = 0;
    for (const cJSON *one = list ? list->child : NULL; one; one = one->next)
        all += cJSON_GetNumberValue(of ? cJSON_GetObjectItem(one, of) : one);
    return all;
}

static cJSON *panel(int port, const char *path) {
    const char *answer = get(port, path), *body = answer ? strstr(answer, "\r\n\r\n") : NULL;
    assert_non_null(body);
    cJSON *o = cJSON_Parse(body + 4);
    assert_non_null(o);
    return o;
}

/* What is sent adds up to one. */
static void test_lights(void **state) {
    (void)state;
    pid_t child;
    put_setup("lights", "plays", "");
    const int port = start_web("play order --policy chat:%/lights.ini --headless --set n=2 --set horizon=400 --web 127.0.0.1:0", &child);
    wait_for(port, "/api/panels/reading", "\"text\":\"The board shows: "); /* and then nothing happens for a while */
    wait_for(port, "/api/panels/reading", "\"text\":\"The corridor");
    cJSON *memory = panel(port, "/api/panels/memory"), *reading = panel(port, "/api/panels/reading");
    assert_float_equal(sum(cJSON_GetObjectItem(memory, "weights"), NULL), 1, 1e-4);
    assert_float_equal(sum(cJSON_GetObjectItem(reading, "reads"), "weight"), 1, 1e-4); /* there are few */
    cJSON_Delete(memory), cJSON_Delete(reading);
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grows), cmocka_unit_test(test_lights)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
