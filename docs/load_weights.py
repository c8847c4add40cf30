"""Loads weights.h5 into the equivalent PyTorch module: python load_weights.py weights.h5 EPOCH

`Network` is the module; `load` fills it by name. In inference mode it agrees with `embed` to 1e-4.
"""
import sys

import h5py
import torch
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.skip = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + self.skip(x)).relu()


class Network(nn.Module):
    """Images [N, C, H, W], normalised (and Sobel-filtered where the network was trained so): features(x), probabilities(h, head)."""

    def __init__(self, channels, widths, blocks, heads):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU(),
                                  nn.MaxPool2d(2, 2, 1))
        shapes = [(stage, block) for stage, count in enumerate(blocks) for block in range(count)]
        self.body = nn.Sequential(*[BasicBlock(widths[max(0, stage - (block == 0))], widths[stage], 2 if stage and block == 0 else 1)
                                    for stage, block in shapes])
        self.heads = nn.ModuleList([nn.Linear(widths[-1], outputs) for outputs in heads])

    def features(self, x):
        return self.body(self.stem(x)).mean((2, 3))

    def probabilities(self, h, head):
        return self.heads[head](h).softmax(1)


def load(path, epoch):
    with h5py.File(path) as file:
        state = {name: torch.from_numpy(data[()]) for name, data in file[f"epoch_{epoch:04d}"].items()}
    numbers = sorted({int(name.split(".")[1]) for name in state if name.startswith("body.")})
    widths, blocks = [], []
    for width in [state[f"body.{number}.conv1.weight"].shape[0] for number in numbers]:
        new_stage = not widths or width != widths[-1]  # stages of equal width would need to be named
        widths, blocks = (widths + [width], blocks + [1]) if new_stage else (widths, blocks[:-1] + [blocks[-1] + 1])
    heads = [state[f"heads.{head}.weight"].shape[0] for head in range(sum(name.startswith("heads") for name in state) // 2)]
    network = Network(state["stem.0.weight"].shape[1], widths, blocks, heads)
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    return network.eval()


if __name__ == "__main__":
    print(load(sys.argv[1], int(sys.argv[2])))
