#!/usr/bin/env python3
"""An agent that plays over the Model Context Protocol: mcp.py LONGPLAY. By lines of our own, also wrong ones; killed and resumed; and, where
LONGPLAY_PYTHON names a Python that has the package mcp, by the client that agents use."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from typing import Any, NoReturn

LONGPLAY = sys.argv[1]
DOORS = {"circle": "LEFT", "cross": "RIGHT", "triangle": "UP", "square": "DOWN"}
GAME = ["cue", "--headless", "--set", "horizon=150", "--set", "doors=4", "--seed", "4"]


def fail(why: str) -> NoReturn:
    sys.exit(f"mcp: {why}")


class Client:
    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen([LONGPLAY, "mcp", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.n = 0

    def send(self, line: str) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline() or fail("no answer to " + line[:80]))

    def request(self, method: str, **params: Any) -> Any:
        self.n += 1
        answer = self.send(json.dumps({"jsonrpc": "2.0", "id": self.n, "method": method, "params": params}))
        if answer.get("id") != self.n or "result" not in answer:
            fail(f"{method}: {answer}")
        return answer["result"]

    def call(self, tool: str, **arguments: Any) -> tuple[str, list[dict[str, Any]], bool]:
        result = self.request("tools/call", name=tool, arguments=arguments)
        return result["content"][0]["text"], result["content"][1:], result.get("isError", False)

    def end(self) -> int:
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(60)


def play_episode(client: Client, pause_s: float = 0) -> str:
    """By what is told: remembers the sign, waits, opens the door of what it remembers. After a pause a checkpoint is due where the episode ends."""
    text, _, _ = client.call("look")
    sign = re.search(r"The sign shows a (\w+)", text) or fail("no sign: " + text)
    client.call("remember", text="It was a " + sign[1], importance=9)
    while "doors." not in text:
        text, _, _ = client.call("wait", decisions=60)
    door = re.findall(r"It was a (\w+)", text.split("What you remember")[-1])
    time.sleep(pause_s)
    text, pictures, _ = client.call("press", sequence=[{"action": DOORS[door[-1]]}])
    if pictures and not pictures[0]["data"].startswith("iVBORw0KGgo"):
        fail("no picture")
    return text


def check_protocol(folder: str) -> None:
    client = Client(*GAME, "--episodes", "3", "--run", f"{folder}/whole")
    told = client.request("initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo={"name": "test", "version": "1"})
    if told["protocolVersion"] != "2024-11-05" or told["serverInfo"]["name"] != "longplay":
        fail(f"initialize: {told}")
    assert client.process.stdin
    client.process.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    tools = {tool["name"]: tool["inputSchema"] for tool in client.request("tools/list")["tools"]}
    if set(tools) != {"look", "state", "press", "wait", "remember", "recall", "open"}:
        fail(f"tools: {sorted(tools)}")
    for line, code in [("{", -32700), ('{"id":1}', -32600), ('{"id":1,"method":"fly"}', -32601), ("[" * 5000, -32700)]:
        if client.send(line)["error"]["code"] != code:
            fail(f"{line[:20]}: not {code}")
    for tool, arguments in [("fly", {}), ("note", {"key": "a", "text": "b"}), ("press", {}), ("press", {"sequence": [{"action": "JUMP"}]}),
                            ("wait", {"decisions": -1}), ("remember", {"text": "x" * 100000}), ("recall", {}), ("open", {"node": 3})]:
        if not client.call(tool, **arguments)[2]:
            fail(f"{tool} {arguments}: no error")
    if json.loads(client.call("state")[0]) != {"game": "cue", "episode": 1, "decision": 0}:
        fail("state")
    ends = [play_episode(client) for _ in range(3)]
    if not all("episode before ended: win" in end for end in ends[:2]) or ends[2] != "The run is over.":
        fail(f"{ends}")
    if client.end():
        fail("exit code")
    subprocess.run([LONGPLAY, "replay", f"{folder}/whole", "--verify"], check=True, stdout=subprocess.DEVNULL)


def state_hash(folder: str) -> bytes:
    out = subprocess.run([LONGPLAY, "play", "--run", folder, "--resume", "--headless", "--json"], check=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return re.search(rb"\"state_hash\":\"(\w+)\"", out.stderr)[1]


def check_resumes(folder: str) -> None:
    """Killed in the middle, it goes on where it was; what was remembered is found."""
    run = f"{folder}/parts"
    client = Client(*GAME, "--episodes", "3", "--run", run)
    play_episode(client)
    client.process.kill()
    client.process.wait()
    for _ in range(3):
        client = Client(*GAME, "--episodes", "3", "--run", run, "--resume")
        if "It was a" not in client.call("recall", words="it was")[0] and json.loads(client.call("state")[0])["episode"] > 1:
            fail("recall")
        if play_episode(client, 1.2) == "The run is over.":
            break
        client.end()  # the next episode has begun, and nothing was done in it
    if state_hash(run) != state_hash(f"{folder}/whole"):
        fail("another end than the unbroken one")


def check_client() -> None:
    python = os.environ.get("LONGPLAY_PYTHON")
    program = """
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
async def main():
    async with stdio_client(StdioServerParameters(command=sys.argv[1], args=["mcp", *sys.argv[2:]])) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            assert {"look", "press"} <= {tool.name for tool in (await session.list_tools()).tools}
            async def call(name, **arguments):
                return json.loads((await session.call_tool(name, arguments)).model_dump_json(by_alias=True))
            seen = (await call("look"))["content"]
            assert "The sign shows" in seen[0]["text"] and seen[1]["mimeType"] == "image/png", seen
            waited = await call("wait", decisions=3)
            assert not waited["isError"] and waited["content"][0]["text"].startswith("Pressed 3 of 3."), waited
            assert (await call("fly"))["isError"]
asyncio.run(main())
"""
    if not python or subprocess.run([python, "-c", "import mcp"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("skipped: the client from PyPI: no package mcp here")
        return
    subprocess.run([python, "-c", program, os.path.abspath(LONGPLAY), *GAME], check=True, timeout=120)


with tempfile.TemporaryDirectory() as scratch:
    check_protocol(scratch)
    check_resumes(scratch)
    check_client()
