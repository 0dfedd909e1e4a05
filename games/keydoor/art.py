"""The pictures of `keydoor`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, WHITE  # noqa: E402


def key(c, x, y, unit):
    """Upright, its bow above: 7 by 14 units."""
    c.disc(x + 3.5 * unit, y + 3.5 * unit, 3.5 * unit, 3.5 * unit, BLACK)
    c.disc(x + 3.5 * unit, y + 3.5 * unit, 2.4 * unit, 2.4 * unit, LIGHT)
    c.disc(x + 3.5 * unit, y + 3.5 * unit, 1.3 * unit, 1.3 * unit, BLACK)
    c.disc(x + 3.5 * unit, y + 3.5 * unit, 0.8 * unit, 0.8 * unit, WHITE)
    c.rect(x + 3 * unit - 1, y + 7 * unit, unit + 2, 7 * unit, BLACK)
    c.rect(x + 3 * unit, y + 7 * unit - 1, max(1, unit // 2), 7 * unit, LIGHT)
    c.rect(x + 4 * unit, y + 10 * unit, 2 * unit, unit, BLACK)
    c.rect(x + 4 * unit, y + 12 * unit, 3 * unit, 2 * unit, BLACK)


def lying_key():
    """On a cushion, on a stand."""
    c = Canvas(32, 32, LIGHT)
    c.rect(3, 24, 26, 8, BLACK)
    c.rect(5, 25, 22, 7, DARK)
    c.rect(1, 20, 30, 5, BLACK)
    c.rect(2, 21, 28, 2, WHITE)
    c.disc(10, 12, 8, 8, BLACK)
    c.disc(10, 12, 6, 6, WHITE)
    c.disc(10, 12, 3.4, 3.4, BLACK)
    c.disc(10, 12, 2.2, 2.2, LIGHT)
    c.rect(17, 10, 14, 4, BLACK)
    c.rect(17, 11, 13, 1, WHITE)
    c.rect(23, 14, 3, 4, BLACK)
    c.rect(28, 14, 3, 5, BLACK)
    return c


def pocket():
    """A hand's worth of key over a pocket: the same whichever was taken."""
    c = Canvas(48, 48)
    key(c, 13, 1, 3)
    c.rect(4, 24, 40, 22, BLACK)
    c.rect(6, 26, 36, 18, DARK)
    c.rect(4, 24, 40, 6, BLACK)
    c.rect(6, 26, 36, 2, LIGHT)
    for x in range(8, 42, 5):
        c.rect(x, 40, 3, 1, WHITE)
    for x in (8, 39):
        for y in range(32, 40, 4):
            c.rect(x, y, 1, 2, WHITE)
    return c


def coin():
    c = Canvas(8, 16)
    c.disc(4, 11, 4, 4.6, BLACK)
    c.disc(4, 11, 2.8, 3.4, LIGHT)
    c.rect(4, 9, 1, 4, BLACK)
    return c


def clink():
    c = Canvas(8, 16)
    for x, y in ((3, 1), (0, 4), (6, 4), (1, 9), (5, 9)):
        c.rect(x, y, 2, 3, BLACK)
    return c


book = Book()
house.board(book, {"cue%d" % i: house.symbol(i, 48, 4) for i in range(4)})
book.picture("art_pocket", pocket(), "top")
house.corridor(book, few=True)
house.hall(book)
book.picture("art_key", lying_key(), "low")
for i in range(4):
    house.plate(book, "plate%d" % i, house.symbol(i, 14, 1))
house.arrows(book)
house.words(book)
house.title(book, "KEYS")
house.hero(book)
book.sprite(coin())
book.sprite(clink())
book.write(os.path.join(here, "art.h"), "art.py")
