"""A trained policy: what it makes of a frame and of what it remembers; and it in its seat, playing."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, Sequence, cast

import numpy as np

from longplay import _core
from longplay._core import InputError
from longplay._native import ffi, lib
from longplay.env import Env
from longplay.memory import ARCHITECTURES, Architecture, Context, Memory, _configure, _empty

Array = np.ndarray[Any, Any]

_DECISION = np.dtype({  # what lies in an lp_decision itself
    "names": ["logit", "value", "salience", "action", "logp"],
    "formats": [(np.float32, (lib.LP_MAX_ACTIONS,)), np.float32, np.float32, np.int32, np.float32],
    "offsets": [ffi.offsetof("lp_decision", name) for name in ("logit", "value", "salience", "action", "logp")],
    "itemsize": ffi.sizeof("lp_decision"),
})
_WORDS = {"size": lib.lp_policy_size_name, "core": lib.lp_policy_core_name, "join": lib.lp_policy_join_name, "order": lib.lp_policy_order_name,
          "salience": lib.lp_policy_salience_name, "bias": lib.lp_policy_bias_name, "softmax": lib.lp_policy_softmax_name}
_NUMBERS = ("width", "height", "n_actions", "dim", "hidden", "heads", "n_levels", "n_ages")


class Decisions(NamedTuple):
    """What a policy decided, a row an observation; of a single observation the same without the first axis. All arrays are new."""

    action: Any
    """int32 [n]"""
    logits: Array
    """float32 [n, n_actions]"""
    value: Any
    """float32 [n]"""
    item: Array
    """float32 [n, dim]: the vector to remember"""
    salience: Any
    """float32 [n]: the item's"""
    state: Array
    """float32 [n, state_size]: the recurrent core's, for the next decision"""
    attention: Any
    """n arrays of float32 [heads, items of the context]: how much of each was read"""
    context: Any
    """n longplay.Context: what there was to read"""


class _Actor:
    """An lp_actor with room for n observations, and what goes in and comes out."""

    def __init__(self, policy: Policy, n: int, max_context: int) -> None:
        self.policy, self.n, self.max_context = policy, n, max_context
        self.err, out = ffi.new("lp_err *"), ffi.new("lp_actor **")
        _core.check(lib.lp_actor_open(out, policy._policy, n, max_context, self.err), self.err)
        self.actor: Any = ffi.gc(out[0], lib.lp_actor_close)  # touches no policy on a CPU: either may go first
        self.observations, self.decisions = ffi.new("lp_observation[]", n), ffi.new("lp_decision[]", n)

    def run(self, contexts: list[Context | _Recall], pixels: Array, last_action: Array, now: Array, state: Array, seed: Array, greedy: bool) -> Decisions:
        """One decision a row; the arrays are checked. A _Recall's context comes with the decision."""
        p, recalls = self.policy, [c for c in contexts if isinstance(c, _Recall)]
        handles = [ffi.new_handle(c) if isinstance(c, _Recall) else ffi.NULL for c in contexts]
        frames, states = ffi.from_buffer("uint8_t[]", pixels), ffi.from_buffer("float[]", state)
        frame_bytes = p.observation_shape[0] * p.observation_shape[1]
        for i, (o, given) in enumerate(zip(self.observations, contexts)):
            context = given.room if isinstance(given, _Recall) else given
            o.pixels, o.state = frames + i * frame_bytes, states + i * p.state_size
            o.last_action, o.now, o.seed = int(last_action[i]), int(now[i]), int(seed[i])
            o.n_items = 0 if isinstance(given, _Recall) else len(context.step)
            o.vector, o.salience = ffi.from_buffer("float[]", context.vector), ffi.from_buffer("float[]", context.salience)
            o.level, o.step = ffi.from_buffer("int32_t[]", context.level), ffi.from_buffer("int64_t[]", context.step)
            o.recall, o.memory = (lib.longplay_recall if isinstance(given, _Recall) else ffi.NULL), handles[i]
        status = lib.lp_actor_run(self.actor, self.n, self.observations, self.decisions, self.err)
        for recall in recalls:
            if recall.error is not None:
                raise recall.error
        _core.check(status, self.err)
        return self._decisions([c.found if isinstance(c, _Recall) else c for c in contexts], greedy)

    def _decisions(self, contexts: list[Context], greedy: bool) -> Decisions:
        p, n, out = self.policy, self.n, self.decisions
        rows = np.frombuffer(ffi.buffer(out), _DECISION, n)
        logits = rows["logit"][:, : p.n_actions].copy()
        item, state = np.empty((n, p.dim), np.float32), np.empty((n, p.state_size), np.float32)
        attention = []
        for i in range(n):
            ffi.memmove(ffi.from_buffer(item[i]), out[i].item, 4 * p.dim)
            if p.state_size:
                ffi.memmove(ffi.from_buffer(state[i]), out[i].state, 4 * p.state_size)
            weights = np.empty((p.heads, len(contexts[i].step)), np.float32)
            ffi.memmove(ffi.from_buffer(weights), lib.lp_actor_attention(self.actor, i), weights.nbytes)
            attention.append(weights)
        actions = [lib.lp_decision_action(ffi.addressof(out, i), p.n_actions, greedy) for i in range(n)]
        return Decisions(np.array(actions, np.int32), logits, rows["value"].copy(), item, rows["salience"].copy(), state, attention, contexts)


class _Recall:
    """A memory that makes its context for the query, while the network waits for it."""

    def __init__(self, memory: Architecture, policy: Policy, now: int) -> None:
        self.memory, self.policy, self.now = memory, policy, now
        self.room = _empty(memory.max_context, policy.dim)  # where the network looks for it
        self.found = Context(*(array[:0] for array in self.room))
        self.error: BaseException | None = None

    def ask(self, query: Any) -> int:
        if isinstance(self.memory, Memory):
            self.found = self.memory._context_in(self.room, (self.policy.heads, query, self.policy.config["bias"] == "none"))
        else:
            asked = np.frombuffer(ffi.buffer(query, 4 * self.policy.heads * self.policy.dim), np.float32).reshape(self.policy.heads, -1).copy()
            given = _checked(self.memory.context(asked), self.policy.dim, self.now, self.memory.max_context)
            self.found = Context(*(room[: len(given.step)] for room in self.room))
            for room, array in zip(self.found, given):
                room[:] = array
        return len(self.found.step)


@ffi.def_extern(name="longplay_recall")  # type: ignore[untyped-decorator]
def _recall(handle: Any, query: Any) -> int:
    recall = ffi.from_handle(handle)
    try:
        return int(recall.ask(query))
    except BaseException as error:  # C cannot pass it on
        recall.error = error
        return 0


def _checked(given: Any, dim: int, now: int, most: int) -> Context:
    """A context from Python, as C takes it: InputError names what is at fault."""
    if not isinstance(given, Sequence) or len(given) != 4:
        raise InputError("context: must be (vector, salience, level, step)")
    c = Context(*(np.ascontiguousarray(a, t) for a, t in zip(given, (np.float32, np.float32, np.int32, np.int64))))
    if not any(array.size for array in c):
        return _empty(0, dim)
    if c.step.ndim != 1:
        raise InputError(f"context: step: must be [n], not {list(c.step.shape)}")
    n = len(c.step)
    for name, array, shape in zip(c._fields, c, ((n, dim), (n,), (n,), (n,))):
        if array.shape != shape:
            raise InputError(f"context: {name}: must be {list(shape)}, not {list(array.shape)}")
    if n > most:
        raise InputError(f"context: has {n} items, max_context says {most}")
    if n and (c.level.min() < 0 or c.step.min() < 0 or c.step.max() >= now):
        raise InputError(f"context: levels are {c.level.min()} and more, steps {c.step.min()} to {c.step.max()}: must be from 0 on, and steps below {now}")
    return c


def _weights(path: str | os.PathLike[str]) -> str:
    """A weight file, or that of a shipped game's name."""
    name = os.fspath(path)
    if os.sep not in name and "." not in name and not os.path.exists(name):
        shipped = Path(_core._find(name)) / f"{name}.safetensors"
        if not shipped.exists():
            raise InputError(f"{name}: ships no policy")
        return str(shipped)
    return name


class Policy:
    """A policy from a weight file, on the CPU.

        policy = longplay.Policy.load("cue")
        decisions = policy.act(pixels)                 # one observation [height, width], or a batch [n, height, width]

    config             what its network is: width, height, n_actions, dim, hidden, heads, n_levels, n_ages; size, core, join, ... by name
    observation_shape  (height, width) of the grey pictures that it sees
    n_actions, dim, heads   int; dim: numbers an item's vector
    state_size         numbers of the recurrent core's state; 0 without a core
    n_parameters       int
    samples            how it is meant to act: draw from its distribution, or take the most probable action
    digest             a hash of shape and weights, 16 hex digits, as `longplay info` and run.db have it

    Several threads may have players of one policy; act is for one thread at a time, and so is a player.
    """

    def __init__(self, pointer: Any) -> None:
        if not isinstance(pointer, ffi.CData):
            raise TypeError("a Policy is loaded: longplay.Policy.load(path)")
        self._policy = pointer
        shape = lib.lp_policy_shape(pointer)
        self.config: dict[str, int | str] = {name: getattr(shape, name) for name in _NUMBERS}
        self.config |= {name: ffi.string(word(getattr(shape, name))).decode() for name, word in _WORDS.items()}
        self.observation_shape = (int(shape.height), int(shape.width))
        self.n_actions, self.dim, self.heads = int(shape.n_actions), int(shape.dim), int(shape.heads)
        self.state_size: int = lib.lp_policy_state_floats(pointer)
        self.n_parameters: int = lib.lp_policy_n_parameters(pointer)
        self.samples = bool(lib.lp_policy_samples(pointer))
        self.digest = f"{lib.lp_policy_digest(pointer):016x}"
        self._actor: _Actor | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Policy:
        """From a weight file, or of a shipped game's name. InputError: not found, or damaged; the message names file, tensor and fault."""
        err, out = ffi.new("lp_err *"), ffi.new("lp_policy **")
        _core.check(lib.lp_policy_read(out, os.fsencode(_weights(path)), err), err)
        return cls(ffi.gc(out[0], lib.lp_policy_close))

    def __repr__(self) -> str:
        height, width = self.observation_shape
        return f"<longplay.Policy {self.digest}: {width}x{height}, {self.n_actions} actions, {self.n_parameters} parameters, core {self.config['core']}>"

    def note(self, key: str) -> str | None:
        """What its weight file says of how it was trained: "train.decisions", "memory.arch", ...; None: nothing."""
        value = lib.lp_policy_note_of(self._policy, key.encode())
        return ffi.string(value).decode(errors="replace") if value else None

    def flops(self, n_items: int) -> float:
        """Multiply-adds times two of a decision with n_items of context."""
        return float(lib.lp_policy_flops(self._policy, _core.whole("n_items", n_items, 0, 2**31 - 1)))

    def memory(self, arch: str | None = None, **settings: int | str) -> Memory:
        """A memory for it: the one that it was trained with, or with another architecture, or other settings."""
        err, config = ffi.new("lp_err *"), ffi.new("lp_mem_config *")
        _core.check(lib.lp_choose_memory(config, self._policy, ffi.NULL, err), err)
        if arch is not None:
            _core.choice("arch", arch, ARCHITECTURES)
            lib.lp_mem_use(config, lib.lp_mem_find(arch.encode()))
        _configure(config, settings)
        return Memory._of(config)

    def act(self, pixels: Any, contexts: Any = None, *, last_action: Any = -1, now: Any = None, state: Any = None, seed: Any = 0,
            sample: bool | None = None) -> Decisions:
        """Decides, and remembers nothing: a function of its arguments (and, in the last bits, of n).

        pixels       uint8 [n, height, width], or [height, width] for one
        contexts     n longplay.Context, or one for one; None: nothing is remembered
        last_action  [n] what was done before; -1 at the start of an episode
        now          [n] the decision's number in its episode; None: that after the newest item of the context
        state        [n, state_size] that the decision before gave; None: zeros, as at the start of an episode
        seed         [n] the episode's: an action is drawn with number `now` of it
        sample       whether to draw from the distribution or to take the most probable action; None: as it is meant to
        """
        frames = np.ascontiguousarray(pixels)
        single = frames.ndim == 2
        frames = self._frames(frames[None] if single else frames)
        n = len(frames)
        given: list[Any] = [contexts] if single else list(contexts if contexts is not None else [None] * n)
        if len(given) != n:
            raise InputError(f"contexts: must be {n}, one an observation, not {len(given)}")
        none = _empty(0, self.dim)
        found = [none if c is None else _checked(c, self.dim, 2**62, 2**24) for c in given]
        newest = np.array([c.step.max() + 1 if len(c.step) else 0 for c in found], np.int64)
        moment = newest if now is None else self._numbers("now", now, n, 0, 2**62)
        if (moment < newest).any():
            raise InputError("now: a context has an item of this decision, or a later one")
        room = max(len(c.step) for c in found)
        if self._actor is None or self._actor.n != n or self._actor.max_context < room:
            self._actor = _Actor(self, n, max(room, 256))
        decisions = self._actor.run(
            list(found), frames, self._numbers("last_action", last_action, n, -1, self.n_actions - 1), moment, self._states(state, n),
            self._numbers("seed", seed, n, 0, 2**64 - 1, np.uint64), not (self.samples if sample is None else sample))
        return _first(decisions) if single else decisions

    def _frames(self, frames: Array) -> Array:
        height, width = self.observation_shape
        if frames.dtype != np.uint8 or frames.ndim != 3 or frames.shape[1:] != (height, width) or not len(frames):
            raise InputError(f"pixels: must be uint8 [n, {height}, {width}], not {frames.dtype} {list(frames.shape)}")
        return np.ascontiguousarray(frames)

    def _numbers(self, name: str, given: Any, n: int, low: int, high: int, dtype: Any = np.int64) -> Array:
        array = np.asarray(given)
        if array.dtype.kind not in "iu":
            raise TypeError(f"{name}: must be whole numbers, not {array.dtype}")
        if array.shape not in ((), (n,)):
            raise InputError(f"{name}: must be [{n}], not {list(array.shape)}")
        if array.size and (int(array.min()) < low or int(array.max()) > high):
            raise InputError(f"{name}: {array.min()} to {array.max()} are not within {low} to {high}")
        return np.broadcast_to(array.astype(dtype), (n,))

    def _states(self, given: Any, n: int) -> Array:
        if given is None:
            return np.zeros((n, self.state_size), np.float32)
        array = np.ascontiguousarray(given, np.float32)
        if array.size != n * self.state_size or array.shape[-1] != self.state_size:
            raise InputError(f"state: must be [{n}, {self.state_size}], not {list(array.shape)}")
        return array


def _first(d: Decisions) -> Decisions:
    return Decisions(*(field[0] for field in d))


class Episode(NamedTuple):
    """An episode that was played."""

    seed: int
    outcome: str
    """one of longplay.OUTCOMES"""
    decisions: int
    state_hash: str
    """of the machine as it ended"""


class Player:
    """A policy in its seats: it sees, recalls, decides and remembers, as in `longplay play`.

        player = longplay.Player(policy, policy.memory())                     # for an Env
        player = longplay.Player(policy, [policy.memory() for _ in range(8)]) # for a VectorEnv of 8
        player.reset(info["seed"])                                            # at the start of an episode
        action = player.act(observation).action

    memory       a longplay.Memory, or anything that has what longplay.Architecture has; a list of them for several environments. They are reset.

    last_action  int64 [n]: what was done before; who does another action than the player's writes it here
    memories     a list of the n memories
    steps        int64 [n]: decisions since the reset
    state        float32 [n, state_size] of the recurrent core

    The memories are the player's while it plays: nobody else appends to them.
    """

    def __init__(self, policy: Policy, memory: Architecture | Sequence[Architecture]) -> None:
        self.single = not isinstance(memory, (list, tuple))
        self.policy, self.memories = policy, [cast(Architecture, memory)] if self.single else list(cast(Sequence[Architecture], memory))
        if not self.memories:
            raise InputError("memory: there is none")
        for m in self.memories:
            missing = [name for name in ("reset", "append", "context", "max_context", "wants_query") if not hasattr(m, name)]
            if missing:
                raise TypeError(f"memory: {type(m).__name__} has no {', '.join(missing)} (see longplay.Architecture)")
            if isinstance(m, Memory) and m.dim != policy.dim:
                raise InputError(f"the policy's items have {policy.dim} numbers, the memory's {m.dim}")
        n = len(self.memories)
        self._actor = _Actor(policy, n, max(_core.whole("max_context", m.max_context, 0, 2**24) for m in self.memories))
        self._seeds = np.zeros(n, np.uint64)
        self.last_action, self.steps = np.full(n, -1, np.int64), np.zeros(n, np.int64)
        self.state = np.zeros((n, policy.state_size), np.float32)
        self.reset()

    def reset(self, seeds: Any = 0, mask: Any = None) -> None:
        """A new episode in each environment, or in those of mask (bool [n]). seeds: the episodes', as info["seed"] and VectorEnv.seeds() have them,
        for memories and policies that draw lots."""
        n = len(self.memories)
        given = self.policy._numbers("seeds", seeds, n, 0, 2**64 - 1, np.uint64)
        chosen = np.ones(n, np.bool_) if mask is None else np.asarray(mask)
        if chosen.dtype != np.bool_ or chosen.shape != (n,):
            raise InputError(f"mask: must be bool [{n}]")
        for i in np.flatnonzero(chosen).tolist():
            self.memories[i].reset(int(given[i]))
        self._seeds[chosen], self.last_action[chosen], self.steps[chosen], self.state[chosen] = given[chosen], -1, 0, 0

    def act(self, pixels: Any, sample: bool | None = None) -> Decisions:
        """Decides and remembers. pixels: uint8 [height, width] with one memory, [n, height, width] with a list; the decisions likewise."""
        frames = np.ascontiguousarray(pixels)
        n, p = len(self.memories), self.policy
        frames = p._frames(frames[None] if self.single else frames)
        if len(frames) != n:
            raise InputError(f"pixels: are of {len(frames)} environments, the memories of {n}")
        last = p._numbers("last_action", self.last_action, n, -1, p.n_actions - 1)
        contexts = [self._context(m, int(now)) for m, now in zip(self.memories, self.steps)]
        decisions = self._actor.run(contexts, frames, last, self.steps, self.state, self._seeds, not (p.samples if sample is None else sample))
        for m, item, salience in zip(self.memories, decisions.item, decisions.salience.tolist()):
            m.append(item, salience)
        self.steps += 1
        self.state[:] = decisions.state
        self.last_action[:] = decisions.action
        return _first(decisions) if self.single else decisions

    def _context(self, memory: Architecture, now: int) -> Context | _Recall:
        if memory.wants_query:
            return _Recall(memory, self.policy, now)
        return memory.context() if isinstance(memory, Memory) else _checked(memory.context(), self.policy.dim, now, memory.max_context)

    def play(self, env: Env, episodes: int = 1, *, seed: int | None = None) -> list[Episode]:
        """Plays episodes of an Env to their ends. seed: env.reset's; with split "eval" they are those of `longplay play --seed`."""
        if not self.single or not isinstance(env, Env):
            raise InputError("play: is for one memory and a longplay.Env; several are played by act")
        err = ffi.new("lp_err *")
        _core.check(lib.lp_policy_fits(self.policy._policy, env.game.pointer, err), err)
        played = []
        for index in range(episodes):
            observation, info = env.reset(seed=seed if index == 0 else None)
            self.reset(info["seed"])
            start, ended = info["seed"], False
            while not ended:
                observation, _, terminated, truncated, info = env.step(int(self.act(observation).action))
                ended = terminated or truncated
            played.append(Episode(start, info["outcome"], info["decisions"], env.state_hash()))
        return played
