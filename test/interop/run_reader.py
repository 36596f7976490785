"""Run readers of the documents.

stdin: JSON [{"code": Python source, "names": names to report}]
stdout: JSON, for each the named values, as text where JSON has no such thing
"""

import contextlib
import io
import json
import sys


def plain(value):
    if hasattr(value, "to_dict"):
        return value.to_dict("list") if hasattr(value, "columns") else value.to_dict()
    return value.tolist() if hasattr(value, "tolist") else value


def run(item):
    space = {}
    # What a reader prints is not the answer.
    with contextlib.redirect_stdout(io.StringIO()):
        exec(item["code"], space)
    return {name: plain(space[name]) for name in item["names"]}


if __name__ == "__main__":
    json.dump([run(item) for item in json.load(sys.stdin)], sys.stdout, default=str)
