#!/usr/bin/env python3
"""Peer measurement: k-means by scikit-learn.

The work, identical to that of `benchmarks kmeans`: k-means++ starts, 10 restarts of at most 300 iterations, tolerance 1e-4, on the
float32 matrix that `benchmarks kmeans --write-input FILE` wrote: 60,000 × 784 pixels of Fashion-MNIST, 0 to 1.

Usage: python3 sklearn_kmeans.py FILE.npy [--algorithm lloyd|elkan] [--clusters 10] [--restarts 10] [--threads 2]
Prints one JSON line: seconds and inertia. Quote the faster of the two algorithms as the peer.
"""
import argparse
import json
import os
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--algorithm", choices=("lloyd", "elkan"), default="lloyd")
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--restarts", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    # Both are read when the libraries load.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    import numpy as np
    import sklearn
    from sklearn.cluster import KMeans

    x = np.load(options.input)
    method = KMeans(options.clusters, n_init=options.restarts, max_iter=300, tol=1e-4, random_state=0, algorithm=options.algorithm)
    start = time.perf_counter()
    method.fit(x)
    seconds = time.perf_counter() - start
    print(json.dumps({"peer": f"scikit-learn {sklearn.__version__}, {options.algorithm}", "threads": options.threads, "images": len(x),
                      "seconds": round(seconds, 3), "inertia": round(float(method.inertia_), 1)}))


if __name__ == "__main__":
    main()
