#!/usr/bin/env python3
"""Peer measurement: one training step of an auto-encoder in PyTorch on the CPU.

The work, identical to that of `benchmarks autoencoder-step`:
  conv      4x4 convolutions of stride 2 to 32, 64, 128 (and, from 64 pixels on, 256) channels with BN and ELU, a linear code of 128, and the mirror
            of transposed convolutions; sigmoid, squared error summed over pixels, backward, Adam
  stacked   D-500-500-2000-10 and back, ReLU behind hidden layers; squared error, backward, momentum

Usage: python3 torch_autoencoder_step.py [--network conv] [--size 32] [--channels 3] [--batch 256] [--threads 2] [--steps 7]
Prints one JSON line: median seconds per step and images per second.
"""
import argparse, json, statistics, time
import torch, torch.nn as nn


def conv(size, channels):
    widths = [channels, 32, 64, 128] + ([256] if size >= 64 else [])
    side = size >> (len(widths) - 1)
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.ELU(inplace=True)]
    flat = side * side * widths[-1]
    layers += [nn.Flatten(), nn.Linear(flat, 128), nn.Linear(128, flat), nn.ELU(inplace=True), nn.Unflatten(1, (widths[-1], side, side))]
    for a, b in reversed(list(zip(widths[1:], widths))):
        last = b == channels and a == 32
        layers += [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=last)] + ([nn.Sigmoid()] if last else [nn.BatchNorm2d(b), nn.ELU(inplace=True)])
    return nn.Sequential(*layers)


def stacked(inputs):
    sizes = [inputs, 500, 500, 2000, 10]
    layers = []
    for half in (sizes, sizes[::-1]):
        for a, b in zip(half, half[1:]):
            layers += [nn.Linear(a, b), nn.ReLU(inplace=True)]
        layers.pop()
    return nn.Sequential(*layers)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--network", choices=["conv", "stacked"], default="conv")
    for name, value in [("size", 32), ("channels", 3), ("batch", 256), ("threads", 2), ("steps", 7)]:
        p.add_argument(f"--{name}", type=int, default=value)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    x = torch.rand(a.batch, a.channels, a.size, a.size)
    if a.network == "conv":
        net = conv(a.size, a.channels)
        optimizer = torch.optim.Adam(net.parameters(), 0.001)
    else:
        net, x = stacked(x[0].numel()), x.flatten(1)
        optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss = (net(x) - x).pow(2).sum() / len(x)
        loss.backward()
        optimizer.step()

    for _ in range(3):
        step()
    times = []
    for _ in range(a.steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    seconds = statistics.median(times)
    print(json.dumps({"peer": f"torch {torch.__version__}", "seconds_per_step": round(seconds, 4),
                      "images_per_second": round(a.batch / seconds, 1), "threads": a.threads}))


main()
