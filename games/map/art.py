"""The pictures of `map`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, ROWS, WHITE  # noqa: E402


# ---- the bridge: 9 rows: a wall with the columns' numbers, 3 tiles of 2 rows, 2 rows of depth; 2 columns wide ----
def wall_top(c):
    c.rect(0, 0, c.width, 8, DARK)
    for x in range(0, c.width, 16):
        c.rect(x, 0, 16, 1, BLACK)
        c.rect(x + 15, 0, 1, 4, BLACK)
        c.rect(x + 7, 4, 1, 4, BLACK)
        c.rect(x, 4, 16, 1, BLACK)
    c.rect(0, 7, c.width, 1, BLACK)


def depth(c, y):
    """Under the tiles: black, with a mist far below."""
    c.rect(0, y, c.width, ROWS - y, BLACK)
    for x in range(0, c.width, 16):
        for dx, dy, width in ((1, 8, 4), (9, 7, 3), (4, 11, 8), (0, 13, 5), (8, 14, 8)):
            if y + dy < ROWS:
                c.rect(x + dx, y + dy, width, 1, DARK)


def whole(c, x, y):
    """A tile, 16x16: a slab with a lit upper edge, its side below."""
    c.rect(x, y, 16, 16, BLACK)
    c.rect(x + 1, y + 1, 14, 11, LIGHT)
    c.rect(x + 1, y + 1, 14, 1, WHITE)
    c.rect(x + 1, y + 1, 1, 10, WHITE)
    c.rect(x + 1, y + 12, 14, 3, DARK)
    for dx, dy in ((4, 4), (11, 3), (7, 8), (12, 9), (3, 9)):
        c.dot(x + dx, y + dy, DARK)


def broken(c, x, y):
    """The hole that a tile leaves: splinters at its edge."""
    c.rect(x, y, 16, 16, BLACK)
    for points in ([(1, 1), (6, 1), (1, 5)], [(15, 1), (11, 1), (15, 6)], [(1, 14), (1, 10), (5, 14)], [(15, 14), (10, 14), (15, 10)]):
        shard = Canvas(16, 16)
        shard.polygon([(px, py) for px, py in points], LIGHT)
        for j in range(16):
            for i in range(16):
                if shard.rows[j][i]:
                    c.dot(x + i, y + j, LIGHT)


def marked(c, x, y):
    """A tile that held, in the twin: a flag on it."""
    whole(c, x, y)
    c.rect(x + 4, y + 2, 9, 9, WHITE)
    c.rect(x + 4, y + 2, 2, 10, BLACK)
    c.polygon([(x + 6, y + 2), (x + 13, y + 5), (x + 6, y + 8)], BLACK)


def column():
    c = Canvas(16, ROWS)
    wall_top(c)
    for y in (8, 24, 40):
        whole(c, 0, y)
    depth(c, 56)
    return c


def ledge():
    """Rock, the abyss not yet begun."""
    c = Canvas(16, ROWS)
    wall_top(c)
    c.rect(0, 8, 16, 52, LIGHT)
    c.rect(0, 8, 16, 2, DARK)
    for x, y in ((3, 14), (11, 19), (6, 27), (13, 33), (2, 38), (9, 46), (5, 53)):
        c.rect(x, y, 3, 1, DARK)
        c.dot(x + 1, y + 1, DARK)
        c.dot(x, y - 1, WHITE)
    c.rect(0, 59, 16, 1, BLACK)
    c.rect(0, 60, 16, 12, DARK)
    for y in (60, 66):
        c.rect(0, y, 16, 1, BLACK)
        c.rect((3, 11)[y > 60], y, 1, 6, BLACK)
    return c


def edge(right):
    """The ledge's last 16 pixels before the abyss."""
    c = ledge()
    c.rect(0 if right else 13, 8, 3, 64, BLACK)
    c.rect(3 if right else 12, 8, 1, 52, WHITE)
    return c


def number(n):
    c = Canvas(16, 8)
    wall_top(c)
    word = str(n)
    c.rect(8 - 4 * len(word), 0, 8 * len(word) - 1, 8, WHITE)
    for i, digit in enumerate(word):
        c.text_art(8 - 4 * len(word) + 7 * i + (len(word) == 1), 0, house.FONT[digit].replace(" ", "\n"), {"1": BLACK})
    return c


def slab(draw):
    c = Canvas(16, 16)
    draw(c, 0, 0)
    return c


# ---- below: a cave ----
def cave(width):
    c = Canvas(width, ROWS, DARK)
    c.rect(0, 0, width, 7, BLACK)
    for x in range(0, width, 16):
        c.polygon([(x, 6), (x + 5, 6), (x + 2, 13)], BLACK)
        c.polygon([(x + 7, 6), (x + 15, 6), (x + 12, 17)], BLACK)
        for dx, dy in ((3, 20), (10, 27), (1, 34), (13, 38), (6, 44)):
            c.rect(x + dx, dy, 2, 1, BLACK)
            c.dot(x + dx, dy + 1, LIGHT)
    c.rect(0, 54, width, 2, BLACK)
    c.rect(0, 56, width, 16, LIGHT)
    for x in range(0, width, 16):
        for dx, dy in ((2, 58), (11, 61), (6, 65), (14, 68), (1, 70)):
            c.rect(x + dx, dy, 3, 1, DARK)
    return c


def crystal(c):
    for points, shade in (([(9, 20), (14, 30), (12, 56), (6, 56), (5, 30)], BLACK), ([(9, 23), (12, 31), (10, 55), (7, 55), (6, 31)], WHITE),
                          ([(20, 30), (25, 38), (21, 56), (14, 56), (16, 38)], BLACK), ([(20, 33), (23, 38), (19, 55), (16, 55), (17, 39)], LIGHT)):
        c.polygon(points, shade)


def stalagmite(c):
    c.polygon([(8, 24), (15, 57), (1, 57)], BLACK)
    c.polygon([(8, 28), (11, 56), (3, 56)], LIGHT)
    c.polygon([(8, 30), (7, 56), (3, 56)], WHITE)


def bones(c):
    c.disc(8, 50, 6, 5.5, BLACK)
    c.disc(8, 50, 5, 4.5, WHITE)
    c.rect(5, 49, 2, 3, BLACK)
    c.rect(9, 49, 2, 3, BLACK)
    c.rect(4, 54, 8, 3, BLACK)
    c.rect(5, 54, 6, 2, WHITE)
    c.rect(7, 54, 1, 2, BLACK)


OBJECTS = [("window", 32, crystal), ("pillar", 16, stalagmite), ("torch", 16, house.torch), ("plant", 16, bones)]


def ways():
    """On the board: where UP, RIGHT and DOWN lead."""
    c = Canvas(48, 48)
    for y in (1, 17, 33):
        whole(c, 31, y - 1)
    c.disc(8, 24, 4, 4, BLACK)
    for ay, ty in ((17, 8), (24, 24), (31, 40)):
        for step in range(0, 61):
            x, y = 13 + step / 60 * 11, ay + step / 60 * (ty - ay)
            c.rect(int(x), int(y), 2, 2, BLACK)
        if ty == 24:
            c.polygon([(29, 24.5), (22, 20), (22, 29)], BLACK)
        else:
            s = -1 if ty < 24 else 1
            c.polygon([(29, ty + s), (20, ty + s), (26, ty - 7 * s)], BLACK)
    return c


SINKING = """
................
................
.##..........##.
.#+#........#+#.
.#+#.#####..#+#.
..##ooooo#.##...
..#ooooooo##....
..##########....
....#++#+##.....
....#+##+##.....
.....####.......
................
"""

book = Book()
house.board(book, {"ways": ways()})
wall = cave(16)
book.picture("art_wall", wall, "low", by_columns=True)
for name, width, draw in OBJECTS:
    c = cave(width)
    draw(c)
    book.picture("art_" + name, c, "low", by_columns=True)
book.picture("art_column", column(), "low")
book.picture("art_ledge", ledge(), "low")
book.picture("art_edge", edge(False), "low")
book.picture("art_far_edge", edge(True), "low")
for name, draw in (("whole", whole), ("broken", broken), ("marked", marked)):
    book.picture("art_" + name, slab(draw), "low")
for n in range(1, 13):
    book.picture("art_number%d" % n, number(n), "low")
house.words(book)
house.title(book, "MAP")
house.hero(book)
sinking = Canvas(16, 16)
sinking.text_art(0, 0, SINKING, house.SHADES)
book.sprite(sinking)
book.write(os.path.join(here, "art.h"), "art.py")
