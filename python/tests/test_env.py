"""longplay.Env: Gymnasium's own check, the same machine as the C program's, saved states, wrong arguments."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

import longplay

KINDS = {
    "grey": ((72, 80), np.uint8),
    "rgb": ((144, 160, 3), np.uint8),
    "shades": ((144, 40), np.uint8),
    "ram": ((len(longplay.Game("cue").variables),), np.int64),
}
SHORT = {"horizon": 5}


def play(env, actions):
    """(observation, reward, terminated, truncated, info) of each action, until the episode ends."""
    steps = []
    for action in actions:
        steps.append(env.step(action))
        if steps[-1][2] or steps[-1][3]:
            break
    return steps


def same(a, b):
    return all(np.array_equal(x[0], y[0]) and x[1:] == y[1:] for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("error")
def test_gymnasium_check(kind):
    env = gymnasium.make("longplay/cue-v0", observation=kind)
    check_env(env.unwrapped, skip_render_check=True)
    assert (env.observation_space.shape, env.observation_space.dtype) == KINDS[kind]
    assert env.spec.id == "longplay/cue-v0"
    env.close()


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_and_actions_give_the_same(kind):
    actions = np.random.default_rng(1).integers(5, size=40)
    runs = []
    for _ in range(2):
        env = longplay.Env("cue", observation=kind, knobs=SHORT)
        first = env.reset(seed=7)
        runs.append((first, play(env, actions), env.reset(), env.state_hash()))
    assert np.array_equal(runs[0][0][0], runs[1][0][0]) and runs[0][0][1] == runs[1][0][1]
    assert same(runs[0][1], runs[1][1])
    assert runs[0][2][1]["seed"] == runs[1][2][1]["seed"] != runs[0][0][1]["seed"]
    assert runs[0][3] == runs[1][3]
    assert env.reset(seed=8)[1]["seed"] != runs[0][0][1]["seed"]


@pytest.mark.parametrize("seed", [1, 4, 123456])
def test_same_machine_as_the_c_program(seed):
    binary = os.environ.get("LONGPLAY_BINARY")
    if not binary:
        pytest.skip("LONGPLAY_BINARY does not name the program")
    run = subprocess.run([binary, "play", "cue", "--policy", "oracle", "--headless", "--json", "--episodes", "2", "--seed", str(seed),
                          "--set", "horizon=9", "--set", "doors=4"], capture_output=True, check=True)
    told = json.loads(run.stdout)
    env = longplay.Env("cue", split="eval", knobs={"horizon": 9, "doors": 4})
    wins = decisions = 0
    env.reset(seed=seed)
    for episode in range(2):
        if episode:
            env.reset()
        ended = False
        while not ended:
            _, reward, ended, _, info = env.step(env.oracle())
        wins, decisions = wins + (info["outcome"] == "win" and reward == 1), decisions + info["decisions"]
    assert (wins, decisions) == (told["wins"], told["decisions"]) == (2, decisions)
    assert env.state_hash() == told["state_hash"]


def test_outcomes_rewards_and_info():
    env = longplay.Env("cue", knobs=SHORT)
    observation, info = env.reset(seed=3)
    assert info["knobs"] == {"horizon": 5, "doors": 2, "keep_cue": 0, "when": 0, "decoys": 0}
    assert info["variables"]["seed"] == info["seed"] and info["seed"] % 2
    assert [event["name"] for event in info["events"]] == ["sign"] and info["outcome"] == "running" and info["decisions"] == 0
    names = ["circle", "cross"]
    assert info["events"][0]["text"] == f"The sign shows a {names[info['variables']['answer']]}."
    right = {0: "LEFT", 1: "RIGHT"}
    for wins in (True, False):
        env.reset(options={"episode_seed": info["seed"], "knobs": {"horizon": 3}})
        door = info["variables"]["answer"] if wins else 1 - info["variables"]["answer"]
        steps = play(env, [env.game.actions.index(right[door])] * 20)
        assert [s[1:4] for s in steps[:-1]] == [(0.0, False, False)] * (len(steps) - 1)
        assert steps[-1][1:4] == ((1.0 if wins else -1.0), True, False)
        assert steps[-1][4]["outcome"] == ("win" if wins else "loss") and steps[-1][4]["decisions"] == len(steps)
        with pytest.raises(ResetNeeded):
            env.step(0)
    env.reset()
    env = longplay.Env("cue", time_limit=6)
    env.reset(seed=1)
    steps = play(env, [0] * 10)
    assert len(steps) == 6 and steps[-1][1:4] == (-1.0, False, True) and steps[-1][4]["outcome"] == "timeout"


def test_scenario_reward(tmp_path):
    with pytest.raises(longplay.InputError, match="scenario.json"):
        longplay.Env("cue", reward="scenario")
    folder = tmp_path / "walk"
    shutil.copytree(longplay.Game("cue").folder, folder)
    (folder / "scenario.json").write_text(json.dumps({
        "done": {"variables": {"result": {"op": "nonzero"}}}, "reward": {"variables": {"walked": {"reward": 0.5}}}}))
    env = longplay.Env(folder, reward="scenario")
    env.reset(seed=1)
    before, total = 0, 0.0
    for _ in range(30):
        _, reward, _, _, info = env.step(0)
        assert reward == 0.5 * (info["variables"]["walked"] - before)
        before, total = info["variables"]["walked"], total + reward
    assert total > 0


def test_observations_agree_with_each_other():
    envs = {kind: longplay.Env("cue", observation=kind) for kind in KINDS}
    for env in envs.values():
        env.reset(seed=5)
    full = longplay.Env("cue", width=160, height=144, render_mode="rgb_array")
    full.reset(seed=5)
    for action in [0, 1, 2, 3, 4, 0, 0]:
        seen = {kind: env.step(action) for kind, env in envs.items()}
        screen = full.step(action)[0]
        rgb = seen["rgb"][0]
        assert np.array_equal(full.render(), rgb)
        assert np.abs(rgb @ np.array([0.299, 0.587, 0.114]) - screen).max() <= 2
        assert np.abs(screen.reshape(72, 2, 80, 2).mean((1, 3)) - seen["grey"][0]).max() <= 1
        shades = (seen["shades"][0][:, :, None] >> np.array([0, 2, 4, 6], np.uint8) & 3).reshape(144, 160)
        assert np.array_equal(shades, rgb[:, :, 0] >> 6)
        assert seen["ram"][0].tolist() == list(seen["ram"][4]["variables"].values())
        assert all(env.state_hash() == full.state_hash() for env in envs.values())


@pytest.mark.parametrize("stack", [1, 4])
def test_stack(stack):
    one, many = longplay.Env("cue", width=40, height=36), longplay.Env("cue", width=40, height=36, stack=stack)
    assert many.observation_space.shape == (stack, 36, 40)
    for seed in (1, 2):
        frames = [one.reset(seed=seed)[0]] * stack
        assert np.array_equal(many.reset(seed=seed)[0], np.stack(frames))
        for action in [0, 1, 2, 3, 4, 0]:
            frames = [*frames[1:], one.step(action)[0]]
            assert np.array_equal(many.step(action)[0], np.stack(frames))


@pytest.mark.parametrize("settings", [{}, {"stack": 3}, {"observation": "ram"}, {"observation": "rgb", "render_mode": "rgb_array"}])
def test_save_and_load(settings):
    actions = np.random.default_rng(2).integers(5, size=30)
    env, other = longplay.Env("cue", knobs=SHORT, **settings), longplay.Env("cue", knobs=SHORT, **settings)
    with pytest.raises(ResetNeeded):
        env.save()
    env.reset(seed=11)
    before = play(env, actions[:5])[-1]
    state = env.save()
    assert isinstance(state, bytes)
    after = play(env, actions[5:])
    end = env.save()
    following = env.reset()[1]["seed"]
    for target in (env, other):  # the one has gone on, the other has never begun
        observation, info = target.load(state)
        assert np.array_equal(observation, before[0]) and info["variables"] == before[4]["variables"] and info["decisions"] == 5
        kept = observation.copy()
        assert target.save() == state
        assert same(play(target, actions[5:]), after) and np.array_equal(observation, kept)
        assert target.reset()[1]["seed"] == following
        assert target.load(end)[1]["outcome"] == after[-1][4]["outcome"] != "running"
        with pytest.raises(ResetNeeded):
            target.step(0)


def test_damaged_states_change_nothing():
    env = longplay.Env("cue", stack=2)
    env.reset(seed=1)
    state = env.save()
    env.step(1)
    now = env.save()
    rng = np.random.default_rng(3)
    cuts = [*range(120), *rng.integers(len(state), size=100).tolist()]
    flips = [*range(120), *rng.integers(len(state), size=200).tolist()]
    damaged = [state[:n] for n in cuts] + [state[:n] + bytes([state[n] ^ 1 << n % 8]) + state[n + 1 :] for n in flips] + [state + b"0", b""]
    for data in damaged:
        with pytest.raises(longplay.InputError, match="saved environment"):
            env.load(data)
    assert env.save() == now
    with pytest.raises(longplay.InputError, match="3 of 80x72"):
        env.load((lambda e: (e.reset(seed=1), e.save())[1])(longplay.Env("cue", stack=3)))
    assert env.save() == now


@pytest.mark.parametrize("arguments, message", [
    ({"observation": "gray"}, "observation: 'gray'"),
    ({"width": 161}, "width: 161 is not 1 to 160"),
    ({"height": 0}, "height: 0"),
    ({"stack": 17}, "stack: 17"),
    ({"stack": -1}, "stack: -1"),
    ({"observation": "ram", "stack": 2}, "ram"),
    ({"observation": "shades", "width": 80}, "shades"),
    ({"knobs": {"horizont": 3}}, "knobs: 'horizont'"),
    ({"knobs": {"horizon": 0}}, "horizon: 0 is not 1 to 2000000"),
    ({"time_limit": -1}, "time_limit"),
    ({"frame_skip": 601}, "frame_skip"),
    ({"reward": "score"}, "reward"),
    ({"split": "test"}, "split"),
    ({"render_mode": "ascii"}, "render_mode"),
])
def test_wrong_arguments(arguments, message):
    with pytest.raises(longplay.InputError, match=message):
        longplay.Env("cue", **arguments)
    with pytest.raises(ValueError):
        longplay.VectorEnv("cue", **arguments)


def test_wrong_games(tmp_path):
    with pytest.raises(longplay.InputError, match="nosuch.*cue"):
        longplay.Env("nosuch")
    with pytest.raises(longplay.InputError, match="missing.gb"):
        longplay.Env(tmp_path / "missing.gb")
    (tmp_path / "noise.gb").write_bytes(b"noise" * 1000)
    with pytest.raises(longplay.InputError, match="noise.gb"):
        longplay.Env(tmp_path / "noise.gb")
    (tmp_path / "longplay.json").write_text('{"rom": "noise.gb", "frame_skip": 0}')
    with pytest.raises(longplay.InputError, match=str(tmp_path)):
        longplay.Env(tmp_path)


def test_wrong_calls():
    env = longplay.Env("cue")
    with pytest.raises(ResetNeeded):
        env.step(0)
    for seed, error in ((-1, ValueError), (2**64, ValueError), (1.5, TypeError)):
        with pytest.raises(error):
            env.reset(seed=seed)
    for options in ({"knob": {}}, {"knobs": {"doors": 5}}, {"episode_seed": 2}, {"episode_seed": 2**32 + 1}):
        with pytest.raises(longplay.InputError):
            env.reset(options=options)
    with pytest.raises(ResetNeeded):  # none of these has begun an episode
        env.step(0)
    env.reset(seed=2**64 - 1)
    for action, error in ((-1, ValueError), (5, ValueError), (0.5, TypeError), (None, TypeError)):
        with pytest.raises(error):
            env.step(action)
    assert env.step(np.int64(1))[4]["decisions"] == 1
    env.close()
    env.close()
    for call in (env.reset, lambda: env.step(0), env.save, lambda: env.load(b""), env.state_hash, env.oracle):
        with pytest.raises(longplay.Error, match="closed"):
            call()


def test_bare_rom(tmp_path):
    rom = tmp_path / "some.gb"
    shutil.copy(next(Path(longplay.Game("cue").folder).glob("*.gb")), rom)
    env = longplay.Env(rom, observation="rgb", frame_skip=2)
    observation, info = env.reset(seed=1)
    assert env.game.name == "some.gb" and env.action_space.n == 9 and info["variables"] == {} and info["knobs"] == {}
    assert observation.shape == (144, 160, 3)
    env.step(0)
    with pytest.raises(longplay.InputError, match="no oracle"):
        env.oracle()
    with pytest.raises(longplay.InputError, match="data.json"):
        longplay.Env(rom, observation="ram")


def test_memory():
    env, other = longplay.Env("cue"), longplay.Env("cue")
    env.reset(seed=1), other.reset(seed=1)
    assert env.read(0x134, 3) == b"CUE"  # the title in the ROM
    walked = env.step(0)[4]["variables"]["walked"]
    other.step(0)
    assert int.from_bytes(env.read(0xC0B8, 4), "little") == walked
    env.read(0, 0x10000), env.read(0xFFFF)
    assert env.state_hash() == other.state_hash()  # looking changes nothing
    env.write(0xC0B8, (1000).to_bytes(4, "little"))
    assert env.read(0xC0B8, 2) == b"\xe8\x03" and env.state_hash() != other.state_hash()
    assert env.step(0)[4]["variables"]["walked"] >= 1000
    other.load(env.save())
    assert other.read(0xC0B8, 4) == env.read(0xC0B8, 4)
    before = env.state_hash()
    for address, data in [(0, b"\1"), (0x2000, b"\1"), (0x7FFE, b"\1\2\3")]:
        with pytest.raises(longplay.InputError, match="in ROM"):
            env.write(address, data)
    for call in [lambda: env.read(0x10000), lambda: env.read(0xFFFF, 2), lambda: env.read(-1), lambda: env.read(0, 0), lambda: env.write(0xFFFF, b"\1\2")]:
        with pytest.raises(longplay.InputError):
            call()
    with pytest.raises(TypeError):
        env.read(0.5)
    assert env.state_hash() == before
    env.close()
    with pytest.raises(longplay.Error, match="closed"):
        env.read(0xC000)


def no_seed(tmp_path):
    """cue without its seed: it boots to the corridor and is won after some steps."""
    shutil.copy(next(Path(longplay.Game("cue").folder).glob("*.gb")), tmp_path / "rom.gb")
    (tmp_path / "data.json").write_text(json.dumps({"info": {"walked": {"address": 0xC0B8, "type": "<u4"}}}))
    win = {"variables": {"walked": {"op": "greater-or-equal", "reference": 20}}}
    (tmp_path / "longplay.json").write_text(json.dumps({"boot": [{"frames": 60}, {"keys": ["START"], "frames": 9}], "win": win}))
    return tmp_path


def test_idle_frames(tmp_path):
    folder = no_seed(tmp_path)
    env = longplay.Env(folder)
    assert not env.game.has_seed and env.game.noop == (0, 30)
    assert longplay.Game("cue").has_seed and longplay.Game("cue").noop == (0, 0)
    starts = {}
    for seed in range(20):
        info = env.reset(seed=seed)[1]
        starts[info["seed"]] = env.state_hash()
    assert len(set(starts.values())) > 8
    for seed in list(starts)[:3]:
        env.reset(options={"episode_seed": seed})
        assert env.state_hash() == starts[seed]
    state = env.save()
    other = longplay.Env(folder)
    other.load(state)
    assert env.reset()[1]["seed"] == other.reset()[1]["seed"] and env.state_hash() == other.state_hash()
    same = longplay.Env(folder, noop=(0, 0))
    assert len({(same.reset(seed=seed), same.state_hash())[1] for seed in range(5)}) == 1
    envs = longplay.VectorEnv(folder, 3, noop=(5, 5))
    assert envs.game.noop == (5, 5)
    envs.close()
    for noop, error in [((1, 0), longplay.InputError), ((0, 10**6), longplay.InputError), ((0, 0.5), TypeError)]:
        with pytest.raises(error):
            longplay.Env(folder, noop=noop)
    with pytest.raises(longplay.InputError, match="open already"):
        longplay.Env(longplay.Game(folder), noop=(0, 3))


def test_models(tmp_path):
    """C at the start tells consoles apart."""
    rom = bytearray(0x8000)
    rom[0x100:0x104] = b"\x00\xc3\x50\x01"
    rom[0x146], rom[0x14B] = 3, 0x33  # what a Super Game Boy would be for
    rom[0x150:0x156] = b"\x79\xea\x00\xc0\x18\xfe"  # ld a, c; ld (C000), a; wait
    (tmp_path / "rom.gb").write_bytes(rom)
    (tmp_path / "data.json").write_text('{"info": {"c": {"address": 49152, "type": "|u1"}}}')
    for asked, model, c in [(None, "dmg", 0x13), ("auto", "dmg", 0x13), ("sgb", "sgb", 0x14), ("cgb", "cgb", 0), ("agb", "agb", 0)]:
        game = longplay.Game(tmp_path, model=asked)
        assert (game.model, game.system) == (model, "GB")
        for env in (longplay.Env(game, observation="ram"), longplay.VectorEnv(tmp_path, 2, observation="ram", model=asked)):
            env.reset(seed=1)
            assert (env.step(0 if env.action_space.shape == () else [0, 0])[0] == c).all()
    with pytest.raises(longplay.InputError, match="'gbc' is no model"):
        longplay.Game(tmp_path, model="gbc")
    with pytest.raises(longplay.InputError, match="shades"):
        longplay.Env(longplay.Game(tmp_path, model="sgb"), observation="shades")
    assert longplay.Env(tmp_path).metadata["render_fps"] == pytest.approx(59.7275 / 4)


def test_new_arrays_and_what_outlives_the_environment():
    env = longplay.Env("cue")
    first, _ = env.reset(seed=1)
    kept = first.copy()
    second = env.step(1)[0]
    assert not np.shares_memory(first, second) and np.array_equal(first, kept)
    env.close()
    del env
    assert np.array_equal(first, kept)


def test_human(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    try:
        import pygame
    except ImportError:
        with pytest.raises(gymnasium.error.DependencyNotInstalled, match="pygame"):
            longplay.Env("cue", render_mode="human").reset(seed=1)
        return
    env = longplay.Env("cue", render_mode="human")
    env.reset(seed=1)
    env.step(0)
    shown = pygame.surfarray.array3d(env._window.surface).transpose(1, 0, 2)
    other = longplay.Env("cue", render_mode="rgb_array")
    other.reset(seed=1)
    other.step(0)
    assert np.array_equal(shown[::4, ::4], other.render())
    env.close()
