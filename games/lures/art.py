"""The pictures of `lures`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from items import item  # noqa: E402

book = Book()
house.board(book, {}, inner=64)
title = Canvas(48, 48)  # of tiles that are there anyway
title.paste(item(0), 8, 0)
title.paste(house.text("LURES ", house.BLACK, house.WHITE), 0, 40)
book.picture("art_title", title, "top")
for i in range(2):
    book.slot("art_slot%d" % i)
for i in range(32):
    book.raw("art_item%d" % i, item(i))
book.raw("art_blank", Canvas(32, 32))
for i in range(4):
    book.picture("art_symbol%d" % i, house.symbol(i, 24, 0), "top")
question = Canvas(24, 24)
question.paste(house.letter("?", 16, 1), 8, 0)
book.picture("art_question", question, "top")
house.corridor(book, few=True)
house.hall(book)
for i in range(4):
    house.plate(book, "plate%d" % i, house.symbol(i, 14, 1))
house.arrows(book)
house.words(book)
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
