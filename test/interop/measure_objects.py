"""Label and measure objects the way scipy and scikit-image do.

stdin: JSON {"labels": [{"ids": nested lists, "connectivity": 1, 2 or 3}],
             "watersheds": [{"landscape", "markers", "mask": nested lists, "connectivity": n}],
             "tables": [{"labels": nested lists, "intensities": nested lists [..., c], "spacing": [..]}],
             "stacks": [{"image": path, "labels": path}]}
stdout: JSON with an answer for each; a stack's pixels come along.
"""

import json
import sys
import warnings

import numpy as np
import skimage.io
from scipy import ndimage
from skimage import measure, segmentation

PLANE = ["eccentricity", "orientation", "solidity"]
BOTH = ["area", "num_pixels", "extent", "equivalent_diameter_area", "axis_major_length", "axis_minor_length"]


def label(item):
    ids = np.array(item["ids"])
    structure = ndimage.generate_binary_structure(ids.ndim, item["connectivity"])
    return {
        "skimage": measure.label(ids, connectivity=item["connectivity"]).ravel().tolist(),
        "scipy": ndimage.label(ids, structure=structure)[0].ravel().tolist(),
        "distance": ndimage.distance_transform_edt(ids > 0, sampling=item["spacing"]).ravel().tolist(),
    }


def flood(item):
    landscape = np.array(item["landscape"], dtype=np.float32)
    found = segmentation.watershed(
        -landscape, np.array(item["markers"]), connectivity=item["connectivity"], mask=np.array(item["mask"]) > 0
    )
    return found.ravel().tolist()


def table(labels, intensities, spacing):
    isotropic = len(set(spacing)) == 1
    rows = []
    for region in measure.regionprops(labels, intensities, spacing=spacing):
        row = {"label": int(region.label)}
        names = BOTH + (PLANE if labels.ndim == 2 else [])
        row.update({name: float(getattr(region, name)) for name in names})
        if labels.ndim == 2 and isotropic:
            row["perimeter"] = float(region.perimeter)
        row["centroid"] = [float(v) for v in region.centroid]
        row["bbox"] = [int(v) for v in region.bbox]
        for kind in ("mean", "std", "min", "max"):
            row[f"intensity_{kind}"] = np.atleast_1d(getattr(region, f"intensity_{kind}")).astype(float).tolist()
        rows.append(row)
    return rows


def measured(item):
    return table(np.array(item["labels"]), np.array(item["intensities"], dtype=float), tuple(item["spacing"]))


def stack(item):
    image, labels = skimage.io.imread(item["image"]), skimage.io.imread(item["labels"])
    return {
        "shape": list(image.shape),
        "image": image.ravel().tolist(),
        "labels": labels.ravel().tolist(),
        "rows": table(labels, image[..., None].astype(float), tuple(item["spacing"])),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    request = json.load(sys.stdin)
    answer = {
        "labels": [label(item) for item in request["labels"]],
        "watersheds": [flood(item) for item in request["watersheds"]],
        "tables": [measured(item) for item in request["tables"]],
        "stacks": [stack(item) for item in request["stacks"]],
    }
    json.dump(answer, sys.stdout)
