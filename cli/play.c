/* longplay play: an agent plays a game, in a window or without, recorded or not. */
#include "cli/cli.h"

#include "base/log.h"
#include "evals/eval.h"
#include "harness/seat.h"

#include <stdio.h>

typedef struct {
    const char *game, *policy, *memory, *device, *set[LP_MAX_LIST];
    int n_game, n_set;
    int64_t episodes, decisions, seed;
    bool headless, json;
} arguments;

typedef struct {
    int64_t episodes, wins, losses, timeouts, decisions;
    uint64_t frames, state_hash;
} totals;

static lp_status choose_action(lp_seat *seat, const lp_chosen_policy *chosen, lp_actor *actor, int n_actions, lp_decision *decision,
                               int *action, lp_err *err) {
    lp_observation observation;
    if (chosen->player == LP_PLAYER_ORACLE) return lp_env_oracle(seat->env, action, err);
    if (chosen->player == LP_PLAYER_RANDOM) {
        *action = (int)lp_rng_below(&seat->rng, (uint32_t)n_actions);
        return LP_OK;
    }
    lp_seat_look(seat, &observation);
    lp_actor_run(actor, 1, &observation, decision);
    *action = lp_seat_choose(seat, decision, n_actions, true, NULL);
    return LP_OK;
}

static lp_status play(const arguments *a, const lp_game *game, totals *t, lp_err *err) {
    lp_chosen_policy chosen = {0};
    lp_mem_config memory = {0};
    lp_seat seat = {0};
    lp_actor *actor = NULL;
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    lp_status status = LP_OK;
    for (int i = 0; i < a->n_set && !status; i++) status = lp_game_set_knob(game, knobs, a->set[i], err);
    if (!status) status = lp_choose_policy(&chosen, game, a->policy, err);
    if (!status) status = lp_choose_memory(&memory, chosen.policy, a->memory, err);
    if (!status && chosen.policy) status = lp_actor_open(&actor, chosen.policy, 1, lp_mem_max_context(&memory), err);
    if (!status) status = lp_seat_open(&seat, game, &memory, NULL, err);
    while (!status && t->episodes < a->episodes && t->decisions < a->decisions) {
        status = lp_seat_begin(&seat, lp_game_eval_seed((uint64_t)a->seed, (uint64_t)t->episodes), knobs, 0, err);
        lp_outcome outcome = LP_RUNNING;
        while (!status && outcome == LP_RUNNING && t->decisions < a->decisions) {
            lp_decision decision;
            int action = 0;
            status = choose_action(&seat, &chosen, actor, lp_game_n_actions(game), &decision, &action, err);
            if (status) break;
            outcome = lp_seat_take(&seat, chosen.policy ? &decision : NULL, action);
            t->decisions++;
            lp_progress("%s: %lld decisions, %lld of %lld episodes won", lp_game_name(game), (long long)t->decisions,
                        (long long)t->wins, (long long)t->episodes);
        }
        t->frames += seat.env ? lp_emu_frames(lp_env_emu(seat.env)) : 0;
        t->wins += outcome == LP_WIN;
        t->losses += outcome == LP_LOSS;
        t->timeouts += outcome == LP_TIMEOUT;
        t->episodes += outcome != LP_RUNNING;
    }
    lp_progress_end();
    if (!status) t->state_hash = lp_emu_hash(lp_env_emu(seat.env));
    if (seat.env) lp_seat_close(&seat);
    lp_actor_close(actor);
    lp_policy_close(chosen.policy);
    return status;
}

int lp_cmd_play(int argc, char **argv) {
    arguments a = {.game = "cue", .episodes = 5, .decisions = 1000000000000, .seed = 1};
    const lp_option options[] = {
        {.name = "policy", .value = "FILE|random|oracle", .help = "who plays (the game's shipped policy)", .text = &a.policy},
        {.name = "episodes", .value = "N", .help = "stop after N episodes (5)", .number = &a.episodes, .min = 1, .max = 1e12},
        {.name = "decisions", .value = "N", .help = "stop after N decisions", .number = &a.decisions, .min = 1, .max = 1e12},
        {.name = "seed", .value = "N", .help = "which evaluation seeds (1)", .number = &a.seed, .min = 0, .max = 4294967295.0},
        {.name = "set", .value = "KNOB=N", .help = "a knob of the game; may be repeated", .list = a.set, .n_list = &a.n_set},
        {.name = "memory", .value = LP_MEM_ARCH_CHOICES, .help = "another memory than the policy was trained with", .text = &a.memory},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the network runs", .text = &a.device},
        {.name = "headless", .help = "no window", .flag = &a.headless},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "play", .arguments = "[GAME|ROM]", .summary = "Plays a game from power-on.",
                            .example = "longplay play cue --set horizon=1000 --episodes 3", .options = options,
                            .n_options = sizeof options / sizeof *options, .max_positional = 1, .positional = &a.game,
                            .n_positional = &a.n_game};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_game *game = NULL;
    totals t = {0};
    lp_status status = lp_check_device(a.device, &err);
    if (!status) status = lp_game_open(&game, a.game, &err);
    if (!status) status = play(&a, game, &t, &err);
    lp_game_close(game);
    if (status) return lp_report(status, &err);
    char hash[32];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)t.state_hash);
    if (!a.json) {
        printf("%lld of %lld episodes won in %lld decisions (%llu frames), state %s\n", (long long)t.wins, (long long)t.episodes,
               (long long)t.decisions, (unsigned long long)t.frames, hash);
        return 0;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNullToObject(o, "run");
    cJSON_AddNumberToObject(o, "episodes", (double)t.episodes);
    cJSON_AddNumberToObject(o, "wins", (double)t.wins);
    cJSON_AddNumberToObject(o, "decisions", (double)t.decisions);
    cJSON_AddNumberToObject(o, "frames", (double)t.frames);
    cJSON_AddStringToObject(o, "state_hash", hash);
    return lp_print_json(o);
}
