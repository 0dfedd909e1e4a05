"""The interquartile mean of win rates over training seeds, and its bootstrap interval (Agarwal et al. 2021, Deep Reinforcement Learning at the
Edge of the Statistical Precipice).

    iqm([0.98, 0.4, 1.0, 0.99, 0.97])                       # 0.98: one bad seed counts little
    interval([196, 80, 200, 198, 194], [200] * 5)           # 95 %: seeds differ, and so do a seed's episodes
"""
import bisect
import math
import random
import statistics

RESAMPLES = 2000


def iqm(scores: list[float]) -> float:
    """The mean of the middle half. With few scores its edges go through two of them, which then count in part: score i of n, sorted, as much as
    [i, i + 1] is within [n / 4, 3 n / 4]."""
    n = len(scores)
    weights = [max(0.0, min(i + 1, 0.75 * n) - max(i, 0.25 * n)) for i in range(n)]
    return sum(w * x for w, x in zip(weights, sorted(scores))) / sum(weights)


def binomial_cdf(wins: int, n: int) -> list[float]:
    """P(at most k wins), k = 0 to n, among n episodes drawn with replacement from n of which `wins` were won."""
    p = wins / n
    if p in (0, 1):
        return [float(k >= wins) for k in range(n + 1)]
    log_choose = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(n + 1)]
    pmf = [math.exp(c + k * math.log(p) + (n - k) * math.log1p(-p)) for k, c in enumerate(log_choose)]
    total, cdf = 0.0, []
    for one in pmf:
        total += one
        cdf.append(total)
    return [one / total for one in cdf]


def interval(wins: list[int], episodes: list[int]) -> tuple[float, float]:
    """95 % interval of iqm(wins / episodes), a win count and a number of episodes for each seed: the percentiles of resamples, each of which
    draws as many seeds with replacement, and for each of them, anew, as many of its episodes. Where all episodes are won it is a point."""
    rng = random.Random(1)
    cdfs = [binomial_cdf(w, n) for w, n in zip(wins, episodes)]

    def resample() -> float:
        drawn = rng.choices(range(len(wins)), k=len(wins))
        return iqm([bisect.bisect_left(cdfs[i], rng.random()) / episodes[i] for i in drawn])

    cuts = statistics.quantiles((resample() for _ in range(RESAMPLES)), n=40, method="inclusive")
    return cuts[0], cuts[-1]
