"""PPO learns `cue` from pixels: one file, PyTorch, after CleanRL's manner.

    pip install ./python torch
    python python/examples/ppo_cue.py --minutes 5

The symbol stays on the sign (keep_cue=1), so that no memory is needed: whoever cannot learn this will not learn the rest.
Prints the win rate over the last 200 episodes as it trains, and at the end that of greedy play on evaluation seeds.
"""
import argparse
import collections
import time

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import longplay


class Agent(nn.Module):
    """[batch, height, width] bytes -> logits [batch, n_actions] and value [batch]."""

    def __init__(self, shape: tuple[int, int], n_actions: int) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 16, 8, stride=4), nn.ReLU(),
            nn.Conv2d(16, 32, 4, stride=2), nn.ReLU(), nn.Flatten(),
        )
        with torch.no_grad():
            n = self.trunk(torch.zeros(1, 1, *shape)).shape[1]
        self.hidden = nn.Sequential(nn.Linear(n, 128), nn.ReLU())
        self.policy, self.value = nn.Linear(128, n_actions), nn.Linear(128, 1)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.orthogonal_(module.weight, 2**0.5)
                nn.init.zeros_(module.bias)
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.orthogonal_(self.value.weight, 1.0)

    def forward(self, observation: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.hidden(self.trunk(observation.unsqueeze(1).float() / 255 - 0.5))
        return self.policy(x), self.value(x).squeeze(1)


def advantages(rewards: torch.Tensor, dones: torch.Tensor, values: torch.Tensor, last: torch.Tensor, gamma: float, lam: float) -> torch.Tensor:
    """Generalised advantage estimation, all [steps, envs]; dones[t]: an episode ended at step t."""
    out, ahead = torch.zeros_like(rewards), torch.zeros_like(last)
    for t in reversed(range(len(rewards))):
        after = last if t + 1 == len(rewards) else values[t + 1]
        alive = 1 - dones[t]
        ahead = rewards[t] + gamma * after * alive - values[t] + gamma * lam * alive * ahead
        out[t] = ahead
    return out


def evaluate(agent: Agent, args: argparse.Namespace) -> float:
    """The share of args.episodes that greedy play wins, on seeds never trained on."""
    knobs = {"keep_cue": 1, "horizon": args.horizon, "doors": args.doors}
    envs = longplay.VectorEnv("cue", 32, knobs=knobs, split="eval", autoreset="same_step")
    observation, _ = envs.reset(seed=args.seed)
    ends: list[str] = []
    while len(ends) < args.episodes:
        with torch.no_grad():
            logits, _ = agent(torch.from_numpy(observation))
        observation, _, _, _, infos = envs.step(logits.argmax(1).numpy())
        ends += [end for end in infos.get("outcome", []) if end]
    envs.close()
    return ends.count("win") / len(ends)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--target", type=float, default=0.99, help="stop when this share of the last 200 episodes is won")
    parser.add_argument("--horizon", type=int, default=16)
    parser.add_argument("--doors", type=int, default=2)
    parser.add_argument("--envs", type=int, default=32)
    parser.add_argument("--steps", type=int, default=64, help="of each environment between updates")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--minibatch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--gamma", type=float, default=0.99)
    parser.add_argument("--entropy", type=float, default=0.01)
    parser.add_argument("--episodes", type=int, default=200, help="of the evaluation")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    knobs = {"keep_cue": 1, "horizon": args.horizon, "doors": args.doors}
    envs = longplay.VectorEnv("cue", args.envs, knobs=knobs, autoreset="same_step")
    shape = envs.single_observation_space.shape
    agent = Agent(shape, len(envs.game.actions))
    optimizer = torch.optim.Adam(agent.parameters(), args.rate, eps=1e-5)

    # the environments write straight into the rollout's storage: observation t is row t
    pixels = np.zeros((args.steps + 1, args.envs, *shape), np.uint8)
    observations = torch.from_numpy(pixels)
    actions = torch.zeros(args.steps, args.envs, dtype=torch.long)
    logprobs, rewards, dones, values = (torch.zeros(args.steps, args.envs) for _ in range(4))
    recent: collections.deque[str] = collections.deque(maxlen=200)
    start, decisions, update = time.monotonic(), 0, 0
    envs.reset(seed=args.seed, out=pixels[0])

    while time.monotonic() - start < 60 * args.minutes:
        for t in range(args.steps):
            with torch.no_grad():
                logits, values[t] = agent(observations[t])
            chosen = Categorical(logits=logits)
            actions[t] = chosen.sample()
            logprobs[t] = chosen.log_prob(actions[t])
            _, reward, terminated, truncated, infos = envs.step(actions[t].numpy(), out=pixels[t + 1])
            rewards[t], dones[t] = torch.from_numpy(reward), torch.from_numpy(terminated | truncated)
            recent += [end for end in infos.get("outcome", []) if end]
        decisions, update = decisions + actions.numel(), update + 1
        with torch.no_grad():
            last = agent(observations[-1])[1]
        gains = advantages(rewards, dones, values, last, args.gamma, 0.95)
        batch = observations[:-1].flatten(0, 1), actions.flatten(), logprobs.flatten(), gains.flatten(), (gains + values).flatten()
        for _ in range(args.epochs):
            for index in torch.randperm(actions.numel()).split(args.minibatch):
                o, a, old, gain, target = (part[index] for part in batch)
                logits, value = agent(o)
                chosen = Categorical(logits=logits)
                ratio = (chosen.log_prob(a) - old).exp()
                gain = (gain - gain.mean()) / (gain.std() + 1e-8)
                policy_loss = -torch.min(gain * ratio, gain * ratio.clamp(0.8, 1.2)).mean()
                loss = policy_loss + 0.25 * (value - target).square().mean() - args.entropy * chosen.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
        pixels[0] = pixels[-1]
        won = recent.count("win") / max(len(recent), 1)
        minutes = (time.monotonic() - start) / 60
        print(f"{minutes:5.1f} min, update {update}: {decisions} decisions, {won:.0%} of the last {len(recent)} episodes won", flush=True)
        if len(recent) == recent.maxlen and won >= args.target:
            break
    print(f"greedy, evaluation seeds: {evaluate(agent, args):.1%} of {args.episodes} won, after {(time.monotonic() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
