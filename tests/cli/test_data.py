"""Data as a user meets them: files of every format that train, and bad files that say what is wrong."""
import gzip
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(__file__))
from slope_cli import SOURCE, SlopeCase, main


def idx(extents, data, kind=8):
    return struct.pack(">HBB", 0, kind, len(extents)) + struct.pack(f">{len(extents)}I", *extents) + data


IMAGES = idx((6, 2, 2), bytes([9, 1, 1, 1, 1, 9, 1, 1, 1, 1, 9, 1] * 2))
LABELS = idx((6,), bytes([0, 1, 2] * 2))

EXPERIMENT = """\
dataset: {name: idx, train: {images: x, labels: y}, how_to_get: ask the librarian}
train: {epochs: 2, batch_size: 2}
"""


class GoodData(SlopeCase):
    def run_on(self, dataset):
        self.write("e.yaml", f"dataset: {dataset}\ntrain: {{epochs: 2, batch_size: 2}}\n")
        return self.slope("run", "e.yaml", "--output", "out")

    def manifest(self):
        return (self.folder / "out" / "manifest.yaml").read_text()

    def test_idx_plain_and_gzip(self):
        self.write("x", IMAGES)
        self.write("y.gz", gzip.compress(LABELS))
        self.run_on("{name: idx, train: {images: x, labels: y.gz}}")
        manifest = self.manifest()
        self.assertIn("status: finished", manifest)
        for name in ("x", "y.gz"):  # the digest of the file as it lies there
            self.assertIn(hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), manifest)

    def test_cifar10(self):
        records = b"".join(bytes([label]) + bytes([label * 20]) * 3072 for label in range(10))
        self.write("b.bin", records)
        self.run_on("{name: cifar10, in_place: true, train: [b.bin, b.bin], test: b.bin, scale: 0.01}")

    def test_csv_with_quotes_and_text_labels(self):
        self.write("t.csv", 'height,"width, in m",kind\n1,2,"a ""b"""\n3,4,c\n5,6,c\n')
        self.run_on("{name: csv, file: t.csv, label_column: kind}")

    def test_libsvm(self):
        self.write("t", "+1 1:1 3:0.5\n-1 2:1\n+1 3:1 # note\n")
        self.run_on("{name: libsvm, train: {file: t}}")

    def test_shipped_descriptors_that_need_no_download(self):
        for name in ("iris", "spiral", "blobs"):
            with self.subTest(name):
                self.write("e.yaml", f"dataset: {name}\ntrain: {{epochs: 1}}\n")
                self.slope("run", "e.yaml", "--output", name)
                rows = (self.folder / name / "metrics.csv").read_text().splitlines()
                self.assertGreater(len(rows), 2)

    def test_shipped_descriptors_that_need_a_download_say_how(self):
        for name in ("mnist", "cifar10", "cifar100"):
            with self.subTest(name):
                text = (SOURCE / "datasets" / f"{name}.yaml").read_text()
                self.write(f"datasets/{name}.yaml", text)  # away from files that may be there
                self.write("e.yaml", f"dataset: {name}\n")
                done = self.slope("run", "e.yaml", "--output", "out", status=3)
                self.assertIn("No such file or directory", done.stderr)
                self.assertRegex(done.stderr, "how to get it: download .*https://")
                self.assertFalse((self.folder / "out").exists())

    def test_the_same_data_give_the_same_bits(self):
        self.write("e.yaml", "dataset: blobs\ntrain: {epochs: 3}\nmodel: {name: mlp, hidden: [5]}\n")
        outputs = []
        for threads in (1, 2):
            self.slope("run", "e.yaml", "--output", f"out{threads}", "--threads", threads)
            weights = sorted((self.folder / f"out{threads}" / "weights").iterdir())
            outputs.append([path.read_bytes() for path in weights])
            self.assertTrue(outputs[-1])
        self.assertEqual(outputs[0], outputs[1])


class BadData(SlopeCase):
    def refuse(self, *texts, status=3, experiment=EXPERIMENT):
        """The run fails with one clear error and leaves nothing that looks finished."""
        self.write("e.yaml", experiment)
        done = self.slope("run", "e.yaml", "--output", "out", status=status)
        for text in texts:
            self.assertIn(text, done.stderr)
        errors = [line for line in done.stderr.splitlines() if line.strip()]
        self.assertEqual(len(errors), 1, done.stderr)
        manifest = self.folder / "out" / "manifest.yaml"
        if manifest.exists():
            self.assertNotIn("status: finished", manifest.read_text())
        self.assertNotIn("finished", done.stdout)

    def setUp(self):
        super().setUp()
        self.write("x", IMAGES)
        self.write("y", LABELS)

    def test_missing(self):
        (self.folder / "y").unlink()
        self.refuse("dataset.train.labels", "/y'", "No such file or directory", "ask the librarian")

    def test_truncated(self):
        self.write("x", IMAGES[:-1])
        self.refuse("/x' is truncated", "promises 24 elements of 1 bytes", "23 are there")

    def test_wrong_magic(self):
        self.write("x", b"\x89PNG\r\n\x1a\n" + bytes(100))
        self.refuse("/x' is not an IDX file", "89 50 4e 47")

    def test_corrupt_gzip(self):
        packed = bytearray(gzip.compress(IMAGES))
        packed[-6] ^= 1
        self.write("x", bytes(packed))
        self.refuse("/x': corrupt gzip file")

    def test_truncated_gzip(self):
        self.write("x", gzip.compress(IMAGES)[:-9])
        self.refuse("/x': truncated gzip file")

    def test_empty_file(self):
        self.write("x", b"")
        self.refuse("/x' is not an IDX file", "0 bytes")

    def test_labels_out_of_range(self):
        self.refuse("label 2 in row 2", "out of range", experiment=EXPERIMENT.replace(
            "how_to_get", "class_names: [a, b], how_to_get"))

    def test_row_counts_that_differ(self):
        self.write("y", idx((5,), bytes(5)))
        self.refuse("/x' has 6 rows", "/y' has 5 labels")

    def test_checksum(self):
        self.refuse("/x' is damaged or another version", "ask the librarian",
                    experiment=EXPERIMENT.replace("how_to_get", f"sha256: {{x: {'0' * 64}}}, how_to_get"))

    def test_csv_with_too_few_fields(self):
        self.write("t.csv", "a,b,k\n1,2,x\n3,y\n")
        self.refuse("/t.csv:3: too few fields: 2, expected 3",
                    experiment="dataset: {name: csv, file: t.csv}\n")

    def test_csv_with_text_in_a_number(self):
        self.write("t.csv", "a,b,k\n1,2,x\n3,four,y\n")
        self.refuse("/t.csv:3: column 1 (b): 'four' is not a number",
                    experiment="dataset: {name: csv, file: t.csv}\n")

    def test_csv_without_the_label_column(self):
        self.write("t.csv", "a,b,k\n1,2,x\n")
        self.refuse("label_column", "no column 'kind'", status=2,
                    experiment="dataset: {name: csv, file: t.csv, label_column: kind}\n")

    def test_split_that_takes_all(self):
        self.refuse("validation", "6 training rows", status=2, experiment=EXPERIMENT.replace(
            "how_to_get", "validation: 6, how_to_get"))


if __name__ == "__main__":
    main()
