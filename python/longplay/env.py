"""One game as a Gymnasium environment."""
from __future__ import annotations

import os
import struct
import zlib
from typing import Any, Mapping

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded

from longplay import _core
from longplay._core import OUTCOMES, Game, InputError
from longplay._native import ffi, lib

Array = np.ndarray[Any, Any]

# A saved environment: this header, lp_env's bytes (which have a checksum of their own), the frames of the stack.
# magic, checksum of all after it, bytes of lp_env, kind, width, height, stack, outcome, run seed, episode, its seed
SAVED = struct.Struct("<8sIQ8sIIIIQqQ")
MAGIC = b"LPPY0001"
MAX_SEED = 2**64 - 1


class Env(gymnasium.Env[Array, int]):
    """A game; one action a decision, which is `game.frame_skip` frames.

    game         a shipped game's name, a game folder, a ROM file, or a longplay.Game
    observation  "grey"    uint8 [height, width], 0 black to 255 white, area-averaged
                 "rgb"     uint8 [height, width, 3], area-averaged
                 "shades"  uint8 [144, 40]: an original Game Boy's screen, two bits a pixel, leftmost in the lowest bits, 0 black
                 "ram"     int64 [len(game.variables)]: data.json's variables, in its order
    width, height  of the picture; None: for grey what the game asks for, else the screen's
    stack        0: one picture; n: [n, ...], the last n, oldest first, an episode's first one repeated; up to 16
    knobs        name -> value, on top of the game's defaults
    time_limit   decisions to an episode's truncation; 0: the game's own
    frame_skip   frames a decision; 0: the game's own
    model        the console: "dmg", "sgb", "cgb", "agb" or "auto"; None: the game's own (see longplay.Game)
    noop         (min, max) idle frames between boot and the first decision, drawn from the episode's seed; None: the game's own
    reward       "outcome": 1 for a win, -1 for a loss or timeout, else 0; "scenario": what scenario.json says
    split        whose seeds the episodes have: "train" or "eval", which share none
    render_mode  None, "rgb_array" (uint8 [144, 160, 3]; a GBA's [160, 240, 3]) or "human" (a window; needs pygame)

    An observation is a new array each time, and the C side writes straight into it. An environment may be used by one thread
    at a time; while it emulates, other threads of Python run.

    info: "variables" (name -> int), "events" (a list of {"name", "text", "milestone"} that this step caused), "outcome" ("running",
    "win", "loss", "timeout"), "decisions" (since the reset); after reset also "seed" (the episode's) and "knobs".

    Raises InputError (a ValueError) for arguments and files at fault, Error (a RuntimeError) for what failed otherwise.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array", "human"], "render_fps": _core.FRAMES_PER_S / 4}

    def __init__(
        self,
        game: str | os.PathLike[str] | Game,
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
        render_mode: str | None = None,
    ) -> None:
        self.game = Game.of(game, model, noop)
        _core.choice("split", split, _core.SPLITS)
        _core.choice("render_mode", render_mode, (None, *self.metadata["render_modes"]))
        self.split, self.render_mode = split, render_mode
        self._scenario = _core.check_reward(self.game, reward)
        self._look = _core.Look.of(self.game, observation, width, height, stack)
        self._time_limit = _core.whole("time_limit", time_limit, 0, 2**40)
        frame_skip = _core.whole("frame_skip", frame_skip, 0, 600) or self.game.frame_skip
        self._knobs = self.game.default_knobs()
        self.game.set_knobs(self._knobs, knobs)
        self.observation_space = self._look.space
        self.action_space: spaces.Discrete = spaces.Discrete(len(self.game.actions))  # type: ignore[assignment]
        self.metadata = {**self.metadata, "render_fps": _core.FRAMES_PER_S / frame_skip}
        self._window: _core.Window | None = None
        self._err = ffi.new("lp_err *")
        self._open(no_draw=observation == "ram" and render_mode is None, frame_skip=frame_skip)
        self._stacked = np.zeros(self.observation_space.shape or (), np.uint8) if stack > 1 else None
        self._outcome: int | None = None  # None: no episode has begun
        self._run_seed = self._episode = self._seed = 0

    def _open(self, no_draw: bool, frame_skip: int) -> None:
        out = ffi.new("lp_env **")
        _core.check(lib.lp_env_open(out, self.game.pointer, ffi.new("lp_emu_config *", {"no_draw": no_draw}), self._err), self._err)
        game = self.game.pointer  # held by the closure: an environment ends before its game
        self._env: Any = ffi.gc(out[0], lambda env, game=game: lib.lp_env_close(env))
        lib.lp_env_set_frame_skip(self._env, frame_skip)
        values = lib.lp_env_variables(self._env)
        self._variables = np.frombuffer(ffi.buffer(values, 8 * max(len(self.game.variables), 1)), np.int64)[: len(self.game.variables)]

    # ---- observing ----

    def _draw(self, out: Array) -> None:
        """The present picture into out, which is contiguous."""
        _core.draw(lib.lp_env_emu(self._env), self._look, self.game.crop, out)

    def _observe(self, first: bool) -> Array:
        space = self.observation_space
        out = np.empty(space.shape or (), space.dtype)
        if self._look.kind == "ram":
            out[:] = self._variables
        elif not self._look.stack:
            self._draw(out)
        else:
            self._draw(out[-1])
            if self._stacked is not None:
                out[:-1] = out[-1] if first else self._stacked[1:]
                self._stacked[:] = out
        return out

    def _info(self) -> dict[str, Any]:
        return {
            "variables": dict(zip(self.game.variables, self._variables.tolist())),
            "events": _core.events(self._env),
            "outcome": OUTCOMES[self._outcome or 0],
            "decisions": lib.lp_env_steps(self._env),
        }

    # ---- playing ----

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Starts the next episode, from power-on.

        seed     begins a new sequence of episodes: their seeds depend on it and on split alone, and are those of
                 `longplay play --seed` for split "eval". None: the next episode of the sequence.
        options  "knobs": name -> value, for this episode, on top of the environment's; "episode_seed": this very episode's
                 seed, as info["seed"] had it (odd for split "train", even for "eval").
        """
        options = dict(options or {})
        knobs, chosen = options.pop("knobs", None), options.pop("episode_seed", None)
        if options:
            raise InputError(f"options: {sorted(map(str, options))} are unknown (known: knobs, episode_seed)")
        if seed is not None:
            seed = _core.whole("seed", seed, 0, MAX_SEED)
        values = ffi.new("int64_t[]", list(self._knobs))
        self.game.set_knobs(values, knobs)
        if chosen is not None:
            chosen = _core.whole("episode_seed", chosen, 0, 2**32 - 1)
            if chosen % 2 != (self.split == "train"):
                raise InputError(f"episode_seed: {chosen} is not of the split {self.split!r} (seeds of train are odd, of eval even)")
        self._alive()
        begins = seed is not None or self._outcome is None
        super().reset(seed=seed)
        if begins:
            self._run_seed, self._episode = (self.np_random_seed if seed is None else seed) & MAX_SEED, -1
        if chosen is None:
            self._episode += 1
            chosen = self.game.seed(self.split, self._run_seed, self._episode)
        _core.check(lib.lp_env_reset(self._env, chosen, values, self._time_limit, self._err), self._err)
        self._seed, self._outcome = chosen, lib.LP_RUNNING
        self._show()
        info = self._info() | {"seed": chosen, "knobs": dict(zip(self.game.knobs, list(values)))}
        return self._observe(True), info

    def step(self, action: int) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """One decision: the action's keys are held for frame_skip frames. terminated: won or lost; truncated: a timeout.

        ResetNeeded: no episode has begun, or it has ended. InputError: no such action.
        """
        action = _core.whole("action", action, 0, len(self.game.actions) - 1)
        self._alive()
        if self._outcome != lib.LP_RUNNING:
            raise ResetNeeded("step: no episode has begun: call reset" if self._outcome is None else "step: the episode has ended: call reset")
        outcome = self._outcome = lib.lp_env_step(self._env, action)
        if self._scenario:
            reward = lib.lp_env_reward(self._env, 1)
        else:
            reward = 0.0 if outcome == lib.LP_RUNNING else 1.0 if outcome == lib.LP_WIN else -1.0
        self._show()
        return self._observe(False), reward, outcome in (lib.LP_WIN, lib.LP_LOSS), outcome == lib.LP_TIMEOUT, self._info()

    def oracle(self) -> int:
        """The action of the game's scripted player, which reads RAM. InputError: the game has none."""
        self._alive()
        action = ffi.new("int *")
        _core.check(lib.lp_env_oracle(self._env, action, self._err), self._err)
        return int(action[0])

    def state_hash(self) -> str:
        """A hash of the machine, 16 hex digits: what `longplay play --json` calls state_hash."""
        self._alive()
        return f"{lib.lp_emu_hash(lib.lp_env_emu(self._env)):016x}"

    # ---- memory ----

    def _bytes(self, address: int, n: int) -> int:
        """address, where n bytes from there on are on the CPU's bus."""
        self._alive()
        end = 0x10000000 if self.game.system == "GBA" else 0x10000
        return _core.whole("address", address, 0, end - n)

    def read(self, address: int, n: int = 1) -> bytes:
        """n bytes from address on, as the CPU would read them: RAM, ROM (the bank that is switched in), registers."""
        n = _core.whole("n", n, 1, 1 << 20)
        address, emu = self._bytes(address, n), lib.lp_env_emu(self._env)
        return bytes(lib.lp_emu_read8(emu, address + i) for i in range(n))

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes from address on, as the CPU would. The machine goes on from there; variables are read at the next step.

        InputError, and nothing is written: an address in ROM, where a write stores nothing.
        """
        data = bytes(data)
        address, emu = self._bytes(address, len(data)), lib.lp_env_emu(self._env)
        for i in range(len(data)):
            if lib.lp_game_is_rom(self.game.pointer, address + i):
                raise InputError(f"address: {address + i:#06x} is in ROM")
        for i, byte in enumerate(data):
            lib.lp_emu_write8(emu, address + i, byte)

    # ---- saving ----

    def save(self) -> bytes:
        """Everything that the episodes to come depend on. ResetNeeded: no episode has begun."""
        self._alive()
        if self._outcome is None:
            raise ResetNeeded("save: no episode has begun: call reset")
        size = lib.lp_env_save_size(self._env)
        machine = ffi.new("char[]", size)
        lib.lp_env_save(self._env, machine)
        rest = bytes(ffi.buffer(machine, size)) + (b"" if self._stacked is None else self._stacked.tobytes())
        look = self._look
        fields = (size, look.kind.encode(), look.width, look.height, look.stack, self._outcome, self._run_seed, self._episode, self._seed)
        check = zlib.crc32(rest, zlib.crc32(SAVED.pack(MAGIC, 0, *fields)))
        return SAVED.pack(MAGIC, check, *fields) + rest

    def load(self, state: bytes) -> tuple[Array, dict[str, Any]]:
        """Goes on from where save was called, in this process or another; returns observation and info as they were then, but no events.

        InputError, and nothing changed: damaged, of another game, or, where frames are stacked, of another observation.
        """
        self._alive()
        state = bytes(state)
        if len(state) < SAVED.size or state[:8] != MAGIC:
            raise InputError("saved environment: not one, or of another version")
        _, check, *fields = SAVED.unpack_from(state)
        size, kind, width, height, stack, outcome, run_seed, episode, seed = fields
        rest = state[SAVED.size :]
        if check != zlib.crc32(rest, zlib.crc32(SAVED.pack(MAGIC, 0, *fields))):
            raise InputError("saved environment: damaged")
        look, frames = self._look, rest[size:]
        if look.stack > 1 and (kind.rstrip(b"\0").decode(), width, height, stack) != (look.kind, look.width, look.height, look.stack):
            raise InputError(f"saved environment: its frames are {kind.rstrip(bytes(1)).decode()}, {stack} of {width}x{height}, "
                             f"not {look.kind}, {look.stack} of {look.width}x{look.height}")
        if self._stacked is not None and len(frames) != self._stacked.nbytes:
            raise InputError("saved environment: damaged")
        _core.check(lib.lp_env_load(self._env, rest[:size], min(size, len(rest)), self._err), self._err)
        self._outcome, self._run_seed, self._episode, self._seed = outcome, run_seed, episode, seed
        if self._stacked is not None:
            self._stacked[:] = np.frombuffer(frames, np.uint8).reshape(self._stacked.shape)
            observation = self._stacked.copy()
        else:
            observation = self._observe(True)
        self._show()
        return observation, self._info() | {"seed": seed}

    # ---- showing ----

    def render(self) -> Array | None:
        """The whole screen as uint8 [height, width, 3] with render_mode "rgb_array"; None with "human", which shows itself."""
        self._alive()
        if self.render_mode == "rgb_array":
            return _core.screen(self._env)
        return None

    def _show(self) -> None:
        if self.render_mode == "human":
            if self._window is None:
                self._window = _core.Window(self.game.name, self.game.screen_size, self.metadata["render_fps"])
            self._window.show(_core.screen(self._env))

    def _alive(self) -> None:
        if self._env is None:
            raise _core.Error(f"{self.game.name}: the environment is closed")

    def close(self) -> None:
        """Ends the emulator and the window. Observations stay valid. May be called twice."""
        if self._env is not None:
            self._variables = np.empty(0, np.int64)
            ffi.release(self._env)
            self._env = None
        if self._window is not None:
            self._window.close()
            self._window = None
