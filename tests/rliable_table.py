"""Makes tests/rliable_table.h: what rliable 1.2.0 says of some scores, for tests/test_evals_aggregate.c to agree with.

    pip install rliable==1.2.0 "pandas<3" && tests/rliable_table.py >tests/rliable_table.h
"""
import numpy as np
from rliable import library, metrics

REPS, PAIR_REPS, TARGET, CUTS = 10_000, 2_000, 0.9, (0.25, 0.5, 0.75, 0.95)


def array(values: np.ndarray) -> str:
    return "{" + ", ".join(f"{v:.17g}" for v in np.ravel(values)) + "}"


def main() -> None:
    rng = np.random.default_rng(15)
    np.random.seed(15)  # rliable draws from this one
    print("/* Made by tests/rliable_table.py with rliable 1.2.0. Scores are wins of 200, 5 or 8 runs in 1 to 9 tasks. */")
    print("typedef struct {")
    print("    int n_tasks, n_a, n_b; /* runs of a task */")
    print("    double a[72], b[72];   /* task after task */")
    print(f"    double point[{5 + len(CUTS)}], low[{5 + len(CUTS)}], high[{5 + len(CUTS)}];")
    print("} rliable_case;")
    print("/* point: interquartile mean, median, mean, optimality gap of a; its profile at the cuts; probability that a is better than b */")
    print(f"static const double rliable_target = {TARGET}, rliable_cuts[{len(CUTS)}] = {array(np.array(CUTS))};")
    print("static const rliable_case rliable_cases[] = {")
    for n_tasks, n_a, n_b in ((9, 5, 5), (3, 8, 5), (1, 8, 8)):
        skill = rng.uniform(0.3, 1, n_tasks)
        a, b = (rng.binomial(200, np.clip(skill + rng.normal(shift, 0.1, (n, n_tasks)), 0, 1)) / 200 for n, shift in ((n_a, 0.03), (n_b, 0)))

        def of_one(x: np.ndarray) -> np.ndarray:
            aggregates = [metrics.aggregate_iqm(x), metrics.aggregate_median(x), metrics.aggregate_mean(x), metrics.aggregate_optimality_gap(x, TARGET)]
            return np.array(aggregates + [np.mean(x > cut) for cut in CUTS])

        points, intervals = library.get_interval_estimates({"a": a}, of_one, reps=REPS)
        better, interval = library.get_interval_estimates({"a,b": (a, b)}, metrics.probability_of_improvement, reps=PAIR_REPS)
        point = np.append(points["a"], better["a,b"])
        ends = np.concatenate([intervals["a"], interval["a,b"].reshape(2, 1)], axis=1)
        print(f"    {{{n_tasks}, {n_a}, {n_b}, {array(a.T)}, {array(b.T)},\n     {array(point)}, {array(ends[0])}, {array(ends[1])}}},")
    print("};")


if __name__ == "__main__":
    main()
