/* The settings of a training: names, meanings, defaults, ranges. `longplay train --help` prints this table. */
#include "train/train.h"

#include "base/config.h"
#include "base/contract.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(lp_train_config, field)

static const lp_setting own[] = {
    {"train.seed", "seed of everything random", LP_SET_INT, AT(seed), 1, 0, 4294967295.0, NULL},
    {"train.decisions", "decisions to train for, over all environments", LP_SET_INT, AT(decisions), 4000000, 1, 1e13, NULL},
    {"train.envs", "environments", LP_SET_INT, AT(envs), 64, 1, 4096, NULL},
    {"train.steps", "decisions of each environment in a rollout", LP_SET_INT, AT(steps), 128, 2, 65536, NULL},
    {"train.time_limit", "decisions after which an episode counts as lost; 0: the game's own", LP_SET_INT, AT(time_limit), 0, 0, 1e12,
     NULL},
    {"train.overlap", "on a GPU: rollouts are played while the one before is learned from, by weights that are an update older",
     LP_SET_CHOICE, AT(overlap), 0, 0, 0, "no|yes"},
    {"train.reencode",
     "remembered items, the most salient, that a segment encodes again, so that learning reaches them at any age; -1: 32 where a memory "
     "can tell which",
     LP_SET_INT, AT(reencode), -1, -1, 1 << 20, NULL},
    {"train.twin", "fraction of environments that play the game's twin, without memory", LP_SET_FLOAT, AT(twin), 0.25, 0, 1, NULL},
    {"train.from", "weights to begin with, in the place of random ones: those of its tensors that fit", LP_SET_TEXT, AT(from), 0, 0, 512,
     NULL},
    {"train.demos", "demonstrations (longplay demo) that some environments, the guides, follow; none without", LP_SET_TEXT, AT(demos), 0, 0,
     512, NULL},
    {"train.guides", "with demonstrations: fraction of environments that are guides", LP_SET_FLOAT, AT(guides), 0.25, 0, 1, NULL},
    {"train.follow", "with train.start = demo: fraction of the episodes begun at starts that follow the demonstration on, to be imitated",
     LP_SET_FLOAT, AT(follow), 0, 0, 1, NULL},
    {"train.teach", "fraction of environments in which the game's oracle is asked at each decision, to be imitated, whoever acts",
     LP_SET_FLOAT, AT(teach), 0, 0, 1, NULL},
    {"train.lead", "with train.teach: fraction of the episodes there in which the oracle also acts; the others count for the curriculum",
     LP_SET_FLOAT, AT(lead), 0.5, 0, 1, NULL},
    {"train.start", "where episodes begin: at power-on, or at moments of demonstrations, from near their ends towards power-on",
     LP_SET_CHOICE, AT(start), TRAIN_START_POWER_ON, 0, 0, "power-on|demo"},
    {"curriculum.before_end", "with train.start = demo: decisions before a demonstration's end where episodes begin at first", LP_SET_INT,
     AT(curriculum.before_end), 8, 1, 1 << 24, NULL},
    {"curriculum.patience",
     "with train.start = demo: an episode is lost after so many times the decisions that the demonstration had left, and 64", LP_SET_FLOAT,
     AT(curriculum.patience), 4, 1, 1e6, NULL},
    {"curriculum.knobs", "knobs, fixed or from easy to hard: \"keys=4 n=1..4\"", LP_SET_TEXT, AT(curriculum.knobs), 0, 0, 128, NULL},
    {"curriculum.start", "longest horizon at first, decisions", LP_SET_INT, AT(curriculum.start), 4, 1, 2000000, NULL},
    {"curriculum.end", "longest horizon in the end, decisions", LP_SET_INT, AT(curriculum.end), 64, 1, 2000000, NULL},
    {"curriculum.draw", "horizons of episodes: uniform, up to the longest, or the longest alone", LP_SET_CHOICE, AT(curriculum.draw), 0, 0,
     0, "uniform|longest"},
    {"curriculum.twin", "knobs of the twin's episodes: of the present level, or of all levels from the start", LP_SET_CHOICE,
     AT(curriculum.twin), 0, 0, 0, "level|all"},
    {"curriculum.grow", "factor by which the longest horizon grows", LP_SET_FLOAT, AT(curriculum.grow), 1.3, 1, 10, NULL},
    {"curriculum.win_rate", "win rate at which it becomes harder", LP_SET_FLOAT, AT(curriculum.win_rate), 0.9, 0, 1, NULL},
    {"curriculum.back", "win rate below which it becomes easier again, by a level; below what a new level begins with; 0: never",
     LP_SET_FLOAT, AT(curriculum.back), 0, 0, 1, NULL},
    {"curriculum.episodes", "episodes over which that rate is taken", LP_SET_INT, AT(curriculum.episodes), 200, 1, 100000, NULL},
    {"policy.act", "how the trained policy acts: the most probable action, or drawn from its distribution", LP_SET_CHOICE, AT(act), 0, 0, 0,
     "greedy|sample"},
    {"policy.precision", "on a GPU: what matrix products round their operands to", LP_SET_CHOICE, AT(precision), 0, 0, 0,
     "float32|bfloat16"},
    {"policy.size", "width of the network: " LP_POLICY_SIZE_CHOICES " (0.3, 10, 100 million parameters)", LP_SET_CHOICE, AT(size),
     LP_POLICY_NANO, 0, 0, LP_POLICY_SIZE_CHOICES},
    {"policy.core", "state inside the network, from decision to decision: " LP_POLICY_CORE_CHOICES, LP_SET_CHOICE, AT(core), LP_CORE_NONE,
     0, 0, LP_POLICY_CORE_CHOICES},
    {"policy.join", "where what was read from memory joins what is seen: in the head, or as sight, as if it was seen again", LP_SET_CHOICE,
     AT(join), LP_JOIN_SIGHT, 0, 0, LP_POLICY_JOIN_CHOICES},
    {"policy.order", "whether a query also says which of the items that match: the newest, the oldest, one between", LP_SET_CHOICE,
     AT(order), LP_ORDER_PLACE, 0, 0, LP_POLICY_ORDER_CHOICES},
    {"policy.salience",
     "what salience can tell from a vector: which side of a plane it is on, or with squares how far from the middle as well", LP_SET_CHOICE,
     AT(salience), LP_SALIENCE_SQUARE, 0, 0, LP_POLICY_SALIENCE_CHOICES},
    {"policy.bias", "what is added to an item's attention logit: its salience, or nothing, so that salience only decides what is kept",
     LP_SET_CHOICE, AT(bias), LP_BIAS_NONE, 0, 0, LP_POLICY_BIAS_CHOICES},
    {"policy.softmax",
     "attention's logits as they are, or times the logarithm of the number of items, so that it is as sharp among more of them",
     LP_SET_CHOICE, AT(softmax), LP_SOFTMAX_SCALABLE, 0, 0, LP_POLICY_SOFTMAX_CHOICES},
    {"policy.dim", "floats of an item vector; 0: 32, 64, 128 by size", LP_SET_INT, AT(dim), 64, 0, 1024, NULL},
    {"policy.hidden", "width of the hidden layers; 0: 128, 1024, 4096 by size", LP_SET_INT, AT(hidden), 0, 0, 8192, NULL},
    {"policy.heads", "heads of the memory read; 0: 2, 4, 8 by size", LP_SET_INT, AT(heads), 0, 0, 8, NULL},
    {"policy.levels", "summary levels told apart", LP_SET_INT, AT(levels), 4, 1, 64, NULL},
    {"policy.ages", "ages told apart, by powers of two", LP_SET_INT, AT(ages), 8, 1, 64, NULL},
    {"ppo.gamma", "discount a decision", LP_SET_FLOAT, AT(ppo.gamma), 0.999, 0, 1, NULL},
    {"ppo.lambda", "GAE's lambda", LP_SET_FLOAT, AT(ppo.lambda), 0.95, 0, 1, NULL},
    {"ppo.clip", "clipping of the probability ratio", LP_SET_FLOAT, AT(ppo.clip), 0.2, 0.001, 10, NULL},
    {"ppo.value_weight", "weight of the value loss", LP_SET_FLOAT, AT(ppo.value_weight), 0.5, 0, 100, NULL},
    {"ppo.entropy_weight", "weight of the entropy bonus", LP_SET_FLOAT, AT(ppo.entropy_weight), 0.01, 0, 10, NULL},
    {"ppo.clone_weight", "weight of the loss that imitates demonstrations; it fades as the rate does", LP_SET_FLOAT, AT(ppo.clone_weight),
     0, 0, 100, NULL},
    {"ppo.salience_weight",
     "weight of the loss that teaches salience to predict what will be read, where reading changes what is done and much hangs on it",
     LP_SET_FLOAT, AT(ppo.salience_weight), 0.5, 0, 100, NULL},
    {"ppo.attention_weight",
     "weight of the bonus for attention's entropy, which keeps it open until it is known what to look for; it fades as the rate does",
     LP_SET_FLOAT, AT(ppo.attention_weight), 0.02, 0, 10, NULL},
    {"ppo.rate", "Adam's learning rate at first", LP_SET_FLOAT, AT(ppo.rate), 5e-4, 0, 1, NULL},
    {"ppo.final_rate", "fraction of it left in the end (linear)", LP_SET_FLOAT, AT(final_rate), 0.02, 0, 1, NULL},
    {"ppo.beta2", "Adam's second decay", LP_SET_FLOAT, AT(ppo.beta2), 0.999, 0, 0.999999, NULL},
    {"ppo.max_grad_norm", "gradients are clipped to this norm", LP_SET_FLOAT, AT(ppo.max_grad_norm), 10, 1e-6, 1e6, NULL},
    {"ppo.epochs", "passes over each rollout", LP_SET_INT, AT(ppo.epochs), 3, 1, 100, NULL},
    {"ppo.minibatches", "parts a rollout is cut into, by environment", LP_SET_INT, AT(ppo.minibatches), 16, 1, 4096, NULL},
    {"bonus.milestone", "reward for each of the game's milestones, the first time in an episode", LP_SET_FLOAT, AT(bonus_milestone), 0, 0,
     100, NULL},
    {"bonus.count", "reward for being in a cell, over the square root of how often the episode was there", LP_SET_FLOAT, AT(bonus_count), 0,
     0, 100, NULL},
    {"bonus.cells", "what makes two moments one cell: \"picture\", a coarse one, or variables, \"room,x/4,y/4\"", LP_SET_TEXT,
     AT(bonus_cells), 0, 0, 512, NULL},
    {"bonus.novelty", "reward for pictures that were rarely seen in the training (random network distillation)", LP_SET_FLOAT,
     AT(bonus_novelty), 0, 0, 100, NULL},
};
enum { N_OWN = sizeof own / sizeof *own };

/* With the memory's, which are known when the program runs. */
static lp_setting all[N_OWN + LP_MEM_MAX_ROWS];
static int n_all;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make(void) {
    memcpy(all, own, sizeof own);
    n_all = N_OWN + lp_mem_rows(all + N_OWN, offsetof(lp_train_config, memory), true);
}

const lp_setting *lp_train_settings(void) {
    pthread_once(&once, make);
    return all;
}

void lp_train_value(const lp_train_config *config, const lp_setting *setting, char *out, size_t size_bytes) {
    char value[LP_SETTING_BYTES];
    lp_config_value(config, setting, value, sizeof value);
    const bool is_file = !strcmp(setting->name, "train.demos") || !strcmp(setting->name, "train.from");
    const char *slash = is_file ? strrchr(value, '/') : NULL;
    snprintf(out, size_bytes, "%s", slash ? slash + 1 : value);
}

/* Settings that came later, and defaults that were others. */
static const struct {
    const char *name, *value;
} before[] = {{"train.reencode", "0"},       {"policy.join", "head"},     {"policy.order", "none"},  {"policy.salience", "linear"},
              {"policy.bias", "salience"},   {"policy.softmax", "plain"}, {"policy.dim", "0"},       {"ppo.salience_weight", "0"},
              {"ppo.attention_weight", "0"}, {"ppo.rate", "0.001"},       {"ppo.final_rate", "0.1"}, {"ppo.max_grad_norm", "0.5"},
              {"ppo.epochs", "2"},           {"ppo.minibatches", "4"},    {"memory.window", "16"},   {"memory.chunk", "16"},
              {"memory.slots", "4"},         {"memory.fan", "4"}};

void lp_train_before(lp_train_config *config) {
    lp_err err;
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        LP_CHECK(!lp_config_set(config, lp_train_settings(), lp_n_train_settings(), before[i].name, before[i].value, &err));
    lp_mem_before(&config->memory, true);
}

int lp_n_train_settings(void) {
    pthread_once(&once, make);
    return n_all;
}
