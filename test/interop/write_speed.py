"""Seconds that zarr-python and tensorstore take to write an array; see test/bench/write.ts.

stdin: JSON {"folder", "raw": file of uint32 ids, "size", "chunk", "rounds", "compression": "zstd" | "blosc" | "none",
             "shard": side of a shard, absent without}
stdout: JSON {"zarr-python": [seconds], "tensorstore": [seconds]}; the first round, which warms up, is left out
"""

import json
import os
import shutil
import sys
import time

import numpy as np
import tensorstore as ts
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

request = json.load(sys.stdin)
size, chunk, shard = request["size"], request["chunk"], request.get("shard")
ids = np.fromfile(request["raw"], "<u4").reshape(size, size)
compression = request["compression"]


def zarr_python(path):
    compressors = {
        "zstd": ZstdCodec(level=1),
        "blosc": BloscCodec(cname="zstd", clevel=5, shuffle="noshuffle", typesize=1),
        "none": None,
    }[compression]
    array = zarr.create_array(
        path, shape=ids.shape, dtype=ids.dtype, chunks=(chunk, chunk), shards=None if shard is None else (shard, shard),
        compressors=compressors, fill_value=0,
    )
    array[...] = ids


def tensorstore(path):
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    if compression == "zstd":
        codecs.append({"name": "zstd", "configuration": {"level": 1}})
    if compression == "blosc":
        codecs.append({"name": "blosc", "configuration": {
            "cname": "zstd", "clevel": 5, "shuffle": "noshuffle", "typesize": 1, "blocksize": 0}})
    if shard is not None:
        codecs = [{"name": "sharding_indexed", "configuration": {"chunk_shape": [chunk, chunk], "codecs": codecs}}]
    outer = chunk if shard is None else shard
    ts.open({
        "driver": "zarr3", "kvstore": {"driver": "file", "path": path}, "create": True,
        "metadata": {
            "shape": [size, size], "data_type": "uint32", "fill_value": 0, "codecs": codecs,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [outer, outer]}},
        },
    }).result().write(ids).result()


def seconds(write):
    times = []
    for n in range(request["rounds"] + 1):
        path = os.path.join(request["folder"], f"python-{n}")
        start = time.perf_counter()
        write(path)
        times.append(time.perf_counter() - start)
        shutil.rmtree(path)
    return times[1:]


json.dump({"zarr-python": seconds(zarr_python), "tensorstore": seconds(tensorstore)}, sys.stdout)
