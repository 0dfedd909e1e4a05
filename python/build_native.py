"""The C side of the package: longplay._native, made by cffi from the repository's own headers and sources.

Nothing is declared twice: what Python may call is what the public headers say, read from them here. The sources are those
of the folders that play games; of the libraries that Longplay uses they need three.
"""
import re
from pathlib import Path

import cffi

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ["base/status.h", "emulator/emulator.h", "env/game.h", "env/observation.h", "env/vec.h"]
LIBRARIES = ["mgba", "cjson", "xxhash"]
FOLDERS = ("base", "emulator", "env")


def sources() -> list[str]:
    """The C files, relative to this folder, as setuptools wants them."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.c") if path.name != "config.c"]  # settings need inih
    return sorted("../" + path.relative_to(ROOT).as_posix() for path in found)


def headers() -> list[str]:
    """Every header, for setuptools to know when to build again."""
    return sorted("../" + path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).glob("*.h"))


def version() -> str:
    """Longplay's version, as CMakeLists.txt says it."""
    found = re.search(r"project\(longplay VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    if not found:
        raise SystemExit("CMakeLists.txt: no project(longplay VERSION ...)")
    return found.group(1)


def declarations(path: str) -> str:
    """A header as cffi reads it: without what the preprocessor and the compiler's checks need."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(), flags=re.DOTALL)
    text = re.sub(r"__attribute__\(\(.*?\)\)\)", "", text)
    text = re.sub(r"(static const \w+ \w+) = [^;]+;", r"\1;", text)  # its value comes from the compiler
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


ffi = cffi.FFI()
for header in HEADERS:
    ffi.cdef(declarations(header))
ffi.set_source(
    "longplay._native",
    "".join(f'#include "{header}"\n' for header in HEADERS),
    sources=sources(),
    depends=headers(),
    include_dirs=[".."],
    libraries=LIBRARIES,
    # a shipped game's folder is found in Python: the C side needs no source folder
    define_macros=[("_GNU_SOURCE", None), ("LP_VERSION", f'"{version()}"')],
    extra_compile_args=["-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-pthread"],
    extra_link_args=["-pthread"],
)
