#!/usr/bin/env python3
"""What do viewers of the web page cost the agent? Decisions a second with and without them, in turns.

    bench/web_viewers.py LONGPLAY [--viewers 200] [--turns 12] [--seconds 5] [--game cue] [--policy FILE|random]

A game is played as fast as it goes, headless, with --web. In turns of a few seconds nobody looks, then so many viewers follow /live, all pictures and
panels; they are one process, which reads and forgets, and which the system serves last, as if they were elsewhere. The decisions and their time come from the page's own clocks. Printed are the medians over the
turns of the ratios with to without: of decisions a second, and of decisions a second of processor time of the agent's thread, which other programs on the
machine disturb less; what the server itself took; and what a viewer got.
"""
import argparse
import json
import multiprocessing
import os
import re
import selectors
import socket
import statistics
import subprocess
import time
import urllib.request


def look(port, viewers, seconds, result):
    """Follows /live that many times; tells bytes, pictures and panels a viewer and second, and how many were dropped."""
    os.nice(19)
    selector, got, pictures, panels, dropped = selectors.DefaultSelector(), 0, 0, 0, 0
    for _ in range(viewers):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        s.setblocking(False)
        selector.register(s, selectors.EVENT_READ)
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        time.sleep(0.05)  # what came meanwhile is read at once
        for key, _ in selector.select(0.1):
            try:
                data = key.fileobj.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                selector.unregister(key.fileobj)
                dropped += 1
            got += len(data)
            pictures += data.count(b"event: picture")
            panels += data.count(b"event: panels")
    result.put([n / viewers / seconds for n in (got, pictures, panels)] + [dropped])


def processor_s(pid, thread):
    with open(f"/proc/{pid}/task/{thread}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def clocks(port, pid):
    """Decisions, seconds, and the processor's seconds of the agent's thread and of the others."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/panels/clocks") as answer:
        c = json.load(answer)
    others = sum(processor_s(pid, thread) for thread in os.listdir(f"/proc/{pid}/task") if thread != str(pid))
    return c["decisions"], c["played_s"], processor_s(pid, pid), others


def turn(port, pid, viewers, seconds):
    """Decisions a second, and a second of processor time; the server's part of a processor; what each viewer got."""
    result, process = multiprocessing.Queue(), None
    if viewers:
        process = multiprocessing.Process(target=look, args=(port, viewers, seconds + 1, result))
        process.start()
        time.sleep(0.5)
    before = clocks(port, pid)
    time.sleep(seconds)
    after = clocks(port, pid)
    got = result.get() if process else None
    if process:
        process.join()
    time.sleep(0.5)
    decisions, wall, cpu, others = (b - a for a, b in zip(before, after))
    return decisions / wall, decisions / cpu, others / wall, got


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("longplay")
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--game", default="cue")
    parser.add_argument("--policy")
    a = parser.parse_args()
    command = [a.longplay, "play", a.game, "--headless", "--speed", "max", "--web", "127.0.0.1:0"] + (["--policy", a.policy] if a.policy else [])
    agent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r":(\d+)/", agent.stderr.readline())[1])
        turn(port, agent.pid, 0, 2)
        turns = [(turn(port, agent.pid, 0, a.seconds), turn(port, agent.pid, a.viewers, a.seconds)) for _ in range(a.turns)]
    finally:
        agent.terminate()
        agent.wait()
    for which, name in enumerate(("decisions/s", "decisions a processor second")):
        ratios = [seen[which] / alone[which] for alone, seen in turns]
        low, median, high = statistics.quantiles(ratios, n=4)
        print(f"{name}: {statistics.median(alone[which] for alone, _ in turns):,.0f} alone; with {a.viewers} viewers {median:.3f} times (quartiles {low:.3f} to {high:.3f})")
    print(f"the server took {100 * statistics.median(seen[2] for _, seen in turns):.1f} % of a processor")
    got = [statistics.median(seen[3][i] for _, seen in turns) for i in range(3)]
    print(f"a viewer got {got[1]:.1f} pictures/s, {got[2]:.1f} panels/s, {got[0] / 1024:.0f} KB/s; {sum(seen[3][3] for _, seen in turns)} were dropped")


if __name__ == "__main__":
    main()
