#!/usr/bin/env python3
"""Values that Tests/ClusteringTests compares with, by fastcluster, scikit-learn and SciPy: prints them as Swift literals.

Usage: python3 agglomerative.py     (fastcluster 1.3.0, scikit-learn 1.9.1, SciPy 1.17.1, NumPy 2.4.6 made the committed ones)
"""
import numpy as np
import fastcluster
from scipy.cluster.hierarchy import fcluster

# oraclePoints of Tests/ClusteringTests/TestPoints.swift
POINTS = np.array([
    10.78, -3.91, -0.25, 7.02, 7.42, -7.03, -0.17, 6.51, 5.07, -2.99, -0.06, 7.2, 7.03, -5.32, -1.0, 6.56, 10.59, -5.57, 0.36, 7.17, 16.08,
    -6.79, 0.89, 6.96, 9.96, -6.9, -0.46, 7.37, 9.75, -3.84, -0.29, 7.58, 9.94, -8.4, -0.69, 6.02, 0.25, -5.06, 1.33, 7.02, 6.48, -5.88,
    1.13, 7.08, 10.14, -4.11, 0.04, 7.4]).reshape(12, 4)


def main():
    tree = fastcluster.linkage(POINTS, "ward")
    print("heights:", [round(float(h), 6) for h in tree[:, 2]])
    clusters = fcluster(tree, 3, "maxclust")
    order = list(dict.fromkeys(clusters))
    print("three clusters:", [order.index(c) for c in clusters])


main()
