"""Replay a classifier's ONNX file on features that `alibi-zarr features --recipe` wrote, and compare with labels.

Reads {"features": FOLDER, "labels": FOLDER, "onnx": FILE, "json": FILE, "probabilities": FOLDER} from standard input and
prints {"pixels", "same", "classes", "inputs", "largest_probability_difference"}.
"""

import json
import sys

import numpy as np
import onnxruntime
import zarr

request = json.load(sys.stdin)


def first_array(folder):
    group = zarr.open_group(folder, mode="r")
    ome = group.attrs.get("ome", group.attrs)
    return group[ome["multiscales"][0]["datasets"][0]["path"]][:]


features = first_array(request["features"])
labels = first_array(request["labels"])
probabilities = first_array(request["probabilities"])
session = onnxruntime.InferenceSession(request["onnx"], providers=["CPUExecutionProvider"])
rows = np.moveaxis(features, 0, -1).reshape(-1, features.shape[0]).astype(np.float32)
found, ids = session.run(["probabilities", "label"], {"features": rows})
with open(request["json"]) as file:
    classifier = json.load(file)
stored = np.moveaxis(probabilities, 0, -1).reshape(len(rows), -1)
print(
    json.dumps(
        {
            "pixels": int(labels.size),
            "same": int((ids == labels.reshape(-1)).sum()),
            "classes": [entry["name"] for entry in classifier["classes"]],
            "inputs": len(classifier["features"]),
            "largest_probability_difference": float(np.abs(found * 255 - stored).max()),
        }
    )
)
