"""Game Boy, Game Boy Color and Game Boy Advance games as Gymnasium environments.

    import gymnasium, longplay
    env = gymnasium.make("longplay/cue-v0", knobs={"keep_cue": 1})   # or longplay.Env("game.gb")
    envs = longplay.VectorEnv("cue", 256, stack=4)                   # on every processor
"""
from typing import Any

import gymnasium as _gymnasium

from longplay._core import OUTCOMES, Error, Game, InputError, Knob, games
from longplay.env import Env
from longplay.vector import VectorEnv

__all__ = ["OUTCOMES", "Env", "Error", "Game", "InputError", "Knob", "VectorEnv", "games"]


def _vector(num_envs: int, **settings: Any) -> VectorEnv:
    """What gymnasium.make_vec calls."""
    return VectorEnv(n_envs=num_envs, **settings)


for _name in games():
    if f"longplay/{_name}-v0" not in _gymnasium.registry:
        _gymnasium.register(f"longplay/{_name}-v0", entry_point="longplay:Env", vector_entry_point="longplay:_vector", kwargs={"game": _name})
