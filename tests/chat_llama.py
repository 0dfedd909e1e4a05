#!/usr/bin/env python3
"""A real server with a model of random weights plays `cue`: chat_llama.py LONGPLAY [TURNS]. What it thinks is nonsense; what is tried is the protocol.

It is run by a Python that has the packages llama-cpp-python[server] and gguf, which compile for a while and are no part of the other tests:

    python3 -m venv venv && venv/bin/pip install 'llama-cpp-python[server]' gguf
    venv/bin/python tests/chat_llama.py build/longplay

Tools: a grammar makes the model call them, mostly with what cannot be done. Streams: a thought that grows, without a tool. Pictures: refused.
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

try:
    import gguf
    import llama_cpp.server  # noqa: F401
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

LONGPLAY = os.path.abspath(sys.argv[1])
TURNS = int(sys.argv[2]) if len(sys.argv) > 2 else 500
PATIENCE_S = 120


def make_model(path: Path) -> None:
    """A Llama of one layer, whose tokens are bytes and letters."""
    dim, hidden, heads, rng = 32, 64, 2, np.random.default_rng(1)
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL), *((f"<0x{b:02X}>", kinds.BYTE) for b in range(256))]
    tokens += [(letter, kinds.NORMAL) for letter in ["\u2581", *map(chr, range(33, 127))]]
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(16384)
    w.add_embedding_length(dim)
    w.add_block_count(1)
    w.add_feed_forward_length(hidden)
    w.add_head_count(heads)
    w.add_head_count_kv(heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(dim // heads)
    w.add_vocab_size(len(tokens))
    w.add_tokenizer_model("llama")
    w.add_token_list([text for text, _ in tokens])
    w.add_token_scores([0.0] * len(tokens))
    w.add_token_types([kind for _, kind in tokens])
    w.add_bos_token_id(1)
    w.add_eos_token_id(2)
    w.add_unk_token_id(0)
    w.add_add_space_prefix(False)
    shapes = {"token_embd": (len(tokens), dim), "output": (len(tokens), dim), "blk.0.ffn_gate": (hidden, dim), "blk.0.ffn_up": (hidden, dim)}
    shapes |= {"blk.0.ffn_down": (dim, hidden)} | {f"blk.0.attn_{part}": (dim, dim) for part in ("q", "k", "v", "output")}
    for name, shape in shapes.items():
        w.add_tensor(f"{name}.weight", (rng.standard_normal(shape) * (1 if name == "token_embd" else 0.4)).astype(np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        w.add_tensor(f"{name}.weight", np.ones(dim, np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


class Server:
    """chat_format: how the server puts messages into the model's words, and whether it reads calls of tools out of them."""

    def __init__(self, folder: Path, chat_format: str, context: int = 16384) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        command = [sys.executable, "-m", "llama_cpp.server", "--model", str(folder / "tiny.gguf"), "--model_alias", "tiny", "--chat_format", chat_format]
        command += ["--n_ctx", str(context), "--n_threads", "1", "--n_threads_batch", "1", "--seed", "1", "--verbose", "False", "--port", str(port)]
        with open(folder / f"{chat_format}.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def __enter__(self) -> "Server":
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/models", timeout=5).close()
                return self
            except OSError:
                time.sleep(0.2)
        self.process.kill()
        sys.exit("chat_llama: the server does not start")

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def expect(good: bool, what: Any) -> None:
    if not good:
        sys.exit(f"chat_llama: {what}")


def longplay(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LONGPLAY, *arguments], capture_output=True, text=True, check=False)


def play(folder: Path, server: Server, name: str, turns: int, more: str) -> list[dict[str, Any]]:
    """That many turns, in as many sittings as it takes; the replies."""
    (folder / f"{name}.ini").write_text(f"[chat]\nurl = {server.url}\nmodel = tiny\nanswer_tokens = 40\nsequence = 8\nidle = 2\npause_s = 0.1\n{more}")
    decisions, began = 0, time.monotonic()
    while True:
        decisions += turns
        run = str(folder / name)
        r = longplay("play", "cue", "--policy", f"chat:{folder}/{name}.ini", "--headless", "--set", "horizon=100", "--run", run, "--resume",
                     "--decisions", str(decisions), "--json")  # fmt: skip
        expect(r.returncode == 0, f"{name}: exit {r.returncode}: {r.stderr[-2000:]}")
        lines = [json.loads(line) for line in (folder / name / "chat.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]  # a text may have lines of its own
        played = len({(line["episode"], line["step"]) for line in lines})
        if played >= turns:
            break
    counts = json.loads(r.stdout)["chat"]
    expect(counts["replies"] + counts["given_up"] == len(lines), f"{name}: {counts}, {len(lines)} lines")
    verified = longplay("replay", run, "--verify")
    expect(verified.returncode == 0, f"{name}: {verified.stderr}")
    print(f"{name}: {played} turns, {time.monotonic() - began:.0f} s, {json.dumps(counts)}", flush=True)
    return lines


def calls(lines: list[dict[str, Any]]) -> dict[str, int]:
    """How many of each tool did what they said."""
    done: dict[str, int] = {}
    for line in lines:
        names = [call["function"]["name"] for call in line.get("message", {}).get("tool_calls") or []]
        for tool, result in zip(names, line.get("results", [])):
            if not result.startswith("That cannot be done"):
                done[tool] = done.get(tool, 0) + 1
    return done


with tempfile.TemporaryDirectory(prefix="longplay-llama-") as name:
    root = Path(name)
    make_model(root / "tiny.gguf")
    with Server(root, "chatml-function-calling", 4096) as eyeless:  # to it a picture is letters
        (root / "sees.ini").write_text(f"[chat]\nurl = {eyeless.url}\nmodel = tiny\nscale = 8\npause_s = 0.1\n")
        refused = longplay("play", "lantern", "--policy", f"chat:{root}/sees.ini", "--headless", "--decisions", "9")
        expect(refused.returncode == 1 and "maximum context length" in refused.stderr.splitlines()[-1], f"pictures: {refused.stderr}")
        print(f"pictures: {refused.stderr.splitlines()[-1]}", flush=True)
    with Server(root, "chatml-function-calling") as tools:
        with_tools = play(root, tools, "tools", TURNS, "sees = text\nturns = 1\nrounds = 1\n")
        done = calls(with_tools)
        print(f"calls that could be done: {done}")
        expect("press" in done or "wait" in done, "nothing was ever pressed")
    with Server(root, "chatml") as streams:
        said = [line["message"]["content"] for line in play(root, streams, "streams", TURNS // 5, "sees = text\nturns = 0\nrounds = 1\n")]
        expect(any(said), "it never said anything")
