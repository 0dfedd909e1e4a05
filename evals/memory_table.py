#!/usr/bin/env python3
"""Makes the memory table again: trains every game of a suite several times, plays each policy under each memory, draws up the table.

    evals/memory_table.py train --jobs 2 -- --policy.core=none    # what follows -- goes to longplay train
    evals/memory_table.py eval --jobs 2 --decisions 200000
    evals/memory_table.py table > memory.md
    evals/memory_table.py collect --results evals/results         # what was won, without the weights: GAME.SEED.json
    evals/memory_table.py table --results evals/results           # the table of that

All of it is in one folder, --runs. Stopped or killed, the same command goes on: what is finished is not done again. There:

    GAME.SEED.safetensors            weights of one training, with its .log, checkpoint (.train), and what was asked of it (.asked)
    GAME.SEED.MEMORY.KNOBS.jsonl     every episode of these weights in one row of the suite (docs/formats.md)
    GAME.floor.KNOBS.jsonl           the same of random buttons

MEMORY is own (what the policy was trained with), an architecture (none, window, full ...), or a rule by which the tree keeps (oldest,
newest, random, distinct): whatever `longplay info` names. Exit: 0 done, 1 something failed or is missing, 2 bad usage or bad input.
"""
import argparse
import ast
import functools
import json
import operator
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from interquartile import RESAMPLES, interval, iqm
from jobs import Job, Stopped, catch_signals, run

ROOT = Path(__file__).resolve().parent.parent
MIN_EPISODES, MIN_SEEDS = 10, 3
MEMORIES = ["own", "full", "window", "none", "oldest", "newest", "random", "distinct"]
OF_FULL, IN_ITSELF = 0.95, 0.90  # what the table's last columns ask of a policy with its own memory


class BadInput(Exception):
    pass


# ---- the suite, and what longplay knows ----


@dataclass(frozen=True)
class Row:
    game: str  # what longplay takes: a name or a folder
    name: str
    knobs: tuple[tuple[str, int], ...]
    episodes: int
    is_longest: bool  # the last of those that the suite's entry makes

    @property
    def key(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.knobs) or "default"


def ask(longplay: str, *words: str) -> dict[str, Any]:
    """What longplay says with --json."""
    done = subprocess.run([longplay, *words, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise BadInput((done.stderr.strip() or f"{longplay} fails").removeprefix("longplay: "))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def read_suite(name: str, games: list[str], longplay: str) -> tuple[list[Row], dict[str, dict[str, Any]]]:
    """Its rows, and `longplay info` of each of its games; of those in `games` alone, unless that is empty."""
    path = Path(name) if name.endswith(".json") else ROOT / "games" / "suites" / f"{name}.json"
    rows: list[Row] = []
    infos: dict[str, dict[str, Any]] = {}
    try:
        suite = json.loads(path.read_text())
        for item in suite["games"]:
            game, knobs = item["game"], item.get("knobs", {})
            game = str(path.parent / game) if "/" in game else game
            info = infos[game] = infos.get(game) or ask(longplay, "info", game)
            n = max([len(v) for v in knobs.values() if isinstance(v, list)], default=1)
            for i in range(n):
                values = tuple((k, v[i] if isinstance(v, list) else v) for k, v in knobs.items())
                rows.append(Row(game, info["game"], values, int(item.get("episodes", suite.get("episodes", 200))), n > 1 and i == n - 1))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadInput(f"{path}: not a suite of games: {error!r}") from error
    names = {row.name for row in rows}
    if len(names) < len({row.game for row in rows}):
        raise BadInput(f"{path}: two games of one name")
    if missing := [one for one in games if one not in names]:
        raise BadInput(f"{path}: no game '{missing[0]}' in it: {', '.join(sorted(names))}")
    return [row for row in rows if not games or row.name in games], {info["game"]: info for info in infos.values()}


def choose_memories(args: argparse.Namespace) -> dict[str, list[str]]:
    """The chosen memories, and what chooses each of them."""
    info = ask(args.longplay, "info")
    known: dict[str, list[str]] = {"own": [], **{m["name"]: ["--memory", m["name"]] for m in info["memories"]}}
    for setting in info["memory_settings"]:
        if setting["name"] == "keep":
            known |= {rule: ["--memory", "tree", f"--memory.keep={rule}"] for rule in setting["choices"].split("|") if rule != "learned"}
    if unknown := [name for name in args.memories if name not in known]:
        raise BadInput(f"no memory '{unknown[0]}': {', '.join(known)}")
    return {name: known[name] for name in args.memories}


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow}


def value_of(node: ast.AST, knobs: dict[str, int]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return float(knobs[name])
        case ast.UnaryOp(op=ast.USub(), operand=one):
            return -value_of(one, knobs)
        case ast.BinOp(left=left, op=op, right=right):
            return float(OPERATORS[type(op)](value_of(left, knobs), value_of(right, knobs)))
    raise ValueError


def floor_of(info: dict[str, Any], row: Row) -> float | None:
    """The game's floor where it is a formula of its knobs, "1 - (1 - 3^-n)^(2n + 1)"; None where it is said in words, or not at all."""
    knobs = {knob["name"]: knob["default"] for knob in info["knobs"]} | dict(row.knobs)
    text = re.sub(r"(\d)\s*([A-Za-z(])", r"\1*\2", info.get("floor", "").replace("^", "**"))
    try:
        return value_of(ast.parse(text, mode="eval").body, knobs)
    except (SyntaxError, ValueError, KeyError, ArithmeticError, TypeError):
        return None


# ---- train ----


def conclude(done: str, n: int, failed: list[int]) -> int:
    print(f"{n - len(failed)} of {n} {done}, {len(failed)} failed")
    return 0 if not failed else 2 if 2 in failed else 1


def weights_of(args: argparse.Namespace, name: str, seed: int) -> Path:
    return Path(args.runs) / f"{name}.{seed}.safetensors"


def is_trained(weights: Path) -> bool:
    """To its end: the log's last line says how its policy was judged."""
    log = Path(f"{weights}.log")
    lines = log.read_text().splitlines() if weights.exists() and log.exists() else []
    return bool(lines) and lines[-1].startswith('{"evaluation":"final"')


def train(args: argparse.Namespace) -> int:
    rows, infos = read_suite(args.suite, args.games, args.longplay)
    Path(args.runs).mkdir(parents=True, exist_ok=True)
    jobs, n_done = [], 0
    for seed in range(1, args.seeds + 1):  # every game once, before any a second time
        for game, name in dict.fromkeys((row.game, row.name) for row in rows):
            weights, recipe = weights_of(args, name, seed), Path(infos[name]["folder"]) / "train.ini"
            record = Path(f"{weights}.asked")
            asked = " ".join(args.rest) + "\n" + (recipe.read_text() if recipe.exists() else "")
            if is_trained(weights) and record.exists() and record.read_text() == asked:
                n_done += 1
                continue
            command = [args.longplay, "train", game, "--out", str(weights), "--threads", str(args.threads), f"--train.seed={seed}", *args.rest]
            if Path(f"{weights}.train").exists():
                command.append("--resume")
            jobs.append(Job(f"{name}.{seed}", command, functools.partial(record.write_text, asked)))
    return conclude("trained", n_done + len(jobs), run(jobs, args.jobs))


# ---- eval ----


@dataclass(frozen=True)
class Result:
    """A file of episodes, all of which are there."""

    head: dict[str, Any]  # of its row
    wins: int
    episodes: int
    decisions: int
    context_items: int  # at most


def read_result(path: Path) -> Result | None:
    """None: not there, or not played to its end."""
    if not path.exists():
        return None
    try:
        head, *lines = path.read_text().splitlines(keepends=True) or [""]
        episodes = [json.loads(line) for line in lines if line.endswith("\n")]
        row = json.loads(head)["rows"][0] if head.endswith("\n") else {"episodes": -1}
        if len({e["episode"] for e in episodes}) != row["episodes"]:
            return None
        wins = sum(e["outcome"] == "win" for e in episodes)
        return Result(row, wins, len(episodes), sum(e["decisions"] for e in episodes), max(e["context_items"] for e in episodes))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadInput(f"{path}: not an evaluation's episodes: {error!r}") from error


def floor_file(args: argparse.Namespace, row: Row) -> Path:
    return Path(args.runs) / f"{row.name}.floor.{row.key}.jsonl"


def result_file(args: argparse.Namespace, row: Row, seed: int, memory: str) -> Path:
    return Path(args.runs) / f"{row.name}.{seed}.{memory}.{row.key}.jsonl"


def eval_job(args: argparse.Namespace, row: Row, policy: str, episodes: int, out: Path, extra: list[str]) -> Job:
    knobs = [word for name, value in row.knobs for word in ("--set", f"{name}={value}")]
    numbers = ["--seed", str(args.seed), "--episodes", str(episodes), "--threads", str(args.threads)]
    return Job(out.stem, [args.longplay, "eval", row.game, "--policy", policy, *knobs, *numbers, "--out", str(out), *extra])


def evaluate(args: argparse.Namespace) -> int:
    rows, infos = read_suite(args.suite, args.games, args.longplay)
    memories = choose_memories(args)
    Path(args.runs).mkdir(parents=True, exist_ok=True)
    # A few episodes of random buttons tell how long they are; all of them the floor, where the game has no formula of it.
    first = []
    for row in rows:
        n = args.episodes or row.episodes
        n = n if floor_of(infos[row.name], row) is None else min(n, MIN_EPISODES)
        first.append(eval_job(args, row, "random", n, floor_file(args, row), []))
    failed, jobs, untrained = run(first, args.jobs), [], set()
    for row in rows:
        n, floor = args.episodes or row.episodes, read_result(floor_file(args, row))
        if not floor:
            continue  # it failed, and so would the others
        if args.decisions:
            n = min(n, max(MIN_EPISODES, args.decisions * floor.episodes // floor.decisions))
        for seed in range(1, args.seeds + 1):
            weights = weights_of(args, row.name, seed)
            if not is_trained(weights):
                untrained.add(f"{row.name}.{seed}")
                continue
            jobs += [eval_job(args, row, str(weights), n, result_file(args, row, seed, m), [*how, *args.rest]) for m, how in memories.items()]
    for name in sorted(untrained):
        print(f"{name}: failed: not trained", file=sys.stderr)
    failed += run(jobs, args.jobs) + [1] * len(untrained)
    return conclude("evaluated", len(first) + len(jobs) + len(untrained), failed)


# ---- what was won ----


@dataclass(frozen=True)
class Record:
    """Of one training: its policy as `longplay info` tells it, and what it won, by memory ("floor": random buttons) and a row's key."""

    policy: dict[str, Any]
    evaluation_seed: int | None
    won: dict[tuple[str, str], Result]


def is_of(result: Result, row: Row, info: dict[str, Any], policy: dict[str, Any] | None) -> bool:
    """Not of weights, a ROM or knobs that were there before."""
    head = result.head
    same: bool = head.get("rom") == info["rom_hash"] and (policy is None or head.get("policy_digest") == policy["digest"])
    return same and dict(row.knobs).items() <= head.get("knobs", {}).items()


def find_record(args: argparse.Namespace, rows: list[Row], name: str, seed: int, info: dict[str, Any]) -> Record | None:
    """From --runs. None: not trained."""
    weights = weights_of(args, name, seed)
    if not is_trained(weights):
        return None
    policy, won, seeds = ask(args.longplay, "info", str(weights)), {}, set()
    for row in rows:
        for memory in ["floor", *args.memories] if row.name == name else []:
            path = floor_file(args, row) if memory == "floor" else result_file(args, row, seed, memory)
            result = read_result(path)
            if result and not is_of(result, row, info, None if memory == "floor" else policy):
                raise BadInput(f"{path}: of other weights, knobs or ROM than its name says")
            if result:
                won[memory, row.key] = result
                seeds |= {result.head["seed"]} if memory != "floor" else set()
    if len(seeds) > 1:
        raise BadInput(f"{args.runs}: holds evaluations of several seeds: {', '.join(map(str, sorted(seeds)))}")
    return Record(policy, seeds.pop() if seeds else None, won)


def record_file(args: argparse.Namespace, name: str, seed: int) -> Path:
    return Path(args.results) / f"{name}.{seed}.json"


def write_record(path: Path, record: Record, rom: str) -> None:
    policy = {name: record.policy[name] for name in ("digest", "core", "memory", "memory_settings", "notes") if name in record.policy}
    head = json.dumps({"rom": rom, "evaluation_seed": record.evaluation_seed, "policy": policy})
    lines = [
        json.dumps({"memory": memory, "row": key, "episodes": r.episodes, "wins": r.wins, "decisions": r.decisions, "context_items": r.context_items})
        for (memory, key), r in record.won.items()
    ]
    part = path.with_suffix(".part")
    part.write_text(head[:-1] + ', "won": [\n' + ",\n".join(lines) + "\n]}\n")
    part.replace(path)


def read_record(path: Path, info: dict[str, Any]) -> Record | None:
    """From --results. None: not there."""
    if not path.exists():
        return None
    try:
        head = json.loads(path.read_text())
        won = {(r["memory"], r["row"]): Result({}, r["wins"], r["episodes"], r["decisions"], r["context_items"]) for r in head["won"]}
        record, rom = Record(head["policy"], head["evaluation_seed"], won), head["rom"]
        describe(record.policy)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: not a training's results: {error!r}") from error
    if rom != info["rom_hash"]:
        raise BadInput(f"{path}: of another ROM than the game's")
    return record


def collect(args: argparse.Namespace) -> int:
    rows, infos = read_suite(args.suite, args.games, args.longplay)
    choose_memories(args)
    try:
        Path(args.results).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{args.results}: {error.strerror}") from error
    n = 0
    for name, info in infos.items():
        for seed in range(1, args.seeds + 1):
            record = find_record(args, rows, name, seed, info) if name in {row.name for row in rows} else None
            if record and record.evaluation_seed is not None:
                write_record(record_file(args, name, seed), record, info["rom_hash"])
                n += 1
    print(f"{n} trainings' results in {args.results}")
    return 0


# ---- table ----


def make_cell(args: argparse.Namespace, row: Row, memory: str, records: dict[int, Record]) -> dict[str, Any]:
    """What the policies of all seeds won under one memory."""
    found = {seed: one.won[memory, row.key] for seed, one in records.items() if (memory, row.key) in one.won}
    wins, episodes = [r.wins for r in found.values()], [r.episodes for r in found.values()]
    return {
        "seeds": list(found),
        "missing": [result_file(args, row, seed, memory).name for seed in records if seed not in found],
        "episodes": episodes,
        "wins": wins,
        "iqm": iqm([w / n for w, n in zip(wins, episodes)]) if found else None,
        "ci95": interval(wins, episodes) if found else None,
        "context_items_max": max((r.context_items for r in found.values()), default=None),
    }


def make_row(args: argparse.Namespace, row: Row, info: dict[str, Any], records: dict[int, Record]) -> dict[str, Any]:
    cells = {memory: make_cell(args, row, memory, records) for memory in args.memories}
    kept = [one.won["floor", row.key] for one in records.values() if ("floor", row.key) in one.won]
    floor, played = floor_of(info, row), next(iter(kept), None) if args.results else read_result(floor_file(args, row))
    if floor is None and played:
        floor = played.wins / played.episodes
    own, full = (cells[m]["iqm"] if m in cells else None for m in ("own", "full"))
    return {
        "game": row.name,
        "knobs": dict(row.knobs),
        "is_longest": row.is_longest,
        "floor": floor,
        "cells": cells,
        "of_full": None if own is None or full is None else own >= OF_FULL * full,
        "in_itself": None if own is None else own >= IN_ITSELF,
    }


def make_table(args: argparse.Namespace) -> dict[str, Any]:
    rows, infos = read_suite(args.suite, args.games, args.longplay)
    choose_memories(args)
    records: dict[str, dict[int, Record]] = {row.name: {} for row in rows}
    missing = []
    for name, by_seed in records.items():
        for seed in range(1, args.seeds + 1):
            path, info = record_file(args, name, seed) if args.results else weights_of(args, name, seed), infos[name]
            record = read_record(path, info) if args.results else find_record(args, rows, name, seed, info)
            if record:
                by_seed[seed] = record
            else:
                missing.append(path.name)
    made = [make_row(args, row, infos[row.name], records[row.name]) for row in rows]
    seeds = {one.evaluation_seed for by_seed in records.values() for one in by_seed.values() if one.evaluation_seed is not None}
    if len(seeds) > 1:
        raise BadInput(f"{args.results or args.runs}: holds evaluations of several seeds: {', '.join(map(str, sorted(seeds)))}")
    return {
        "suite": args.suite,
        "training_seeds": args.seeds,
        "evaluation_seed": seeds.pop() if seeds else None,
        "memories": args.memories,
        "rows": made,
        "policies": {name: sorted({describe(one.policy) for one in by_seed.values()}) for name, by_seed in records.items()},
        "missing": missing + [name for row in made for one in row["cells"].values() for name in one["missing"]],
    }


def describe(policy: dict[str, Any]) -> str:
    settings = " ".join(f"{name}={value}" for name, value in policy.get("memory_settings", {}).items())
    decisions = int(policy["notes"].get("trained_decisions", 0))
    return f"core {policy['core']}, memory {policy['memory']}{f' ({settings})' if settings else ''}, {decisions:,} decisions"


def percent(rate: float | None) -> str:
    return "?" if rate is None else f"{100 * rate:.1f}"


def show_cell(one: dict[str, Any], wanted: int) -> str:
    if not one["seeds"]:
        return "?"
    n = len(one["seeds"])
    seeds = f", {n} of {wanted} seeds" if n < wanted else ""
    single = ", single run" if n < MIN_SEEDS <= wanted else ""
    return f"{percent(one['iqm'])} ({percent(one['ci95'][0])} to {percent(one['ci95'][1])}){seeds}{single}"


def show_row(row: dict[str, Any], wanted: int) -> list[str]:
    def yes(value: bool | None) -> str:
        return "?" if value is None else "yes" if value else "no"

    cells = row["cells"]
    knobs = " ".join(f"{name}={value}" for name, value in row["knobs"].items())
    episodes = sorted({n for one in cells.values() for n in one["episodes"]})
    played = "?" if not episodes else str(episodes[0]) if len(episodes) == 1 else f"{episodes[0]} to {episodes[-1]}"
    context = cells["own"]["context_items_max"] if "own" in cells else None
    return [
        *(row["game"], f"`{knobs}`" if knobs else "", played, percent(row["floor"])),
        *(show_cell(one, wanted) for one in cells.values()),
        *("?" if context is None else str(context), yes(row["of_full"]), yes(row["in_itself"])),
    ]


def to_markdown(table: dict[str, Any]) -> str:
    n = table["training_seeds"]
    heads = ["game", "knobs", "episodes", "floor", *table["memories"], "context", "95 % of full", "90 %"]
    lines = [heads, ["---"] * len(heads), *(show_row(row, n) for row in table["rows"])]
    short = [row for row in table["rows"] if not row["is_longest"]]
    of_full, in_itself = (sum(bool(row[name]) for row in short) for name in ("of_full", "in_itself"))
    text = [
        *(f"| {' | '.join(line)} |" for line in lines),
        "",
        f"Episodes won, %: the interquartile mean over training seeds 1 to {n} and its 95 % interval (stratified bootstrap: {RESAMPLES:,} resamples",
        f"of seeds, and of episodes within each); evaluation seed {table['evaluation_seed']}. Floor: random buttons. Own: the memory that a policy was",
        "trained with; context: the most items that it saw there; oldest, newest, random, distinct: a tree that keeps by that rule. 95 % of full,",
        f"90 %: does own win as much? Of the {len(short)} rows that are not their game's longest, {of_full} win 95 % of full, {in_itself} win 90 %.",
        *([f"Single run: with fewer than {MIN_SEEDS} training seeds the intervals say nothing of how trainings differ."] if n < MIN_SEEDS else []),
        "",
        *(f"- {name}: {'; '.join(what) or 'not trained'}" for name, what in table["policies"].items()),
    ]
    if table["missing"]:
        text += ["", f"Missing, {len(table['missing'])}: {', '.join(table['missing'])}"]
    return "\n".join(text)


def draw_up(args: argparse.Namespace) -> int:
    if not Path(args.results or args.runs).is_dir():
        raise BadInput(f"{args.results or args.runs}: no such folder")
    table = make_table(args)
    print(json.dumps(table) if args.json else to_markdown(table))
    return 1 if table["missing"] else 0


# ---- the command line ----


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message} ({self.prog} --help)")


def at_least(low: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number, {low} or more")
        return int(text)

    return number


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def parse(argv: list[str]) -> argparse.Namespace:
    cut = argv.index("--") if "--" in argv else len(argv)
    usual = ROOT / "build" / "longplay"
    common, several, played = (Parser(add_help=False) for _ in range(3))
    common.add_argument("--runs", default="runs/memory", metavar="DIR", help="where everything is (%(default)s)")
    common.add_argument("--suite", default="memory", metavar="NAME", help="a suite's name or .json file (%(default)s)")
    common.add_argument("--games", type=names, default=[], metavar="NAME,...", help="these games of it alone")
    common.add_argument("--seeds", type=at_least(1), default=5, metavar="N", help="training seeds 1 to N (%(default)s)")
    common.add_argument("--longplay", default=str(usual) if usual.exists() else "longplay", metavar="FILE", help="the program (%(default)s)")
    several.add_argument("--jobs", type=at_least(1), default=1, metavar="J", help="so many at once (%(default)s)")
    several.add_argument("--threads", type=at_least(1), default=1, metavar="T", help="each with so many threads (%(default)s)")
    played.add_argument("--memories", type=names, default=MEMORIES, metavar="NAME,...", help=f"under which ({','.join(MEMORIES)})")
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="train|eval|collect|table")
    one = commands.add_parser("train", parents=[common, several], help="train each game with each seed")
    one.set_defaults(does=train)
    one = commands.add_parser("eval", parents=[common, several, played], help="play each policy in each row under each memory")
    one.add_argument("--seed", type=at_least(0), default=777001, metavar="N", help="which evaluation seeds (%(default)s)")
    one.add_argument("--episodes", type=at_least(1), metavar="N", help="a row's episodes (the suite's)")
    one.add_argument("--decisions", type=at_least(1), metavar="N", help=f"a row has fewer, at least {MIN_EPISODES}, where they take more decisions")
    one.set_defaults(does=evaluate)
    one = commands.add_parser("collect", parents=[common, played], help="what each policy won, a small file each")
    one.add_argument("--results", required=True, metavar="DIR", help="into which folder")
    one.set_defaults(does=collect)
    one = commands.add_parser("table", parents=[common, played], help="the table, in Markdown")
    one.add_argument("--results", metavar="DIR", help="from what was collected there, not from --runs")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(does=draw_up)
    args = parser.parse_args(argv[:cut])
    args.rest = argv[cut + 1 :]
    if args.rest and args.does in (draw_up, collect):
        raise BadInput(f"'{args.rest[0]}': {argv[0]} takes nothing after --")
    if not shutil.which(args.longplay):
        raise BadInput(f"{args.longplay}: no such program (make build, or --longplay FILE)")
    return args


def main() -> int:
    catch_signals()
    try:
        args = parse(sys.argv[1:])
        code: int = args.does(args)
        return code
    except BadInput as error:
        print(f"memory_table.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"memory_table.py: {error}", file=sys.stderr)
        return 1
    except Stopped as error:
        print("stopped; the same command goes on", file=sys.stderr)
        return 128 + int(error.args[0])


if __name__ == "__main__":
    sys.exit(main())
