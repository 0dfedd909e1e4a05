"""Objects that are dropped in any order, also in cycles, while others go on: none uses what another has freed. What malloc frees is overwritten;
with LONGPLAY_THOROUGH=1 the package is built for the address sanitizer as well."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

BINARY = os.environ.get("LONGPLAY_BINARY")
pytestmark = pytest.mark.skipif(not BINARY, reason="LONGPLAY_BINARY does not name the program")

SCRIPT = '''
import gc, random, sys
import numpy as np
import longplay
from longplay._native import ffi, lib

if sys.argv[1] == "mistake":
    out = ffi.new("lp_mem **")
    lib.lp_mem_open(out, ffi.new("lp_mem_config *", {"arch": lib.lp_mem_find(b"tree"), "dim": 4}), ffi.new("lp_err *"))
    lib.lp_mem_close(out[0])
    lib.lp_mem_save(out[0], ffi.new("char[]", 100))
    sys.exit()

pixels = np.random.default_rng(1).integers(256, size=(72, 80), dtype=np.uint8)

def make():
    game = longplay.Game("cue")
    env, envs = longplay.Env(game), longplay.VectorEnv(game, 3, n_threads=2, n_groups=2)
    env.reset(seed=1)
    envs.reset(seed=1)
    envs.send(0, [0] * len(range(*envs.groups[0].indices(3))))
    policy = longplay.Policy.load("count")
    tree, knn = policy.memory("tree"), policy.memory("knn")
    both = longplay.Player(policy, [tree, knn])
    decisions = both.act([pixels, pixels])
    context = tree.context()
    run = longplay.read_run(sys.argv[1])
    frames = run.frames()
    frames[3]
    items = run.items[2:5]
    return {name: value for name, value in locals().items()}

USES = {
    "game": lambda o: (o.seed("eval", 1, 1), o.default_knobs()), "env": lambda o: (o.step(0), o.save(), o.state_hash()),
    "envs": lambda o: (o.recv(0), o.send(0, [0] * len(range(*o.groups[0].indices(3))))), "policy": lambda o: (o.act(pixels), o.note("x")),
    "tree": lambda o: (o.append(np.ones(32), 1), o.context(), o.save()), "knn": lambda o: o.context(np.ones((2, 32))),
    "both": lambda o: o.act([pixels, pixels]), "decisions": lambda o: (o.item.sum(), o.attention[0].sum(), o.context[1].vector.sum()),
    "context": lambda o: o.vector.sum(), "run": lambda o: (o.items[1], o.memory(5)), "frames": lambda o: (o[4], o[2]), "items": lambda o: o["vector"].sum(),
}
rng = random.Random(1)
for turn in range(int(sys.argv[2])):
    held = make()
    assert held.keys() == USES.keys()
    order = sorted(held)
    rng.shuffle(order)
    if turn % 3 == 0:  # all at once, by the garbage collector, whatever comes first
        cycle = [held[name] for name in order]
        cycle.append(cycle)
        for value in cycle[:-1]:
            if hasattr(value, "__dict__"):
                value.__dict__["cycle"] = cycle
        del held, cycle, value
        gc.collect()
        continue
    for name in order:
        del held[name]
        if turn % 3 == 1:
            gc.collect()
        for other, value in held.items():
            USES[other](value)
        value = None
print("none used what was freed")
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "cue"
    subprocess.run([BINARY, "play", "cue", "--headless", "--run", path, "--decisions", "70"], capture_output=True, check=True)
    return path


def run(environment, *arguments):
    return subprocess.run([sys.executable, "-c", SCRIPT, *map(str, arguments)], env={**os.environ, **environment}, capture_output=True, text=True, timeout=600)


def test_in_any_order(folder):
    done = run({"MALLOC_PERTURB_": "165"}, folder, 12)
    assert done.returncode == 0 and done.stdout == "none used what was freed\n" and not done.stderr, f"{done.returncode}\n{done.stderr[-3000:]}"


@pytest.mark.skipif(not os.environ.get("LONGPLAY_THOROUGH"), reason="builds the package anew: LONGPLAY_THOROUGH=1")
def test_in_any_order_under_the_address_sanitizer(folder, tmp_path):
    package = Path(__file__).resolve().parent.parent
    flags = {"CFLAGS": "-fsanitize=address -fno-omit-frame-pointer", "LDFLAGS": "-fsanitize=address"}
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--target", tmp_path, package],
                   env={**os.environ, **flags}, check=True)
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
    sanitized = {"LD_PRELOAD": library, "PYTHONPATH": str(tmp_path), "PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0"}
    assert "use-after-free" in run(sanitized, "mistake").stderr
    done = run(sanitized, folder, 30)
    assert done.returncode == 0 and done.stdout == "none used what was freed\n", f"{done.returncode}\n{done.stderr[-6000:]}"
