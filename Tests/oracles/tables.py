"""Computes every cell of a table again by scikit-learn, from assignments and labels, and prints how far the table is from that.

    pip install h5py numpy scipy scikit-learn
    python Tests/oracles/tables.py results/quick paper-tables/quick/table1.json

Of tables of the last epoch; those of several epochs, with their tests, are the business of study.py.
"""

import json
import sys
from os.path import exists

import h5py
import numpy as np
from scores import METRICS


def assignments(results, instance):
    """Those of the last epoch, and the labels of the images that were clustered."""
    coordinates = instance.removeprefix("evaluate[").removesuffix("]")
    dataset = coordinates.split("dataset=")[1].split(",")[0]
    labels = h5py.File(f"{results}/ingest/dataset={dataset}/labels.h5")["labels"][:]
    folders = [f"{results}/{stage}/{coordinates}/assignments.h5" for stage in ("cluster", "embed")]
    file = h5py.File(next(path for path in folders if exists(path)))
    clusters = file[max(name for name in file if "assignments" in file[name])]["assignments"][:]
    return clusters, labels[: len(clusters)]


results, path = sys.argv[1:]
table = json.load(open(path))
worst, values = 0.0, 0
for cell in table["cells"]:
    if not cell["sources"]:
        continue
    ours = np.array([METRICS[cell["metric"]](*assignments(results, source["instance"])) for source in cell["sources"]])
    worst = max(worst, np.max(np.abs(ours - np.array(cell["values"]))), abs(ours.mean() - cell["mean"]))
    values += len(ours)
print(f"{table['table']}: {len(table['cells'])} cells, {values} values, largest difference {worst:.1e}")
