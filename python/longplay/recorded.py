"""A recorded run, for reading: what was played and remembered, and the frames, by playing its movie again."""
from __future__ import annotations

import os
import sqlite3
import struct
import urllib.parse
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np

from longplay import _core
from longplay._core import Game, InputError
from longplay._native import ffi, lib
from longplay.memory import Memory

Array = np.ndarray[Any, Any]

APPLICATION_ID, SCHEMA = 0x4C4F4E50, 3  # of run.db
HEAD, MAGIC = struct.Struct("<8s64xq"), b"LPRUN\0\0\2"  # of its checkpoint, docs/formats.md: the number of decisions is at byte 72

EPISODES = np.dtype([("episode", "i8"), ("seed", "u8"), ("first_decision", "i8"), ("result", object), ("n_decisions", "i8")])
EVENTS = np.dtype([("episode", "i8"), ("step", "i8"), ("decision", "i8"), ("name", object), ("text", object), ("milestone", "?")])
METRICS = np.dtype([("name", object), ("decision", "i8"), ("value", "f8")])
SUMMARIES = np.dtype([("episode", "i8"), ("level", "i8"), ("number", "i8"), ("first_step", "i8"), ("last_step", "i8"), ("parent_level", "i8"),
                      ("parent_number", "i8"), ("steps", object), ("text", object)])
AT_ONCE = 1 << 14  # items
ITEMS = [("decision", "i8"), ("episode", "i8"), ("step", "i8"), ("action", "i4"), ("salience", "f4"), ("text", object)]


def _text(characters: Any) -> str:
    return str(ffi.string(characters).decode(errors="surrogateescape"))


class _Store:
    """run.db. Each reading has a connection of its own, so that none stands in the way of a run that goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _connect(self) -> sqlite3.Connection:
        name = urllib.parse.quote(str(self.path))
        connection = sqlite3.connect(f"file:{name}?mode=ro", uri=True)
        try:
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if Path(f"{self.path}-wal").exists() or not self.path.exists():
                raise
            connection = sqlite3.connect(f"file:{name}?immutable=1", uri=True)  # in a folder where nothing can be written
        return connection

    def read(self, *queries: tuple[str, tuple[Any, ...]]) -> list[list[Any]]:
        """The rows of each, of one moment."""
        try:
            with closing(self._connect()) as connection:
                connection.execute("BEGIN")
                return [connection.execute(query, values).fetchall() for query, values in queries]
        except sqlite3.Error as error:
            raise InputError(f"{self.path}: {error}") from None


class Items(Sequence[Any]):
    """What was remembered of each decision, read from the disk as it is asked for. items[i] is a record, items[a:b] a structured array:

        decision, episode, step   int64
        action                    int32: an index in game.actions
        salience                  float32
        text                      str, or None: the events just before
        vector                    float32 [dim]

    items["salience"] is one field of all of them. An item's index is its decision. There are none where no policy played.
    """

    def __init__(self, store: _Store, n: int, dim: int) -> None:
        self._store, self._n, self.dim = store, n, dim
        self.dtype = np.dtype([*ITEMS, ("vector", "f4", (dim,))])

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"<longplay.Items: {self._n}, vectors of {self.dim}>"

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, self._n, AT_ONCE):
            yield from self[start : start + AT_ONCE]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, str):
            if index not in (self.dtype.names or ()):
                raise KeyError(index)
            return self._read([index], 0, self._n)[index].copy()
        if isinstance(index, slice):
            start, stop, step = index.indices(self._n)
            low, high = (start, stop) if step > 0 else (stop + 1, start + 1)
            rows = self._read(list(self.dtype.names or ()), low, max(low, high))
            return rows[::step] if step > 0 else rows[::-1][:: -step]
        i = range(self._n)[index]
        return self._read(list(self.dtype.names or ()), i, i + 1)[0]

    def _read(self, names: list[str], low: int, high: int) -> Array:
        """Those fields of the items from low on, up to high, which is left out."""
        out = np.empty(high - low, np.dtype([(name, *self.dtype.fields[name][:1]) for name in names]))  # type: ignore[index]
        for start in range(low, high, AT_ONCE):
            self._fill(out[start - low : start - low + AT_ONCE], names, start)
        return out

    def _fill(self, out: Array, names: list[str], low: int) -> None:
        columns, high = ", ".join(names), low + len(out)
        (rows,) = self._store.read((f"SELECT {columns} FROM items WHERE decision >= ? AND decision < ? ORDER BY decision", (low, high)))
        if len(rows) != len(out):
            raise InputError(f"{self._store.path}: has {len(rows)} of the items {low} to {high - 1}: the others were dropped (--keep)")
        for name, column in zip(names, zip(*rows)):
            if name == "vector":
                if any(len(vector) != 4 * self.dim for vector in column):
                    raise InputError(f"{self._store.path}: items {low} to {high - 1}: a vector has not {self.dim} numbers")
                out[name] = np.frombuffer(b"".join(column), "<f4").reshape(-1, self.dim)
            else:
                out[name] = column


class Frames(Sequence[Any]):
    """The pictures that were seen, a decision each, by playing the movie again: frames[i] is what was on the screen when decision i was taken,
    frames[a:b] an array of several, `for frame in frames` all of them in order. Nothing is kept; going on to the next is quick, a
    jump starts at the last machine state before it.
    """

    def __init__(self, run: Run, game: Game, look: _core.Look) -> None:
        self._n, self._look, self._path = run.decisions, look, run.folder / "movie.lpm"
        self.game = game
        self.shape = (self._n, *(look.space.shape or ()))
        self._err = ffi.new("lp_err *")
        self._open_movie()
        header = lib.lp_movie_info(self._movie)
        size = ffi.new("size_t *")
        rom = lib.lp_game_rom(game.pointer, size)
        if lib.lp_hash64(rom, size[0]) != header.rom_hash:
            raise InputError(f"{self._path}: was recorded with another ROM than that of {game.name}")
        out = ffi.new("lp_emu **")
        _core.check(lib.lp_game_open_emu(out, game.pointer, ffi.NULL, self._err), self._err)
        self._emu: Any = ffi.gc(out[0], lambda emu, game=game.pointer: lib.lp_emu_close(emu))  # which borrows the game's ROM
        self._frame_skip, self._state_bytes = header.frame_skip, header.state_size_bytes
        recorded = _text(header.core_version)
        here = _text(lib.lp_emu_core_version())
        self._states = recorded == here and lib.lp_emu_state_size(self._emu) == self._state_bytes
        if not self._states:
            warnings.warn(f"{self._path}: recorded on {recorded}, this is {here}: it is replayed from power-on, without its machine states", stacklevel=3)

    def _open_movie(self) -> None:
        out = ffi.new("lp_movie **")
        _core.check(lib.lp_movie_open(out, os.fsencode(self._path), self._err), self._err)
        self._movie: Any = ffi.gc(out[0], lib.lp_movie_read_close)
        self._op, self._end = ffi.new("lp_movie_op *"), ffi.new("bool *")
        self._at = -1  # the decision that comes next; the machine stands just before it
        self._placed = False

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"<longplay.Frames of {self._path.parent}: {self._look.space.dtype} {list(self.shape)}>"

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(self._n))

    def __getitem__(self, index: Any) -> Any:
        shape, dtype = self._look.space.shape or (), self._look.space.dtype
        if isinstance(index, slice):
            wanted = range(self._n)[index]
            out = np.empty((len(wanted), *shape), dtype)
            places = range(len(wanted)) if wanted.step > 0 else range(len(wanted) - 1, -1, -1)  # the machine goes forward
            for place in places:
                self._draw(wanted[place], out[place])
            return out
        one = np.empty(shape, dtype)
        self._draw(range(self._n)[index], one)
        return one

    def _draw(self, decision: int, out: Array) -> None:
        self._go(decision)
        _core.draw(self._emu, self._look, self.game.crop, out)

    def _next(self) -> bool:
        """The next operation; false at the end."""
        _core.check(lib.lp_movie_next(self._movie, self._op, self._end, self._err), self._err)
        return not self._end[0]

    def _go(self, decision: int) -> None:
        """Plays until just before that decision."""
        at, self._at = self._at, -1  # unknown, until it is reached
        if not 0 <= at <= decision or (self._states and decision - at > 256):
            at, self._placed = -1, False
            if self._states:
                _core.check(lib.lp_movie_seek(self._movie, decision, self._err), self._err)
            else:
                self._open_movie()
        elif at < decision:
            self._decide()
        while at != decision:
            if not self._next():
                raise InputError(f"{self._path}: ends before decision {decision}, the run's last checkpoint has {self._n}")
            op = self._op
            if op.kind == lib.LP_MOVIE_RESET:
                _core.check(lib.lp_emu_reset(self._emu, self._err), self._err)
                self._placed = True
            elif op.kind == lib.LP_MOVIE_STATE and not self._placed and self._states:
                _core.check(lib.lp_emu_state_load(self._emu, op.state, self._state_bytes, self._err), self._err)
                self._placed = True
            elif op.kind == lib.LP_MOVIE_POKE:
                lib.lp_emu_write8(self._emu, op.address, op.value)
            elif op.kind == lib.LP_MOVIE_KEYS:
                lib.lp_emu_step(self._emu, op.keys, op.n_frames)
            elif op.kind == lib.LP_MOVIE_DECISION:
                at = op.decision
                if at != decision:
                    self._decide()
        self._at = at

    def _decide(self) -> None:
        """The decision that was read is taken."""
        lib.lp_emu_step(self._emu, self._op.keys, self._frame_skip)

    def state_hash(self) -> str:
        """A hash of the machine as it is just before the decision whose frame was given last, 16 hex digits."""
        return f"{lib.lp_emu_hash(self._emu):016x}"


class Run:
    """A recorded run as it was at its last checkpoint when it was opened; also of one that is still played.

    folder      pathlib.Path
    game        what was played: a shipped game's name, or a path
    policy      who played: a weight file's path, "random", "oracle", "human"
    seed        the run's; episode i has a seed of its own
    knobs       name -> int
    model       the console
    decisions   how many there are
    meta        all that run.db says of itself, str -> str
    items       longplay.Items: what was remembered, a decision each, read as it is asked for

    Tables are structured NumPy arrays, read when they are asked for first: episodes, events, summaries, metrics.
    """

    def __init__(self, folder: str | os.PathLike[str], game: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder)
        err, self._config = ffi.new("lp_err *"), ffi.new("lp_run_config *")
        _core.check(lib.lp_run_config_read(self._config, os.fsencode(self.folder), err), err)
        c = self._config
        self.game, self.policy = _text(c.game), _text(c.policy)
        self.seed, self.model = int(c.seed), _text(lib.lp_model_name(c.model))
        self.knobs = {name: int(value) for name, value in (pair.split("=") for pair in _text(c.knobs).split())}
        self._elsewhere = game
        self._store = _Store(self.folder / "run.db")
        self._tables: dict[str, Array] = {}
        self._read_head()

    def _read_head(self) -> None:
        path = self._store.path
        kind, version, head, meta, extent, dim, last_ids = self._store.read(
            ("PRAGMA application_id", ()), ("PRAGMA user_version", ()), ("SELECT substr(data, 1, 80) FROM checkpoint", ()),
            ("SELECT key, value FROM meta", ()), ("SELECT count(*) + coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'dropped'), 0), max(decision) FROM items", ()),
            ("SELECT length(vector) / 4 FROM items LIMIT 1", ()),
            ("SELECT (SELECT max(id) FROM events), (SELECT max(id) FROM summaries)", ()))
        if kind[0][0] != APPLICATION_ID or not 1 <= version[0][0] <= SCHEMA:
            raise InputError(f"{path}: not a run's database, or of a newer version")
        if not head or len(head[0][0]) != HEAD.size or HEAD.unpack(head[0][0])[0] != MAGIC:
            raise InputError(f"{path}: checkpoint: there is none, or it is of another version")
        self.decisions: int = HEAD.unpack(head[0][0])[1]
        n_items, last = extent[0]
        if n_items and (n_items != self.decisions or last != self.decisions - 1):
            raise InputError(f"{path}: has {n_items} items up to decision {last}, its checkpoint {self.decisions} decisions")
        self.meta: dict[str, str] = dict(meta)
        self._last_event, self._last_summary = (id or 0 for id in last_ids[0])  # of that moment: more may come
        self.items = Items(self._store, n_items, dim[0][0] if dim else 0)

    def __repr__(self) -> str:
        return f"<longplay.Run {self.folder}: {self.game} by {self.policy}, {self.decisions} decisions, {len(self.episodes)} episodes>"

    def _table(self, name: str, dtype: np.dtype[Any], query: str, last: int) -> Array:
        if name not in self._tables:
            (rows,) = self._store.read((query, (last,)))
            self._tables[name] = np.array([tuple(row) for row in rows], dtype)
        return self._tables[name]

    @property
    def episodes(self) -> Array:
        """episode (from 1), seed, first_decision, result ("win", "loss", "timeout", "running"), n_decisions."""
        if "episodes" not in self._tables:
            (rows,) = self._store.read(("SELECT episode, seed, first_decision, result, n_decisions FROM episodes WHERE first_decision < ?1"
                                        " ORDER BY episode", (self.decisions,)))
            known = []
            for episode, seed, first, result, n in rows:
                over = result is not None and first + n <= self.decisions
                known.append((episode, seed % 2**64, first, result if over else "running", n if over else self.decisions - first))
            self._tables["episodes"] = np.array(known, EPISODES)
        return self._tables["episodes"]

    @property
    def events(self) -> Array:
        """episode, step, decision (the first that could see it), name, text, milestone (the first of its name in the run)."""
        return self._table("events", EVENTS, "SELECT episode, step, decision, name, text, milestone FROM events WHERE id <= ? ORDER BY id", self._last_event)

    @property
    def metrics(self) -> Array:
        """name, decision, value (NaN where it was no number)."""
        return self._table("metrics", METRICS, "SELECT name, decision, value FROM metrics WHERE decision < ? ORDER BY name, decision", self.decisions)

    @property
    def summaries(self) -> Array:
        """episode, level, number, first_step, last_step, parent_level, parent_number, steps (int64 array: the items it kept), text. Of a memory
        with levels alone."""
        if "summaries" not in self._tables:
            rows, kept = self._store.read(
                ("SELECT id, episode, level, idx, first_step, last_step, parent_level, parent_idx, text FROM summaries WHERE id <= ? ORDER BY id",
                 (self._last_summary,)),
                ("SELECT summary, step FROM summary_items WHERE summary <= ? ORDER BY summary, step", (self._last_summary,)))
            steps: dict[int, list[int]] = {}
            for summary, step in kept:
                steps.setdefault(summary, []).append(step)
            table = np.empty(len(rows), SUMMARIES)
            for i, (id, *fields, text) in enumerate(rows):
                table[i] = (*fields, np.array(steps.get(id, []), np.int64), text)
            self._tables["summaries"] = table
        return self._tables["summaries"]

    def span(self, episode: int) -> slice:
        """The decisions of an episode, for items and frames: run.items[run.span(3)]."""
        found = self.episodes[self.episodes["episode"] == episode]
        if not len(found):
            raise InputError(f"{self.folder}: has no episode {episode}")
        first = int(found["first_decision"][0])
        return slice(first, first + int(found["n_decisions"][0]))

    def memory(self, decision: int | None = None) -> Memory:
        """The run's memory: empty, or as it was when a decision was taken, filled with the episode's items before it. InputError: no policy played."""
        if not self.items.dim:
            raise InputError(f"{self.folder}: nothing was remembered: {self.policy} played")
        memory = Memory._of(ffi.new("lp_mem_config *", lib.lp_mem_chosen(ffi.addressof(self._config, "memory"), self.items.dim)))
        if decision is None:
            return memory
        decision = _core.whole("decision", decision, 0, self.decisions - 1)
        episode = self.episodes[np.searchsorted(self.episodes["first_decision"], decision, "right") - 1]
        memory.reset(int(episode["seed"]))
        before = self.items[int(episode["first_decision"]) : decision]
        memory.extend(before["vector"], before["salience"])
        return memory

    def frames(self, observation: _core.Observation = "rgb", *, width: int | None = None, height: int | None = None) -> Frames:
        """What was seen, as Env's observations of that name: "rgb", "grey" or "shades". InputError: the game is not what the run was recorded with."""
        if observation == "ram":
            raise InputError("observation: frames are pictures: grey, rgb or shades")
        low, high = map(int, _text(self._config.noop).split(":"))
        game = Game(self._elsewhere or self.game, model=None if self.model == "auto" else self.model, noop=(low, high))  # type: ignore[arg-type]
        return Frames(self, game, _core.Look.of(game, observation, width, height, 0))


def read_run(folder: str | os.PathLike[str], *, game: str | os.PathLike[str] | None = None) -> Run:
    """Opens a run's folder for reading; nothing in it is changed. game: where the ROM or game folder is now, if it was moved.

    InputError: no run there, or a damaged one; the message says which file.
    """
    return Run(folder, game)
