"""What `record` writes down and what `surface` checks: paths, losses of batches, and refusals."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv
from slope_cli import SlopeCase, main

BOWL = """\
model: {name: expression, parameters: {x: -4, y: 3}, expressions: {f: x^2 + 2*y^2}}
loss: value
train: {steps: 23, precision: float64}
"""


class Record(SlopeCase):
    def run_bowl(self, *lines, status=0, arguments=()):
        self.write("bowl.yaml", BOWL + "".join(line + "\n" for line in lines))
        return self.slope("run", "bowl.yaml", "--output", "out", *arguments, status=status)

    def test_path_is_the_rule(self):
        self.run_bowl("record: {parameters: 5 steps}", "optimizer: {name: sgd, learning_rate: 0.05}")
        rows = read_csv(self.folder / "out/paths.csv")
        self.assertEqual(list(rows[0]), ["trial", "step", "loss", "x", "y"])
        self.assertEqual([int(row["step"]) for row in rows], [0, 5, 10, 15, 20, 23])
        for row in rows:  # x shrinks by 1 - 2 · 0.05, y by 1 - 4 · 0.05 in each step
            x, y = -4 * 0.9 ** int(row["step"]), 3 * 0.8 ** int(row["step"])
            self.assertTrue(math.isclose(float(row["x"]), x, rel_tol=1e-13))
            self.assertTrue(math.isclose(float(row["y"]), y, rel_tol=1e-13))
            self.assertTrue(math.isclose(float(row["loss"]), x * x + 2 * y * y, rel_tol=1e-12))
        self.assertFalse((self.folder / "out/batch_loss.csv").exists())

    def test_batch_loss_is_that_before_the_step(self):
        self.run_bowl("record: {batch_loss: 1 step}", "optimizer: {name: sgd, learning_rate: 0.05}")
        rows = read_csv(self.folder / "out/batch_loss.csv")
        self.assertEqual(list(rows[0]), ["trial", "step", "epoch", "batch_loss"])
        self.assertEqual([int(row["step"]) for row in rows], list(range(1, 24)))
        self.assertEqual(float(rows[0]["batch_loss"]), 34)
        self.assertFalse((self.folder / "out/paths.csv").exists())

    def test_parameters_of_different_trials(self):
        self.write("two.yaml", BOWL.replace("train:", "record: 23 steps\ntrain:") + """\
trials:
  - {optimizer: sgd}
  - model: {parameters: {w: [1, 2]}, expressions: {f: "sum(w^2)"}}
""")
        self.slope("run", "two.yaml", "--output", "out")
        rows = read_csv(self.folder / "out/paths.csv")
        self.assertEqual(list(rows[0]), ["trial", "step", "loss", "x", "y", "w[0]", "w[1]"])
        self.assertEqual((rows[0]["x"], rows[0]["w[1]"]), ("-4", ""))

    def test_too_many_parameters(self):
        self.write("big.yaml", "dataset: {name: synthetic, features: 400, classes: 3}\nrecord: 1 epoch\n")
        done = self.slope("run", "big.yaml", "--output", "out", status=2)
        self.assertIn("record.parameters: the model has 1203 parameters, and at most 1000 can be "
                      "recorded", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_seconds_do_not_say_when(self):
        done = self.run_bowl("record: {parameters: 2 seconds}", status=2)
        self.assertIn("record.parameters: expected steps or epochs", done.stderr)

    def test_surface_table(self):
        done = self.run_bowl("record: 1 step", "optimizer: {name: sgd, learning_rate: 0.25}",
                             "surface: {minimum: {x: 0, y: 0}, value: 0, tolerance: 0.3}")
        # x halves in each step, y is 0 after the first: 4 · 2^-4 = 0.25 is the first below 0.3
        self.assertRegex(done.stdout, r"sgd\s+23\s+\S+\s+4\.77e-07\s+4 steps\s+0\.3")

    def test_wrong_surfaces(self):
        for surface, message in (
                ("{minimum: {x: 0, y: 1}, value: 0}", "the function is 2 at minimum 1, not 0"),
                ("{minimum: {x: 0, z: 0}}", "surface.minimum: the model has no parameter 'z'"),
                ("{minimum: {x: 0}}", "surface.minimum: names 1 of 2 parameters"),
                ("{minimum: {x: [0, 1], y: 0}}", "lists of one length for several minima"),
                ("{domain: {x: [1, -1], y: [0, 1]}}", "surface.domain.x: expected the least and"),
                ("{range: 3}", "range")):
            with self.subTest(surface=surface):
                done = self.run_bowl("surface: " + surface, status=2)
                self.assertIn(message, done.stderr)
                self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    main()
