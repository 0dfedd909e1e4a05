"""Commands, several at once, that stop when this process does.

    catch_signals()
    failed = run([Job("one", ["longplay", "train", "cue"]), Job("two", ["longplay", "train", "map"])], at_once=2)

SIGINT, SIGTERM and SIGHUP are passed on as one SIGTERM, and what then still has to be saved is waited for. Linux only.
"""
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, NoReturn

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """By the signal args[0]."""


def catch_signals() -> None:
    """From here on those signals raise Stopped."""

    def stop(number: int, _: object) -> NoReturn:
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


@dataclass
class Job:
    name: str
    command: list[str]
    on_done: Callable[[], object] = lambda: None


def follow_parent() -> None:
    """In a child: SIGTERM when this script is killed, so that nothing goes on unseen."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def run(jobs: list[Job], at_once: int) -> list[int]:
    """Runs them all; the exit codes of those that failed (minus the signal that killed one). Shows the last line that each printed."""
    running: dict[int, tuple[subprocess.Popen[bytes], IO[bytes], Job]] = {}
    failed: list[int] = []
    waiting, n_ended = jobs[::-1], 0
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop()
                said: IO[bytes] = tempfile.TemporaryFile()
                child = subprocess.Popen(
                    job.command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True, preexec_fn=follow_parent
                )
                running[child.pid] = child, said, job
            pid, status = os.wait()
            child, said, job = running.pop(pid)
            child.returncode = code = os.waitstatus_to_exitcode(status)
            with said:
                said.seek(0)
                lines = said.read().decode(errors="replace").split("\n")
            last = " ".join(next((line for line in reversed(lines) if line.strip()), "").removeprefix("longplay: ").split())
            how = f"failed, {'exit' if code > 0 else 'signal'} {abs(code)}: " if code else ""
            n_ended += 1
            print(f"{n_ended} of {len(jobs)}  {job.name}: {how}{last}", file=sys.stderr, flush=True)
            if code:
                failed.append(code)
            else:
                job.on_done()
    finally:
        for child, _, _ in running.values():
            child.terminate()
        for child, _, _ in running.values():
            child.wait()
    return failed
