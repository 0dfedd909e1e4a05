"""The things that the board of `lures` shows, 32x32: sixteen pairs of two that look alike."""
from math import cos, pi, sin

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


def cottage(c):
    c.rect(23, 3, 4, 10, BLACK)
    solid(c, [(16, 2), (31, 16), (1, 16)], DARK, [(16, 5), (26, 14), (6, 14)])
    c.rect(4, 16, 24, 15, BLACK)
    c.rect(6, 16, 20, 13, LIGHT)
    c.rect(8, 19, 6, 5, WHITE)
    c.frame(8, 19, 6, 5, BLACK)
    c.rect(18, 19, 6, 10, DARK)


def church(c):
    c.rect(9, 0, 2, 7, BLACK)
    c.rect(7, 2, 6, 2, BLACK)
    solid(c, [(10, 5), (18, 15), (2, 15)], DARK, [(10, 8), (14, 13), (6, 13)])
    c.rect(3, 15, 14, 16, BLACK)
    c.rect(5, 15, 10, 14, LIGHT)
    c.rect(8, 21, 4, 10, BLACK)
    solid(c, [(17, 15), (26, 15), (31, 22), (17, 22)], DARK, [(17, 17), (25, 17), (27, 20), (17, 20)])
    c.rect(17, 22, 13, 9, BLACK)
    c.rect(17, 22, 11, 7, LIGHT)
    c.rect(21, 24, 3, 5, BLACK)


def cat(c):
    c.polygon([(3, 1), (14, 9), (4, 17)], BLACK)
    c.polygon([(29, 1), (18, 9), (28, 17)], BLACK)
    blob(c, 16, 19, 13.5, 11.5, DARK)
    c.rect(8, 15, 5, 4, WHITE)
    c.rect(19, 15, 5, 4, WHITE)
    c.rect(10, 15, 2, 4, BLACK)
    c.rect(20, 15, 2, 4, BLACK)
    c.polygon([(13, 21), (19, 21), (16, 25)], BLACK)
    for y in (22, 25):
        c.rect(0, y, 8, 1, BLACK)
        c.rect(24, y, 8, 1, BLACK)


def bear(c):
    for x in (6, 26):
        blob(c, x, 7, 6, 6, DARK)
    blob(c, 16, 18, 13.5, 12.5, DARK)
    c.disc(16, 23, 6.5, 5.5, WHITE)
    c.rect(9, 13, 3, 3, WHITE)
    c.rect(20, 13, 3, 3, WHITE)
    c.disc(16, 21, 2.8, 2, BLACK)
    c.rect(15, 22, 2, 4, BLACK)


def sun(c):
    for i in range(8):
        a, b = sin(i * pi / 4), cos(i * pi / 4)
        c.polygon([(16 + 15.8 * a, 16 - 15.8 * b), (16 + 9 * a + 3.4 * b, 16 - 9 * b + 3.4 * a), (16 + 9 * a - 3.4 * b, 16 - 9 * b - 3.4 * a)], BLACK)
    blob(c, 16, 16, 9.5, 9.5, LIGHT)


def daisy(c):
    for i in range(8):
        blob(c, 16 + 10.4 * sin(i * pi / 4), 16 - 10.4 * cos(i * pi / 4), 5, 5, WHITE)
    blob(c, 16, 16, 6.5, 6.5, LIGHT)


def boat(c):
    c.rect(14, 0, 2, 24, BLACK)
    solid(c, [(17, 1), (17, 21), (31, 21)], DARK, [(18, 6), (18, 19.5), (27, 19.5)])
    solid(c, [(13, 3), (13, 21), (2, 21)], DARK, [(12, 8), (12, 19.5), (5, 19.5)])
    c.polygon([(0, 23), (32, 23), (26, 31), (6, 31)], BLACK)
    c.rect(8, 26, 16, 2, LIGHT)


def galleon(c):
    for x, y in ((8, 2), (21, 0)):
        c.rect(x, y, 2, 24 - y, BLACK)
    for x, y, width, height in ((2, 4, 13, 8), (3, 14, 12, 7), (16, 3, 14, 8), (17, 13, 13, 8)):
        c.rect(x, y, width, height, BLACK)
        c.rect(x + 1, y + 1, width - 2, height - 2, DARK)
    c.polygon([(0, 20), (4, 23), (28, 23), (32, 19), (28, 31), (5, 31)], BLACK)
    c.rect(8, 26, 16, 2, WHITE)


def hammer(c):
    c.rect(14, 10, 5, 22, BLACK)
    c.rect(16, 12, 1, 18, LIGHT)
    c.rect(4, 1, 24, 11, BLACK)
    c.rect(6, 3, 20, 7, LIGHT)
    c.rect(20, 3, 6, 7, DARK)


def axe(c):
    c.rect(14, 0, 5, 32, BLACK)
    c.rect(16, 2, 1, 28, LIGHT)
    solid(c, [(19, 5), (30, 0), (32, 9), (30, 19), (19, 14)], WHITE, [(20, 7), (28, 3), (30, 9), (28, 16), (20, 12)])
    c.rect(8, 5, 7, 9, BLACK)


def mushroom(c):
    c.where(lambda x, y: ((x - 16) / 15.5) ** 2 + ((y - 17) / 16) ** 2 <= 1 and y < 18, BLACK)
    c.where(lambda x, y: ((x - 16) / 13.5) ** 2 + ((y - 17) / 14) ** 2 <= 1 and y < 16, LIGHT)
    for x, y, r in ((9, 11, 2.6), (17, 6, 2.6), (24, 12, 2.6)):
        c.disc(x, y, r, r, BLACK)
    solid(c, [(11, 18), (21, 18), (23, 31), (9, 31)], WHITE, [(13, 18), (19, 18), (20.5, 29), (11.5, 29)])


def umbrella(c):
    c.rect(15, 0, 2, 28, BLACK)
    c.where(lambda x, y: ((x - 16) / 15.5) ** 2 + ((y - 17) / 15) ** 2 <= 1 and y < 17, BLACK)
    c.where(lambda x, y: ((x - 16) / 13.5) ** 2 + ((y - 17) / 13) ** 2 <= 1 and y < 17, DARK)
    for x in (5, 11, 21, 27):
        c.disc(x, 18, 3, 4, WHITE)
    c.rect(10, 6, 1, 8, BLACK)
    c.rect(21, 6, 1, 8, BLACK)
    c.rect(17, 28, 5, 3, BLACK)
    c.rect(22, 25, 2, 5, BLACK)


def clock(c):
    blob(c, 16, 16, 15, 15, WHITE)
    for x, y in ((15, 3), (15, 26), (3, 15), (26, 15)):
        c.rect(x, y, 3, 3, BLACK)
    c.rect(15, 8, 2, 10, BLACK)
    c.rect(15, 16, 8, 2, BLACK)


def wheel(c):
    c.disc(16, 16, 15, 15, BLACK)
    c.disc(16, 16, 12, 12, WHITE)
    for i in range(4):
        a, b = 13 * sin(i * pi / 4), 13 * cos(i * pi / 4)
        u, v = b / 13 * 1.2, a / 13 * 1.2
        c.polygon([(16 + a + u, 16 - b + v), (16 + a - u, 16 - b - v), (16 - a - u, 16 + b - v), (16 - a + u, 16 + b + v)], BLACK)
    blob(c, 16, 16, 5, 5, DARK)


def boot(c):
    c.polygon([(5, 1), (18, 1), (18, 15), (29, 19), (31, 27), (5, 27)], BLACK)
    c.rect(5, 27, 26, 4, BLACK)
    c.rect(17, 27, 3, 4, WHITE)
    c.rect(7, 4, 9, 2, LIGHT)
    for y in (8, 12, 16):
        c.rect(12, y, 6, 2, WHITE)


def sock(c):
    solid(c, [(6, 1), (19, 1), (19, 15), (28, 20), (30, 28), (24, 31), (10, 28), (6, 22)], WHITE,
          [(8, 1), (17, 1), (17, 16), (26, 21), (27.5, 26.5), (23.5, 28.5), (11, 26), (8, 21)])
    c.rect(6, 1, 13, 6, BLACK)
    c.rect(8, 3, 9, 2, LIGHT)
    c.rect(8, 10, 9, 3, DARK)
    c.rect(8, 16, 9, 3, DARK)
    c.polygon([(23, 19), (28, 21), (29, 28), (24, 30), (21, 29)], DARK)


def leaf(c):
    solid(c, [(29, 2), (31, 15), (24, 25), (11, 27), (5, 22), (8, 11), (18, 4)], LIGHT,
          [(27, 4), (28.5, 14), (22.5, 23), (12, 25), (7.5, 21), (10, 12), (19, 6)])
    c.polygon([(1, 29), (24, 6), (26, 8), (3, 31)], BLACK)
    c.polygon([(13, 18), (13, 10), (15, 10), (15, 18)], DARK)
    c.polygon([(14, 19), (23, 19), (23, 17), (16, 17)], DARK)


def feather(c):
    c.polygon([(31, 0), (27, 14), (16, 24), (7, 25), (7, 16), (17, 5)], BLACK)
    c.polygon([(28, 3), (25, 13), (15, 22), (9, 23), (9, 17), (18, 7)], DARK)
    c.polygon([(0, 30), (24, 6), (25, 7), (2, 32)], WHITE)
    c.polygon([(0, 30), (10, 21), (11, 23), (2, 32)], BLACK)
    c.polygon([(20, 21), (24, 22), (22, 15)], WHITE)


def drum(c):
    c.polygon([(0, 0), (3, 0), (14, 10), (11, 11)], BLACK)
    c.polygon([(32, 0), (29, 0), (18, 10), (21, 11)], BLACK)
    c.rect(2, 13, 28, 15, BLACK)
    c.disc(16, 27, 14, 4.5, BLACK)
    c.rect(4, 13, 24, 14, DARK)
    c.disc(16, 27, 12, 2.6, DARK)
    blob(c, 16, 13, 14, 5, WHITE)
    for x in (6, 14, 22):
        c.polygon([(x - 2, 19), (x, 19), (x + 5, 28), (x + 3, 28)], BLACK)


def barrel(c):
    c.polygon([(6, 2), (26, 2), (30, 11), (30, 21), (26, 30), (6, 30), (2, 21), (2, 11)], BLACK)
    c.polygon([(8, 4), (24, 4), (28, 12), (28, 20), (24, 28), (8, 28), (4, 20), (4, 12)], DARK)
    for x in (10, 16, 22):
        c.rect(x, 4, 1, 24, BLACK)
    for y in (8, 21):
        c.rect(4, y, 24, 3, BLACK)
        c.rect(6, y + 1, 20, 1, WHITE)


ITEMS = [apple, pear, bell, lamp, candle, torch, fish, whale, sword, key, cup, jug, cottage, church, cat, bear, sun, daisy, boat, galleon,
         hammer, axe, mushroom, umbrella, clock, wheel, boot, sock, leaf, feather, drum, barrel]


def item(which):
    c = Canvas(32, 32)
    ITEMS[which](c)
    return c
