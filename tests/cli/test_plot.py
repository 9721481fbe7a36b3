"""`slope plot`: which pictures come out, that they are whole, and what is said where none can be drawn."""
import csv
import os
import pathlib
import shutil
import struct
import sys
import unittest
import xml.etree.ElementTree as xml
import zlib

sys.path.insert(0, os.path.dirname(__file__))
from slope_cli import SlopeCase, main

BLOBS = """\
experiment: blobs
dataset: {name: synthetic, kind: blobs, rows: 400, test_rows: 100, features: 64, classes: 3, validation: 0.2}
train: {epochs: 4}
record: {batch_loss: 1 step}
trials:
  - {label: 'a $(touch hacked) `touch hacked` ''quote'' "double" x_{1}', optimizer: {name: sgd, learning_rate: 0.01}}
  - {optimizer: {name: sgd, learning_rate: 0.1}}
  - {optimizer: {name: adam, learning_rate: 0.01}, model: {name: mlp, hidden: [8]}}
"""
VALLEY = """\
experiment: valley
model: {name: expression, parameters: {x: -4, y: 1}, expressions: {f: x^2 + 20*y^2}}
loss: value
train: {steps: 30, precision: float64}
record: {parameters: 1 step}
surface: {domain: {x: [-5, 5], y: [-2, 2]}, minimum: {x: 0, y: 0}, value: 0}
trials:
  - {optimizer: {name: sgd, learning_rate: 0.04}}
  - {optimizer: {name: momentum, learning_rate: 0.01}}
"""
SWEEP = """\
experiment: swept
dataset: {name: synthetic, kind: blobs, rows: 60, features: 3, classes: 3, validation: 0.2}
train: {epochs: 2}
sweep:
  optimizer: [sgd, adam]
  optimizer.learning_rate: {from: 1e-3, to: 1, points: 8, scale: log}
"""


def pixels_of(path):
    """Width and height of a PNG whose chunks have right checksums and whose data unpack."""
    blob = path.read_bytes()
    assert blob[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size = 8, b"", None
    while at < len(blob):
        (length,) = struct.unpack(">I", blob[at:at + 4])
        kind, body = blob[at + 4:at + 8], blob[at + 8:at + 8 + length]
        assert struct.unpack(">I", blob[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        if kind == b"IDAT":
            data += body
        at += 12 + length
    assert len(zlib.decompress(data)) > size[0] * size[1] // 8
    return size


def text_of(path):
    """All text in an SVG file, which must be well-formed."""
    root = xml.parse(path).getroot()
    assert root.tag.endswith("svg")
    return "\n".join("".join(node.itertext()) for node in root.iter() if node.tag.endswith("text"))


def frames_of(path):
    blob = path.read_bytes()
    assert blob[:6] == b"GIF89a" and blob.endswith(b";")
    return blob.count(b"\x21\xf9\x04")


class Plot(SlopeCase):
    def run_file(self, text):
        self.write("file.yaml", text)
        self.slope("run", "file.yaml", "--quiet", "--output", "out")

    def pictures(self, folder="out/plots"):
        return sorted(path.name for path in (self.folder / folder).iterdir())

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_classifiers(self):
        self.run_file(BLOBS)
        listed = self.slope("plot", "out").stdout.split()
        names = ["accuracy", "batch_loss", "confusion", "learning_rate", "loss", "weights"]
        self.assertEqual(self.pictures(), sorted(f"{name}.{kind}" for name in names for kind in ("png", "svg")))
        self.assertEqual(sorted(listed), [f"out/plots/{name}" for name in self.pictures()])
        for name in names:
            folder = self.folder / "out/plots"
            width, height = pixels_of(folder / f"{name}.png")
            self.assertTrue(800 < width < 2400 and 400 < height < 2400, name)
            text_of(folder / f"{name}.svg")
        loss = text_of(folder / "loss.svg")
        for word in ("epochs", "loss", "mlp adam", "solid: training", "dashed: validation"):
            self.assertIn(word, loss)
        # what a label says is shown, not done
        self.assertIn("""a $(touch hacked) `touch hacked` 'quote' "double" x_{1}""", loss)
        self.assertFalse(list(self.folder.rglob("hacked")))
        self.assertIn("learning rate", text_of(folder / "learning_rate.svg"))

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_confusion_counts_the_test_rows(self):
        self.run_file(BLOBS)
        self.slope("plot", "out", "--trial", "1", "--output", "here", "--quiet")
        words = text_of(self.folder / "here/confusion.svg").split("\n")
        self.assertTrue(any("(test rows)" in word for word in words))
        counts = [int(word) for word in words if word.strip().isdigit()]
        # the ticks 0, 1, 2 on both axes, the colour bar from 0 to 100 in steps of 20, and nine cells
        self.assertEqual(sum(counts) - 2 * (0 + 1 + 2) - (20 + 40 + 60 + 80 + 100), 100)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_paths_and_race(self):
        self.run_file(VALLEY)
        self.slope("plot", "out", "--animate")
        self.assertEqual(self.pictures(), ["loss.png", "loss.svg", "paths.png", "paths.svg", "race.gif"])
        words = text_of(self.folder / "out/plots/paths.svg")
        for word in ("x", "y", "sgd", "momentum", "start", "minimum"):
            self.assertIn(word, words)
        self.assertGreater(frames_of(self.folder / "out/plots/race.gif"), 20)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_sweep(self):
        self.run_file(SWEEP)
        self.slope("plot", "out")
        loss = text_of(self.folder / "out/plots/loss.svg")
        self.assertIn("other trials", loss)
        self.assertIn("adam learning_rate=0.3728", loss)  # 0.372759372031
        rates = text_of(self.folder / "out/plots/learning_rate.svg").splitlines()
        self.assertTrue({"adam", "sgd"} < set(rates), rates)
        self.assertIn("  g  sgd learning_rate=1\n", self.slope("plot", "out", "--ascii").stdout)

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_accuracies_that_are_all_perfect(self):
        self.run_file("""\
dataset: {name: synthetic, kind: blobs, rows: 400, features: 64, classes: 3, validation: 0.2}
train: {epochs: 4}
optimizer: {learning_rate: 1}
""")
        with open(self.folder / "out/metrics.csv", newline="") as file:
            later = [row for row in csv.DictReader(file) if row["step"] != "0"]
        self.assertEqual({row["validation_accuracy"] for row in later}, {"1"})
        self.slope("plot", "out")
        self.assertIn("accuracy.svg", self.pictures())

    def test_ascii(self):
        self.run_file(BLOBS)
        done = self.slope("plot", "out", "--ascii", environment={"PATH": "/nowhere"})
        self.assertIn("validation_loss", done.stdout)
        self.assertIn("mlp adam", done.stdout)
        self.assertRegex(done.stdout, r"0 +12 steps|0 +\d+ steps")
        self.assertFalse((self.folder / "out/plots").exists())

    def test_no_gnuplot(self):
        self.run_file(VALLEY)
        done = self.slope("plot", "out", environment={"PATH": "/nowhere"}, status=3)
        self.assertIn("cannot find gnuplot, which draws the pictures; install it (Debian package "
                      "gnuplot-nox), or use --ascii", done.stderr)
        self.assertEqual(self.pictures(), [])

    @unittest.skipUnless(shutil.which("gnuplot"), "gnuplot is not installed")
    def test_gnuplot_that_fails(self):
        self.run_file(VALLEY)
        fake = self.write("bin/gnuplot", "#!/bin/sh\necho 'no such terminal' >&2\nexit 4\n")
        fake.chmod(0o755)
        done = self.slope("plot", "out", status=3,
                          environment={"PATH": f"{self.folder}/bin:{os.environ['PATH']}"})
        self.assertIn("gnuplot failed: no such terminal", done.stderr)
        self.assertEqual(self.pictures(), [])

    def test_wrong_arguments(self):
        self.run_file(VALLEY)
        pathlib.Path(self.folder / "empty").mkdir()
        for arguments, status, message in (
                ((), 2, "expected one folder of a run"),
                (("out", "out"), 2, "expected one folder of a run"),
                (("empty",), 3, "cannot plot 'empty': it holds no config.yaml"),
                (("out", "--trial", "x"), 2, "--trial takes a number from 0, not 'x'"),
                (("out", "--trial", "2"), 2, "there is no trial 2 in 'out'; it has 2"),
                (("out", "--colour"), 2, "unknown option '--colour'")):
            with self.subTest(arguments=arguments):
                self.assertIn(message, self.slope("plot", *arguments, status=status).stderr)


if __name__ == "__main__":
    main()
