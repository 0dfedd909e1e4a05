"""The pictures of `cue`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book  # noqa: E402

book = Book()
house.board(book, {"cue%d" % i: house.symbol(i, 48, 4) for i in range(4)})
house.corridor(book)
house.hall(book)
for i in range(4):
    house.plate(book, "plate%d" % i, house.symbol(i, 14, 1))
house.arrows(book)
house.words(book)
house.title(book, "CUE")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
