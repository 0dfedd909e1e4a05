"""stable-retro's own answers, for tests/test_env_retro.c to compare with Longplay's.

    retro_reference.py ROM corpus            every data.json and scenario.json of the package, two lines and a name each
    retro_reference.py ROM answer CASES      CASES: three lines each: data.json, scenario.json, RAM of the reset and of each step, in hex

An answer is a line "crop X Y W H", a line "actions MASK ...", and a line a step: each variable in the order of its name,
then "reward A B done D". RAM stands at RAM_START; addresses of the corpus are moved there. Exits with 77 without stable-retro.
"""
import glob
import json
import os
import struct
import sys
import tempfile

RAM_START, RAM_BYTES = 0xC100, 256

try:
    import stable_retro.data
    from stable_retro import RetroEmulator
except ImportError as error:
    print(error)
    sys.exit(77)


def corpus():
    root = os.path.join(os.path.dirname(stable_retro.__file__), "data")
    for path in sorted(glob.glob(os.path.join(root, "*", "*", "scenario.json"))):
        data_path = os.path.join(os.path.dirname(path), "data.json")
        if not os.path.exists(data_path):
            continue
        with open(data_path) as data_file, open(path) as scenario_file:
            data, scenario = json.load(data_file), json.load(scenario_file)
        for variable in data["info"].values():
            variable["address"] = RAM_START + variable["address"] % (RAM_BYTES - 8)
        if "GameBoy" not in path:  # other buttons, another screen
            scenario.pop("actions", None)
            scenario.pop("crop", None)
        print(os.path.relpath(os.path.dirname(path), root))
        print(json.dumps(data))
        print(json.dumps(scenario))


def discrete_actions(data):
    """As RetroEnv numbers them."""
    combos, masks, n = data.valid_actions(), [], 1
    for combo in combos:
        n *= len(combo)
    for action in range(n):
        mask = 0
        for combo in combos:
            mask |= combo[action % len(combo)]
            action //= len(combo)
        masks.append(mask)
    return masks


def crop(data):
    """The part of a 160x144 screen that RetroEnv.get_screen cuts out."""
    x, y, w, h = data.crop_info()
    w = 160 if not w or x + w > 160 else x + w
    h = 144 if not h or y + h > 144 else y + h
    return x, y, w - x, h - y


def set_ram(memory, text):
    for i, value in enumerate(struct.unpack("<%dq" % (RAM_BYTES // 8), bytes.fromhex(text))):
        memory.assign(RAM_START + 8 * i, "<u8", value)


def answer(emulator, folder, data_text, scenario_text, ram):
    paths = [os.path.join(folder, name) for name in ("data.json", "scenario.json")]
    for path, text in zip(paths, (data_text, scenario_text)):
        with open(path, "w") as file:
            file.write(text)
    data = stable_retro.data.GameData()  # a fresh one: loading into a used one keeps some of the old
    emulator.configure_data(data)
    assert data.load(*paths), (data_text, scenario_text)
    print("crop", *crop(data))
    print("actions", *discrete_actions(data))
    names = sorted(json.loads(data_text)["info"], key=lambda name: name.encode())
    set_ram(data.memory, ram[0])
    data.reset()
    data.update_ram()
    for step in ram[1:]:
        set_ram(data.memory, step)
        data.update_ram()
        values = data.lookup_all()
        rewards = ["%.17g" % data.current_reward(player) for player in range(2)]
        print(*[values[name] for name in names], "reward", *rewards, "done", int(data.is_done()))


def main():
    if sys.argv[2] == "corpus":
        corpus()
        return
    emulator = RetroEmulator(sys.argv[1])
    emulator.step()
    with open(sys.argv[3]) as file, tempfile.TemporaryDirectory() as folder:
        lines = file.read().split("\n")
        for i in range(0, len(lines) - 1, 3):
            answer(emulator, folder, lines[i], lines[i + 1], lines[i + 2].split())


main()
