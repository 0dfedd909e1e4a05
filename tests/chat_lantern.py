"""Plays `lantern` from the text of one request alone, for chat_server.py.

It knows what does not change from night to night: the country, how to walk in it, whom to ask and what to do in which order. What is this night's it
finds in its memory, or guesses the first that there is. How far it is stands in its notebook: `done`, what it has done; `trees`, the hollow trees that
it has seen; `wood`, the right turns in Whispering wood. Between two requests it keeps nothing.
"""
import os
import re
import sys
from typing import Any, Callable

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "games", "lantern"))
import world  # noqa: E402

country = world.World()
country.warps.sort(key=lambda warp: warp[0])  # as world.h has them: a screen's doors keep their order
routes = country.routes()
STONES = world.at(6, 4)
TEXT, CHOICE, MOVE = 2, 3, 4
STEPS = {"LEFT": (-1, 0), "RIGHT": (1, 0), "UP": (0, -1), "DOWN": (0, 1)}
SIDES = ["UP", "RIGHT", "DOWN", "LEFT"]
ORDINALS = ["first", "second", "third", "fourth"]
PLACES = ["left", "middle", "right"]
GIFTS = {"bell": "LEFT", "mirror": "UP", "horn": "RIGHT"}
WORDS = {"Moon": "LEFT", "Star": "UP", "Rain": "RIGHT", "Sun": "DOWN"}
TREES = ["in the old orchard", "in the green hills", "east of the mill", "south of the crossroads", "in the foothills", "below the grey keep"]

# What it does, in this order; what is said when it is done; the thing it goes to, of several of a kind the number.
TASKS = [
    ("elder", "The elder says", "PERSON", 10), ("widow", "The widow says", "PERSON", 11), ("innkeeper", "The innkeeper says", "PERSON", 1),
    ("fisher", "The fisher says", "PERSON", 3), ("monk", "The monk says", "PERSON", 4), ("miller", "The miller says", "PERSON", 0),
    ("shepherd", "The shepherd says", "PERSON", 2), ("gift", "Took the pedlar's", "PEDLAR", 0), ("sailor", "The sailor says", "PERSON", 5),
    ("digger", "The digger says", "PERSON", 6), ("owl", "An owl lives", "TREE", -1), ("hermit", "The hermit says", "PERSON", 7),
    ("glass", "The owl gave", "TREE", -1), ("key", "Dug up the silver key", "GRAVE", -1), ("Ulf", "Ulf says", "PERSON", 12),
    ("Odo", "Odo says", "PERSON", 13), ("mine", "The silver key opened", "GATE", 0), ("miner", "The old miner says", "PERSON", 8),
    ("witch", "The witch says", "PERSON", 9), ("guard", "The guard let us", "GUARD", 0), ("ember", "Took the ember", "CHEST", -1),
    ("storm", "The storm glass calmed", "STORM", 0), ("door", "The four wheels were right", "LEVER", 0), ("beast", "The beast fled", "BEAST", 0),
    ("lamp", "The great lantern is lit", "LAMP", 0),
]  # fmt: skip
# What must be remembered, as it is said.
FACTS = [
    r"The [\w ]+ says: the lighthouse's \w+ wheel must show \d\.", r"The [\w ]+ says: in the wood, first go [\w, ]+\.",
    r"The [\w ]+ says: half through the wood, go [\w, ]+\.", r"The [\w ]+ says: a key lies in the \w+ grave, \w+ yard\.",
    r"The [\w ]+ says: the keep's word is \w+\.", r"The [\w ]+ says: safe stones are the [\w, ]+ one\.",
    r"The [\w ]+ says: in the vault only the \w+ chest is no trap\.", r"The elder says: of Ulf and Odo, \w+ tells lies\.",
    r"The widow says: the beast on the stair fears a \w+\.", r"Ulf says: the \w+ tunnel is safe\.", r"Odo says: the \w+ tunnel is safe\.",
    r"An owl lives in the hollow tree [\w ]+\.",
]  # fmt: skip


class Night:
    """What the request tells of it."""

    def __init__(self, question: str, memory: str) -> None:
        self.now = {name: int(value) for name, value in re.findall(r"(\w+) (\d+)", re.findall(r"Variables: ([^.]*)\.", question)[0])}
        self.memory, _, notebook = memory.partition("Your notebook:")
        notes = dict(re.findall(r"^- (\w+): (.*)$", notebook, re.M))
        self.done = notes["done"].split(", ") if "done" in notes else []
        self.done += [task for task, said, _, _ in TASKS if said in question and task not in self.done]
        self.goal = next((task for task in TASKS if task[0] not in self.done), TASKS[-1])
        self.trees, self.wood = int(notes.get("trees", 0)), int(notes.get("wood", 0))
        self.room, self.at = self.now["room"], (self.now["x"], self.now["y"])
        if self.room != world.WOOD or "A mistake" in question:
            self.wood = 0

    def fact(self, pattern: str, guess: str) -> str:
        found = re.findall(pattern, self.memory)
        return found[-1] if found else guess

    def number(self) -> int:
        """Of the tree, the grave, the chest."""
        if self.goal[0] == "owl":
            return min(self.trees, 5)
        if self.goal[0] == "glass":
            return TREES.index(self.fact(r"hollow tree ([\w ]+)\.", TREES[0]))
        if self.goal[0] == "key":
            which, yard = self.fact(r"in the (\w+) grave", "first"), self.fact(r"grave, (\w+) yard", "west")
            return ORDINALS.index(which) + 4 * (yard == "east")
        return PLACES.index(self.fact(r"only the (\w+) chest", "left"))

    def tunnel(self) -> int:
        liar = self.fact(r"of Ulf and Odo, (\w+) tells", "Ulf")
        return PLACES.index(self.fact(rf"{'Odo' if liar == 'Ulf' else 'Ulf'} says: the (\w+) tunnel", "left"))

    def turn_of_wood(self) -> str:
        half = self.fact(r"in the wood, first go ([\w, ]+)\." if self.wood < 3 else r"half through the wood, go ([\w, ]+)\.", "left, left, left")
        return half.split(", ")[self.wood % 3].upper()

    def safe_stones(self) -> list[int]:
        return [["top", "middle", "bottom"].index(s) for s in self.fact(r"safe stones are the ([\w, ]+) one", "top, top, top, top").split(", ")]

    def wheel(self) -> tuple[int, int]:
        """Which is to be turned, and how often; -1: all are right."""
        for i, ordinal in enumerate(ORDINALS):
            more = (int(self.fact(rf"lighthouse's {ordinal} wheel must show (\d)", "1")) - self.now[f"wheel_{i + 1}"]) % 8
            if more:
                return i, more
        return -1, 1

    def blocked(self) -> set[tuple[int, int]]:
        open_now = {kind for task, kind in (("mine", "GATE"), ("storm", "STORM"), ("guard", "GUARD"), ("beast", "BEAST")) if task in self.done}
        grid = country.grid[self.room]
        cells = {(x, y) for y in range(8) for x in range(10) if not country.walkable(self.room, x, y) or grid[y][x] == "L" and "door" not in self.done}
        cells |= {(x, y) for room, x, y, kind, _, _ in country.objects if room == self.room and kind not in open_now}
        cells |= {(x, y) for room, x, y, *_ in country.warps if room == self.room}
        if self.room == STONES:
            cells |= {(x, 1 + 2 * row) for x, safe in zip((2, 4, 6, 8), self.safe_stones()) for row in range(3) if row != safe}
        return cells

    def way(self, arrived: Callable[[int, int], bool], door: tuple[int, int] | None = None) -> list[str] | None:
        """Steps to the nearest square that will do."""
        blocked, came = self.blocked() - {door}, {self.at: ("", self.at)}
        frontier = [self.at]
        for x, y in frontier:
            if arrived(x, y):
                steps, at = [], (x, y)
                while at != self.at:
                    steps.append(came[at][0])
                    at = came[at][1]
                return steps[::-1]
            for key, (dx, dy) in STEPS.items():
                to = (x + dx, y + dy)
                if to not in came and to not in blocked and 0 <= to[0] < 10 and 0 <= to[1] < 8:
                    came[to] = (key, (x, y))
                    frontier.append(to)
        return None


def beside(night: Night, x: int, y: int, times: int) -> list[tuple[str, int]] | None:
    """To a thing, towards it, and A."""
    for key, (dx, dy) in STEPS.items():
        if (night.at[0] + dx, night.at[1] + dy) == (x, y):
            return [(key, 1), ("A", times), ("none", 2)]
    steps = night.way(lambda at_x, at_y: abs(at_x - x) + abs(at_y - y) == 1)
    return None if steps is None else [(step, 2) for step in steps] + [("none", 1)]


def leave(night: Night, link: int) -> list[tuple[str, int]] | None:
    """By a side or a door of the screen."""
    if link < 4:
        side = SIDES[link]
        if night.room == world.WOOD and side != "DOWN":
            side = night.turn_of_wood()
            night.wood += 1
        edge = {"LEFT": lambda x, y: x == 0, "RIGHT": lambda x, y: x == 9, "UP": lambda x, y: y == 0, "DOWN": lambda x, y: y == 7}[side]
        steps, last = night.way(edge), [(side, 1), ("none", 4)]
    else:
        doors = [(x, y) for room, x, y, *_ in country.warps if room == night.room]
        deep = night.room == world.HALL and link - 4 < 3
        door = doors[night.tunnel() if deep else link - 4]
        steps, last = night.way(lambda x, y: (x, y) == door, door), [("none", 5)]
    return None if steps is None else [(step, 2) for step in steps] + last


def walk(night: Night) -> list[tuple[str, int]] | None:
    _, _, kind, number = night.goal
    times = 1
    if number < 0:
        number = night.number()
    if kind == "LEVER":
        wheel, times = night.wheel()
        kind, number = ("LEVER", 0) if wheel < 0 else ("WHEEL", wheel)
    room, x, y = next(o[:3] for o in country.objects if o[3:5] == (kind, number))
    if room != night.room:
        return leave(night, routes[room * world.N_ROOMS + night.room])
    if night.goal[0] == "owl":
        night.trees += 1  # it is not here, or it would have been seen
        return [("none", 1)]
    return beside(night, x, y, times)


def play(turn: Any) -> None:
    night = Night(turn.question, turn.memory)
    turn.keep(*FACTS)
    if night.now["phase"] == TEXT:
        keys = [("none", 20), ("A", 1), ("none", 1)]
    elif night.now["phase"] == CHOICE:
        gift = night.goal[2] == "PEDLAR"
        key = GIFTS[night.fact(r"on the stair fears a (\w+)", "bell")] if gift else WORDS[night.fact(r"keep's word is (\w+)", "Moon")]
        keys = [("none", 20), (key, 1), ("none", 1)]
    elif night.now["phase"] == MOVE or "It happened" in turn.question:
        keys = [("none", 4)]
    else:
        keys = walk(night) or [("none", 4)]
    for key, text in (("goal", night.goal[0]), ("done", ", ".join(night.done)), ("trees", str(night.trees)), ("wood", str(night.wood))):
        if text:
            turn.call("note", key=key, text=text)
    turn.call("press", sequence=[{"action": action, "times": times} for action, times in keys])
