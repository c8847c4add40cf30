#!/usr/bin/env python3
"""Peer measurement: one CCR training step in PyTorch on the CPU.

The work, identical to that of `benchmarks train-step`:
  residual trunk (3x3 stem, BN, ReLU, 2x2 max-pool stride 2 padding 1, stages of basic blocks, by default those of
  ResNet-34, global average pool), one linear head of K outputs + softmax;
  forward of B original images and of B*R augmented images (two separate batch-norm passes), the three CCR losses
  on the assignment probabilities, backward through both, one Adam step. Inputs are random float32 NCHW.

Usage: python3 torch_ccr_step.py [--size 32] [--channels 3] [--batch 50] [--repeats 3] [--clusters 10]
                                 [--threads 2] [--steps 7] [--widths 64,128,256,512] [--blocks 3,4,6,3]
Prints one JSON line: median seconds per step and images per second (B*(1+R) images a step).
Runs with Debian's python3-torch (apt) and with the torch wheel (pip); quote the faster of the two as the peer.
"""
import argparse, json, math, resource, statistics, time
import torch, torch.nn as nn, torch.nn.functional as F


class BasicBlock(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.skip = None
        if stride != 1 or cin != cout:
            self.skip = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        shortcut = x if self.skip is None else self.skip(x)
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(x)) + shortcut, inplace=True)


class Net(nn.Module):
    def __init__(self, channels, clusters, widths, depths):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]),
                                  nn.ReLU(inplace=True), nn.MaxPool2d(2, 2, 1))
        blocks, cin = [], widths[0]
        for stage, (cout, depth) in enumerate(zip(widths, depths)):
            stride = 1 if stage == 0 else 2
            for i in range(depth):
                blocks.append(BasicBlock(cin, cout, stride if i == 0 else 1))
                cin = cout
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(cin, clusters)

    def forward(self, x):
        return self.head(self.body(self.stem(x)).mean((2, 3))).softmax(1)


def distances(u):
    return (u.unsqueeze(1) - u.unsqueeze(0)).pow(2).sum(2).add(1e-12).sqrt()


def ccr_loss(u, v, tau=0.5, alpha=0.004):
    rows = F.normalize(u) @ F.normalize(v).t() / tau
    cols = F.normalize(u, dim=0).t() @ F.normalize(v, dim=0) / tau
    du, dv = distances(u), distances(v)
    relation = (du / du.mean() - dv / dv.mean()).pow(2).mean()
    p = u.sum(0) / u.sum()
    balance = math.log(p.numel()) + (p * p.clamp_min(1e-12).log()).sum()
    return (F.cross_entropy(rows, torch.arange(len(rows))) + F.cross_entropy(cols, torch.arange(len(cols)))
            + alpha * relation + balance)


def numbers(text):
    return [int(n) for n in text.split(",")]


def main():
    a = argparse.ArgumentParser()
    for name, default in (("size", 32), ("channels", 3), ("batch", 50), ("repeats", 3), ("clusters", 10),
                          ("threads", 2), ("steps", 7)):
        a.add_argument(f"--{name}", type=int, default=default)
    a.add_argument("--widths", type=numbers, default=[64, 128, 256, 512])
    a.add_argument("--blocks", type=numbers, default=[3, 4, 6, 3])
    a = a.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    net = Net(a.channels, a.clusters, a.widths, a.blocks)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        original = torch.randn(a.batch, a.channels, a.size, a.size)
        augmented = torch.randn(a.batch * a.repeats, a.channels, a.size, a.size)
        loss = ccr_loss(net(original).repeat(a.repeats, 1), net(augmented))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    step(), step()
    seconds = []
    for _ in range(a.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({"peer": f"torch {torch.__version__}", "threads": a.threads, "seconds_per_step": round(median, 4),
                      "images_per_second": round(a.batch * (1 + a.repeats) / median, 1),
                      "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}))


if __name__ == "__main__":
    main()
