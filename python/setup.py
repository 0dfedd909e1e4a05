"""Builds the package from a clone of the repository: compiles its C sources (see build_native.py) and brings the shipped games along.

All intermediate files go to a temporary folder, so that `pip install ./python` leaves the clone as it was.
"""
import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
if not (HERE.parent / "env" / "vec.h").exists():
    sys.exit("longplay: the C sources are not beside this folder. Install from a clone of the repository: pip install ./python")
sys.path.insert(0, str(HERE))
import build_native  # noqa: E402

# Debian package, a header of it, a library and a function in it
NEEDED = [
    ("libmgba-dev", "mgba/core/core.h", "mgba", "mCoreFind"),
    ("libcjson-dev", "cjson/cJSON.h", "cjson", "cJSON_Delete"),
    ("libxxhash-dev", "xxhash.h", "xxhash", "XXH64"),
    ("libinih-dev", "ini.h", "inih", "ini_parse"),
    ("liblz4-dev", "lz4.h", "lz4", "LZ4_decompress_safe"),
    ("libopenblas-dev", "cblas.h", "openblas", "openblas_set_num_threads"),
]


class BuildNative(build_ext):
    """Says which packages are missing before the compiler does, in a thousand lines."""

    def has(self, header: str, library: str, function: str) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / "probe.c"
            before = "#include <mgba/flags.h>\n" if library == "mgba" else ""
            probe.write_text(f"#define _GNU_SOURCE\n{before}#include <{header}>\nint main(void) {{ void *volatile p = (void *){function}; return p == 0; }}\n")
            try:
                objects = self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=["-w"])
                self.compiler.link_shared_object(objects, f"{folder}/probe.so", libraries=[library])
            except Exception:  # whatever the compiler's wrapper raises
                return False
        return True

    def build_extensions(self) -> None:
        missing = [package for package, header, library, function in NEEDED if not self.has(header, library, function)]
        if missing:
            sys.exit(f"longplay: these libraries are missing, or there is no C compiler. On Debian: apt-get install gcc {' '.join(missing)}")
        super().build_extensions()


class BuildPython(build_py):
    """Copies the shipped games into the package: what is needed to play them and who plays them, not their sources."""

    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            return  # then they are found in the clone
        games = HERE.parent / "games"
        for settings in sorted([*games.glob("*/longplay.json"), *games.glob("community/*/longplay.json")]):
            folder = settings.parent.relative_to(games)
            roms = () if folder.parts[0] == "community" else (".gb", ".gbc", ".gba")  # a user's are not ours to pass on
            target = Path(self.build_lib) / "longplay" / "games" / folder
            target.mkdir(parents=True, exist_ok=True)
            for path in settings.parent.iterdir():
                if path.suffix in (".json", ".sha", ".safetensors", *roms):
                    shutil.copy(path, target)


# so deep that objects of ../base/x.c stay inside
temporary = tempfile.mkdtemp(prefix="longplay-build-")
atexit.register(shutil.rmtree, temporary, ignore_errors=True)
Path(f"{temporary}/a/b/build/temp").mkdir(parents=True)
setup(
    version=build_native.version(),
    packages=["longplay"],
    package_data={"longplay": ["py.typed"]},
    cffi_modules=["build_native.py:ffi"],
    libraries=[build_native.CONTRACTED],
    cmdclass={"build_ext": BuildNative, "build_py": BuildPython},
    options={
        "build": {"build_base": f"{temporary}/a/b/build", "build_temp": f"{temporary}/a/b/build/temp"},
        "build_clib": {"build_clib": f"{temporary}/a/b/build/lib", "build_temp": f"{temporary}/a/b/build/temp"},
        "egg_info": {"egg_base": temporary},
    },
)
