"""The pictures of `rule`, drawn; writes art.h. Run it in this folder after a change: python3 art.py"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "engine"))
import house_art as house  # noqa: E402
from art import Book, Canvas  # noqa: E402
from house_art import BLACK, DARK, LIGHT, WHITE  # noqa: E402


def slate(picture=None):
    """48x48: the teacher's slate on the wall; picture: 36x36 or less, black on white, drawn in chalk."""
    c = Canvas(48, 48, LIGHT)
    c.rect(1, 1, 46, 46, BLACK)
    c.rect(2, 2, 44, 44, DARK)
    c.frame(3, 3, 42, 42, LIGHT)
    c.rect(4, 4, 40, 40, BLACK)
    if picture:
        left = (48 - picture.width) // 2
        for y in range(picture.height):
            for x in range(picture.width):
                if picture.rows[y][x] == BLACK:
                    c.dot(left + x, left + y, WHITE)
    return c


def mark(right):
    """32x32: a tick or a cross on the wall."""
    c = Canvas(32, 32, LIGHT)
    strokes = [((4, 16), (12, 25)), ((12, 25), (27, 5))] if right else [((5, 5), (26, 26)), ((26, 5), (5, 26))]
    for size, shade in ((7, BLACK), (3, WHITE if right else DARK)):
        for (ax, ay), (bx, by) in strokes:
            for i in range(41):
                x, y = ax + (bx - ax) * i / 40, ay + (by - ay) * i / 40
                c.rect(int(x) - size // 2, int(y) - size // 2, size, size, shade)
    return c


def plate(picture):
    """16x16, half of a plate of the twin."""
    c = Canvas(16, 16, WHITE)
    c.paste(picture, 1, 1)
    c.rect(0, 0, 16, 1, BLACK)
    c.rect(0, 15, 16, 1, BLACK)
    return c


def room():
    """The hall's wall, 20 tiles wide, row by row: drawn in one move."""
    c = house.wall(160)
    c.rect(0, 8, 160, 48, LIGHT)
    c.rect(0, 55, 160, 1, BLACK)
    c.rect(0, 8, 160, 1, DARK)
    return c


book = Book()
house.board(book, {"cue%d" % i: house.symbol(i, 48, 4) for i in range(4)})
for i in range(4):
    book.picture("art_plate%d" % i, plate(house.symbol(i, 14, 2)), "top")
    book.picture("art_means%d" % i, plate(house.direction(i, 14, 2)), "top")
house.corridor(book, few=True)
book.picture("art_room", room(), "low")
book.picture("art_slate", slate(), "low")
book.picture("art_ask", slate(house.letter("?", 36, 4)), "low")
book.picture("art_exam", slate(house.letter("!", 36, 4)), "low")
for i in range(4):
    book.picture("art_arrow%d" % i, slate(house.direction(i, 36, 2)), "low")
book.picture("art_no_mark", Canvas(32, 32, LIGHT), "low")
book.picture("art_right", mark(True), "low")
book.picture("art_wrong", mark(False), "low")
house.words(book)
house.title(book, "RULE")
house.hero(book)
book.write(os.path.join(here, "art.h"), "art.py")
