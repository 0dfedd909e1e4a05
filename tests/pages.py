"""Holds the pages against the program: pages.py LONGPLAY [PAGE...]. Prints what is untrue with page and line; exits with 1 if anything is.

Of README.md, docs/ and games/suites/: every command in a fenced block is run, a page's in order, in a new folder that is also HOME, without a
display; one that is named in a sentence must exist, with its options. Of every page of the repository: links, pictures and anchors
lead somewhere, JSON and Python parse. How a page says what its reader has, and what is not run, in words that its readers do not see:

    ```sh                           commands, a line each; they must succeed
    ```console                      `$ command`, and what it prints: compared, but for times and rates; a line `...` is any number of lines
    ```console exit 1               ... the last of them exits with 1
    ```sh no-test: why              not run; counted, with the reason
    <!-- file: doors.txt -->        the next block is what the reader has put into this file (`file+:` adds it to the end)
    <!-- fields: longplay.json -->  ... these JSON fields into this file
    <!-- test: cp a b -->           a command that stands for what the reader has or does; it must succeed. $SOURCE is this repository

What takes long is shortened by SHORTER, below.
"""
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 60

# What a test cannot wait for: a pattern, and what is run instead; None: nothing, for this reason.
SHORTER = [
    (r"(longplay play .*)--web 127.0.0.1:8600", r"\1--web 127.0.0.1:0 --decisions 20"),
    (r"--web 127.0.0.1:8600", "--web 127.0.0.1:0 --speed max"),
    (r"--stream rtmp://HOST/APP/KEY", "--stream rtmp://127.0.0.1:1/APP/KEY --decisions 20"),
    (r"--chat ircs://\S+", "--chat irc://127.0.0.1:1/c"),
    (r"--minutes \d+", "--minutes 0.05 --train.envs=8 --eval-episodes 4"),
    (r"longplay bench (\w+)$", r"longplay bench \1 cue --seconds 0.2"),
    (r"longplay eval memory( .*)?--episodes 1000", r"longplay eval memory\1--episodes 1"),
    (r"longplay eval memory(?!.*--episodes)", "longplay eval memory --episodes 1"),
    (r"longplay eval (cue|my-suite.json)(?!.*--episodes)", r"longplay eval \1 --episodes 4"),
    (r"(longplay stream [^#]*[^# ])", r"\1 --speed max --set horizon=20 --episodes 1"),
    (r"make (play|test)$", None, "builds everything"),
    (r"sudo ", None, "installs packages"),
    (r"(--record|--video|-o) (\S+\.(mkv|mp4))( --layout \w+)?", r"\1 \2 --layout game --size 640x480"),
    (r"pip install", None, "the test `python` does"),
    (r"tests/gpu\.sh", None, "needs a GPU"),
]
# What differs from time to time in what is printed.
TIMES = [(r"\b[\d.,]+ s\b", "# s"), (r"\b[\d,]+ decisions/s", "# decisions/s")]


class Block:
    """A fenced block: tag, its lines, the line its first is on, and what an HTML comment said just before."""

    def __init__(self, tag: str, lines: list[str], line: int, file: str):
        self.tag, self.lines, self.line, self.file = tag, lines, line, file


def parts(text: str):
    """A page's blocks and hidden commands in order, as (line, Block or command); and its sentences, with the blocks blanked."""
    found, prose, file, lines = [], [], "", text.splitlines()
    i = 0
    while i < len(lines):
        fence = re.match(r"(\s*)```(.*)$", lines[i])
        hidden = re.match(r"<!-- (file\+?|fields|test): (.+) -->$", lines[i])
        if fence:
            end = next((k for k in range(i + 1, len(lines)) if lines[k].strip() == "```"), len(lines))
            found.append((i + 2, Block(fence[2].strip(), lines[i + 1 : end], i + 2, file)))
            prose += [""] * (min(end, len(lines) - 1) - i + 1)
            file, i = "", end + 1
            continue
        if hidden and hidden[1] == "test":
            found.append((i + 1, hidden[2]))
        elif hidden:
            file = hidden[1] + ":" + hidden[2]
        prose.append(lines[i])
        i += 1
    return found, prose


def commands(block: Block):
    """(line, command, the lines it is said to print or None) of a block of sh or console."""
    result, i = [], 0
    while i < len(block.lines):
        line, text = block.line + i, block.lines[i]
        prompt = block.tag.split()[0] == "console"
        i += 1
        if prompt and not text.startswith("$ ") or not text.strip():
            continue
        while text.endswith("\\") and i < len(block.lines):
            text, i = text[:-1] + block.lines[i], i + 1
        said = []
        while prompt and i < len(block.lines) and not block.lines[i].startswith("$ "):
            said.append(block.lines[i])
            i += 1
        result.append((line, text[2:] if prompt else text, said if prompt else None))
    return result


def same(said: list[str], printed: str) -> bool:
    def plain(text: str) -> str:
        for pattern, instead in TIMES:
            text = re.sub(pattern, instead, text)
        return text.rstrip()

    wanted = "\n".join(r"(?:.*\n)*?.*" if line == "..." else re.escape(plain(line)) for line in said)
    return re.fullmatch(wanted, "\n".join(plain(line) for line in printed.rstrip("\n").split("\n"))) is not None


class Pages:
    def __init__(self, longplay: str):
        self.longplay, self.wrong, self.skipped, self.n_run = Path(longplay).resolve(), [], [], 0
        self.helps: dict[str, str] = {}

    def fail(self, page: Path, line: int, what: str):
        self.wrong.append(f"{os.path.relpath(page, ROOT)}:{line}: {what}")

    # ---- commands ----

    def environment(self, folder: Path) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "LONGPLAY_DATA")}
        return {**kept, "HOME": str(folder), "PATH": f"{folder / '.bin'}:{os.environ['PATH']}", "SOURCE": str(ROOT)}

    def run(self, command: str, folder: Path) -> tuple[int, str]:
        try:
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=self.environment(folder), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return 124, f"still going on after {TIMEOUT_S} s"
        return done.returncode, done.stdout

    def play(self, page: Path, line: int, command: str, said: list[str] | None, exits: int, folder: Path):
        for pattern, instead, *why in SHORTER:
            if re.search(pattern, command.split(" #")[0].rstrip()):
                if instead is None:
                    self.skipped.append(f"{page.relative_to(ROOT)}:{line}: {command}: {why[0]}")
                    return
                command = re.sub(pattern, instead, command.split(" #")[0].rstrip())
        self.n_run += 1
        code, printed = self.run(command, folder)
        if code != exits:
            self.fail(page, line, f"`{command}` exits with {code}, not {exits}:\n{printed.rstrip()}")
        elif said is not None and not same(said, printed):
            self.fail(page, line, f"`{command}` prints\n{printed.rstrip()}\n---- the page says\n" + "\n".join(said))

    def check_commands(self, page: Path, found: list):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / ".bin").mkdir()
            (folder / ".bin/longplay").symlink_to(self.longplay)
            for line, part in found:
                if isinstance(part, str):
                    self.play(page, line, part, None, 0, folder)
                    continue
                if part.file:
                    put(part, folder)
                    continue
                kind, _, rest = part.tag.partition(" ")
                if not kind and any(l.startswith(("$ ", "longplay ")) for l in part.lines):
                    self.fail(page, line, "commands in a block that is neither sh nor console")
                if kind not in ("sh", "console"):
                    continue
                if rest.startswith("no-test: "):
                    self.skipped += [f"{page.relative_to(ROOT)}:{at}: {command}: {rest[9:]}" for at, command, _ in commands(part)]
                    continue
                exits = re.fullmatch(r"exit (\d+)", rest)
                if rest and not exits:
                    self.fail(page, line, f"what is `{rest}`?")
                listed = commands(part)
                for i, (at, command, said) in enumerate(listed):
                    self.play(page, at, command, said, int(exits[1]) if exits and i == len(listed) - 1 else 0, folder)

    def help(self, words: tuple[str, ...]) -> str:
        if words not in self.helps:
            done = subprocess.run([self.longplay, *words, "--help"], capture_output=True, text=True)
            self.helps[words] = done.stdout if done.returncode == 0 else ""
        return self.helps[words]

    def check_mentioned(self, page: Path, prose: list[str]):
        """`longplay COMMAND --option` in a sentence: is there such a command, with such an option?"""
        text = "\n".join(prose)
        for span in re.finditer(r"`longplay ([a-z][^`]*)`", text):
            words, line = span[1].split(), text.count("\n", 0, span.start()) + 1
            command = tuple(words[:2]) if words[0] == "game" and len(words) > 1 and words[1].islower() else (words[0],)
            helped = self.help(command)
            if not helped:
                self.fail(page, line, f"there is no `longplay {' '.join(command)}`")
            for option in re.findall(r"--[a-z][a-z._-]*", span[1]):
                if helped and option not in helped and f"  {option[2:]} " not in helped:
                    self.fail(page, line, f"`longplay {command[0]}` has no {option}")

    # ---- links and languages ----

    def check_links(self, page: Path, prose: list[str]):
        for number, text in enumerate(prose, 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                to = (page.parent / path).resolve() if path else page
                if not to.exists():
                    self.fail(page, number, f"{target} is not there")
                elif anchor and anchor not in anchors(to):
                    self.fail(page, number, f"{target}: there is no such heading")

    def check(self, page: Path, runs: bool):
        found, prose = parts(page.read_text())
        self.check_links(page, prose)
        self.check_mentioned(page, prose)
        for _, part in found:
            if isinstance(part, Block):
                self.check_language(page, part)
        if runs:
            self.check_commands(page, found)

    def check_language(self, page: Path, block: Block):
        text = "\n".join(block.lines)
        try:
            if block.tag == "json":
                fields(text)
            elif block.tag == "python":
                compile(text, str(page), "exec")
        except (json.JSONDecodeError, SyntaxError) as mistake:
            self.fail(page, block.line, f"not {block.tag}: {mistake}")


def check_magics(pages: Pages):
    """docs/formats.md names every magic that the sources write, in the version that they write."""
    page = ROOT / "docs/formats.md"
    sources = subprocess.run(["git", "-C", ROOT, "grep", "-ohE", '"LP[A-Z]{3,5}[0-9]{1,3}"', "--", "*.c", ":!tests"], capture_output=True, text=True)
    for magic in sorted(set(sources.stdout.split())):
        if f"`{magic[1:-1]}`" not in page.read_text():
            pages.fail(page, 1, f"does not name {magic}, which the sources write")


def check_drawings(pages: Pages):
    """Each drawing has been made anew (make drawings) since its labels were changed."""
    for source in sorted((ROOT / "docs/drawings").glob("*.dot")):
        made = source.with_suffix(".svg")
        drawn = [html.unescape(text).strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", made.read_text())] if made.exists() else []
        for label in re.findall(r'label = "([^"]*)"', source.read_text()):
            for line in label.split("\\n"):
                if line.strip() not in drawn:
                    pages.fail(source, 1, f"'{line.strip()}' is not in {made.name}: make drawings")


def fields(text: str):
    """JSON, or a few fields of an object."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads("{" + text.rstrip().rstrip(",") + "}")


def put(block: Block, folder: Path):
    """What the reader has put into a file."""
    how, name = block.file.split(":", 1)
    path, text = folder / name, "\n".join(block.lines) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "fields":
        text = json.dumps({**json.loads(path.read_text()), **fields(text)})
    path.write_text(path.read_text() + text if how == "file+" else text)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    names: set[str] = set()
    for line in parts(page.read_text())[1]:
        heading = re.match(r"#+ (.+?)\s*$", line)
        if not heading:
            continue
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading[1]).lower()).replace(" ", "-")
        n = 0
        while (f"{name}-{n}" if n else name) in names:
            n += 1
        names.add(f"{name}-{n}" if n else name)
    return names


UNTRUE = """# A page
`longplay play --no-such-option` and `longplay juggle`, [gone](gone.md), [no heading](#nowhere), [itself](#a-page)
```sh
false
```
```console
$ echo two
one
$ echo three; echo 4.5 s
...
7 s
```
```console exit 3
$ exit 3
```
```json
{"a": 1,}
```
<!-- test: exit 7 -->
"""


def check_itself(longplay: str) -> bool:
    """Everything that is untrue in UNTRUE is found, and nothing else."""
    pages = Pages(longplay)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.md"
        page.write_text(UNTRUE)
        pages.check(page, True)
    good = sorted(int(one.split(":")[1]) for one in pages.wrong) == [2, 2, 2, 2, 4, 7, 17, 19]
    if not good:
        print("this test does not find what it should:\n" + "\n".join(pages.wrong))
    return good


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    if not check_itself(sys.argv[1]):
        return 1
    pages = Pages(sys.argv[1])
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.md"], capture_output=True, text=True, check=True)
    every = [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]
    chosen = [Path(name).resolve() for name in sys.argv[2:]] or every
    for page in chosen:
        pages.check(page, page == ROOT / "README.md" or page.parent in (ROOT / "docs", ROOT / "games/suites"))
    check_magics(pages)
    check_drawings(pages)
    print("\n".join(f"skipped: {one}" for one in pages.skipped))
    print("\n".join(pages.wrong) if pages.wrong else f"{pages.n_run} commands ran, {len(pages.skipped)} skipped, {len(chosen)} pages hold")
    return 1 if pages.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
