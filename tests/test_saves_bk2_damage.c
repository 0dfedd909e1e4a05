/* .bk2 archives that are damaged or made to deceive: cut at every byte, every bit flipped, sizes and counts that lie, bombs. Each
 * is refused in one line or read as what it was; nothing grows with what an archive claims. */
#include "tests/bk2_support.h"

#include <sys/resource.h>

#define GB "Platform GB\n"
#define KEY "LogKey:#Up|Down|Left|Right|Start|Select|B|A|Power|\n"
#define FRAME "|.........|\n"

static lp_blob good;      /* an archive of ours */
static listing good_list; /* what it does */

static int make_good(void **state) {
    lp_bk2_export e = export_of("GBC", 60);
    lp_bk2_totals t;
    lp_status status;
    if (setup(state)) return -1;
    make_movie(seed, 60, 2, false);
    expect_ok(lp_bk2_write(other, path, &e, &t, &err));
    good = slurp(other);
    good_list = list_bk2(other, NULL, &status);
    expect_ok(status);
    return 0;
}

static int drop_good(void **state) {
    lp_blob_free(&good);
    free(good_list.text);
    return teardown(state);
}

/* Is the first name in data, from `from` on, that of a local header ("PK\3\4") or of the directory ("PK\1\2")? Its offset. */
static size_t find_entry(const lp_blob *file, const char *magic, int name_at, const char *name) {
    for (size_t i = 0; i + 46 + strlen(name) < file->size_bytes; i++)
        if (!memcmp(file->data + i, magic, 4) && !memcmp(file->data + i + name_at, name, strlen(name))) return i;
    fail_msg("no entry %s", name);
    return 0;
}

static void put32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (8 * i));
}

/* Both headers of the entry claim that it decompresses to so many bytes. */
static void claim(lp_blob *file, const char *name, uint32_t bytes) {
    put32(file->data + find_entry(file, "PK\3\4", 30, name) + 22, bytes);
    put32(file->data + find_entry(file, "PK\1\2", 46, name) + 24, bytes);
}

static void refuse(const char *says) {
    lp_bk2 *b = (lp_bk2 *)&err;
    expect_bad(lp_bk2_open(&b, other, &err), LP_BAD_INPUT, says);
    assert_null(b);
}

/* ---- damage ---- */

static void test_cut(void **state) {
    (void)state;
    for (size_t n = 0; n < good.size_bytes; n++) {
        spill(other, good.data, n);
        refuse("");
    }
}

/* Refused, or it does what it did: some bits, such as those of dates, mean nothing. */
static void test_every_bit_flipped(void **state) {
    (void)state;
    size_t refused = 0, bits = 8 * good.size_bytes;
    for (size_t bit = 0; bit < bits; bit++) {
        lp_status status;
        good.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        spill(other, good.data, good.size_bytes);
        good.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        listing l = list_bk2(other, NULL, &status);
        if (status) expect_bad(status, LP_BAD_INPUT, ""), refused++;
        else if (strcmp(l.text, good_list.text)) fail_msg("bit %zu of byte %zu: read as something else", bit % 8, bit / 8);
        free(l.text);
    }
    print_message("%zu of %zu bits were noticed\n", refused, bits);
    assert_true(refused > bits / 2);
}

static void test_random_damage(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(seed, 9);
    for (int i = 0; i < 3000; i++) {
        lp_blob copy = {malloc(good.size_bytes + 1), good.size_bytes};
        assert_non_null(copy.data);
        memcpy(copy.data, good.data, good.size_bytes);
        for (uint32_t k = 1 + lp_rng_below(&rng, 8); k > 0; k--) {
            uint32_t at = lp_rng_below(&rng, (uint32_t)copy.size_bytes), from = lp_rng_below(&rng, (uint32_t)copy.size_bytes);
            uint32_t n = 1 + lp_rng_below(&rng, 40);
            for (uint32_t j = 0; j < n && at + j < copy.size_bytes; j++)
                copy.data[at + j] = i % 2 && from + j < copy.size_bytes ? good.data[from + j] : (unsigned char)lp_rng_u64(&rng);
        }
        spill(other, copy.data, copy.size_bytes);
        lp_status status = try_bk2(other);
        assert_true(status == LP_OK || status == LP_BAD_INPUT);
        if (status) expect_bad(status, LP_BAD_INPUT, "");
        lp_blob_free(&copy);
    }
}

/* ---- deceit ---- */

static void test_sizes_that_lie(void **state) {
    (void)state;
    static const struct {
        const char *name, *says;
        uint32_t bytes;
    } lies[] = {
        {"Input Log.txt", "claims 4294967294 bytes", 0xfffffffe},
        {"Header.txt", "claims 65537 bytes", 65537},
        {"Longplay.txt", "claims 1073741825 bytes", (1u << 30) + 1},
        {"Input Log.txt", "is damaged", 3},
        {"Input Log.txt", "is damaged", 100000},
        {"Header.txt", "is damaged", 5},
        {"Longplay.txt", "is damaged", 0},
        {"Core.bin", "from a savestate", 0x7fffffff},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        lp_blob copy = {malloc(good.size_bytes + 1), good.size_bytes};
        assert_non_null(copy.data);
        memcpy(copy.data, good.data, good.size_bytes);
        claim(&copy, lies[i].name, lies[i].bytes);
        spill(other, copy.data, copy.size_bytes);
        refuse(lies[i].says);
        lp_blob_free(&copy);
    }
}

static void test_directories_that_lie(void **state) {
    (void)state;
    lp_blob copy = {malloc(good.size_bytes + 100), good.size_bytes};
    assert_non_null(copy.data);
    size_t end = good.size_bytes - 22;
    assert_memory_equal(good.data + end, "PK\5\6", 4);
    memcpy(copy.data, good.data, good.size_bytes);
    memset(copy.data + end + 8, 0xff, 4); /* 65,535 files */
    spill(other, copy.data, copy.size_bytes);
    refuse("an archive of 65535 files");
    memcpy(copy.data, good.data, good.size_bytes);
    put32(copy.data + end + 12, 0xfffffff0); /* a directory of 4 GB */
    spill(other, copy.data, copy.size_bytes);
    refuse("no .bk2 movie");
    memcpy(copy.data, good.data, end); /* a pointer to a directory for larger archives, before the end */
    memset(copy.data + end, 0, 20);
    memcpy(copy.data + end, "PK\6\7", 4);
    memcpy(copy.data + end + 20, good.data + end, 22);
    spill(other, copy.data, good.size_bytes + 20);
    refuse("for files above 4 GB");
    lp_blob_free(&copy);
    entry many[66] = {{"Header.txt", GB, 0}, {"Input Log.txt", KEY FRAME, 0}};
    char names[66][16];
    for (int i = 2; i < 65; i++) snprintf(names[i], sizeof names[i], "%d/x/y/z", i), many[i] = (entry){names[i], "x", 0};
    make_archive(other, many);
    refuse("an archive of 65 files");
    many[64].name = NULL;
    make_archive(other, many);
    expect_ok(try_bk2(other));
    static const struct {
        const char *what;
        const void *data;
        size_t n;
    } no_archives[] = {{"nothing", "", 0}, {"text", "hello", 5}, {"an empty archive", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22}};
    for (size_t i = 0; i < 3; i++) spill(other, no_archives[i].data, no_archives[i].n), refuse("no .bk2 movie");
}

/* ---- bombs: a hundred MB and more in a few KB ---- */

enum { MB = 1 << 20, BOMB_MB = 128 };

/* An archive whose log is the key, then `unit` over and over; claims: what it says that the log has, 0: the truth. */
static void make_bomb(const char *unit, uint32_t claims) {
    size_t size = (size_t)BOMB_MB * MB, n = strlen(KEY), length = strlen(unit);
    char *text = malloc(size);
    assert_non_null(text);
    memcpy(text, KEY, n);
    for (size_t i = n; i < size; i++) text[i] = unit[(i - n) % length];
    make_archive(other, (entry[]){{"Header.txt", GB, 0}, {"Input Log.txt", text, size}, {NULL, NULL, 0}});
    free(text);
    if (!claims) return;
    lp_blob file = slurp(other);
    claim(&file, "Input Log.txt", claims);
    spill(other, file.data, file.size_bytes);
    lp_blob_free(&file);
}

static long peak_kb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void in_child(void (*check)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    int status;
    if (!child) {
        long before = peak_kb();
        check();
        _exit(peak_kb() - before > 16 << 10 ? 3 : 0); /* the archive and a few buffers */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) fail_msg("a bomb: status %x (3: it took much memory)", status);
}

static const char *bomb_says;
static void open_bomb(void) {
    lp_bk2 *b;
    if (lp_bk2_open(&b, other, &err) != LP_BAD_INPUT || !strstr(err.message, bomb_says)) {
        fprintf(stderr, "'%s' does not say '%s'\n", err.message, bomb_says);
        _exit(4);
    }
}

static void test_bombs(void **state) {
    (void)state;
    static const struct {
        const char *unit, *says;
        uint32_t claims;
    } bombs[] = {
        {"\n", "one more line that is no frame", 0},
        {"x", "longer than 1023 bytes", 0},
        {"|", "longer than 1023 bytes", 0},
        {"|...\n", "has no column", 0},
        {FRAME, "is damaged", 1 << 20},
        {FRAME, "claims 4294967294 bytes", 0xfffffffe},
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        make_bomb(bombs[i].unit, bombs[i].claims);
        bomb_says = bombs[i].says;
        in_child(open_bomb);
    }
    int fd = open(other, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0 && !ftruncate(fd, (off_t)LP_BK2_MAX_FILE_BYTES + 1));
    close(fd);
    refuse("more than the 67108864 allowed");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_good, drop_good)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {
        TEST(test_cut),  TEST(test_every_bit_flipped), TEST(test_random_damage), TEST(test_sizes_that_lie), TEST(test_directories_that_lie),
        TEST(test_bombs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
