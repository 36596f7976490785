"""What scikit-image users run: multiscale features and a random forest, trained on an image's own scribbles.

Says {"versions": ..} first, then reads requests from stdin, one JSON object a line: {"image": PNG, "scribbles": PNG, "seeds": [..], "trees": n, "depth": n,
"out": FOLDER}. Writes the class of every pixel as uint16, row-major, to OUT/SEED.u16 for each seed, and answers with one
JSON object a line. Exits with 3, and one line on stderr, where a library is missing.
"""

import json
import os
import sys

try:
    import numpy as np
    import skimage
    import sklearn
    from skimage.feature import multiscale_basic_features
    from skimage.io import imread
    from sklearn.ensemble import RandomForestClassifier
except ImportError as missing:
    print(f"this Python has no module {missing.name}", file=sys.stderr)
    sys.exit(3)


def grey(path):
    """[height, width], the mean of the channels between its 0.1 and 99.9 percentiles, 0 to 1."""
    image = imread(path)
    image = image.astype(np.float32)
    if image.ndim == 3:
        image = image[..., : 3 if image.shape[2] > 2 else 1].mean(axis=2)
    low, high = np.percentile(image, (0.1, 99.9))
    return np.clip((image - low) / max(high - low, 1e-6), 0, 1)


def answer(request):
    features = multiscale_basic_features(
        grey(request["image"]), sigma_min=1, sigma_max=16, intensity=True, edges=True, texture=True
    )
    scribbles = imread(request["scribbles"])
    painted = scribbles > 0
    for seed in request["seeds"]:
        forest = RandomForestClassifier(
            n_estimators=request["trees"], max_depth=request["depth"], random_state=seed, n_jobs=-1
        )
        forest.fit(features[painted], scribbles[painted] - 1)
        classes = forest.predict(features.reshape(-1, features.shape[-1]))
        classes.astype("<u2").tofile(os.path.join(request["out"], f"{seed}.u16"))
    return {"features": features.shape[-1]}


print(json.dumps({"versions": f"scikit-image {skimage.__version__}, scikit-learn {sklearn.__version__}"}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
