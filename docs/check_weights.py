"""Holds PyTorch's inference against `embed`: python check_weights.py weights.h5 features.h5 assignments.h5 images.h5 EPOCH SIZE MEAN STD

Grey images without the Sobel front end, as in the quick profile (size 20, mean 0.286, deviation 0.353); resized by Pillow.
"""
import sys

import h5py
import numpy as np
import torch
from PIL import Image

from load_weights import load

weights, features, assignments, images = sys.argv[1:5]
epoch, size, mean, deviation = int(sys.argv[5]), int(sys.argv[6]), float(sys.argv[7]), float(sys.argv[8])
network = load(weights, epoch)
with h5py.File(images) as file:
    pictures = file["images"][:512, :, :, 0]
views = np.stack([np.asarray(Image.fromarray(picture).resize((size, size), Image.BILINEAR)) for picture in pictures])
x = torch.from_numpy((views[:, None].astype(np.float32) / 255 - mean) / deviation).float()
with torch.no_grad():
    h = network.features(x)
    p = network.probabilities(h, len(network.heads) - 1)
with h5py.File(features) as file:
    ours = file[f"epoch_{epoch:04d}/features"][: len(x)]
with h5py.File(assignments) as file:
    probabilities = file[f"epoch_{epoch:04d}/probabilities_{len(network.heads) - 1}"][: len(x)]
differences = np.abs(h.numpy() - ours).max() / np.abs(ours).max(), np.abs(p.numpy() - probabilities).max()
print(f"features differ by {differences[0]:.1e} of the largest, probabilities by {differences[1]:.1e}")
assert max(differences) < 1e-4
