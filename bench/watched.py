#!/usr/bin/env python3
"""What does being watched cost the agent? Decisions a second with nobody looking, in a window, recorded in 1080p60, and followed by web viewers.

    bench/watched.py LONGPLAY [--viewers 200] [--turns 6] [--seconds 6] [--game cue]

The game is played as fast as it goes, a few seconds for each way of being watched, in turns. The window is on a screen of its own (Xvfb, which draws with the
processor). A recording at full speed has every frame in it, so that there the encoder sets the pace: real time is what it must not come below. Printed are
medians over the turns: decisions a second, by the clock and by the processor time of the agent's thread, which other programs on the machine disturb less,
each also as a ratio to nobody's in the same turn; what being watched takes of the agent's processor (as many pictures a second are painted whether the agent
has much of it or little, so the ratio on a processor of its own is what this leaves); and what the process's other threads took of one.
"""
import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time

from web_viewers import turn


def watched(longplay, game, place, viewers, seconds, screen):
    command = [longplay, "play", game, "--speed", "max", "--episodes", "0", "--web", "127.0.0.1:0", *place]
    agent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "DISPLAY": screen, "SDL_AUDIODRIVER": "dummy"})
    try:
        port = int(re.search(r"http://127.0.0.1:(\d+)/", agent.stderr.readline())[1])
        time.sleep(1.5)
        return turn(port, agent.pid, viewers, seconds)[:3]
    finally:
        agent.terminate()
        agent.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("longplay")
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--game", default="cue")
    a = parser.parse_args()
    numbers, number = os.pipe()
    xvfb = subprocess.Popen(["Xvfb", "-displayfd", str(number), "-screen", "0", "1400x900x24"], pass_fds=[number], stderr=subprocess.DEVNULL)
    os.close(number)
    screen = ":" + os.read(numbers, 16).decode().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            turns = []
            for i in range(a.turns):
                video = ["--headless", "--record", os.path.join(folder, f"{i}.mkv"), "--size", "1920x1080", "--fps", "60"]
                ways = {"nobody": (["--headless"], 0), "a window": ([], 0), "1080p60 into a file": (video, 0), f"{a.viewers} web viewers": (["--headless"], a.viewers)}
                turns.append({name: watched(a.longplay, a.game, place, viewers, a.seconds, screen) for name, (place, viewers) in ways.items()})
    finally:
        xvfb.terminate()
        xvfb.wait()
    print(f"{'watched by':22}{'decisions/s':>12}{'ratio':>8}{'a processor second':>20}{'ratio':>8}{'takes':>10}{'other threads':>15}")
    for name in turns[0]:
        wall, cpu, others = (statistics.median(t[name][i] for t in turns) for i in range(3))
        ratios = [statistics.median(t[name][i] / t["nobody"][i] for t in turns) for i in range(2)]
        takes = statistics.median((1 - t[name][1] / t["nobody"][1]) * t[name][0] / t[name][1] for t in turns)
        print(f"{name:22}{wall:12,.0f}{ratios[0]:8.3f}{cpu:20,.0f}{ratios[1]:8.3f}{100 * takes:8.1f} %{100 * others:13.1f} %")


if __name__ == "__main__":
    main()
