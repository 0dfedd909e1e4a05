"""What Env and VectorEnv share: errors, games, and the settings of an observation."""
from __future__ import annotations

import operator
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Mapping

import numpy as np
from gymnasium import spaces

from longplay._native import ffi, lib

Observation = Literal["grey", "rgb", "shades", "ram"]
Split = Literal["train", "eval"]
Reward = Literal["outcome", "scenario"]
Model = Literal["auto", "dmg", "sgb", "cgb", "agb"]

OUTCOMES: tuple[str, ...] = tuple(ffi.string(lib.lp_outcome_name(code)).decode() for code in range(4))
"""What an episode can be: "running", "win", "loss", "timeout"; the index is the C side's number."""

FRAMES_PER_S: float = lib.LP_EMU_FRAMES_PER_S
KINDS = {"grey": lib.LP_OBS_GREY, "rgb": lib.LP_OBS_RGB, "shades": lib.LP_OBS_SHADES, "ram": lib.LP_OBS_RAM}
SPLITS = ("train", "eval")
REWARDS = ("outcome", "scenario")


class Error(RuntimeError):
    """Longplay could not do what was asked for. The message is the C side's line."""


class InputError(Error, ValueError):
    """A game's file, a saved state or an argument is at fault. The message names file, field and value."""


def check(status: int, err: Any) -> None:
    """Raises the exception for a status and its lp_err."""
    if status != lib.LP_OK:
        message = ffi.string(err.message).decode(errors="replace")
        raise InputError(message) if status == lib.LP_BAD_INPUT else Error(message)


def choice(name: str, value: Any, known: Any) -> None:
    if value not in known:
        raise InputError(f"{name}: {value!r} is not one of {', '.join(map(repr, known))}")


def whole(name: str, value: Any, low: int, high: int) -> int:
    """value as an int between low and high; TypeError: no whole number, InputError: out of range."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: {value!r} is not a whole number") from None
    if not low <= number <= high:
        raise InputError(f"{name}: {number} is not {low} to {high}")
    return number


def _folders() -> list[Path]:
    """Where shipped games may be: $LONGPLAY_DATA, in the package, and in the clone that an editable install points to."""
    here = Path(__file__).resolve().parent
    data = os.environ.get("LONGPLAY_DATA")
    return ([Path(data)] if data else []) + [here / "games", here.parent.parent / "games"]


def games() -> list[str]:
    """The names of the shipped games, sorted."""
    for folder in _folders():
        found = sorted(path.parent.name for path in folder.glob("*/longplay.json"))
        if found:
            return found
    return []


def _find(game: str | os.PathLike[str]) -> str:
    path = os.fspath(game)
    if os.sep not in path and not os.path.exists(path):
        for folder in _folders():
            for part in (folder, folder / "community"):
                if path not in ("", ".", "..") and (part / path / "longplay.json").exists():
                    return str(part / path)
        if "." not in path:
            raise InputError(f"{path!r} is neither a file, a folder nor a shipped game ({', '.join(games())})")
    return os.path.abspath(path)


@dataclass(frozen=True)
class Knob:
    """Something that may vary from episode to episode (longplay.json "knobs")."""

    help: str
    default: int
    min: int
    max: int


class Game:
    """A game: a shipped one's name, a game folder, or a ROM file. InputError: not found, or its files are at fault.

    noop: (min, max) idle frames between boot and the first decision, drawn from the episode's seed, instead of the game's own.
    model: the console it is put into, "dmg" (Game Boy), "sgb" (Super Game Boy), "cgb" (Color), "agb" (Advance), or "auto", the
    one that its ROM was made for; None: the game's own choice, which is "auto" unless longplay.json says another.

    name, title      str
    system           "GB", "GBC" or "GBA"
    model            "dmg", "sgb", "cgb" or "agb"
    folder           what it was read from; None for a bare ROM
    actions          the names of the actions, ("none", "LEFT", "A+RIGHT", ...)
    variables        the names of data.json's variables, in its order
    knobs            name -> Knob
    frame_skip       frames a decision
    observation_size (width, height) of the grey observation that the game asks for
    screen_size      (width, height) of what is played on
    crop             (x, y, width, height): the part of it that observations show
    has_reward       whether scenario.json has one
    has_seed         whether an episode's seed is written into the game
    noop             (min, max) idle frames between boot and the first decision
    """

    def __init__(self, game: str | os.PathLike[str], *, model: Model | None = None, noop: tuple[int, int] | None = None) -> None:
        err, out, wanted = ffi.new("lp_err *"), ffi.new("lp_game **"), ffi.new("lp_model *")
        check(lib.lp_game_open(out, os.fsencode(_find(game)), err), err)
        self.pointer = g = ffi.gc(out[0], lib.lp_game_close)
        if model is not None:
            check(lib.lp_model_parse(wanted, model.encode(), err), err)
            check(lib.lp_game_set_model(g, wanted[0], err), err)
        self.model: str = ffi.string(lib.lp_model_name(lib.lp_game_model(g))).decode()
        self.name: str = ffi.string(lib.lp_game_name(g)).decode(errors="replace")
        self.title: str = ffi.string(lib.lp_game_title(g)).decode(errors="replace")
        self.system: str = ffi.string(lib.lp_system_name(lib.lp_game_system(g))).decode()
        folder = lib.lp_game_dir(g)
        self.folder: str | None = os.fsdecode(ffi.string(folder)) if folder else None
        self.actions = tuple(ffi.string(lib.lp_game_action_name(g, a)).decode() for a in range(lib.lp_game_n_actions(g)))
        self.variables = tuple(ffi.string(lib.lp_game_variable_name(g, i)).decode(errors="replace") for i in range(lib.lp_game_n_variables(g)))
        self.knobs: dict[str, Knob] = {}
        for k in range(lib.lp_game_n_knobs(g)):
            knob = lib.lp_game_knob(g, k)
            help = ffi.string(knob.help).decode(errors="replace")
            self.knobs[ffi.string(knob.name).decode(errors="replace")] = Knob(help, knob.initial, knob.min, knob.max)
        self.frame_skip: int = lib.lp_game_frame_skip(g)
        numbers = ffi.new("int[4]")
        lib.lp_game_observation(g, numbers, numbers + 1)
        self.observation_size = (numbers[0], numbers[1])
        lib.lp_game_crop(g, numbers, numbers + 1, numbers + 2, numbers + 3)
        self.crop = tuple(numbers)
        self.screen_size = (240, 160) if self.system == "GBA" else (160, 144)
        self.has_reward = bool(lib.lp_game_has_reward(g))
        self.has_seed = bool(lib.lp_game_has_seed(g))
        if noop is not None:
            low, high = noop
            check(lib.lp_game_set_noop(g, f"{operator.index(low)}:{operator.index(high)}".encode(), err), err)
        frames = lib.lp_game_noop(g)
        self.noop = (frames.min, frames.max)

    @classmethod
    def of(cls, game: str | os.PathLike[str] | Game, model: Model | None, noop: tuple[int, int] | None) -> Game:
        """What Env and VectorEnv were given: a game that is open already has its own model and noop."""
        if not isinstance(game, Game):
            return cls(game, model=model, noop=noop)
        for name, value in (("model", model), ("noop", noop)):
            if value is not None:
                raise InputError(f"{name}: belongs to a longplay.Game that is open already: give it there")
        return game

    def __repr__(self) -> str:
        return f"<longplay.Game {self.name} ({self.system}): {len(self.actions)} actions, knobs {', '.join(self.knobs) or 'none'}>"

    def set_knobs(self, values: Any, knobs: Mapping[str, int] | None) -> None:
        """Writes knobs over values, an int64_t[] with one entry a knob. InputError: unknown, or out of range."""
        for name, value in (knobs or {}).items():
            if name not in self.knobs:
                raise InputError(f"{self.name}: knobs: {name!r} is none of its knobs ({', '.join(self.knobs) or 'it has none'})")
            knob = self.knobs[name]
            values[list(self.knobs).index(name)] = whole(f"{self.name}: knobs: {name}", value, knob.min, knob.max)

    def default_knobs(self) -> Any:
        values = ffi.new("int64_t[]", max(len(self.knobs), 1))
        lib.lp_game_default_knobs(self.pointer, values)
        return values

    def seed(self, split: str, run_seed: int, index: int) -> int:
        """The seed of episode `index` of a run: the same as the C program's, `longplay play` for "eval"."""
        return int((lib.lp_game_train_seed if split == "train" else lib.lp_game_eval_seed)(run_seed, index))


@dataclass(frozen=True)
class Look:
    """What is observed: the settings, checked and with their defaults filled in."""

    kind: str
    width: int  # 0, 0 for "ram"
    height: int
    stack: int  # 0: no axis for it
    space: spaces.Box

    @staticmethod
    def of(game: Game, kind: str, width: int | None, height: int | None, stack: int) -> Look:
        choice("observation", kind, KINDS)
        stack = whole("stack", stack, 0, lib.LP_VEC_MAX_STACK)
        if kind == "ram":
            if width or height or stack:
                raise InputError("observation: 'ram' is the variables of data.json: it has no width, height or stack")
            if not game.variables:
                raise InputError(f"{game.name}: observation: 'ram' needs the variables of a data.json, and there are none")
            bound = np.iinfo(np.int64)
            return Look(kind, 0, 0, 0, spaces.Box(bound.min, bound.max, (len(game.variables),), np.int64))
        crop_width, crop_height = game.crop[2:]
        default = game.observation_size if kind == "grey" else (crop_width, crop_height)
        width = default[0] if width is None else whole("width", width, 1, crop_width)
        height = default[1] if height is None else whole("height", height, 1, crop_height)
        plain = game.system == "GB" and game.model != "sgb"
        if kind == "shades" and (not plain or (width, height) != (crop_width, crop_height) or width % 4):
            raise InputError(f"observation: 'shades' is for an original Game Boy's screen as it is; {game.name} is on a {game.model}, "
                             f"{width}x{height} of {crop_width}x{crop_height}")
        shape: tuple[int, ...] = {"grey": (height, width), "rgb": (height, width, 3), "shades": (height, width // 4)}[kind]
        return Look(kind, width, height, stack, spaces.Box(0, 255, (stack, *shape) if stack else shape, np.uint8))


def draw(emu: Any, look: Look, crop: tuple[int, ...], out: np.ndarray[Any, Any]) -> None:
    """The present picture of an lp_emu into out, which is contiguous."""
    size = ffi.new("int[2]")
    frame = lib.lp_emu_frame(emu, size, size + 1)
    x, y, width, height = crop
    stride, pixels = size[0], ffi.from_buffer("uint8_t[]", out)
    frame += y * stride + x
    if look.kind == "grey":
        lib.lp_observe_grey(pixels, look.width, look.height, frame, stride, width, height)
    elif look.kind == "rgb":
        lib.lp_observe_rgb(pixels, look.width, look.height, frame, stride, width, height)
    else:
        lib.lp_observe_shades(pixels, frame, stride, width, height)


def check_reward(game: Game, reward: str) -> bool:
    """Whether the scenario's reward is asked for; InputError where it has none."""
    choice("reward", reward, REWARDS)
    if reward == "scenario" and not game.has_reward:
        raise InputError(f"{game.name}: reward: scenario.json has none")
    return reward == "scenario"


def events(env: Any) -> list[dict[str, Any]]:
    """What the last reset or step of an lp_env caused: name, text and whether it is a milestone."""
    out = ffi.new("lp_event **")
    return [{"name": ffi.string(e.name).decode(errors="replace"), "text": ffi.string(e.text).decode(errors="replace"), "milestone": bool(e.milestone)}
            for e in (out[0][i] for i in range(lib.lp_env_events(env, ffi.cast("const lp_event **", out))))]


def screen(env: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The whole screen of an lp_env: uint8 [height, width, 3], red, green, blue; a new array."""
    size = ffi.new("int[2]")
    frame = lib.lp_emu_frame(lib.lp_env_emu(env), size, size + 1)
    out = np.empty((size[1], size[0], 3), np.uint8)
    lib.lp_observe_rgb(ffi.from_buffer("uint8_t[]", out), size[0], size[1], frame, size[0], size[0], size[1])
    return out


class Window:
    """The screen on the desktop, four times as large, at the console's speed; with pygame."""

    def __init__(self, title: str, size: tuple[int, int], fps: float) -> None:
        try:
            import pygame
        except ImportError:
            from gymnasium.error import DependencyNotInstalled
            raise DependencyNotInstalled('render_mode "human" needs pygame: pip install "longplay[human]"') from None
        self.pygame, self.fps = pygame, fps
        pygame.display.init()
        pygame.display.set_caption(title)
        self.surface = pygame.display.set_mode((4 * size[0], 4 * size[1]))
        self.clock = pygame.time.Clock()

    def show(self, picture: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        self.pygame.event.pump()
        image = self.pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "RGB")
        self.surface.blit(self.pygame.transform.scale(image, self.surface.get_size()), (0, 0))
        self.pygame.display.flip()
        self.clock.tick(self.fps)

    def close(self) -> None:
        self.pygame.display.quit()
