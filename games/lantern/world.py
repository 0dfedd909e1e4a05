"""The country of `lantern`: 48 screens in 8 columns and 6 rows, 11 indoors, who and what is where, and the way from each to each.
Writes world.h. Run it in this folder after a change: python3 world.py

A screen is 10x8 squares (letters: tiles.py). A pair of open squares in the middle of a side leads to the neighbour. This program
refuses a country in which something cannot be reached: all of a screen's open squares hang together, sides fit, and from every
screen there is a way to every other.

For the scripted player there is a table: on the way to that screen, by which side (0 north, 1 east, 2 south, 3 west) or door (4 and up)
one leaves this one. It avoids doors that are locked at first, so it need not know of keys.
"""
import heapq
import os
import random

import tiles  # first: it makes the engine's programs known
import people
import rom
import words

here = os.path.dirname(os.path.abspath(__file__))
NORTH, EAST, SOUTH, WEST = range(4)
STEP = ((0, -1), (1, 0), (0, 1), (-1, 0))
OWN, ELDER, INN, MILL, CHAPEL, WOOD, HALL, DEEP, VAULT, STAIR, TOP = range(48, 59)
N_ROOMS = 59
SOLID = {s[0]: s[2] for s in tiles.SQUARES}


def at(column, row):
    return row * 8 + column


# ---- which screens are neighbours: two-way, and one-way (over a ledge) ----
TWO_WAY = """
03-13 13-23 13-14 23-24 14-24 03-04 04-05 05-15 15-14 13-12 12-02 12-22 22-32 22-21 21-20 20-10 23-33 33-43 24-34 34-35 25-35
43-42 42-41 41-40 40-30 41-31 41-51 50-60 60-70 43-53 53-63 63-73 73-72 72-71 71-61 61-62 62-52 43-44 44-45 53-54 54-64 64-74
74-75 75-65 65-55 01-11 11-12
"""
ONE_WAY = "00>01 24>25 50>51 52>53 55>45"
ROADS = {"33", "42", "63", "60"}  # walked again and again, as often as the knob says

# ---- what each part looks like: ground, edge, the place's name ----
THEMES = {
    "village": (".", "T", "Millbrook"), "orchard": (".", "T", "The old orchard"), "westyard": (".", "P", "The west yard"), "eastyard": (".", "P", "The east yard"),
    "coast": ("a", "~", "The south shore"), "fields": (".", "f", "Millbrook fields"), "wood": (".", "P", "Whispering wood"),
    "hills": (".", "T", "The green hills"), "lake": (".", "~", "The still lake"), "road": (".", "T", "The lamp road"),
    "cross": (".", "T", "The crossroads"), "foot": ("d", "#", "The foothills"), "peak": ("d", "#", "High under the sky"),
    "pass": ("d", "#", "The storm pass"), "river": (".", "~", "The cold river"), "swamp": ("j", "m", "Mirewater"),
    "keep": ("k", "b", "The grey keep"), "light": ("d", "#", "The lighthouse"),
}
LOOKS = """
00 wood   10 lake    20 hills   30 foot  40 foot  50 peak   60 pass  70 light
01 wood   11 wood    21 hills   31 foot  41 foot  51 foot   61 keep  71 keep
02 wood   12 hills   22 hills   32 hills 42 road  52 river  62 keep  72 keep
03 orchard 13 village 23 village 33 road 43 cross 53 river  63 road  73 road
04 orchard 14 village 24 village 34 fields 44 hills 54 swamp 64 swamp 74 swamp
05 westyard 15 eastyard    25 coast   35 coast 45 coast 55 swamp  65 swamp 75 swamp
"""
# ---- screens drawn by hand: 8 rows ----
DRAWN = {
    40: "########## ####O##### ####G##### dddddddd## ddddddddd# #dddddRd## ##dddddd## ####dd####",
    50: "########## ##O####### #dddddddd# #dddddddVd #dddddddVd #Rddddddd# ##ddddd### ####vv####",
    70: "####zz#### ###zZZz### #ddzLzzdd# ddddddddd# ddxdxdxdx# #dddddddd# #Rdddddld# ##########",
    72: "bbbbkkbbbb bkkkkkkkkb bkkkkkkkkb bbbbkbbbbb T...::...T To..::..oT T...::...T TTTT::TTTT",
    71: "bbbbbbbbbb bbbbObbbbb bkkkkkkkkb kkkkkkkkkb kkkkkkkkkb bkkbkkbkkb bkkkkkkkkb bbbbkkbbbb",
    64: "mmmmmmmmmm rjejejejej mjmjmjmjmj jjejejejej jjmjmjmjmj mjejejejej rmmmmmrmmm mmrmmmmmmr",
    74: "mmmmmmmmmm jjjjjjjjjm jjjjjjjjjm jjjrjjjjjm jjjjjjrjjm jjjjjjjjjm mmjjjjjjmm mmrmjjmmrm",
    53: "TTTTvv~~TT T.....~~.T o.....~~.o ::::::==:: ::::::==:: o.....~~.T T..o..~~.T TTTT::~~TT",
}
HOUSE = "WWWWFWWWWW Ws______uW W________W Wtt____s_W W________W W_______tW Wu_______W WWWWMWWWWW"
INDOORS = {
    OWN: ("Home", "WWWFWWWWWW WB____s_sW WB_______W W____tt__W W________W Wu_______W W________W WWWWMWWWWW"),
    ELDER: ("The elder's house", HOUSE), INN: ("The Lame Goose", HOUSE), MILL: ("The mill", HOUSE),
    CHAPEL: ("The chapel", "bbbbbbbbbb bkkkttkkkb bkkkkkkkkb bktkkkktkb bkkkkkkkkb bktkkkktkb bkkkkkkkkb bbbbMbbbbb"),
    WOOD: ("Whispering wood", "PPPP..PPPP PP......PP P.......oP .......... .......... P.o......P PP......PP PPPP..PPPP"),
    HALL: ("The mine", "KKKKKKKKKK KOKKOKKOKK KccccccccK KccKcccccK KcccccKccK KccccccccK KKccccccKK KKKKOKKKKK"),
    DEEP: ("Deep in the mine", "KKKKKKKKKK KKKKOKKKKK KcccccccKK KcKcccccKK KccccccccK KKcccccKcK KKccccccKK KKKKOKKKKK"),
    VAULT: ("The vault", "bbbbbbbbbb bCkkCkkCkb bkkkkkkkkb bkkkkkkkkb bkbkkkkbkb bkkkkkkkkb bkbkkkkbkb bbbbMbbbbb"),
    STAIR: ("The stair", "bbbbbbbbbb bbkkUkkkbb bbkkkkkkbb bbbbkbbbbb bkkkkkkkkb bkkkkkkkkb bbkkkkkkbb bbbbMbbbbb"),
    TOP: ("The lamp room", "ZZZZZZZZZZ bkkkkkkkkb bkkkAkkkkb bkkkkkkkkb bkkkkkkkkb bkkkkkkkkb bbkkkkkkbb bbbbUbbbbb"),
}
HOUSES = {"13": (1, 1, OWN), "14": (1, 1, ELDER), "23": (6, 1, INN), "22": (6, 1, MILL), "15": (6, 1, CHAPEL)}
# ---- single squares on top: screen: (x, y, letter) ----
STAMPS = {
    "13": [(6, 2, "i"), (7, 6, "o")], "23": [(2, 2, "w"), (3, 6, "i")], "14": [(6, 2, "f"), (7, 2, "f"), (8, 2, "f"), (6, 5, "y"), (7, 5, "y"), (8, 5, "y"), (7, 6, "y")],
    "24": [(2, 2, "w"), (7, 2, "i"), (7, 6, "u")], "03": [(2, 2, "T"), (4, 5, "T"), (2, 5, "T"), (7, 5, "T")],
    "04": [(2, 2, "T"), (7, 2, "q"), (2, 5, "T"), (7, 5, "T")], "21": [(2, 2, "q"), (7, 2, "o")], "32": [(6, 5, "q"), (3, 2, "o")],
    "44": [(7, 4, "q"), (2, 2, "R")], "51": [(2, 5, "q"), (7, 2, "R")], "73": [(7, 5, "q"), (2, 2, "o")],
    "05": [(2, 2, "g"), (2, 5, "g"), (6, 5, "g"), (7, 2, "g")], "15": [(2, 2, "g"), (2, 5, "g"), (6, 5, "g"), (8, 5, "g")],
    "43": [(6, 2, "n"), (7, 2, "n"), (2, 2, "S"), (2, 5, "i")], "33": [(2, 2, "i"), (7, 5, "i")], "63": [(2, 5, "i"), (7, 2, "i")],
    "42": [(3, 2, "i"), (6, 5, "i")], "60": [(2, 2, "R"), (7, 5, "R")], "02": [(2, 5, "S")], "34": [(2, 2, "y"), (3, 2, "y"), (6, 2, "y"), (7, 2, "y"), (2, 5, "y"), (3, 5, "y"), (7, 5, "y"), (8, 5, "y")],
    "12": [(7, 2, "o"), (2, 6, "o")], "22": [(2, 5, "o")], "20": [(7, 5, "R")], "10": [(3, 4, "o")], "35": [(2, 2, "u"), (7, 2, "u")],
    "45": [(7, 2, "R")], "30": [(3, 2, "u"), (2, 5, "R")], "31": [(6, 2, "R"), (2, 6, "R")], "41": [(2, 2, "R"), (7, 6, "o")],
    "61": [(2, 2, "o"), (7, 2, "o"), (7, 5, "o")], "62": [(2, 2, "o"), (2, 5, "o"), (7, 5, "o")], "52": [(2, 5, "o"), (7, 2, "R")],
    "00": [(2, 2, "P"), (7, 2, "o"), (7, 5, "P")], "01": [(2, 2, "P"), (7, 5, "P"), (3, 5, "o")], "11": [(2, 5, "P"), (7, 2, "P")],
    "75": [(2, 2, "r"), (7, 5, "r")], "65": [(4, 3, "r"), (6, 5, "r")], "55": [(3, 2, "r"), (6, 5, "r")], "54": [(3, 5, "r"), (7, 2, "r")],
    "25": [(2, 3, "u"), (7, 4, "R")],
}
# ---- who and what: screen, x, y, kind, number, picture (0 none) ----
PEOPLE = [("MAN", "Miller", MILL, 4, 2), ("WOMAN", "Innkeeper", INN, 4, 2), ("MAN", "Shepherd", "10", 6, 3), ("OLD_MAN", "Fisher", "35", 6, 4),
          ("MONK", "Monk", CHAPEL, 4, 2), ("MAN", "Sailor", "45", 3, 3), ("MINER", "Digger", "30", 6, 3), ("OLD_MAN", "Hermit", "00", 3, 3),
          ("MINER", "Old miner", DEEP, 6, 3), ("WITCH", "Witch", "75", 4, 4), ("OLD_MAN", "Elder", ELDER, 4, 2), ("WOMAN", "Widow", "24", 3, 3),
          ("MINER", "Ulf", "51", 4, 3), ("MINER", "Odo", "31", 4, 3)]
KINDS = ["PERSON", "PEDLAR", "GUARD", "GRAVE", "TREE", "CHEST", "WHEEL", "LEVER", "GATE", "STORM", "BEAST", "LAMP", "SIGN"]


def parse(name):
    return at(int(name[0]), int(name[1])) if isinstance(name, str) else name


class World:
    def __init__(self):
        self.links = [[None] * 4 for _ in range(N_ROOMS)]
        self.grid, self.place, self.warps, self.objects = [None] * N_ROOMS, [""] * N_ROOMS, [], []
        self.landing = set()  # (screen, side) where one-way steps end
        for pair in TWO_WAY.split():
            self.link(parse(pair[:2]), parse(pair[3:]), True)
        for pair in ONE_WAY.split():
            self.link(parse(pair[:2]), parse(pair[3:]), False)
        self.link(at(0, 2), WOOD, True, NORTH)
        looks = LOOKS.split()
        for name, theme in zip(looks[::2], looks[1::2]):
            self.draw(parse(name), name, theme)
        for room, (place, rows) in INDOORS.items():
            self.place[room] = place
            self.grid[room] = [list(r) for r in rows.split()]
        for name, (x, y, room) in HOUSES.items():
            self.door(parse(name), x + 1, y + 2, room, 4, 7)
        for x in (1, 4, 7):  # the tunnels are the hall's first doors
            self.warps.append((HALL, x, 1, DEEP, 4, 6))
        self.door(at(4, 0), 4, 1, HALL, 4, 7)
        self.warps.append((DEEP, 4, 7, HALL, 5, 3))
        self.warps.append((DEEP, 4, 1, at(5, 0), 2, 2))
        self.warps.append((at(5, 0), 2, 1, DEEP, 4, 2))
        self.door(at(7, 1), 4, 1, VAULT, 4, 7)
        self.door(at(7, 0), 4, 2, STAIR, 4, 7)
        self.warps.append((STAIR, 4, 1, TOP, 4, 6))
        self.warps.append((TOP, 4, 7, STAIR, 4, 2))
        self.populate()

    def door(self, room, x, y, inside, ix, iy):
        self.warps.append((room, x, y, inside, ix, iy - 1))
        self.warps.append((inside, ix, iy, room, x, y + 1))

    def link(self, a, b, both, side=None):
        if side is None:
            d = (b % 8 - a % 8, b // 8 - a // 8)
            side = STEP.index(d)
        self.links[a][side] = b
        if both:
            self.links[b][(side + 2) % 4] = a
        else:
            self.landing.add((b, (side + 2) % 4))

    def is_open(self, room, side):
        return self.links[room][side] is not None or (room, side) in self.landing

    def draw(self, room, name, theme):
        ground, edge, self.place[room] = THEMES[theme]
        if int(name) in [int(k) for k in DRAWN] and name in ["%02d" % k for k in DRAWN]:
            self.grid[room] = [list(r) for r in DRAWN[int(name)].split()]
            return
        r = random.Random("lantern " + name)
        g = [[ground] * 10 for _ in range(8)]
        for y in range(8):
            for x in range(10):
                if x in (0, 9) or y in (0, 7):
                    g[y][x] = edge
                elif (x in (1, 8) and y in (1, 2, 5, 6) or y in (1, 6) and x in (1, 2, 7, 8)) and r.random() < .45:
                    g[y][x] = "." if theme == "fields" else "R" if theme == "coast" and y < 4 else edge
        if theme == "coast":
            for x in range(10):
                g[0][x] = "T" if x % 3 else "R"
            for y in range(1, 6):
                g[y][0] = g[y][9] = "R" if y % 2 else "T"
        if theme == "river":
            for y in range(8):
                g[y][8] = g[y][9] = "~"
        for x, y, letter in STAMPS.get(name, []):
            g[y][x] = letter
        trail = ":" if ground in ".d" and theme not in ("wood", "lake") else ground
        middle = {(4, 3), (5, 3), (4, 4), (5, 4)}
        cells = set(middle)
        if self.is_open(room, NORTH):
            cells |= {(x, y) for x in (4, 5) for y in (0, 1, 2)}
        if self.is_open(room, SOUTH):
            cells |= {(x, y) for x in (4, 5) for y in (5, 6, 7)}
        if self.is_open(room, WEST):
            cells |= {(x, y) for x in range(4) for y in (3, 4)}
        if self.is_open(room, EAST):
            cells |= {(x, y) for x in range(6, 10) for y in (3, 4)}
        for x, y in cells:
            g[y][x] = trail
        for side in range(4):
            if (room, side) in self.landing:
                for x, y in {NORTH: ((4, 0), (5, 0)), SOUTH: ((4, 7), (5, 7)), WEST: ((0, 3), (0, 4)), EAST: ((9, 3), (9, 4))}[side]:
                    g[y][x] = "v"
        if name in HOUSES:
            hx, hy, _ = HOUSES[name]
            for x in range(hx, hx + 3):
                g[hy][x] = g[hy + 1][x] = "H"
                g[hy + 2][x] = "h"
            g[hy + 2][hx + 1] = "D"
            for y in range(hy + 3, 5):
                g[y][hx + 1] = trail
        for x, y, letter in STAMPS.get(name, []):
            if letter in "qgS":
                g[y][x] = letter
        reached, todo = set(), [(4, 3)]
        while todo:
            x, y = todo.pop()
            if 0 <= x < 10 and 0 <= y < 8 and (x, y) not in reached and not SOLID[g[y][x]]:
                reached.add((x, y))
                todo += [(x + dx, y + dy) for dx, dy in STEP]
        for y in range(8):
            for x in range(10):
                if (x, y) not in reached and not SOLID[g[y][x]]:
                    g[y][x] = edge
        self.grid[room] = g

    def thing(self, room, x, y, kind, number=0, picture=0):
        self.objects.append((parse(room), x, y, kind, number, picture))

    def populate(self):
        names = ["NONE"] + [p[0] for p in people.PEOPLE]
        for n, (picture, _, room, x, y) in enumerate(PEOPLE):
            self.thing(room, x, y, "PERSON", n, names.index(picture))
        self.thing("43", 6, 3, "PEDLAR", 0, names.index("OLD_MAN"))
        self.thing("72", 4, 3, "GUARD", 0, names.index("GUARD"))
        n = 0
        for room in ("05", "15"):
            spots = sorted((y, x) for x, y, letter in STAMPS[room] if letter == "g")  # counted as one reads
            for y, x in spots:
                self.thing(room, x, y, "GRAVE", n)
                n += 1
        for n, room in enumerate(("04", "21", "32", "44", "51", "73")):
            x, y = next((x, y) for x, y, letter in STAMPS[room] if letter == "q")
            self.thing(room, x, y, "TREE", n)
        for n in range(3):
            self.thing(VAULT, 1 + 3 * n, 1, "CHEST", n)
        for n in range(4):
            self.thing("70", 2 + 2 * n, 4, "WHEEL", n)
        self.thing("70", 7, 6, "LEVER")
        self.thing("40", 4, 2, "GATE")
        self.thing("50", 8, 3, "STORM", 0)
        self.thing("50", 8, 4, "STORM", 1)
        self.thing(STAIR, 4, 3, "BEAST", 0, names.index("BEAST"))
        self.thing(TOP, 4, 2, "LAMP")
        self.thing("43", 2, 2, "SIGN", 0)
        self.thing("02", 2, 5, "SIGN", 1)

    # ---- is it sound ----
    def walkable(self, room, x, y):
        letter = self.grid[room][y][x]
        return not SOLID[letter] or letter in "GVL"

    def check(self):
        for room in range(N_ROOMS):
            g = self.grid[room]
            assert len(g) == 8 and all(len(row) == 10 for row in g), (room, ["".join(r) for r in g])
            blocked = {(o[1], o[2]) for o in self.objects if o[0] == room and o[3] not in ("GATE", "STORM", "GUARD", "BEAST")}
            free = {(x, y) for x in range(10) for y in range(8) if self.walkable(room, x, y)} - blocked
            seen, todo = set(), [min(free)]
            while todo:
                x, y = todo.pop()
                if (x, y) in seen or (x, y) not in free:
                    continue
                seen.add((x, y))
                todo += [(x + dx, y + dy) for dx, dy in STEP]
            assert seen == free, "screen %d: %s cannot be reached\n%s" % (room, sorted(free - seen), "\n".join("".join(r) for r in g))
            for o in self.objects:
                if o[0] == room:
                    assert any((o[1] + dx, o[2] + dy) in free for dx, dy in STEP), "nobody gets to %s" % (o,)
                    assert o[3] in ("PERSON", "PEDLAR", "GUARD", "BEAST", "GATE", "STORM") or SOLID[g[o[2]][o[1]]], o
            for side, other in enumerate(self.links[room]):
                edge = [(x, y) for x, y in free if (y == 0, x == 9, y == 7, x == 0)[side]]
                if other is None:
                    assert not edge or (room, side) in self.landing or any(w[0] == room and (w[1], w[2]) in edge for w in self.warps) \
                        or room == WOOD, (room, side, edge)
                    continue
                assert edge, (room, side)
                for x, y in edge:
                    x2, y2 = ((x, 7), (0, y), (x, 0), (9, y))[side]
                    assert self.walkable(other, x2, y2), "%d to %d at %s" % (room, other, (x, y))
        for w in self.warps:
            assert self.walkable(w[0], w[1], w[2]) and self.walkable(w[3], w[4], w[5]), w
            assert not any(v[0] == w[3] and (v[1], v[2]) == (w[4], w[5]) for v in self.warps), w

    # ---- the way from each to each ----
    def routes(self):
        back = [[] for _ in range(N_ROOMS)]  # back[b]: (a, link of a that leads to b)
        for a in range(N_ROOMS):
            for side, b in enumerate(self.links[a]):
                if b is not None:
                    back[b].append((a, side))
            for k, w in enumerate([w for w in self.warps if w[0] == a]):
                back[w[3]].append((a, 4 + k))
        back[at(0, 0)].append((WOOD, NORTH))
        roads = {parse(r) for r in ROADS} | {WOOD}
        locked = {(at(7, 2), at(7, 1)), (at(4, 0), HALL)}  # no short cuts through the keep or the mine
        table = []
        for goal in range(N_ROOMS):
            best, row = {goal: 0}, [15] * N_ROOMS
            heap = [(0, goal)]
            while heap:
                d, b = heapq.heappop(heap)
                if d > best[b]:
                    continue
                for a, link in back[b]:
                    cost = d + (12 if a in roads else 40 if (a, b) in locked else 1)
                    if cost < best.get(a, 1 << 30):
                        best[a], row[a] = cost, link
                        heapq.heappush(heap, (cost, a))
            assert len(best) == N_ROOMS, "no way to %d from %s" % (goal, set(range(N_ROOMS)) - set(best))
            table += row
        return table


def main():
    w = World()
    w.check()
    out = rom.Writer()
    letters = [s[0] for s in tiles.SQUARES]
    for i, s in enumerate(tiles.SQUARES):
        out.number("SQ_" + s[1], i)
    for name in ("OWN", "ELDER", "WOOD", "HALL", "DEEP", "VAULT", "STAIR", "TOP"):
        out.number("ROOM_" + name, globals()[name])
    out.number("ROOM_STONES", at(6, 4)), out.number("ROOM_LIGHT", at(7, 0)), out.number("ROOM_GLADE", at(0, 0))
    out.number("N_ROOMS", N_ROOMS)
    for i, k in enumerate(KINDS):
        out.number("KIND_" + k, i)
    for i, (name, _) in enumerate(people.PEOPLE):
        out.number("PICTURE_" + name, i + 1)
    places = sorted(set(w.place))
    layouts = sorted(set("".join("".join(r) for r in g) for g in w.grid))
    out.array("world_cells", [letters.index(c) for layout in layouts for c in layout])
    out.array("world_layout", [layouts.index("".join("".join(r) for r in g)) for g in w.grid])
    out.array("world_links", [255 if b is None else b for links in w.links for b in links])
    out.array("world_place", [places.index(p) for p in w.place])
    out.array("world_is_road", [int(room in {parse(r) for r in ROADS}) for room in range(N_ROOMS)])
    w.warps.sort(key=lambda v: v[0])  # stable: a screen's doors keep their order
    out.number("N_WARPS", len(w.warps))
    out.array("world_warps", [n for v in w.warps for n in (v[0], v[2] * 10 + v[1], v[3], v[5] * 10 + v[4])])
    out.number("N_THINGS", len(w.objects))
    seen = set()
    for i, o in enumerate(w.objects):
        if o[3] not in seen:
            out.number("THING_" + o[3], i)
            seen.add(o[3])
    out.array("world_things", [n for o in w.objects for n in (o[0], o[2] * 10 + o[1], KINDS.index(o[3]), o[4], o[5])])
    routes = w.routes()
    out.array("world_routes", [routes[i] | (routes[i + 1] if i + 1 < len(routes) else 0) << 4 for i in range(0, len(routes), 2)])
    words.write(out, places, [p[1] for p in PEOPLE])
    here = os.path.dirname(os.path.abspath(__file__))
    out.write(os.path.join(here, "world.h"), "The country and its texts, written by world.py and words.py: change them there.")
    print(len(layouts), "layouts,", len(w.objects), "things,", len(w.warps), "doors")


if __name__ == "__main__":
    main()
