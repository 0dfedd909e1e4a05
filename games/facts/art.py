"""The pictures of `facts`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from signs import digit, lamp, lock, low_lamp, opened, sign  # noqa: E402

book = Book()
house.board(book, {}, inner=64)
title = Canvas(48, 48)  # of tiles that are there anyway
title.paste(sign(5), 8, 0)
title.paste(house.text("FACTS ", house.BLACK, house.WHITE), 0, 40)
book.picture("art_title", title, "top")
for i in range(2):
    book.slot("art_slot%d" % i)
for i in range(16):
    book.raw("art_sign%d" % i, sign(i))
question = Canvas(32, 32)
question.paste(house.letter("?", 16, 1), 8, 8)
book.picture("art_question", question, "top")
for i in range(10):
    book.picture("art_digit%d" % i, digit(str(i)), "top")
    book.picture("art_dial%d" % i, digit(str(i)), "low")
house.corridor(book, few=True)
house.hall(book, doors=())
book.picture("art_lock", lock(), "low")
book.picture("art_dark", lamp(False), "low")
book.picture("art_lit", lamp(True), "low")
book.picture("art_low_dark", low_lamp(False), "low")
book.picture("art_low_lit", low_lamp(True), "low")
book.picture("art_good", opened(True), "low")
book.picture("art_bad", opened(False), "low")
house.words(book)
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
