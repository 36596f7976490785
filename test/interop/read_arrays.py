"""Read Zarr arrays with zarr-python and tensorstore and say what they hold.

stdin: JSON list of {"path": folder of the array, "zarr_format": 2 or 3, "readers": names, absent: both}.
stdout: JSON list, one object an array: by reader {"shape", "dtype", "chunks", "sha256"} or {"error"}; the hash is that of the
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


def with_zarr_python(path, zarr_format):
    array = zarr.open_array(path, mode="r", zarr_format=zarr_format)
    return describe(array[...], array.chunks)


def with_tensorstore(path, zarr_format):
    driver = "zarr3" if zarr_format == 3 else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": path}}
    store = ts.open(spec, read=True).result()
    return describe(store.read().result(), store.chunk_layout.read_chunk.shape)


readers = {"zarr-python": with_zarr_python, "tensorstore": with_tensorstore}


def attempt(name, item):
    try:
        return readers[name](item["path"], item["zarr_format"])
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def read(item):
    return {name: attempt(name, item) for name in item.get("readers", readers)}


if __name__ == "__main__":
    json.dump([read(item) for item in json.load(sys.stdin)], sys.stdout)
