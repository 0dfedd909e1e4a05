"""Players of the community games that read the machine's memory: what an attentive player can do, as a measured figure.

    python3 games/community/players.py libbet --episodes 50 --set level=1

needs the Python package (pip install ./python) and the ROM. It prints how many evaluation episodes it wins, and after how many decisions. A
policy that is trained sees pixels and none of this; what a player reads here is in each game's README. A player is a generator: it is
told the environment, and yields actions by name.
"""
import argparse
import os
import statistics
from collections import deque
from collections.abc import Iterator

import longplay

Player = Iterator[str]


def libbet(env: longplay.Env) -> Player:
    """Takes the shortest way to the next track that is not there yet, and to the door once that is open."""
    steps = [(1, 0), (-1, 0), (0, -1), (0, 1), (2, 0), (-2, 0), (0, -2), (0, 2)]
    names = ["RIGHT", "LEFT", "UP", "DOWN", "A+RIGHT", "A+LEFT", "A+UP", "A+DOWN"]

    def first_move() -> int | None:
        tiles = env.read(0xC4A8, 64)
        width, height, x, y, _, _, exit_x, is_open = env.read(0xC4E8, 8)
        ways: deque[tuple[int, int, int | None]] = deque([(x, y, None)])
        seen = {(x, y)}
        while ways:
            x, y, first = ways.popleft()
            if is_open and y == 0 and (height == 8 or x == exit_x):
                return 2 if first is None else first
            for k, (dx, dy) in enumerate(steps):
                to = x + dx, y + dy
                if not (0 <= to[0] < width and 0 <= to[1] < height):
                    continue
                here, there = tiles[8 * y + x], tiles[8 * to[1] + to[0]]
                if (there - here) & 3 > 1:
                    continue  # neither the same shade nor the next
                move = k if first is None else first
                if not is_open and (there - here) & 3 == 1 and not here & 0x10 << (k & 3):
                    return move  # a track that is not there yet
                if there & 4:
                    to = width // 2, height - 1  # a trap door, back to the entrance
                if to not in seen:
                    seen.add(to)
                    ways.append((*to, move))
        return None

    while True:
        move = first_move()
        if move is None:
            yield "none"
            continue
        for _ in range(9):  # a jump in progress does not hear it
            was = env.read(0xC4EA, 2)
            yield names[move]
            if env.read(0xC4EA, 2) != was:
                break


def adjustris(env: longplay.Env) -> Player:
    """Tries out how the piece turns, then puts it where the pile stays low and without holes."""
    width, height = 10, 18

    def piece() -> list[tuple[int, int]]:
        n = env.read(0xC802, 1)[0]
        at = env.read(0xC805, 2 * n)
        return [(at[2 * i] if at[2 * i] < 128 else at[2 * i] - 256, at[2 * i + 1]) for i in range(n)]

    def cost(filled: set[tuple[int, int]]) -> float:
        rows = [y for y in range(height) if all((y, x) in filled for x in range(width))]
        left = {(y + sum(r > y for r in rows), x) for y, x in filled if y not in rows}
        tops = [min((y for y in range(height) if (y, x) in left), default=height) for x in range(width)]
        holes = sum(height - top for top in tops) - len(left)
        bumps = sum(abs(a - b) for a, b in zip(tops, tops[1:]))
        return 0.51 * sum(height - top for top in tops) + 0.36 * holes * 5 + 0.18 * bumps - 0.76 * len(rows)

    def turned(presses: int) -> list[tuple[int, int]]:
        for _ in range(presses):
            env.step(a)
            env.step(none)
        return piece()

    none, a = (env.game.actions.index(name) for name in ("none", "A"))
    while True:
        grid = env.read(0xC200, width * height)
        pile = {(i // width, i % width) for i, tile in enumerate(grid) if tile}
        here, best = env.save(), (1e9, 0, 0)
        for presses in range(4):
            shape = turned(presses)
            env.load(here)
            low = min(x for _, x in shape)
            for to in range(width - max(x for _, x in shape) + low):
                cells = [(y, x - low + to) for y, x in shape]
                while all(y + 1 < height and (y + 1, x) not in pile for y, x in cells):
                    cells = [(y + 1, x) for y, x in cells]
                if not any(cell in pile for cell in cells):
                    best = min(best, (cost(pile | set(cells)), presses, to))
        blocks = env.read(0xC112, 6)
        for _ in range(best[1]):
            yield "A"
            yield "none"
        for _ in range(width):
            low = min(x for _, x in piece())
            if low == best[2]:
                break
            yield "LEFT" if low > best[2] else "RIGHT"
            yield "none"
        while env.read(0xC112, 6) == blocks:
            yield "DOWN"
        for _ in range(3):
            yield "none"


def geometrix(env: longplay.Env) -> Player:
    """Swaps, of all pairs that make a line, those that make most, the nearest first."""
    width, height = 8, 9  # the first row is hidden

    def lines(forms: bytearray) -> int:
        n = 0
        for row in range(1, height):
            for x in range(width):
                here = forms[width * row + x]
                n += x + 2 < width and here > 0 and here == forms[width * row + x + 1] == forms[width * row + x + 2]
                n += row + 2 < height and here > 0 and here == forms[width * (row + 1) + x] == forms[width * (row + 2) + x]
        return n

    while True:
        while env.read(0xC71A, 1)[0]:  # lines are being removed
            yield "none"
        flat, at_x, at_y = env.read(0xC5A4, 3)
        forms, best = bytearray(env.read(0xC5AE, width * height)), (0, 0, 0, 0, 0)
        for is_flat in (1, 0):
            for y in range(1, height - 1 + is_flat):
                for x in range(width - is_flat):
                    i, j = width * y + x, width * y + x + (1 if is_flat else width)
                    forms[i], forms[j] = forms[j], forms[i]
                    way = abs(x - at_x) + abs(y - at_y) + (is_flat != flat)
                    best = max(best, (lines(forms), -way, is_flat, x, y))
                    forms[i], forms[j] = forms[j], forms[i]
        made, _, is_flat, to_x, to_y = best
        for _ in range(40):
            flat, x, y = env.read(0xC5A4, 3)
            if not made or (flat, x, y) == (is_flat, to_x, to_y):
                break
            yield "B" if flat != is_flat else "RIGHT" if x < to_x else "LEFT" if x > to_x else "DOWN" if y < to_y else "UP"
            yield "none"
        yield "A"
        for _ in range(3):
            yield "none"


def meteorain(env: longplay.Env) -> Player:
    """Tries out, in a copy of the machine, to run some way and to stand; takes what lives longest, nearest to the middle."""
    actions = {name: env.game.actions.index(name) for name in ("none", "LEFT", "RIGHT")}
    ahead = 20

    def lives(name: str, run: int) -> tuple[int, int]:
        here = env.save()
        for n in range(ahead):
            *_, info = env.step(actions[name if n < run else "none"])
            if info["outcome"] != "running":
                break
        middle = -abs(info["variables"]["x"] - 112)
        n = ahead if info["outcome"] == "win" else n
        env.load(here)
        return n, middle

    while True:
        ways = [("none", 0)] + [(name, run) for run in (2, 4, 8, 12) for name in ("LEFT", "RIGHT")]
        name, run = max(ways, key=lambda way: lives(*way))
        for n in range(3):
            yield name if n < run else "none"


def deepscan(env: longplay.Env) -> Player:
    """Tries out, in a copy of the machine, to run some way and drop a charge on either side; takes what sinks most and lives."""
    ahead, index = 45, env.game.actions.index

    def worth(plan: list[str]) -> tuple[int, int]:
        here, sunk = env.save(), env.read(0xC157, 1)[0]
        for n in range(ahead):
            *_, info = env.step(index(plan[n] if n < len(plan) else "none"))
            if info["outcome"] != "running":
                break
        gained = info["variables"]["sunk"] - sunk
        env.load(here)
        return (gained if info["outcome"] != "loss" else n - 1000), -len(plan)

    while True:
        runs: list[list[str]] = [[]] + [[way] * n for n in (3, 8, 14) for way in ("LEFT", "RIGHT")]
        plan = max((run + drop for run in runs for drop in ([], ["A"], ["B"])), key=worth)
        yield from plan[:4] or ["none", "none"]


PLAYERS = {"libbet": libbet, "adjustris": adjustris, "geometrix": geometrix, "meteorain": meteorain, "deepscan": deepscan}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("game", choices=PLAYERS)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=N")
    args = parser.parse_args()
    knobs = {name: int(value) for name, value in (text.split("=") for text in args.set)}
    env = longplay.Env(os.path.join(os.path.dirname(os.path.abspath(__file__)), args.game), knobs=knobs, split="eval")
    ends: dict[str, list[int]] = {"win": [], "loss": [], "timeout": []}
    for _ in range(args.episodes):
        _, info = env.reset()
        for name in PLAYERS[args.game](env):
            *_, info = env.step(env.game.actions.index(name))
            if info["outcome"] != "running":
                break
        ends[info["outcome"]].append(info["decisions"])
    for outcome, decisions in ends.items():
        if decisions:
            print(f"{outcome:8} {len(decisions):3} of {args.episodes}, after {min(decisions)} to {max(decisions)} decisions (median {statistics.median(decisions):.0f})")


if __name__ == "__main__":
    main()
