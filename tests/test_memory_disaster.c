/* The store under everything that can go wrong: kills, crashes at any byte, full disks, a second writer, damaged and foreign files. */
#include "tests/memory_support.h"

#include <fcntl.h>

/* ---- helpers ---- */

/* Runs child() in a process of its own; returns its pid. */
static pid_t start(void (*child)(void)) {
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid) return pid;
    child();
    fflush(NULL);
    _exit(0);
}

static int wait_for(pid_t pid) {
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Writes for ever: transactions of changing size. */
static void write_for_ever(void) {
    life l;
    life_open(&l);
    for (;;) {
        int64_t n = 1 + (int64_t)(lp_mix64((uint64_t)l.decisions) % 40);
        while (n--) live(&l);
        if (life_commit(&l)) _exit(3);
    }
}

static void create_run(int64_t decisions) {
    life l;
    life_create(&l);
    while (l.decisions < decisions) live(&l);
    expect_ok(life_commit(&l));
    life_close(&l);
}

/* The run holds what a run of so many decisions does that was written in one go. */
static void expect_same(char *text) {
    char *now = everything();
    if (strcmp(now, text)) fail_msg("the rows differ");
    free(now), free(text);
}

static void expect_unbroken(int64_t decisions) {
    char keep[PATH_MAX];
    snprintf(keep, sizeof keep, "%s", path);
    lp_path_join(path, sizeof path, folder, "unbroken.db");
    create_run(decisions);
    char *text = everything();
    snprintf(path, sizeof path, "%s", keep);
    expect_same(text);
}

static void ignore(void *context, const lp_store_row *row) {
    *(int64_t *)context += row->n_items + (row->text ? (int)strlen(row->text) : 0);
}

/* Uses everything that reads. The file may be damaged: each call may say so, in one line, and nothing may crash. Returns the first
 * failure. */
static lp_status read_all(void) {
    lp_store *store;
    int64_t sum = 0;
    const void *data;
    size_t size;
    char value[100];
    lp_store_counts counts;
    lp_status first = lp_store_open_reader(&store, path, &err), status[8];
    if (first) {
        expect_bad(first, LP_BAD_INPUT, "run.db");
        return first;
    }
    status[0] = lp_store_check(store, &err);
    if (status[0]) expect_bad(status[0], LP_BAD_INPUT, "run.db");
    status[1] = lp_store_checkpoint(store, &data, &size, NULL, &err);
    status[2] = lp_store_get_meta(store, "game", value, sizeof value, &err);
    status[3] = lp_store_tree(store, 1, ignore, &sum, &err);
    status[4] = lp_store_show(store, "e1s3", ignore, &sum, &err);
    status[5] = lp_store_show(store, "e1L2.1", ignore, &sum, &err);
    status[6] = lp_store_search(store, "door", 50, ignore, &sum, &err);
    status[7] = lp_store_count(store, &counts, &err);
    for (int i = 0; i < 8; i++) {
        if (status[i] && !first) first = status[i];
        assert_in_range(status[i], LP_OK, LP_BAD_INPUT);
    }
    lp_store_close(store);
    return first;
}

/* Opens for writing and adds to it, if that is possible. */
static lp_status write_some(void) {
    lp_store *store;
    lp_status status = lp_store_open(&store, path, &err);
    if (status) {
        expect_bad(status, LP_BAD_INPUT, "run.db");
        return status;
    }
    lp_store_episode_begin(store, 900, 1, 90000);
    for (int i = 0; i < 50; i++) lp_store_item(store, 900, i, 90000 + i, 0, 1, (float[DIM]){0}, DIM, "a door");
    int64_t steps[] = {1, 2};
    lp_store_summary(store, 900, &(lp_mem_summary){1, 0, 0, 3, 2, steps, 0});
    lp_store_event(store, 900, 1, 90001, "late", "a key");
    status = lp_store_commit(store, "x", 1, &err);
    if (status) expect_bad(status, status, "run.db");
    lp_store_close(store);
    return status;
}

static void put_file(const unsigned char *data, size_t size) {
    remove_run();
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    close(fd);
}

/* ---- tests ---- */

static void test_kill(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(seed, 1);
    int64_t before = 0;
    int gained = 0;
    create_run(0);
    for (int round = 0; round < 30; round++) {
        pid_t pid = start(write_for_ever);
        usleep(1000 + lp_rng_below(&rng, 40000));
        kill(pid, SIGKILL);
        assert_true(WIFSIGNALED(wait_for(pid)));
        int64_t now = expect_whole();
        assert_true(now >= before);
        gained += now > before;
        before = now;
    }
    print_message("%lld decisions through 30 kills, %d rounds committed some\n", (long long)before, gained);
    assert_true(gained > 3);
    expect_unbroken(before);
}

static void crash_now_and_then(void) {
    life l;
    life_open(&l);
    for (int commit = 0; commit < 40; commit++) {
        for (int i = 0; i < 12; i++) live(&l);
        if (life_commit(&l)) _exit(3);
    }
    life_close(&l);
}

/* The process ends in the middle of a write, at any byte of the database or its log. */
static void test_crash_in_a_write(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(seed, 2);
    int64_t before = 0, crashes = 0;
    create_run(0);
    for (int round = 0; round < 40; round++) {
        lp_fault = (lp_fault_plan){true, true, lp_rng_below(&rng, round % 3 ? 1500000 : 60000), 0};
        pid_t pid = start(crash_now_and_then);
        lp_fault.armed = false;
        int status = wait_for(pid);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 137 || WEXITSTATUS(status) == 0));
        crashes += WEXITSTATUS(status) == 137;
        int64_t now = expect_whole();
        assert_true(now >= before);
        before = now;
    }
    print_message("%lld crashes, %lld decisions\n", (long long)crashes, (long long)before);
    assert_true(crashes > 20 && before > 300);
    expect_unbroken(before);
}

static void test_full_disk(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(seed, 3);
    lp_store *store;
    int refused = 0;
    for (int round = 0; round < 40; round++) {
        life l;
        remove_run();
        create_run(60);
        char *before = everything();
        life_open(&l);
        lp_fault = (lp_fault_plan){true, false, lp_rng_below(&rng, 120000), ENOSPC};
        for (int i = 0; i < 300; i++) live(&l);
        lp_status status = life_commit(&l);
        if (status) {
            refused++;
            expect_bad(status, LP_FAILED, "No space left on device");
            assert_non_null(strstr(err.message, "run.db"));
            lp_fault.bytes_left = 1 << 30; /* room again: but this store has a gap */
            live(&l);
            expect_bad(life_commit(&l), LP_FAILED, "No space left on device");
        }
        lp_fault.bytes_left = round % 2 ? 0 : 1 << 30; /* closing, too, may find no room */
        life_close(&l);
        lp_fault.armed = false;
        assert_int_equal(expect_whole(), status ? 60 : 360);
        if (status) expect_same(before);
        else free(before);
        life_open(&l); /* and on, where there is room */
        while (l.decisions < 400) live(&l);
        expect_ok(life_commit(&l));
        life_close(&l);
        assert_int_equal(expect_whole(), 400);
    }
    print_message("%d of 40 commits were refused\n", refused);
    assert_true(refused > 10);
    for (int64_t bytes = 0; bytes < 400000; bytes += 1 + bytes / 3 + 499) { /* creating: whole or not at all */
        remove_run();
        lp_fault = (lp_fault_plan){true, false, bytes, ENOSPC};
        lp_status status = lp_store_create(&store, path, &err);
        if (status) expect_bad(status, LP_FAILED, "No space left on device");
        if (status) assert_int_equal(files_in_folder(false), 0);
        lp_fault.armed = false;
        lp_store_close(store);
        if (!status) assert_int_equal(expect_whole(), 0);
        if (bytes == 0) assert_int_equal(status, LP_FAILED);
        if (bytes > 250000) assert_int_equal(status, LP_OK);
    }
    lp_fault = (lp_fault_plan){true, false, 5000, EIO};
    remove_run();
    expect_bad(lp_store_create(&store, path, &err), LP_FAILED, "run.db");
}

static int hold_pipe[2];
static void hold(void) {
    lp_store *store;
    char byte = (char)lp_store_open(&store, path, &err);
    if (write(hold_pipe[1], &byte, 1) != 1) _exit(4);
    for (;;) pause();
}

static void test_one_writer(void **state) {
    (void)state;
    lp_store *store, *reader;
    char byte = 9, says[60];
    create_run(50);
    assert_int_equal(pipe(hold_pipe), 0);
    pid_t pid = start(hold);
    assert_int_equal(read(hold_pipe[0], &byte, 1), 1);
    assert_int_equal(byte, LP_OK);
    snprintf(says, sizeof says, access("/proc/locks", R_OK) ? "another process" : "another process (pid %d) is writing this run", (int)pid);
    for (int i = 0; i < 3; i++) {
        expect_bad(lp_store_open(&store, path, &err), LP_BAD_INPUT, says);
        assert_null(store);
        assert_int_equal(expect_whole(), 50); /* reading is free, and closing a reader takes no lock away */
    }
    kill(pid, SIGKILL);
    wait_for(pid);
    expect_ok(lp_store_open(&store, path, &err)); /* the lock died with it */
    expect_ok(lp_store_open_reader(&reader, path, &err));
    lp_store *second;
    expect_bad(lp_store_open(&second, path, &err), LP_BAD_INPUT, "is writing this run"); /* in this process too */
    lp_store_close(reader);
    pid = start(hold); /* and for others, after a reader of this process was closed */
    assert_int_equal(read(hold_pipe[0], &byte, 1), 1);
    assert_int_equal(byte, LP_BAD_INPUT);
    kill(pid, SIGKILL);
    wait_for(pid);
    lp_store_close(store);
    assert_int_equal(files_in_folder(false), 1);
    char link_path[PATH_MAX]; /* by another name it is the same run */
    expect_ok(lp_store_open(&store, path, &err));
    assert_int_equal(symlink(path, lp_path_join(link_path, sizeof link_path, folder, "link.db")), 0);
    expect_bad(lp_store_open(&second, link_path, &err), LP_BAD_INPUT, "is writing this run");
    lp_store_close(store);
    close(hold_pipe[0]), close(hold_pipe[1]);
}

static void edit(const char *sql) {
    sqlite3 *db;
    char *says = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &says)) fail_msg("%s: %s", sql, says);
    sqlite3_close(db);
}

static void refuse_both(const char *says) {
    lp_store *store;
    struct stat before, after;
    bool there = stat(path, &before) == 0;
    expect_bad(lp_store_open(&store, path, &err), LP_BAD_INPUT, says);
    assert_null(store);
    expect_bad(lp_store_open_reader(&store, path, &err), LP_BAD_INPUT, says);
    assert_null(store);
    assert_int_equal(stat(path, &after), there ? 0 : -1);
    if (there)
        assert_true(before.st_size == after.st_size && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
                    before.st_mtim.tv_sec == after.st_mtim.tv_sec);
}

static void test_not_ours(void **state) {
    (void)state;
    char keep[PATH_MAX], long_path[PATH_MAX + 100];
    refuse_both("No such file");
    put_file((const unsigned char *)"", 0);
    refuse_both("not a Longplay database");
    unsigned char noise[20000];
    lp_rng rng = lp_rng_make(seed, 4);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (unsigned char)lp_rng_below(&rng, 256);
    for (size_t size = 1; size < sizeof noise; size = size * 3 + 1) {
        put_file(noise, size);
        refuse_both("not a Longplay database");
    }
    memcpy(noise, "SQLite format 3", 16);
    put_file(noise, sizeof noise);
    assert_int_not_equal(read_all(), LP_OK);
    remove_run();
    edit("CREATE TABLE items(x); INSERT INTO items VALUES(1)");
    refuse_both("not a Longplay database");
    remove_run();
    edit("PRAGMA application_id = 1280265808; PRAGMA user_version = 1; CREATE TABLE items(x)");
    refuse_both("damaged");
    remove_run();
    create_run(20);
    edit("PRAGMA user_version = 4");
    refuse_both("schema 4, this build reads 1 to 3");
    edit("PRAGMA user_version = 1; PRAGMA application_id = 7");
    refuse_both("not a Longplay database");
    edit("PRAGMA application_id = 1280265808; DROP TABLE summary_items");
    refuse_both("no such table");
    snprintf(keep, sizeof keep, "%s", path);
    snprintf(path, sizeof path, "%s", folder);
    refuse_both("not a regular file");
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = 0;
    lp_store *store;
    expect_bad(lp_store_open(&store, long_path, &err), LP_BAD_INPUT, "path too long");
    expect_bad(lp_store_create(&store, long_path, &err), LP_BAD_INPUT, "path too long");
    snprintf(path, sizeof path, "%s", keep);
}

static void test_truncated(void **state) {
    (void)state;
    lp_blob whole;
    create_run(250);
    expect_ok(lp_file_read(&whole, path, 64 << 20, &err));
    int refused = 0, n = 0;
    for (size_t size = 0; size < whole.size_bytes; size += size < 2048           ? 97
                                                           : size % 4096 == 0    ? 4095
                                                           : size % 4096 == 4095 ? 1
                                                                                 : 4096 - size % 4096,
                n++) {
        put_file(whole.data, size);
        lp_status status = read_all();
        refused += status != LP_OK;
        if (status == LP_OK) fail_msg("cut to %zu of %zu bytes, it reads as if whole", size, whole.size_bytes);
        put_file(whole.data, size);
        assert_int_not_equal(write_some(), LP_OK);
    }
    print_message("%d sizes, all refused\n", n);
    put_file(whole.data, whole.size_bytes);
    expect_ok(read_all());
    expect_ok(write_some());
    lp_blob_free(&whole);
}

/* The log of a killed writer, cut anywhere: an earlier commit, whole. */
static void test_truncated_log(void **state) {
    (void)state;
    lp_blob db, log;
    char wal[PATH_MAX + 8];
    snprintf(wal, sizeof wal, "%s-wal", path);
    create_run(40);
    pid_t pid = start(write_for_ever);
    for (struct stat st = {0}; stat(wal, &st) || st.st_size < 300000;) usleep(100);
    kill(pid, SIGKILL);
    wait_for(pid);
    expect_ok(lp_file_read(&db, path, 64 << 20, &err));
    expect_ok(lp_file_read(&log, wal, 64 << 20, &err));
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i <= 40; i++) {
        size_t size = log.size_bytes * i / 40;
        put_file(db.data, db.size_bytes);
        int fd = open(wal, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        assert_int_equal(write(fd, log.data, size), (ssize_t)size);
        close(fd);
        int64_t decisions = expect_whole();
        if (decisions < least) least = decisions;
        assert_true(decisions >= most);
        most = decisions;
    }
    assert_true(most > least);
    lp_blob_free(&db), lp_blob_free(&log);
}

static void test_flipped(void **state) {
    (void)state;
    lp_blob whole;
    lp_rng rng = lp_rng_make(seed, 5);
    create_run(250);
    expect_ok(lp_file_read(&whole, path, 64 << 20, &err));
    size_t pages = whole.size_bytes / 4096;
    int noticed = 0, structural = 0, structural_noticed = 0;
    for (int i = 0; i < 700; i++) {
        size_t page = lp_rng_below(&rng, (uint32_t)pages), at = page * 4096 + lp_rng_below(&rng, 4096);
        bool first_page = i < 100, kind_of_page = i >= 100 && i < 250; /* the header, then the byte that says what a page is */
        if (first_page) at = (size_t)i;
        if (kind_of_page) at = page * 4096 + (page == 0 ? 100 : 0);
        unsigned char bit = (unsigned char)(1 << lp_rng_below(&rng, 8));
        bool is_tree = kind_of_page && (whole.data[at] == 2 || whole.data[at] == 5 || whole.data[at] == 10 || whole.data[at] == 13);
        whole.data[at] ^= bit;
        put_file(whole.data, whole.size_bytes);
        bool bad = read_all() != LP_OK;
        noticed += bad;
        structural += is_tree, structural_noticed += is_tree && bad;
        if (i % 4 == 0) {
            put_file(whole.data, whole.size_bytes);
            write_some();
        }
        whole.data[at] ^= bit;
    }
    print_message("%d of 700 flipped bits noticed; of %d in the type of a page, %d\n", noticed, structural, structural_noticed);
    assert_true(structural > 50);
    assert_int_equal(structural, structural_noticed);
    lp_blob_free(&whole);
}

/* Somebody may look at a run that is not theirs, where they cannot make the files that SQLite wants beside it. */
static void look_as_somebody(void) {
    lp_store *store;
    lp_store_counts counts;
    if (geteuid() == 0 && (setgid(65534) || setuid(65534))) _exit(5);
    if (access(folder, W_OK) == 0) _exit(6);
    if (lp_store_open_reader(&store, path, &err) || lp_store_count(store, &counts, &err)) {
        fprintf(stderr, "%s\n", err.message);
        _exit(7);
    }
    lp_store_close(store);
    if (lp_store_open(&store, path, &err) != LP_BAD_INPUT) _exit(8);
    if (!strstr(err.message, "not writable")) _exit(9);
    _exit(counts.items == 50 ? 0 : 10);
}

static void test_read_only(void **state) {
    (void)state;
    char keep[PATH_MAX];
    snprintf(keep, sizeof keep, "%s", path);
    lp_path_join(path, sizeof path, folder, "a name?with #odd%20 parts.db");
    for (int going_on = 0; going_on < 2; going_on++) {
        life l;
        if (going_on) life_open(&l);
        else create_run(50);
        if (going_on) live(&l); /* not committed */
        chmod(path, 0444);
        chmod(folder, 0555);
        int status = wait_for(start(look_as_somebody));
        chmod(folder, 0755);
        chmod(path, 0644);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        if (going_on) life_close(&l);
    }
    assert_int_equal(files_in_folder(false), 1);
    snprintf(path, sizeof path, "%s", keep);
}

int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_crash_in_a_write, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_one_writer, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_truncated_log, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_flipped, setup, teardown),
                                       cmocka_unit_test_setup_teardown(test_read_only, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
