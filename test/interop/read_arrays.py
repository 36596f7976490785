"""Read Zarr arrays with zarr-python and tensorstore and say what they hold.

stdin: JSON list of {"path": folder of the array, "zarr_format": 2 or 3}.
stdout: JSON list, one object an array: by reader {"shape", "dtype", "chunks", "sha256"}; the hash is that of the
elements in C order, little-endian, float16 widened to float32, booleans as bytes.
"""

import hashlib
import json
import sys

import numpy as np
import tensorstore as ts
import zarr


def describe(values, chunks):
    values = np.asarray(values)
    dtype = values.dtype.name
    if dtype == "float16":
        values = values.astype("<f4")
    elif dtype == "bool":
        values = values.astype("u1")
    values = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<")))
    return {
        "shape": list(values.shape),
        "dtype": dtype,
        "chunks": list(chunks),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
    }


def read(item):
    path, zarr_format = item["path"], item["zarr_format"]
    array = zarr.open_array(path, mode="r", zarr_format=zarr_format)
    driver = "zarr3" if zarr_format == 3 else "zarr"
    store = ts.open(
        {"driver": driver, "kvstore": {"driver": "file", "path": path}}, read=True
    ).result()
    return {
        "zarr-python": describe(array[...], array.chunks),
        "tensorstore": describe(store.read().result(), store.chunk_layout.read_chunk.shape),
    }


if __name__ == "__main__":
    json.dump([read(item) for item in json.load(sys.stdin)], sys.stdout)
