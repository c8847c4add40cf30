#!/usr/bin/env python3
"""Values that Tests/ClusteringTests compares with, by scikit-learn and SciPy: prints them as Swift literals.

Usage: python3 clustering.py     (scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6 made the committed ones)
"""
import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors


def accuracy(clusters, classes):
    size = max(max(clusters), max(classes)) + 1
    table = np.zeros((size, size), int)
    np.add.at(table, (clusters, classes), 1)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns].sum() / len(clusters)


def scores(name, clusters, classes):
    values = [
        accuracy(clusters, classes),
        metrics.normalized_mutual_info_score(classes, clusters, average_method="geometric"),
        metrics.normalized_mutual_info_score(classes, clusters, average_method="arithmetic"),
        metrics.adjusted_rand_score(classes, clusters),
    ]
    print(f'ScoresOracle("{name}", clusters: {list(map(int, clusters))}, classes: {list(map(int, classes))},')
    print("  values: [" + ", ".join(f"{v:.12g}" for v in values) + "]),")


def main():
    rng = np.random.default_rng(7)
    scores("halves", [0, 0, 0, 1], [0, 0, 1, 1])
    scores("noisy", (lambda c: np.where(rng.random(40) < .6, (c * 3 + 1) % 4, rng.integers(0, 4, 40)))(c := rng.integers(0, 4, 40)), c)
    scores("more clusters", rng.integers(0, 6, 30), rng.integers(0, 3, 30))
    scores("more classes", rng.integers(0, 2, 30), rng.integers(0, 5, 30))
    scores("one cluster", np.zeros(9, int), rng.integers(0, 3, 9))
    scores("singletons", np.arange(6), [0, 0, 1, 1, 2, 2])

    cost = rng.integers(0, 1000, (12, 12))
    rows, columns = linear_sum_assignment(cost, maximize=True)
    print("gain:", cost.tolist(), "total:", int(cost[rows, columns].sum()), "columns:", columns.tolist())

    i = np.arange(2000)
    print("sparse table's total:", 2000 * accuracy((i * 7919 + i * i * 31) % 1009 % 1000, i % 1000))

    points = np.round(rng.normal(size=(12, 4)) * [3, 2, 1, .5] + [10, -4, 0, 7], 2)
    print("points:", points.tolist())
    pca = PCA(4, svd_solver="full").fit(points)
    signs = np.array([np.sign(row[np.argmax(abs(row))]) for row in pca.components_])
    print("components:", np.round(pca.transform(points) * signs, 6).tolist())
    print("3-means inertia:", KMeans(3, n_init=50, random_state=0, tol=0).fit(points).inertia_)
    distances, indices = NearestNeighbors(n_neighbors=4).fit(points).kneighbors(points)
    print("neighbours:", indices[:, 1:].tolist())
    print("squares:", np.round(distances[:, 1:] ** 2, 4).tolist())


main()
