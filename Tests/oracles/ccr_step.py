"""Makes the fixture of PyTorchAgreementTests: CCR training steps computed by PyTorch in float64.

    python ccr_step.py small       channels off the vector width, committed
    python ccr_step.py vectors     channels that are multiples of 16, committed
    python ccr_step.py resnet34    the paper's network on 32-pixel images (about 260 MB, not committed)

Three steps alternate between the heads; each takes originals and R augmented copies as separate forward calls, all four losses,
backward, Adam. Kept: initial state, bytes of the views, Sobel responses of the first views, loss terms of each step, gradients of the
first step, final state, and inference with the final state.
"""
import argparse
import os
import sys

import h5py
import numpy as np
import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "docs"))
from load_weights import Network  # noqa: E402

TEMPERATURE, ALPHA, BETA, LEARNING_RATE = 0.5, 0.004, 1.0, 0.003
MEAN, STD = [0.5071, 0.4866, 0.4409], [0.2009, 0.1984, 0.2023]


def instance_loss(p, q):
    tiled = p.repeat(len(q) // len(p), 1)
    logits = F.normalize(tiled) @ F.normalize(q).t() / TEMPERATURE
    return F.cross_entropy(logits, torch.arange(len(q)))


def cluster_loss(p, q):
    tiled = p.repeat(len(q) // len(p), 1)
    logits = F.normalize(tiled, dim=0).t() @ F.normalize(q, dim=0) / TEMPERATURE
    return F.cross_entropy(logits, torch.arange(p.shape[1]))


def relation_loss(p, q):
    def relations(u):
        squares = (u.unsqueeze(1) - u.unsqueeze(0)).pow(2).sum(2)
        above = torch.triu_indices(len(u), len(u), 1)
        d = squares[above[0], above[1]].clamp_min(1e-12).sqrt()
        return d / d.mean().clamp_min(1e-6)

    copies = q.reshape(-1, *p.shape)
    return sum((relations(p) - relations(copy)).pow(2).sum() for copy in copies) / len(copies)


def balance_loss(p):
    share = p.sum(0) / p.sum()
    return np.log(p.shape[1]) + (share * share.clamp_min(1e-12).log()).sum()


def prepare(views):
    """[N, S, S, 3] bytes to Sobel responses [N, 2, S, S]."""
    x = torch.from_numpy(views).double().permute(0, 3, 1, 2) / 255
    x = (x - torch.tensor(MEAN).double().view(1, 3, 1, 1)) / torch.tensor(STD).double().view(1, 3, 1, 1)
    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).double()
    quarter_turn = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]).double()
    return F.conv2d(x.mean(1, keepdim=True), torch.stack([kernel, quarter_turn]).unsqueeze(1), padding=1)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("network", choices=["small", "vectors", "resnet34"])
    name = arguments.parse_args().network
    # small: channels off the vector width, direct kernels. vectors: multiples of 16, as the fast kernels want them.
    widths, blocks, heads, size, batch, repeats = {
        "small": ([6, 9, 12], [1, 2, 1], [12, 5], 14, 7, 2),
        "vectors": ([16, 32], [1, 1], [12, 5], 10, 6, 2),
        "resnet34": ([64, 128, 256, 512], [3, 4, 6, 3], [128, 10], 32, 10, 3),
    }[name]
    torch.manual_seed(20230901)
    network = Network(2, widths, blocks, heads).double()
    random = np.random.default_rng(20230901)

    path = os.path.join(here, f"ccr_step_{name}.h5")
    with h5py.File(path, "w", libver="v108") as file:
        def keep(name, values):
            file[name] = np.asarray(values, np.float32)

        def keep_state(group):
            for name, tensor in network.state_dict().items():
                if not name.endswith("num_batches_tracked"):
                    keep(f"{group}/{name}", tensor.numpy())

        # Float32 weights are where the Swift side starts; the reference starts from the same numbers.
        network.load_state_dict({name: t.float().double() if t.is_floating_point() else t for name, t in network.state_dict().items()})
        keep_state("initial")
        keep("shape/widths", widths), keep("shape/blocks", blocks), keep("shape/heads", heads), keep("shape/mean", MEAN), keep("shape/std", STD)
        optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
        for step in range(3):
            # Blocky pictures whose copies are noisy, so that the losses have something to agree about.
            coarse = random.integers(0, 256, (batch, (size + 3) // 4, (size + 3) // 4, 3))
            pictures = coarse.repeat(4, 1).repeat(4, 2)[:, :size, :size]
            noisy = [pictures + random.normal(0, 25, pictures.shape) for _ in range(repeats)]
            originals, augmented = pictures.astype(np.uint8), np.clip(np.concatenate(noisy), 0, 255).astype(np.uint8)
            file[f"step_{step}/originals"], file[f"step_{step}/augmented"] = originals, augmented
            head = step % 2
            network.train()
            p = network.probabilities(network.features(prepare(originals)), head)
            q = network.probabilities(network.features(prepare(augmented)), head)
            terms = [instance_loss(p, q), cluster_loss(p, q), relation_loss(p, q), balance_loss(p)]
            loss = terms[0] + terms[1] + ALPHA * terms[2] + BETA * terms[3]
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            keep(f"step_{step}/terms", [term.item() for term in terms] + [loss.item()])
            if step == 0:
                keep("sobel", prepare(originals).permute(0, 2, 3, 1).numpy())
                keep("step_0/p", p.detach().numpy()), keep("step_0/q", q.detach().numpy())
                for name, parameter in network.named_parameters():
                    if parameter.grad is not None:
                        keep(f"gradients/{name}", parameter.grad.numpy())
            optimizer.step()
        keep_state("final")
        network.eval()
        with torch.no_grad():
            features = network.features(prepare(originals))
            keep("inference/features", features.numpy())
            for head in range(len(heads)):
                keep(f"inference/probabilities_{head}", network.probabilities(features, head).numpy())
    print(path, os.path.getsize(path), "bytes")


main()
