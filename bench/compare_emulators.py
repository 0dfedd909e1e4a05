#!/usr/bin/env python3
"""How fast is Longplay beside PyBoy and stable-retro? Same ROM, keys, frame skip and observation, one core each.

    bench/compare_emulators.py [--seconds 20] [--rom FILE.gb ...]

Makes its own virtual environment in build-compare/ (PyBoy, stable-retro and OpenCV from the Python package index, Longplay from
python/), then prints a table. Each emulator runs in a process of its own, all on one core, and they take turns in short slices
over the same frames of the game, so that what else the machine does hits all alike: the ratios are medians over the turns.

Each decision holds one key for four frames and takes the last frame as 84x84 grey, area-averaged (OpenCV's INTER_AREA for
those that give only pictures). Longplay is measured as one trains with it, a pool of eight games on one thread, and one game
alone. Sound is off where it can be (PyBoy), and drawing is left to the last frame where it can be (PyBoy,
Longplay); stable-retro draws and sounds every frame, having no setting for either.
"""
import argparse
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "build-compare"
PACKAGES = ["pyboy==2.8.1", "stable-retro==1.0.1", "opencv-python-headless", str(ROOT / "python")]
FRAME_SKIP, SIDE, KEYS = 4, 84, ["a", "b", "select", "start", "right", "left", "up", "down"]


def enter_environment():
    python = ENVIRONMENT / "bin" / "python"
    if pathlib.Path(sys.prefix) == ENVIRONMENT:
        return
    if not (ENVIRONMENT / "done").exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (ENVIRONMENT / "done").touch()
    os.execv(python, [python, *sys.argv])


def key_at(decision):
    """An index into KEYS; every eight decisions another one, the same for all emulators."""
    return (decision // 8 * 2654435761 >> 7) % 8


def open_longplay(rom, n_envs):
    import longplay
    import numpy

    envs = longplay.VectorEnv(rom, n_envs, n_threads=1, width=SIDE, height=SIDE)
    envs.reset(seed=1)
    names = [name.lower() for name in envs.game.actions]
    actions = [numpy.full(n_envs, names.index(key), dtype=numpy.int32) for key in KEYS]
    return lambda decision: envs.step(actions[key_at(decision)])


def open_pyboy(rom):
    import cv2
    from pyboy import PyBoy

    machine = PyBoy(rom, window="null", sound_emulated=False, log_level="ERROR")
    machine.set_emulation_speed(0)
    held = []

    def step(decision):
        key = KEYS[key_at(decision)]
        if held != [key]:
            if held:
                machine.button_release(held.pop())
            machine.button_press(key)
            held.append(key)
        machine.tick(FRAME_SKIP, True)
        frame = machine.screen.ndarray
        return cv2.resize(cv2.cvtColor(frame[:, :, :3], cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)

    return step


def open_retro(rom):
    import cv2
    import numpy
    import stable_retro

    machine = stable_retro.RetroEmulator(rom)
    buttons = ["b", None, "select", "start", "up", "down", "left", "right", "a"]
    masks = [numpy.array([button == key for button in buttons], dtype=numpy.uint8) for key in KEYS]

    def step(decision):
        machine.set_button_mask(masks[key_at(decision)], 0)
        for _ in range(FRAME_SKIP):
            machine.step()
        return cv2.resize(cv2.cvtColor(machine.get_screen(), cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)

    return step


# name: how to open it, and how many games one step plays
EMULATORS = {
    "Longplay": (lambda rom: open_longplay(rom, 8), 8),
    "Longplay, one": (lambda rom: open_longplay(rom, 1), 1),
    "PyBoy": (open_pyboy, 1),
    "stable-retro": (open_retro, 1),
}


def serve(name, rom, pipe):
    """In a child: opens an emulator, then answers each (first, n) with the seconds that n decisions took."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    step = EMULATORS[name][0](rom)
    while (order := pipe.recv()) is not None:
        first, n = order
        start = time.perf_counter()
        for decision in range(first, first + n):
            step(decision)
        pipe.send(time.perf_counter() - start)


def compare(rom, seconds):
    context, workers = multiprocessing.get_context("spawn"), {}
    for name in EMULATORS:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(name, str(rom), theirs), daemon=True)
        process.start()
        workers[name] = (ours, process)

    def turn(name, first, n):
        n_games = EMULATORS[name][1]
        workers[name][0].send((first, n // n_games))
        return n // n_games * n_games * FRAME_SKIP / workers[name][0].recv()

    for name in workers:
        turn(name, 0, 100)
    speeds, first, n = {name: [] for name in workers}, 100, 250
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(speeds["Longplay"]) < 5:
        for name in workers:
            speeds[name].append(turn(name, first, n))
        first += n
    for pipe, process in workers.values():
        pipe.send(None)
        process.join()
    return speeds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="a ROM's share (20)")
    parser.add_argument("--rom", nargs="+", type=pathlib.Path, default=[ROOT / "games/cue/cue.gb", ROOT / "games/roms/busy.gb"])
    arguments = parser.parse_args()
    print(f"{'ROM':<12} {'emulator':<14} {'frames/s':>10} {'Longplay is':>14}")
    for rom in arguments.rom:
        speeds = compare(rom.resolve(), arguments.seconds)
        for name, values in speeds.items():
            ratio = statistics.median(a / b for a, b in zip(speeds["Longplay"], values))
            print(f"{rom.name:<12} {name:<14} {statistics.median(values):>10.0f} {ratio:>12.2f} x")


if __name__ == "__main__":
    enter_environment()
    main()
