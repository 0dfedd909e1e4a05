"""The pictures of `cue`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
from art import Book, Canvas  # noqa: E402

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3
book = Book()


# ---- the cues, in any size ----
def symbol(which, size, inset):
    c = Canvas(size, size)
    m, r = size / 2, size / 2 - inset
    if which == 0:  # circle
        c.disc(m, m, r, r, BLACK)
        c.disc(m, m, r * 0.52, r * 0.52, WHITE)
    elif which == 1:  # cross
        half = r * 0.44
        inside = lambda x, y: (min(abs((x - m) - (y - m)), abs((x - m) + (y - m))) <= half
                               and abs(x - m) <= r and abs(y - m) <= r)
        c.where(inside, BLACK)
    elif which == 2:  # triangle
        c.polygon([(m, m - r), (m + r, m + r), (m - r, m + r)], BLACK)
    else:  # square
        c.rect(int(m - r * 0.9), int(m - r * 0.9), int(r * 1.8), int(r * 1.8), BLACK)
    return c


# ---- the sign ----
paper = Canvas(48, 48)
book.picture("art_paper", paper, "top")
for i in range(4):
    book.picture("art_cue%d" % i, symbol(i, 48, 4), "top")

trophy = Canvas(48, 48)
trophy.disc(24, 14, 21, 9, DARK)
trophy.disc(24, 14, 17, 6, WHITE)
trophy.rect(11, 6, 26, 10, LIGHT)
trophy.disc(24, 16, 13, 14, LIGHT)
trophy.rect(9, 0, 30, 4, WHITE)
trophy.rect(9, 4, 30, 4, BLACK)
trophy.rect(11, 8, 1, 9, BLACK)
trophy.rect(36, 8, 1, 9, BLACK)
trophy.rect(15, 9, 3, 12, WHITE)
trophy.rect(21, 29, 6, 8, DARK)
trophy.rect(16, 37, 16, 4, BLACK)
trophy.rect(12, 41, 24, 4, BLACK)
book.picture("art_trophy", trophy, "top")

skull = Canvas(48, 48)
skull.disc(24, 20, 19, 17, BLACK)
skull.disc(24, 20, 17, 15, LIGHT)
skull.rect(14, 30, 20, 13, BLACK)
skull.rect(16, 29, 16, 12, LIGHT)
skull.disc(16.5, 21, 5, 6, BLACK)
skull.disc(31.5, 21, 5, 6, BLACK)
skull.polygon([(24, 25), (28, 32), (20, 32)], BLACK)
for x in (19, 23, 27):
    skull.rect(x, 36, 2, 5, BLACK)
book.picture("art_skull", skull, "top")

# The upper part: masonry, the board's frame hung on ropes, a moulding whose lowest line is black (the split is there).
top = Canvas(160, 72, DARK)
for y in range(0, 72, 8):
    top.rect(0, y + 7, 160, 1, BLACK)
    for x in range(4 if (y // 8) % 2 else 0, 160, 16):
        top.rect(x + 7, y, 1, 8, BLACK)
        top.rect(x + 9, y + 1, 5, 1, LIGHT)
for x in (58, 98):
    top.rect(x, 0, 4, 2, BLACK)
    top.rect(x + 1, 0, 2, 2, LIGHT)
top.rect(48, 0, 64, 64, BLACK)
top.rect(49, 1, 62, 62, LIGHT)
top.frame(51, 3, 58, 58, DARK, 1)
top.frame(54, 6, 52, 52, BLACK, 2)
top.rect(56, 8, 48, 48, WHITE)
for x in (50, 107):
    for y in (2, 59):
        top.rect(x, y, 3, 3, BLACK)
top.rect(0, 64, 160, 8, LIGHT)
top.rect(0, 64, 160, 1, BLACK)
top.rect(0, 66, 160, 1, WHITE)
top.rect(0, 69, 160, 1, DARK)
top.rect(0, 71, 160, 1, BLACK)
book.picture("art_top", top, "top")

# ---- the corridor: 9 rows: ceiling, 6 of wall, 2 of floor; columns in reading order ----
ROWS = 72


def wall(width):
    c = Canvas(width, ROWS, WHITE)
    c.rect(0, 0, width, 8, DARK)
    c.rect(0, 5, width, 1, BLACK)
    c.rect(0, 6, width, 2, LIGHT)
    for x in range(0, width, 16):  # wainscot and wallpaper, 16 wide
        for y in range(8, 40, 8):
            c.dot(x + (3 if y % 16 else 11), y + 3, LIGHT)
            c.dot(x + (3 if y % 16 else 11), y + 4, LIGHT)
            c.dot(x + (2 if y % 16 else 10), y + 4, LIGHT)
            c.dot(x + (4 if y % 16 else 12), y + 4, LIGHT)
        c.rect(x, 40, 16, 1, DARK)
        c.rect(x, 41, 16, 15, LIGHT)
        c.frame(x + 2, 44, 12, 9, WHITE)
    c.rect(0, 55, width, 1, BLACK)
    c.rect(0, 56, width, 16, DARK)
    for x in range(0, width, 16):
        c.rect(x, 57, 16, 1, LIGHT)
        c.rect(x, 63, 16, 1, BLACK)
        c.rect(x + 5, 56, 1, 8, BLACK)
        c.rect(x + 13, 64, 1, 8, BLACK)
        c.rect(x, 71, 16, 1, BLACK)
    return c


book.picture("art_wall", wall(16), "low", by_columns=True)


def scenery(name, width, draw):
    c = wall((width + 15) // 16 * 16)
    draw(c)
    c.rows, c.width = [row[:width] for row in c.rows], width
    book.picture("art_" + name, c, "low", by_columns=True)


def window(c):
    c.rect(4, 12, 24, 28, BLACK)
    c.rect(6, 14, 20, 24, DARK)
    for x, y in ((9, 17), (21, 20), (13, 27), (23, 33), (8, 34), (18, 16)):
        c.dot(x, y, WHITE)
    c.rect(15, 14, 2, 24, BLACK)
    c.rect(6, 25, 20, 2, BLACK)
    c.rect(2, 40, 28, 3, BLACK)
    c.rect(3, 40, 26, 1, WHITE)


def pillar(c):
    c.rect(0, 8, 16, 4, BLACK)
    c.rect(1, 9, 14, 2, WHITE)
    c.rect(2, 12, 12, 40, BLACK)
    c.rect(3, 12, 3, 40, WHITE)
    c.rect(6, 12, 3, 40, LIGHT)
    c.rect(9, 12, 4, 40, DARK)
    c.rect(0, 52, 16, 6, BLACK)
    c.rect(1, 53, 14, 3, LIGHT)


def torch(c):
    c.polygon([(8, 12), (12, 20), (10, 25), (6, 25), (4, 20)], BLACK)
    c.polygon([(8, 15), (11, 21), (9, 24), (7, 24), (5, 21)], LIGHT)
    c.rect(7, 20, 2, 4, WHITE)
    c.rect(4, 25, 8, 2, BLACK)
    c.rect(6, 27, 4, 12, BLACK)
    c.rect(7, 27, 1, 11, LIGHT)


def plant(c):
    for ax, ay in ((8, 26), (2, 30), (14, 30), (5, 24), (11, 24)):
        c.polygon([(8, 46), (ax - 2, ay + 2), (ax, ay), (ax + 2, ay + 2)], DARK)
        c.dot(ax, ay + 1, BLACK)
    c.rect(3, 45, 10, 3, BLACK)
    c.polygon([(4, 48), (12, 48), (11, 58), (5, 58)], BLACK)
    c.rect(6, 49, 2, 7, LIGHT)


def portrait(c):
    c.rect(6, 11, 20, 26, BLACK)
    c.rect(8, 13, 16, 22, LIGHT)
    c.rect(12, 17, 8, 8, WHITE)
    c.rect(11, 15, 10, 3, BLACK)
    c.rect(13, 20, 2, 2, BLACK)
    c.rect(17, 20, 2, 2, BLACK)
    c.rect(14, 25, 4, 2, WHITE)
    c.rect(10, 27, 12, 8, DARK)


def bookshelf(c):
    c.rect(0, 14, 32, 43, BLACK)
    for row, y in enumerate((16, 26, 36, 46)):
        c.rect(2, y, 28, 8, DARK)
        x = 2
        for k in range(9):
            width = 2 + (k * 7 + row * 5) % 3
            c.rect(x, y + (k + row) % 3, width, 8 - (k + row) % 3, (WHITE, LIGHT, BLACK)[(k * 2 + row) % 3])
            x += width + 1
            if x > 26:
                break


def banner(c):
    c.rect(0, 11, 16, 2, BLACK)
    c.rect(2, 13, 12, 30, DARK)
    c.rect(2, 13, 1, 30, BLACK)
    c.rect(13, 13, 1, 30, BLACK)
    for y in range(16, 42, 5):
        c.rect(3, y, 10, 2, WHITE)
    for x in range(2, 14, 4):
        c.rect(x, 43, 2, 3, BLACK)


def armour(c):
    c.rect(5, 16, 6, 2, BLACK)
    c.rect(4, 18, 8, 7, BLACK)
    c.rect(5, 19, 6, 2, LIGHT)
    c.rect(5, 22, 6, 1, WHITE)
    c.rect(2, 26, 12, 12, BLACK)
    c.rect(4, 27, 8, 9, LIGHT)
    c.rect(5, 28, 2, 6, WHITE)
    c.rect(1, 28, 2, 14, BLACK)
    c.rect(13, 28, 2, 14, BLACK)
    c.rect(4, 38, 3, 19, BLACK)
    c.rect(9, 38, 3, 19, BLACK)
    c.rect(5, 40, 1, 14, LIGHT)
    c.rect(10, 40, 1, 14, LIGHT)
    c.rect(3, 56, 5, 2, BLACK)
    c.rect(8, 56, 5, 2, BLACK)


def table(c):
    c.rect(5, 41, 22, 3, BLACK)
    c.rect(6, 41, 20, 1, WHITE)
    c.rect(7, 44, 2, 14, BLACK)
    c.rect(23, 44, 2, 14, BLACK)
    c.rect(14, 30, 4, 11, BLACK)
    c.rect(15, 31, 2, 9, WHITE)
    c.rect(15, 27, 2, 3, DARK)


OBJECTS = [("window", 32, window), ("pillar", 16, pillar), ("torch", 16, torch), ("plant", 16, plant),
           ("portrait", 32, portrait), ("bookshelf", 32, bookshelf), ("banner", 16, banner), ("armour", 16, armour),
           ("table", 32, table)]
for name, width, draw in OBJECTS:
    scenery(name, width, draw)

# ---- the hall of doors: 4x4 doors, plates with the symbols, arrows ----
hall = wall(16)
hall.rect(0, 8, 16, 48, LIGHT)
hall.rect(0, 55, 16, 1, BLACK)
hall.rect(0, 8, 16, 1, DARK)
book.picture("art_hall", hall, "low", by_columns=True)


def door(inner):
    c = Canvas(32, 32, LIGHT)
    c.rect(2, 0, 28, 32, BLACK)
    c.rect(4, 2, 24, 30, DARK)
    c.rect(6, 4, 20, 28, BLACK)
    inner(c)
    return c


def closed(c):
    c.rect(7, 5, 18, 27, DARK)
    for x in (7, 13, 19):
        c.rect(x, 5, 1, 27, LIGHT)
        c.rect(x + 5, 5, 1, 27, BLACK)
    c.rect(7, 10, 18, 2, BLACK)
    c.rect(7, 24, 18, 2, BLACK)
    c.rect(21, 17, 3, 3, WHITE)


def bright(c):
    c.rect(7, 5, 18, 27, WHITE)
    for x, y in ((10, 9), (20, 8), (15, 13), (9, 17), (22, 17)):
        c.rect(x - 1, y, 3, 1, DARK)
        c.rect(x, y - 1, 1, 3, DARK)


def eyes(c):
    for x in (10, 18):
        c.rect(x, 11, 4, 3, WHITE)
        c.rect(x + 2, 12, 1, 2, BLACK)
    for x in (11, 15, 19):
        c.rect(x, 19, 2, 2, WHITE)


for name, inner in (("closed", closed), ("bright", bright), ("eyes", eyes)):
    book.picture("art_" + name, door(inner), "low")
for i in range(4):
    plate = Canvas(32, 16, LIGHT)
    plate.rect(0, 0, 32, 1, DARK)
    plate.rect(6, 0, 20, 16, BLACK)
    plate.rect(7, 1, 18, 14, WHITE)
    plate.paste(symbol(i, 14, 1), 9, 1)
    book.picture("art_plate%d" % i, plate, "low")

for name, points in (("left", [(1, 4), (6, 0), (6, 8)]), ("right", [(15, 4), (10, 0), (10, 8)]),
                     ("up", [(8, 0), (13, 5), (3, 5)]), ("down", [(8, 8), (13, 3), (3, 3)])):
    arrow = Canvas(16, 8, DARK)
    arrow.rect(0, 0, 16, 8, DARK)
    arrow.polygon(points, WHITE)
    arrow.rect(*{"left": (6, 3, 9, 2), "right": (1, 3, 9, 2), "up": (6, 5, 4, 3), "down": (6, 0, 4, 3)}[name], WHITE)
    book.picture("art_" + name, arrow, "low")

# ---- letters: 8x8, bold ----
FONT = {
    "A": "01110 11011 11011 11111 11011 11011 11011", "C": "01111 11000 11000 11000 11000 11000 01111",
    "E": "11111 11000 11000 11110 11000 11000 11111", "I": "11110 01100 01100 01100 01100 01100 11110",
    "L": "11000 11000 11000 11000 11000 11000 11111", "N": "11011 11011 11111 11111 11111 11011 11011",
    "O": "01110 11011 11011 11011 11011 11011 01110", "P": "11110 11011 11011 11110 11000 11000 11000",
    "R": "11110 11011 11011 11110 11110 11011 11011", "S": "01111 11000 11000 01110 00011 00011 11110",
    "T": "11111 01100 01100 01100 01100 01100 01100", "U": "11011 11011 11011 11011 11011 11011 01110",
    "W": "11011 11011 11011 11111 11111 11111 01010", "Y": "11011 11011 11011 01110 01100 01100 01100",
    "M": "10001 11011 11111 11111 11011 11011 11011", "B": "11110 11011 11011 11110 11011 11011 11110",
    "!": "01100 01100 01100 01100 01100 00000 01100", " ": "",
}


def text(words, ink, ground):
    c = Canvas(8 * len(words), 8, ground)
    for i, letter in enumerate(words):
        for j, row in enumerate(FONT[letter].split()):
            for k, bit in enumerate(row):
                if bit == "1":
                    c.dot(8 * i + 1 + k, j, ink)
    return c


for name, words in (("press", "PRESS START"), ("nothing", " " * 11)):
    book.picture("art_" + name, text(words, BLACK, WHITE), "low")
for name, words in (("you", "YOU"), ("win", "WIN!"), ("lose", "LOSE")):
    book.picture("art_" + name, text(words, WHITE, BLACK), "top")

# ---- the title: the word on the board ----
title = Canvas(48, 48)
title.rect(0, 10, 48, 1, DARK)
title.rect(0, 37, 48, 1, DARK)
for x, letter in ((3, "C"), (19, "U"), (35, "E")):
    for j, row in enumerate(FONT[letter].split()):
        for k, bit in enumerate(row):
            if bit == "1":
                title.rect(x + 2 * k, 14 + 3 * j, 2, 3, BLACK)
book.picture("art_title", title, "top")

# ---- the hero ----
HEAD = """
................
.....#####......
....#ooooo#.....
...#ooooooo#....
..#########++...
....#++#+##.....
....#+++++#.....
.....#+++#......
....#ooooo#.....
...#oo#ooo##....
...#+#ooo#+#....
....##ooo##.....
"""
LEGS = ("....#ooooo#.....\n....##.###......\n...##...##......\n...###..###.....",
        "....#ooooo#.....\n.....###........\n.....###........\n.....####.......")
SHADES = {"#": BLACK, "o": DARK, "+": LIGHT}
for legs in LEGS:
    hero = Canvas(16, 16)
    hero.text_art(0, 0, HEAD.strip("\n") + "\n" + legs, SHADES)
    book.sprite(hero)

book.write(os.path.join(here, "art.h"), "art.py")
