#!/usr/bin/env python3
"""An endpoint that speaks OpenAI's chat completions and plays from the text it is sent alone.

    chat_server.py FOLDER    serves on a free port of loopback, which FOLDER/port says; FOLDER/asked gets a line a request

Whoever asks for a stream gets one. The model's name says how: "plays" plays; "counts" does, and says how many tokens it was sent in all, at four bytes each; "drips" does, slowly; "halts" does, but stops inside its thought until there is FOLDER/go; "whole" knows no streams, "streamless" refuses them; "faulty" misbehaves, each time in the next of many ways, and plays in
between; "random" does so at random, and waits in between, which FOLDER/misbehaved_random tells; "doubts" notes another sign than it remembers, and corrects itself when it is told that the two contradict
each other, "believes" does not; "longs" has a goal, and another one when it is asked; "ponders" goes left after a while; "measures" says how large the picture is, and of what grid it was told; "goes" walks to and fro by a tool of the game's; "silent" never calls a tool; "strict" says nothing at every second request, of a stream not even that, refuses what
it cannot read, and counts nothing; "walks" goes left whatever comes; "caches" plays, and says that it had cached all that it was sent; "recalls" searches at
the doors for what it was not told; "words" goes by what it wrote itself alone. Asked for a summary, "writes" keeps what the game told, "forgets" keeps nothing, "invents" writes what must be refused, each time in the next way.
"""
import base64
import http.server
import json
import os
import random
import re
import socket
import struct
import sys
import threading
import time
from typing import Any

import chat_lantern

DOORS = {"circle": "LEFT", "cross": "RIGHT", "triangle": "UP", "square": "DOWN"}
folder = sys.argv[1]
lock = threading.Lock()
chance = random.Random(int(os.environ.get("LONGPLAY_TEST_SEED", "1")))
asked: dict[str, int] = {}


class Turn:
    """What one request tells, and the calls that answer it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.model, messages = request["model"], request["messages"]
        self.tokens = len(json.dumps(request)) // 4
        content = [m for m in messages if m["role"] == "user" and isinstance(m["content"], list)][-1]["content"]
        texts = [part["text"] for part in content if part["type"] == "text"]
        self.question, self.memory = texts[0], texts[1]
        self.found = [m["content"] for m in messages if m["role"] == "tool"]
        self.pictures = [part for part in content if part["type"] == "image_url"]
        self.calls: list[dict[str, Any]] = []

    def call(self, name: str, **arguments: Any) -> None:
        self.raw(name, json.dumps(arguments))

    def raw(self, name: str, arguments: str) -> None:
        self.calls.append({"id": f"call_{len(self.calls)}", "type": "function", "function": {"name": name, "arguments": arguments}})

    def press(self, *actions: str) -> None:
        self.call("press", sequence=[{"action": action} for action in actions])

    def keep(self, *patterns: str) -> None:
        for pattern in patterns:
            if found := re.search(pattern, self.question):
                self.call("remember", text=found[0], importance=9)


def cue(turn: Turn) -> None:
    shown = re.findall(r"sign shows a (\w+)", turn.memory)
    turn.keep(r"The sign shows a \w+\.")
    if "doors." in turn.question and shown:
        turn.press(DOORS[shown[-1]])
    else:
        turn.call("wait", decisions=100)


def recalls(turn: Turn) -> None:
    turn.memory = " ".join(turn.found)
    if "doors." in turn.question and not turn.found:
        turn.call("recall", words="sign shows")
    else:
        cue(turn)


def words(turn: Turn) -> None:
    """It says which way to go, and goes by that alone."""
    if found := re.search(r"sign shows a (\w+)", turn.question):
        turn.call("remember", text=f"Take the door {DOORS[found[1]]}.", importance=9)
    door = re.search(r"Take the door (\w+)\.", turn.memory)
    if "doors." in turn.question and door:
        turn.press(door[1])
    else:
        turn.call("wait", decisions=100)


def doubts(turn: Turn) -> None:
    """It mistakes the sign in its notebook, which it plays by."""
    if found := re.search(r"sign shows a (\w+)", turn.question):
        turn.call("remember", text=f"sign: {found[1]}", importance=9)
        turn.call("note", key="sign", text="square" if found[1] == "circle" else "circle")
    noted = re.search(r"- sign: (\w+)", turn.memory)
    other = re.search(r'contradict each other: your notebook says "\w+"; e\d+s\d+ says "(\w+)", \d+ decisions ago', turn.question)
    if other and turn.model == "doubts":
        turn.call("note", key="sign", text=other[1])
    if "doors." in turn.question and noted:
        turn.press(DOORS[noted[1]])
    else:
        turn.call("wait", decisions=20)


def longs(turn: Turn) -> None:
    asked = re.search(r"has stood for (\d+) turns", turn.question)
    if asked or "goal:" not in turn.memory:
        turn.call("note", key="goal", text=f"To be where it ends{', again' * bool(asked)}.")
    turn.call("wait", decisions=2)


def goes(turn: Turn) -> None:
    """To and fro between two places, by the game's own tool; and to where it is already."""
    now = {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", re.findall(r"Variables: ([^.]*)\.", turn.question)[0])}
    at = (now["x"], now["y"])
    if now["phase"] == chat_lantern.TEXT:
        turn.press("A", "none")
    else:
        x, y = {(7, 5): (4, 6), (4, 6): (4, 6)}.get(at, (7, 5)) if "- twice: " not in turn.memory else (7, 5)
        turn.call("note", key="twice", text="yes" if at == (4, 6) and "- twice: " not in turn.memory else "")
        turn.call("goto", x=x, y=y)


def facts(turn: Turn) -> None:
    turn.keep(r"The room of the \w+: \d\.")
    if found := re.search(r"lock asks for the (\w+)", turn.question):
        digit = re.search(rf"The room of the {found[1]}: (\d)", turn.memory)
        turn.press(*["UP"] * int(digit[1] if digit else 0), "RIGHT")
    else:
        turn.call("wait", decisions=100)


def order(turn: Turn) -> None:
    """Its notebook says how many arrows it gave."""
    turn.keep(r"The board shows: \w+\.")
    given = re.search(r"- given: (\d)", turn.memory)
    if given or "asks for the" in turn.question:
        arrows = re.findall(r"decisions ago: The board shows: (\w+)", turn.memory)
        at = int(given[1]) if given else 0
        turn.call("note", key="given", text=str(at + 1))
        turn.press(*["none"] * 2 * (at > 0), arrows[at].upper() if at < len(arrows) else "UP")
    else:
        turn.call("wait", decisions=100)


def summary(model: str, question: str, at: int) -> list[dict[str, Any]]:
    """The lines of one."""
    below = re.findall(r"^- (\w+(?:\.\d+)?): (.*)$", question, re.M)
    told = [(node, " ".join(re.findall(r"The sign shows a \w+\.|The room of the \w+: \d\.", text))) for node, text in below]
    if model == "invents":
        bad: list[Any] = [[], ["e9s9"], [below[0][0], "e1s100000"], "e1s0", [7]]
        return [{"text": "The sign shows a square.", "sources": bad[at % 7]}] if at % 7 < 5 else []
    kept = [{"text": text, "sources": [node]} for node, text in told if text and model == "writes"]
    return kept or [{"text": "Nothing of note.", "sources": [below[0][0]]}]


def pieces(message: dict[str, Any], usage: dict[str, Any] | None = None) -> list[bytes]:
    """A message as a stream has it: texts in parts, a call's name first and then its arguments, in parts too."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    said = message.get("content")
    deltas += [{"content": word} for word in re.findall(r" ?[^ ]+", said)] if isinstance(said, str) and len(said) < 1000 else [{"content": said}]
    for index, call in enumerate(message.get("tool_calls", [])):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        deltas.append({"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": {"name": name, "arguments": ""}}]})
        size = max(7, len(arguments) // 20)
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": arguments[i : i + size]}}]} for i in range(0, len(arguments), size)]
    events = [json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas]
    events.append(json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}))
    if usage:
        events.append(json.dumps({"choices": [], "usage": usage}))
    return [f"data: {event}\n\n".encode() for event in [*events, "[DONE]"]]


GAMES = {"cue": cue, "facts": facts, "order": order, "lantern": chat_lantern.play}


class Endpoint(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the pieces of a stream go as they come

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def send(self, body: bytes, code: int = 200, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def complete(self, message: dict[str, Any], usage: dict[str, Any]) -> None:
        if self.streams:
            self.send_pieces(pieces(message, usage))
        else:
            self.send(json.dumps({"choices": [{"message": message}], "usage": usage}).encode())

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send_pieces(self, parts: list[bytes], ends: bool = True) -> None:
        """As one chunk each."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            if self.drips:
                time.sleep(0.004)
            while self.halts and b"and" in part and not os.path.exists(f"{folder}/go"):
                time.sleep(0.01)
        if ends:
            self.wfile.write(b"0\r\n\r\n")

    def answer(self, turn: Turn, thought: Any = "I look, and I wonder.") -> None:
        message = {"role": "assistant", "content": thought, "tool_calls": turn.calls}
        prompt = turn.tokens if turn.model == "counts" else len(turn.memory) // 4
        usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": 20}
        if turn.model == "caches":  # all that it is sent
            usage["prompt_tokens_details"] = {"cached_tokens": prompt}
        self.complete(message, usage)

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.streams = request.get("stream", False) and request["stream_options"]["include_usage"] and request["model"] != "whole"
        self.drips = request["model"] == "drips"
        self.halts = request["model"] == "halts"
        question = request["messages"][-1]["content"]
        if request["tools"][0]["function"]["name"] == "write":
            with lock:
                at = asked["a summary"] = asked.get("a summary", 0) + 1
                with open(f"{folder}/asked", "a", encoding="utf-8") as f:
                    f.write(question.splitlines()[0] + "\n")
            if request["model"] == "invents" and at % 7 == 6:
                self.send(b'{"error": {"message": "the context is too long"}}', 400)
                return
            call = {"name": "write", "arguments": json.dumps({"lines": summary(request["model"], question, at)})}
            message = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_0", "type": "function", "function": call}]}
            self.complete(message, {"prompt_tokens": 50, "completion_tokens": 10})
            return
        turn = Turn(request)
        with lock:
            at = asked[request["model"]] = asked.get(request["model"], 0) + 1
            with open(f"{folder}/asked", "a", encoding="utf-8") as f:
                f.write(turn.question + "\n")
        if request["model"] == "absent":
            self.send(b'{"error": {"message": "there is no model absent"}}', 404)
        elif request["model"] == "silent":
            self.answer(turn, "I would rather not.")
        elif request["model"] == "streamless" and self.streams:
            self.send(b'{"error": {"message": "tools cannot be streamed"}}', 400)
        elif request["model"] == "strict":
            self.be_strict(turn, request, at)
        elif request["model"] == "faulty" and at % 2 == 0:
            self.misbehave(turn, at // 2)
        elif request["model"] == "random":
            n = chance.randrange(80) if at > 2 else -1
            if n >= 0 and self.misbehave(turn, n):
                return
            turn.call("wait", decisions=1)
            self.answer(turn)
        elif request["model"] == "walks":
            turn.press("LEFT")
            self.answer(turn)
        elif request["model"] in ("doubts", "believes"):
            doubts(turn)
            self.answer(turn)
        elif request["model"] == "words":
            words(turn)
            self.answer(turn)
        elif request["model"] == "ponders":
            time.sleep(0.4)
            turn.press("LEFT")
            self.answer(turn)
        elif request["model"] == "measures":
            png = base64.b64decode(turn.pictures[0]["image_url"]["url"].partition(",")[2])
            told = re.findall(r"a line every (\d+) pixels", request["messages"][0]["content"])
            turn.call("wait", decisions=3)
            self.answer(turn, f"I see {struct.unpack('>II', png[16:24])}, told of {told}.")
        elif request["model"] == "goes":
            goes(turn)
            self.answer(turn)
        elif request["model"] == "longs":
            longs(turn)
            self.answer(turn)
        elif request["model"] == "recalls":
            recalls(turn)
            self.answer(turn)
        else:
            GAMES[turn.question.split(",")[0]](turn)
            self.answer(turn)

    def be_strict(self, turn: Turn, request: dict[str, Any], at: int) -> None:
        said = [m for m in request["messages"] if m["role"] == "assistant"]
        if request.get("tool_choice") != "auto" or not all(isinstance(m.get("content"), str) and m.get("tool_calls", True) for m in said):
            self.send(b'{"error": {"message": "this is no request"}}', 400)
            return
        if at % 2:
            cue(turn)
        message = {"role": "assistant", "content": None, "tool_calls": turn.calls}
        self.send(b"" if self.streams else json.dumps({"choices": [{"message": message}]}).encode())

    def misbehave(self, turn: Turn, n: int) -> bool:
        """In way n, if there is one. FOLDER/misbehaved_MODEL gets a line: failing, the request comes to nothing; wrong, a call is none; odd."""
        good = pieces({"role": "assistant", "content": "I see.", "tool_calls": [{"id": "a", "function": {"name": "wait", "arguments": '{"decisions": 1}'}}]})
        whole = json.dumps({"choices": [{"message": {"role": "assistant", "content": "x"}}]}).encode()
        failing = [
            lambda: self.send(b"", 500),
            lambda: self.send(b"busy", 429, Retry_After="0"),
            lambda: self.send(b"<html>no</html>"),
            lambda: self.send(b""),
            lambda: self.send(b"{}"),
            lambda: self.send(b'{"choices": []}'),
            lambda: self.send(b'{"choices": [{"message": 7}]}'),
            lambda: self.send(b'{"error": {"message": "overloaded"}}', 503),
            lambda: self.send(whole[: len(whole) // 2]),
            lambda: self.send(b"[" * 100000),
            lambda: self.send(b" " * (17 << 20)),
            self.cut,
            lambda: (self.send_pieces(good[: len(good) // 2], ends=False), self.hang_up()),
            lambda: self.send_pieces(good[: len(good) // 2]),  # which ends as it should, but for what is not there
            lambda: self.send_pieces([good[0], b"data: {\n\n", *good[1:]]),
            lambda: self.send_pieces([*good[:2], b'data: {"error": {"message": "overloaded"}}\n\n']),
            lambda: self.send_pieces([b'data: {"choices": [{"delta": {"tool_calls": [{"index": 7}]}}]}\n\n', *good]),
            lambda: self.send_pieces([b'data: {"choices": [{"delta": {"tool_calls": [{"index": -1e300, "id": 7}]}}]}\n\n', *good]),
            lambda: self.send_pieces([good[0], b"data: " + b"x" * (17 << 20)]),
            lambda: self.send_pieces([b": only comments\n\n"] * 100),
            lambda: (self.send_pieces(good[:3], ends=False), self.linger()),
            self.linger,
        ]
        wrong = [
            lambda: self.send_pieces([b'data: {"choices": [{"delta": 7, "finish_reason": "stop"}]}\n\n']),
            lambda: (turn.call("fly", to="the moon"), self.answer(turn)),
            lambda: (turn.raw("press", "{"), self.answer(turn)),
            lambda: (turn.raw("press", '"UP"'), self.answer(turn)),
            lambda: (turn.call("press", sequence=[{"action": "UP", "times": -1}]), self.answer(turn)),
            lambda: (turn.call("press", sequence=[{"action": "UP", "times": 1e9}]), self.answer(turn)),
            lambda: (turn.call("press", sequence=[{"action": "JUMP"}]), self.answer(turn)),
            lambda: (turn.call("press", sequence=[]), self.answer(turn)),
            lambda: (turn.call("remember", text="x" * 1000000), self.answer(turn, "y" * 1000000)),
            lambda: (turn.call("remember", text="", importance="much"), self.answer(turn)),
            lambda: (turn.call("note", key="", text="x"), self.answer(turn)),
            lambda: (turn.call("recall", words=7), self.answer(turn)),
            lambda: self.answer(turn, None),
            lambda: self.answer(turn, {"text": "x"}),
        ]
        odd = [
            self.hang_up,  # where the connection was kept, libcurl asks again by itself
            lambda: (turn.call("open", node="../../etc/passwd"), self.answer(turn)),
        ]
        ways = [*failing, *wrong, *odd]
        if turn.model == "faulty":
            n %= len(ways)
        if n >= len(ways):
            return False
        with lock, open(f"{folder}/misbehaved_{turn.model}", "a", encoding="utf-8") as f:
            f.write("failing\n" if n < len(failing) else "wrong\n" if n < len(failing) + len(wrong) else "odd\n")
        ways[n]()
        return True

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [')
        self.hang_up()

    def linger(self) -> None:
        time.sleep(3)
        self.hang_up()


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # who asked has gone


server = Server(("127.0.0.1", 0), Endpoint)
with open(f"{folder}/asked", "a", encoding="utf-8"):
    pass
with open(f"{folder}/port.new", "w", encoding="utf-8") as f:
    f.write(str(server.server_address[1]))
os.rename(f"{folder}/port.new", f"{folder}/port")
server.serve_forever()
