"""Everything that is said in `lantern`: lines of 18 letters, four lines a page. Written into world.h by world.py.

{name} is a word that the seed decides (WORDS below, in the order of words() in text.c). A line beginning with | ends a page.
"""
import font

END, PAGE, LINE, WORD = 255, 254, 253, 224
WORDS = ["who", "wood0", "wood1", "wood2", "wood3", "wood4", "wood5", "yard", "grave", "pass", "stone0", "stone1", "stone2", "stone3", "chest",
         "liar", "fears", "says_a", "says_b", "ordinal", "digit", "picked"]
LISTS = {
    "left_up_right": ["left", "up", "right"], "yards": ["west", "east"], "ordinals": ["first", "second", "third", "fourth"],
    "passwords": ["Moon", "Star", "Rain", "Sun"], "rows": ["top", "middle", "bottom"], "places3": ["left", "middle", "right"],
    "brothers": ["Ulf", "Odo"], "trinkets": ["bell", "mirror", "horn"], "digits": list("12345678"),
}
LONGEST = {"who": 9, "yard": 4, "pass": 4, "chest": 6, "liar": 3, "fears": 6, "says_a": 6, "says_b": 6, "ordinal": 6, "digit": 1, "grave": 6, "picked": 6}
LONGEST.update({"wood%d" % i: 5 for i in range(6)})
LONGEST.update({"stone%d" % i: 6 for i in range(4)})

# In the order of the facts: the four wheels, the wood's halves, grave, password, stones, chest, liar, beast, Ulf, Odo.
FACTS = ["DIGIT", "WOOD_A", "WOOD_B", "GRAVE", "PASS", "STONES", "CHEST", "LIAR", "FEARS", "SAYS_A", "SAYS_B"]
TEXTS = {
    "DIGIT": "{who}:\nThe {ordinal} wheel\nof the lighthouse\nmust show {digit}.",
    "WOOD_A": "{who}:\nIn the wood, first\ngo {wood0}, {wood1}\nand then {wood2}.",
    "WOOD_B": "{who}:\nHalf through the\nwood, go {wood3},\n{wood4} and {wood5}.",
    "GRAVE": "{who}:\nA key lies in the\n{yard} yard, in the\n{grave} grave.",
    "PASS": "{who}:\nThe keep's guard\nasks for a word.\nIt is {pass}.",
    "STONES": "{who}: Stones?\nThe {stone0}, then\n{stone1}, {stone2}\nand {stone3} one.",
    "CHEST": "{who}:\nIn the vault, only\nthe {chest} chest\nis no trap.",
    "LIAR": "{who}:\nUlf and Odo know\nthe mine. But {liar}\ntells lies.",
    "FEARS": "{who}:\nA beast lies on\nthe stair. It\nfears a {fears}.",
    "SAYS_A": "{who}:\nThe tunnel on the\n{says_a} is safe.\nTake that one.",
    "SAYS_B": "{who}:\nThe tunnel on the\n{says_b} is safe.\nTake that one.",
    "INTRO": "The great lantern\nwent out. Nobody\nremembers a night\nthis long.\n|Somebody has to\ncarry fire up to\nthe lighthouse.\nYou have a lamp.\n|"
             "Ask everyone. They\nsay a thing once,\nand nothing is\nwritten down.",
    "NOTHING_NEW": "{who}:\nI have told you\nwhat I know. Mind\nyour oil!",
    "PEDLAR": "Pedlar: One gift,\n< a bell\n^ a mirror\n> a horn",
    "PEDLAR_GAVE": "Pedlar:\nA {picked}! May it\nserve you on the\nstair.",
    "PEDLAR_DONE": "Pedlar:\nOne for each, no\nmore. Good luck\non the stair.",
    "GUARD": "Guard: The word?\n< Moon    ^ Star\n> Rain    _ Sun\n",
    "GUARD_YES": "Guard:\nSo it is. Go on,\nlamp bearer.\n",
    "GUARD_NO": "Guard: Wrong!\nHe blows at your\nlamp. A flame\ngoes out.",
    "OWL": "Owl: I live in\nthis tree. Bring\nme my feather, and\ncalm is yours.",
    "TREE": "An old hollow\ntree. Something\nscratches inside.\n",
    "TREE_BEES": "Bees! You run, and\na flame goes out.\nThis is not the\nowl's tree.",
    "TREE_GLASS": "Owl: My feather!\nTake the storm\nglass. It makes\nthe wind lie down.",
    "FEATHER": "\nA feather lies at\nhis feet. You take\nit with you.",
    "GHOST": "A ghost! It blows\nat your lamp, and\na flame goes out.\n",
    "GRAVE_KEY": "Under the stone\nlies a silver key.\nIt has a mine's\nmark on it.",
    "GATE_SHUT": "A gate of iron.\nIt is locked. The\nmine is behind it.\n",
    "GATE_OPEN": "The silver key\nturns. The mine is\nopen.\n",
    "STORM_SHUT": "The storm throws\nyou back. Nobody\ngets through here.\n",
    "STORM_OPEN": "You hold up the\nstorm glass. The\nwind lies down\nlike a dog.",
    "ROCKS": "Rocks fall! You\njump back, and a\nflame goes out.\n",
    "SINKS": "The stone sinks!\nYou scramble back.\nA flame goes out.\n",
    "LOST_WAY": "You have walked in\ncircles. A flame\ngoes out.\n",
    "EMBER": "An ember glows in\nthe chest. It will\nlight the great\nlantern.",
    "CHEST_EMPTY": "It is empty now.\n",
    "WHEELS_NO": "A cold wind comes\nout of the lock. A\nflame goes out.\n",
    "WHEELS_YES": "The wheels click.\nThe lighthouse is\nopen.\n",
    "DOOR_SHUT": "Four wheels hold\nthe door shut.\n",
    "NO_EMBER": "The great lantern.\nYour little lamp\ncannot light it.\n",
    "BEAST_GONE": "You hold up the\n{picked}. The beast\nhowls and is gone.\n",
    "SIGN0": "W Millbrook\nN mine and peaks\nE grey keep\nS shore",
    "SIGN1": "Whispering wood.\nOne wrong turn and\nyou are lost.\n",
    "DARK": "Dark.\n\nYour last flame\nis gone.",
    "EATEN": "The beast does not\nfear a {picked}.\n",
    "EATEN0": "Your hands are\nempty. The beast\nis not afraid.\n",
    "MIMIC": "The chest has\nteeth. It was a\ntrap.\n",
    "OIL_OUT": "The oil is used\nup. It is dark,\nand it stays so.\n",
    "WON": "There is light!",
    "LOST": "The night stays.",
    "PRESS": "PRESS START",
}


def encode(text):
    out, lines, column = [], 0, 0
    i = 0
    while i < len(text):
        ch = text[i]
        if ch == "{":
            j = text.index("}", i)
            out.append(WORD + WORDS.index(text[i + 1:j]))
            column += LONGEST[text[i + 1:j]]
            i = j
        elif ch == "\n":
            if text[i + 1:i + 2] == "|":
                out.append(PAGE)
                i += 1
                lines = -1
            else:
                out.append(LINE)
            lines, column = lines + 1, 0
            assert lines < 4, text
        else:
            out.append(font.CHARACTERS.index(ch))
            column += 1
        assert column <= 18, (text, column)
        i += 1
    return out + [END]


def write(out, places, names):
    assert len(WORDS) <= LINE - WORD
    assert len(font.CHARACTERS) < WORD

    def strings(name, items):
        data, starts = [], []
        for item in items:
            starts.append(len(data))
            data += encode(item)
        out.array("%s_text" % name, data)
        out.array("%s_at" % name, starts, "uint16_t")
    for i, name in enumerate(TEXTS):
        out.number("T_" + name, i)
    out.number("CH_END", END), out.number("CH_PAGE", PAGE), out.number("CH_LINE", LINE), out.number("CH_WORD", WORD)
    for ch, name in (("<", "LEFT"), (">", "RIGHT"), ("^", "UP"), ("_", "DOWN"), ("-", "DASH"), ("0", "0"), ("1", "1"), ("A", "A")):
        out.number("CH_" + name, font.CHARACTERS.index(ch))
    strings("words_text", TEXTS.values())
    strings("words_place", places)
    everything, first = [], {}
    for name, items in LISTS.items():
        first[name] = len(everything)
        everything += items
    for name, n in first.items():
        out.number("WORDS_" + name.upper(), n)
    out.number("WORDS_NAMES", len(everything))
    strings("words_list", everything + names)
