"""Weights of an int8 graph of ours as float32, named as the original: what `finetune --student` starts from.

    python widen.py model.onnx original.safetensors widened.safetensors

Needs onnx and safetensors. LayerScale is folded into the graph; it is taken apart again with the original's factors.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file

graph_file, original_file, out_file = sys.argv[1:]
stored = {i.name: numpy_helper.to_array(i) for i in onnx.load(graph_file).graph.initializer}
original = load_file(original_file)


def weight(name):
    """[in, out], as the graph multiplies."""
    return stored[f"{name}.int8"].astype(np.float32) * stored[f"{name}.scale"]


widened = dict(original)
widened["embeddings.cls_token"] = stored["prefix.tokens"]
patch = "embeddings.patch_embeddings.projection"
widened[f"{patch}.weight"] = stored["patch.weight.int8"] * stored["patch.weight.scale"].reshape(-1, 1, 1, 1)
widened[f"{patch}.bias"] = stored["patch.bias"]
for part in ("weight", "bias"):
    widened[f"layernorm.{part}"] = stored[f"norm.{part}"]

blocks = sum(name.endswith("qkv.bias") for name in stored)
dim = stored["norm.weight"].size
heads = dim // 64
for n in range(blocks):
    block, layer = f"block.{n}", f"encoder.layer.{n}"
    for norm in ("norm1", "norm2"):
        for part in ("weight", "bias"):
            widened[f"{layer}.{norm}.{part}"] = stored[f"{block}.{norm}.{part}"]
    rows, bias = weight(f"{block}.qkv.weight").T, stored[f"{block}.qkv.bias"]
    # The graph's queries hold the factor 1 / √(dim of a head).
    for k, (name, factor) in enumerate([("query", (dim / heads) ** 0.5), ("key", 1), ("value", 1)]):
        own = slice(dim * k, dim * (k + 1))
        widened[f"{layer}.attention.attention.{name}.weight"] = rows[own] * factor
        widened[f"{layer}.attention.attention.{name}.bias"] = bias[own] * factor
    widened[f"{layer}.mlp.fc1.weight"] = weight(f"{block}.fc1.weight").T
    widened[f"{layer}.mlp.fc1.bias"] = stored[f"{block}.fc1.bias"]
    for ours, theirs, scale in (("proj", "attention.output.dense", 1), ("fc2", "mlp.fc2", 2)):
        gain = original[f"{layer}.layer_scale{scale}.lambda1"]
        widened[f"{layer}.{theirs}.weight"] = weight(f"{block}.{ours}.weight").T / gain[:, None]
        widened[f"{layer}.{theirs}.bias"] = stored[f"{block}.{ours}.bias"] / gain

save_file({name: np.ascontiguousarray(value, np.float32) for name, value in widened.items()}, out_file)
