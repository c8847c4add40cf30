"""Student's t, the exact sign-flip test and Holm's correction by SciPy and statsmodels, for Tests/TablesTests/StatisticsTests.swift.

    python3 -m venv .venv && .venv/bin/pip install scipy statsmodels
    .venv/bin/python Tests/oracles/statistics.py > Tests/oracles/statistics.json
"""
import json
import sys

import numpy as np
import scipy
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = np.random.default_rng(17)


def sign_flip(differences):
    """SciPy's permutation test of paired samples: all ways to swap the values of pairs."""
    result = stats.permutation_test(
        (np.asarray(differences), np.zeros(len(differences))), lambda x, y, axis: np.sum(x - y, axis=axis),
        vectorized=True, permutation_type="samples", alternative="two-sided", n_resamples=np.inf)
    return float(result.pvalue)


# Accuracies of 4,000 images, so that sums of several seeds may be equal; and numbers that hardly can be.
samples = [list(np.round(random.normal(0.02, 0.03, n) * 4000) / 4000) for n in (2, 3, 4, 5, 6, 8, 10, 12, 15)]
samples += [list(random.normal(0.5, 1, n)) for n in (2, 3, 5, 7, 9, 11, 14, 16)]
samples += [[0.01] * 6, [0.0, 0.0, 0.0], [0.0, 0.01, 0.02, 0.0, 0.01], [-0.01, 0.01, 0.02, -0.02], [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]]

families = [[0.01, 0.04, 0.03, 0.005], [0.25], [0.5, 0.5, 0.5], [0.25, 0.5, 1.0, 0.25, 0.75], [0.03125, 0.0009765625, 0.2, 0.001953125]]
families += [list(random.uniform(0, 0.2, n)) for n in (2, 5, 7)]

record = {
    "made_with": f"SciPy {scipy.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}",
    "cumulative": [
        [t, df, float(stats.t.cdf(t, df))] for df in (1, 2, 3, 4, 5, 9, 10, 30, 101) for t in (-3.0, -0.5, 0.0, 0.01, 1.0, 2.5, 12.0)],
    "critical": [
        [share, df, float(stats.t.ppf((1 + share) / 2, df))] for share in (0.5, 0.9, 0.95, 0.99) for df in (1, 2, 3, 4, 5, 6, 9, 19, 20, 99)],
    "intervals": [
        [[float(x) for x in values]] + [float(x) for x in stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))]
        for values in samples if len(values) >= 5 and np.ptp(values) > 0],
    "sign_flip": [[[float(x) for x in values], sign_flip(values)] for values in samples],
    "holm": [[[float(p) for p in values], [float(p) for p in multipletests(values, method="holm")[1]]] for values in families],
}
members = []
for name, value in record.items():
    text = json.dumps(value) if isinstance(value, str) else "[\n" + ",\n".join("    " + json.dumps(one) for one in value) + "\n  ]"
    members.append(f"  {json.dumps(name)}: {text}")
print("{\n" + ",\n".join(members) + "\n}")
