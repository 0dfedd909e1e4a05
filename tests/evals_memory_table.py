"""Tests evals/memory_table.py and what it is made of: evals_memory_table.py LONGPLAY. Two tiny trainings of cue, killed in the middle and gone on
with, evaluated (stopped, too), and the table of them; the statistics against values worked out by hand; wrong input."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "evals"))
import interquartile  # noqa: E402
import memory_table  # noqa: E402

LONGPLAY = ""
TINY = ["--", "--train.decisions=6144", "--train.envs=8", "--train.steps=32", "--eval-episodes", "4"]
MEMORIES = "own,full,none,newest"
SUITE = {"episodes": 12, "games": [{"game": "cue", "knobs": {"doors": 2, "horizon": [4, 8, 12]}}, {"game": "catch"}]}


class Statistics(unittest.TestCase):
    def test_iqm(self) -> None:
        known: list[tuple[list[float], float]] = [
            ([0.25], 0.25),
            ([1, 0], 0.5),
            ([10, 0, 1], (0.25 * 0 + 1 + 0.25 * 10) / 1.5),
            ([40, 0, 20, 10], 15),
            ([9, 1, 2, 100, 3], (0.75 * 2 + 3 + 0.75 * 9) / 2.5),
            ([0, 1, 2, 3, 4, 5, 6, 1000], 3.5),
        ]
        for scores, expected in known:
            self.assertAlmostEqual(interquartile.iqm(scores), expected, places=12)

    def test_binomial(self) -> None:
        self.assertEqual(interquartile.binomial_cdf(0, 3), [1, 1, 1, 1])
        self.assertEqual(interquartile.binomial_cdf(3, 3), [0, 0, 0, 1])
        for got, expected in zip(interquartile.binomial_cdf(2, 4), [1 / 16, 5 / 16, 11 / 16, 15 / 16, 1]):
            self.assertAlmostEqual(got, expected, places=12)

    def test_interval(self) -> None:
        self.assertEqual(interquartile.interval([200, 200], [200, 200]), (1, 1))
        # of one seed: that of a binomial of 400 and 0.5, whose 2.5 % and 97.5 % quantiles are 180 and 220
        low, high = interquartile.interval([200], [400])
        self.assertAlmostEqual(low, 180 / 400, delta=0.005)
        self.assertAlmostEqual(high, 220 / 400, delta=0.005)
        # of seeds that are all won or all lost: k of 4 drawn seeds are won with P(4 choose k) / 16, and their mean's middle half is below 0.5 for
        # k < 2, so the 2.5 % quantile is 0 and the 97.5 % quantile 1
        self.assertEqual(interquartile.interval([8, 8, 0, 0], [8] * 4), (0, 1))
        # seeds count: the interval of five that differ is wider than that of five alike
        alike, differing = interquartile.interval([150] * 5, [200] * 5), interquartile.interval([100, 130, 150, 170, 200], [200] * 5)
        self.assertGreater(differing[1] - differing[0], 2 * (alike[1] - alike[0]))
        self.assertEqual(alike, interquartile.interval([150] * 5, [200] * 5))

    def test_floor(self) -> None:
        def floor(text: str, **knobs: int) -> float | None:
            info = {"floor": text, "knobs": [{"name": "n", "default": 2}]}
            return memory_table.floor_of(info, memory_table.Row("game", "game", tuple(knobs.items()), 1, False))

        self.assertEqual(floor("1 / doors", doors=4), 0.25)
        self.assertEqual(floor("base ^ -F", base=4, F=2), 1 / 16)
        self.assertAlmostEqual(floor("1 - (1 - 3^-n)^(2n + 1)") or 0, 1 - (8 / 9) ** 5, places=12)
        for words in ("", "0: said in words", "none to speak of", "1 / doors", "().__class__", "9 ^ 9 ^ 9 ^ 9", "1 / 0"):
            self.assertIsNone(floor(words))


class Whole(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "small.json").write_text(json.dumps(SUITE))

    def command(self, what: str, *words: str, runs: str = "runs", suite: str = "small.json") -> list[str]:
        script = [sys.executable, "-B", str(ROOT / "evals/memory_table.py"), what]
        return [*script, "--longplay", LONGPLAY, "--runs", runs, "--suite", suite, *words]

    def call(self, what: str, *words: str, runs: str = "runs", suite: str = "small.json") -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(what, *words, runs=runs, suite=suite), cwd=self.folder, capture_output=True, text=True)

    def done(self, what: str, *words: str, runs: str = "runs") -> str:
        result = self.call(what, *words, runs=runs)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def refused(self, message: str, what: str, *words: str, suite: str = "small.json") -> None:
        result = self.call(what, *words, suite=suite)
        self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn(message, result.stderr)

    def cut(self, number: int, there: str, what: str, *words: str) -> int:
        """Starts it, and sends the signal once such a file is there; returns the exit code."""
        child = subprocess.Popen(self.command(what, *words), cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while child.poll() is None and not list(self.folder.glob(there)):
            time.sleep(0.01)
        child.send_signal(number)
        return child.wait()

    def files(self, pattern: str, runs: str = "runs") -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.folder / runs).glob(pattern)}

    def times(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (self.folder / "runs").iterdir()}

    def train(self) -> None:
        words = ["--games", "cue", "--seeds", "2", "--jobs", "2"]
        self.assertEqual(self.cut(signal.SIGKILL, "runs/*.train", "train", *words, *TINY), -signal.SIGKILL)
        for _ in range(100):  # what was killed with it still saves
            if not any(os.access(f"/proc/{pid}", os.F_OK) for pid in self.trainings()):
                break
            time.sleep(0.1)
        cut = self.files("cue.*.train")
        self.assertEqual(self.done("train", *words, *TINY), "2 of 2 trained, 0 failed\n")
        self.assertNotEqual(cut, self.files("cue.*.train"), "the kill came too late")
        before = self.times()
        self.assertEqual(self.done("train", *words, *TINY), "2 of 2 trained, 0 failed\n")
        self.assertEqual(self.times(), before, "what is finished was done again")
        self.done("train", *words, *TINY, runs="unbroken")
        self.assertEqual(self.files("*.safetensors"), self.files("*.safetensors", "unbroken"))

    def trainings(self) -> list[int]:
        """Processes that train into this folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(path / "cwd") == str(self.folder.resolve()):
                    found.append(int(path.name))
            except OSError:
                pass
        return found

    def evaluate(self) -> None:
        words = ["--seeds", "2", "--jobs", "2", "--memories", MEMORIES, "--decisions", "150"]
        code = self.cut(signal.SIGTERM, "runs/cue.1.*.jsonl", "eval", *words)
        self.assertEqual(code, 128 + signal.SIGTERM)
        result = self.call("eval", *words)
        self.assertEqual((result.returncode, result.stdout), (1, "28 of 30 evaluated, 2 failed\n"), result.stderr)
        self.assertIn("catch.1: failed: not trained\ncatch.2: failed: not trained\n", result.stderr)
        before = self.times()
        self.done("eval", *words, "--games", "cue")
        self.assertEqual(self.times(), before, "what was played was played again")
        self.assertEqual(self.call("eval", *words, "--games", "cue", "--seed", "5").returncode, 2)

    def episodes(self, who: str, horizon: int) -> list[dict[str, Any]]:
        lines = (self.folder / f"runs/cue.{who}.doors=2,horizon={horizon}.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines[1:]]

    def table(self) -> None:
        words = ["--seeds", "2", "--memories", MEMORIES]
        printed = self.done("table", *words, "--games", "cue")
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if line.startswith("|")]
        self.assertEqual(rows[0], ["game", "knobs", "episodes", "floor", *MEMORIES.split(","), "context", "95 % of full", "90 %"])
        self.assertEqual(len(rows), 2 + 3)
        for row, horizon in zip(rows[2:], (4, 8, 12)):
            length = sum(e["decisions"] for e in self.episodes("floor", horizon)) / 10
            episodes = min(12, max(10, int(150 / length)))  # 12 at horizon 4, 10 at 12
            self.assertEqual(row[:4], ["cue", f"`doors=2 horizon={horizon}`", str(episodes), "50.0"])
            rates = {}
            for cell, memory in zip(row[4:8], MEMORIES.split(",")):
                played = [self.episodes(f"{seed}.{memory}", horizon) for seed in (1, 2)]
                self.assertEqual([len(one) for one in played], [episodes] * 2)
                rates[memory] = sum(e["outcome"] == "win" for one in played for e in one) / (2 * episodes)
                self.assertRegex(cell, rf"^{100 * rates[memory]:.1f} \([\d.]+ to [\d.]+\)$")
            self.assertEqual(row[9:], ["yes" if held else "no" for held in (rates["own"] >= 0.95 * rates["full"], rates["own"] >= 0.9)])
        self.assertIn("Single run", printed)
        self.assertRegex(printed, r"- cue: core none, memory tree \(chunk=32 [^;]*\), 6,144 decisions\n")
        everything = self.call("table", *words, "--json")
        found = json.loads(everything.stdout)
        self.assertEqual((everything.returncode, found["missing"]), (1, ["catch.1.safetensors", "catch.2.safetensors"]))
        self.assertEqual([row["knobs"].get("horizon") for row in found["rows"]], [4, 8, 12, None])
        self.assertEqual([row["cells"]["own"]["episodes"] for row in found["rows"][:3:2]], [[12, 12], [10, 10]])
        self.assertEqual([found["evaluation_seed"], found["rows"][3]["cells"]["own"]["iqm"]], [777001, None])
        self.assertEqual(self.done("collect", *words, "--results", "kept"), "2 trainings' results in kept\n")
        self.assertEqual(self.done("table", *words, "--games", "cue", "--results", "kept", runs="nowhere"), printed)
        self.assertIsNotNone(found["rows"][3]["floor"])
        five = self.call("table", "--memories", MEMORIES, "--games", "cue")
        self.assertEqual(five.returncode, 1)
        self.assertIn("2 of 5 seeds, single run", five.stdout)

    def damage(self) -> None:
        words = ["--seeds", "2", "--memories", MEMORIES, "--games", "cue"]
        path = self.folder / "runs/cue.2.own.doors=2,horizon=4.jsonl"
        good = path.read_bytes()
        path.write_bytes(good[:-1])
        self.assertIn("Missing, 1: cue.2.own.doors=2,horizon=4.jsonl", self.call("table", *words).stdout)
        path.write_bytes(good.replace(b'{"row":0,"episode":3', b'{"row":0,"episod'))
        self.refused("not an evaluation's episodes", "table", *words)
        path.write_bytes((self.folder / "runs/cue.1.own.doors=2,horizon=4.jsonl").read_bytes())
        self.refused("of other weights", "table", *words)
        path.write_bytes((self.folder / "runs/cue.2.own.doors=2,horizon=8.jsonl").read_bytes())
        self.refused("of other weights, knobs or ROM", "table", *words)
        path.write_bytes(re.sub(rb'"rom":"[0-9a-f]{16}"', b'"rom":"0123456789abcdef"', good))
        self.refused("of other weights, knobs or ROM", "table", *words)
        path.write_bytes(good.replace(b'"seed":777001', b'"seed":777002'))
        self.refused("several seeds: 777001, 777002", "table", *words)
        kept = self.folder / "kept/cue.2.json"
        good = kept.read_bytes()
        kept.write_bytes(good.replace(b'"evaluation_seed": 777001', b'"evaluation_seed": 777002'))
        self.refused("kept: holds evaluations of several seeds: 777001, 777002", "table", *words, "--results", "kept")
        kept.write_bytes(re.sub(rb'"rom": "[0-9a-f]{16}"', b'"rom": "0123456789abcdef"', good))
        self.refused("cue.2.json: of another ROM than the game's", "table", *words, "--results", "kept")
        kept.write_bytes(good[:-9])
        self.refused("cue.2.json: not a training's results", "table", *words, "--results", "kept")

    def test_whole(self) -> None:
        self.train()
        self.evaluate()
        self.table()
        self.damage()

    def test_wrong_input(self) -> None:
        self.refused("'0' is not a whole number, 1 or more", "train", "--seeds", "0")
        self.refused("invalid choice: 'draw'", "draw")
        self.refused("unrecognized arguments: --sed=1", "eval", "--sed=1")
        self.refused("no such program", "eval", "--longplay", "./nothing")
        self.refused("no memory 'elephant': own, none, window,", "eval", "--memories", "own,elephant")
        self.refused("no game 'cues' in it: catch, cue", "train", "--games", "cues")
        self.refused("nothing.json: No such file", "train", suite="nothing.json")
        self.refused("runs: no such folder", "table")
        self.refused("takes nothing after --", "table", "--", "--json")
        self.refused("kept: no such folder", "table", "--results", "kept")
        self.refused("small.json/kept: Not a directory", "collect", "--results", "small.json/kept")
        for text, message in [("{", "not a suite"), ('{"games": [{"game": "cue", "knobs": {"doors": [2, 3], "horizon": [1]}}]}', "not a suite"),
                              ('{"games": [{"game": "nosuch"}]}', "nosuch"), ('{"games": [7]}', "not a suite")]:  # fmt: skip
            (self.folder / "bad.json").write_text(text)
            self.refused(message, "eval", suite="bad.json")
        self.assertEqual([path.name for path in self.folder.iterdir()].count("runs"), 0)
        result = self.call("train", "--games", "cue", "--seeds", "1", "--", "--train.foo=1")
        self.assertEqual((result.returncode, result.stdout), (2, "0 of 1 trained, 1 failed\n"))
        self.assertEqual(result.stderr, "1 of 1  cue.1: failed, exit 2: unknown setting 'train.foo'\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    LONGPLAY = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
