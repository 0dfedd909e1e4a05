/* Runs with the architectures that the tree is compared with, and with every recurrent core: stopped or killed and resumed, also in the middle of
 * an episode, they end as the unbroken run does, row for row; what they remember is shown, searched, called up again by a replay; and policies are trained with them. */
#include "tests/run_support.h"

enum { DECISIONS = 400, KILLS = 4 };

typedef struct {
    lp_mem_config config;
    const char *options, *name; /* the same by hand */
} architecture;

static const architecture architectures[] = {
    {{&lp_mem_knn, 0, {5, 4, 40}}, "--memory.k=5 --memory.window=4 --memory.max_items=40", "knn"},
    {{&lp_mem_flat, 0, {8, 5, 4}}, "--memory.chunk=8 --memory.items=5 --memory.window=4", "flat"},
    {{&lp_mem_reservoir, 0, {5, 4}}, "--memory.items=5 --memory.window=4", "reservoir"},
    {{&lp_mem_descend, 0, {5, 3, 4, 2, 2, 4, 100}},
     "--memory.k=5 --memory.open=3 --memory.chunk=4 --memory.slots=2 --memory.fan=2 --memory.window=4 --memory.max_items=100",
     "descend"},
};
enum { N_ARCHITECTURES = sizeof architectures / sizeof *architectures };

static void expect(int code, const char *says, const char *arguments) {
    result r = run_with(NULL, arguments);
    if (r.code != code || (!strstr(r.out, says) && !strstr(r.err, says)))
        fail_msg("'%s': exit %d without '%s': %s%s", arguments, r.code, says, r.out, r.err);
}

static void test_resumes(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 5);
    for (int i = 0; i < N_ARCHITECTURES || i < LP_CORES; i++) {
        char whole[64], parts[64], killed[64];
        player p;
        lp_err err;
        open_player(&p, true, 60, 0);
        lp_policy_close(p.policy);
        p.policy = random_policy(p.game, i % LP_CORES, 11);
        lp_mem_choose(&p.config.memory, &architectures[i % N_ARCHITECTURES].config);
        snprintf(whole, sizeof whole, "whole%d", i), snprintf(parts, sizeof parts, "parts%d", i);
        snprintf(killed, sizeof killed, "killed%d", i);
        for (p.config.decisions = 40; p.config.decisions <= DECISIONS; p.config.decisions += 90) {
            if (p.config.decisions > 40 && lp_run_config_write(&p.config, at(parts), &err)) fail_msg("%s", err.message);
            if (play_run(&p, at(parts), 0, &err)) fail_msg("%s", err.message);
            if (p.config.decisions == 40 && lp_run_config_read(&p.config, at(parts), &err)) fail_msg("%s", err.message);
        }
        p.config.decisions -= 90;
        if (play_run(&p, at(whole), 0, &err)) fail_msg("%s", err.message);
        expect_same_run(at(whole), at(parts));
        for (int status = 1, kills = 0; status; kills++) {
            pid_t child = start_player(&p, at(killed), lp_rng_u64(&rng) | 1);
            if (kills < KILLS) usleep(lp_rng_below(&rng, 60000)), kill(child, SIGKILL);
            assert_int_equal(waitpid(child, &status, 0), child);
            if (status && !(WIFSIGNALED(status) && kills < KILLS)) fail_msg("the resumed run ended with status %x", (unsigned)status);
        }
        expect_same_run(at(whole), at(killed));
        close_player(&p);
    }
}

static void test_commands(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    for (int i = 0; i < N_ARCHITECTURES; i++) {
        const architecture *a = &architectures[i];
        char text[512], says[64];
        lp_mem_config c = a->config;
        c.dim = 8;
        snprintf(says, sizeof says, "name=%s ", a->name);
        expect(0, says, "info");
        snprintf(says, sizeof says, "\"context_items_max\":%d", lp_mem_max_context(&c));
        snprintf(text, sizeof text, "info %%/p.safetensors --memory %s %s --json", a->name, a->options);
        expect(0, says, text);
        snprintf(text, sizeof text, "eval cue --policy %%/p.safetensors --memory %s %s --episodes 2 --set horizon=90 --json", a->name,
                 a->options);
        expect(0, says, text);
        snprintf(text, sizeof text,
                 "play cue --policy %%/p.safetensors --memory %s %s --set horizon=90 --run %%/r%d --decisions 150 --headless", a->name,
                 a->options, i);
        expect(0, "", text);
        snprintf(text, sizeof text, "replay %%/r%d --verify", i);
        expect(0, "verified", text);
        snprintf(text, sizeof text, "info %%/r%d", i);
        expect(0, a->name, text);
        snprintf(text, sizeof text, "memory %%/r%d show e1s7", i);
        expect(0, "e1s7", text);
        snprintf(text, sizeof text, "memory %%/r%d search sign", i);
        expect(0, "e1s", text);
        snprintf(text, sizeof text, "memory %%/r%d tree", i);
        expect(0, "", text);
        snprintf(
            text, sizeof text,
            "train cue --memory %s %s --train.decisions=400 --train.envs=4 --train.steps=32 --train.reencode=%d --out %%/w%d.safetensors "
            "--eval-episodes 2 --json",
            a->name, a->options, lp_mem_can_renew(a->config.arch) ? 3 : 0, i);
        expect(0, "", text);
        snprintf(text, sizeof text, "info %%/w%d.safetensors", i);
        expect(0, a->name, text);
        snprintf(text, sizeof text, "bench memory --memory %s --seconds 0.1", a->name);
        expect(0, a->name, text);
    }
    expect(2, "--memory.k=0: must be a whole number from 1 to 4096: the settings of knn are k, window, max_items",
           "eval cue --memory knn --memory.k=0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_resumes, make_root, remove_root),
                                       cmocka_unit_test_setup_teardown(test_commands, make_root, remove_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
