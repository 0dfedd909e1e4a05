"""The C side of the package: longplay._native, made by cffi from the repository's own headers and sources.

Nothing is declared twice: what Python may call is what the public headers say, read from them here. The sources are those
that play games, remember and act; what Longplay keeps in SQLite, Python reads with its own.
"""
import re
from pathlib import Path

import cffi

ROOT = Path(__file__).resolve().parent.parent
# A header, and what of it is wanted, where that is not all: what else it declares is in sources that are not here.
HEADERS: dict[str, tuple[str, ...]] = {
    "base/status.h": (), "base/limits.h": (), "base/pool.h": (), "base/config.h": (), "base/hash.h": ("lp_hash64",),
    "emulator/emulator.h": (), "env/game.h": (), "env/observation.h": (), "env/vec.h": (),
    "memory/memory.h": (), "memory/settings.h": (), "policy/policy.h": (), "saves/movie.h": (),
    "harness/seat.h": ("lp_policy_fits",), "harness/choose.h": (), "harness/run.h": ("lp_run_config", "lp_run_config_read"),
}
LIBRARIES = ["mgba", "cjson", "xxhash", "inih", "openblas", "lz4"]
SOURCES = [
    "base/*.c", "emulator/*.c", "env/*.c", "kernels/*.c", "policy/*.c", "memory/*.c", "saves/movie_*.c",
    "harness/seat.c", "harness/choose.c", "harness/run_config.c",
    "players/guest_name.c", "players/program_setup.c", "players/chat_setup.c", "players/chat_table.c", "players/chat_prices.c",
]
NOT_HERE = ["memory/store*.c", "policy/cuda*.c", "kernels/conv_direct.c"]  # SQLite; NVIDIA GPUs; below
HERE_AFTER_ALL = ["policy/cuda_none.c"]
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-pthread"]
MACROS = [("_GNU_SOURCE", None)]


def found(patterns: list[str]) -> set[Path]:
    return {path for pattern in patterns for path in ROOT.glob(pattern)}


def sources() -> list[str]:
    """The C files, relative to this folder, as setuptools wants them."""
    return sorted("../" + path.relative_to(ROOT).as_posix() for path in (found(SOURCES) - found(NOT_HERE)) | found(HERE_AFTER_ALL))


# A multiply and an add in one instruction, as the program's build has it in this one file (kernels/CMakeLists.txt): so the bits are the same.
CONTRACTED = ("longplay_contracted", {
    "sources": ["../kernels/conv_direct.c"], "include_dirs": [".."], "macros": MACROS,
    "cflags": [*FLAGS, "-ffp-contract=fast", "-Wno-psabi"],
})


def headers() -> list[str]:
    """Every header, for setuptools to know when to build again."""
    folders = {pattern.split("/")[0] for pattern in SOURCES}
    return sorted("../" + path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).glob("*.h"))


def version() -> str:
    """Longplay's version, as CMakeLists.txt says it."""
    found = re.search(r"project\(longplay VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    if not found:
        raise SystemExit("CMakeLists.txt: no project(longplay VERSION ...)")
    return found.group(1)


def declarations(path: str, wanted: tuple[str, ...]) -> str:
    """A header as cffi reads it: without what the preprocessor and the compiler's checks need, and without objects, which are found by name."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(), flags=re.DOTALL)
    text = re.sub(r"__attribute__\(\(.*?\)\)\)", "", text)
    text = re.sub(r"^static inline .*\}$", "", text, flags=re.MULTILINE)
    text = re.sub(r"(static const \w+ \w+) = [^;]+;", r"\1;", text)  # its value comes from the compiler
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(("#", "extern ")))
    if wanted:
        parts = re.findall(r"^typedef \w+ \{.*?^\} \w+;|^[^\n;{}]+\([^;]*?\);", text, flags=re.DOTALL | re.MULTILINE)
        text = "\n".join(part for part in parts if re.search(rf"\b({'|'.join(wanted)})(;|\()", part))
    return text


ffi = cffi.FFI()
for header, wanted in HEADERS.items():
    ffi.cdef(declarations(header, wanted))
# Who chooses a context for the query that reads it: lp_observation.recall, answered in Python.
ffi.cdef('extern "Python" int longplay_recall(void *memory, const float *query);')
ffi.set_source(
    "longplay._native",
    "".join(f'#include "{header}"\n' for header in HEADERS),
    sources=sources(),
    depends=headers(),
    include_dirs=[".."],
    libraries=LIBRARIES,
    # a shipped game's folder is found in Python: the C side needs no source folder
    define_macros=[*MACROS, ("LP_VERSION", f'"{version()}"')],
    extra_compile_args=FLAGS,
    extra_link_args=["-pthread"],
)
