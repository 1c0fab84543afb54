"""Writes reference-statistics.json: what the statistics of the watch must find, computed without Gatehouse.

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python reference-statistics.py && npx prettier --write reference-statistics.json

Everything is SciPy's and, for Newcombe's interval, statsmodels'; the stability index is the formula of Siddiqi's book, which no
package of these has.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

BINNED = [
    ([24, 23, 23, 23, 24, 23, 23, 23, 24, 23], [5, 8, 9, 14, 12, 10, 11, 12, 9, 10]),
    ([60, 60, 60, 53], [10, 15, 30, 45]),
    ([100, 50, 25], [98, 49, 28]),
]
DROPS = [(94, 100, 830, 1000), (94, 100, 910, 1000), (870, 1000, 8200, 10000), (100, 100, 1000, 1000), (45, 50, 700, 1000)]


def samples():
    """Two continuous samples a shift apart, and two with many ties."""
    random = np.random.default_rng(7)
    for rows, others, shift, decimals in [(233, 100, 0, 4), (233, 100, 0.5, 4), (233, 100, 0.9, 4), (60, 40, 0.4, 0), (233, 233, 0.2, 1)]:
        yield np.round(random.normal(size=rows), decimals) + 0.0, np.round(random.normal(shift, size=others), decimals) + 0.0


def two(first, second):
    ks = stats.ks_2samp(first, second, method="exact")
    ranks = stats.mannwhitneyu(first, second, method="asymptotic", use_continuity=False)
    return {"first": first.tolist(), "second": second.tolist(), "ks": ks.statistic, "ks_p": ks.pvalue, "rank_p": ranks.pvalue}


def binned(training, window):
    expected, actual = np.array(training) / sum(training), np.array(window) / sum(window)
    return {
        "training": training,
        "window": window,
        "psi": float(((actual - expected) * np.log(actual / expected)).sum()),
        "p": stats.chi2_contingency([training, window], correction=False).pvalue,
    }


def drop(hits_before, before, hits, rows):
    low, _ = confint_proportions_2indep(hits_before, before, hits, rows, compare="diff", method="newcomb", alpha=0.02)
    return [hits_before, before, hits, rows, low]


def main():
    table = {
        "made": {"by": "reference-statistics.py", "with": {name: version(name) for name in ["numpy", "scipy", "statsmodels"]}},
        "normal": [[z, stats.norm.sf(z)] for z in [-3, -0.5, 0, 0.1, 1, 2.3263478740408408, 2.4999, 2.5, 3, 4.5, 6, 8]],
        "chi_square": [[x, df, stats.chi2.sf(x, df)] for df in [1, 2, 3, 9, 20] for x in [0.1, 1, 5, 20, 50]],
        "kolmogorov": [[x, special.kolmogorov(x)] for x in [0.1, 0.25, 0.5, 0.8, 1, 1.36, 1.63, 2.5, 3.5]],
        # At least so many marked of the rows, when so many of all are.
        "fisher": [
            [hits, rows, marked, every, stats.hypergeom.sf(hits - 1, every, marked, rows)]
            for hits, rows, marked, every in [(10, 100, 10, 333), (3, 10, 5, 30), (0, 10, 5, 30), (40, 100, 60, 333), (8, 9, 10, 11)]
        ],
        "two_samples": [two(*pair) for pair in samples()],
        "binned": [binned(*pair) for pair in BINNED],
        "drops": [drop(*each) for each in DROPS],
    }
    text = json.dumps(table, default=float)
    Path(__file__).with_suffix(".json").write_text(text + "\n")


if __name__ == "__main__":
    main()
