/* Movies of other emulators: ours go out and come back whole; BizHawk's and stable-retro's are read as they are; what cannot be
 * played is refused in one line. */
#include "tests/bk2_support.h"

enum { A = 1, B = 2, SELECT = 4, START = 8, RIGHT = 16, LEFT = 32, UP = 64, DOWN = 128, R = 256, L = 512 };
#define GB "Platform GB\nGameName test\n"
#define GB_KEY "[Input]\nLogKey:#Up|Down|Left|Right|Start|Select|B|A|Power|\n"

/* ---- ours ---- */

/* The list of the movie at path up to n decisions, and a hash at its end. */
static listing list_movie(uint64_t n, unsigned mask) {
    listing l = {0};
    lp_movie *m;
    lp_movie_op op;
    bool end = false, hashed = false;
    uint64_t done = 0;
    expect_ok(lp_movie_open(&m, path, &err));
    for (;;) {
        expect_ok(lp_movie_next(m, &op, &end, &err));
        if (end || (done == n && op.kind != LP_MOVIE_HASH)) break;
        hashed = op.kind == LP_MOVIE_HASH;
        done += op.kind == LP_MOVIE_DECISION;
        list_op(&l, &op, mask);
    }
    if (!hashed) list(&l, "hash 99\n");
    lp_movie_read_close(m);
    assert_int_equal(done, n);
    return l;
}

static void round_trip(const char *system, int decisions, int upto, uint32_t frame_skip, bool hash_last) {
    lp_bk2_export e = export_of(system, (uint64_t)upto);
    lp_bk2_totals totals;
    lp_bk2_info info = {0};
    lp_status status;
    make_movie(seed + (uint64_t)decisions, decisions, frame_skip, hash_last);
    expect_ok(lp_bk2_write(other, path, &e, &totals, &err));
    listing want = list_movie((uint64_t)upto, !strcmp(system, "GBA") ? 0x3ff : 0xff), got = list_bk2(other, &info, &status);
    expect_ok(status);
    assert_string_equal(want.text, got.text);
    assert_true(info.ours && info.frame_skip == frame_skip && info.rom_hash == header.rom_hash && info.seed == header.seed);
    assert_string_equal(info.our_core, header.core_version);
    assert_string_equal(info.our_model, e.model);
    assert_string_equal(info.system, system);
    assert_string_equal(info.checksum, "0123456789ABCDEF0123456789ABCDEF01234567");
    assert_string_equal(info.game, "a game");
    assert_true(info.n_decisions == (uint64_t)upto && info.n_decisions == totals.n_decisions);
    assert_true(info.n_frames == totals.n_frames && info.n_hashes == totals.n_hashes && info.n_hashes > 0);
    lp_blob first = slurp(other), second; /* the same bytes each time */
    expect_ok(lp_bk2_write(other, path, &e, &totals, &err));
    second = slurp(other);
    assert_int_equal(first.size_bytes, second.size_bytes);
    assert_memory_equal(first.data, second.data, first.size_bytes);
    lp_blob_free(&first), lp_blob_free(&second);
    free(want.text), free(got.text);
}

static void test_round_trip(void **state) {
    (void)state;
    round_trip("GB", 1, 1, 4, false);
    round_trip("GB", 300, 300, 4, true);
    round_trip("GBC", 300, 123, 1, true);
    round_trip("GBA", 500, 499, 7, false);
    round_trip("GBA", 20000, 20000, 4, false);
}

static void test_export_refused(void **state) {
    (void)state;
    lp_bk2_totals t;
    lp_bk2_export e = export_of("NES", 10);
    lp_movie_writer *w;
    uint64_t offset;
    make_movie(seed, 50, 4, false);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "console 'NES'");
    e = export_of("GB", 0);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "nothing was played");
    e = export_of("GB", 51);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "ends at decision 50");
    e = export_of("GB", 50);
    lp_blob file = slurp(path);
    spill(path, file.data, file.size_bytes - 1);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "damaged or cut");
    lp_blob_free(&file);
    unlink(path);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "No such file");
    expect_ok(lp_movie_create(&w, path, &header, &small, &err)); /* a year of boot keys */
    lp_movie_reset(w), lp_movie_keys(w, 1, UINT32_MAX), lp_movie_decision(w, 0);
    expect_ok(lp_movie_sync(w, &offset, &err));
    lp_movie_close(w);
    e = export_of("GB", 1);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "too long for a .bk2");
    unlink(path);
    expect_ok(lp_movie_create(&w, path, &header, &small, &err));
    lp_movie_decision(w, 0);
    expect_ok(lp_movie_sync(w, &offset, &err));
    lp_movie_close(w);
    expect_bad(lp_bk2_write(other, path, &e, &t, &err), LP_BAD_INPUT, "does not begin with a power-on");
    assert_false(lp_file_exists(other));
}

/* A full disk leaves what was there. */
static void test_full_disk(void **state) {
    (void)state;
    lp_bk2_export e = export_of("GB", 60);
    lp_bk2_totals t;
    make_movie(seed, 60, 4, false);
    expect_ok(lp_bk2_write(other, path, &e, &t, &err));
    lp_blob whole = slurp(other);
    for (size_t room = 0; room < whole.size_bytes; room += 97) {
        bool there = room % 2;
        unlink(other);
        if (there) spill(other, "before", 6);
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = (int64_t)room, .error = ENOSPC};
        lp_status status = lp_bk2_write(other, path, &e, &t, &err);
        lp_fault.armed = false;
        expect_bad(status, LP_FAILED, "No space left");
        assert_int_equal(lp_file_exists(other), there);
        lp_blob now = there ? slurp(other) : (lp_blob){0};
        assert_true(!there || (now.size_bytes == 6 && !memcmp(now.data, "before", 6)));
        lp_blob_free(&now);
    }
    lp_blob_free(&whole);
}

/* ---- theirs ---- */

static void expect_keys(const char *what, const entry *entries, const char *want) {
    lp_status status;
    lp_bk2_info info = {0};
    make_archive(other, entries);
    listing got = list_bk2(other, &info, &status);
    if (status) fail_msg("%s: %s", what, err.message);
    if (strcmp(got.text, want)) fail_msg("%s: '%s' instead of '%s'", what, got.text, want);
    assert_false(info.ours);
    free(got.text);
}

static void test_flavours(void **state) {
    (void)state;
    static const char frames[] =
        "reset 1\n0 40 for 1\n1 80 for 1\n2 20 for 1\n3 10 for 1\n4 8 for 1\n5 4 for 1\n6 2 for 1\n7 1 for 1\n8 ff for 1\n";
    expect_keys(
        "Gambatte",
        (entry[]){
            {"Header.txt", "MovieVersion BizHawk v2.0.0\r\nPlatform GB\r\nSHA1 00\r\nCore Gambatte\r\n", 0},
            {"Comments.txt", "hello", 0},
            {"Subtitles.txt", "", 0},
            {"SyncSettings.json", "{}", 0},
            {"Input Log.txt",
             "[Input]\r\nLogKey:#Up|Down|Left|Right|Start|Select|B|A|Power|\r\n|U........|\r\n|.D.......|\r\n|..L......|\r\n|...R.....|\r\n"
             "|....S....|\r\n|.....s...|\r\n|......B..|\r\n|.......A.|\r\n|UDLRSsBA.|\r\n[/Input]\r\n",
             0},
            {NULL, NULL, 0}},
        frames);
    expect_keys("two groups, other order, old names",
                (entry[]){{"header", "\xef\xbb\xbfPlatform GBC\n", 0},
                          {"INPUT LOG", "LogKey:#Reset|Power|#P1 Up|P1 A|\n|..|U.|\n\n|..|.A|\n[/Input]", 0},
                          {NULL, NULL, 0}},
                "reset 1\n0 40 for 1\n1 1 for 1\n");
    expect_keys("stable-retro",
                (entry[]){{"Header.txt", "MovieVersion Retro\nAuthor ?\nPlatform GameBoy\nGameName x\nSHA1 ?\n", 0},
                          {"Core.bin", "", 0},
                          {"Input Log.txt",
                           "[Input]\nP1 A|P1 Right|P1 Left|P1 Down|P1 Up|P1 Start|P1 Select|P1 "
                           "B|\n|..|....U...|\n|..|...D....|\n|..|..L.....|\n|..|.R......|\n"
                           "|..|.....S..|\n|..|......s.|\n|..|.......B|\n|..|A.......|\n|..|ARLDUSsB|\n[/Input]",
                           0},
                          {NULL, NULL, 0}},
                frames);
    expect_keys("mGBA",
                (entry[]){{"Header.txt", "Platform GBA\n", 0},
                          {"Input Log.txt",
                           "[Input]\nLogKey:#Tilt X|Tilt Y|Tilt Z|Light Sensor|Up|Down|Left|Right|Start|Select|B|A|L|R|Power|\n"
                           "|    0,    0,    0,    0,U.......l..|\n|    0,   -0,0,    0,........."
                           "r.|\n",
                           0},
                          {NULL, NULL, 0}},
                "reset 1\n0 240 for 1\n1 100 for 1\n");
    expect_keys("whole frames by length",
                (entry[]){{"Header.txt", GB, 0}, {"Input Log.txt", "LogKey:#Input Length|Up|\n|35112,U|\n|    0,.|\n", 0}, {NULL, NULL, 0}},
                "reset 1\n0 40 for 1\n1 0 for 1\n");
    expect_keys("the power button",
                (entry[]){{"Header.txt", GB, 0},
                          {"Input Log.txt", GB_KEY "|........P|\n|U........|\n|D.......P|\n|.........|\n|........P|\n|........P|\n", 0},
                          {NULL, NULL, 0}},
                "reset 1\n0 0 for 1\n1 40 for 1\nreset 2\n2 40 for 1\n3 0 for 1\nreset 3\n4 0 for 1\nreset 4\n5 0 for 1\n");
}

/* Texts for people are one line of UTF-8, whatever the file holds. */
static void test_names(void **state) {
    (void)state;
    lp_status status;
    lp_bk2_info info;
    char head[600] = "Platform GB\nGameName \xe3\x83\x9d\tx\x7f\xff\xc0\x80\xed\xa0\x80\xf5\x80\x80\x80\xf4\x8f\xbf\xbf\xe3\x83\nAuthor "
                     "first\nAuthor second\nSHA1 SHA1:ab\nCore ";
    for (int i = 0; i < 40; i++) strcat(head, "\xe3\x83\x9d");
    make_archive(other, (entry[]){{"Header.txt", head, 0}, {"Input Log.txt", GB_KEY "|.........|\n", 0}, {NULL, NULL, 0}});
    listing l = list_bk2(other, &info, &status);
    expect_ok(status);
    assert_string_equal(info.game, "\xe3\x83\x9d?x???????????\xf4\x8f\xbf\xbf??");
    assert_string_equal(info.author, "first");
    assert_string_equal(info.checksum, "AB");
    assert_int_equal(strlen(info.core), 63 / 3 * 3); /* whole characters */
    free(l.text);
}

/* What a movie says of its console. */
static void test_consoles(void **state) {
    (void)state;
    enum { COLOR = LP_BK2_CGB | LP_BK2_AGB };
    static const struct {
        const char *head, *settings, *says; /* settings: SyncSettings.json, or NULL */
        unsigned consoles[3];               /* of each claim, SURE where it is */
    } cases[] = {
#define SURE 0x100
        {"Platform GB\n", NULL, "Platform GB", {LP_BK2_DMG}},
        {"Platform gbc\nIsCGBMode 1\n", "{}", "Platform GBC", {COLOR | SURE, COLOR | SURE}},
        {"Platform GB\nIsCGBDMGMode 1\n", NULL, "Platform GB", {LP_BK2_DMG, COLOR | SURE}},
        {"Platform GB\nIsCGBMode False\nIsCGBDMGMode 0\n", NULL, "Platform GB", {LP_BK2_DMG}},
        {"Platform SGB\n", NULL, "Platform SGB", {LP_BK2_SGB | SURE}},
        {"Platform GameBoy\n", NULL, "Platform GameBoy", {LP_BK2_OWN}},
        {"Platform GbColor\n", NULL, "Platform GbColor", {LP_BK2_OWN}},
        {"Platform GBA\n", NULL, NULL, {0}},
        {"IsCGBMode True\nPlatform GB\n", NULL, "IsCGBMode 1", {COLOR | SURE, LP_BK2_DMG}},
        {"Platform GB\n", "{\"o\":{\"ConsoleMode\":\"GB\"}}", "Platform GB", {LP_BK2_DMG, LP_BK2_DMG | SURE}},
        {"Platform GB\n", "{ \"o\" : { \"ConsoleMode\" : 2 , \"x\":1}}", "Platform GB", {LP_BK2_DMG, LP_BK2_CGB | SURE}},
        {"Platform GB\n", "{\"ConsoleMode\":3}", "Platform GB", {LP_BK2_DMG, LP_BK2_AGB | SURE}},
        {"Platform GB\n", "{\"ConsoleMode\":\"SGB2\"}", "Platform GB", {LP_BK2_DMG, LP_BK2_SGB | SURE}},
        {"Platform GB\n", "{\"ConsoleMode\":0}", "Platform GB", {LP_BK2_DMG}},
        {"Platform GB\n", "{\"ConsoleMode\":\"Auto\"}", "Platform GB", {LP_BK2_DMG}},
        {"Platform GB\n", "{\"ConsoleMode\":99}", "Platform GB", {LP_BK2_DMG}},
        {"Platform GB\n", "{\"ConsoleMode\":\"\"}", "Platform GB", {LP_BK2_DMG}},
        {"Platform GB\n", "{\"ConsoleMode\"", "Platform GB", {LP_BK2_DMG}},
        {"Platform GB\nCore SameBoy\n", "{\"ConsoleMode\":2}", "Platform GB", {LP_BK2_DMG, LP_BK2_DMG | SURE}},
        {"Platform GB\nCore SameBoy\n", "{\"ConsoleMode\":517}", "Platform GB", {LP_BK2_DMG, LP_BK2_CGB | SURE}},
        {"Platform GB\nCore SameBoy\n", "{\"ConsoleMode\":\"GB_MODEL_AGB\"}", "Platform GB", {LP_BK2_DMG, LP_BK2_AGB | SURE}},
        {"Platform GB\nCore SameBoy\n", "{\"ConsoleMode\":-1}", "Platform GB", {LP_BK2_DMG}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lp_bk2_info info;
        lp_status status;
        const char *settings = cases[i].settings;
        make_archive(other, (entry[]){{"Header.txt", cases[i].head, 0},
                                      {"Input Log.txt", GB_KEY "|.........|\n", 0},
                                      {settings ? "SyncSettings.json" : NULL, settings, 0},
                                      {NULL, NULL, 0}});
        listing l = list_bk2(other, &info, &status);
        expect_ok(status);
        free(l.text);
        for (int k = 0; k < 3; k++) {
            unsigned got = k < info.n_claims ? info.claims[k].consoles | (info.claims[k].sure ? SURE : 0) : 0;
            if (got != cases[i].consoles[k]) fail_msg("case %zu, claim %d: %x (%s)", i, k, got, info.claims[k].text);
        }
        if (cases[i].says) assert_string_equal(info.claims[0].text, cases[i].says);
    }
}

static void refuse(const char *says, const entry *entries) {
    lp_bk2 *b = (lp_bk2 *)&err; /* must be set to NULL */
    make_archive(other, entries);
    expect_bad(lp_bk2_open(&b, other, &err), LP_BAD_INPUT, says);
    assert_null(b);
}

static void refuse_texts(const char *says, const char *head, const char *log) {
    refuse(says, (entry[]){{"Header.txt", head, 0}, {"Input Log.txt", log, 0}, {NULL, NULL, 0}});
}

#define FRAME "|.........|\n"
static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *says, *head, *log;
    } bad[] = {
        {"for the console 'NES'", "Platform NES\n", GB_KEY FRAME},
        {"for the console 'a?b'",
         "Platform a\x1b"
         "b\n",
         GB_KEY FRAME},
        {"names no Platform", "Author x\n", GB_KEY FRAME},
        {"names no Platform", "", GB_KEY FRAME},
        {"names no Platform", "Platform=GB\n", GB_KEY FRAME},
        {"from a savestate", GB "StartsFromSavestate True\n", GB_KEY FRAME},
        {"from a battery save", GB "startsfromsaveram true\n", GB_KEY FRAME},
        {"no line LogKey", GB, ""},
        {"no line LogKey", GB, "[Input]\n" FRAME},
        {"no line LogKey", GB, "[Input]\n[/Input]\n"},
        {"no button of these consoles", GB, "LogKey:#P1 Up|P1 C|\n|..|\n"},
        {"no button of these consoles", GB, "LogKey:#P2 Up|\n|.|\n"},
        {"no button of these consoles", GB, "LogKey:#aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|\n|.|\n"},
        {"names no columns", GB, "LogKey:#||#\n|.|\n"},
        {"more than 24 columns", GB, "LogKey:#A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|A|\n|.|\n"},
        {"no frames", GB, GB_KEY},
        {"line 4: frame 1 has no column Power", GB, GB_KEY FRAME "|........|\n"},
        {"has no column Up", GB, GB_KEY "|"},
        {"has no column Down", GB, GB_KEY "|U\x7f.......|\n"},
        {"frame 0 has more than 9 columns", GB, GB_KEY "|..........|\n"},
        {"Tilt X is 1,", GB, "LogKey:#Tilt X|A|\n|    1,.|\n"},
        {"Tilt X is no number", GB, "LogKey:#Tilt X|A|\n|..|\n"},
        {"Tilt X is no number", GB, "LogKey:#Tilt X|A|\n|0|\n"},
        {"Tilt X is no number", GB, "LogKey:#Tilt X|A|\n|99999999999999999999999,.|\n"},
        {"Input Length is 100", GB, "LogKey:#Input Length|A|\n|  100,.|\n"},
        {"Light Sensor is -5", GB, "LogKey:#Light Sensor|A|\n|-5,.|\n"},
        {"that is no frame", GB,
         GB_KEY "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                "\n\n\n\n\n" FRAME},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse_texts(bad[i].says, bad[i].head, bad[i].log);
    refuse("holds no Header.txt", (entry[]){{"Input Log.txt", GB_KEY FRAME, 0}, {NULL, NULL, 0}});
    refuse("holds no Input Log.txt", (entry[]){{"Header.txt", GB, 0}, {NULL, NULL, 0}});
    refuse("two files named Header",
           (entry[]){{"Header.txt", GB, 0}, {"HEADER", GB, 0}, {"Input Log.txt", GB_KEY FRAME, 0}, {NULL, NULL, 0}});
    refuse("two files named Input Log",
           (entry[]){{"Header.txt", GB, 0}, {"Input Log", "", 0}, {"Input Log.txt", GB_KEY FRAME, 0}, {NULL, NULL, 0}});
    refuse("zero byte", (entry[]){{"Header.txt", GB, 0}, {"Input Log.txt", GB_KEY "|....\0....|\n", sizeof GB_KEY + 11}, {NULL, NULL, 0}});
    static const char *const states[] = {"Core.bin", "core", "Core.bin.zst", "CoreText.txt", "MovieSaveRam.bin", "MovieSaveRam.bin.zst"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        refuse(i < 4 ? "from a savestate" : "from a battery save",
               (entry[]){{"Header.txt", GB, 0}, {"Input Log.txt", GB_KEY FRAME, 0}, {states[i], "x", 0}, {NULL, NULL, 0}});
}

#define FACTS "longplay 1\ncore c\nrom 12ab\nseed 5\nframe_skip 2\n[events]\n"
static void test_own_events(void **state) {
    (void)state;
    static const char log[] = GB_KEY "|.........|\n|.........|\n|U........|\n|U........|\n|........P|\n|.........|\n|.........|\n";
    static const struct {
        const char *says, *events;
    } bad[] = {
        {"Longplay.txt lacks", ""},
        {"Longplay.txt lacks", "longplay 1\ncore c\nrom 1\n[events]\n"},
        {"Longplay.txt lacks", "longplay 1\ncore c\nrom 1\nframe_skip 2\n"},
        {"line 1: 'longplay 2'", "longplay 2\n"},
        {"'frame_skip 0'", "frame_skip 0\n"},
        {"'frame_skip 1025'", "frame_skip 1025\n"},
        {"'rom xyz'", "rom xyz\n"},
        {"'rom 10000000000000000'", "rom 10000000000000000\n"},
        {"'seed -1'", "seed -1\n"},
        {"'core '", "core \n"},
        {"'nonsense'", "nonsense\n"},
        {"'longplay 1 1'", "longplay 1 1\n"},
        {"'x power' is no event", FACTS "x power\n"},
        {"is no event", FACTS "4\n"},
        {"is no event", FACTS "4 powers\n"},
        {"is no event", FACTS "4 power 1\n"},
        {"is no event", FACTS "-1 power\n"},
        {"is no event", FACTS "99999999999999999999 power\n"},
        {"is no event", FACTS "4 boot 0\n"},
        {"is no event", FACTS "4 boot 99999999999\n"},
        {"is no event", FACTS "0 poke 10000\n"},
        {"is no event", FACTS "0 poke 1 100\n"},
        {"is no event", FACTS "0 poke 100000000 1\n"},
        {"is no event", FACTS "0 hash\n"},
        {"is no event", FACTS "0 hash 11112222333344445\n"},
        {"goes back to frame 2", FACTS "4 power\n4 boot 1\n2 hash 1\n"},
        {"disagree at frame 4: the power button", FACTS},
        {"disagree at frame 2: the power button", FACTS "2 power\n4 power\n"},
        {"disagree at frame 1: a decision ends", FACTS "1 hash 1\n"},
        {"disagree at frame 7: a decision ends", FACTS "4 power\n"},
        {"something happens among boot keys", FACTS "0 boot 3\n2 hash 5\n4 power\n"},
        {"disagree at frame 2: a decision", FACTS "0 boot 1\n4 power\n"},
        {"something happens among boot keys", FACTS "0 boot 6\n4 power\n"},
        {"the frames end first", FACTS "4 power\n4 boot 4\n"},
        {"the frames end first", FACTS "4 power\n4 boot 1\n8 hash 1\n"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i].says,
               (entry[]){{"Header.txt", GB, 0}, {"Input Log.txt", log, 0}, {"Longplay.txt", bad[i].events, 0}, {NULL, NULL, 0}});
    refuse("holds no Longplay.txt", (entry[]){{"Header.txt", GB "Longplay 1\n", 0}, {"Input Log.txt", log, 0}, {NULL, NULL, 0}});
    lp_status status;
    make_archive(other, (entry[]){{"Header.txt", GB, 0},
                                  {"Input Log.txt", log, 0},
                                  {"Longplay.txt",
                                   FACTS "0 poke c000 ff\n0 boot 2\n2 hash 1\n4 hash A\n4 power\n4 poke 0 0\n4 boot 1\n7 hash b\n", 0},
                                  {NULL, NULL, 0}});
    listing l = list_bk2(other, NULL, &status);
    expect_ok(status);
    assert_string_equal(
        l.text, "reset 1\npoke c000 ff\nboot 0\nboot 0\nhash 1\n0 40 for 2\nhash a\nreset 2\npoke 0 0\nboot 0\n1 0 for 2\nhash b\n");
    free(l.text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {TEST(test_round_trip), TEST(test_export_refused), TEST(test_full_disk), TEST(test_flavours),
                                       TEST(test_names),      TEST(test_consoles),       TEST(test_refused),   TEST(test_own_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
