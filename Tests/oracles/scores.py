"""ACC, NMI and ARI of clusters against labels, by SciPy and scikit-learn."""

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score


def accuracy(clusters, labels):
    count = np.zeros((max(clusters.max(), labels.max()) + 1,) * 2, int)
    np.add.at(count, (clusters, labels), 1)
    return count[linear_sum_assignment(-count)].sum() / len(labels)


METRICS = {
    "ACC": accuracy,
    "NMI": lambda clusters, labels: normalized_mutual_info_score(labels, clusters, average_method="geometric"),
    "ARI": lambda clusters, labels: adjusted_rand_score(labels, clusters),
}
