"""The pictures of `catch`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, ROWS, WHITE  # noqa: E402


# ---- above: crowns of trees, and the board that hangs from them ----
def leaves(c, x, y):
    """16x16, fits its like on every side."""
    c.rect(x, y, 16, 16, DARK)
    for dx, dy in ((2, 2), (10, 4), (5, 8), (13, 10), (1, 12), (8, 13)):
        c.rect(x + dx, y + dy, 3, 1, LIGHT)
        c.dot(x + dx + 1, y + dy - 1, LIGHT)
        c.rect(x + dx - 1, y + dy + 2, 3, 1, BLACK)


def fringe(c, x):
    """Where the crown ends: 16x8, round below."""
    for px in range(16):
        depth = (3, 5, 6, 7, 7, 6, 5, 2, 3, 4, 5, 5, 5, 4, 3, 2)[px]
        c.rect(x + px, 64, 1, depth, DARK)
        c.dot(x + px, 64 + depth, BLACK)
    c.rect(x + 3, 65, 3, 1, LIGHT)
    c.rect(x + 11, 66, 2, 1, LIGHT)


def upper():
    c = Canvas(160, 72, WHITE)
    for x in range(0, 160, 16):
        for y in range(0, 64, 16):
            leaves(c, x, y)
        fringe(c, x)
    frame = house.upper()
    for y in range(64):
        for x in range(48, 112):
            c.dot(x, y, frame.rows[y][x])
    return c


# ---- below: the orchard, as the corridor's columns ----
def orchard(width):
    c = Canvas(width, ROWS, WHITE)
    for x in range(0, width, 16):  # hills far away, a fence, grass
        for px in range(16):
            c.rect(x + px, 33 + (px // 4 % 2), 1, 6, LIGHT)
        c.rect(x, 38, 16, 16, LIGHT)
        for px in (3, 11):
            c.rect(x + px, 39, 3, 13, BLACK)
            c.rect(x + px + 1, 40, 1, 12, WHITE)
        for y in (42, 47):
            c.rect(x, y, 16, 2, BLACK)
            c.rect(x, y, 16, 1, WHITE)
        c.rect(x, 52, 16, 20, DARK)
        c.rect(x, 52, 16, 1, BLACK)
        for dx, dy in ((1, 55), (6, 58), (12, 56), (4, 63), (10, 65), (15, 61), (2, 69), (8, 70), (13, 69)):
            c.rect(x + dx, dy, 1, 2, LIGHT)
            c.dot(x + dx - 1, dy - 1, LIGHT)
    return c


def trunk(c):
    c.rect(10, 0, 12, 54, BLACK)
    c.rect(12, 0, 4, 54, DARK)
    c.rect(11, 0, 1, 54, LIGHT)
    c.polygon([(10, 46), (22, 46), (27, 55), (5, 55)], BLACK)
    for y in (6, 17, 29, 40):
        c.rect(16, y, 3, 2, DARK)


def cloud(c):
    c.disc(8, 17, 7, 4, LIGHT)
    c.disc(10, 14, 4, 4, LIGHT)


def bird(c):
    for x, y in ((3, 12), (4, 11), (5, 11), (6, 12), (7, 13), (8, 12), (9, 11), (10, 11), (11, 12)):
        c.dot(x, y, BLACK)


def bush(c):
    c.disc(8, 49, 8, 8, BLACK)
    c.disc(8, 49, 7, 7, DARK)
    for x, y in ((4, 46), (10, 44), (8, 49), (12, 50), (5, 52)):
        c.rect(x, y, 2, 1, LIGHT)


OBJECTS = [("window", 32, trunk), ("pillar", 16, cloud), ("torch", 16, bird), ("plant", 16, bush)]

APPLE = """
.........##.....
........##......
....###.#.###...
..##ooo###ooo##.
.#oo..oooooooo#.
.#o.ooooooooooo#
#oo.ooooooooooo#
#oooooooooooooo#
#oooooooooooooo#
#oooooooooooooo#
.#ooooooooooooo#
.#oooooooooooo#.
..#oooooooooo#..
...#oooooooo#...
....##oooo##....
......####......
"""


def apple():
    c = Canvas(16, 16)
    c.text_art(0, 0, APPLE, {"#": BLACK, "o": DARK, ".": WHITE})
    for x, y in ((4, 4), (5, 4), (3, 5), (3, 6)):
        c.dot(x, y, LIGHT)
    return c


def basket():
    c = Canvas(48, 16)
    c.polygon([(1, 3), (47, 3), (42, 16), (6, 16)], BLACK)
    c.polygon([(3, 5), (45, 5), (41, 15), (7, 15)], DARK)
    for y in range(6, 15, 3):
        for x in range(4 + y % 2 * 3, 44, 6):
            c.rect(x, y, 3, 2, LIGHT if abs(x - 23) < 20 - y // 3 else DARK)
    c.rect(0, 1, 48, 4, BLACK)
    c.rect(1, 2, 46, 2, LIGHT)
    return c


# ---- the tally on the board ----
def pip(which):
    c = Canvas(8, 8)
    if which == "apple":
        c.disc(4, 4.5, 3.5, 3.2, BLACK)
        c.rect(4, 0, 1, 2, BLACK)
    elif which == "missed":
        for i in range(1, 7):
            c.rect(i, i, 1, 1, BLACK)
            c.rect(7 - i, i, 1, 1, BLACK)
    else:
        c.rect(3, 4, 2, 2, LIGHT)
    return c


def tally():
    """Eight places, in two rows; a basket's sign under them."""
    c = Canvas(48, 48)
    for i in range(8):
        c.paste(pip("none"), 8 + 8 * (i % 4), 8 + 8 * (i // 4))
    c.polygon([(8, 30), (40, 30), (35, 43), (13, 43)], BLACK)
    for y in (33, 37, 41):
        c.rect(12, y - 1, 24, 1, WHITE)
    return c


book = Book()
book.picture("art_paper", Canvas(48, 48), "top")
book.picture("art_tally", tally(), "top")
book.picture("art_apple", pip("apple"), "top")
book.picture("art_missed", pip("missed"), "top")
book.picture("art_trophy", house.trophy(), "top")
book.picture("art_skull", house.skull(), "top")
book.picture("art_top", upper(), "top")
book.picture("art_wall", orchard(16), "low", by_columns=True)
for name, width, draw in OBJECTS:
    c = orchard(width)
    draw(c)
    book.picture("art_" + name, c, "low", by_columns=True)
house.words(book)
house.title(book, "CATCH")
house.hero(book)
book.sprite(apple())
book.sprite(basket())
book.write(os.path.join(here, "art.h"), "art.py")
