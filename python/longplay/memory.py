"""The memory of one environment: Longplay's architectures, and what one written in Python must have."""
from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from longplay import _core
from longplay._core import InputError
from longplay._native import ffi, lib

Array = np.ndarray[Any, Any]

ARCHITECTURES: tuple[str, ...] = tuple(ffi.string(lib.lp_mem_arch_choices()).decode().split("|"))
"""The names of the architectures that there are: "none", "window", "tree", ..."""

_table = ffi.new("lp_setting[]", lib.LP_MEM_MAX_ROWS)
_n_rows = lib.lp_mem_rows(_table, 0, True)
_ROWS: dict[str, Any] = {ffi.string(_table[i].name).decode().removeprefix("memory."): _table[i] for i in range(1, _n_rows)}


class Context(NamedTuple):
    """What a policy may look at: summaries' items from the highest level down, then raw ones, oldest first in each."""

    vector: Array
    """float32 [n, dim]"""
    salience: Array
    """float32 [n]: added to an item's attention logit"""
    level: Array
    """int32 [n]: 0 a raw item, 1 and more: kept by a summary of that level"""
    step: Array
    """int64 [n]: the decision in its episode that wrote it"""


class Summary(NamedTuple):
    """A summary that the last append made."""

    level: int
    """1: of a chunk of items; n + 1: of several summaries of level n"""
    number: int
    """0, 1, ... within its level"""
    first: int
    """the steps it stands for, first to last"""
    last: int
    steps: Array
    """int64: the items it kept, oldest first"""
    parent: int
    """the number, on the next level, of the summary that it is merged into"""


class Architecture(Protocol):
    """What a Player asks of a memory; longplay.Memory has it. Derive from it, or have the same methods.

    max_context  the most items that a context ever has
    wants_query  context is called with the query of the decision that reads, and may bring back what it has left out before. Without,
                 query is None.
    """

    max_context: int
    wants_query: bool = False

    def reset(self, seed: int) -> None:
        """A new episode, of that seed: everything is forgotten."""
        ...

    def append(self, vector: Array, salience: float) -> None:
        """Remembers the item of the next step, 0 after a reset. vector: float32 [dim], which may be kept."""
        ...

    def context(self, query: Array | None = None) -> tuple[Any, Any, Any, Any]:
        """vector [n, dim], salience [n], level [n], step [n], as longplay.Context has them. query: float32 [heads, dim]; attention scores an
        item by query . vector / sqrt(dim), plus what its level and age add, plus its salience."""
        ...


def _configure(config: Any, settings: dict[str, Any]) -> None:
    """Sets an lp_mem_config's settings by name: numbers, or names of choices. InputError: unknown, out of range."""
    err = ffi.new("lp_err *")
    for name, value in settings.items():
        row = _ROWS.get(name)
        choices = ffi.string(row.choices).decode().split("|") if row is not None and row.choices else None
        if choices is None and isinstance(value, str):
            raise TypeError(f"{name}: {value!r} is not a whole number")
        if choices is not None:
            _core.choice(name, value, choices)
            value = choices.index(value) + 1
        value = _core.whole(name, value, -(2**63), 2**63 - 1)
        if value == 0 and row is not None:
            raise InputError(f"memory: {name} is 0, must be {row.min:.0f} to {row.max:.0f}, but not 0")
        _core.check(lib.lp_mem_set(config, name.encode(), value, err), err)


def _settings_of(config: Any) -> dict[str, int | str]:
    choice, text = ffi.new("lp_mem_choice *"), ffi.new("char[]", lib.LP_SETTING_BYTES)
    lib.lp_mem_choose(choice, config)
    settings: dict[str, int | str] = {}
    for name, row in _ROWS.items():
        if lib.lp_mem_set(ffi.new("lp_mem_config *", {"arch": config.arch}), name.encode(), 0, ffi.NULL) != lib.LP_OK:
            continue  # another architecture's
        lib.lp_config_value(choice, ffi.addressof(row), text, len(text))
        shown = ffi.string(text).decode()
        settings[name] = shown if row.choices else int(shown)
    return settings


def _restored(arch: str, dim: int, settings: dict[str, Any], state: bytes) -> Memory:
    memory = Memory(arch, dim, **settings)
    memory.load(state)
    return memory


class Memory:
    """A memory in C: items go in, a bounded context comes out. The same as the program's, bit for bit.

        memory = longplay.Memory("tree", 32, chunk=8, keep="newest")
        memory.append(vector, salience)                # decision 0, 1, 2, ...
        vector, salience, level, step = memory.context()

    arch         one of longplay.ARCHITECTURES; `longplay info` says what each is, docs/memory.md why
    dim          numbers a vector
    settings     the architecture's, by name; the rest have their defaults

    settings     all of them, with their values
    max_context  the most items that a context can ever have
    wants_query  its contexts are made for the query that reads them: context(query)
    can_renew    renew may be called
    items_read   items that the last context(query) looked at; without a query, those that it showed

    One thread at a time may use a memory. It can be copied and pickled. InputError: an unknown architecture or setting, a value out of range.
    """

    def __init__(self, arch: str, dim: int, **settings: int | str) -> None:
        _core.choice("arch", arch, ARCHITECTURES)
        config = ffi.new("lp_mem_config *", {"arch": lib.lp_mem_find(arch.encode()), "dim": _core.whole("dim", dim, 1, 65536)})
        _configure(config, settings)
        self._open(config)

    @classmethod
    def _of(cls, config: Any) -> Memory:
        """One with an lp_mem_config."""
        memory = cls.__new__(cls)
        memory._open(config)
        return memory

    def _open(self, config: Any) -> None:
        err, out = ffi.new("lp_err *"), ffi.new("lp_mem **")
        _core.check(lib.lp_mem_complete(config, err), err)
        _core.check(lib.lp_mem_open(out, config, err), err)
        self._config, self._err = config, err
        self._mem: Any = ffi.gc(out[0], lib.lp_mem_close)
        self.arch: str = ffi.string(lib.lp_mem_arch_name(config.arch)).decode()
        self.dim: int = config.dim
        self.settings = _settings_of(config)
        self.max_context: int = lib.lp_mem_max_context(config)
        self.wants_query = bool(lib.lp_mem_wants_query(config.arch))
        self.can_renew = bool(lib.lp_mem_can_renew(config.arch))
        self.items_read = 0
        self.reset()

    def __repr__(self) -> str:
        settings = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"<longplay.Memory({self.arch!r}, {self.dim}{settings}): {self.steps} items appended>"

    def __reduce__(self) -> Any:
        return _restored, (self.arch, self.dim, self.settings, self.save())

    @property
    def steps(self) -> int:
        """Items appended since the reset."""
        return int(lib.lp_mem_steps(self._mem))

    @property
    def nbytes(self) -> int:
        """Bytes of RAM that it holds."""
        return int(lib.lp_mem_bytes(self._mem))

    def _vectors(self, name: str, given: Any, shape: tuple[int, ...]) -> Array:
        array = np.ascontiguousarray(given, np.float32)
        if array.shape != shape:
            raise InputError(f"{name}: must be {list(shape)}, not {list(array.shape)}")
        return array

    def reset(self, seed: int = 0) -> None:
        """A new episode: everything is forgotten. seed: the episode's, for architectures that draw lots."""
        lib.lp_mem_reset(self._mem, _core.whole("seed", seed, 0, 2**64 - 1))

    def append(self, vector: Any, salience: float) -> None:
        """Remembers the item of step `steps`. vector [dim] is copied; a salience that is not finite counts as the lowest."""
        lib.lp_mem_append(self._mem, ffi.from_buffer("float[]", self._vectors("vector", vector, (self.dim,))), salience)

    def extend(self, vectors: Any, saliences: Any) -> None:
        """Appends several: [n, dim] and [n]."""
        weights = np.asarray(saliences, np.float32)
        if weights.ndim != 1:
            raise InputError(f"saliences: must be [n], not {list(weights.shape)}")
        rows = ffi.from_buffer("float[]", self._vectors("vectors", vectors, (len(weights), self.dim)))
        append, memory = lib.lp_mem_append, self._mem
        for i, salience in enumerate(weights.tolist()):
            append(memory, rows + i * self.dim, salience)

    def context(self, query: Any = None, without_salience: bool = False) -> Context:
        """What may be looked at now: new arrays, which C writes into. query: float32 [heads, dim]; who does not want one shows the same with
        any. Without, those that want one show the newest items. without_salience: attention's scores have none (policy.bias = none)."""
        n = lib.lp_mem_max_context_at(self._config, lib.lp_mem_steps(self._mem))
        return self._context_in(_empty(n, self.dim), ffi.NULL if query is None else (*self._query(query), without_salience))

    def _query(self, query: Any) -> Any:
        array = np.ascontiguousarray(query, np.float32)
        if array.ndim != 2 or array.shape[1] != self.dim or not 1 <= len(array) <= lib.LP_MEM_MAX_HEADS:
            raise InputError(f"query: must be [heads, {self.dim}] with 1 to {lib.LP_MEM_MAX_HEADS} heads, not {list(array.shape)}")
        return len(array), ffi.from_buffer("float[]", array)

    def _context_in(self, out: Context, query: Any) -> Context:
        """Writes the context into out, whose arrays are large enough; query: heads, a float * and whether it is without
        salience, or NULL. Returns the part that is filled."""
        view, read = _view(out), ffi.new("int64_t *")
        asked = ffi.new("lp_mem_query *", {"heads": query[0], "q": query[1], "n_read": read, "without_salience": query[2]}) if query != ffi.NULL else query
        n = lib.lp_mem_context(self._mem, asked, view)
        self.items_read = int(read[0]) if self.wants_query and query != ffi.NULL else n
        return Context(*(array[:n] for array in out))

    def renew(self, vector: Any, salience: Any) -> None:
        """Puts vectors [n, dim] and saliences [n] in the place of those that context() shows, in its order: the same items as another encoder
        writes them. Nothing is chosen anew. InputError: it holds more than it shows (can_renew)."""
        if not self.can_renew:
            raise InputError(f"memory {self.arch}: holds more than it shows, and cannot be renewed")
        n = len(self.context().step)
        rows, weights = self._vectors("vector", vector, (n, self.dim)), self._vectors("salience", salience, (n,))
        lib.lp_mem_renew(self._mem, ffi.from_buffer("float[]", rows), ffi.from_buffer("float[]", weights))

    def levels(self) -> tuple[int, ...]:
        """How many items the context has on each level, raw ones first."""
        counts = ffi.new("int[64]")
        return tuple(counts[0 : lib.lp_mem_levels(self._mem, counts, len(counts))])

    def new_summaries(self) -> list[Summary]:
        """The summaries that the last append made, lowest level first."""
        out = ffi.new("lp_mem_summary[64]")
        made = out[0 : lib.lp_mem_new_summaries(self._mem, out, len(out))]
        return [Summary(s.level, s.index, s.first, s.last, np.array(list(s.steps[0 : s.n_items]), np.int64), s.parent) for s in made]

    def save(self) -> bytes:
        """All of it, as checkpoints have it: a version, a checksum, the items."""
        size = lib.lp_mem_save_size(self._mem)
        out = ffi.new("char[]", size)
        lib.lp_mem_save(self._mem, out)
        return bytes(ffi.buffer(out, size))

    def load(self, state: bytes) -> None:
        """Goes on from where save was called. InputError, and nothing changed: damaged, or of other settings."""
        state = bytes(state)
        _core.check(lib.lp_mem_load(self._mem, state, len(state), self._err), self._err)


def _empty(n: int, dim: int) -> Context:
    return Context(np.empty((n, dim), np.float32), np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int64))


def _view(c: Context) -> Any:
    """c's arrays as an lp_mem_context_view, which does not keep them."""
    return ffi.new("lp_mem_context_view *", {
        "vector": ffi.from_buffer("float[]", c.vector), "salience": ffi.from_buffer("float[]", c.salience),
        "level": ffi.from_buffer("int32_t[]", c.level), "step": ffi.from_buffer("int64_t[]", c.step)})
