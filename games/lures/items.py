"""The things that the board of `lures` shows, 32x32: six pairs of two that look alike."""
from art import Canvas

WHITE, LIGHT, DARK, BLACK = 0, 1, 2, 3


def blob(c, cx, cy, rx, ry, fill):
    c.disc(cx, cy, rx, ry, BLACK)
    c.disc(cx, cy, rx - 2, ry - 2, fill)


def solid(c, points, fill, inner):
    c.polygon(points, BLACK)
    c.polygon(inner, fill)


def apple(c):
    blob(c, 11.5, 20, 9.5, 11, DARK)
    blob(c, 20.5, 20, 9.5, 11, DARK)
    c.rect(11, 11, 10, 18, DARK)
    c.rect(13, 8, 6, 3, WHITE)
    c.rect(14, 9, 4, 2, BLACK)
    c.rect(15, 3, 2, 8, BLACK)
    c.polygon([(17, 6), (21, 1), (28, 2), (25, 7)], BLACK)
    c.rect(7, 15, 3, 6, WHITE)
    c.rect(7, 15, 5, 3, WHITE)


def pear(c):
    blob(c, 16, 22, 11, 9.5, LIGHT)
    blob(c, 16, 13, 6.5, 7, LIGHT)
    c.rect(12, 13, 8, 8, LIGHT)
    c.rect(15, 1, 2, 6, BLACK)
    c.polygon([(17, 4), (21, 0), (25, 1), (22, 5)], BLACK)
    c.rect(9, 20, 2, 5, WHITE)
    c.rect(20, 24, 3, 3, DARK)


def bell(c):
    c.rect(14, 1, 4, 4, BLACK)
    c.disc(16, 12, 8, 9, BLACK)
    c.polygon([(8, 12), (24, 12), (28, 25), (4, 25)], BLACK)
    c.disc(16, 12, 6, 7, LIGHT)
    c.polygon([(10, 12), (22, 12), (25, 23), (7, 23)], LIGHT)
    c.rect(11, 10, 2, 12, WHITE)
    c.rect(2, 24, 28, 3, BLACK)
    c.disc(16, 28, 4, 3.6, BLACK)


def lamp(c):
    c.polygon([(10, 1), (22, 1), (28, 16), (4, 16)], BLACK)
    c.polygon([(11, 3), (21, 3), (25.5, 14), (6.5, 14)], WHITE)
    c.rect(8, 12, 16, 2, LIGHT)
    c.rect(14, 16, 4, 11, BLACK)
    c.rect(8, 27, 16, 4, BLACK)
    c.rect(10, 28, 12, 1, LIGHT)


def candle(c):
    c.polygon([(16, 0), (20, 6), (18, 10), (14, 10), (12, 6)], BLACK)
    c.polygon([(16, 4), (18, 7), (17, 9), (15, 9), (14, 7)], WHITE)
    c.rect(11, 11, 10, 17, BLACK)
    c.rect(13, 13, 6, 14, WHITE)
    c.rect(17, 13, 2, 14, LIGHT)
    c.rect(13, 13, 2, 5, LIGHT)
    c.rect(8, 27, 16, 4, BLACK)
    c.rect(10, 28, 12, 1, LIGHT)


def torch(c):
    c.polygon([(16, 0), (23, 9), (21, 15), (11, 15), (9, 9)], BLACK)
    c.polygon([(16, 4), (20, 10), (19, 14), (13, 14), (12, 10)], LIGHT)
    c.polygon([(16, 8), (18, 12), (17, 14), (15, 14), (14, 12)], WHITE)
    c.rect(9, 15, 14, 4, BLACK)
    c.polygon([(12, 19), (20, 19), (18, 32), (14, 32)], BLACK)
    c.polygon([(14, 19), (18, 19), (17, 30), (15, 30)], DARK)


def fish(c):
    c.polygon([(21, 16), (31, 9), (29, 16), (31, 23)], BLACK)
    blob(c, 13, 16, 13, 8, LIGHT)
    c.polygon([(12, 9), (18, 9), (15, 13)], BLACK)
    c.rect(13, 12, 1, 9, DARK)
    c.rect(17, 13, 1, 7, DARK)
    c.rect(5, 13, 3, 3, BLACK)
    c.rect(3, 18, 5, 1, BLACK)


def whale(c):
    c.polygon([(20, 16), (24, 8), (27, 10), (31, 8), (30, 15), (24, 23)], BLACK)
    c.disc(13, 17, 13, 9, BLACK)
    c.rect(1, 16, 24, 8, BLACK)
    c.disc(13, 17, 11, 7, DARK)
    c.rect(3, 20, 19, 3, WHITE)
    c.rect(6, 15, 2, 2, WHITE)
    c.rect(9, 2, 2, 5, BLACK)
    c.rect(6, 1, 3, 2, BLACK)
    c.rect(11, 1, 3, 2, BLACK)


def sword(c):
    c.polygon([(16, 0), (20, 4), (20, 20), (12, 20), (12, 4)], BLACK)
    c.polygon([(16, 2), (18, 5), (18, 20), (14, 20), (14, 5)], WHITE)
    c.rect(16, 3, 2, 17, LIGHT)
    c.rect(8, 19, 16, 4, BLACK)
    c.rect(14, 23, 4, 6, DARK)
    c.rect(13, 23, 1, 6, BLACK)
    c.rect(18, 23, 1, 6, BLACK)
    c.disc(16, 29.5, 3, 2.5, BLACK)


def key(c):
    blob(c, 16, 7, 7.5, 7, DARK)
    c.disc(16, 7, 3, 2.8, BLACK)
    c.disc(16, 7, 1.8, 1.8, WHITE)
    c.rect(14, 13, 4, 18, BLACK)
    c.rect(15, 14, 1, 15, LIGHT)
    c.rect(18, 22, 5, 3, BLACK)
    c.rect(18, 27, 5, 4, BLACK)


def cup(c):
    c.disc(24, 17, 7, 7, BLACK)
    c.disc(24, 17, 4, 4, WHITE)
    c.polygon([(2, 6), (24, 6), (22, 27), (4, 27)], BLACK)
    c.polygon([(4, 9), (22, 9), (20.5, 25), (5.5, 25)], WHITE)
    c.rect(4, 8, 18, 3, DARK)
    c.rect(6, 13, 3, 10, LIGHT)


def jug(c):
    c.disc(24, 17, 7, 7, BLACK)
    c.disc(24, 17, 4, 4, WHITE)
    c.polygon([(3, 1), (21, 1), (20, 8), (24, 18), (21, 31), (5, 31), (2, 18), (6, 8)], BLACK)
    c.polygon([(7, 3), (19, 3), (18, 8), (22, 18), (19, 29), (7, 29), (4, 18), (8, 8)], DARK)
    c.rect(6, 15, 14, 3, WHITE)
    c.rect(7, 20, 12, 1, WHITE)


ITEMS = [apple, pear, bell, lamp, candle, torch, fish, whale, sword, key, cup, jug]


def item(which):
    c = Canvas(32, 32)
    ITEMS[which](c)
    return c
