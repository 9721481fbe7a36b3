"""data: what both sides of a benchmark read: IDX files and safetensors.

Writing needs nothing but Python's library; reading is the peers' and needs NumPy.
"""
import gzip
import json
import pathlib
import random
import struct

FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
SCALE = 1 / 255


def write_random(folder, rows, features, classes, seed=1):
    """Uniform random bytes as features and random labels, as IDX files; kept if already there. Without
    a folder: only their names."""
    images = pathlib.Path(folder or "") / f"random-{rows}x{features}-images.idx"
    labels = pathlib.Path(folder or "") / f"random-{rows}x{features}-{classes}-labels.idx"
    if not folder:
        return images, labels
    if not images.exists():
        dice = random.Random(seed)
        with images.open("wb") as file:
            file.write(struct.pack(">4B3I", 0, 0, 8, 3, rows, 1, features))
            for _ in range(rows):
                file.write(dice.randbytes(features))
    if not labels.exists():
        dice = random.Random(seed + 1)
        with labels.open("wb") as file:
            file.write(struct.pack(">4BI", 0, 0, 8, 1, rows))
            file.write(bytes(dice.randrange(classes) for _ in range(rows)))
    return images, labels


def fashion():
    return FASHION / "train-images-idx3-ubyte.gz", FASHION / "train-labels-idx1-ubyte.gz"


def read_idx(path):
    """The array of bytes in an IDX file, as rows × the rest."""
    import numpy

    raw = (gzip.open if str(path).endswith(".gz") else open)(path, "rb").read()
    rank = raw[3]
    shape = struct.unpack(f">{rank}I", raw[4:4 + 4 * rank])
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * rank).reshape(shape[0], -1)


def read_features(path):
    """Features as float32, prepared as ours are: one product, rounded once."""
    import numpy

    return read_idx(path).astype(numpy.float32) * numpy.float32(SCALE)


def read_labels(path):
    import numpy

    return read_idx(path).ravel().astype(numpy.int64)


def read_weights(path):
    """Tensors of a safetensors file by name, in the order of the file."""
    import numpy

    raw = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    types = {"F32": numpy.float32, "F64": numpy.float64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        flat = numpy.frombuffer(raw[8 + length + first:8 + length + last], types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def read_order(path):
    import numpy

    return numpy.fromfile(path, numpy.uint32).astype(numpy.int64)
