"""longplay.Policy and Player: the same as the program's; batches; architectures written in Python; wrong arguments."""
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import longplay

BINARY = os.environ.get("LONGPLAY_BINARY")
needs_program = pytest.mark.skipif(not BINARY, reason="LONGPLAY_BINARY does not name the program")


class Window(longplay.Architecture):
    """What the architecture `window` is, in Python."""

    max_context = 16

    def reset(self, seed):
        self.items, self.steps = [], 0

    def append(self, vector, salience):
        self.items = [*self.items, (vector, salience, 0, self.steps)][-self.max_context :]
        self.steps += 1

    def context(self, query=None):
        assert query is None
        return ([], [], [], []) if not self.items else tuple(map(np.array, zip(*self.items)))


class Nearest(longplay.Architecture):
    """What `knn` is, in NumPy: the last 32 items, and of those before the 16 nearest to the query, which its heads choose in turns."""

    max_context, wants_query = 48, True

    def reset(self, seed):
        self.vectors, self.saliences = [], []

    def append(self, vector, salience):
        self.vectors.append(vector)
        self.saliences.append(salience)

    def context(self, query=None):
        n, old = len(self.vectors), max(0, len(self.vectors) - 32)
        if not n:
            return [], [], [], []
        vectors, saliences = np.array(self.vectors), np.array(self.saliences, np.float32)
        scores = query @ vectors[:old].T / np.sqrt(vectors.shape[1])  # of cue's policy, whose salience is no part of attention
        chosen = []
        while len(chosen) < min(16, old):
            row = scores[len(chosen) % len(query)].copy()
            row[chosen] = -np.inf
            chosen.append(int(row.argmax()))
        steps = np.array(sorted(chosen) + list(range(old, n)))
        return vectors[steps], saliences[steps], np.zeros(len(steps), int), steps


def told(*arguments):
    return json.loads(subprocess.run([BINARY, *arguments, "--json"], capture_output=True, check=True).stdout)


@needs_program
@pytest.mark.parametrize("game, memory, knobs", [
    ("cue", None, {"horizon": 300, "doors": 4, "when": 1, "decoys": 20}), ("cue", "knn", {}), ("cue", "descend", {"horizon": 200}),
    ("cue", "reservoir", {}), ("cue", "none", {}), ("count", None, {}), ("map", None, {}), ("rule", "flat", {}), ("catch", None, {}), ("lures", "full", {}),
])
def test_plays_as_the_program_does(game, memory, knobs):
    """Recurrent or not, greedy or drawn, each way of remembering: the same decisions lead to the same machine."""
    said = told("play", game, "--headless", "--episodes", "2", "--seed", "5", *(["--memory", memory] if memory else []),
                *(text for knob, value in knobs.items() for text in ("--set", f"{knob}={value}")))
    policy = longplay.Policy.load(game)
    env = longplay.Env(game, split="eval", knobs=knobs)
    played = longplay.Player(policy, policy.memory(memory)).play(env, 2, seed=5)
    assert sum(e.outcome == "win" for e in played) == said["wins"]
    assert (sum(e.decisions for e in played), played[-1].state_hash) == (said["decisions"], said["state_hash"])


@needs_program
def test_many_at_once_play_as_eval_does(tmp_path):
    subprocess.run([BINARY, "eval", "cue", "--episodes", "6", "--seed", "3", "--set", "horizon=40", "--out", tmp_path / "cue.jsonl"],
                   capture_output=True, check=True)
    said = [json.loads(line) for line in (tmp_path / "cue.jsonl").read_text().splitlines()[1:]]
    policy = longplay.Policy.load("cue")
    envs = longplay.VectorEnv("cue", 3, split="eval", knobs={"horizon": 40}, autoreset="same_step")
    player = longplay.Player(policy, [policy.memory() for _ in range(3)])
    observations, _ = envs.reset(seed=3)
    player.reset(envs.seeds())
    played, count = {}, np.zeros(3, int)
    while len(played) < 6:
        observations, _, _, _, infos = envs.step(player.act(observations).action)
        steps = player.steps.copy()
        ended = infos.get("_outcome", np.zeros(3, bool))
        for e in np.flatnonzero(ended):
            played[count[e] * 3 + e] = (infos["outcome"][e], steps[e])
            count[e] += 1
        player.reset(envs.seeds(), ended)
    assert [played[i] for i in range(6)] == [(row["outcome"], row["decisions"]) for row in said]


@pytest.mark.parametrize("mine, theirs, knobs", [(Window, "window", {"horizon": 12}), (Nearest, "knn", {"horizon": 60})])
def test_an_architecture_in_python(mine, theirs, knobs):
    """Contexts, decisions and machine are those of the same architecture in C."""
    policy = longplay.Policy.load("cue")
    env = longplay.Env("cue", split="eval", knobs=knobs)
    a, b = longplay.Player(policy, mine()), longplay.Player(policy, policy.memory(theirs))
    observation, info = env.reset(seed=4)
    a.reset(info["seed"])
    b.reset(info["seed"])
    most, ended = 0, False
    while not ended:
        left, right = a.act(observation), b.act(observation)
        assert all(np.array_equal(x, y) for x, y in zip(left.context, right.context, strict=True))
        assert np.array_equal(left.logits, right.logits) and np.array_equal(left.attention, right.attention)
        observation, _, terminated, truncated, _ = env.step(left.action)
        ended, most = terminated or truncated, max(most, len(left.context.step))
    assert most == mine.max_context or mine is Window
    assert a.play(env, 2, seed=4) == b.play(env, 2, seed=4)


def test_a_batch_is_what_single_ones_are():
    policy = longplay.Policy.load("count")
    rng = np.random.default_rng(2)
    pixels = rng.integers(256, size=(4, *policy.observation_shape), dtype=np.uint8)
    contexts, states = [], rng.standard_normal((4, policy.state_size), np.float32)
    for n in (0, 1, 30, 500):
        memory = policy.memory()
        memory.extend(rng.standard_normal((n, policy.dim)), rng.standard_normal(n))
        contexts.append(memory.context())
    now, last = np.array([0, 1, 30, 500]), np.array([-1, 0, 1, 0])
    many = policy.act(pixels, contexts, last_action=last, now=now, state=states, seed=7)
    assert many.logits.shape == (4, policy.n_actions) and many.item.shape == (4, policy.dim) and many.state.shape == states.shape
    again = policy.act(pixels, contexts, last_action=last, now=now, state=states, seed=7)
    order = [2, 0, 3, 1]
    turned = policy.act(pixels[order], [contexts[i] for i in order], last_action=last[order], now=now[order], state=states[order], seed=7)
    for name in ("action", "logits", "value", "item", "salience", "state"):
        assert np.array_equal(getattr(many, name), getattr(again, name)), name
        assert np.array_equal(getattr(many, name)[order], getattr(turned, name)), name
    for i in range(4):
        one = policy.act(pixels[i], contexts[i], last_action=last[i], now=now[i], state=states[i], seed=7)
        assert one.logits.shape == (policy.n_actions,) and one.attention.shape == (policy.heads, len(contexts[i].step))
        for name in ("logits", "value", "item", "salience", "state"):
            np.testing.assert_allclose(getattr(one, name), getattr(many, name)[i], rtol=1e-4, atol=1e-5)
        if len(contexts[i].step):
            np.testing.assert_allclose(many.attention[i].sum(1), 1, atol=1e-5)
    assert np.array_equal(policy.act(pixels[2], contexts[2]).logits, policy.act(pixels[2], contexts[2], now=contexts[2].step.max() + 1).logits)


def test_what_is_remembered_changes_what_is_decided():
    policy = longplay.Policy.load("cue")
    pixels = np.zeros(policy.observation_shape, np.uint8)
    memory = policy.memory("full")
    memory.extend(np.random.default_rng(1).standard_normal((20, policy.dim)), np.zeros(20))
    assert not np.array_equal(policy.act(pixels).logits, policy.act(pixels, memory.context()).logits)


def test_draws():
    """Drawn actions depend on seed and moment, and are as frequent as the logits say."""
    policy = longplay.Policy.load("cue")
    n = 2000
    pixels = np.broadcast_to(np.random.default_rng(0).integers(256, size=policy.observation_shape, dtype=np.uint8), (n, *policy.observation_shape))
    drawn = policy.act(pixels, seed=np.arange(n), now=3, sample=True)
    assert np.array_equal(drawn.action, policy.act(pixels, seed=np.arange(n), now=3, sample=True).action)
    chances = np.exp(drawn.logits[0].astype(float) - drawn.logits[0].max())
    chances /= chances.sum()
    counts = np.bincount(drawn.action, minlength=policy.n_actions)
    assert (abs(counts - n * chances) <= 5 * np.sqrt(n * chances * (1 - chances)) + 1).all()
    assert (policy.act(pixels[:5], sample=False).action == drawn.logits[0].argmax()).all()


def test_another_action_than_the_players():
    policy = longplay.Policy.load("cue")
    one, other = longplay.Player(policy, policy.memory("none")), longplay.Player(policy, policy.memory("none"))
    pixels = np.zeros(policy.observation_shape, np.uint8)
    action = one.act(pixels).action
    other.act(pixels)
    other.last_action[0] = (action + 1) % policy.n_actions
    assert not np.array_equal(one.act(pixels).logits, other.act(pixels).logits)


def test_what_a_policy_says_of_itself():
    policy = longplay.Policy.load(os.path.join(longplay.Game("cue").folder, "cue.safetensors"))
    assert policy.digest == longplay.Policy.load("cue").digest and policy.note("memory.arch") == "tree" and policy.note("nothing") is None
    assert policy.config["core"] == "none" and policy.config["size"] == "nano" and policy.memory().settings["unlike"] == 6
    assert policy.flops(100) > policy.flops(0) > 1e6 and policy.n_parameters > 100_000
    assert policy.memory("window", window=3).settings == {"window": 3}


def test_wrong_files(tmp_path):
    path = tmp_path / "cut.safetensors"
    with open(os.path.join(longplay.Game("cue").folder, "cue.safetensors"), "rb") as file:
        path.write_bytes(file.read(2000))
    with pytest.raises(longplay.InputError, match="cut.safetensors"):
        longplay.Policy.load(path)
    with pytest.raises(longplay.InputError, match="No such file"):
        longplay.Policy.load(tmp_path / "none.safetensors")
    with pytest.raises(longplay.InputError, match="lantern: ships no policy"):
        longplay.Policy.load("lantern")
    with pytest.raises(longplay.InputError, match="neither a file"):
        longplay.Policy.load("nothing")


def test_wrong_arguments():
    policy = longplay.Policy.load("cue")
    pixels = np.zeros(policy.observation_shape, np.uint8)
    good = (np.zeros((2, policy.dim)), [0, 0], [0, 0], [3, 4])
    for arguments, says in [
        ((pixels.astype(np.float32),), "pixels: must be uint8"), ((pixels[1:],), "pixels: must be uint8"), ((pixels[None][:0],), "pixels: must be"),
        ((pixels[None], []), "contexts: must be 1"), ((pixels, good[:3]), "context: must be"), ((pixels, (np.zeros((2, 3)), *good[1:])), "vector: must be"),
        ((pixels, (*good[:3], [[3, 4]])), "step: must be"), ((pixels, (*good[:2], [0, -1], [3, 4])), "levels are -1"),
    ]:
        with pytest.raises(longplay.InputError, match=says):
            policy.act(*arguments)
    with pytest.raises(longplay.InputError, match="now: a context has"):
        policy.act(pixels, good, now=4)
    with pytest.raises(longplay.InputError, match="last_action: 5 to 5 are not"):
        policy.act(pixels, last_action=5)
    with pytest.raises(longplay.InputError, match="state: must be"):
        longplay.Policy.load("count").act(pixels, state=np.zeros(3))
    with pytest.raises(longplay.InputError, match="items have 64 numbers, the memory's 8"):
        longplay.Player(policy, longplay.Memory("tree", 8))
    with pytest.raises(TypeError, match="has no reset, append"):
        longplay.Player(policy, object())
    with pytest.raises(longplay.InputError, match="pixels: are of 3 environments, the memories of 2"):
        longplay.Player(policy, [policy.memory(), policy.memory()]).act(np.zeros((3, *policy.observation_shape), np.uint8))
    with pytest.raises(longplay.InputError, match="the policy sees 80x72 pixels, lantern shows"):
        longplay.Player(policy, policy.memory()).play(longplay.Env("lantern"))


@pytest.mark.parametrize("wants_query", [False, True])
@pytest.mark.parametrize("wrong, says", [
    ((np.zeros((1, 64)), [0], [0], [5]), "steps 5 to 5"), ((np.zeros((1, 64)), [0], [0, 0], [0]), "level: must be"),
    ((np.zeros((3, 64)), [0] * 3, [0] * 3, [0] * 3), "has 3 items, max_context says 2"), (None, "must be"),
])
def test_an_architecture_that_errs(wants_query, wrong, says):
    policy = longplay.Policy.load("cue")

    class Wrong(Window):
        max_context = 2

        def context(self, query=None):
            return wrong if self.steps else ([], [], [], [])

    Wrong.wants_query = wants_query
    player = longplay.Player(policy, Wrong())
    pixels = np.zeros(policy.observation_shape, np.uint8)
    player.act(pixels)
    with pytest.raises(longplay.InputError, match=says):
        player.act(pixels)
    assert player.steps[0] == 1  # nothing was remembered


def test_an_exception_comes_through():
    class Broken(Nearest):
        def context(self, query=None):
            raise ZeroDivisionError("mine")

    policy = longplay.Policy.load("cue")
    with pytest.raises(ZeroDivisionError, match="mine"):
        longplay.Player(policy, Broken()).act(np.zeros(policy.observation_shape, np.uint8))


def test_the_page_shows_one_that_works():
    """docs/python.md's own memory is a window of 40."""
    page = (Path(__file__).resolve().parent.parent.parent / "docs" / "python.md").read_text()
    (block,) = [block for block in page.split("```") if "class Last(" in block]
    policy = longplay.Policy.load("cue")
    names = {"longplay": longplay, "policy": policy}
    exec(block.removeprefix("python"), names)
    env = longplay.Env("cue", split="eval", knobs={"horizon": 60})
    assert names["player"].play(env, 4, seed=1) == longplay.Player(policy, policy.memory("window", window=40)).play(env, 4, seed=1)


def example():
    path = Path(__file__).resolve().parent.parent / "examples" / "own_memory.py"
    spec = importlib.util.spec_from_file_location("own_memory", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return path, module


def test_the_example_keeps_what_it_says():
    _, module = example()
    memory = module.Kept(window=3, keep=2)
    for step, salience in enumerate([5, 1, 7, 2, 6, 0, 0, 0]):
        memory.append(np.full(2, step), salience)
    assert list(memory.context()[3]) == [2, 4, 5, 6, 7] and memory.max_context == 5
    memory = module.Surprising(window=2, keep=1)
    rng = np.random.default_rng(1)
    for step in range(50):
        memory.append(rng.standard_normal(4) + (30 if step == 20 else 0), 0)
    assert list(memory.context()[3]) == [20, 48, 49]
    memory.reset(0)
    assert list(memory.context()) == [[], [], [], []]


def test_the_example_plays():
    path, module = example()
    policy = longplay.Policy.load("cue")
    knobs = {"horizon": 100, "doors": 4}
    assert module.win_rate(policy, module.Kept(), knobs, 10) >= 0.9
    assert module.win_rate(policy, policy.memory("none"), knobs, 10) <= 0.7
    said = subprocess.run([sys.executable, path, "--episodes", "1", "--horizon", "20"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in said.splitlines()] == ["surprising", "salient", "window", "tree"]
