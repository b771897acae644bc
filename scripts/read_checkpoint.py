#!/usr/bin/env python3
"""Computes likelihoods from a checkpoint of mlrun with NumPy alone: how to read one elsewhere.

  read_checkpoint.py CHECKPOINT ROWS [--limit N] [--compare NLL.h5]

ROWS holds symbols, an example in each row (an image flattened row by row): .npy, or numbers as text (.amat, .txt,
packed by gzip or not). Prints -log p(x) of every row in nats, as `mlrun eval CHECKPOINT --per-example NLL.h5`
writes it; with --compare, how far apart the two are, and exits with 1 where that is more than 1e-4 nats and a
millionth of the figure, which is what 32 bits leave to be seen.

Written from what `mlrun show --layout CHECKPOINT` says of made, nade, pixelcnn, and sequence with the mixer s4d. Needs
h5py; a checkpoint is an HDF5 file behind a header of 512 bytes, which HDF5 skips by itself.
"""
import argparse
import math
import sys

import h5py
import numpy as np


def read_spec(text):
    """The resolved spec: keys and sections by indentation, values as text. 'model.mixer.kind' -> 's4d'."""
    spec, sections = {}, []
    for line in text.splitlines():
        depth, (key, _, value) = (len(line) - len(line.lstrip())) // 2, line.strip().partition(":")
        sections = sections[:depth] + [key]
        spec[".".join(sections)] = value.strip().strip('"')
    return spec


class Checkpoint:
    def __init__(self, path):
        self.file = h5py.File(path, "r")
        text = self.file["config/resolved_yaml"][()]
        self.spec = read_spec(text.decode() if isinstance(text, bytes) else str(text))
        data = self.file["data"]
        self.shape, self.alphabet = [int(n) for n in data["shape"][()]], int(data.attrs["alphabet"])
        self.positions, self.given = math.prod(self.shape), int(data.attrs["given"])
        self.classes = int(data.attrs["classes"]) if self.option("condition") not in ("", "none") else 0
        self.width = 1 if self.alphabet == 2 else self.alphabet  # numbers of a step's logits
        self.weights = self.file["average" if "average" in self.file else "model"]

    def option(self, key):
        return self.spec.get("model." + key, "")

    def __call__(self, path):
        return self.weights[path][()].astype(np.float64)

    def has(self, path):
        return path in self.weights

    def state(self, path):
        group = "average_state" if "average_state" in self.file else "state"
        return self.file[group][path][()].astype(np.float64)

    def order(self, component=0):
        name = "order" if component == 0 else f"order_{component}"
        return self.file["buffers"][name][()]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def one_hot(symbols, count):
    return np.eye(count)[symbols]


def inputs(c, symbols):
    """Symbols of dense networks: 0 or 1 as they are, others one-hot side by side: [n, positions * width]."""
    return symbols.astype(np.float64) if c.width == 1 else one_hot(symbols, c.width).reshape(len(symbols), -1)


def with_label(c, x, y):
    return x if y is None else np.hstack([np.tile(one_hot(y, c.classes), (len(x), 1)), x])


# Each returns the logits of every step, [n, positions, width], of x [n, positions] given the label y (or None).


def made(c, x, y, component):
    activation = {"relu": lambda a: np.maximum(a, 0), "tanh": np.tanh, "sigmoid": sigmoid}[c.option("activation")]
    masks, order = int(c.option("masks")), c.order(component)
    step_of = np.arange(c.positions) if masks == 1 else np.argsort(order)  # where weights are by position
    steps = np.repeat(step_of, c.width)
    columns = first = np.concatenate([np.zeros(c.classes, int), steps + 1])
    h = h_0 = with_label(c, inputs(c, x[:, order] if masks == 1 else x), y)
    for layer in range(1, 1 + sum(1 for name in c.weights if name.startswith("hidden_"))):
        if f"hidden_{layer}/degrees" not in c.file["buffers"]:
            sys.exit("read_checkpoint.py: this file is of an mlrun that did not record degrees yet")
        rows = c.file["buffers"][f"hidden_{layer}/degrees"][()][component]
        mask = columns[None, :] <= rows[:, None]
        h, columns = activation(h @ (c(f"hidden_{layer}/weight") * mask).T + c(f"hidden_{layer}/bias")), rows
    logits = h @ (c("output/weight") * (columns[None, :] <= steps[:, None])).T + c("output/bias")
    if c.has("direct/weight"):
        logits += h_0 @ (c("direct/weight") * (first[None, :] <= steps[:, None])).T
    logits = logits.reshape(len(x), c.positions, c.width)
    return logits if masks == 1 else logits[:, order]


def nade(c, x, y, _):
    u, (w, bias, v, b) = with_label(c, x[:, c.order()].astype(np.float64), y), (c(name) for name in "wcvb")
    sums, logits = np.tile(bias, (len(x), 1)), np.zeros(u.shape)
    for r in range(u.shape[1]):
        logits[:, r] = b[r] + sigmoid(sums) @ v[r]
        sums += u[:, r : r + 1] * w[r]
    return logits[:, c.classes :, None]


def conv(c, x, name):
    """Centred, with zeros around: x [n, rows, columns, in]. What the mask forbids is 0 in the file."""
    weight, (_, height, width, _) = c(name + "/weight"), x.shape
    k = weight.shape[0] // 2
    padded = np.pad(x, ((0, 0), (k, k), (k, k), (0, 0)))
    taps = ((i, j) for i in range(weight.shape[0]) for j in range(weight.shape[1]) if weight[i, j].any())
    return c(name + "/bias") + sum(padded[:, i : i + height, j : j + width] @ weight[i, j] for i, j in taps)


def pixelcnn(c, x, y, _):
    if c.option("likelihood") == "logistics":
        sys.exit("read_checkpoint.py: mixtures of logistics are not read here")
    image, relu = x.reshape(-1, *c.shape), lambda a: np.maximum(a, 0)
    scalar = c("stem/weight").shape[2] == 1
    h = conv(c, image[..., None] / max(c.alphabet - 1, 1) if scalar else one_hot(image, c.alphabet), "stem")
    for block in (f"block_{i}" for i in range(1, 1 + sum(1 for name in c.weights if name.startswith("block_")))):
        m = conv(c, relu(conv(c, relu(h), block + "/enter")), block + "/middle")
        if y is not None:
            m = m + c(block + "/class_bias")[y]
        h = h + conv(c, relu(m), block + "/leave")
    for head in (f"head_{i}" for i in range(1, 1 + sum(1 for name in c.weights if name.startswith("head_")))):
        h = conv(c, relu(h), head)
    return conv(c, relu(h), "output").reshape(len(x), c.positions, c.width)


def norm(c, x, name):
    if not c.has(name + "/gain"):
        return x
    if not c.has(name + "/bias"):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * c(name + "/gain")
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * c(name + "/gain") + c(name + "/bias")


def linear(c, x, name):
    return x @ c(name + "/weight").T + c(name + "/bias")


def s4d(c, u, name):
    a = -np.exp(c(name + "/log_decay")) + 1j * c(name + "/frequency")  # [channels, poles]
    dt = np.exp(c(name + "/log_dt"))[:, None]
    if c.option("mixer.discretisation") == "bilinear":
        a_bar, b_bar = (1 + dt * a / 2) / (1 - dt * a / 2), dt / (1 - dt * a / 2)
    else:
        a_bar, b_bar = np.exp(dt * a), (np.exp(dt * a) - 1) / a
    out, y = c(name + "/c")[0] + 1j * c(name + "/c")[1], np.zeros(u.shape)
    state = np.zeros((len(u), *a.shape), complex)
    for t in range(u.shape[1]):
        state = a_bar * state + b_bar * u[:, t, :, None]
        y[:, t] = 2 * (out * state).sum(-1).real
    pair = linear(c, gelu(y + c(name + "/d") * u), name + "/output")
    return pair[..., : u.shape[2]] * sigmoid(pair[..., u.shape[2] :])


def mlp(c, x, name, kind):
    m = linear(c, x, name + "/up")
    half = m.shape[-1] // 2
    m = gelu(m) if kind == "gelu" else m[..., :half] * sigmoid(m[..., :half]) * m[..., half:]
    return linear(c, m, name + "/down")


def moe(c, x, name):
    kind, experts = c.option("moe.expert"), int(c.option("moe.experts"))
    logits = x @ c(name + "/router/weight").T
    s = sigmoid(logits) if c.option("moe.gate") == "sigmoid" else np.exp(log_softmax(logits))
    raised = s + (c.state(name + "/bias") if c.option("moe.balance") == "bias" else 0)
    chosen = np.argsort(-raised, axis=-1, kind="stable")[..., : int(c.option("moe.top_k"))]
    g = np.zeros(s.shape)
    np.put_along_axis(g, chosen, np.take_along_axis(s, chosen, -1), -1)
    if chosen.shape[-1] > 1:
        g = g / g.sum(-1, keepdims=True)
    shared = sum(mlp(c, x, f"{name}/shared_{e + 1}", kind) for e in range(int(c.option("moe.shared"))))
    return shared + sum(g[..., e : e + 1] * mlp(c, x, f"{name}/expert_{e + 1}", kind) for e in range(experts))


def sequence(c, x, y, _):
    if c.option("mixer.kind") != "s4d":
        sys.exit(f"read_checkpoint.py: the mixer {c.option('mixer.kind')} is not read here; s4d is")
    symbols, pre = x[:, c.order()], c.option("norm_place") == "pre"
    if c.option("norm_place") == "branch":
        sys.exit("read_checkpoint.py: norm_place branch is not read here; pre and post are")
    before = np.hstack([np.full((len(x), 1), c.alphabet), symbols[:, :-1]])  # the start is the last row
    if c.option("input") == "embedding":
        h = c("symbols")[before]
    else:
        number = np.where(before == c.alphabet, 0.0, 2 * before / max(c.alphabet - 1, 1) - 1 if c.alphabet > 1 else 1.0)
        h = number[..., None] if c.option("input") == "direct" else linear(c, number[..., None], "input")
    h = h + (c("positions") if c.has("positions") else 0) + (0 if y is None else c("classes")[y])
    add = (lambda a, b: a + b) if c.option("residual") == "true" else (lambda a, b: b)
    for block in (f"block_{i}" for i in range(1, 1 + int(c.option("layers")))):
        m = s4d(c, norm(c, h, block + "/mixer_norm") if pre else h, block + "/mixer")
        h = add(h, m) if pre else norm(c, add(h, m), block + "/mixer_norm")
        if c.option("mlp") == "none":
            continue
        m = norm(c, h, block + "/mlp_norm") if pre else h
        m = moe(c, m, block + "/mlp") if c.option("mlp") == "moe" else mlp(c, m, block + "/mlp", c.option("mlp"))
        h = add(h, m) if pre else norm(c, add(h, m), block + "/mlp_norm")
    h = norm(c, h, "norm")
    if c.option("tied") != "true":
        return linear(c, h, "head")
    rows = c("symbols")[: c.alphabet]
    return h @ (rows[1:] - rows[:1] if c.alphabet == 2 else rows).T + c("head/bias")


def per_step(c, logits, symbols):
    """-log p of each symbol."""
    if c.alphabet == 2:
        return np.logaddexp(0, np.where(symbols == 1, -logits[..., 0], logits[..., 0]))
    return -np.take_along_axis(log_softmax(logits), symbols[..., None], -1)[..., 0]


def nll(c, x):
    """-log p(x) in nats of rows x [n, positions]; of a conditional model with the label summed out."""
    kind = c.option("kind")
    models = {"made": made, "nade": nade, "pixelcnn": pixelcnn, "sequence": sequence}
    if kind not in models:
        sys.exit(f"read_checkpoint.py: a model of kind {kind} is not read here; known: {', '.join(models)}")
    components = int(c.option("masks") or 1) if kind == "made" else 1
    labels = max(c.classes, 1)
    log_prior = log_softmax(c("class_prior")) if c.has("class_prior") else np.full(labels, -math.log(labels))
    log_p = []
    for y in range(c.classes) if c.classes else [None]:
        for component in range(components):
            order = np.arange(c.positions) if kind == "pixelcnn" else c.order(component)
            steps = per_step(c, models[kind](c, x, y, component), x[:, order])
            log_p.append(log_prior[y or 0] - math.log(components) - steps[:, c.given :].sum(1))
    return -np.logaddexp.reduce(log_p, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("rows", help="symbols, an example in each row: .npy or text")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N rows")
    parser.add_argument("--compare", metavar="NLL.h5", help="what mlrun eval --per-example wrote for the same rows")
    args = parser.parse_args()
    c = Checkpoint(args.checkpoint)
    x = np.load(args.rows) if args.rows.endswith(".npy") else np.loadtxt(args.rows, ndmin=2, max_rows=args.limit)
    x = x[: args.limit].reshape(-1, c.positions).astype(np.int64)
    result = nll(c, x)
    if not args.compare:
        print("\n".join(f"{value:.6f}" for value in result))
        return
    apart = np.abs(result - h5py.File(args.compare, "r")["nll"][()])
    print(f"{c.option('kind')}: {len(x)} examples, mean {result.mean():.6f} nats, at most {apart.max():.2g} nats apart")
    sys.exit(0 if np.all(apart < 1e-4 + 1e-6 * np.abs(result)) else 1)


if __name__ == "__main__":
    main()
