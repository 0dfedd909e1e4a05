"""The pictures of `cue`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book  # noqa: E402


def struck_out(which):
    """The decoy's: a bar across, one row of tiles, so that it costs one tile and not six a symbol."""
    c = house.symbol(which, 48, 4)
    c.rect(0, 24, 48, 8, house.WHITE)
    c.rect(0, 26, 48, 4, house.BLACK)
    return c


book = Book()
house.board(book, {"cue%d" % i: house.symbol(i, 48, 4) for i in range(4)} | {"decoy%d" % i: struck_out(i) for i in range(4)})
house.corridor(book)
house.hall(book)
for i in range(4):
    house.plate(book, "plate%d" % i, house.symbol(i, 14, 1))
house.arrows(book)
house.words(book)
house.title(book, "CUE")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
