"""The pictures of `locks`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, WHITE  # noqa: E402


def dark(picture):
    """An emblem in white on black."""
    c = Canvas(picture.width, len(picture.rows), BLACK)
    for y, row in enumerate(picture.rows):
        for x, shade in enumerate(row):
            if shade == BLACK:
                c.dot(x, y, WHITE)
    return c


def lever(pulled):
    """A slot in an iron plate, its handle at the top or at the bottom."""
    c = Canvas(32, 32, LIGHT)
    c.rect(6, 1, 20, 30, BLACK)
    c.rect(7, 2, 18, 28, DARK)
    for x, y in ((9, 4), (21, 4), (9, 26), (21, 26)):
        c.rect(x, y, 2, 2, LIGHT)
    c.rect(14, 5, 4, 22, BLACK)
    y = 24 if pulled else 8
    c.rect(14, min(y, 16), 4, abs(y - 16) + 1, LIGHT)
    c.disc(16, y, 5, 4.5, BLACK)
    c.disc(16, y, 3.6, 3, WHITE)
    return c


def lamp(lit):
    c = Canvas(8, 8, LIGHT)
    c.disc(4, 4, 4, 4, BLACK)
    c.disc(4, 4, 2.9, 2.9, WHITE if lit else DARK)
    return c


book = Book()
emblems = {"cue%d" % i: house.symbol(i, 48, 4) for i in range(4)}
house.board(book, emblems | {"dark%d" % i: dark(house.symbol(i, 48, 4)) for i in range(4)})
house.corridor(book, few=True)
house.hall(book, doors=())
book.picture("art_lever", lever(False), "low")
book.picture("art_pulled", lever(True), "low")
book.picture("art_unlit", lamp(False), "low")
book.picture("art_lit", lamp(True), "low")
house.arrows(book)
house.words(book)
house.title(book, "LOCKS")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
