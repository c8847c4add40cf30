#!/usr/bin/env python3
"""Peer measurement: spectral, agglomerative and NMF clustering by scikit-learn, and Ward's tree by fastcluster.

The work, identical to that of `benchmarks clustering`, on the float32 matrix that `benchmarks clustering --write-input FILE` wrote, 10,000 × 784
pixels of Fashion-MNIST, 0 to 1:
  sc   self-tuning affinities (7th neighbour) of 50 nearest neighbours, either's; spectral_embedding (arpack), its rows at unit length as in the
       method cited, KMeans with 10 restarts; SpectralClustering is the same without the unit length, which changes the clusters
  ac   Ward's tree from the pixels, cut at k clusters
  nmf  rows of unit length; multiplicative updates by KL divergence, at most 200 iterations, tolerance 1e-4, from the factors of
       --start or from scikit-learn's own start

Usage: python3 sklearn_clustering.py FILE.npy --method sc|ac|nmf [--by sklearn|fastcluster] [--clusters 10] [--threads 2] [--start PREFIX]
Prints one JSON line: seconds and objective, which is the normalised cut, the sum of squares about the clusters' means, the divergence.
"""
import argparse
import json
import os
import time


def affinity(np, x, threads):
    import scipy.sparse as sparse
    from sklearn.neighbors import NearestNeighbors
    squares, indices = NearestNeighbors(n_neighbors=51, algorithm="brute", n_jobs=threads).fit(x).kneighbors(x)
    squares, indices = squares[:, 1:].astype(np.float64) ** 2, indices[:, 1:]
    scales = np.sqrt(squares[:, 6])
    rows = np.repeat(np.arange(len(x)), 50)
    weights = np.exp(-squares.ravel() / (scales[rows] * scales[indices.ravel()]))
    graph = sparse.csr_matrix((weights, (rows, indices.ravel())), shape=(len(x), len(x)))
    return graph.maximum(graph.T)


def normalised_cut(np, graph, clusters):
    total = 0.0
    degrees = np.asarray(graph.sum(1)).ravel()
    for cluster in range(clusters.max() + 1):
        own = clusters == cluster
        if own.any():
            total += 1 - graph[own][:, own].sum() / degrees[own].sum()
    return total


def spectral(np, x, options):
    from sklearn.cluster import KMeans
    from sklearn.manifold import spectral_embedding
    start = time.perf_counter()
    graph = affinity(np, x, options.threads)
    rows = spectral_embedding(graph, n_components=options.clusters, eigen_solver="arpack", drop_first=False, random_state=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    clusters = KMeans(options.clusters, n_init=10, random_state=0).fit(rows).labels_
    seconds = time.perf_counter() - start
    return seconds, normalised_cut(np, graph, clusters)


def agglomerative(np, x, options):
    start = time.perf_counter()
    if options.by == "fastcluster":
        import fastcluster
        from scipy.cluster.hierarchy import fcluster
        clusters = fcluster(fastcluster.linkage_vector(x, "ward"), options.clusters, "maxclust")
    else:
        from sklearn.cluster import AgglomerativeClustering
        clusters = AgglomerativeClustering(options.clusters, linkage="ward").fit(x).labels_
    seconds = time.perf_counter() - start
    x = x.astype(np.float64)
    return seconds, sum(((x[clusters == c] - x[clusters == c].mean(0)) ** 2).sum() for c in np.unique(clusters))


def factorisation(np, x, options):
    from sklearn.decomposition import NMF
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    custom = {}
    if options.start:
        custom = {"W": np.load(f"{options.start}-coefficients.npy"), "H": np.load(f"{options.start}-parts.npy")}
    start = time.perf_counter()
    method = NMF(options.clusters, init="custom" if custom else "nndsvda", solver="mu", beta_loss="kullback-leibler", max_iter=200,
                 tol=1e-4, random_state=0)
    method.fit_transform(x, **custom)
    seconds = time.perf_counter() - start
    return seconds, method.reconstruction_err_ ** 2 / 2


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("--method", choices=("sc", "ac", "nmf"), required=True)
    parser.add_argument("--by", choices=("sklearn", "fastcluster"), default="sklearn")
    parser.add_argument("--clusters", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", help="nmf: where to start, as `benchmarks clustering --write-start` wrote it")
    options = parser.parse_args()
    # Both are read when the libraries load.
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    import warnings
    import numpy as np
    import sklearn
    warnings.filterwarnings("ignore")

    x = np.load(options.input)
    seconds, objective = {"sc": spectral, "ac": agglomerative, "nmf": factorisation}[options.method](np, x, options)
    version = f"scikit-learn {sklearn.__version__}"
    if options.by == "fastcluster":
        import importlib.metadata
        version = f"fastcluster {importlib.metadata.version('fastcluster')}"
    print(json.dumps({"peer": version, "threads": options.threads, "images": len(x), "seconds": round(seconds, 3),
                      "objective": round(float(objective), 4)}))


if __name__ == "__main__":
    main()
