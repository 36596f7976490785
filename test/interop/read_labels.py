"""Read label images the way other people's tools do.

stdin: JSON {"items": [{"image": folder of the image, "name": label, "zarr_format": 2 or 3}],
             "urls": [{"url": address of an array, "zarr_format": 2 or 3}]}
stdout: JSON {"items": [...], "urls": [...]}; see `describe` and `describe_url`.
"""

import hashlib
import json
import sys

import numpy as np
import ome_zarr_models
import tensorstore as ts
import zarr


def sha256(values):
    values = np.asarray(values)
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<")))
    return hashlib.sha256(little.tobytes()).hexdigest()


def tensorstore_read(kvstore, zarr_format):
    driver = "zarr3" if zarr_format == 3 else "zarr"
    return ts.open({"driver": driver, "kvstore": kvstore}, read=True).result().read().result()


def describe(item):
    image, name, zarr_format = item["image"], item["name"], item["zarr_format"]
    # The defaults: consolidated metadata where there is any.
    root = zarr.open_group(image, mode="r")
    labels = root["labels"]
    listing = labels.attrs.get("ome", labels.attrs)["labels"]
    group = labels[name]
    multiscales = group.attrs.get("ome", group.attrs)["multiscales"][0]
    levels = []
    for dataset in multiscales["datasets"]:
        array = group[dataset["path"]]
        path = f"{image}/labels/{name}/{dataset['path']}"
        other = tensorstore_read({"driver": "file", "path": path}, zarr_format)
        levels.append(
            {
                "shape": list(array.shape),
                "dtype": array.dtype.name,
                "zarr-python": sha256(array[...]),
                "tensorstore": sha256(other),
            }
        )
    model = ome_zarr_models.open_ome_zarr(zarr.open_group(f"{image}/labels/{name}", mode="r"))
    return {
        "listing": list(listing),
        "consolidated": root.metadata.consolidated_metadata is not None,
        "levels": levels,
        "attributes": dict(group.attrs),
        "model": type(model).__module__ + "." + type(model).__name__,
    }


def describe_url(item):
    kvstore = {"driver": "http", "base_url": item["url"]}
    return sha256(tensorstore_read(kvstore, item["zarr_format"]))


if __name__ == "__main__":
    request = json.load(sys.stdin)
    items = [describe(item) for item in request["items"]]
    urls = [describe_url(item) for item in request["urls"]]
    json.dump({"items": items, "urls": urls}, sys.stdout)
