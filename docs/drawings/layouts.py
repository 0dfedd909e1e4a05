"""layouts.py LONGPLAY OUT.png: the sheet of docs/window.md, every layout with games of three consoles and four kinds of players.

cue on a Game Boy, played by its policy; the same in colours, as a Game Boy Color's game, by the oracle and by a person (who presses nothing);
games/roms/orbit.gba, a bare ROM, at random. Needs Xvfb for the person's window, and ffmpeg."""
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
COLOURS = (0x7FFF, 0x227F, 0x5165, 0x0000)  # 15 bits, red low; as bright as the four greys, so that the policy sees the same
GAP, WIDE, TALL = 8, (424, 238), (272, 484)


def in_colours(rom):
    """Before the game begins its colours are written; its header says that it knows them."""
    code = bytearray()
    for index in (0x68, 0x6A):  # of the background and of sprites
        code += bytes([0x3E, 0x80, 0xE0, index])  # ld a, 0x80; ldh (index), a
        for byte in (b for c in COLOURS for b in (c & 0xFF, c >> 8)):
            code += bytes([0x3E, byte, 0xE0, index + 1])
    code += rom[0x101:0x104]  # the jump that was there
    at = rom.index(bytes(len(code) + 8), 0x150) + 4
    rom[at : at + len(code)] = code
    rom[0x101:0x104] = bytes([0xC3, at & 0xFF, at >> 8])
    rom[0x143] = 0x80
    rom[0x14D] = -sum(b + 1 for b in rom[0x134:0x14D]) & 0xFF
    return rom


def main():
    longplay, out = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        colour = shutil.copytree(os.path.join(SOURCE, "games", "cue"), os.path.join(folder, "cue"))
        os.remove(os.path.join(colour, "rom.sha"))
        with open(os.path.join(colour, "cue.gb"), "r+b") as file:
            rom = in_colours(bytearray(file.read()))
            file.seek(0)
            file.write(rom)
        pictures = []

        def shot(size, layout, game, policy, *more):
            path = os.path.join(folder, f"{len(pictures)}.png")
            place = [] if policy == "human" else ["--headless"]
            subprocess.run([longplay, "play", game, "--policy", policy, "--layout", layout, "--shot", path, "--episodes", "0", *place, *more],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            pictures.append((path, size))

        numbers, number = os.pipe()
        screen = subprocess.Popen(["Xvfb", "-displayfd", str(number), "-screen", "0", "1400x900x24"], pass_fds=[number], stderr=subprocess.DEVNULL)
        os.close(number)
        os.environ.update(DISPLAY=":" + os.read(numbers, 16).decode().strip(), SDL_AUDIODRIVER="dummy")
        weights = os.path.join(SOURCE, "games", "cue", "cue.safetensors")
        orbit = os.path.join(SOURCE, "games", "roms", "orbit.gba")
        corridor = ["--set", "doors=4", "--set", "when=1", "--set", "decoys=6", "--decisions"]
        try:
            shot(WIDE, "full", "cue", weights, *corridor, "330")
            shot(WIDE, "full", colour, "human", "--decisions", "69", "--speed", "4")
            shot(WIDE, "full", orbit, "random", "--decisions", "330")
            shot(WIDE, "panels", "cue", weights, *corridor, "330")
            shot(WIDE, "game", colour, "oracle", "--decisions", "40")
            shot(TALL, "vertical", "cue", weights, "--set", "horizon=2000", "--decisions", "1500")
            shot(TALL, "vertical", colour, "oracle", *corridor, "340")
            shot(TALL, "vertical", orbit, "random", "--decisions", "300")
        finally:
            screen.terminate()
        across, step = WIDE[0] + GAP, TALL[0] + GAP
        down = WIDE[1] + GAP
        places = [(0, 0), (across, 0), (2 * across, 0), (0, down), (0, 2 * down)] + [(across + i * step, down) for i in range(3)]
        scaled = "".join(f"[{i}]scale={w}:{h}:flags=area[s{i}];" for i, (_, (w, h)) in enumerate(pictures))
        stack = "".join(f"[s{i}]" for i in range(len(pictures)))
        layout = "|".join(f"{x}_{y}" for x, y in places)
        graph = f"{scaled}{stack}xstack=inputs={len(pictures)}:layout={layout}:fill=white,split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none"
        subprocess.run(["ffmpeg", "-v", "error", "-y", *(word for path, _ in pictures for word in ("-i", path)), "-filter_complex", graph, "-frames:v", "1",
                        out], check=True)


main()
