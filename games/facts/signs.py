"""The signs of the rooms of `facts`, 32x32, and what its lock is made of."""
from math import cos, pi, sin

import house_art as house
from art import Canvas

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3


def star(c):
    c.polygon([(16 + (15 if i % 2 == 0 else 6.5) * sin(i * pi / 5), 17 - (15 if i % 2 == 0 else 6.5) * cos(i * pi / 5)) for i in range(10)], BLACK)


def moon(c):
    c.where(lambda x, y: (x - 15) ** 2 + (y - 16) ** 2 <= 196 and (x - 22) ** 2 + (y - 12) ** 2 > 132, BLACK)


def heart(c):
    c.disc(9.5, 11, 8.5, 8.5, DARK)
    c.disc(22.5, 11, 8.5, 8.5, DARK)
    c.polygon([(2, 15), (30, 15), (16, 31)], DARK)
    c.rect(6, 8, 4, 3, WHITE)


def bolt(c):
    c.polygon([(18, 0), (27, 0), (20, 12), (27, 12), (10, 32), (14, 18), (6, 18)], BLACK)


def flower(c):
    for i in range(6):
        c.disc(16 + 9.5 * sin(i * pi / 3), 16 - 9.5 * cos(i * pi / 3), 5.4, 5.4, BLACK)
    for i in range(6):
        c.disc(16 + 9.5 * sin(i * pi / 3), 16 - 9.5 * cos(i * pi / 3), 3.6, 3.6, LIGHT)
    c.disc(16, 16, 5, 5, BLACK)


def crown(c):
    c.polygon([(1, 6), (9, 15), (16, 3), (23, 15), (31, 6), (28, 29), (4, 29)], BLACK)
    c.rect(6, 22, 20, 3, LIGHT)


def eye(c):
    c.where(lambda x, y: (x - 16) ** 2 + (y - 4) ** 2 <= 380 and (x - 16) ** 2 + (y - 28) ** 2 <= 380, BLACK)
    c.where(lambda x, y: (x - 16) ** 2 + (y - 4) ** 2 <= 290 and (x - 16) ** 2 + (y - 28) ** 2 <= 290, WHITE)
    c.disc(16, 16, 5, 5, BLACK)
    c.rect(17, 12, 2, 2, WHITE)


def tree(c):
    c.polygon([(16, 0), (25, 12), (7, 12)], DARK)
    c.polygon([(16, 6), (28, 24), (4, 24)], DARK)
    c.rect(13, 24, 6, 8, BLACK)


def anchor(c):
    c.disc(16, 5, 4.5, 4.5, BLACK)
    c.disc(16, 5, 2, 2, WHITE)
    c.rect(14, 9, 4, 20, BLACK)
    c.rect(8, 11, 16, 3, BLACK)
    c.where(lambda x, y: y > 19 and 132 < (x - 16) ** 2 + (y - 18) ** 2 <= 196 and abs(x - 16) < 13.5, BLACK)
    c.polygon([(0, 23), (5, 15), (9, 23)], BLACK)
    c.polygon([(32, 23), (27, 15), (23, 23)], BLACK)


def fish(c):
    c.polygon([(20, 16), (32, 5), (28, 16), (32, 27)], BLACK)
    c.disc(12.5, 16, 12.5, 9, BLACK)
    c.disc(7, 13, 2.4, 2.4, WHITE)
    for x in (14, 18):
        c.rect(x, 12, 2, 8, LIGHT)


def hourglass(c):
    c.rect(3, 0, 26, 4, BLACK)
    c.rect(3, 28, 26, 4, BLACK)
    c.polygon([(5, 4), (27, 4), (16.5, 17), (27, 28), (5, 28), (15.5, 17)], BLACK)
    c.polygon([(8, 4), (24, 4), (16, 14)], WHITE)
    c.polygon([(11, 8), (21, 8), (16, 14)], DARK)
    c.polygon([(16, 19), (24, 28), (8, 28)], DARK)


def cottage(c):
    c.polygon([(16, 1), (32, 16), (0, 16)], BLACK)
    c.rect(23, 2, 4, 10, BLACK)
    c.rect(3, 16, 26, 16, LIGHT)
    c.frame(3, 16, 26, 16, BLACK, 2)
    c.rect(8, 20, 6, 6, WHITE)
    c.frame(8, 20, 6, 6, BLACK)
    c.rect(18, 20, 7, 12, BLACK)


def key(c):
    c.disc(8, 8, 8, 8, BLACK)
    c.disc(8, 8, 4, 4, WHITE)
    c.polygon([(11, 14), (14, 11), (32, 29), (29, 32)], BLACK)
    c.polygon([(17, 20), (20, 23), (16, 27), (13, 24)], BLACK)
    c.polygon([(23, 26), (26, 29), (22, 33), (19, 30)], BLACK)


def ladder(c):
    for x in (5, 23):
        c.rect(x, 0, 4, 32, BLACK)
    for y in (3, 11, 19, 27):
        c.rect(9, y, 14, 3, DARK)


def mushroom(c):
    c.where(lambda x, y: ((x - 16) / 15.5) ** 2 + ((y - 17) / 16) ** 2 <= 1 and y < 18, DARK)
    c.rect(1, 16, 30, 2, BLACK)
    for x, y, r in ((9, 11, 2.6), (17, 6, 2.6), (24, 12, 2.6)):
        c.disc(x, y, r, r, WHITE)
    c.polygon([(12, 18), (20, 18), (22, 31), (10, 31)], BLACK)
    c.polygon([(14, 18), (18, 18), (19.5, 29), (12.5, 29)], WHITE)


def ship(c):
    c.rect(15, 0, 2, 23, BLACK)
    c.polygon([(18, 1), (18, 20), (31, 20)], LIGHT)
    c.polygon([(14, 4), (14, 20), (3, 20)], DARK)
    c.polygon([(0, 23), (32, 23), (26, 31), (6, 31)], BLACK)


SIGNS = [star, moon, heart, bolt, flower, crown, eye, tree, anchor, fish, hourglass, cottage, key, ladder, mushroom, ship]


def sign(which):
    c = Canvas(32, 32)
    SIGNS[which](c)
    return c


DIGITS = {
    "0": "01110 10001 10001 10001 10001 10001 01110", "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111", "3": "11110 00001 00001 01110 00001 00001 11110",
    "4": "10010 10010 10010 11111 00010 00010 00010", "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "01110 10000 10000 11110 10001 10001 01110", "7": "11111 00001 00010 00010 00100 00100 00100",
    "8": "01110 10001 10001 01110 10001 10001 01110", "9": "01110 10001 10001 01111 00001 00001 01110",
}


def digit(which):
    """4x4 pixels a dot, so that digits share their tiles."""
    c = Canvas(32, 32)
    for j, row in enumerate(DIGITS[which].split()):
        for k, bit in enumerate(row):
            if bit == "1":
                c.rect(6 + 4 * k, 2 + 4 * j, 4, 4, BLACK)
    return c


# ---- the lock: a steel door of 80x56 on the hall's wall, with a window of 32x32 in which a digit is dialled ----
def steel(c):
    c.rect(0, 0, 80, 56, BLACK)
    c.rect(1, 1, 78, 54, LIGHT)
    c.frame(3, 3, 74, 50, DARK, 2)
    for x in (6, 71):
        for y in (6, 47):
            c.rect(x, y, 3, 3, BLACK)
    c.frame(22, 6, 36, 36, BLACK, 2)
    c.rect(24, 8, 32, 32, WHITE)
    c.rect(8, 40, 64, 2, BLACK)  # the lamps hang from it
    for x, points in ((8, [(16, 12), (22, 18), (10, 18)]), (8, [(16, 36), (22, 30), (10, 30)]), (64, [(74, 24), (66, 17), (66, 31)])):
        c.polygon(points, BLACK)
    c.rect(62, 22, 5, 4, BLACK)


def lock():
    c = Canvas(80, 56)
    steel(c)
    return c


def bulb(c, y, lit):
    c.disc(4, y, 3.4, 3.2, BLACK)
    c.disc(4, y, 2.2, 2.2, WHITE if lit else DARK)
    return c


def lamp(lit):
    c = Canvas(8, 8, LIGHT)
    c.rect(0, 0, 8, 2, BLACK)
    return bulb(c, 5, lit)


def low_lamp(lit):
    """One of the second row, let into the door's lower edge."""
    c = Canvas(8, 8, LIGHT)
    c.rect(0, 3, 8, 2, DARK)
    c.rect(0, 7, 8, 1, BLACK)
    return bulb(c, 4, lit)


def opened(good):
    """What is behind the window in the end."""
    c = Canvas(32, 32, WHITE if good else BLACK)
    if good:
        for x, y in ((6, 6), (22, 5), (14, 15), (5, 24), (25, 23)):
            c.rect(x - 2, y, 5, 1, DARK)
            c.rect(x, y - 2, 1, 5, DARK)
    else:
        for x in (7, 19):
            c.rect(x, 11, 6, 4, WHITE)
            c.rect(x + 3, 12, 2, 3, BLACK)
        for x in (8, 12, 16, 20):
            c.rect(x, 22, 3, 3, WHITE)
    return c
