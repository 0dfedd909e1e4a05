"""Want of memory: one allocation of the C side fails, the first, the second and so on, while an Env or a VectorEnv is opened, reset, stepped,
saved and loaded, and while a policy is loaded and plays. An exception says so; what was there before is as it was, and the same again gives the same."""
import os
import subprocess
import sys

import pytest

LIBRARY = os.environ.get("LONGPLAY_ALLOC_LIBRARY")  # tests/alloc_failure.c, as the build made it

# Run by a Python with the library preloaded. The plan (tests/alloc_failure.h) lies in a file that both map.
SWEEP = '''
import mmap, os, struct, sys
import numpy as np
import longplay

path = os.environ["LONGPLAY_ALLOC_FAILURE"]
with open(path, "r+b") as file:
    plan = mmap.mmap(file.fileno(), 64)

def arm(at):
    plan[:] = struct.pack("32sqqqq", b"_native", at, 1, 0, 0)

def failed():
    return struct.unpack("32sqqqq", plan[:])[4]

def play(env):
    seen = [env.step(action)[1:4] for action in (0, 1, 1, 0)]
    return seen, env.state_hash()

def single():
    env = longplay.Env("cue")
    env.reset(seed=3)
    seen = play(env)
    env.load(env.save())
    again = play(env)
    env.close()
    return seen, again

def several():
    envs = longplay.VectorEnv("cue", 3, n_threads=1)
    envs.reset(seed=3)
    for _ in range(4):
        envs.step([1, 0, 1])
    hashes = [envs.state_hash(e) for e in range(3)]
    envs.close()
    return hashes

def acts():
    policy = longplay.Policy.load("cue")
    played = longplay.Player(policy, policy.memory("knn")).play(longplay.Env("cue", knobs={"horizon": 5}), seed=1)
    return played, policy.act(np.zeros((2, *policy.observation_shape), np.uint8)).logits.tolist()

kept = longplay.Env("cue")
kept.reset(seed=5)
state = kept.save()
before = kept.state_hash()

def loads():
    kept.load(state)
    return kept.state_hash()

for what in (single, several, acts, loads):
    arm(0)
    expected = what()
    n = 0
    while True:
        n += 1
        arm(n)
        try:
            got = what()
        except longplay.Error as error:
            assert "memory" in str(error) or "RAM" in str(error) or "threads" in str(error), f"{what.__name__}, allocation {n}: {error}"
            got = expected
        if not failed():
            break
        assert got == expected, f"{what.__name__}, allocation {n}: another result"
        arm(0)
        assert kept.state_hash() == before, f"{what.__name__}, allocation {n}: another environment is no longer what it was"
        assert what() == expected, f"{what.__name__}, allocation {n}: the same again is not the same"
    print(f"{what.__name__}: {n - 1} allocations failed")
    assert n > 1 or what is loads, f"{what.__name__}: nothing was allocated"  # loading takes no memory
'''


@pytest.mark.skipif(not LIBRARY, reason="LONGPLAY_ALLOC_LIBRARY names no library that makes allocations fail")
def test_every_allocation_fails_once(tmp_path) -> None:
    plan = tmp_path / "plan"
    plan.write_bytes(bytes(64))
    environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "LONGPLAY_ALLOC_FAILURE": str(plan)}
    done = subprocess.run([sys.executable, "-c", SWEEP], env=environment, capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr[-3000:]}"
