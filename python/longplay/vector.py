"""Many environments of one game on the C side's threads, as a Gymnasium vector environment."""
from __future__ import annotations

import os
from typing import Any, Mapping

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector import VectorEnv as GymnasiumVectorEnv
from gymnasium.vector.utils import batch_space

from longplay import _core
from longplay._core import OUTCOMES, Game, InputError
from longplay._native import ffi, lib

Array = np.ndarray[Any, Any]
AUTORESET = {
    "same_step": (AutoresetMode.SAME_STEP, lib.LP_AUTORESET_SAME_STEP),
    "next_step": (AutoresetMode.NEXT_STEP, lib.LP_AUTORESET_NEXT_STEP),
    "disabled": (AutoresetMode.DISABLED, lib.LP_AUTORESET_OFF),
}
MAX_SEED = 2**64 - 1


class VectorEnv(GymnasiumVectorEnv[Array, Array, Array]):
    """n_envs environments on n_threads threads (0: one a processor); what comes out does not depend on n_threads.

    autoreset  what follows an episode's end, in Gymnasium's terms: "next_step" (the next step ignores the action and starts the
               next episode), "same_step" (at once; infos["final_obs"] has the last observation), "disabled" (it stands
               still until reset(options={"reset_mask": ...}))
    n_groups   of adjacent environments, for send and recv; up to 7
    The other arguments are Env's. render_mode: None or "rgb_array".

    Observations are [n_envs, ...] of what Env's are. step and reset give new arrays, which the C side has written straight into,
    or write into `out`. Environment e's episode i has the seed of the run's episode i * n_envs + e. While the environments emulate, other
    threads of Python run. One thread at a time may use a VectorEnv.

    infos of step: in a step that ended an episode "outcome" (object [n_envs]: "win", "loss", "timeout", or None) with its mask
    "_outcome"; with "same_step" also "final_obs" (object [n_envs]) and "final_info" ({"outcome", "_outcome"}) with theirs.
    Variables, events and seeds are asked for: variables(), events(e), seeds().
    """

    _closed = True  # until there is something to close

    def __init__(
        self,
        game: str | os.PathLike[str] | Game,
        n_envs: int = 1,
        n_threads: int = 0,
        *,
        observation: _core.Observation = "grey",
        width: int | None = None,
        height: int | None = None,
        stack: int = 0,
        knobs: Mapping[str, int] | None = None,
        time_limit: int = 0,
        frame_skip: int = 0,
        model: _core.Model | None = None,
        noop: tuple[int, int] | None = None,
        reward: _core.Reward = "outcome",
        split: _core.Split = "train",
        autoreset: str = "next_step",
        n_groups: int = 1,
        render_mode: str | None = None,
    ) -> None:
        self.game = Game.of(game, model, noop)
        _core.choice("split", split, _core.SPLITS)
        _core.choice("autoreset", autoreset, AUTORESET)
        _core.choice("render_mode", render_mode, (None, "rgb_array"))
        if render_mode and observation == "ram":
            raise InputError("render_mode: with observation 'ram' nothing is drawn")
        self.split, self.render_mode = split, render_mode
        look = _core.Look.of(self.game, observation, width, height, stack)
        self._mode, mode = AUTORESET[autoreset]
        self._knobs = self.game.default_knobs()
        self.game.set_knobs(self._knobs, knobs)
        self.num_envs = _core.whole("n_envs", n_envs, 1, 1 << 16)
        frame_skip = _core.whole("frame_skip", frame_skip, 0, 600)
        config = ffi.new("lp_vec_config *", {
            "n_envs": self.num_envs, "n_threads": _core.whole("n_threads", n_threads, 0, 1 << 10),
            "n_groups": _core.whole("n_groups", n_groups, 1, 7), "observation": _core.KINDS[observation],
            "width": look.width, "height": look.height, "stack": look.stack, "autoreset": mode,
            "scenario_reward": _core.check_reward(self.game, reward), "evaluation": split == "eval", "knobs": self._knobs,
            "time_limit": _core.whole("time_limit", time_limit, 0, 2**40), "frame_skip": frame_skip,
        })
        self._err, out, pointer = ffi.new("lp_err *"), ffi.new("lp_vec **"), self.game.pointer
        _core.check(lib.lp_vec_open(out, pointer, config, self._err), self._err)
        self._vec: Any = ffi.gc(out[0], lambda vec, game=pointer: lib.lp_vec_close(vec))  # the game outlives it
        self.metadata = {"render_modes": ["rgb_array"], "autoreset_mode": self._mode,
                         "render_fps": _core.FRAMES_PER_S / (frame_skip or self.game.frame_skip)}
        self.single_observation_space, self.single_action_space = look.space, spaces.Discrete(len(self.game.actions))
        self.observation_space = batch_space(look.space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._make_arrays(n_groups)

    def _make_arrays(self, n_groups: int) -> None:
        first, count = ffi.new("int *"), ffi.new("int *")
        self.groups: list[slice] = []
        for group in range(n_groups):
            lib.lp_vec_group(self._vec, group, first, count)
            self.groups.append(slice(first[0], first[0] + count[0]))
        self._shape = (self.num_envs, *(self.single_observation_space.shape or ()))
        self._dtype = self.single_observation_space.dtype
        self._rewards, self._ends = np.zeros(self.num_envs, np.float32), np.zeros(self.num_envs, np.uint8)
        self._actions = np.zeros(self.num_envs, np.int32)
        self._finals = np.zeros(self._shape, self._dtype) if self._mode == AutoresetMode.SAME_STEP else None
        self._buffer: Array | None = None  # of send and recv without an array of the caller's
        self._sent: list[Array | None] = [None] * n_groups  # what each group is writing into
        self._started = self._closed = False
        self._out = ffi.new("lp_vec_out *", {
            "rewards": ffi.from_buffer("float[]", self._rewards), "ends": ffi.from_buffer("uint8_t[]", self._ends),
            "finals": ffi.NULL if self._finals is None else ffi.cast("void *", self._finals.ctypes.data)})

    # ---- checks ----

    def _ready(self, started: bool = True) -> None:
        if self._closed:
            raise _core.Error(f"{self.game.name}: the environments are closed")
        if started and not self._started:
            raise ResetNeeded("no episode has begun: call reset")

    def _idle(self) -> None:
        if any(array is not None for array in self._sent):
            raise _core.Error("a group is sent: recv it first")

    def _target(self, out: Array | None) -> Array:
        """Where observations go: the caller's array, or a new one."""
        if out is None:
            return np.empty(self._shape, self._dtype)
        if not isinstance(out, np.ndarray) or out.shape != self._shape or out.dtype != self._dtype or not out.flags.c_contiguous or not out.flags.writeable:
            raise InputError(f"out: must be a contiguous, writeable array of {self._dtype} {list(self._shape)}")
        return out

    def _point_to(self, array: Array) -> None:
        self._out.observations = ffi.cast("void *", array.ctypes.data)

    def _take(self, actions: Any, part: slice) -> None:
        given = np.asarray(actions)
        if given.dtype.kind not in "iu":
            raise TypeError(f"actions: must be whole numbers, not {given.dtype}")
        if given.shape != (part.stop - part.start,):
            raise InputError(f"actions: must be [{part.stop - part.start}], not {list(given.shape)}")
        if given.min() < 0 or given.max() >= len(self.game.actions):
            raise InputError(f"actions: {given.min()} to {given.max()} are not within 0 to {len(self.game.actions) - 1}")
        self._actions[part] = given

    # ---- playing ----

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None, out: Array | None = None) -> tuple[Array, dict[str, Any]]:
        """Starts each environment's next episode, or, with a seed, the first of the run with that seed.

        options  "knobs": name -> value on top of the present ones, for these and all later episodes;
                 "reset_mask": bool [n_envs]: only these environments; not together with a seed. The others' rows are what step gave
                 last, those of `out` are left alone.
        """
        self._ready(started=False)
        self._idle()
        options = dict(options or {})
        mask, knobs = options.pop("reset_mask", None), options.pop("knobs", None)
        if options:
            raise InputError(f"options: {sorted(map(str, options))} are unknown (known: knobs, reset_mask)")
        if mask is not None:
            mask = self._checked_mask(mask, seed)
        if seed is not None:
            seed = _core.whole("seed", seed, 0, MAX_SEED)
        target = self._target(out)
        if knobs:
            values = ffi.new("int64_t[]", list(self._knobs))
            self.game.set_knobs(values, knobs)
            _core.check(lib.lp_vec_set_knobs(self._vec, values, self._err), self._err)
            self._knobs = values
        if mask is not None:
            return self._reset_some(target, mask, out is None)
        super().reset(seed=seed)
        if seed is not None or not self._started:
            self._run_seed = (seed if seed is not None else self.np_random_seed or 0) & MAX_SEED
            lib.lp_vec_set_seed(self._vec, self._run_seed)
        self._point_to(target)
        _core.check(lib.lp_vec_reset(self._vec, self._out, self._err), self._err)
        self._started, self._last = True, target
        return target, {}

    def _checked_mask(self, given: Any, seed: int | None) -> Array:
        mask: Array = np.asarray(given)
        if mask.dtype != np.bool_ or mask.shape != (self.num_envs,) or not mask.any():
            raise InputError(f"options: reset_mask: must be bool [{self.num_envs}], at least one of them true")
        if seed is not None:
            raise InputError("options: reset_mask: a seed begins a run of all environments")
        self._ready()
        return mask

    def _reset_some(self, target: Array, mask: Array, fresh: bool) -> tuple[Array, dict[str, Any]]:
        if fresh:
            target[:] = self._last
        self._point_to(target)
        for e in np.flatnonzero(mask).tolist():
            index = (lib.lp_vec_episode_of(self._vec, e) + 1) * self.num_envs + e
            seed = self.game.seed(self.split, self._run_seed, index)
            _core.check(lib.lp_vec_reset_one(self._vec, e, seed, ffi.NULL, self._out, self._err), self._err)
        self._last = target
        return target, {}

    def step(self, actions: Any, out: Array | None = None) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """One decision of each. actions: whole numbers [n_envs]. Returns observations [n_envs, ...], rewards float32 [n_envs],
        terminations and truncations bool [n_envs], infos. out: an array to write the observations into, which is then returned."""
        self._ready()
        self._idle()
        target = self._target(out)
        self._take(actions, slice(0, self.num_envs))
        self._point_to(target)
        _core.check(lib.lp_vec_step(self._vec, ffi.from_buffer("int32_t[]", self._actions), self._out, self._err), self._err)
        self._last = target
        return (target, *self._results(slice(0, self.num_envs)))

    def send(self, group: int, actions: Any, out: Array | None = None) -> None:
        """Starts one decision of each environment of a group (groups[group]: which they are); actions [of the group].

        Observations go to the group's rows of `out` [n_envs, ...], which must not be touched before recv; without it, to those of an
        array that the VectorEnv keeps. With one thread all the work is done in recv.
        """
        self._ready()
        group = _core.whole("group", group, 0, len(self.groups) - 1)
        if self._sent[group] is not None:
            raise _core.Error(f"group {group} is sent already: recv it first")
        if out is None and self._buffer is None:
            self._buffer = np.zeros(self._shape, self._dtype)
        target = self._target(self._buffer if out is None else out)
        self._take(actions, self.groups[group])
        self._point_to(target)
        lib.lp_vec_send(self._vec, group, ffi.from_buffer("int32_t[]", self._actions), self._out)
        self._sent[group] = target

    def recv(self, group: int) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Waits for a group; returns what step returns, of its environments alone. The observations are a view of `out`, or of the
        VectorEnv's own array: that one is valid until the group's next send."""
        self._ready()
        group = _core.whole("group", group, 0, len(self.groups) - 1)
        target = self._sent[group]
        if target is None:
            raise _core.Error(f"group {group} is not sent")
        self._sent[group] = None
        _core.check(lib.lp_vec_recv(self._vec, group, self._err), self._err)
        part = self.groups[group]
        return (target[part], *self._results(part))

    def _results(self, part: slice) -> tuple[Array, Array, Array, dict[str, Any]]:
        ends = self._ends[part]
        truncations = ends == lib.LP_TIMEOUT
        ended = ends != lib.LP_RUNNING
        infos: dict[str, Any] = {}
        if ended.any():
            names = np.full(len(ends), None, object)
            finals = np.full(len(ends), None, object)
            for i in np.flatnonzero(ended).tolist():
                names[i] = OUTCOMES[ends[i]]
                if self._finals is not None:
                    finals[i] = self._finals[part.start + i].copy()
            infos = {"outcome": names, "_outcome": ended}
            if self._finals is not None:
                infos |= {"final_obs": finals, "_final_obs": ended.copy(), "_final_info": ended.copy(),
                          "final_info": {"outcome": names.copy(), "_outcome": ended.copy()}}
        return self._rewards[part].copy(), ended & ~truncations, truncations, infos

    # ---- looking ----

    def _env(self, e: int) -> Any:
        e = _core.whole("environment", e, 0, self.num_envs - 1)
        self._ready()
        if any(array is not None and part.start <= e < part.stop for array, part in zip(self._sent, self.groups)):
            raise _core.Error(f"environment {e}: its group is sent: recv it first")
        return lib.lp_vec_env(self._vec, e)

    def variables(self) -> Array:
        """int64 [n_envs, len(game.variables)]: RAM variables as the last step left them; of the next episode where one has begun."""
        out = np.empty((self.num_envs, len(self.game.variables)), np.int64)
        for e in range(self.num_envs):
            out[e] = np.frombuffer(ffi.buffer(lib.lp_env_variables(self._env(e)), out[e].nbytes), np.int64) if out[e].nbytes else 0
        return out

    def events(self, e: int) -> list[dict[str, Any]]:
        """What environment e's last step caused, as in Env's info."""
        return _core.events(self._env(e))

    def seeds(self) -> Array:
        """uint64 [n_envs]: the seeds of the present episodes."""
        return np.array([self._env(e) and lib.lp_vec_seed_of(self._vec, e) for e in range(self.num_envs)], np.uint64)

    def state_hash(self, e: int) -> str:
        """As Env's, of environment e."""
        return f"{lib.lp_emu_hash(lib.lp_env_emu(self._env(e))):016x}"

    @property
    def n_threads(self) -> int:
        """How many threads emulate, the calling one among them."""
        self._ready(started=False)
        return int(lib.lp_vec_n_threads(self._vec))

    def render(self) -> tuple[Array, ...] | None:
        """Each environment's whole screen, uint8 [height, width, 3], with render_mode "rgb_array"."""
        if self.render_mode is None:
            return None
        return tuple(_core.screen(self._env(e)) for e in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Ends emulators and threads, after what was sent. Called by close, once."""
        if not self._closed:
            self._closed = True
            ffi.release(self._vec)
