#!/usr/bin/env python3
"""Loads weights that `mlrun export RUN -o weights.safetensors` wrote into PyTorch, and computes likelihoods there.

  torch_forward.py WEIGHTS.safetensors ROWS.npy [--expect NLL]

ROWS holds symbols, an example in each row: what `mlrun sample RUN -o rows.npy` writes, for instance. Prints the mean of
-log p(x) in nats; with --expect, how far it is from that figure, and exits with 1 where that is more than 1e-5 of it.

Written from what `mlrun show --layout` says of made (one mask), pixelcnn, and sequence with the mixer s4d, for binary
data. A forward pass is differentiable as it stands: fine-tune it, or copy it into a project of your own. Needs torch
and numpy, and takes the package safetensors where it is there.
"""
import argparse
import json
import math
import struct
import sys

import numpy as np
import torch
import torch.nn.functional as F


def load(path):
    """The tensors of the file by name, and its metadata."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__")
    try:
        from safetensors.torch import load_file

        return load_file(path), metadata
    except ImportError:  # the format is that simple
        types = {"F32": torch.float32, "I32": torch.int32}
        tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[begin:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
        return tensors, metadata


def read_spec(text):
    """The resolved spec: 'model.mixer.kind' -> 's4d'."""
    spec, sections = {}, []
    for line in text.splitlines():
        depth, (key, _, value) = (len(line) - len(line.lstrip())) // 2, line.strip().partition(":")
        sections = sections[:depth] + [key]
        spec[".".join(sections)] = value.strip().strip('"')
    return spec


# Each returns the log-odds of 1 of every step, [n, positions], of x [n, positions] of 0 and 1 in visiting order.


def made(w, spec, x, _):
    assert spec["model.masks"] == "1", "several masks are read by scripts/read_checkpoint.py"
    activation = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[spec["model.activation"]]
    h, layer = x, 1
    while f"hidden_{layer}.weight" in w:
        h = activation(F.linear(h, w[f"hidden_{layer}.weight"], w[f"hidden_{layer}.bias"]))
        layer += 1
    logits = F.linear(h, w["output.weight"], w["output.bias"])
    return logits + F.linear(x, w["direct.weight"]) if "direct.weight" in w else logits


def pixelcnn(w, _, x, shape):
    def conv(h, name):  # [row, column, in, out] there, [out, in, row, column] here
        kernel = w[name + ".weight"].permute(3, 2, 0, 1)
        return F.conv2d(h, kernel, w[name + ".bias"], padding=kernel.shape[-1] // 2)

    h, block, head = conv(x.reshape(-1, 1, *shape), "stem"), 1, 1
    while f"block_{block}.enter.weight" in w:
        name = f"block_{block}."
        h = h + conv(torch.relu(conv(torch.relu(conv(torch.relu(h), name + "enter")), name + "middle")), name + "leave")
        block += 1
    while f"head_{head}.weight" in w:
        h = conv(torch.relu(h), f"head_{head}")
        head += 1
    return conv(torch.relu(h), "output").reshape(len(x), -1)


def s4d(w, name, u):
    """By convolution with the whole kernel, unlike mlrun's scan: the same numbers in another way."""
    a = torch.complex(-torch.exp(w[name + "log_decay"]), w[name + "frequency"])  # [channels, poles]
    dt = torch.exp(w[name + "log_dt"])[:, None]
    c = torch.complex(w[name + "c"][0], w[name + "c"][1])
    b = (torch.exp(dt * a) - 1) / a
    steps = torch.arange(u.shape[1], dtype=dt.dtype)
    kernel = 2 * torch.einsum("cp,cpt->ct", c * b, torch.exp((dt * a)[..., None] * steps)).real  # [channels, steps]
    length = 2 * u.shape[1]
    y = torch.fft.irfft(torch.fft.rfft(u.transpose(1, 2), length) * torch.fft.rfft(kernel, length), length)
    y = F.gelu(y[..., : u.shape[1]].transpose(1, 2) + w[name + "d"] * u)
    return F.glu(F.linear(y, w[name + "output.weight"], w[name + "output.bias"]), -1)


def sequence(w, spec, x, _):
    assert spec["model.mixer.kind"] == "s4d" and spec["model.mixer.discretisation"] == "zoh", "the mixer s4d, zoh"
    assert spec["model.norm"] == "layer" and spec["model.norm_place"] == "pre" and spec["model.input"] == "embedding"
    assert spec["model.mlp"] == "none" and spec["model.residual"] == "true" and spec["model.tied"] == "false"

    def norm(h, name):
        return F.layer_norm(h, h.shape[-1:], w[name + ".gain"], w[name + ".bias"], 1e-5)

    before = torch.cat([torch.full((len(x), 1), 2), x[:, :-1].long()], 1)  # the start is the last row
    h = w["symbols"][before] + (w["positions"] if "positions" in w else 0)
    for block in range(1, 1 + int(spec["model.layers"])):
        h = h + s4d(w, f"block_{block}.mixer.", norm(h, f"block_{block}.mixer_norm"))
    return F.linear(norm(h, "norm"), w["head.weight"], w["head.bias"])[..., 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("rows")
    parser.add_argument("--expect", type=float, metavar="NLL", help="nats, as mlrun eval --json prints them")
    args = parser.parse_args()
    tensors, metadata = load(args.weights)
    spec, shape = read_spec(metadata["resolved_yaml"]), json.loads(metadata["data_shape"])
    models = {"made": made, "pixelcnn": pixelcnn, "sequence": sequence}
    kind = spec["model.kind"]
    if kind not in models or metadata["alphabet"] != "2" or spec["model.condition"] != "none":
        sys.exit(f"torch_forward.py: {', '.join(models)} of binary data without classes are read here, not {kind}")
    order = tensors["buffers.order"].long() if "buffers.order" in tensors else torch.arange(math.prod(shape))
    weights = {name: value.double() for name, value in tensors.items() if value.dtype == torch.float32}
    x = torch.from_numpy(np.load(args.rows)).reshape(-1, math.prod(shape)).double()[:, order]
    with torch.no_grad():
        logits = models[kind](weights, spec, x, shape)
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean().item()
    print(f"{kind}: {len(x)} examples, {nll:.6f} nats by torch {torch.__version__}", end="")
    if args.expect is None:
        print()
        return
    apart = abs(nll - args.expect) / abs(args.expect)
    print(f", {args.expect:.6f} by mlrun: {apart:.1e} of it apart")
    sys.exit(0 if apart < 1e-5 else 1)


if __name__ == "__main__":
    main()
