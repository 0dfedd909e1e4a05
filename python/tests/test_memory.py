"""longplay.Memory: the same as the C side's, bit for bit; settings, saving, renewal, wrong arguments."""
import copy
import os
import pickle
import subprocess

import numpy as np
import pytest

import longplay
from longplay._native import lib

THOROUGH = bool(os.environ.get("LONGPLAY_THOROUGH"))
SETTINGS = {  # what each is tried with besides its defaults
    "none": {}, "window": {"window": 40}, "tree": {"chunk": 8, "slots": 3, "fan": 3, "unlike": -1}, "flat": {"items": 20, "keep": "distinct"},
    "reservoir": {"items": 100}, "full": {"max_items": 500}, "knn": {"k": 5, "max_items": 3000}, "descend": {"k": 5, "open": 4, "max_items": 3000},
}


def items(n, dim, seed=1):
    """float32 [n, dim + 1]: vectors, some of them alike, and saliences, some of them equal or not finite."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, dim + 1), np.float32)
    rows[::7, :dim] = rows[0, :dim]
    rows[::5, dim] = 2
    rows[3::1000, dim] = np.nan
    return rows


def hashed(array):
    data = np.ascontiguousarray(array).tobytes()
    return f"{lib.lp_hash64(data, len(data)):016x}"


def told(context):
    return [str(len(context.step)), *map(hashed, context)]


def same(a, b):
    return all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_every_architecture_is_tried():
    assert sorted(SETTINGS) == sorted(longplay.ARCHITECTURES)


@pytest.mark.parametrize("defaults", [True, False], ids=["defaults", "other"])
@pytest.mark.parametrize("arch", SETTINGS)
def test_equals_c(arch, defaults, tmp_path):
    """Contexts with and without a query, and the saved bytes, at 20 moments of 20,000 appends; of a million with LONGPLAY_THOROUGH=1."""
    program = os.environ.get("LONGPLAY_MEMORY_ITEMS")
    if not program:
        pytest.skip("LONGPLAY_MEMORY_ITEMS does not name the program")
    n, dim, settings = (1_000_000 if THOROUGH else 20_000), 8, {} if defaults else SETTINGS[arch]
    every = n // 20
    rows = items(n, dim)
    rows.tofile(tmp_path / "items")
    run = subprocess.run([program, arch, str(dim), tmp_path / "items", str(every), *(f"memory.{k}={v}" for k, v in settings.items())],
                         capture_output=True, text=True, check=True)
    memory = longplay.Memory(arch, dim, **settings)
    memory.reset(1)
    lines = []
    for start in range(0, n, every):
        half = start + every // 2
        memory.extend(rows[start:half, :dim], rows[start:half, dim])
        for row in rows[half : start + every] if not THOROUGH or start == 0 else ():  # one by one is the same
            memory.append(row[:dim], row[dim])
        memory.extend(rows[memory.steps : start + every, :dim], rows[memory.steps : start + every, dim])
        shown = memory.context()
        asked = memory.context(rows[start + every - 1 : start + every, :dim])
        read = memory.items_read if memory.wants_query else 0
        lines.append(" ".join([str(memory.steps), *told(shown), *told(asked), str(read), hashed(np.frombuffer(memory.save(), np.uint8))]))
    assert lines == run.stdout.splitlines()
    assert len(shown.step) == sum(memory.levels()) <= memory.max_context


def test_contexts_are_arrays_of_their_own():
    memory = longplay.Memory("tree", 3)
    memory.append([1, 2, 3], 0.5)
    first = memory.context()
    kept = copy.deepcopy(first)
    for i in range(200):
        memory.append([i, i, i], i)
    assert same(first, kept)
    assert [a.dtype for a in first] == [np.float32, np.float32, np.int32, np.int64]
    assert first.vector.tolist() == [[1, 2, 3]] and first.salience.tolist() == [0.5] and first.level.tolist() == [0] and first.step.tolist() == [0]
    del memory
    assert same(first, kept)


def test_settings():
    assert longplay.Memory("tree", 4).settings == {"chunk": 32, "slots": 12, "fan": 2, "window": 32, "unlike": 6, "keep": "learned", "merge": "late"}
    assert longplay.Memory("tree", 4, keep="newest", window=-1).settings["window"] == -1
    assert longplay.Memory("none", 4).settings == {}


@pytest.mark.parametrize("arch, settings, says", [
    ("trees", {}, "arch: 'trees' is not one of"), ("tree", {"chunks": 3}, "no setting 'chunks': the settings of tree are"),
    ("window", {"chunk": 3}, "no setting 'chunk': the settings of window are"), ("tree", {"chunk": -2}, "chunk is -2, must be 1 to"),
    ("tree", {"chunk": 0}, "chunk is 0, must be"), ("tree", {"keep": "best"}, "keep: 'best' is not one of 'learned'"),
    ("tree", {"keep": 1}, "keep: 1 is not one of"), ("tree", {"chunk": 2**70}, "chunk"),
])
def test_wrong_settings(arch, settings, says):
    with pytest.raises(longplay.InputError, match=says):
        longplay.Memory(arch, 4, **settings)


def test_wrong_arguments():
    memory = longplay.Memory("tree", 4)
    with pytest.raises(TypeError):
        longplay.Memory("tree", 4, chunk="8")
    with pytest.raises(longplay.InputError, match="dim: 0 is not 1 to"):
        longplay.Memory("tree", 0)
    with pytest.raises(longplay.InputError, match=r"vector: must be \[4\], not \[3\]"):
        memory.append([1, 2, 3], 0)
    with pytest.raises(longplay.InputError, match=r"vectors: must be \[2, 4\], not \[3, 4\]"):
        memory.extend(np.zeros((3, 4)), np.zeros(2))
    with pytest.raises(longplay.InputError, match="query: must be"):
        longplay.Memory("knn", 4).context(np.zeros((1, 5)))
    with pytest.raises(longplay.InputError, match="cannot be renewed"):
        longplay.Memory("knn", 4).renew(np.zeros((0, 4)), np.zeros(0))
    assert memory.steps == 0


@pytest.mark.parametrize("arch", SETTINGS)
def test_saved_copied_and_pickled(arch):
    rows = items(900, 4)
    memory = longplay.Memory(arch, 4, **SETTINGS[arch])
    memory.reset(9)
    memory.extend(rows[:700, :4], rows[:700, 4])
    others = [longplay.Memory(arch, 4, **SETTINGS[arch]), copy.deepcopy(memory), pickle.loads(pickle.dumps(memory))]
    others[0].load(memory.save())
    memory.extend(rows[700:, :4], rows[700:, 4])
    for other in others:
        assert other.steps == 700 and other.settings == memory.settings
        other.extend(rows[700:, :4], rows[700:, 4])
        assert same(other.context(), memory.context()) and other.save() == memory.save()


def test_damaged_bytes_change_nothing():
    memory = longplay.Memory("tree", 4)
    memory.extend(np.ones((50, 4)), np.ones(50))
    state = memory.save()
    for wrong in (state[:-1], state[:10], b"", state[:60] + bytes([state[60] ^ 1]) + state[61:]):
        with pytest.raises(longplay.InputError, match="saved memory"):
            memory.load(wrong)
    with pytest.raises(longplay.InputError, match="of other settings"):
        longplay.Memory("tree", 4, chunk=4).load(state)
    assert memory.save() == state


def test_renew():
    memory = longplay.Memory("tree", 4)
    rows = items(300, 4)
    memory.extend(rows[:, :4], rows[:, 4])
    before = memory.context()
    memory.renew(before.vector + 1, np.arange(len(before.step)))
    after = memory.context()
    assert np.array_equal(after.vector, before.vector + 1) and after.salience.tolist() == list(range(len(before.step)))
    assert np.array_equal(after.step, before.step) and np.array_equal(after.level, before.level)
    with pytest.raises(longplay.InputError, match="vector: must be"):
        memory.renew(before.vector[1:], before.salience[1:])


def test_summaries():
    memory = longplay.Memory("tree", 2, chunk=4, slots=2, fan=2, window=-1, unlike=-1)
    made = {}
    for i in range(16):
        memory.append([i, 0], i)
        for s in memory.new_summaries():
            made[s.level, s.number] = (s.first, s.last, s.steps.tolist(), s.parent)
    assert made[1, 0] == (0, 3, [2, 3], 0) and made[1, 1] == (4, 7, [6, 7], 0) and made[2, 0] == (0, 7, [6, 7], 0)


def test_salience_counts_unless_the_query_is_without():
    memory = longplay.Memory("knn", 1, k=1, window=-1)
    memory.append([2], 0)
    memory.append([1], 5)
    assert memory.context([[1]]).step.tolist() == [1]
    assert memory.context([[1]], without_salience=True).step.tolist() == [0]


def test_a_query_finds_what_a_window_has_lost():
    memory = longplay.Memory("knn", 4, k=3, window=5)
    for i in range(1000):
        memory.append(np.eye(4)[i % 4] * (1 + (i == 7)), 0)
    assert memory.wants_query and 7 not in memory.context().step
    assert 7 in memory.context([[0, 0, 0, 5]]).step and memory.items_read == 1000
