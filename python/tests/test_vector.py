"""longplay.VectorEnv: the same episodes whatever the number of threads, groups and arrays, and the same as Env's."""
import threading
import time

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode

import longplay

SHORT = {"horizon": 3}
N = 6


def roll(envs, steps=60, seed=5):
    """Everything that random actions bring, as bytes."""
    rng = np.random.default_rng(seed)
    out = [envs.reset(seed=seed)[0].tobytes()]
    for _ in range(steps):
        observations, rewards, terminations, truncations, infos = envs.step(rng.integers(5, size=envs.num_envs))
        out += [observations.tobytes(), rewards.tobytes(), terminations.tobytes(), truncations.tobytes(), str(infos)]
    return out + [envs.state_hash(e) for e in range(envs.num_envs)] + envs.seeds().tolist()


@pytest.mark.parametrize("kind", ["grey", "ram"])
@pytest.mark.parametrize("autoreset", ["same_step", "next_step", "disabled"])
def test_threads_and_groups_change_nothing(autoreset, kind):
    rolled = [roll(longplay.VectorEnv("cue", N, threads, knobs=SHORT, autoreset=autoreset, n_groups=groups, observation=kind))
              for threads, groups in ((1, 1), (2, 1), (5, 3))]
    assert rolled[0] == rolled[1] == rolled[2]
    assert rolled[0] != roll(longplay.VectorEnv("cue", N, 1, knobs=SHORT, autoreset=autoreset, observation=kind), seed=6)


@pytest.mark.parametrize("settings", [{}, {"observation": "rgb", "width": 20, "height": 18}, {"observation": "shades"}, {"observation": "ram"},
                                      {"stack": 3}, {"stack": 1, "split": "eval"}, {"frame_skip": 3, "time_limit": 5}])
@pytest.mark.parametrize("autoreset", ["same_step", "next_step"])
def test_same_as_single_environments(autoreset, settings):
    envs = longplay.VectorEnv("cue", N, 2, knobs=SHORT, autoreset=autoreset, **settings)
    singles = [longplay.Env("cue", knobs=SHORT, **settings) for _ in range(N)]
    assert envs.metadata["autoreset_mode"] == (AutoresetMode.SAME_STEP if autoreset == "same_step" else AutoresetMode.NEXT_STEP)
    episode = [0] * N

    def begin(e):
        seed = envs.game.seed(envs.split, 9, episode[e] * N + e)
        episode[e] += 1
        return singles[e].reset(seed=9, options={"episode_seed": seed})[0]

    observations, _ = envs.reset(seed=9)
    assert observations in envs.observation_space
    assert all(np.array_equal(observations[e], begin(e)) for e in range(N))
    rng, ended, ends = np.random.default_rng(1), [False] * N, 0
    for _ in range(40):
        actions = rng.integers(5, size=N)
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        for e in range(N):
            if ended[e]:  # next_step: this step was the reset
                assert np.array_equal(observations[e], begin(e)) and (rewards[e], terminations[e], truncations[e]) == (0, False, False)
                ended[e] = False
                continue
            seen, *rest, info = singles[e].step(actions[e])
            assert [rewards[e], terminations[e], truncations[e]] == rest
            assert bool(infos.get("_outcome", np.zeros(N))[e]) == (rest[1] or rest[2])
            if rest[1] or rest[2]:
                ends += 1
                assert infos["outcome"][e] == info["outcome"]
                if autoreset == "same_step":
                    assert infos["_final_obs"][e] and np.array_equal(infos["final_obs"][e], seen)
                    assert infos["final_info"]["outcome"][e] == info["outcome"]
                    seen = begin(e)
                else:
                    ended[e] = True
            assert np.array_equal(observations[e], seen)
            assert envs.variables()[e].tolist() == list(singles[e]._variables)
        assert [envs.state_hash(e) for e in range(N)] == [single.state_hash() for single in singles]
    assert ends > N


def test_disabled_autoreset():
    envs = longplay.VectorEnv("cue", 3, time_limit=4, autoreset="disabled")
    envs.reset(seed=1)
    for _ in range(3):
        envs.step([0, 0, 0])
    last, rewards, _, truncations, _ = envs.step([0, 0, 0])
    assert truncations.all() and (rewards == -1).all()
    again, rewards, _, truncations, _ = envs.step([1, 1, 1])
    assert np.array_equal(again, last) and truncations.all() and (rewards == 0).all()
    seeds = envs.seeds()
    observations, _ = envs.reset(options={"reset_mask": np.array([True, False, True])})
    assert (envs.seeds() != seeds).tolist() == [True, False, True]
    assert envs.seeds()[2] == envs.game.seed("train", 1, 3 + 2)
    assert np.array_equal(observations[1], last[1]) and not np.shares_memory(observations, last)
    assert envs.step([0, 0, 0])[3].tolist() == [False, True, False]


def test_arrays_are_written_in_place():
    envs, other = (longplay.VectorEnv("cue", N, 2, n_groups=2, stack=2) for _ in range(2))
    storage = np.zeros((5, *envs.observation_space.shape), np.uint8)
    actions = np.ones(N, int)
    assert envs.reset(seed=1, out=storage[0])[0].ctypes.data == storage[0].ctypes.data
    first, _ = other.reset(seed=1)
    kept = first.copy()
    assert np.array_equal(storage[0], first)
    for t in range(1, 3):
        assert np.shares_memory(envs.step(actions, out=storage[t])[0], storage)
        seen = other.step(actions)[0]
        assert np.array_equal(storage[t], seen) and not np.shares_memory(seen, first)
    assert np.array_equal(first, kept)
    assert (storage[3:] == 0).all()
    for group, part in enumerate(envs.groups):
        envs.send(group, actions[part], out=storage[3])
    for group, part in enumerate(envs.groups):
        view = envs.recv(group)[0]
        assert view.ctypes.data == storage[3][part].ctypes.data and view.shape[0] == part.stop - part.start
    assert np.array_equal(storage[3], other.step(actions)[0]) and (storage[4] == 0).all()
    envs.send(0, actions[envs.groups[0]])
    kept_view = envs.recv(0)[0]
    envs.send(0, actions[envs.groups[0]])
    assert np.shares_memory(envs.recv(0)[0], kept_view)
    for wrong in (storage[0][:, ::2], storage[0].astype(np.int16), np.zeros((N, 72, 80), np.uint8), storage[0].tolist(), storage[0].swapaxes(2, 3)):
        with pytest.raises(longplay.InputError, match="out:"):
            envs.step(actions, out=wrong)


def test_groups_one_after_the_other_are_a_step():
    whole, halves = (longplay.VectorEnv("cue", 5, 2, knobs=SHORT, n_groups=2, autoreset="same_step") for _ in range(2))
    whole.reset(seed=3), halves.reset(seed=3)
    rng = np.random.default_rng(3)
    finals = []
    assert [part.stop - part.start for part in halves.groups] in ([2, 3], [3, 2])
    for _ in range(30):
        actions = rng.integers(5, size=5)
        told = whole.step(actions)
        for group, part in enumerate(halves.groups):
            halves.send(group, actions[part])
        for group in (1, 0):
            got, part = halves.recv(group), halves.groups[group]
            assert all(np.array_equal(got[i], told[i][part]) for i in range(4))
            ended = told[2][part] | told[3][part]
            assert bool(got[4]) == ended.any()
            if got[4]:
                assert got[4]["_outcome"].tolist() == ended.tolist()
                for i in np.flatnonzero(ended):
                    assert np.array_equal(got[4]["final_obs"][i], told[4]["final_obs"][part][i])
                    finals.append(got[4]["final_obs"][i].tobytes())
    assert len(set(finals)) > 1


def test_misuse_of_groups():
    envs = longplay.VectorEnv("cue", 4, n_groups=2)
    with pytest.raises(ResetNeeded):
        envs.send(0, [0, 0])
    with pytest.raises(ResetNeeded):
        envs.step([0] * 4)
    envs.reset(seed=1)
    with pytest.raises(longplay.Error, match="not sent"):
        envs.recv(0)
    envs.send(0, [0, 0])
    for call in (lambda: envs.send(0, [0, 0]), lambda: envs.step([0] * 4), lambda: envs.reset(), lambda: envs.variables(), lambda: envs.events(1)):
        with pytest.raises(longplay.Error, match="sent"):
            call()
    assert envs.events(2)[0]["name"] == "sign"
    envs.recv(0)
    for group in (-1, 2):
        with pytest.raises(longplay.InputError, match="group"):
            envs.send(group, [0, 0])
    for actions, error in (([0] * 3, ValueError), ([0, 0, 0, 5], ValueError), ([0, -1, 0, 0], ValueError), ([0.0] * 4, TypeError), (None, TypeError)):
        with pytest.raises(error, match="actions"):
            envs.step(actions)
    envs.send(1, [0, 0])
    envs.close()  # waits
    envs.close()
    with pytest.raises(longplay.Error, match="closed"):
        envs.step([0] * 4)


@pytest.mark.parametrize("arguments", [{"n_envs": 0}, {"n_envs": 65537}, {"n_threads": -1}, {"n_groups": 3}, {"n_groups": 8, "n_envs": 9}, {"autoreset": "never"},
                                       {"render_mode": "human"}, {"render_mode": "rgb_array", "observation": "ram"}, {"reward": "scenario"}])
def test_wrong_arguments(arguments):
    with pytest.raises(longplay.InputError):
        longplay.VectorEnv("cue", **{"n_envs": 2, **arguments})


def test_wrong_options():
    envs = longplay.VectorEnv("cue", 2)
    envs.reset(seed=1)
    seeds = envs.seeds().tolist()
    masks = [np.zeros(2, bool), np.ones(3, bool), np.ones(2, int)]
    for options in ({"mask": 1}, {"knobs": {"doors": 9}}, {"knobs": {"door": 2}}, *({"reset_mask": mask} for mask in masks)):
        with pytest.raises(longplay.InputError):
            envs.reset(options=options)
    with pytest.raises(longplay.InputError, match="seed"):
        envs.reset(seed=3, options={"reset_mask": np.ones(2, bool)})
    assert envs.seeds().tolist() == seeds


def test_knobs_stay():
    envs = longplay.VectorEnv("cue", 2, knobs={"horizon": 100}, autoreset="same_step", observation="ram")
    column = envs.game.variables.index("horizon")
    assert (envs.reset(seed=1)[0][:, column] == 100).all()
    assert (envs.reset(options={"knobs": {"horizon": 2}})[0][:, column] == 2).all()
    ends, rewards = 0, []
    for _ in range(30):
        observations, reward, terminations, _, _ = envs.step([1, 2])
        ends += int(terminations.sum())
        rewards.append(reward)
        assert (observations[:, column] == 2).all()
    assert ends > 2 and np.abs(rewards).sum() == ends  # each step's are its own


def test_other_threads_run_meanwhile():
    envs = longplay.VectorEnv("cue", 64, 1, frame_skip=600)
    envs.reset(seed=1)
    during, go = [], threading.Event()

    def tick():
        go.wait()
        while go.is_set():
            during.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    go.set()
    time.sleep(0.05)
    start = time.monotonic()
    envs.step(np.zeros(64, int))
    end = time.monotonic()
    go.clear()
    thread.join()
    assert end - start > 0.05 and sum(start + 0.01 < t < end - 0.01 for t in during) >= 3


def test_gymnasium_makes_and_wraps_it():
    envs = gymnasium.make_vec("longplay/cue-v0", num_envs=3, knobs=SHORT, render_mode="rgb_array")
    assert isinstance(envs, longplay.VectorEnv) and envs.spec.id == "longplay/cue-v0"
    wrapped = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
    wrapped.reset(seed=1)
    pictures = wrapped.render()
    assert len(pictures) == 3 and pictures[0].shape == (144, 160, 3)
    lengths = []
    for _ in range(40):
        *_, infos = wrapped.step(np.full(3, 1))
        if "episode" in infos:
            lengths += infos["episode"]["l"][infos["_episode"]].tolist()
    assert lengths and set(lengths) == {4 + 3 + 1}
    wrapped.close()
