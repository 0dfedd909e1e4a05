"""The pictures of `count`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import math
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, WHITE  # noqa: E402


def lamp():
    """A bulb that shines."""
    c = Canvas(48, 48)
    for k in range(9):
        a = math.pi * (k / 8.0 + 1)
        x, y = math.cos(a), math.sin(a)
        c.polygon([(24 + 19 * x - 1.6 * y, 20 + 19 * y + 1.6 * x), (24 + 24 * x, 20 + 24 * y), (24 + 19 * x + 1.6 * y, 20 + 19 * y - 1.6 * x)], BLACK)
    c.disc(24, 20, 15, 15, BLACK)
    c.rect(17, 26, 14, 12, BLACK)
    c.disc(24, 20, 13, 13, WHITE)
    c.rect(19, 26, 10, 9, WHITE)
    c.rect(22, 20, 1, 15, BLACK)
    c.rect(25, 20, 1, 15, BLACK)
    c.rect(20, 19, 8, 2, BLACK)
    c.rect(17, 36, 14, 9, BLACK)
    c.rect(18, 38, 12, 1, LIGHT)
    c.rect(18, 41, 12, 1, LIGHT)
    c.rect(21, 45, 6, 2, BLACK)
    return c


def star():
    c = Canvas(48, 48)
    for size, shade in ((22, BLACK), (16, LIGHT)):
        points = []
        for k in range(10):
            a, r = math.pi * k / 5 - math.pi / 2, size if k % 2 == 0 else size * 0.45
            points.append((24 + r * math.cos(a), 26 + r * math.sin(a)))
        c.polygon(points, shade)
    return c


def ball():
    c = Canvas(48, 48)
    c.disc(24, 24, 21, 21, BLACK)
    c.disc(24, 24, 19, 19, DARK)
    c.where(lambda x, y: (x - 24) ** 2 + (y - 24) ** 2 <= 361 and abs(y - 24 + (x - 24) * 0.3) < 6, WHITE)
    c.disc(15, 13, 4, 3, WHITE)
    return c


def moon():
    c = Canvas(48, 48)
    c.disc(24, 24, 21, 21, BLACK)
    c.disc(24, 24, 19, 19, LIGHT)
    c.disc(33, 20, 17, 17, BLACK)
    c.disc(34.5, 19.5, 16.5, 16.5, WHITE)
    return c


def tally(which):
    """The twin's: the number on a sheet on the wall."""
    c = Canvas(24, 24, WHITE)
    c.paste(house.letter(str(which), 24, 1), 0, 0)
    c.frame(0, 0, 24, 24, BLACK)
    return c


book = Book()
pictures = {"lamp": lamp(), "star": star(), "ball": ball(), "moon": moon(), "question": house.letter("?")}
house.board(book, pictures)
assert all(c.tile(2, 2) != pictures["lamp"].tile(2, 2) for name, c in pictures.items() if name != "lamp")
for i in range(4):
    book.picture("art_tally%d" % i, tally(i), "top")
house.corridor(book, few=True)
house.hall(book)
for i in range(4):
    house.plate(book, "plate%d" % i, house.letter(str(i), 14, 0))
house.arrows(book)
house.words(book)
house.title(book, "COUNT")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
