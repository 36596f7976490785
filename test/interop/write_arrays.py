"""Write Zarr arrays with zarr-python (and one with tensorstore) in ways that our own writer does not.

stdin: JSON {"path": folder to write to}.
stdout: JSON list of {"path", "name", "dtype", "shape", "sha256"}; hashes as in read_arrays.py.
"""

import json
import os
import sys

import numcodecs
import numpy as np
import tensorstore as ts
import zarr
from read_arrays import describe
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

rng = np.random.default_rng(20261123)
root = json.load(sys.stdin)["path"]
done = []


def values(dtype, shape):
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * 1000).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


def note(path, name, data):
    done.append({"path": path, "name": name, **describe(data, data.shape)})


def create(name, data, **options):
    path = str(len(done))
    array = zarr.create_array(os.path.join(root, path), shape=data.shape, dtype=data.dtype, **options)
    array[...] = data
    note(path, name, data)


shape, chunks = (5, 7, 6), (2, 3, 4)

for code in ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]:
    for endian in "<>":
        for order in "CF":
            create(
                f"v2 {endian}{code} {order}", values(endian + code, shape), chunks=chunks,
                zarr_format=2, order=order, compressors=None, fill_value=0,
            )
for compressor in [
    numcodecs.Zlib(), numcodecs.GZip(), numcodecs.LZ4(), numcodecs.Zstd(),
    *(numcodecs.Blosc(cname, 5, shuffle)
      for cname in ["lz4", "lz4hc", "zstd", "zlib", "blosclz"] for shuffle in [0, 1, 2]),
]:
    create(f"v2 {compressor}", values("<u2", shape), chunks=chunks, zarr_format=2, compressors=compressor, fill_value=0)
for filters in [
    [numcodecs.Delta("<i4")], [numcodecs.Shuffle(4)], [numcodecs.Delta("<i4"), numcodecs.Shuffle(4)],
]:
    for order in "CF":
        create(
            f"v2 {filters} {order}", values("<i4", shape), chunks=chunks, zarr_format=2, order=order,
            filters=filters, compressors=numcodecs.Zlib(), fill_value=0,
        )

for dtype in ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
              "float16", "float32", "float64"]:
    for endian in ["little", "big"]:
        create(
            f"v3 {dtype} {endian}", values(dtype, shape), chunks=chunks,
            serializer=BytesCodec(endian=endian), compressors=None,
        )
for compressors in [
    GzipCodec(), ZstdCodec(level=3, checksum=True), BloscCodec(cname="lz4", shuffle="bitshuffle"),
    BloscCodec(cname="zstd", shuffle="shuffle"), Crc32cCodec(), [ZstdCodec(), Crc32cCodec()],
]:
    create(f"v3 {compressors}", values("int16", shape), chunks=chunks, compressors=compressors)
create("v3 transposed", values("int16", shape), chunks=chunks, filters=TransposeCodec(order=(2, 0, 1)))
for location in ["start", "end"]:
    for index_codecs in [[BytesCodec(), Crc32cCodec()], [BytesCodec()], [BytesCodec(endian="big"), Crc32cCodec()]]:
        create(
            f"v3 sharded, index at the {location}, {len(index_codecs)} index codecs", values("uint16", shape),
            chunks=(4, 6, 4),
            serializer=ShardingCodec(
                chunk_shape=(2, 3, 2), index_location=location, index_codecs=index_codecs,
                codecs=[TransposeCodec(order=(1, 2, 0)), BytesCodec(endian="big"), ZstdCodec(), Crc32cCodec()],
            ),
            compressors=None,
        )
for dtype, fill in [("float32", "nan"), ("float64", "inf"), ("float16", 0.1), ("float32", 0.1),
                    ("uint64", 2**64 - 1), ("int64", -(2**63)), ("bool", True)]:
    for zarr_format in [2, 3]:
        data = np.full(shape, fill, dtype)
        data[0, 0, 0] = 1
        create(f"v{zarr_format} {dtype} filled with {fill}", data, chunks=chunks, zarr_format=zarr_format, fill_value=fill)

path, data = str(len(done)), values("uint16", (9, 10))
ts.open({
    "driver": "zarr3", "kvstore": {"driver": "file", "path": os.path.join(root, path)}, "create": True,
    "metadata": {
        "shape": list(data.shape), "data_type": "uint16", "chunk_key_encoding": {"name": "v2"},
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 8]}},
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [2, 4], "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "blosc"}]}}],
    },
}).result().write(data).result()
note(path, "v3 sharded by tensorstore, v2 keys", data)

json.dump(done, sys.stdout)
