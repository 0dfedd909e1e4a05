#!/usr/bin/env python3
"""The logs of trainings as TensorBoard's event files: to_tensorboard.py OUT.log... --out DIR. Needs tensorboardX (pip install tensorboardX).

Each log is a run of its name; every number of an update is a scalar over decisions, evaluations are evaluation/win_rate. Of an experiment:

    evals/to_tensorboard.py memory/*.log --out events && tensorboard --logdir events
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Any


def numbers(line: dict[str, Any]) -> dict[str, float]:
    """What of a line is shown, by its tag."""
    if "evaluation" in line:
        return {"evaluation/win_rate": line["win_rate"]}
    level = {f"level/{name}": value for name, value in line["level"].items()}
    shown = {name: value for name, value in line.items() if name not in ("update", "decisions", "level") and value is not None}
    return level | shown


def convert(log: Path, out: Path) -> None:
    from tensorboardX import SummaryWriter

    with log.open() as lines, SummaryWriter(str(out / log.name.removesuffix(".log").removesuffix(".safetensors"))) as writer:
        if json.loads(next(lines, "{}")).get("longplay") != "training":
            raise ValueError("not a training's log")
        for text in lines:
            line = json.loads(text)
            for tag, value in numbers(line).items():
                writer.add_scalar(tag, value, line["decisions"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOG")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    args = parser.parse_args()
    for log in args.logs:
        try:
            convert(log, args.out)
        except ImportError:
            print("to_tensorboard.py: needs tensorboardX: pip install tensorboardX", file=sys.stderr)
            return 1
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"to_tensorboard.py: {log}: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
