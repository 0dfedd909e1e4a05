"""Game Boy, Game Boy Color and Game Boy Advance games as Gymnasium environments.

    import gymnasium, longplay
    env = gymnasium.make("longplay/cue-v0", knobs={"keep_cue": 1})   # or longplay.Env("game.gb")
    envs = longplay.VectorEnv("cue", 256, stack=4)                   # on every processor

and, for what plays them: Policy, Memory and Player, and read_run for what was recorded.
"""
from typing import Any

import gymnasium as _gymnasium

from longplay._core import OUTCOMES, Error, Game, InputError, Knob, games
from longplay.env import Env
from longplay.memory import ARCHITECTURES, Architecture, Context, Memory, Summary
from longplay.policy import Decisions, Episode, Player, Policy
from longplay.recorded import Frames, Items, Run, read_run
from longplay.vector import VectorEnv

__all__ = [
    "ARCHITECTURES", "OUTCOMES", "Architecture", "Context", "Decisions", "Env", "Episode", "Error", "Frames", "Game", "InputError", "Items", "Knob",
    "Memory", "Player", "Policy", "Run", "Summary", "VectorEnv", "games", "read_run",
]


def _vector(num_envs: int, **settings: Any) -> VectorEnv:
    """What gymnasium.make_vec calls."""
    return VectorEnv(n_envs=num_envs, **settings)


for _name in games():
    if f"longplay/{_name}-v0" not in _gymnasium.registry:
        _gymnasium.register(f"longplay/{_name}-v0", entry_point="longplay:Env", vector_entry_point="longplay:_vector", kwargs={"game": _name})
