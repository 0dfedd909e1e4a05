/* A chat model as a player, by an endpoint of our own (chat_server.py): it plays from the text it is sent alone, is killed, and misbehaves. */
#include "tests/chat_support.h"

#include "base/rng.h"

/* What it is sent is all that it knows: with the tree it wins; without a memory, and with the last items alone, it knows nothing at the end. */
static void test_plays(void **state) {
    (void)state;
    static const char *const games[] = {"cue --set horizon=300 --set doors=4", "facts --set F=8 --set base=4 --set horizon=30",
                                        "order --set n=4 --set horizon=100"},
                             *const memories[] = {"tree", "window", "none"};
    put_setup("plays", "plays", "turns = 0\n");
    for (int i = 0; i < 9; i++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "eval %s --policy chat:%%/plays.ini --memory %s --episodes 8 --json", games[i / 3],
                 memories[i % 3]);
        const int wins = wins_of(arguments);
        if (wins != (i % 3 ? 0 : 8)) fail_msg("%s: %d wins of 8", arguments, wins);
    }
}

/* It is compared as others are: with one who guesses, either way round. */
static void test_compared(void **state) {
    (void)state;
    put_setup("compared", "plays", "turns = 0\n");
#define COMPARED " --games cue --set horizon=40 --set doors=4 --episodes 24"
    result better = run_with(NULL, "compare random chat:%/compared.ini" COMPARED);
    if (better.code || !strstr(better.out, "no regression")) fail_msg("exit %d: %s%s", better.code, better.out, better.err);
    result worse = run_with(NULL, "compare chat:%/compared.ini random" COMPARED);
    if (worse.code != 1 || !strstr(worse.out, "regression: of 1 row 1 worse")) fail_msg("exit %d: %s%s", worse.code, worse.out, worse.err);
}

/* What it wrote itself is all that it goes by: it wins by that, takes another door where that is falsified, and the same where something is that it
 * does not read. */
static void test_own_words(void **state) {
    (void)state;
    static const char *const doors[] = {"LEFT", "RIGHT", "UP", "DOWN"};
    put_setup("words", "words", "turns = 0\n");
#define WORDS "play cue --policy chat:%/words.ini --headless --set horizon=10000 --set doors=4 --episodes 1 --resume --json --run %/words_"
    cJSON_Delete(json_of(run_with(NULL, WORDS "true --decisions 300")));
    static const char *const names[] = {"false", "unread"};
    result r;
    for (int i = 0; i < 2; i++)
        if ((r = longplay("copy %%/words_true %%/words_%s", names[i])).code) fail_msg("%s", r.err);
    r = run_with(NULL, "memory %/words_true show e1s0");
    int i = 0;
    while (i < 3 && !(strstr(r.out, "the door ") && strstr(strstr(r.out, "the door "), doors[i]))) i++;
    if ((r = longplay("memory %%/words_false edit e1s0 Take the door %s.", doors[(i + 1) % 4])).code) fail_msg("%s", r.err);
    if ((r = run_with(NULL, "memory %/words_unread edit e1s1 The sign shows nothing at all.")).code) fail_msg("%s", r.err);
    cJSON *o = json_of(run_with(NULL, WORDS "true --decisions 0")), *other = json_of(run_with(NULL, WORDS "unread --decisions 0"));
    assert_int_equal(number(o, "wins"), 1);
    assert_true(number(o, "decisions") > 10000);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(o, "state_hash"), cJSON_GetObjectItem(other, "state_hash"), true));
    cJSON_Delete(o), cJSON_Delete(other);
    o = json_of(run_with(NULL, WORDS "false --decisions 0"));
    assert_int_equal(number(o, "losses"), 1);
    cJSON_Delete(o);
}

/* Of a variable that asks for the full proof. */
static int wanted(const char *variable, int usual) { return getenv(variable) ? atoi(getenv(variable)) : usual; }

/* Until the endpoint is asked once more, or the player has ended. */
static void await_question(int64_t bytes, pid_t player) {
    siginfo_t end = {0};
    while (bytes_of("asked") == bytes && !waitid(P_PID, (id_t)player, &end, WEXITED | WNOHANG | WNOWAIT) && !end.si_pid) usleep(1000);
}

/* Killed again and again a run ends as one that was not, and asks for nothing that was answered. name: of its setup and of its folders. */
static void expect_survives(const char *name, const char *more) {
    char arguments[512], whole_at[64], parts_at[64];
    char *before = text_of("asked");
    const int asked_before = count(before, "\n");
    free(before);
    snprintf(arguments, sizeof arguments,
             "play facts --policy chat:%%/%s.ini --headless --set F=4 --set base=4 --set horizon=12 --episodes 6 --seed 5%s --json "
             "--resume --run %%/",
             name, more);
    snprintf(whole_at, sizeof whole_at, "whole_%s", name), snprintf(parts_at, sizeof parts_at, "parts_%s", name);
    char play_whole[600], play_parts[600];
    snprintf(play_whole, sizeof play_whole, "%s%s", arguments, whole_at),
        snprintf(play_parts, sizeof play_parts, "%s%s", arguments, parts_at);
    cJSON *whole = json_of(run_with(NULL, play_whole)), *parts = NULL;
    lp_rng rng = lp_rng_make(test_seed(), 1);
    const int most = wanted("LONGPLAY_TEST_KILLS", 10);
    int kills = 0;
    for (; !parts; kills++) {
        const int out = scratch_file(), err = scratch_file();
        const int64_t bytes = bytes_of("asked");
        const pid_t child = start(play_parts, NULL, out, err);
        if (kills < most) {
            if (kills % 4) await_question(bytes, child);
            usleep(lp_rng_below(&rng, 170000)); /* what then is on its way is an answer, more often than not */
            kill(child, SIGKILL);
        }
        result r = finish(child, out, err);
        if (!r.code && strstr(r.out, "\"finished\":true")) parts = cJSON_Parse(r.out);
        else if (r.code && r.code != -SIGKILL) fail_msg("exit %d, %s", r.code, r.err);
    }
    static const char *const fields[] = {"episodes", "wins", "losses", "decisions", "frames", "state_hash"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!cJSON_Compare(cJSON_GetObjectItem(whole, fields[i]), cJSON_GetObjectItem(parts, fields[i]), true))
            fail_msg("%s differs", fields[i]);
    assert_int_equal(number(whole, "wins"), 6);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(whole, "chat"), cJSON_GetObjectItem(parts, "chat"), true));
    const int replies = number(cJSON_GetObjectItem(whole, "chat"), "replies"),
              summaries = number(cJSON_GetObjectItem(whole, "chat"), "summaries");
    cJSON_Delete(whole), cJSON_Delete(parts);
    static const char *const files[] = {"answers.jsonl", "chat.jsonl"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char one[96], other[96];
        snprintf(one, sizeof one, "%s/%s", whole_at, files[i]), snprintf(other, sizeof other, "%s/%s", parts_at, files[i]);
        char *a = text_of(one), *b = text_of(other);
        if (strcmp(a, b)) fail_msg("%s differs", files[i]);
        free(a), free(b);
    }
    for (int episode = 1; episode <= 6; episode++) {
        result a = longplay("memory %%/%s tree --episode %d", whole_at, episode),
               b = longplay("memory %%/%s tree --episode %d", parts_at, episode);
        if (a.code || b.code || strcmp(a.out, b.out)) fail_msg("the tree of episode %d differs: '%s', '%s'", episode, a.out, b.out);
    }
    char chat[96];
    snprintf(chat, sizeof chat, "%s/chat.jsonl", whole_at);
    char *turns = text_of(chat), *asked = text_of("asked");
    const int once = count(turns, "\n"), all = count(asked, "\n") - asked_before;
    assert_int_equal(once, replies);
    assert_int_equal(summaries, count(turns, "\"summary\""));
    print_message("%d replies, %d of them summaries, %d kills, %d requests for both runs\n", once, summaries, kills - 1, all);
    assert_true(all >= 2 * once && all <= 2 * once + kills);
    free(turns), free(asked);
    if (longplay("replay %%/%s --verify", parts_at).code) fail_msg("does not verify");
}

static void test_killed(void **state) {
    (void)state;
    put_setup("plays", "plays", "");
    expect_survives("plays", "");
    put_setup("drips", "drips", ""); /* most of its time an answer is on its way */
    expect_survives("drips", "");
    put_setup("writes", "writes", "summaries = write\nturns = 0\nprice_in = 3\nprice_out = 15\n");
    expect_survives("writes", " --memory.chunk=4 --memory.window=4 --memory.fan=2 --memory.merge=early");
}

/* What was written is what it knows; what cites nothing is refused, and the items' own texts stay. */
static void test_writes(void **state) {
    (void)state;
    static const char *const models[] = {"writes", "forgets", "invents"};
    static const int wins[] = {4, 0, 4};
    char arguments[256], more[128];
    for (int i = 0; i < 3; i++) {
        put_setup(models[i], models[i], "summaries = write\nturns = 0\n");
        snprintf(arguments, sizeof arguments, "eval cue --policy chat:%%/%s.ini --set horizon=300 --set doors=4 --episodes 4 --json",
                 models[i]);
        if (wins_of(arguments) != wins[i]) fail_msg("%s does not win %d of 4", models[i], wins[i]);
        snprintf(more, sizeof more, "--set horizon=300 --set doors=4 --episodes 6 --run %%/%s --json", models[i]);
        snprintf(arguments, sizeof arguments, "play cue --policy chat:%%/%s.ini --headless %s", models[i], more);
        cJSON *o = json_of(run_with(NULL, arguments));
        const cJSON *counts = cJSON_GetObjectItem(o, "chat");
        if (i < 2) assert_true(number(counts, "summaries") >= 6 && !number(counts, "faults"));
        else assert_true(number(counts, "faults") >= 6 && number(counts, "given_up") >= 1 && !number(counts, "summaries"));
        cJSON_Delete(o);
        snprintf(arguments, sizeof arguments, "replay %%/%s --verify", models[i]);
        if (run_with(NULL, arguments).code) fail_msg("does not verify");
    }
    cJSON *o = json_of(run_with(NULL, "memory %/writes show e1L1.0 --json"));
    const cJSON *written = cJSON_GetObjectItem(o, "written");
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "rows"), 0), "text"));
    assert_non_null(strstr(text, "The sign shows a "));
    assert_null(strstr(text, "corridor"));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(written, "model")), "writes");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(written, "sources")), "e1s0");
    assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(written, "prompt"))), 16);
    assert_int_equal(number(written, "tokens"), 60);
    cJSON_Delete(o);
    o = json_of(run_with(NULL, "memory %/writes show e1L2.0 --json"));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "written"), "sources")), "e1L1.0");
    cJSON_Delete(o);
    o = json_of(run_with(NULL, "memory %/invents show e1L1.0 --json"));
    assert_non_null(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "written"), "refused"));
    cJSON_Delete(o);
    static const char *const ways[] = {"a line cites nothing",
                                       "cites what is not below: e9s9",
                                       "cites what is not below: e1s100000",
                                       "cites what is not below: no text",
                                       "is no list of lines",
                                       "HTTP 400: it says 'the context is too long'"};
    char *turns = text_of("invents/chat.jsonl");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strstr(turns, ways[i])) fail_msg("nothing %s", ways[i]);
    free(turns);
    result r = run_with(NULL, "memory %/writes diff 0 60");
    if (r.code || !strstr(r.out, "new      e1L1.0         The sign shows a ")) fail_msg("'%s', '%s'", r.out, r.err);
    /* a summary that was written is corrected by itself; that of an item which it cites leaves it alone */
    r = run_with(NULL, "memory %/writes edit e1L1.0 Nobody knows.");
    if (r.code) fail_msg("%s", r.err);
    r = run_with(NULL, "memory %/writes edit e1s0 Somebody knows.");
    if (r.code) fail_msg("%s", r.err);
    r = run_with(NULL, "memory %/writes show e1L1.0");
    if (r.code || !strstr(r.out, "Nobody knows.") || !strstr(r.out, "written by writes, from e1s0")) fail_msg("'%s'", r.out);
    r = run_with(NULL, "memory %/invents edit e1L1.0 Nobody knows.");
    if (r.code != 2 || !strstr(r.err, "texts of its items")) fail_msg("'%s'", r.err);
}

/* A summary that somebody corrected is what it plays by. */
static void test_edits_written(void **state) {
    (void)state;
    put_setup("rewrites", "writes", "summaries = write\nturns = 0\n");
#define REWRITES                                                                                                                           \
    "play cue --policy chat:%/rewrites.ini --headless --set horizon=100 --set doors=4 --episodes 1 --resume --json --run %/rewrites"
    cJSON_Delete(json_of(run_with(NULL, REWRITES " --decisions 60")));
    result r = run_with(NULL, "memory %/rewrites edit e1L1.0 Nobody knows.");
    if (r.code) fail_msg("%s", r.err);
    cJSON *o = json_of(run_with(NULL, REWRITES " --decisions 0"));
    assert_int_equal(number(o, "wins"), 0);
    cJSON_Delete(o);
}

/* Whatever comes back, the run goes on; what could not be had is passed by, said and written down. */
static void test_faults(void **state) {
    (void)state;
    put_setup("faulty", "faulty", "timeout_s = 2\nretries = 0\nrounds = 2\n");
    result r = run_with(NULL, "play cue --policy chat:%/faulty.ini --headless --set horizon=120 --episodes 25 --run %/faulty --json");
    cJSON *o = json_of(r);
    assert_int_equal(number(o, "episodes"), 25);
    char *turns = text_of("faulty/chat.jsonl");
    const cJSON *counts = cJSON_GetObjectItem(o, "chat");
    assert_int_equal(number(counts, "given_up"), count(turns, "\"gave_up\""));
    assert_int_equal(number(counts, "given_up") + number(counts, "replies"), count(turns, "\n"));
    assert_true(number(counts, "faults") >= 14 && number(counts, "tokens") > 0);
    cJSON_Delete(o);
    print_message("%d replies, %d given up\n", count(turns, "\n"), count(turns, "\"gave_up\""));
    assert_true(count(turns, "\n") >= 76);          /* each of the 38 ways came */
    assert_true(count(turns, "\"gave_up\"") >= 14); /* those that are no answer at all */
    assert_non_null(strstr(turns, "there is no tool 'fly'"));
    assert_non_null(strstr(turns, "there is no action 'JUMP'"));
    free(turns);
    assert_non_null(strstr(r.err, "HTTP 500"));
    if (run_with(NULL, "replay %/faulty --verify").code) fail_msg("does not verify");
    put_setup("silent", "silent", "");
    o = json_of(run_with(NULL, "play cue --policy chat:%/silent.ini --headless --episodes 1 --set horizon=4 --json"));
    assert_int_equal(number(o, "wins"), 0);
    cJSON_Delete(o);
}

/* Whatever comes back at random, each turn is played and each fault counted. */
static void test_misbehaves(void **state) {
    (void)state;
    const int turns_wanted = wanted("LONGPLAY_TEST_TURNS", 200);
    char arguments[256];
    put_setup("random", "random", "timeout_s = 2\nretries = 1\nrounds = 2\nidle = 1\nturns = 2\n");
    snprintf(arguments, sizeof arguments,
             "play cue --policy chat:%%/random.ini --headless --set horizon=2000 --decisions %d --run %%/random --json", turns_wanted);
    cJSON *o = json_of(run_with(NULL, arguments));
    assert_int_equal(number(o, "decisions"), turns_wanted);
    char *turns = text_of("random/chat.jsonl"), *ways = text_of("misbehaved_random");
    const cJSON *counts = cJSON_GetObjectItem(o, "chat");
    print_message("%d turns, %d requests came to nothing, %d calls were none, %d turns given up\n", turns_wanted, number(counts, "failed"),
                  number(counts, "faults"), number(counts, "given_up"));
    assert_true(number(counts, "failed") >= count(ways, "failing\n")); /* a slow machine's besides */
    assert_int_equal(number(counts, "faults"), count(ways, "wrong\n"));
    assert_int_equal(number(counts, "given_up"), count(turns, "\"gave_up\""));
    assert_true(number(counts, "failed") > turns_wanted / 10 && number(counts, "faults") > turns_wanted / 20);
    cJSON_Delete(o);
    free(turns), free(ways);
    if (run_with(NULL, "replay %/random --verify").code) fail_msg("does not verify");
}

/* What comes in pieces is what comes whole; an endpoint that knows no pieces, or refuses them, is asked as it can. */
static void test_streams(void **state) {
    (void)state;
    static const char *const ways[][2] = {{"plays", "stream = no\n"}, {"plays", ""}, {"whole", ""}, {"streamless", ""}};
    char *said[4], name[16], arguments[256];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "pieces%d", i);
        snprintf(arguments, sizeof arguments, "turns = 0\n%s", ways[i][1]);
        put_setup(name, ways[i][0], arguments);
        snprintf(arguments, sizeof arguments,
                 "play order --policy chat:%%/%s.ini --headless --set n=4 --set horizon=100 --episodes 3 --run %%/%s --json", name, name);
        cJSON *o = json_of(run_with(NULL, arguments));
        assert_true(number(o, "wins") >= 1); /* of the second it still has the notes of the first */
        assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "failed"), 0);
        assert_true(number(cJSON_GetObjectItem(o, "chat"), "tokens") > 20);
        cJSON_Delete(o);
        snprintf(arguments, sizeof arguments, "%s/chat.jsonl", name);
        said[i] = text_of(arguments);
        if (strcmp(said[i], said[0])) fail_msg("%s: '%s', '%s'", name, said[i], said[0]);
    }
    for (int i = 0; i < 4; i++) free(said[i]);
    cJSON *o = json_of(run_with(NULL, "memory %/pieces1 diff 0 --json")); /* the notebook is told by the replies */
    const cJSON *note = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "notes"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(note, "key")), "given");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(note, "what")), "new");
    cJSON_Delete(o);
}

/* What a real server taught (tests/chat_llama.py): one that cannot stream with tools answers nothing at all, refuses a text that is null and calls of
 * which there are none, calls no tool where it is not told that it may, and does not say how many tokens there were. */
static void test_strict(void **state) {
    (void)state;
    put_setup("strict", "strict", "");
    cJSON *o =
        json_of(run_with(NULL, "play cue --policy chat:%/strict.ini --headless --set horizon=300 --episodes 2 --run %/strict --json"));
    const cJSON *counts = cJSON_GetObjectItem(o, "chat");
    assert_int_equal(number(o, "wins"), 2);
    assert_int_equal(number(counts, "failed"), 1);
    assert_int_equal(number(counts, "given_up"), 0);
    char *turns = text_of("strict/chat.jsonl");
    assert_int_equal(number(counts, "faults"), count(turns, "\"tool_calls\":[]"));
    assert_true(number(counts, "faults") >= 4);
    assert_true(number(counts, "tokens") > 500 * number(counts, "replies")); /* the tools alone are more */
    cJSON_Delete(o);
    free(turns);
}

/* Without a memory it finds the sign again by searching what was recorded. */
static void test_looks_up(void **state) {
    (void)state;
    put_setup("recalls", "recalls", "turns = 0\n");
    cJSON *o =
        json_of(run_with(NULL, "play cue --policy chat:%/recalls.ini --headless --set horizon=200 --set doors=4 --episodes 4 --memory none "
                               "--run %/recalls --json"));
    assert_int_equal(number(o, "wins"), 4);
    cJSON_Delete(o);
    char *turns = text_of("recalls/chat.jsonl");
    assert_non_null(strstr(turns, "decisions ago: The sign shows a "));
    assert_non_null(strstr(turns, "\"e1s0, "));
    free(turns);
}

/* What it remembers is what it plays by: told of another sign, it takes another door. */
static void test_edited(void **state) {
    (void)state;
    static const char *const signs[] = {"circle", "cross", "triangle", "square"};
    put_setup("edited", "plays", "turns = 0\n");
#define EDITED "play cue --policy chat:%/edited.ini --headless --set horizon=100 --set doors=4 --episodes 1 --resume --json --run %/"
    cJSON *o = json_of(run_with(NULL, EDITED "edited --decisions 30"));
    cJSON_Delete(o);
    if (run_with(NULL, "copy %/edited %/unedited").code) fail_msg("copy");
    result r = run_with(NULL, "memory %/edited show e1s0");
    int i = 0;
    while (i < 3 && !strstr(r.out, signs[i])) i++;
    char edit[128];
    snprintf(edit, sizeof edit, "memory %%/edited edit e1s0 The sign shows a %s.", signs[(i + 1) % 4]);
    if ((r = run_with(NULL, edit)).code) fail_msg("%s", r.err);
    o = json_of(run_with(NULL, EDITED "edited --decisions 0"));
    assert_int_equal(number(o, "losses"), 1);
    cJSON_Delete(o);
    o = json_of(run_with(NULL, EDITED "unedited --decisions 0"));
    assert_int_equal(number(o, "wins"), 1);
    cJSON_Delete(o);
    if (run_with(NULL, "replay %/edited --verify").code) fail_msg("does not verify");
}

/* Who does the same on the same screen is told so from the fourth such turn on; who plays well never is. */
static void test_repeats(void **state) {
    (void)state;
    put_setup("walks", "walks", "");
    cJSON *o = json_of(run_with(NULL, "play lantern --policy chat:%/walks.ini --headless --decisions 400 --run %/walks --json"));
    char *turns = text_of("walks/chat.jsonl");
    const int told = count(turns, "You repeat yourself");
    char *first = strstr(turns, "You repeat yourself");
    assert_non_null(first);
    *first = 0;
    print_message("told %d times, first at turn %d\n", told, count(turns, "\n") + 1);
    assert_true(count(turns, "\n") >= 3);
    assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "repeats"), told);
    cJSON_Delete(o);
    free(turns);
    turns = text_of("whole_plays/chat.jsonl");
    assert_null(strstr(turns, "You repeat yourself"));
    free(turns);
}

/* Told that what it noted is not what it remembers, it plays by what is right; who does not listen loses. */
static void test_contradictions(void **state) {
    (void)state;
    static const char *const models[] = {"doubts", "believes"};
    for (int i = 0; i < 2; i++) {
        char arguments[256], file[32];
        put_setup(models[i], models[i], "turns = 0\n");
        snprintf(arguments, sizeof arguments,
                 "play cue --policy chat:%%/%s.ini --headless --set horizon=100 --set doors=4 --episodes 1 --run %%/%s --json", models[i],
                 models[i]);
        cJSON *o = json_of(run_with(NULL, arguments));
        assert_int_equal(number(o, "wins"), 1 - i);
        assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "contradictions"), 1); /* once, as long as they stay the same */
        assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "faults"), 0);
        cJSON_Delete(o);
        snprintf(file, sizeof file, "%s/chat.jsonl", models[i]);
        char *turns = text_of(file);
        assert_non_null(strstr(turns, "About \\\"sign\\\" these contradict each other: your notebook says "));
        assert_int_equal(count(turns, "\"contradicts\""), 1);
        free(turns);
    }
    char *turns = text_of("whole_plays/chat.jsonl"); /* who does not contradict itself is not told so */
    assert_null(strstr(turns, "contradict"));
    free(turns);
}

/* A goal that stands while nothing happens is asked about after as many turns; one that was changed, or with an event, is not. */
static void test_goal(void **state) {
    (void)state;
    put_setup("longs", "longs", "goal = 5\n");
    cJSON *o =
        json_of(run_with(NULL, "play cue --policy chat:%/longs.ini --headless --set horizon=60 --decisions 40 --run %/longs --json"));
    char *turns = text_of("longs/chat.jsonl"), *at = turns;
    int asked = 0, since = 0;
    for (char *line = strtok_r(turns, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
        const bool asks = strstr(line, " turns in which nothing happened: \\\"To be where it ends");
        assert_true(asks == (strstr(line, "\"asks_goal\":true") != NULL));
        if (asks) assert_true(since >= 4); /* between them, and the one that asked */
        asked += asks;
        since = asks ? 0 : since + 1;
    }
    free(turns);
    assert_true(asked >= 2);
    assert_int_equal(number(cJSON_GetObjectItem(o, "chat"), "goals"), asked);
    cJSON_Delete(o);
    for (int decisions = 7; decisions <= 40; decisions += 11) { /* in four sittings it is asked the same */
        char arguments[256];
        snprintf(arguments, sizeof arguments,
                 "play cue --policy chat:%%/longs.ini --headless --set horizon=60 --decisions %d --run %%/longs_parts --resume --json",
                 decisions);
        cJSON_Delete(json_of(run_with(NULL, arguments)));
    }
    char *whole = text_of("longs/chat.jsonl"), *parts = text_of("longs_parts/chat.jsonl");
    assert_string_equal(parts, whole);
    free(whole), free(parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compared), cmocka_unit_test(test_own_words),      cmocka_unit_test(test_strict),
        cmocka_unit_test(test_plays),    cmocka_unit_test(test_killed),         cmocka_unit_test(test_faults),
        cmocka_unit_test(test_streams),  cmocka_unit_test(test_misbehaves),     cmocka_unit_test(test_looks_up),
        cmocka_unit_test(test_edited),   cmocka_unit_test(test_writes),         cmocka_unit_test(test_edits_written),
        cmocka_unit_test(test_repeats),  cmocka_unit_test(test_contradictions), cmocka_unit_test(test_goal),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
