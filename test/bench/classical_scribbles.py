"""The baseline of the bench `scribbles`: scikit-image's multi-scale features and a random forest.

python classical_scribbles.py IMAGE.png SCRIBBLES.png SEEDS
Writes uint8 [seeds, height, width] to standard output: class + 1 of every pixel.
"""

import sys

import numpy as np
from skimage.feature import multiscale_basic_features
from skimage.io import imread
from sklearn.ensemble import RandomForestClassifier

image_path, scribbles_path, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3])
image = imread(image_path).astype(np.float64) / 255
if image.ndim == 3:
    image = image[..., :3].mean(axis=-1)
scribbles = imread(scribbles_path)
features = multiscale_basic_features(image, sigma_min=1, sigma_max=16)
painted = scribbles > 0
for seed in range(seeds):
    forest = RandomForestClassifier(n_estimators=100, max_depth=10, random_state=seed)
    forest.fit(features[painted], scribbles[painted])
    ids = forest.predict(features.reshape(-1, features.shape[-1])).astype(np.uint8)
    sys.stdout.buffer.write(ids.tobytes())
