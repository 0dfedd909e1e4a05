"""The pictures of the house in which the small games play, for house.h: a board on the wall above, below it a corridor that
scrolls or a hall of doors. A game's art.py draws what is its own, and takes the rest from here:

    book = Book()
    board(book, {"cue0": symbol(0, 48, 4), ...})     # what the board may show, each 48x48
    corridor(book)
    hall(book)
    plate(book, "plate0", symbol(0, 14, 1))                 # over a door
    words(book)
    hero(book)
    book.write("art.h", "art.py")
"""
from art import Canvas

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3
ROWS = 72


# ---- what the board shows ----
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


def letter(which, size=48, inset=4):
    """A letter or digit as large as the board."""
    c = Canvas(size, size)
    unit = (size - 2 * inset) // 7
    for j, row in enumerate(FONT[which].split()):
        for k, bit in enumerate(row):
            if bit == "1":
                c.rect((size - 5 * unit) // 2 + k * unit, (size - 7 * unit) // 2 + j * unit, unit, unit, BLACK)
    return c


def direction(which, size=48, inset=4):
    """An arrow: 0 left, 1 right, 2 up, 3 down."""
    m, r = size / 2, size / 2 - inset
    turn = [lambda a, b: (m - a, m + b), lambda a, b: (m + a, m + b), lambda a, b: (m + b, m - a), lambda a, b: (m + b, m + a)][which]
    c = Canvas(size, size)
    c.polygon([turn(*p) for p in ((r, 0), (0, -r), (0, -r * 0.4), (-r, -r * 0.4), (-r, r * 0.4), (0, r * 0.4), (0, r))], BLACK)
    return c


def trophy():
    c = Canvas(48, 48)
    c.disc(24, 14, 21, 9, DARK)
    c.disc(24, 14, 17, 6, WHITE)
    c.rect(11, 6, 26, 10, LIGHT)
    c.disc(24, 16, 13, 14, LIGHT)
    c.rect(9, 0, 30, 4, WHITE)
    c.rect(9, 4, 30, 4, BLACK)
    c.rect(11, 8, 1, 9, BLACK)
    c.rect(36, 8, 1, 9, BLACK)
    c.rect(15, 9, 3, 12, WHITE)
    c.rect(21, 29, 6, 8, DARK)
    c.rect(16, 37, 16, 4, BLACK)
    c.rect(12, 41, 24, 4, BLACK)
    return c


def skull():
    c = Canvas(48, 48)
    c.disc(24, 20, 19, 17, BLACK)
    c.disc(24, 20, 17, 15, LIGHT)
    c.rect(14, 30, 20, 13, BLACK)
    c.rect(16, 29, 16, 12, LIGHT)
    c.disc(16.5, 21, 5, 6, BLACK)
    c.disc(31.5, 21, 5, 6, BLACK)
    c.polygon([(24, 25), (28, 32), (20, 32)], BLACK)
    for x in (19, 23, 27):
        c.rect(x, 36, 2, 5, BLACK)
    return c


def upper(inner=48):
    # The upper part: masonry, the board's frame hung on ropes, a moulding whose lowest line is black (the split is there).
    # inner: the width of what the board shows, in the middle; more than 48 for two pictures side by side.
    c = Canvas(160, 72, DARK)
    for y in range(0, 72, 8):
        c.rect(0, y + 7, 160, 1, BLACK)
        for x in range(4 if (y // 8) % 2 else 0, 160, 16):
            c.rect(x + 7, y, 1, 8, BLACK)
            c.rect(x + 9, y + 1, 5, 1, LIGHT)
    for x in (58, 98):
        c.rect(x, 0, 4, 2, BLACK)
        c.rect(x + 1, 0, 2, 2, LIGHT)
    left = 80 - inner // 2
    c.rect(left - 8, 0, inner + 16, 64, BLACK)
    c.rect(left - 7, 1, inner + 14, 62, LIGHT)
    c.frame(left - 5, 3, inner + 10, 58, DARK, 1)
    c.frame(left - 2, 6, inner + 4, 52, BLACK, 2)
    c.rect(left, 8, inner, 48, WHITE)
    for x in (left - 6, left + inner + 3):
        for y in (2, 59):
            c.rect(x, y, 3, 3, BLACK)
    c.rect(0, 64, 160, 8, LIGHT)
    c.rect(0, 64, 160, 1, BLACK)
    c.rect(0, 66, 160, 1, WHITE)
    c.rect(0, 69, 160, 1, DARK)
    c.rect(0, 71, 160, 1, BLACK)
    return c


def board(book, pictures, inner=48):
    """The upper part, and what its board may show: name to canvas (48x48 for house_sign)."""
    book.picture("art_paper", Canvas(48, 48), "top")
    for key, canvas in pictures.items():
        book.picture("art_" + key, canvas, "top")
    book.picture("art_trophy", trophy(), "top")
    book.picture("art_skull", skull(), "top")
    book.picture("art_top", upper(inner), "top")


# ---- the corridor: 9 rows: ceiling, 6 of wall, 2 of floor; columns in reading order ----
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


def corridor(book, few=False):
    """few: four kinds of objects instead of nine (HOUSE_FEW in the C source), for games that need the tiles elsewhere."""
    book.picture("art_wall", wall(16), "low", by_columns=True)
    for name, width, draw in OBJECTS[:4] if few else OBJECTS:
        c = wall((width + 15) // 16 * 16)
        draw(c)
        c.rows, c.width = [row[:width] for row in c.rows], width
        book.picture("art_" + name, c, "low", by_columns=True)


# ---- the hall of doors: 4x4 doors, plates over them, arrows under them ----
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


def hall(book, doors=("closed", "bright", "eyes")):
    """Its wall, and doors closed, behind which all is well, or somebody waits."""
    c = wall(16)
    c.rect(0, 8, 16, 48, LIGHT)
    c.rect(0, 55, 16, 1, BLACK)
    c.rect(0, 8, 16, 1, DARK)
    book.picture("art_hall", c, "low", by_columns=True)
    for name, inner in (("closed", closed), ("bright", bright), ("eyes", eyes)):
        if name not in doors:
            continue
        book.picture("art_" + name, door(inner), "low")


def plate(book, name, picture):
    """picture: 14x14."""
    c = Canvas(32, 16, LIGHT)
    c.rect(0, 0, 32, 1, DARK)
    c.rect(6, 0, 20, 16, BLACK)
    c.rect(7, 1, 18, 14, WHITE)
    c.paste(picture, 9, 1)
    book.picture("art_" + name, c, "low")


def arrows(book):
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
    "M": "10001 11011 11111 11111 11011 11011 11011", 
    "!": "01100 01100 01100 01100 01100 00000 01100", " ": "",
    "B": "11110 11011 11011 11110 11011 11011 11110", "D": "11110 11011 11011 11011 11011 11011 11110",
    "F": "11111 11000 11000 11110 11000 11000 11000", "G": "01111 11000 11000 11011 11011 11011 01111",
    "H": "11011 11011 11011 11111 11011 11011 11011", "J": "00111 00011 00011 00011 00011 11011 01110",
    "K": "11011 11011 11110 11100 11110 11011 11011", "Q": "01110 11011 11011 11011 11111 11110 01111",
    "V": "11011 11011 11011 11011 11011 01110 00100", "X": "11011 11011 01110 00100 01110 11011 11011",
    "Z": "11111 00011 00110 01100 11000 11000 11111", "?": "01110 11011 00011 00110 01100 00000 01100",
    "0": "01110 11011 11011 11111 11011 11011 01110", "1": "01100 11100 01100 01100 01100 01100 11110",
    "2": "01110 11011 00011 00110 01100 11000 11111", "3": "11110 00011 00011 01110 00011 00011 11110",
    "4": "00110 01110 11010 11010 11111 00010 00010", "5": "11111 11000 11110 00011 00011 11011 01110",
    "6": "01110 11000 11110 11011 11011 11011 01110", "7": "11111 00011 00110 00110 01100 01100 01100",
    "8": "01110 11011 11011 01110 11011 11011 01110", "9": "01110 11011 11011 01111 00011 00011 01110",
}


def text(words, ink, ground):
    c = Canvas(8 * len(words), 8, ground)
    for i, letter in enumerate(words):
        for j, row in enumerate(FONT[letter].split()):
            for k, bit in enumerate(row):
                if bit == "1":
                    c.dot(8 * i + 1 + k, j, ink)
    return c


def words(book, low=(), top=()):
    """What every game says, and more: pairs of name and words, black on white below, white on black above."""
    for name, line in (("press", "PRESS START"), ("nothing", " " * 11), *low):
        book.picture("art_" + name, text(line, BLACK, WHITE), "low")
    for name, line in (("you", "YOU"), ("win", "WIN!"), ("lose", "LOSE"), *top):
        book.picture("art_" + name, text(line, WHITE, BLACK), "top")


def title(book, word):
    """The game's name on the title's board: up to three letters, or up to six in two lines."""
    c = Canvas(48, 48)
    c.rect(0, 10 if len(word) <= 3 else 2, 48, 1, DARK)
    c.rect(0, 37 if len(word) <= 3 else 45, 48, 1, DARK)
    lines = [word] if len(word) <= 3 else [word[:(len(word) + 1) // 2], word[(len(word) + 1) // 2:]]
    for n, line in enumerate(lines):
        tall = 3 if len(lines) == 1 else 2
        left = (48 - 16 * len(line) + 6) // 2
        for i, character in enumerate(line):
            for j, row in enumerate(FONT[character].split()):
                for k, bit in enumerate(row):
                    if bit == "1":
                        c.rect(left + 16 * i + 2 * k, (14 if len(lines) == 1 else 7 + 20 * n) + tall * j, 2, tall, BLACK)
    book.picture("art_title", c, "top")


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


def hero(book):
    for legs in LEGS:
        c = Canvas(16, 16)
        c.text_art(0, 0, HEAD.strip("\n") + "\n" + legs, SHADES)
        book.sprite(c)
