"""Computes the tables of the CIFAR-10 study again, from assignments and labels, and prints how far the published ones are from that.

    pip install h5py numpy scipy scikit-learn
    python Tests/oracles/study.py results/study paper-tables/study
"""

import json
import math
import sys
from glob import glob

import h5py
import numpy as np
from scipy import stats
from scores import METRICS

METHODS = {"K-means": "kmeans", "PICA": "pica", "DCDC": "dcdc", "CCR, alpha = 0": "ccr-irl-crl", "CCR": "ccr"}


def student(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return [values.mean() - half, values.mean() + half]


def sign_flip(differences):
    signs = 1 - 2 * (np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences)) & 1)
    sums = np.abs(signs @ differences)
    return np.mean(sums >= abs(differences.sum()) - 1e-12 * np.abs(differences).sum())


def bootstrap(differences):
    """The middle 95 % of the means of all ways to draw as many with replacement."""
    n, outcomes = len(differences), []

    def draw(at, left, total, ways):
        if at == n - 1:
            outcomes.append(((total + left * differences[at]) / n, ways / math.factorial(left)))
            return
        for k in range(left + 1):
            draw(at + 1, left - k, total + k * differences[at], ways / math.factorial(k))

    draw(0, n, 0.0, math.factorial(n) / n**n)
    means, weights = np.array(sorted(outcomes)).T
    below = np.cumsum(weights)
    return [means[np.searchsorted(below, share)] for share in (0.025, 0.975)]


def holm(values):
    corrected, least = [0.0] * len(values), 0.0
    for rank, at in enumerate(np.argsort(values, kind="stable")):
        least = max(least, min(1, (len(values) - rank) * values[at]))
        corrected[at] = least
    return corrected


results, published = sys.argv[1:]
labels = h5py.File(glob(f"{results}/ingest/*/labels.h5")[0])["labels"][:]
scores = {}
for row, method in METHODS.items():
    for seed in range(8):
        file = h5py.File(glob(f"{results}/{'cluster' if method == 'kmeans' else 'embed'}/*method={method},seed={seed}/assignments.h5")[0])
        epochs = [file[name]["assignments"][:] for name in sorted(file)]
        for metric, score in METRICS.items():
            scores[row, metric, seed] = [score(clusters, labels) for clusters in epochs]


def values(row, metric, epochs):
    return np.array([np.mean(scores[row, metric, seed][-epochs:]) for seed in range(8)])


for name, epochs in [("table1", 2), ("table2", 2), ("table3", 1)]:
    table = json.load(open(f"{published}/{name}.json"))
    worst = 0.0

    def compare(ours, theirs):
        global worst
        worst = max(worst, np.max(np.abs(np.array(ours) - np.array(theirs))))

    for cell in table["cells"]:
        ours = values(cell["row"], cell["metric"], epochs)
        compare(ours, cell["values"])
        compare([ours.mean(), ours.std(ddof=1)], [cell["mean"], cell["std"]])
        compare(student(ours), cell["interval"])
    for metric in METRICS:
        family = [pair for pair in table["comparisons"] if pair["metric"] == metric]
        differences = [values(pair["row"], metric, epochs) - values(pair["against"], metric, epochs) for pair in family]
        for pair, d, corrected in zip(family, differences, holm([sign_flip(d) for d in differences])):
            compare([d.mean(), d.std(ddof=1), sign_flip(d), corrected], [pair["mean"], pair["std"], pair["p"], pair["pHolm"]])
            compare(student(d), pair["interval"])
            compare(bootstrap(d), pair["bootstrap"])
    print(f"{name}: {len(table['cells'])} cells, {len(table['comparisons'])} comparisons, largest difference {worst:.1e}")
