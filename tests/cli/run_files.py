"""run_files: reading what a run leaves behind, by means that take nothing from slope. Not a test."""
import csv
import json
import pathlib
import struct

import numpy as np

TIMES = {"train_seconds", "evaluate_seconds", "load_seconds"}


def read_safetensors(path):
    """The format as its specification has it, nothing taken from slope: {name: array}, metadata."""
    blob = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", blob[:8])
    header = json.loads(blob[8:8 + length])
    assert blob[8:9] == b"{"
    metadata = header.pop("__metadata__", {})
    data = blob[8 + length:]
    types = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}
    arrays, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = entry["data_offsets"]
        assert first == end, "a gap or an overlap"
        end = last
        arrays[name] = np.frombuffer(data[first:last], types[entry["dtype"]]).reshape(entry["shape"])
    assert end == len(data)
    return arrays, metadata


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def without_times(path):
    return [{key: value for key, value in row.items() if key not in TIMES} for row in read_csv(path)]
