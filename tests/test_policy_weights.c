/* Weight files: round trip, every truncation, every flipped byte of the header, NaN, other shapes, a full disk; and
 * Python's safetensors reads what we write (skipped, and said so, where that package is not). */
#include "base/file.h"
#include "policy/safetensors.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
static const lp_policy_config shape = {
    .width = 28, .height = 24, .n_actions = 3, .dim = 4, .hidden = 8, .heads = 1, .n_levels = 2, .n_ages = 2};

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "a.safetensors");
    lp_path_join(other, sizeof other, folder, "b.safetensors");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    unlink(path), unlink(other);
    return rmdir(folder); /* fails when something was left behind */
}

static void write_one(uint64_t seed) {
    lp_err err;
    lp_policy *p;
    const lp_policy_note notes[] = {{"game", "cue"}, {"odd \"key\"", "a\\b\nc"}};
    assert_int_equal(lp_policy_open(&p, &shape, seed, &err), LP_OK);
    assert_int_equal(lp_policy_write(p, path, notes, 2, &err), LP_OK);
    lp_policy_close(p);
}

static void test_round_trip(void **state) {
    (void)state;
    lp_err err;
    lp_policy *p, *q;
    write_one(5);
    assert_int_equal(lp_policy_open(&p, &shape, 5, &err), LP_OK);
    assert_int_equal(lp_policy_read(&q, path, &err), LP_OK);
    assert_true(lp_policy_digest(p) == lp_policy_digest(q));
    assert_memory_equal(lp_policy_shape(p), lp_policy_shape(q), sizeof(lp_policy_config));
    assert_string_equal(lp_policy_note_of(q, "game"), "cue");
    assert_string_equal(lp_policy_note_of(q, "odd \"key\""), "a\\b\nc");
    assert_null(lp_policy_note_of(q, "absent"));
    lp_policy_close(p), lp_policy_close(q);
}

/* Every core is written and read, with the tensors it has and no others; a name that is not known is refused. */
static lp_status read_bytes(const void *data, size_t size, lp_err *err);
static void test_cores(void **state) {
    (void)state;
    lp_err err;
    size_t n_parameters[LP_CORES];
    for (int core = LP_CORE_NONE; core < LP_CORES; core++) {
        lp_policy *p, *q;
        lp_policy_config config = shape;
        config.core = core;
        config.join = core == LP_CORE_NONE ? LP_JOIN_HEAD : LP_JOIN_SIGHT;
        config.order = core == LP_CORE_NONE ? LP_ORDER_NONE : LP_ORDER_PLACE;
        config.salience = core == LP_CORE_MINGRU ? LP_SALIENCE_SQUARE : LP_SALIENCE_LINEAR;
        config.bias = core == LP_CORE_GRU ? LP_BIAS_NONE : LP_BIAS_SALIENCE;
        config.softmax = core == LP_CORE_LSTM ? LP_SOFTMAX_SCALABLE : LP_SOFTMAX_PLAIN;
        assert_int_equal(lp_policy_open(&p, &config, 5, &err), LP_OK);
        n_parameters[core] = lp_policy_n_parameters(p);
        assert_int_equal(lp_policy_write(p, path, NULL, 0, &err), LP_OK);
        if (lp_policy_read(&q, path, &err)) fail_msg("%s", err.message);
        assert_true(lp_policy_digest(p) == lp_policy_digest(q) && lp_policy_shape(q)->core == core &&
                    lp_policy_shape(q)->join == config.join && lp_policy_shape(q)->order == config.order &&
                    lp_policy_shape(q)->salience == config.salience && lp_policy_shape(q)->bias == config.bias &&
                    lp_policy_shape(q)->softmax == config.softmax);
        lp_policy_close(p), lp_policy_close(q);
    }
    const size_t h = (size_t)shape.hidden, order = 2 * (size_t)shape.heads * (h + 1), heads = (h + 15) / 16; /* of delta, 16 wide each */
    const size_t own[LP_CORES] = {[LP_CORE_GRU] = 6 * h * h + 6 * h,
                                  [LP_CORE_MINGRU] = 2 * h * h + 2 * h + (size_t)shape.dim,
                                  [LP_CORE_LSTM] = 8 * h * h + 4 * h,
                                  [LP_CORE_LRU] = 4 * h * h + 3 * h,
                                  [LP_CORE_DELTA] = (3 * 16 + 1) * heads * (h + 1) + 16 * heads * h};
    for (int core = LP_CORE_GRU; core < LP_CORES; core++)
        assert_int_equal(n_parameters[core] - n_parameters[LP_CORE_NONE], own[core] + order);
    lp_blob file;
    assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
    char *name = memmem(file.data, file.size_bytes, "\"delta\"", 7);
    assert_non_null(name);
    name[1] = 'D';
    assert_int_equal(read_bytes(file.data, file.size_bytes, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "__metadata__.core"));
    lp_blob_free(&file);
    unlink(path);
}

static void test_sizes(void **state) {
    (void)state;
    lp_err err;
    static const double least[] = {0.25e6, 8e6};
    for (int size = LP_POLICY_NANO; size <= LP_POLICY_BASE; size++) {
        lp_policy *p;
        assert_int_equal(lp_policy_open(&p, &(lp_policy_config){.width = 80, .height = 72, .n_actions = 5, .size = size}, 1, &err), LP_OK);
        assert_true((double)lp_policy_n_parameters(p) > least[size] && (double)lp_policy_n_parameters(p) < 1.5 * least[size]);
        lp_policy_close(p);
    }
}

/* Reads data as a weight file; it must be refused with one line that names the file. */
static lp_status read_bytes(const void *data, size_t size, lp_err *err) {
    lp_policy *p = NULL;
    FILE *f = fopen(other, "wb");
    assert_non_null(f);
    fwrite(data, 1, size, f);
    fclose(f);
    lp_status status = lp_policy_read(&p, other, err);
    if (status) {
        assert_null(p);
        assert_int_equal(status, LP_BAD_INPUT);
        assert_non_null(strstr(err->message, other));
        assert_null(strchr(err->message, '\n'));
    }
    lp_policy_close(p);
    return status;
}

static void test_truncated_and_flipped(void **state) {
    (void)state;
    lp_err err;
    lp_blob file;
    write_one(5);
    assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
    size_t header = 8 + file.data[0] + 256u * file.data[1];
    for (size_t n = 0; n < file.size_bytes; n += n < header + 64 ? 1 : 37) assert_int_equal(read_bytes(file.data, n, &err), LP_BAD_INPUT);
    int accepted = 0;
    for (size_t i = 0; i < header; i++) { /* a flipped note or space is still a good file; nothing may crash */
        file.data[i] ^= 0x15;
        accepted += read_bytes(file.data, file.size_bytes, &err) == LP_OK;
        file.data[i] ^= 0x15;
    }
    print_message("%zu header bytes flipped, %d still good files\n", header, accepted);
    assert_true(accepted * 4 < (int)header);
    float nan = NAN, infinity = INFINITY;
    memcpy(file.data + file.size_bytes - 4, &nan, 4);
    assert_int_equal(read_bytes(file.data, file.size_bytes, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "NaN"));
    memcpy(file.data + file.size_bytes - 4, &infinity, 4);
    assert_int_equal(read_bytes(file.data, file.size_bytes, &err), LP_BAD_INPUT);
    memset(file.data, 0xff, 8); /* an absurd header length */
    assert_int_equal(read_bytes(file.data, file.size_bytes, &err), LP_BAD_INPUT);
    lp_blob_free(&file);
    assert_int_equal(lp_policy_read(&(lp_policy *){NULL}, folder, &err), LP_BAD_INPUT);
}

/* The file with `from` replaced in its header, padded with spaces again; owned by the caller. */
static lp_blob with_header(const lp_blob *file, const char *from, const char *to) {
    size_t length = file->data[0] + 256u * file->data[1], room = length + 512, n = 0;
    lp_blob out = {calloc(1, file->size_bytes + 512), 0};
    char *header = (char *)out.data + 8;
    const char *text = (char *)file->data + 8, *at = memmem(text, length, from, strlen(from));
    if (!at) fail_msg("the header has no %s", from);
    while (length && text[length - 1] == ' ') length--;
    n = (size_t)snprintf(header, room, "%.*s%s%.*s", (int)(at - text), text, to, (int)((size_t)(text + length - at) - strlen(from)),
                         at + strlen(from));
    while (n % 8) header[n++] = ' ';
    out.data[0] = (unsigned char)n, out.data[1] = (unsigned char)(n >> 8);
    length = file->data[0] + 256u * file->data[1];
    memcpy(header + n, file->data + 8 + length, file->size_bytes - 8 - length);
    out.size_bytes = 8 + n + file->size_bytes - 8 - length;
    return out;
}

/* What the format's own library says of such files. */
static void test_format(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *says; /* says NULL: a good file */
    } changes[] = {
        {"\"game\"", "\"game\"", NULL},
        {"longplay-policy-1", "pt", NULL},
        {"longplay-policy-1", "tf", "not a Longplay policy"},
        {"\"game\":\"cue\"", "\"game\":7", "__metadata__.game is not a text"},
        {"\"game\":\"cue\"", "\"game\":{\"a\":\"b\"}", "__metadata__.game is not a text"},
        {"\"width\":\"28\"", "\"width\":\"512\"", "bytes of tensors"},
    };
    lp_err err;
    lp_blob file, forged;
    write_one(5);
    assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        forged = with_header(&file, changes[i].from, changes[i].to);
        lp_status status = read_bytes(forged.data, forged.size_bytes, &err);
        if (status ? !changes[i].says || !strstr(err.message, changes[i].says) : changes[i].says != NULL)
            fail_msg("%s: %s", changes[i].to, status ? err.message : "taken");
        lp_blob_free(&forged);
    }
    /* two tensors of one size at the same place, which leaves a hole where the second was */
    size_t length = file.data[0] + 256u * file.data[1];
    const char *keys[] = {"\"level_key.weight\"", "\"age_key.weight\""};
    char offsets[2][48];
    for (int i = 0; i < 2; i++) {
        const char *at = memmem(file.data + 8, length, keys[i], strlen(keys[i]));
        assert_non_null(at);
        at = strstr(at, "\"data_offsets\"");
        snprintf(offsets[i], sizeof offsets[i], "%.*s", (int)(strchr(at, ']') - at), at);
    }
    forged = with_header(&file, offsets[1], offsets[0]);
    assert_int_equal(read_bytes(forged.data, forged.size_bytes, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "share bytes"));
    lp_blob_free(&forged);
    /* NUL where the header is padded, and something else there */
    for (int c = 0; c < 2; c++) {
        forged = with_header(&file, "\"cue\"", c ? "\"cueA\"" : "\"cue\"");
        length = forged.data[0] + 256u * forged.data[1];
        size_t end = 8 + length;
        while (forged.data[end - 1] == ' ') end--;
        if (end == 8 + length) { /* no padding to spoil: the other has some */
            lp_blob_free(&forged);
            continue;
        }
        for (int bad = 0; bad < 2; bad++) {
            forged.data[8 + length - 1] = bad ? 'x' : 0;
            assert_int_equal(read_bytes(forged.data, forged.size_bytes, &err), LP_BAD_INPUT);
            assert_non_null(strstr(err.message, "padded with spaces"));
        }
        forged.data[8 + length - 1] = '\n'; /* white space all the same */
        assert_int_equal(read_bytes(forged.data, forged.size_bytes, &err), LP_OK);
        lp_blob_free(&forged);
    }
    lp_blob_free(&file);
}

static void test_full_disk(void **state) {
    (void)state;
    lp_err err;
    lp_policy *p;
    write_one(5);
    assert_int_equal(lp_policy_open(&p, &shape, 6, &err), LP_OK);
    for (int64_t room = 0; room < 9000; room += 1500) {
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = room, .error = ENOSPC};
        lp_status status = lp_policy_write(p, path, NULL, 0, &err);
        lp_fault.armed = false;
        assert_int_equal(status, LP_FAILED);
        assert_non_null(strstr(err.message, "No space left"));
    }
    lp_policy *q, *five; /* what was there before is still there */
    assert_int_equal(lp_policy_read(&q, path, &err), LP_OK);
    assert_int_equal(lp_policy_open(&five, &shape, 5, &err), LP_OK);
    assert_true(lp_policy_digest(q) == lp_policy_digest(five));
    lp_policy_close(p), lp_policy_close(q), lp_policy_close(five);
}

/* Tensors of every type after the weights: where the header says, what they were; no policy any more. */
static void test_more_tensors(void **state) {
    (void)state;
    lp_err err;
    lp_policy *p;
    lp_blob file;
    const uint8_t bytes[2][3] = {{1, 2, 3}, {4, 5, 255}};
    const int32_t words[2] = {-1, 1 << 30};
    const float none = 0, numbers[1] = {0.5f};
    const lp_tensor more[] = {{"words", "I32", 1, {2}, words},
                              {"none", "F32", 2, {3, 0}, &none},
                              {"numbers", "F32", 1, {1}, numbers},
                              {"bytes", "U8", 2, {2, 3}, bytes}};
    assert_int_equal(lp_policy_open(&p, &shape, 5, &err), LP_OK);
    assert_int_equal(lp_policy_write_with(p, path, &(lp_policy_note){"bench", "x"}, 1, more, 4, &err), LP_OK);
    assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
    size_t begin = lp_policy_n_parameters(p) * sizeof(float), header = 8 + file.data[0] + 256u * file.data[1];
    assert_memory_equal(file.data + header, lp_policy_parameters(p), begin);
    const struct {
        const char *name, *type, *shape;
        size_t size;
        const void *data;
    } want[] = {{"words", "I32", "2", 8, words},
                {"none", "F32", "3,0", 0, &none},
                {"numbers", "F32", "1", 4, numbers},
                {"bytes", "U8", "2,3", 6, bytes}};
    for (int i = 0; i < 4; i++) {
        char entry[128];
        snprintf(entry, sizeof entry, "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", want[i].name, want[i].type,
                 want[i].shape, begin, begin + want[i].size);
        if (!memmem(file.data, header, entry, strlen(entry))) fail_msg("the header has no %s", entry);
        assert_memory_equal(file.data + header + begin, want[i].data, want[i].size);
        begin += want[i].size;
    }
    assert_true(file.size_bytes == header + begin);
    assert_int_equal(read_bytes(file.data, file.size_bytes, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "26 tensors, the network has 22"));
    lp_blob_free(&file);
    lp_policy_close(p);
}

static void test_opens_in_python(void **state) {
    (void)state;
    char command[3 * PATH_MAX];
    const char *python = getenv("LONGPLAY_PYTHON") ? getenv("LONGPLAY_PYTHON") : "python3";
    snprintf(command, sizeof command, "%s -c 'import safetensors.numpy' 2>/dev/null", python);
    if (system(command)) {
        print_message("skipped: %s has no safetensors package (LONGPLAY_PYTHON names another)\n", python);
        skip();
    }
    write_one(5);
    snprintf(command, sizeof command,
             "%s -c 'import sys,safetensors; f=safetensors.safe_open(sys.argv[1],\"np\"); assert len(f.keys())==22; "
             "assert f.get_tensor(\"conv1.weight\").shape==(16,8,8,1); assert f.metadata()[\"game\"]==\"cue\"' '%s'",
             python, path);
    assert_int_equal(system(command), 0);
}

/* Of the same shape all of it; of other actions and another core, what has the same shape, and the rest is named and stays as it was. */
static void test_take(void **state) {
    (void)state;
    lp_policy *a, *b;
    lp_err err;
    char left[512];
    assert_int_equal(lp_policy_open(&a, &shape, 1, &err), LP_OK);
    assert_int_equal(lp_policy_open(&b, &shape, 2, &err), LP_OK);
    assert_true(lp_policy_digest(a) != lp_policy_digest(b));
    const int all = lp_policy_take(b, a, left, sizeof left);
    assert_string_equal(left, "");
    assert_true(lp_policy_digest(a) == lp_policy_digest(b));
    lp_policy_close(b);
    lp_policy_config wider = shape;
    wider.n_actions = 5;
    assert_int_equal(lp_policy_open(&b, &wider, 3, &err), LP_OK);
    assert_int_equal(lp_policy_take(b, a, left, sizeof left), all - 3); /* the actions' table, what leads to them, its bias */
    assert_string_equal(left, "action.weight 3x8 (here 5x8), policy.weight 3x8 (here 5x8), policy.bias 3 (here 5)");
    assert_memory_equal(lp_policy_parameters(a), lp_policy_parameters(b), 64); /* the first tensor: the first convolution's */
    lp_policy_close(b);
    wider.n_actions = 3, wider.core = LP_CORE_GRU;
    assert_int_equal(lp_policy_open(&b, &wider, 3, &err), LP_OK);
    lp_policy_take(b, a, left, 20); /* cut, not overrun */
    assert_int_equal(strlen(left), 19);
    lp_policy_take(b, a, left, sizeof left);
    assert_non_null(strstr(left, "none (here "));
    lp_policy_close(a), lp_policy_close(b);
}

static void test_shapes_out_of_range(void **state) {
    (void)state;
    lp_err err;
    lp_policy *p;
    lp_policy_config bad[] = {shape, shape, shape, shape, shape, shape};
    bad[0].width = 7, bad[1].n_actions = 1, bad[2].heads = 9, bad[3].n_levels = 65, bad[4].core = LP_CORES, bad[5].size = 3;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lp_policy_open(&p, &bad[i], 0, &err), LP_BAD_INPUT);
        assert_null(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cores),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_truncated_and_flipped),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_more_tensors),
        cmocka_unit_test(test_opens_in_python),
        cmocka_unit_test(test_shapes_out_of_range),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
