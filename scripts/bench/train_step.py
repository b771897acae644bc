#!/usr/bin/env python3
"""Times training steps of a network of networks.py in PyTorch, and prints one line of JSON as `mlrun profile --json` does.

usage: scripts/bench/train_step.py NETWORK --batch N [--steps N] [--warmup N] [--threads N] [--compile] [--check]

A step is the loss (nats an image), its gradient, clipping of the gradient's norm at 1, and Adam; it ends when the loss is
read. --check times nothing: it shows that no logit sees its own pixel or a later one.
"""

import argparse
import json
import statistics
import time

import torch
from torch.nn import functional as F

from networks import NETWORKS, PIXELS


def check(network, batch):
    """Changes one pixel of an image after the other: the logits up to it must stay."""
    x = (torch.rand(1, PIXELS) < 0.2).long()
    with torch.no_grad():
        before = network(x)
        for t in [0, 1, 27, 28, 400, PIXELS - 1]:
            changed = x.clone()
            changed[0, t] = 1 - changed[0, t]
            after = network(changed)
            assert torch.allclose(before[0, : t + 1], after[0, : t + 1], atol=1e-4), f"logit {t} or one before sees pixel {t}"
            assert t == PIXELS - 1 or not torch.allclose(before[0, t + 1 :], after[0, t + 1 :]), f"no logit sees pixel {t}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-seconds", type=float, default=60)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    network = NETWORKS[arguments.network]()
    weights = [p for p in network.parameters() if p.requires_grad]
    if arguments.check:
        check(network, arguments.batch)
        return
    run = torch.compile(network) if arguments.compile else network
    adam = torch.optim.Adam(weights, lr=1e-3, fused=True)
    x = (torch.rand(arguments.batch, PIXELS) < 0.13).long()
    seconds, first_loss, loss = [], None, None
    began = time.perf_counter()
    for step in range(arguments.warmup + arguments.steps):
        start = time.perf_counter()
        adam.zero_grad(set_to_none=True)
        loss = F.binary_cross_entropy_with_logits(run(x), x.float(), reduction="sum") / arguments.batch
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        adam.step()
        nats = loss.item()
        first_loss = nats if first_loss is None else first_loss
        if step >= arguments.warmup:
            seconds.append(time.perf_counter() - start)
            if time.perf_counter() - began > arguments.max_seconds:
                break
    print(json.dumps({
        "network": arguments.network, "torch": torch.__version__, "compiled": arguments.compile,
        "parameters": sum(p.numel() for p in weights), "steps": len(seconds),
        "ms_per_step": {"median": 1e3 * statistics.median(seconds), "min": 1e3 * min(seconds)},
        "first_loss": first_loss, "last_loss": nats}))


main()
