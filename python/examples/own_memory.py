"""An idea for a memory, tried before a line of C is written: what surprises is kept.

    pip install ./python
    python python/examples/own_memory.py --episodes 20

Plays the shipped policy of `cue` with memories of the same size: the idea, the most salient items, and, in C, the last ones and the tree. The sign comes
late, among decoys. A policy has been trained with one memory; that it can use another at all is not said, and the idea may need a training of its own.
"""
import argparse
from typing import Any

import numpy as np

import longplay

Array = np.ndarray[Any, Any]


class Kept(longplay.Architecture):
    """The last `window` items, and the `keep` best of those before: worth says what an item is worth when it leaves the window."""

    def __init__(self, window: int = 16, keep: int = 16) -> None:
        self.window, self.keep = window, keep
        self.max_context = window + keep
        self.reset(0)

    def reset(self, seed: int) -> None:
        self.recent: list[tuple[Array, float, int]] = []  # vector, salience, step
        self.kept: list[tuple[float, tuple[Array, float, int]]] = []  # with its worth, in order of step
        self.steps = 0

    def append(self, vector: Array, salience: float) -> None:
        self.recent.append((vector, salience, self.steps))
        self.steps += 1
        if len(self.recent) > self.window:
            item = self.recent.pop(0)
            self.kept.append((self.worth(item[0], item[1]), item))
            if len(self.kept) > self.keep:
                self.kept.remove(min(self.kept, key=lambda pair: pair[0]))

    def context(self, query: Array | None = None) -> tuple[Any, Any, Any, Any]:
        items = [item for _, item in self.kept] + self.recent
        if not items:
            return [], [], [], []
        vectors, saliences, steps = zip(*items)
        return np.array(vectors), saliences, [0] * len(items), steps

    def worth(self, vector: Array, salience: float) -> float:
        return salience


class Surprising(Kept):
    """Worth: how far a vector is from the mean of all before it, in standard deviations of each number, squared and added up."""

    def reset(self, seed: int) -> None:
        super().reset(seed)
        self.n, self.mean, self.square = 0, np.zeros(1), np.zeros(1)

    def worth(self, vector: Array, salience: float) -> float:
        if self.n == 0:
            self.mean = vector
        self.n += 1  # Welford's algorithm
        off = vector - self.mean
        self.mean = self.mean + off / self.n
        self.square = self.square + off * (vector - self.mean)
        return float((off**2 / (self.square / self.n + 1e-6)).sum())


def win_rate(policy: longplay.Policy, memory: longplay.Architecture, knobs: dict[str, int], episodes: int) -> float:
    env = longplay.Env("cue", split="eval", knobs=knobs)
    played = longplay.Player(policy, memory).play(env, episodes, seed=1)
    return sum(episode.outcome == "win" for episode in played) / episodes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--horizon", type=int, default=256)
    arguments = parser.parse_args()
    policy = longplay.Policy.load("cue")
    knobs = {"horizon": arguments.horizon, "doors": 4, "when": 1, "decoys": 16}
    memories: dict[str, longplay.Architecture] = {"surprising": Surprising(), "salient": Kept(), "window": policy.memory("window", window=32), "tree": policy.memory()}
    for name, memory in memories.items():
        print(f"{name:12} {100 * win_rate(policy, memory, knobs, arguments.episodes):5.1f} % of {arguments.episodes}", flush=True)


if __name__ == "__main__":
    main()
