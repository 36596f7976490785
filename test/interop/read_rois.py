"""Read a ZIP archive of ImageJ ROIs with roifile.

stdin: JSON {"path": archive}
stdout: JSON [{"name", "polygons": corners of each piece, "t", "z"}]
"""

import json
import sys
import zipfile

import roifile

if __name__ == "__main__":
    path = json.load(sys.stdin)["path"]
    # Java refuses stored entries whose sizes come after them (bit 3).
    assert all(entry.flag_bits & 8 == 0 for entry in zipfile.ZipFile(path).infolist())
    answer = []
    for roi in roifile.roiread(path):
        pieces = roi.coordinates(multi=True)
        pieces = pieces if isinstance(pieces, list) else [pieces]
        answer.append(
            {
                "name": roi.name,
                "polygons": [piece.astype(float).tolist() for piece in pieces],
                "t": roi.t_position,
                "z": roi.z_position,
            }
        )
    json.dump(answer, sys.stdout)
