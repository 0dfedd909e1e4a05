"""The country of `lantern` in squares of 16x16 pixels: what each looks like, whether it blocks, its letter in world.py's maps."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "engine"))
from art import Canvas  # noqa: E402

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3
SQUARES = []  # (letter, name, solid, Canvas, Canvas of the other frame or None), filled at the end
drawings = []


def square(letter, name, solid=False):
    def add(draw):
        drawings.append((letter, name, solid, draw))
        return draw
    return add


def specks(c, seed, n, shade, margin=0):
    r = random.Random(seed)
    for _ in range(n):
        c.dot(r.randrange(margin, 16 - margin), r.randrange(margin, 16 - margin), shade)


def blade(c, x, y, shade=LIGHT):
    c.dot(x, y, shade), c.dot(x, y + 1, shade), c.dot(x + 2, y, shade), c.dot(x + 1, y + 1, shade)


def checker(c):
    """Two tiles serve for four: the lower pair is the upper pair changed over."""
    for y in range(8):
        row = c.rows[y]
        c.rows[y + 8] = row[8:] + row[:8]


# ---- what moves: its tiles lie side by side, so this comes first ----
@square("~", "WATER", True)
def water(c, t):
    c.rect(0, 0, 16, 16, DARK)
    for x, y in ((1, 2), (9, 6), (3, 11), (11, 14)):
        x = (x + 4 * t) % 16
        for k in range(5):
            c.dot((x + k) % 16, y - (1 if k in (1, 2, 3) else 0), LIGHT)
        c.dot((x + 2) % 16, y - 1, WHITE)


@square("m", "BOG", True)
def bog(c, t):
    c.rect(0, 0, 16, 16, DARK)
    for x, y, r in ((4, 4, 2), (11, 11, 2)) if not t else ((4, 4, 1), (11, 11, 3), (12, 3, 1)):
        c.disc(x + .5, y + .5, r + .5, r, BLACK)
        c.disc(x + .5, y + .5, r - .4, r - .6, LIGHT)
    specks(c, 5, 9, BLACK)


@square("F", "HEARTH", True)
def hearth(c, t):
    wall_boards(c)
    c.rect(1, 2, 14, 14, BLACK)
    c.rect(2, 3, 12, 2, LIGHT)
    c.rect(3, 6, 10, 9, DARK)
    tip = 7 + 2 * t
    c.polygon([(4, 15), (5, 10), (tip, 6), (10, 9), (12, 15)], LIGHT)
    c.polygon([(6, 15), (tip, 9 + t), (10, 15)], WHITE)
    c.rect(3, 14, 10, 1, BLACK)


@square("i", "LAMP_POST", True)
def lamp_post(c, t):
    grass(c, 0)
    c.rect(7, 7, 2, 8, BLACK)
    c.rect(5, 14, 6, 2, BLACK)
    c.rect(4, 1, 8, 7, BLACK)
    c.rect(5, 0, 6, 1, BLACK)
    c.rect(5, 2, 6, 5, LIGHT if t else WHITE)
    c.rect(7, 3 + t, 2, 3, DARK if t else LIGHT)
    for x, y in ((2, 0), (13, 0), (1, 4), (14, 4), (2, 8), (13, 8)):
        c.dot(x, y, BLACK if t else DARK)


def wall_boards(c):
    c.rect(0, 0, 16, 16, LIGHT)
    for x in (0, 5, 10):
        c.rect(x, 0, 1, 16, DARK)
    c.rect(0, 13, 16, 3, DARK)
    c.rect(0, 13, 16, 1, BLACK)


# ---- outdoors ----
@square(".", "GRASS")
def grass(c, t):
    blade(c, 2, 3), blade(c, 10, 11)


@square(",", "GRASS2")
def grass2(c, t):
    blade(c, 11, 2), blade(c, 3, 9), blade(c, 11, 13, DARK)


@square("*", "FLOWERS")
def flowers(c, t):
    blade(c, 12, 3)
    for x, y in ((3, 3), (9, 9), (4, 12)):
        for dx, dy in ((0, -1), (0, 1), (-1, 0), (1, 0)):
            c.dot(x + dx, y + dy, DARK)
        c.dot(x, y, LIGHT)
        c.dot(x, y + 2, LIGHT)


@square(":", "PATH")
def path(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    for x, y in ((2, 2), (3, 2), (9, 5), (13, 9), (12, 9), (5, 11), (8, 14)):
        c.dot(x, y, WHITE)
    c.dot(4, 6, DARK), c.dot(12, 13, DARK)
    checker(c)


@square("T", "TREE", True)
def tree(c, t):
    grass(c, 0)
    c.rect(6, 12, 4, 4, BLACK)
    c.rect(7, 12, 1, 3, LIGHT)
    c.disc(8, 7, 7.6, 6.8, BLACK)
    c.disc(8, 6.6, 6.6, 5.8, DARK)
    for x, y in ((4, 4), (7, 2), (6, 6), (9, 5), (3, 7), (11, 3)):
        c.rect(x, y, 2, 1, LIGHT)
    for x, y in ((10, 9), (6, 10), (12, 7), (8, 8), (4, 9)):
        c.rect(x, y, 2, 1, BLACK)


@square("P", "PINE", True)
def pine(c, t):
    blade(c, 0, 12), blade(c, 13, 13)
    c.rect(7, 13, 2, 3, BLACK)
    for top, half in ((0, 4), (4, 6), (8, 7)):
        c.polygon([(8, top), (8 + half + .6, top + 6), (8 - half - .6, top + 6)], BLACK)
        c.polygon([(8, top + 1.5), (8 + half - 1, top + 5), (8 - half + 1, top + 5)], DARK)
        c.rect(6, top + 3, 2, 1, LIGHT)


@square("o", "BUSH", True)
def bush(c, t):
    grass(c, 0)
    c.disc(8, 10, 7, 5.4, BLACK)
    c.disc(8, 9.6, 6, 4.4, DARK)
    for x, y in ((4, 8), (8, 7), (6, 11), (11, 9)):
        c.rect(x, y, 2, 2, LIGHT)


@square("R", "BOULDER", True)
def boulder(c, t):
    blade(c, 0, 2), blade(c, 13, 1)
    c.disc(8, 9, 7.4, 6.4, BLACK)
    c.disc(8, 8.6, 6.4, 5.4, LIGHT)
    c.disc(9.5, 10, 4.8, 4, DARK)
    c.disc(6.5, 6.8, 3, 2, WHITE)


@square("f", "FENCE", True)
def fence(c, t):
    grass(c, 0)
    for y in (6, 11):
        c.rect(0, y, 16, 3, BLACK)
        c.rect(0, y + 1, 16, 1, WHITE)
    for x in (2, 10):
        c.rect(x, 2, 4, 13, BLACK)
        c.rect(x + 1, 3, 2, 11, LIGHT)


@square("d", "ROCKY")
def rocky(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    for x, y in ((2, 3), (9, 6), (4, 11), (12, 13), (13, 2)):
        c.rect(x, y, 2, 1, LIGHT)
        c.dot(x + 2, y + 1, DARK)
    checker(c)


@square("#", "CLIFF", True)
def cliff(c, t):
    c.rect(0, 0, 16, 16, DARK)
    c.rect(0, 0, 16, 3, LIGHT)
    c.rect(0, 3, 16, 1, BLACK)
    for x, y, w, h in ((0, 4, 1, 7), (5, 4, 1, 5), (11, 4, 1, 8), (3, 9, 1, 7), (8, 9, 1, 7), (14, 11, 1, 5)):
        c.rect(x, y, w, h, BLACK)
        c.rect(x + 1, y, 1, h - 1, LIGHT)
    c.rect(0, 15, 16, 1, BLACK)


@square("v", "LEDGE")
def ledge(c, t):
    grass(c, 0)
    c.rect(0, 8, 16, 6, DARK)
    c.rect(0, 8, 16, 1, LIGHT)
    c.rect(0, 14, 16, 1, BLACK)
    for x in (1, 5, 9, 13):
        c.rect(x, 9, 1, 5, BLACK)


@square("a", "SAND")
def sand(c, t):
    specks(c, 11, 9, LIGHT)
    c.dot(4, 5, DARK), c.dot(12, 12, DARK)
    checker(c)


@square("=", "BRIDGE")
def bridge(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    for x in (0, 4, 8, 12):
        c.rect(x, 0, 1, 16, DARK)
        c.dot(x + 2, 3, BLACK), c.dot(x + 2, 12, BLACK)
    c.rect(0, 0, 16, 1, BLACK)
    c.rect(0, 15, 16, 1, BLACK)


@square("r", "REEDS", True)
def reeds(c, t):
    bog(c, 0)
    for x, h in ((2, 12), (6, 9), (9, 13), (13, 10)):
        c.rect(x, 16 - h, 1, h, BLACK)
        c.rect(x - 1, 16 - h, 3, 4, BLACK)
        c.rect(x, 17 - h, 1, 2, LIGHT)


@square("e", "STONE")
def stone(c, t):
    bog(c, 0)
    c.disc(8, 8, 7, 6, BLACK)
    c.disc(8, 7.6, 6, 5, WHITE)
    c.disc(9, 9, 4.4, 3.2, LIGHT)


@square("j", "BANK")
def bank(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    specks(c, 21, 14, WHITE)
    specks(c, 22, 10, DARK)
    checker(c)


@square("y", "CROPS")
def crops(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    for x in (2, 10):
        for y in (1, 9):
            c.rect(x + 1, y + 1, 1, 6, DARK)
            c.rect(x, y, 3, 3, BLACK)
            c.dot(x + 1, y + 1, WHITE)


@square("q", "HOLLOW", True)
def hollow(c, t):
    grass(c, 0)
    c.rect(4, 8, 8, 8, BLACK)
    c.rect(5, 8, 6, 7, LIGHT)
    c.disc(8, 5.5, 7.8, 5.4, BLACK)
    c.disc(8, 5, 6.8, 4.4, DARK)
    for x, y in ((4, 3), (8, 2), (10, 5), (5, 6)):
        c.rect(x, y, 2, 1, LIGHT)
    c.disc(8, 11, 2.4, 2.8, BLACK)


@square("g", "GRAVE", True)
def grave(c, t):
    grass(c, 0)
    c.disc(8, 7, 5.2, 6, BLACK)
    c.rect(3, 7, 10, 8, BLACK)
    c.disc(8, 7, 4.2, 5, LIGHT)
    c.rect(4, 7, 8, 7, LIGHT)
    c.rect(7, 4, 2, 7, DARK)
    c.rect(5, 6, 6, 2, DARK)
    c.rect(1, 14, 14, 2, BLACK)


@square("S", "SIGN", True)
def sign(c, t):
    grass(c, 0)
    c.rect(7, 9, 2, 7, BLACK)
    c.rect(1, 2, 14, 8, BLACK)
    c.rect(2, 3, 12, 6, LIGHT)
    c.rect(4, 4, 8, 1, BLACK)
    c.rect(4, 6, 6, 1, BLACK)


@square("w", "WELL", True)
def well(c, t):
    c.polygon([(8, 0), (15, 5), (1, 5)], BLACK)
    c.polygon([(8, 1.5), (12, 4), (4, 4)], DARK)
    c.rect(3, 5, 1, 5, BLACK)
    c.rect(12, 5, 1, 5, BLACK)
    c.rect(1, 9, 14, 6, BLACK)
    c.rect(2, 10, 12, 4, LIGHT)
    for x, y in ((5, 10), (10, 10), (3, 12), (8, 12), (12, 12)):
        c.rect(x, y, 1, 2, DARK)


# ---- houses ----
@square("H", "ROOF", True)
def roof(c, t):
    c.rect(0, 0, 16, 16, DARK)
    for y in (3, 7, 11, 15):
        c.rect(0, y, 16, 1, BLACK)
        for x in range(0 if y % 8 == 3 else 4, 16, 8):
            c.rect(x, y - 3, 1, 3, BLACK)
            c.rect(x + 2, y - 3, 4, 1, LIGHT)


@square("h", "WINDOW", True)
def house_wall(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    c.rect(0, 0, 16, 2, BLACK)
    c.rect(0, 2, 16, 1, LIGHT)
    c.rect(0, 14, 16, 2, BLACK)
    c.rect(4, 5, 8, 7, BLACK)
    c.rect(5, 6, 3, 2, LIGHT), c.rect(9, 6, 2, 2, LIGHT)
    c.rect(5, 9, 3, 2, LIGHT), c.rect(9, 9, 2, 2, LIGHT)


@square("D", "DOOR")
def door(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    c.rect(0, 0, 16, 2, BLACK)
    c.rect(2, 3, 12, 13, BLACK)
    c.rect(4, 5, 8, 11, DARK)
    c.rect(7, 5, 1, 11, BLACK)
    c.rect(10, 10, 1, 2, WHITE)


@square("_", "FLOOR")
def floor(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    for y in (3, 7, 11, 15):
        c.rect(0, y, 16, 1, LIGHT)
        c.rect(5 if y % 8 == 3 else 12, y - 3, 1, 3, LIGHT)


@square("W", "BOARDS", True)
def inner_wall(c, t):
    wall_boards(c)


@square("t", "TABLE", True)
def table(c, t):
    floor(c, 0)
    c.rect(0, 2, 16, 9, BLACK)
    c.rect(1, 3, 14, 6, LIGHT)
    c.rect(2, 11, 2, 5, BLACK), c.rect(12, 11, 2, 5, BLACK)
    c.disc(8, 6, 2.5, 1.8, WHITE)


@square("s", "SHELF", True)
def shelf(c, t):
    c.rect(0, 0, 16, 16, BLACK)
    for y in (1, 9):
        c.rect(1, y, 14, 6, DARK)
        for i, x in enumerate(range(1, 14, 3)):
            c.rect(x, y + i % 2, 2, 6 - i % 2, (WHITE, LIGHT)[i % 2])


@square("B", "BED", True)
def bed(c, t):
    floor(c, 0)
    c.rect(1, 0, 14, 16, BLACK)
    c.rect(2, 1, 12, 5, WHITE)
    c.rect(4, 2, 8, 3, LIGHT)
    c.rect(2, 6, 12, 9, DARK)
    c.rect(2, 7, 12, 1, LIGHT)


@square("M", "MAT")
def mat(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    c.rect(0, 0, 16, 2, BLACK)
    for x in range(0, 16, 4):
        c.rect(x, 4, 2, 8, DARK)
    c.rect(0, 14, 16, 2, BLACK)


@square("u", "BARREL", True)
def barrel(c, t):
    c.disc(8, 9, 6, 7, BLACK)
    c.disc(8, 9, 5, 6, LIGHT)
    c.disc(8, 4, 4, 1.8, DARK)
    for y in (6, 11):
        c.rect(2, y, 12, 1, BLACK)


@square("n", "STALL", True)
def stall(c, t):
    for x in range(16):
        c.rect(x, 1, 1, 6 - (x // 4) % 2, (DARK, WHITE)[(x // 4) % 2])
    c.rect(0, 0, 16, 1, BLACK)
    c.rect(0, 6, 16, 1, BLACK)
    c.rect(0, 10, 16, 5, BLACK)
    c.rect(0, 11, 16, 3, LIGHT)
    for x in (3, 11):
        c.rect(x, 6, 1, 5, BLACK)


# ---- caves, the keep, the lighthouse ----
@square("c", "CAVE")
def cave(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    specks(c, 31, 8, DARK)
    specks(c, 32, 8, WHITE)
    checker(c)


@square("K", "CAVE_WALL", True)
def cave_wall(c, t):
    c.rect(0, 0, 16, 16, BLACK)
    for x, y, w in ((1, 2, 4), (8, 4, 5), (3, 9, 4), (11, 11, 4), (5, 14, 3)):
        c.rect(x, y, w, 1, DARK)
        c.dot(x + w, y + 1, DARK)


@square("O", "OPENING")
def opening(c, t):
    c.rect(0, 0, 16, 16, DARK)
    c.rect(0, 0, 16, 3, LIGHT)
    c.disc(8, 10, 7, 8, BLACK)
    c.rect(1, 10, 14, 6, BLACK)
    c.rect(4, 14, 8, 1, DARK)


@square("G", "GATE", True)
def gate(c, t):
    c.rect(0, 0, 16, 16, LIGHT)
    c.rect(0, 0, 16, 2, BLACK)
    for x in (1, 5, 9, 13):
        c.rect(x, 0, 2, 16, BLACK)
    c.rect(0, 7, 16, 2, BLACK)
    c.rect(6, 6, 4, 5, BLACK)
    c.dot(7, 8, WHITE), c.dot(8, 8, WHITE)


@square("V", "STORM", True)
def storm(c, t):
    c.rect(0, 0, 16, 16, DARK)
    for k, y in enumerate((1, 5, 9, 13)):
        x = 1 + 3 * (k % 3)
        c.rect(x, y, 8, 1, WHITE)
        c.rect(x + 8, y - 1, 2, 1, WHITE)
        c.rect((x + 9) % 12, y + 2, 4, 1, LIGHT)
    checker(c)


@square("b", "BRICKS", True)
def bricks(c, t):
    c.rect(0, 0, 16, 16, DARK)
    for y in (3, 7, 11, 15):
        c.rect(0, y, 16, 1, BLACK)
        for x in range(2 if y % 8 == 3 else 6, 16, 8):
            c.rect(x, y - 3, 1, 3, BLACK)
            c.rect(x + 1, y - 3, 5, 1, LIGHT)


@square("k", "FLAGS")
def flags(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    c.rect(0, 7, 16, 1, LIGHT), c.rect(0, 15, 16, 1, LIGHT)
    c.rect(7, 0, 1, 8, LIGHT), c.rect(15, 8, 1, 8, LIGHT)
    c.dot(3, 4, LIGHT), c.dot(11, 12, LIGHT)


@square("C", "CHEST", True)
def chest(c, t):
    flags(c, 0)
    c.rect(1, 3, 14, 12, BLACK)
    c.rect(2, 4, 12, 4, LIGHT)
    c.rect(2, 9, 12, 5, DARK)
    c.rect(6, 7, 4, 4, BLACK)
    c.rect(7, 8, 2, 2, WHITE)


@square("x", "WHEEL", True)
def wheel(c, t):
    flags(c, 0)
    c.rect(1, 1, 14, 14, BLACK)
    c.rect(2, 2, 12, 12, LIGHT)
    c.rect(4, 3, 8, 10, WHITE)
    c.frame(3, 3, 10, 10, BLACK)


@square("l", "LEVER", True)
def lever(c, t):
    flags(c, 0)
    c.rect(3, 10, 10, 6, BLACK)
    c.rect(4, 11, 8, 4, DARK)
    for k in range(8):
        c.rect(7 + k // 2, 10 - k, 2, 1, BLACK)
    c.disc(12, 2.5, 2.4, 2.4, BLACK)
    c.dot(11, 2, WHITE)


@square("z", "TOWER", True)
def tower(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    for y in (7, 15):
        c.rect(0, y, 16, 1, LIGHT)
    c.rect(4, 0, 1, 8, LIGHT), c.rect(12, 8, 1, 8, LIGHT)
    c.rect(0, 0, 1, 16, DARK)


@square("Z", "TOWER_BAND", True)
def tower_band(c, t):
    c.rect(0, 0, 16, 16, BLACK)
    c.rect(0, 2, 16, 1, DARK), c.rect(0, 13, 16, 1, DARK)
    c.rect(6, 5, 4, 7, WHITE), c.rect(7, 6, 2, 5, LIGHT)


@square("L", "TOWER_DOOR", True)
def tower_door(c, t):
    c.rect(0, 0, 16, 16, WHITE)
    c.disc(8, 7, 6, 7, BLACK)
    c.rect(2, 7, 12, 9, BLACK)
    c.disc(8, 7, 4.6, 5.6, DARK)
    c.rect(4, 7, 8, 9, DARK)
    c.rect(8, 2, 1, 14, BLACK)
    c.rect(10, 9, 1, 2, WHITE)


@square("U", "STAIRS")
def stairs(c, t):
    for k in range(4):
        c.rect(0, 4 * k, 16, 4, (LIGHT, WHITE)[k % 2])
        c.rect(0, 4 * k + 3, 16, 1, BLACK)


@square("A", "GREAT_LAMP", True)
def great_lamp(c, t):
    flags(c, 0)
    c.rect(4, 12, 8, 4, BLACK)
    c.rect(2, 2, 12, 11, BLACK)
    c.rect(3, 3, 10, 9, DARK)
    c.rect(5, 0, 6, 2, BLACK)
    c.rect(7, 8, 2, 4, BLACK)
    c.rect(4, 4, 1, 6, LIGHT)


for letter, name, solid, draw in drawings:
    frames = [Canvas(16, 16), Canvas(16, 16)]
    for t in (0, 1):
        draw(frames[t], t)
    SQUARES.append((letter, name, solid, frames[0], frames[1] if frames[0].rows != frames[1].rows else None))


def find(letter):
    return next(i for i, s in enumerate(SQUARES) if s[0] == letter)
