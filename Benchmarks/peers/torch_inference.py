#!/usr/bin/env python3
"""Peer measurement: inference of the CCR network in PyTorch on the CPU.

The work, identical to that of `benchmarks inference`: the trunk and head of torch_ccr_step.py in evaluation mode (batch
normalisation by its running statistics), without gradients, on one batch of random float32 NCHW images.

Usage: python3 torch_inference.py [--size 32] [--channels 3] [--batch 200] [--clusters 10] [--threads 2] [--repetitions 7]
                                  [--widths 64,128,256,512] [--blocks 3,4,6,3]
Prints one JSON line: median seconds per batch and images per second.
Runs with Debian's python3-torch (apt) and with the torch wheel (pip); quote the faster of the two as the peer.
"""
import argparse
import json
import statistics
import time

import torch

from torch_ccr_step import Net, numbers


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("size", 32), ("channels", 3), ("batch", 200), ("clusters", 10), ("threads", 2), ("repetitions", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--widths", type=numbers, default=[64, 128, 256, 512])
    parser.add_argument("--blocks", type=numbers, default=[3, 4, 6, 3])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    net = Net(options.channels, options.clusters, options.widths, options.blocks).eval()
    images = torch.randn(options.batch, options.channels, options.size, options.size)
    seconds = []
    with torch.no_grad():
        net(images), net(images)
        for _ in range(options.repetitions):
            start = time.perf_counter()
            net(images)
            seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({"peer": f"torch {torch.__version__}", "threads": options.threads, "seconds_per_batch": round(median, 4),
                      "images_per_second": round(options.batch / median, 1)}))


if __name__ == "__main__":
    main()
