"""A few of mlrun's networks in PyTorch, from the equations of their papers: what scripts/bench/compare.py times beside mlrun.

Each is the same function of the same number of weights as the spec that compare.py pairs it with. All map symbols
[n, 784] of 0 and 1 to the log-odds of each pixel given those before it, [n, 784].
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

SIDE, PIXELS = 28, 784


class MaskedLinear(nn.Linear):
    """W * mask, where a unit sees the units below whose degree is not above its own."""

    def __init__(self, below, degrees):
        super().__init__(len(below), len(degrees))
        self.register_buffer("mask", (degrees[:, None] >= below[None, :]).float())

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


class Made(nn.Module):
    """Germain et al. 2015, eqs. 8-9: degrees are evenly spaced, and the output of pixel t has degree t (counted from 0)."""

    def __init__(self, hidden=(500, 500)):
        super().__init__()
        below, layers = torch.arange(1, PIXELS + 1), []
        for units in hidden:
            degrees = 1 + torch.arange(units) * (PIXELS - 1) // units
            layers += [MaskedLinear(below, degrees), nn.ReLU()]
            below = degrees
        self.layers = nn.Sequential(*layers, MaskedLinear(below, torch.arange(PIXELS)))

    def forward(self, x):
        return self.layers(x.float())


class MaskedConv(nn.Conv2d):
    """van den Oord et al. 2016, figure 2: the pixels above and to the left; `itself` as well with mask B."""

    def __init__(self, channels_in, channels, size, itself):
        super().__init__(channels_in, channels, size, padding=size // 2)
        mask = torch.zeros(size, size)
        mask[: size // 2] = 1
        mask[size // 2, : size // 2 + int(itself)] = 1
        self.register_buffer("mask", mask)

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class PixelCnn(nn.Module):
    """van den Oord et al. 2016, table 1 and figure 5: a 7 x 7 of mask A, 15 residual blocks, two 1 x 1."""

    def __init__(self, width=32, blocks=15):
        super().__init__()
        half = width // 2
        self.stem = MaskedConv(1, width, 7, itself=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.ReLU(), nn.Conv2d(width, half, 1), nn.ReLU(), MaskedConv(half, half, 3, itself=True),
                          nn.ReLU(), nn.Conv2d(half, width, 1)) for _ in range(blocks))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, 1, 1))

    def forward(self, x):
        h = self.stem(x.float().reshape(-1, 1, SIDE, SIDE))
        for block in self.blocks:
            h = h + block(h)
        return self.head(h).reshape(-1, PIXELS)


class S4d(nn.Module):
    """Gu, Gupta, Goel & Re 2022: y = K * u + D u of each channel, K_l = 2 Re sum_n C_n Bbar_n exp(dt A_n)^l (their eq. 6) by
    zero-order hold, B = 1, in the Fourier domain; then GELU and a gated linear unit."""

    def __init__(self, width, poles=32):
        super().__init__()
        self.log_dt = nn.Parameter(torch.rand(width) * (math.log(0.1) - math.log(1e-3)) + math.log(1e-3))
        self.log_decay = nn.Parameter(torch.full((width, poles), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(poles).repeat(width, 1).float())
        self.c = nn.Parameter(torch.randn(2, width, poles))
        self.d = nn.Parameter(torch.randn(width))
        self.output = nn.Linear(width, 2 * width)

    def forward(self, u):
        n = u.shape[1]
        a = torch.complex(-self.log_decay.exp(), self.frequency)
        dt_a = self.log_dt.exp()[:, None] * a
        weight = torch.complex(self.c[0], self.c[1]) * (dt_a.exp() - 1) / a
        # exp(dt a l) for l = SIDE i + j is one factor of i times one of j: 2 SIDE exponentials of each pole, and a product of
        # matrices, where l alone would ask for PIXELS of them.
        places = torch.arange(SIDE)
        coarse = weight[..., None] * torch.exp(dt_a[..., None] * (SIDE * places))
        fine = torch.exp(dt_a[..., None] * places)
        kernel = 2 * torch.matmul(coarse.transpose(1, 2), fine).real.flatten(1)
        u = u.transpose(1, 2)
        y = torch.fft.irfft(torch.fft.rfft(kernel, 2 * n) * torch.fft.rfft(u, 2 * n), 2 * n)[..., :n]
        return F.glu(self.output(F.gelu((y + self.d[:, None] * u).transpose(1, 2))))


class Attention(nn.Module):
    """Vaswani et al. 2017, causal, with rotary positions (Su et al. 2021, eq. 34) of queries and keys."""

    def __init__(self, width, heads=4, base=10000.0):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        pairs = width // heads // 2
        angles = torch.arange(PIXELS)[:, None] * base ** (-torch.arange(pairs) / pairs)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())

    def turned(self, x):
        a, b = x.unflatten(-1, (2, -1)).unbind(-2)
        return torch.cat([a * self.cosine - b * self.sine, a * self.sine + b * self.cosine], -1)

    def forward(self, u):
        q, k, v = (f(u).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(self.turned(q), self.turned(k), v, is_causal=True)
        return self.out(y.transpose(1, 2).flatten(2))


class Lstm(nn.Module):
    """Hochreiter & Schmidhuber 1997, with forget gates (Gers et al. 2000). PyTorch's has two biases, which only add up: one is
    0 and not trained."""

    def __init__(self, width):
        super().__init__()
        self.cell = nn.LSTM(width, width, batch_first=True)
        nn.init.zeros_(self.cell.bias_hh_l0).requires_grad_(False)

    def forward(self, u):
        return self.cell(u)[0]


class Sequence(nn.Module):
    """Blocks h + mixer(norm(h)), and where there is an MLP h + mlp(norm(h)), over the pixels in raster order."""

    def __init__(self, mixer, width, layers=4, mlp=False, rows_and_columns=False):
        super().__init__()
        self.symbols = nn.Embedding(3, width)  # 2: the start
        places = [SIDE, SIDE] if rows_and_columns else [PIXELS]
        self.places = nn.ParameterList(nn.Parameter(0.02 * torch.randn(n, width)) for n in places)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))
        self.mixers = nn.ModuleList(mixer(width) for _ in range(layers))
        self.mlps = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
            for _ in range(layers if mlp else 0))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1)

    def place(self):
        if len(self.places) == 1:
            return self.places[0]
        return (self.places[0][:, None] + self.places[1][None, :]).flatten(0, 1)

    def forward(self, x):
        before = torch.cat([torch.full_like(x[:, :1], 2), x[:, :-1]], 1)
        h = self.symbols(before) + self.place()
        for i, mixer in enumerate(self.mixers):
            h = h + mixer(self.norms[i](h))
            if self.mlps:
                h = h + self.mlps[i](h)
        return self.head(self.norm(h)).squeeze(-1)


NETWORKS = {
    "made": Made,
    "pixelcnn": PixelCnn,
    "s4d": lambda: Sequence(S4d, width=112),
    "attention": lambda: Sequence(Attention, width=72, mlp=True, rows_and_columns=True),
    "lstm": lambda: Sequence(Lstm, width=76),
}
