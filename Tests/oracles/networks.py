"""Makes the fixture of NetworkAgreementTests, networks.h5: forward and backward of small networks by PyTorch in float64.

    python networks.py

Each group is a network: its initial state, images or rows, outputs in training mode, a random gradient on each output, the gradients that follow, the
running statistics afterwards, and the outputs in evaluation mode with them.
"""
import os

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, conv, norm):
        super().__init__()
        self.conv = conv
        if norm is not None:
            self.bn = norm

    def forward(self, x):
        x = self.conv(x)
        return self.bn(x) if hasattr(self, "bn") else x


class ConvAutoencoder(nn.Module):
    def __init__(self, size, channels, widths, code, batch_norm, variational):
        super().__init__()
        sides = [channels] + widths
        norm = lambda width: nn.BatchNorm2d(width) if batch_norm else None
        self.encoder = nn.ModuleList(
            Block(nn.Conv2d(a, b, 4, 2, 1, bias=not batch_norm), norm(b)) for a, b in zip(sides, sides[1:]))
        self.side = size >> len(widths)
        flat = self.side ** 2 * widths[-1]
        self.code, self.expand = nn.Linear(flat, code), nn.Linear(code, flat)
        if variational:
            self.log_variance = nn.Linear(flat, code)
        self.decoder = nn.ModuleList(
            Block(nn.ConvTranspose2d(b, a, 4, 2, 1, bias=not batch_norm or index == 0), norm(a) if index > 0 else None)
            for index, (a, b) in reversed(list(enumerate(zip(sides, sides[1:])))))

    def forward(self, x):
        for block in self.encoder:
            x = F.elu(block(x))
        maps, flat = x, x.flatten(1)
        code = self.code(flat)
        x = F.elu(self.expand(code)).reshape(len(x), -1, self.side, self.side)
        for index, block in enumerate(self.decoder):
            x = block(x)
            if index < len(self.decoder) - 1:
                x = F.elu(x)
        outputs = {"maps": maps, "code": code, "logits": x}
        if hasattr(self, "log_variance"):
            outputs["log_variance"] = self.log_variance(flat)
        return outputs


class StackedAutoencoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(list(zip(sizes, sizes[1:]))))

    def forward(self, x):
        def through(layers, x):
            for layer in layers[:-1]:
                x = F.relu(layer(x))
            return layers[-1](x)

        code = through(self.encoder, x)
        return {"code": code, "output": through(self.decoder, code)}


class Plain(nn.Module):
    def __init__(self, size, channels):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 5, 3, padding=1), nn.BatchNorm2d(5, track_running_stats=False), nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(5, 4, 2), nn.AvgPool2d(3, 2, 1), nn.Flatten(), nn.Linear(16, 6),
            nn.BatchNorm1d(6, track_running_stats=False), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, x):
        return {"output": self.layers(x)}


def last(x):
    """Channels last, as the Swift side has them."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def main():
    torch.manual_seed(20230901)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks.h5")
    with h5py.File(path, "w", libver="v108") as file:
        def make(name, network, *shape):
            network = network.double()
            # Numbers that Float32 holds are where the Swift side starts; off their regular beginnings, so that each counts.
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter.copy_((parameter + 0.2 * torch.randn_like(parameter)).float().double())
            x = torch.rand(*shape).float().double().requires_grad_()

            def keep(entry, values):
                file[f"{name}/{entry}"] = np.asarray(values.detach().numpy(), np.float32)

            keep("x", last(x))
            for entry, tensor in network.state_dict().items():
                if not entry.endswith("num_batches_tracked"):
                    keep(f"initial/{entry}", tensor)
            outputs = network(x)
            loss = 0
            for entry, output in outputs.items():
                direction = torch.rand_like(output).float().double() - 0.5
                keep(f"outputs/{entry}", last(output)), keep(f"directions/{entry}", last(direction))
                loss = loss + (direction * output).sum()
            loss.backward()
            keep("x_gradient", last(x.grad))
            for entry, parameter in network.named_parameters():
                keep(f"gradients/{entry}", parameter.grad)
            for entry, tensor in network.state_dict().items():
                if "running" in entry:
                    keep(f"running/{entry}", tensor)
            network.eval()
            for entry, output in network(x).items():
                keep(f"evaluation/{entry}", last(output))

        make("conv_autoencoder", ConvAutoencoder(8, 2, [3, 16], 5, True, False), 6, 2, 8, 8)
        make("variational", ConvAutoencoder(8, 1, [4, 6], 3, False, True), 5, 1, 8, 8)
        make("stacked", StackedAutoencoder([9, 7, 8, 3]), 6, 9)
        make("plain", Plain(9, 2), 5, 2, 9, 9)
    print(path, os.path.getsize(path), "bytes")


main()
