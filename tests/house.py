"""Holds the sources against CONTRIBUTING's table of folders: house.py [ROOT]. Prints what is out of order; exits with 1 if anything is.

The table says which folders a folder may include, and which folder alone touches an outside library. It is read here, so the page and the
code cannot drift apart. Also: a folder may only include folders that stand above it in the table (so there are no circles), every folder
with C sources is in the table, and no two files of the house share a base name.
"""
import re
import subprocess
import sys
from pathlib import Path

SOURCES = (".c", ".h", ".cu", ".cuh")
OUTSIDE = ("tests", "games")  # they may include anything; games are for another compiler


def table(text: str) -> dict[str, tuple[list[str], list[str]]]:
    """Folder: what it may include, the outside headers that it alone may."""
    rows = re.findall(r"^\| `([a-z]+)/` \|[^|]*\|([^|]*)\|([^|]*)\|$", text, re.MULTILINE)
    if not rows:
        raise SystemExit("CONTRIBUTING.md: no table of folders")
    return {name: (re.findall(r"[a-z]+", may), re.findall(r"`<([^>]+)>`", libraries)) for name, may, libraries in rows}


def mistakes(root: Path) -> list[str]:
    folders = table((root / "CONTRIBUTING.md").read_text())
    order = list(folders)
    found = [
        f"CONTRIBUTING.md: {folder}/ may include {other}/, which does not stand above it"
        for folder, (may, _) in folders.items()
        for other in may
        if other not in order or order.index(other) >= order.index(folder)
    ]
    owner = {header: folder for folder, (_, headers) in folders.items() for header in headers}
    base_names: dict[str, str] = {}
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = root / name
        folder = name.split("/")[0]
        if path.suffix not in SOURCES or folder in OUTSIDE or not path.exists():
            continue
        if folder not in folders:
            found.append(f"{name}: {folder}/ is not in CONTRIBUTING's table")
            continue
        if path.suffix == ".c" and base_names.setdefault(path.name, name) != name:
            found.append(f"{name}: {base_names[path.name]} has the same base name")
        for number, line in enumerate(path.read_text().splitlines(), 1):
            ours, theirs = re.match(r'#include "([^"/]+)/', line), re.match(r"#include <([^>]+)>", line)
            if ours and ours[1] != folder and ours[1] not in folders[folder][0]:
                found.append(f"{name}:{number}: {folder}/ may not include {ours[1]}/")
            header = next((h for h in owner if theirs and theirs[1].startswith(h)), None)
            if header and header not in folders[folder][1]:
                found.append(f"{name}:{number}: <{theirs[1]}> belongs to {owner[header]}/")
            if re.match(r'#include "[^/]*"', line):
                found.append(f"{name}:{number}: an include names its folder")
    return found


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    found = mistakes(root)
    print("\n".join(found) if found else "every include keeps to CONTRIBUTING's table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
