"""longplay.read_run: against run.db itself, against the game played again, and against the memory that the run had."""
import os
import shutil
import sqlite3
import subprocess

import numpy as np
import pytest

import longplay

BINARY = os.environ.get("LONGPLAY_BINARY")
pytestmark = pytest.mark.skipif(not BINARY, reason="LONGPLAY_BINARY does not name the program")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three episodes of 305 decisions by the shipped policy, the last of them cut short at decision 700."""
    path = tmp_path_factory.mktemp("runs") / "cue"
    subprocess.run([BINARY, "play", "cue", "--headless", "--run", path, "--decisions", "700", "--seed", "2", "--set", "horizon=300"],
                   capture_output=True, check=True)
    return path


@pytest.fixture(scope="module")
def run(folder):
    return longplay.read_run(folder)


@pytest.fixture(scope="module")
def seen(folder):
    """The same played again here: (rgb, grey, item, salience, action) of each decision, and the machine's hash before it."""
    policy = longplay.Policy.load("cue")
    player = longplay.Player(policy, policy.memory())
    rgb = longplay.Env("cue", split="eval", knobs={"horizon": 300}, observation="rgb")
    grey = longplay.Env("cue", split="eval", knobs={"horizon": 300})
    steps, ended = [], True
    while len(steps) < 700:
        if ended:
            picture, info = rgb.reset(seed=None if steps else 2)
            observation, _ = grey.reset(seed=None if steps else 2)
            player.reset(info["seed"])
        d = player.act(observation)
        steps.append((picture, observation, d.item, d.salience, d.action, rgb.state_hash()))
        picture, _, ended, _, _ = rgb.step(d.action)
        observation, *_ = grey.step(d.action)
    return steps


def test_what_was_played(run, folder):
    assert (run.game, run.seed, run.knobs["horizon"], run.decisions, run.model) == ("cue", 2, 300, 700, "dmg")
    assert run.policy.endswith("cue.safetensors") and run.meta["game"] == "cue"
    e = run.episodes
    assert e["episode"].tolist() == [1, 2, 3] and e["first_decision"].tolist() == [0, 305, 610]
    assert e["result"].tolist() == ["win", "win", "running"] and e["n_decisions"].tolist() == [305, 305, 90]
    assert [longplay.Env("cue", split="eval").game.seed("eval", 2, i) for i in range(3)] == e["seed"].tolist()
    assert run.span(2) == slice(305, 610)
    with pytest.raises(longplay.InputError, match="has no episode 4"):
        run.span(4)


def test_items(run, seen):
    items = run.items
    assert len(items) == 700 and items.dim == 64
    assert np.array_equal(items["vector"], [s[2] for s in seen])
    assert np.array_equal(items["salience"], np.array([s[3] for s in seen], np.float32))
    part = items[300:310]
    assert part["decision"].tolist() == list(range(300, 310)) and part["action"].tolist() == [s[4] for s in seen[300:310]]
    assert part["step"].tolist() == [300, 301, 302, 303, 304, 0, 1, 2, 3, 4] and part["episode"].tolist() == [1] * 5 + [2] * 5
    assert items[-1]["decision"] == 699 and items[5]["text"] == items["text"][5] and any(items["text"])
    assert np.array_equal(items[310:300:-3]["decision"], [310, 307, 304, 301]) and np.array_equal(items[10:20:4]["decision"], [10, 14, 18])
    assert len(items[5:5]) == 0 and len(items[690:900]) == 10 and [i["decision"] for i in items][690:] == list(range(690, 700))
    with pytest.raises(IndexError):
        items[700]
    with pytest.raises(KeyError):
        items["colour"]


def test_tables_are_those_of_the_database(run, folder):
    with sqlite3.connect(folder / "run.db") as db:
        assert run.events[["episode", "step", "decision", "name", "text", "milestone"]].tolist() == db.execute(
            "SELECT episode, step, decision, name, text, milestone FROM events ORDER BY id").fetchall()
        assert run.metrics["value"].tolist() == [v for (v,) in db.execute("SELECT value FROM metrics ORDER BY name, decision")]
        rows = db.execute("SELECT level, idx, steps FROM tree ORDER BY episode, level, idx").fetchall()
    s = run.summaries[np.lexsort((run.summaries["number"], run.summaries["level"], run.summaries["episode"]))]
    assert [(level, number, " ".join(map(str, steps))) for level, number, steps in s[["level", "number", "steps"]].tolist()] == rows
    assert len(run.events) and len(run.summaries) > 20


def test_frames(run, seen):
    """In order, backwards, by jumps, in slices, each picture is what was seen."""
    frames = run.frames()
    assert frames.shape == (700, 144, 160, 3) and len(frames) == 700
    for i, frame in enumerate(frames):
        assert frame.dtype == np.uint8 and np.array_equal(frame, seen[i][0]), i
        assert frames.state_hash() == seen[i][5]
    for i in (0, 699, 3, 256, 255, 257, 304, 305, 306, 611, 610, 609, -1, 512):
        assert np.array_equal(frames[i], seen[i][0]), i
    assert np.array_equal(frames[600:615], [s[0] for s in seen[600:615]])
    assert np.array_equal(frames[615:600:-5], [seen[i][0] for i in (615, 610, 605)])
    grey = run.frames("grey")
    assert np.array_equal(grey[298:308], [s[1] for s in seen[298:308]]) and grey.shape == (700, 72, 80)
    assert run.frames("rgb", width=40, height=36)[5].shape == (36, 40, 3)
    with pytest.raises(IndexError):
        frames[700]
    with pytest.raises(longplay.InputError, match="frames are pictures"):
        run.frames("ram")


def test_the_memory_as_it_was(run, seen):
    policy = longplay.Policy.load("cue")
    player = longplay.Player(policy, policy.memory())
    player.reset(int(run.episodes["seed"][1]))
    for i in range(305, 500):
        player.act(seen[i][1])
    memory = run.memory(500)
    assert memory.save() == player.memories[0].save() and memory.steps == 195
    assert run.memory().steps == 0 and run.memory().settings == policy.memory().settings
    assert np.array_equal(policy.act(seen[500][1], memory.context(), last_action=seen[499][4]).item, seen[500][2])


def test_nothing_is_changed(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    for path in copy.iterdir():
        path.chmod(0o444)
    copy.chmod(0o555)
    try:
        run = longplay.read_run(copy)
        assert run.items[3]["decision"] == 3 and run.frames()[3].any()
        assert {path.name: path.read_bytes() for path in copy.iterdir()} == before
    finally:
        copy.chmod(0o755)


def test_while_it_is_played(tmp_path):
    """A moment of a run that goes on: what is there is there whole, and stays the same."""
    path = tmp_path / "live"
    player = subprocess.Popen([BINARY, "play", "cue", "--headless", "--run", path, "--decisions", "1000000", "--set", "horizon=100"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        run = None
        while run is None or run.decisions < 300:
            assert player.poll() is None, player.stderr.read()
            if (path / "run.db").exists():
                run = longplay.read_run(path)
        n, first = run.decisions, run.items[:]
        last = run.frames()[n - 1]
        assert player.poll() is None
        assert run.decisions == len(run.items) == n and np.array_equal(run.items["salience"], first["salience"])
        assert run.episodes["first_decision"][-1] + run.episodes["n_decisions"][-1] == n
        assert run.events["decision"].max() <= n and last.any()
        assert len(run.summaries) == len(longplay.read_run(path).summaries[: len(run.summaries)])
        made = {(s["episode"], s["level"], s["number"]) for s in run.summaries}
        memory = run.memory(n - 1)
        memory.append(first["vector"][-1], first["salience"][-1])
        episode = run.episodes["episode"][-1]
        assert {(episode, 1, i) for i in range((memory.steps - 32) // 32)} <= made  # no more and no less than the memory has closed
        assert (episode, 1, (memory.steps - 32) // 32) not in made
    finally:
        player.terminate()
        player.communicate()
    assert longplay.read_run(path).decisions > n


def test_a_run_that_dropped(folder, run, tmp_path):
    """The same run within a budget that nothing fits into: what may go is gone, and said to be; all else is as it was."""
    path = tmp_path / "r"
    play = [BINARY, "play", "cue", "--headless", "--run", path]
    subprocess.run([*play, "--decisions", "1", "--seed", "2", "--set", "horizon=300"], capture_output=True, check=True)
    config = path / "config.ini"
    config.write_text(config.read_text().replace("keep = 0", "keep = 1"))
    subprocess.run([*play, "--resume", "--decisions", "700"], capture_output=True, check=True)
    dropped = longplay.read_run(path)
    with sqlite3.connect(path / "run.db") as db:
        kept = {decision for decision, in db.execute("SELECT decision FROM items")}
    assert 10 < len(kept) < 350 and int(dropped.meta["dropped"]) == 700 - len(kept)
    assert dropped.decisions == len(dropped.items) == 700
    for table in ("episodes", "events", "summaries"):
        assert repr(getattr(dropped, table).tolist()) == repr(getattr(run, table).tolist())
    for decision in range(700):
        if decision in kept:
            assert dropped.items[decision] == run.items[decision]
        else:
            with pytest.raises(longplay.InputError, match="were dropped"):
                dropped.items[decision]
    with pytest.raises(longplay.InputError, match="were dropped"):
        dropped.items[:]
    with pytest.raises(longplay.InputError, match="were dropped"):
        dropped.memory(500)
    assert np.array_equal(dropped.frames()[650:700], run.frames()[650:700])


def test_a_run_without_items(tmp_path):
    subprocess.run([BINARY, "play", "cue", "--headless", "--policy", "random", "--run", tmp_path / "r", "--decisions", "50"], capture_output=True, check=True)
    run = longplay.read_run(tmp_path / "r")
    assert run.decisions == 50 and len(run.items) == 0 and len(run.items[:]) == 0 and len(run.summaries) == 0
    assert len(run.frames()[:]) == 50
    with pytest.raises(longplay.InputError, match="nothing was remembered: random played"):
        run.memory()


def damaged(folder, tmp_path, change):
    copy = tmp_path / "damaged"
    shutil.copytree(folder, copy)
    change(copy)
    return copy


def sql(statement):
    def change(folder):
        with sqlite3.connect(folder / "run.db") as db:
            db.executescript(statement)
    return change


@pytest.mark.parametrize("change, says", [
    (lambda f: (f / "config.ini").unlink(), "not a run"), (lambda f: (f / "run.db").unlink(), "run.db: unable to open"),
    (lambda f: (f / "run.db").write_bytes(b"no" * 3000), "run.db: file is not a database"), (sql("PRAGMA user_version = 9"), "newer version"),
    (sql("DELETE FROM items WHERE decision = 699"), "has 699 items up to decision 698, its checkpoint 700"),
    (sql("DELETE FROM checkpoint"), "checkpoint: there is none"), (sql("UPDATE checkpoint SET data = x'00' || data"), "another version"),
    (sql("DROP TABLE meta"), "no such table: meta"),
])
def test_damaged(folder, tmp_path, change, says):
    with pytest.raises(longplay.InputError, match=says):
        longplay.read_run(damaged(folder, tmp_path, change))


def test_damaged_later(folder, tmp_path):
    run = longplay.read_run(damaged(folder, tmp_path, sql("UPDATE items SET vector = x'0000' WHERE decision = 9")))
    assert run.items[8]["decision"] == 8
    with pytest.raises(longplay.InputError, match="a vector has not 64 numbers"):
        run.items[5:20]
    movie = run.folder / "movie.lpm"
    movie.write_bytes(movie.read_bytes()[:2000])
    frames = run.frames()
    first = [frames[i] for i in range(3)]
    for _ in range(2):
        with pytest.raises(longplay.InputError, match="movie.lpm"):
            frames[650]
    with pytest.raises(longplay.InputError, match="movie.lpm"):
        frames[:]
    assert all(np.array_equal(frames[i], first[i]) for i in (2, 0, 1))
    with pytest.raises(longplay.InputError, match="is gone|No such file|neither"):
        longplay.read_run(run.folder, game="nowhere").frames()
    with pytest.raises(longplay.InputError, match="another ROM than that of count"):
        longplay.read_run(run.folder, game="count").frames()
    with pytest.raises(longplay.InputError, match="No such file"):
        longplay.read_run(tmp_path / "nothing")
