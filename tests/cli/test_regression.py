"""Regression from end to end: numbers as targets, their losses, mse, mae and r2, and the solution that
NIST certifies for Longley's data. Everything is computed again with numpy."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, read_safetensors
from slope_cli import SOURCE, SlopeCase, main

# NIST, Statistical Reference Datasets, Longley: intercept, then the six columns in their order.
CERTIFIED = [-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
             -1.03322686717359, -0.511041056535807e-01, 1829.15146461355]
CERTIFIED_R2 = 0.995479004577296

EXPERIMENT = """\
dataset:
  name: csv
  target: values
  label_column: "first,second"
  train: {file: train.csv}
  validation: {file: validation.csv}
  test: {file: test.csv}
train: {epochs: 20, batch_size: 16, seed: 7, precision: float64}
trials:
  - {loss: squared_error, optimizer: {name: sgd, learning_rate: 0.02}}
  - {loss: {name: huber, delta: 0.5}, model: {name: mlp, hidden: [5]}, optimizer: {name: adam, learning_rate: 0.02}}
"""


def errors_of(predicted, targets):
    errors = predicted - targets
    left = (errors ** 2).sum(axis=0) / ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    return (errors ** 2).mean(), np.abs(errors).mean(), (1 - left).mean()


class Longley(SlopeCase):
    def test_finds_the_certified_solution(self):
        self.slope("run", SOURCE / "configs/longley.yaml", "--output", "out", "--quiet")
        rows = read_csv(self.folder / "out" / "trials.csv")
        (number,) = [i for i, row in enumerate(rows)
                     if (row["loss"], row["optimizer"]) == ("squared_error", "lbfgs")]
        self.assertAlmostEqual(float(rows[number]["train_r2"]), CERTIFIED_R2, places=10)
        for row in rows:
            self.assertEqual(row["status"], "finished")
            self.assertEqual(row["train_accuracy"], "")
            self.assertLessEqual(float(row["train_r2"]), CERTIFIED_R2)
        data = np.loadtxt(SOURCE / "datasets/longley.csv", delimiter=",", skiprows=1)[:, 1:]
        weights, _ = read_safetensors(self.folder / "out" / "weights" / f"{number}.safetensors")
        slopes = weights["weight"][0] / data.std(axis=0)
        intercept = weights["bias"][0] - slopes @ data.mean(axis=0)
        np.testing.assert_allclose([intercept, *slopes], CERTIFIED, rtol=1e-5)

    def test_table(self):
        done = self.slope("run", SOURCE / "configs/longley.yaml", "--output", "out")
        self.assertIn("train r2", done.stdout)
        self.assertIn("0.99548", done.stdout)
        self.assertNotIn("%", done.stdout)
        self.assertIn("train r2", done.stderr)


class Regression(SlopeCase):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(3)
        slopes = random.normal(size=(4, 2))
        self.data = {}
        for name, rows in (("train", 300), ("validation", 40), ("test", 61)):
            features = np.round(random.normal(size=(rows, 4)), 3)
            targets = np.round(features @ slopes + [3, -1] + random.normal(size=(rows, 2)) / 3, 3)
            self.data[name] = features, targets
            table = np.hstack([features, targets])
            lines = [",".join(map(repr, map(float, row))) for row in table]
            self.write(f"{name}.csv", "a,b,c,d,first,second\n" + "\n".join(lines) + "\n")
        self.write("two.yaml", EXPERIMENT)

    def predictions(self, weights, features):
        if "weight" in weights:
            return features @ weights["weight"].T + weights["bias"]
        layers = sorted(name[:-7] for name in weights if name.endswith(".weight"))
        for layer in layers:
            features = features @ weights[layer + ".weight"].T + weights[layer + ".bias"]
            if layer != layers[-1]:
                features = np.maximum(features, 0)
        return features

    def test_numbers_follow_from_weights_and_data(self):
        self.slope("run", "two.yaml", "--output", "out", "--quiet")
        last = {}
        for row in read_csv(self.folder / "out" / "metrics.csv"):
            last[int(row["trial"])] = row
        for i, row in enumerate(read_csv(self.folder / "out" / "trials.csv")):
            weights, _ = read_safetensors(self.folder / "out" / "weights" / f"{i}.safetensors")
            for split, (features, targets) in self.data.items():
                predicted = self.predictions(weights, features)
                found = [float(row[f"{split}_{metric}"]) for metric in ("mse", "mae", "r2")]
                np.testing.assert_allclose(found, errors_of(predicted, targets), rtol=1e-10)
                self.assertEqual(row[f"{split}_accuracy"], "")
                size = np.abs(predicted - targets)
                losses = size ** 2 if i == 0 else np.where(
                    size > 0.5, 0.5 * (size - 0.25), size ** 2 / 2)
                self.assertAlmostEqual(float(row[f"{split}_loss"]), losses.sum(axis=1).mean(), 10)
                if split != "test":
                    for metric in ("mse", "mae", "r2"):
                        column = f"{split}_{metric}"
                        self.assertEqual(row[column], last[i][column])
            self.assertGreater(float(row["test_r2"]), 0.5)

    def test_threads_give_the_same_bits(self):
        for threads in ("1", "3"):
            self.slope("run", "two.yaml", "--quiet", "--output", threads, "--threads", threads)
        cut = [[line.split(",")[:15] for line in
                (self.folder / name / "metrics.csv").read_text().splitlines()] for name in "13"]
        self.assertEqual(*cut)

    def test_a_finished_run_is_shown_again(self):
        first = self.slope("run", "two.yaml", "--output", "out").stdout
        again = self.slope("resume", "out").stdout
        self.assertEqual(first, again)
        self.assertIn("best by validation r2:", first)

    def test_stops_at_a_target(self):
        done = self.slope("run", "two.yaml", "--output", "out", "stop.metric=validation_r2",
                          "stop.target=0.9", "train.epochs=200")
        self.assertIn("validation_r2 reached its target 0.9", done.stdout)
        for row in read_csv(self.folder / "out" / "trials.csv"):
            self.assertGreaterEqual(float(row["validation_r2"]), 0.9)
            self.assertLess(float(row["epochs"]), 200)

    def test_gradients(self):
        for loss in ("squared_error", "huber"):
            done = self.slope("check", "two.yaml", f"loss={loss}")
            self.assertIn("passed", done.stdout)

    def test_made_up_data(self):
        self.write("line.yaml", "dataset: {name: synthetic, kind: regression, rows: 500, features: 6, "
                                "test_rows: 100}\nloss: squared_error\noptimizer: lbfgs\n"
                                "train: {batch_size: full, steps: 20}\n")
        self.slope("run", "line.yaml", "--quiet", "--output", "out")
        (row,) = read_csv(self.folder / "out" / "trials.csv")
        self.assertAlmostEqual(float(row["test_mse"]), 1, delta=0.5)
        self.assertGreater(float(row["test_r2"]), 0.9)


class Misfits(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("line.yaml", "dataset: {name: synthetic, kind: regression}\n")
        self.write("blobs.yaml", "dataset: {name: synthetic}\n")

    def refused(self, *arguments):
        error = self.slope("run", *arguments, "--output", "out", status=2).stderr
        self.assertFalse((self.folder / "out").exists())
        return error

    def test_losses_that_do_not_fit(self):
        for loss in ("softmax", "svm", "logistic"):
            self.assertIn("needs class labels", self.refused("line.yaml", f"loss={loss}"))
        for loss in ("squared_error", "huber"):
            self.assertIn("needs numbers as targets", self.refused("blobs.yaml", f"loss={loss}"))

    def test_metrics_that_are_not_measured(self):
        self.assertIn("loss squared_error has no train_accuracy; watch a loss, mse, mae or r2",
                      self.refused("line.yaml", "loss=squared_error", "stop.metric=train_accuracy",
                                   "stop.patience=2"))
        self.assertIn("loss softmax has no train_r2; watch a loss or an accuracy",
                      self.refused("blobs.yaml", "stop.metric=train_r2", "stop.target=1"))
        self.assertIn("has no validation rows for validation_loss",
                      self.refused("blobs.yaml", "stop.patience=2"))
        self.assertIn("train_loss is not measured with evaluate.train: false",
                      self.refused("blobs.yaml", "stop.patience=2", "stop.metric=train_loss",
                                   "evaluate.train=false"))


if __name__ == "__main__":
    main()
