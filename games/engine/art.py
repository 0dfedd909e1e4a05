"""Drawing for the games' pictures, and their form in a ROM: 8x8 tiles of 2 bits a pixel, each stored once.

A Canvas is a list of rows of shades, 0 white to 3 black. A Book collects canvases as tile maps and writes a C header.
"""


class Canvas:
    def __init__(self, width, height, shade=0):
        self.width, self.height = width, height
        self.rows = [[shade] * width for _ in range(height)]

    def dot(self, x, y, shade):
        if 0 <= x < self.width and 0 <= y < self.height:
            self.rows[y][x] = shade

    def rect(self, x, y, width, height, shade):
        for j in range(y, y + height):
            for i in range(x, x + width):
                self.dot(i, j, shade)

    def frame(self, x, y, width, height, shade, thick=1):
        self.rect(x, y, width, thick, shade)
        self.rect(x, y + height - thick, width, thick, shade)
        self.rect(x, y, thick, height, shade)
        self.rect(x + width - thick, y, thick, height, shade)

    def where(self, inside, shade):
        """Every pixel whose centre (x, y) is inside."""
        for j in range(self.height):
            for i in range(self.width):
                if inside(i + 0.5, j + 0.5):
                    self.rows[j][i] = shade

    def disc(self, cx, cy, rx, ry, shade):
        self.where(lambda x, y: ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1, shade)

    def polygon(self, points, shade):
        def inside(x, y):
            odd = False
            for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    odd = not odd
            return odd
        self.where(inside, shade)

    def text_art(self, x, y, art, shades):
        """Rows of characters; those not in shades are transparent."""
        for j, row in enumerate(art.strip("\n").split("\n")):
            for i, c in enumerate(row):
                if c in shades:
                    self.dot(x + i, y + j, shades[c])

    def paste(self, other, x, y):
        for j, row in enumerate(other.rows):
            for i, shade in enumerate(row):
                self.dot(x + i, y + j, shade)

    def tile(self, tx, ty):
        out = []
        for row in self.rows[ty * 8:ty * 8 + 8]:
            bits = row[tx * 8:tx * 8 + 8]
            out.append(sum((s & 1) << (7 - i) for i, s in enumerate(bits)))
            out.append(sum((s >> 1) << (7 - i) for i, s in enumerate(bits)))
        return bytes(out)


class Book:
    """Sprites, and background pictures as tile maps, for a screen whose upper part reads its tiles from 8000-8FFF (tile
    numbers 0-255) and whose lower part from 8800-97FF (128-255, then 0-127): 384 tiles in all, 128 within reach of both.
    """

    def __init__(self):
        self.sprites, self.pictures, self.slots, self.raws = b"", [], [], []
        self.used = {"top": {}, "low": {}}  # tile -> None, in order of first use

    def sprite(self, canvas):
        """8x16 objects, left to right."""
        for tx in range(canvas.width // 8):
            self.sprites += canvas.tile(tx, 0) + canvas.tile(tx, 1)

    def picture(self, name, canvas, part, by_columns=False):
        width, height = canvas.width // 8, canvas.height // 8
        grid = [[canvas.tile(x, y) for x in range(width)] for y in range(height)]
        if by_columns:
            grid = list(zip(*grid))
        tiles = [t for row in grid for t in row]
        self.pictures.append((name, part, tiles))
        self.used[part].update(dict.fromkeys(tiles))

    def slot(self, name):
        """4x4 tiles of the upper part, which the game fills: see slots.h."""
        self.slots.append(name)

    def raw(self, name, canvas):
        """A picture's 4x4 tiles for a slot: they stay in the ROM until the game loads them."""
        tiles = b"".join(canvas.tile(x, y) for y in range(4) for x in range(4))
        assert all(tiles[80:176] != other[80:176] for _, other in self.raws), "slot_seen takes it for another: " + name
        self.raws.append((name, tiles))

    def place(self):
        """Which tile lies where: 384 tiles, and each part's numbers for them."""
        both = [t for t in self.used["top"] if t in self.used["low"]]
        top = [t for t in self.used["top"] if t not in self.used["low"]]
        low = [t for t in self.used["low"] if t not in self.used["top"]]
        n_sprites, n_slots = len(self.sprites) // 16, 16 * len(self.slots)
        n_fixed = n_sprites + n_slots
        room = 128 - n_fixed
        middle = both + top[room:] + low[128:]
        assert len(middle) <= 128, "too many tiles: %d more than fit" % (len(middle) - 128)
        print("tiles:", n_sprites, "sprite,", n_slots, "slots,", len(top), "top,", len(low), "low,", len(both), "both;", 128 - len(middle), "left")
        first = [self.sprites[16 * i:16 * i + 16] for i in range(n_sprites)] + [bytes(16)] * n_slots + top[:room]
        numbers = {t: 128 + i for i, t in enumerate(middle)}
        number = {"top": dict(numbers), "low": dict(numbers)}
        number["top"].update((t, n_fixed + i) for i, t in enumerate(top[:room]))
        number["low"].update((t, i) for i, t in enumerate(low[:128]))
        blocks = [first, middle, low[:128]]
        slots = [(name, range(n_sprites + 16 * i, n_sprites + 16 * (i + 1))) for i, name in enumerate(self.slots)]
        return b"".join(b"".join(b).ljust(2048, b"\0") for b in blocks), number, slots

    def write(self, path, source):
        data, number, slots = self.place()
        with open(path, "w") as out:
            out.write("/* Pictures, written by %s: change them there. */\n#include <stdint.h>\n\n" % source)
            maps = [(name, [number[part][t] for t in tiles]) for name, part, tiles in self.pictures]
            for name, numbers in [("art_tiles", data)] + maps + slots + self.raws:
                out.write("static const uint8_t %s[%d] = {" % (name, len(numbers)))
                for i, n in enumerate(numbers):
                    out.write(("\n    " if i % 24 == 0 else " ") + "%d," % n)
                out.write("\n};\n")
