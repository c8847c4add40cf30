#!/usr/bin/env python3
"""Peer measurement: t-SNE by openTSNE.

The work, identical to that of `benchmarks tsne`: perplexity 30, 250 iterations with early exaggeration 12 and 500 without, start from
the principal components, on the float32 matrix that `benchmarks tsne --write-input FILE` wrote: 10,000 × 50 principal components of
Fashion-MNIST. The time covers neighbours, affinities and descent.

The divergence, outside the time, has the definition of `benchmarks tsne`: the sum of p ln(p/q) over the pairs with p > 0, p from exact
nearest neighbours, q normalised over all pairs. openTSNE's own figure rests on approximate neighbours and an approximate normaliser.

Usage: python3 opentsne_tsne.py FILE.npy [--method bh|fft] [--perplexity 30] [--early 250] [--iterations 500] [--threads 2]
Prints one JSON line: seconds and KL divergence. Quote the faster of the two methods as the peer.
"""
import argparse
import json
import os
import time


def divergence(np, affinities, embedding):
    """The sum of p ln(p/q), all in float64, the normaliser by blocks of rows."""
    y = np.asarray(embedding, dtype=np.float64)
    normaliser = -float(len(y))
    for start in range(0, len(y), 500):
        block = y[start:start + 500]
        square = ((block[:, None, :] - y[None, :, :]) ** 2).sum(2)
        normaliser += (1 / (1 + square)).sum()
    pairs = affinities.tocoo()
    kept = pairs.data > 0
    p = pairs.data[kept] / pairs.data[kept].sum()
    square = ((y[pairs.row[kept]] - y[pairs.col[kept]]) ** 2).sum(1)
    return float((p * np.log(p * (1 + square) * normaliser)).sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--method", choices=("bh", "fft"), default="bh")
    parser.add_argument("--perplexity", type=float, default=30)
    parser.add_argument("--early", type=int, default=250)
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    # Both are read when the libraries load.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    import numpy as np
    import openTSNE
    from openTSNE.affinity import PerplexityBasedNN

    x = np.load(options.input)
    method = openTSNE.TSNE(
        perplexity=options.perplexity, early_exaggeration_iter=options.early, early_exaggeration=12, n_iter=options.iterations,
        initialization="pca", negative_gradient_method=options.method, n_jobs=options.threads, random_state=0)
    start = time.perf_counter()
    embedding = method.fit(x)
    seconds = time.perf_counter() - start
    exact = PerplexityBasedNN(x, perplexity=options.perplexity, method="exact", n_jobs=options.threads)
    print(json.dumps({"peer": f"openTSNE {openTSNE.__version__}, {options.method}", "threads": options.threads, "points": len(x),
                      "seconds": round(seconds, 3), "kl_divergence": round(divergence(np, exact.P, embedding), 4),
                      "own_kl_divergence": round(float(embedding.kl_divergence), 4)}))


if __name__ == "__main__":
    main()
