"""The pictures of `order`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, WHITE  # noqa: E402


def tick():
    c = Canvas(48, 48)
    c.polygon([(4, 25), (11, 18), (19, 27), (37, 7), (44, 13), (19, 41)], BLACK)
    return c


def place(picture=None):
    """A small frame on the wall."""
    c = Canvas(16, 16, WHITE if picture else DARK)
    if picture:
        c.paste(picture, 0, 0)
    c.frame(0, 0, 16, 16, BLACK)
    if not picture:
        c.frame(1, 1, 14, 14, LIGHT)
        c.frame(2, 2, 12, 12, BLACK)
    return c


book = Book()
house.board(book, {"big%d" % i: house.direction(i) for i in range(4)})
book.picture("art_question", house.letter("?"), "top")
book.picture("art_tick", tick(), "top")
book.picture("art_place", place(), "top")
for i in range(4):
    book.picture("art_small%d" % i, place(house.direction(i, 16, 2)), "top")
house.corridor(book)
house.words(book)
house.title(book, "ORDER")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
