#!/usr/bin/env python3
"""Turns the game's pictures into art.h. Run by hand after changing a picture: ./art.py > art.h"""
SHADES = " .o#"  # white, light, dark, black


def tile_bytes(rows):
    out = []
    for row in rows:
        low = high = 0
        for i, c in enumerate(row.ljust(8)[:8]):
            s = SHADES.index(c)
            low |= (s & 1) << (7 - i)
            high |= (s >> 1) << (7 - i)
        out += [low, high]
    return out


def picture(text):
    """A picture of w x h tiles, as tiles in reading order."""
    rows = text.strip("\n").split("\n")
    rows = [r[1:-1] if r.startswith("|") else r for r in rows]
    h, w = len(rows) // 8, max(len(r) for r in rows) // 8
    rows = [r.ljust(8 * w) for r in rows]
    return [[r[8 * x : 8 * x + 8] for r in rows[8 * y : 8 * y + 8]] for y in range(h) for x in range(w)]


def drawn(inside):
    """A 32x32 picture from a function of x, y in -15.5 .. 15.5."""
    return picture("\n".join("|" + "".join("#" if inside(x - 15.5, y - 15.5) else " " for x in range(32)) + "|" for y in range(32)))


SYMBOLS = [
    drawn(lambda x, y: 8 <= (x * x + y * y) ** 0.5 <= 14),                       # circle
    drawn(lambda x, y: abs(abs(x) - abs(y)) <= 3.5 and max(abs(x), abs(y)) <= 13),  # cross
    drawn(lambda x, y: y <= 12 and abs(x) * 1.9 <= y + 14 and not (y <= 6.5 and abs(x) * 1.9 <= y + 2)),  # triangle
    drawn(lambda x, y: max(abs(x), abs(y)) <= 13 and not max(abs(x), abs(y)) <= 7.5),   # square
]

TILES = {
    "BLANK": "        \n" * 8,
    "WALL": "        \n        \n        \n       .\n        \n        \n        \n   .    \n",
    "BRICK": "........\n       .\n       .\n       .\n........\n   .    \n   .    \n   .    \n",
    "CEILING": "oooooooo\noooooooo\n########\n..o...o.\n.o...o..\no...o...\n########\n        \n",
    "SKIRT": "        \n........\n        \noooooooo\n.o.o.o.o\noooooooo\n########\n........\n",
    "FLOOR": "........\n.......o\n........\n..o.....\n........\n........\n.....o..\n........\n",
    "EDGE": "########\noooooooo\n........\n........\n........\n........\n........\n........\n",
    "FRAME": "########\n#......#\n#.oooo.#\n#.o  o.#\n#.o  o.#\n#.oooo.#\n#......#\n########\n",
    "DOORTOP": "########\n#oooooo#\n########\n.......#\n.......#\n.......#\n.......#\n.......#\n",
    "PLANK": "#..o...o\n#..o...o\n#..o...o\n#..o...o\n#..o...o\n#..o...o\n#..o...o\n#..o...o\n",
    "LEFT": "        \n   ##   \n  ##    \n ####### \n ####### \n  ##    \n   ##   \n        \n",
    "RIGHT": "        \n   ##   \n    ##  \n####### \n####### \n    ##  \n   ##   \n        \n",
    "UP": "   ##   \n  ####  \n ##  ## \n##    ##\n   ##   \n   ##   \n   ##   \n        \n",
    "DOWN": "   ##   \n   ##   \n   ##   \n##    ##\n ##  ## \n  ####  \n   ##   \n        \n",
}

# what hangs on the corridor's wall: 16 x 24 pixels each
SCENERY = ["""
|                |
|       .        |
|      .o.       |
|     .o#o.      |
|      o##o      |
|     o#..#o     |
|     o#  #o     |
|      o##o      |
|     ######     |
|      oooo      |
|      #oo#      |
|       ##       |
|       ##       |
|      ####      |
|       oo       |
|       oo       |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
""", """
|  ############  |
| #oooooooooooo# |
| #o.    o    .# |
| #o     o     # |
| #o  .  o  .  # |
| #o     o     # |
| #oooooooooooo# |
| #o     o     # |
| #o     o  .  # |
| #o .   o     # |
| #o     o     # |
| #o     o     # |
| ############## |
|  oooooooooooo  |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
""", """
| oooooooooooooo |
| ############## |
|  #..........#  |
|   #........#   |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|    #o....o#    |
|   #oo....oo#   |
|  #o........o#  |
| ############## |
| oooooooooooooo |
""", """
|                |
|                |
|                |
|                |
|      o  o      |
|   o  oo oo o   |
|   oo o#o#  oo  |
|    oo#o#oooo   |
|   o ##o##o#    |
|  ooo#o##oo# o  |
|    o##o##o#oo  |
|     o#oo#o o   |
|      o##o      |
|       ##       |
|       ##       |
|    ########    |
|    #......#    |
|    ########    |
|     #o..o#     |
|     #o..o#     |
|     #o..o#     |
|      #oo#      |
|      ####      |
|                |
""", """
| ############## |
| #............# |
| #.oo......oo.# |
| #.o........o.# |
| #....oooo....# |
| #...o....o...# |
| #..o.o..o.o..# |
| #..o......o..# |
| #...o.oo.o...# |
| #....oooo....# |
| #.o........o.# |
| #.oo......oo.# |
| #............# |
| ############## |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
|                |
""", """
|                |
|  ############  |
|  #o#oo#o##oo#  |
|  #o#oo#o##oo#  |
|  #o#oo#o##oo#  |
|  ############  |
|  #oo##o#oo#o#  |
|  #oo##o#oo#o#  |
|  #oo##o#oo#o#  |
|  ############  |
|  ##oo#oo#o##o  |
|  ##oo#oo#o##o  |
|  ##oo#oo#o##o  |
|  ############  |
|  #o##oo#oo#o#  |
|  #o##oo#oo#o#  |
|  #o##oo#oo#o#  |
|  ############  |
|  #..........#  |
|  #....##....#  |
|  #..........#  |
|  ############  |
|  ##        ##  |
|                |
"""]

HERO = ["""
|     ######     |
|    #oooooo#    |
|   #oo....o#    |
|   #o.#..#.#    |
|   #o......#    |
|    #......#    |
|     ######     |
|    #oooooo#    |
|   #.#oooo#.#   |
|   #.#oooo#.#   |
|    ##oooo##    |
|     #o##o#     |
|     #o##o#     |
|     #o# #o#    |
|    ##.# #.##   |
|    ####  ###   |
""", """
|                |
|     ######     |
|    #oooooo#    |
|   #oo....o#    |
|   #o.#..#.#    |
|   #o......#    |
|    #......#    |
|     ######     |
|    #oooooo#    |
|    ##oooo##    |
|    #.oooo.#    |
|    ##oooo##    |
|     #oooo#     |
|     #o##o#     |
|     #.##.#     |
|     ######     |
"""]

FONT = {
    "A": " ###  #   # #   # ##### #   # #   # #   #", "C": " ###  #   # #     #     #     #   #  ### ",
    "D": "####  #   # #   # #   # #   # #   # #### ", "E": "##### #     #     ####  #     #     #####",
    "G": " ###  #   # #     # ### #   # #   #  ### ", "H": "#   # #   # #   # ##### #   # #   # #   #",
    "I": " ###    #     #     #     #     #    ### ", "K": "#   # #  #  # #   ##    # #   #  #  #   #",
    "L": "#     #     #     #     #     #     #####", "M": "#   # ## ## # # # # # # #   # #   # #   #",
    "N": "#   # ##  # # # # #  ## #   # #   # #   #", "O": " ###  #   # #   # #   # #   # #   #  ### ",
    "P": "####  #   # #   # ####  #     #     #    ", "R": "####  #   # #   # ####  # #   #  #  #   #",
    "S": " #### #     #      ###      #     # #### ", "T": "#####   #     #     #     #     #     #  ",
    "U": "#   # #   # #   # #   # #   # #   #  ### ", "W": "#   # #   # #   # # # # # # # ## ## #   #",
    "Y": "#   # #   #  # #    #     #     #     #  ", "B": "####  #   # #   # ####  #   # #   # #### ",
    "F": "##### #     #     ####  #     #     #    ", "V": "#   # #   # #   # #   # #   #  # #    #  ",
}


def glyph(c):
    rows = [FONT[c][6 * i : 6 * i + 5] for i in range(7)]
    return [" " + r for r in rows] + [""]


def main():
    tiles = []

    def put(name, pictures):
        print(f"#define {name} {len(tiles)}")
        tiles.extend(pictures)

    print("/* Made by art.py; do not edit. Tiles of 8x8 pixels, 2 bits each, as the Game Boy stores them. */")
    for name, text in TILES.items():
        put("TILE_" + name, [text.split("\n")[:8]])
    put("TILE_SYMBOLS", [t for s in SYMBOLS for t in s])
    put("TILE_SCENERY", [t for s in SCENERY for t in picture(s)])
    print(f"#define N_SCENERY {len(SCENERY)}")
    if len(tiles) % 2:  # 8x16 sprites begin at an even tile
        tiles.append([""] * 8)
    for i, h in enumerate(HERO):  # sprites of 8x16: upper and lower half of each column together
        t = picture(h)
        put(f"TILE_HERO_{i}", [t[0], t[2], t[1], t[3]])
    for c in sorted(FONT):
        put("TILE_" + c, [glyph(c)])
    print(f"#define N_TILES {len(tiles)}")
    print("static const uint8_t tiles[N_TILES * 16] = {")
    for t in tiles:
        print("    " + ", ".join(f"0x{b:02x}" for b in tile_bytes(t)) + ",")
    print("};")


main()
