"""The pictures of `lantern`, drawn; writes art.h. Run it in this folder after a change: python3 art.py

Background tiles are numbered as the hardware does with LCDC bit 4 clear: 0-127 lie at 9000, 128-255 at 8800. Letters come
first, then the bar's, then what moves (side by side, to be written at once), then the country. Sprites are 8x16 at 8000.
Title and ending have tiles of their own, packed; they are unpacked over the country's.
"""
import os
import random
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import font  # noqa: E402
import people  # noqa: E402
import tiles  # noqa: E402
from rom import Writer, pack  # noqa: E402
from art import Canvas  # noqa: E402

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3


# ---- the bar and the text box: names become ART_NAME ----
def bar():
    out = []

    def add(name, draw):
        c = Canvas(8, 8)
        draw(c)
        out.append((name, c))

    def lit(c):
        c.polygon([(4, 0), (7, 4), (6, 7), (2, 7), (1, 4)], BLACK)
        c.polygon([(4, 2), (6, 4), (5, 6), (3, 6), (2, 4)], LIGHT)
        c.rect(3, 4, 2, 2, WHITE)

    def out_flame(c):
        c.dot(4, 3, LIGHT), c.dot(3, 4, LIGHT), c.dot(4, 5, LIGHT)
        c.rect(2, 6, 4, 1, DARK)

    def oil(c):
        c.rect(2, 1, 4, 1, BLACK), c.rect(3, 0, 2, 1, BLACK)
        c.rect(1, 2, 6, 5, BLACK)
        c.rect(2, 3, 4, 3, DARK), c.rect(2, 3, 1, 2, WHITE)

    def level(n):
        def draw(c):
            c.rect(0, 1, 8, 6, BLACK)
            c.rect(0, 2, 8, 4, WHITE)
            c.rect(0, 2, 4 * n, 4, DARK)
        return draw

    def corner(x, y):
        def draw(c):
            c.rect(0 if x else 2, 2 if not y else 0, 6, 6, WHITE)
            c.rect(0 if x else 2, 2 if not y else 5, 6, 1, BLACK)
            c.rect(2 if not x else 5, 2 if not y else 0, 1, 6, BLACK)
        return draw

    add("FLAME_LIT", lit), add("FLAME_OUT", out_flame), add("OIL", oil)
    for n in range(3):
        add("LEVEL%d" % n, level(n))
    add("BOX_NW", corner(0, 0)), add("BOX_NE", corner(1, 0)), add("BOX_SW", corner(0, 1)), add("BOX_SE", corner(1, 1))
    add("BOX_N", lambda c: c.rect(0, 2, 8, 1, BLACK))
    add("BOX_S", lambda c: c.rect(0, 5, 8, 1, BLACK))
    add("BOX_W", lambda c: c.rect(2, 0, 1, 8, BLACK))
    add("BOX_E", lambda c: c.rect(5, 0, 1, 8, BLACK))
    add("MORE", lambda c: (c.rect(0, 5, 8, 1, BLACK), c.polygon([(1, 1), (7, 1), (4, 4)], BLACK)))

    def feather(c):
        c.polygon([(7, 0), (7, 3), (3, 6), (2, 4)], DARK)
        for k in range(7):
            c.dot(k, 7 - k, BLACK)

    def glass(c):
        c.disc(4, 3, 3.2, 3, BLACK), c.disc(4, 3, 2.2, 2, LIGHT)
        c.dot(3, 2, WHITE), c.rect(2, 6, 4, 2, BLACK)

    def key(c):
        c.disc(2.5, 4, 2.4, 2.4, BLACK), c.disc(2.5, 4, 1, 1, WHITE)
        c.rect(4, 3, 4, 1, BLACK), c.rect(6, 4, 1, 2, BLACK)

    def ember(c):
        c.disc(4, 5, 3.4, 2.8, BLACK), c.disc(4, 5, 2.2, 1.8, LIGHT)
        c.dot(4, 4, WHITE), c.dot(2, 1, DARK), c.dot(5, 0, DARK), c.dot(4, 2, DARK)

    add("FEATHER", feather), add("GLASS", glass), add("KEY", key), add("EMBER", ember)
    return out


# ---- title and ending ----
def lighthouse(c, x, base, lit):
    c.polygon([(x - 9, base - 66), (x + 9, base - 66), (x + 15, base), (x - 15, base)], BLACK)
    c.polygon([(x - 8, base - 65), (x + 8, base - 65), (x + 13.6, base), (x - 13.6, base)], WHITE if lit else LIGHT)
    for k in (0, 2):
        y = base - 60 + k * 16
        w = 9 + (y - base + 66) * 6 / 66
        c.polygon([(x - w, y), (x + w, y), (x + w + 1.6, y + 15), (x - w - 1.6, y + 15)], DARK)
    c.polygon([(x + 3, base - 65), (x + 8, base - 65), (x + 13.6, base), (x + 6, base)], DARK)
    edge = BLACK if lit else DARK
    c.rect(x - 12, base - 70, 24, 4, edge)
    c.rect(x - 8, base - 84, 16, 14, edge)
    c.rect(x - 6, base - 83, 12, 12, WHITE if lit else BLACK)
    c.rect(x - 1, base - 83, 2, 12, edge)
    c.polygon([(x, base - 94), (x + 11, base - 84), (x - 11, base - 84)], edge)
    c.rect(x - 4, base - 11, 8, 11, BLACK)


def cliff(c, day):
    shore = [(80, 144), (88, 118), (100, 112), (108, 104), (160, 100), (160, 144)]
    c.polygon(shore, BLACK)
    c.polygon([(x + 3, y + 3) for x, y in shore[:-1]] + [(163, 150), (83, 150)], DARK)
    r = random.Random(4)
    for _ in range(26):
        x, y = r.randrange(96, 156), r.randrange(112, 140)
        c.rect(x, y, r.choice((3, 5)), 1, BLACK if r.random() < .6 else LIGHT)


def sea(c, day):
    c.rect(0, 112, 160, 32, DARK)
    for y in range(114, 144, 4):
        for x in range((y * 5) % 16 - 16, 160, 16):
            c.rect(x, y, 6, 1, LIGHT if day else BLACK)
            c.rect(x + 6, y - 1, 3, 1, WHITE if day else LIGHT)


def big(c, word, left, top, ink, edge):
    for grow in (1, 0):
        for i, character in enumerate(word):
            for j, row in enumerate(font.ROWS[character].split()):
                for k in range(5):
                    if int(row, 16) >> (4 - k) & 1:
                        c.rect(left + 14 * i + 2 * k - grow, top + 4 * j - grow, 3 + 2 * grow, 4 + 2 * grow, edge if grow else ink)


def title():
    c = Canvas(160, 144, BLACK)
    r = random.Random(8)
    for _ in range(34):
        c.dot(r.randrange(160), r.randrange(108), r.choice((WHITE, LIGHT, LIGHT)))
    c.disc(24, 62, 11, 11, WHITE)
    c.disc(29, 58, 10, 10, BLACK)
    sea(c, False)
    cliff(c, False)
    lighthouse(c, 128, 104, False)
    big(c, "LANTERN", 8, 12, WHITE, DARK)
    c.rect(8, 44, 96, 1, LIGHT)
    return c


def ending():
    c = Canvas(160, 144, LIGHT)
    c.where(lambda x, y: y < 112 and x < 128 and abs(y - 27) < (128 - x) * 0.28 + 3, WHITE)
    c.where(lambda x, y: y < 112 and x > 128 and abs(y - 27) < (x - 128) * 0.5 + 3, WHITE)
    for x, y in ((20, 84), (52, 92), (84, 78), (8, 12)):
        for k in range(4):
            c.dot(x - k, y - k // 2, BLACK), c.dot(x + k, y - k // 2, BLACK)
    sea(c, True)
    c.polygon([(14, 118), (44, 118), (40, 126), (18, 126)], BLACK)
    c.polygon([(28, 96), (28, 116), (14, 116)], WHITE)
    c.polygon([(30, 100), (30, 116), (40, 116)], WHITE)
    c.rect(29, 95, 1, 23, BLACK)
    cliff(c, True)
    lighthouse(c, 128, 104, True)
    return c


# ---- all of it ----
def full_picture(w, name, canvas, first):
    numbers, data, grid = {}, bytearray(), []
    for y in range(18):
        for x in range(20):
            t = canvas.tile(x, y)
            if t not in numbers:
                numbers[t] = len(numbers)
                data += t
            grid.append(first + numbers[t])
    assert first + len(numbers) <= 256, "%s: %d tiles" % (name, len(numbers))
    print(name, len(numbers), "tiles")
    w.array(name + "_tiles", pack(bytes(data)))
    w.array(name + "_map", pack(bytes(grid)))


def main():
    w = Writer()
    data = bytearray()
    for ch in font.CHARACTERS:
        data += font.glyph(ch).tile(0, 0)
    n = len(font.CHARACTERS)
    for name, canvas in bar():
        w.number("ART_" + name, n)
        data += canvas.tile(0, 0)
        n += 1
    numbers, metatiles, other_frame = {}, [], bytearray()
    w.number("ART_MOVING", n)
    first_moving = n
    for letter, name, solid, one, two in tiles.SQUARES:
        four = []
        for ty in (0, 1):
            for tx in (0, 1):
                t = one.tile(tx, ty)
                if two is None and t in numbers:
                    four.append(numbers[t])
                    continue
                if two is not None:
                    other_frame += two.tile(tx, ty)
                    assert n == first_moving + len(other_frame) // 16 - 1, "what moves comes first"
                numbers.setdefault(t, n)
                four.append(n)
                data += t
                n += 1
        metatiles += four
    assert n <= 256, n
    print(n, "background tiles,", len(tiles.SQUARES), "squares")
    w.number("ART_MOVING_TILES", len(other_frame) // 16)
    w.number("ART_PICTURE_TILE", len(font.CHARACTERS) + len(bar()))
    w.array("art_background", pack(bytes(data)))
    w.array("art_moving", bytes(data[first_moving * 16:first_moving * 16 + len(other_frame)]) + bytes(other_frame))
    w.array("art_squares", metatiles)
    w.array("art_solid", [int(s[2]) for s in tiles.SQUARES])
    sprites = bytearray()
    for art in people.HERO + [p[1] for p in people.PEOPLE]:
        c = people.picture(art)
        for tx in (0, 1):
            sprites += c.tile(tx, 0) + c.tile(tx, 1)
    for digit in "12345678":
        sprites += font.glyph(digit).tile(0, 0) + bytes(16)
    assert len(sprites) <= 2048, len(sprites)
    w.array("art_sprites", pack(bytes(sprites)))
    full_picture(w, "art_title", title(), len(font.CHARACTERS) + len(bar()))
    full_picture(w, "art_ending", ending(), len(font.CHARACTERS) + len(bar()))
    w.write(os.path.join(here, "art.h"), "Pictures, written by art.py: change them there.")


if __name__ == "__main__":
    main()
