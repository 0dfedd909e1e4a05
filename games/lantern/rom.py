"""How data are written for the ROM: C arrays, and packed bytes that unpack() in screen.c takes apart."""


def pack(data):
    """LZ: a byte n below 128: n + 1 bytes follow; else (n & 127) + 3 bytes from 1 + the next two bytes' number before here."""
    out, plain, at = bytearray(), bytearray(), 0

    def flush():
        for i in range(0, len(plain), 128):
            part = plain[i:i + 128]
            out.append(len(part) - 1)
            out.extend(part)
        plain.clear()

    while at < len(data):
        best, where = 0, 0
        start = data.rfind(data[at:at + 3], 0, at + 2) if at + 3 <= len(data) else -1
        tries = 0
        while start >= 0 and tries < 400:
            n = 3
            while n < 130 and at + n < len(data) and data[start + n] == data[at + n]:
                n += 1
            if n > best:
                best, where = n, start
            start = data.rfind(data[at:at + 3], 0, start + 2)
            tries += 1
        if best >= 4:
            flush()
            out += bytes((128 + best - 3, (at - where - 1) & 255, (at - where - 1) >> 8))
            at += best
        else:
            plain.append(data[at])
            at += 1
    flush()
    return bytes(out)


class Writer:
    """A header: numbers for everybody; arrays for the one source that defines LANTERN_DATA."""

    def __init__(self):
        self.numbers, self.arrays, self.names = [], [], []

    def array(self, name, data, type_="uint8_t"):
        self.names.append("extern const %s %s[%d];" % (type_, name, len(data)))
        self.arrays.append("const %s %s[%d] = {" % (type_, name, len(data)))
        for i in range(0, len(data), 24):
            self.arrays.append("    " + " ".join("%d," % n for n in data[i:i + 24]))
        self.arrays.append("};")

    def number(self, name, value):
        self.numbers.append("#define %s %d" % (name, value))

    def write(self, path, comment):
        with open(path, "w") as out:
            out.write("/* %s */\n#include <stdint.h>\n\n" % comment)
            out.write("\n".join(self.numbers + [""] + self.names + ["", "#ifdef LANTERN_DATA"] + self.arrays + ["#endif"]) + "\n")
