"""The step of training-step.ts in PyTorch: the same parameters, the same arithmetic, fp32 on the CPU. Prints one JSON object."""

import json
import math
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

PATCH = 14


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x, bias):
        batch, tokens, dim = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.proj(attended.transpose(1, 2).reshape(batch, tokens, dim))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    def __init__(self, dim, blocks, heads):
        super().__init__()
        self.patches = nn.Conv2d(3, dim, PATCH, PATCH)
        self.cls = nn.Parameter(torch.randn(1, 1, dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, image, bias):
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x, bias)
        return self.norm(x)[:, 1:]


def distances(side):
    """The paper's bias: on the torus, over the largest distance, 0 for CLS."""
    at = torch.arange(side)
    apart = (at[:, None] - at[None]).abs()
    apart = torch.minimum(apart, side - apart).float()
    square = apart[:, None, :, None] ** 2 + apart[None, :, None, :] ** 2
    distance = square.sqrt().reshape(side * side, side * side)
    return F.pad(-distance / distance.max(), (1, 0, 1, 0))[None, None]


def median(values):
    return sorted(values)[len(values) // 2]


def main(o):
    torch.manual_seed(1)
    model = Vit(o["dim"], o["blocks"], o["heads"])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01)
    side = o["tokens"] * PATCH
    image = torch.randn(o["batch"], 3, side, side)
    target = torch.randn(o["batch"], o["tokens"] ** 2, o["dim"])
    bias = distances(o["tokens"])
    steps, forwards = [], []
    for step in range(o["steps"] + 1):
        started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = (1 - F.cosine_similarity(model(image, bias), target, dim=-1)).mean()
        loss.backward()
        optimizer.step()
        step_ms = 1000 * (time.perf_counter() - started)
        with torch.no_grad():
            started = time.perf_counter()
            model(image, bias)
            forward_ms = 1000 * (time.perf_counter() - started)
        assert math.isfinite(loss.item())
        print(f"torch, step {step} of {o['steps']}: {step_ms:.0f} ms", file=sys.stderr)
        if step > 0:
            steps.append(step_ms)
            forwards.append(forward_ms)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "parameters": sum(p.numel() for p in model.parameters()),
                "stepMs": median(steps),
                "forwardMs": median(forwards),
                "peakMiB": peak / (2**20 if sys.platform == "darwin" else 1024),
                "version": f"torch {torch.__version__}, {torch.get_num_threads()} threads",
            }
        )
    )


main(json.loads(sys.argv[1]))
