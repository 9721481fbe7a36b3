"""test_shipped: the experiments that ship reach what is said of them."""
import csv
import os
import unittest

import slope_cli
from slope_cli import SOURCE

# Xiao, Rasul and Vollgraf (2017) report 84.2 % and 87.1 %; the aims are those of this project.
FASHION_MNIST = {"linear": 0.84, "mlp": 0.87}
IMAGES = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"


RULES = sorted(path.stem for path in (SOURCE / "plugins/optimizers").glob("*.c"))
PROBLEMS = ["quadratic 1", "quadratic 100", "quadratic 10000", "rosenbrock", "iris", "fashion"]


class Shipped(slope_cli.SlopeCase):
    def trials(self, name):
        self.slope("run", SOURCE / "configs" / name, "--quiet", "--output", "out", timeout=580)
        with open(self.folder / "out" / "trials.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_iris(self):
        (trial,) = self.trials("iris.yaml")
        self.assertEqual(trial["status"], "finished")
        self.assertGreaterEqual(float(trial["test_accuracy"]), 28 / 30 - 1e-6)

    @unittest.skipUnless(os.path.exists(IMAGES), "needs the package dataset-fashion-mnist")
    def test_fashion_mnist(self):
        if "-fsanitize" in self.slope("--version", "--verbose").stdout:
            self.skipTest("takes minutes with a sanitizer")
        trials = self.trials("fashion_mnist.yaml")
        self.assertEqual({trial["status"] for trial in trials}, {"finished"})
        self.assertEqual({trial["model"] for trial in trials}, set(FASHION_MNIST))
        for trial in trials:
            with self.subTest(trial["label"]):
                self.assertGreaterEqual(float(trial["test_accuracy"]), FASHION_MNIST[trial["model"]])

    def rows(self, output, config, *arguments, status=0):
        self.slope("run", SOURCE / "configs" / config, "--quiet", "--output", output, *arguments,
                   status=status, timeout=580)
        with open(self.folder / output / "trials.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_sweep(self):
        trials = self.rows("out", "sweep.yaml")
        self.assertEqual(len(trials), 2 * 5 * 2)
        self.assertGreaterEqual(max(float(trial["test_accuracy"]) for trial in trials), 0.9)

    @unittest.skipUnless(os.path.exists(IMAGES), "needs the package dataset-fashion-mnist")
    def test_race(self):
        """Cut down to a few steps: every rule, on every problem; one of them alone, and a newcomer's rates,
        are the same trials."""
        short = ["train.steps=10", "evaluate.every=5 steps", "trials.5.dataset.limit=150"]
        trials = self.rows("all", "race.yaml", *short, status=None)
        self.assertEqual(sorted({trial["optimizer"] for trial in trials}), RULES,
                         "configs/race.yaml lacks a rule, or has one that is no more")
        self.assertEqual(list(dict.fromkeys(trial["problem"] for trial in trials)), PROBLEMS)
        for problem in PROBLEMS:
            self.assertEqual({trial["optimizer"] for trial in trials
                              if trial["problem"] == problem and trial["status"] == "finished"},
                             set(RULES), problem)
        alone = self.rows("lion", "race.yaml", *short, "optimizer=lion")
        self.assertEqual(len(alone), 11 * len(PROBLEMS))
        self.assertEqual([trial["hash"] for trial in alone],
                         [trial["hash"] for trial in trials if trial["optimizer"] == "lion"])
        both = self.slope("compare", "all", "lion").stdout
        self.assertIn(f"{len(trials)} trials of {len(RULES)} optimizers on 6 problems; 66 found again",
                      both)
        self.assertEqual(both.split("\n", 1)[1], self.slope("compare", "all").stdout.split("\n", 1)[1])

    @unittest.skipUnless(os.path.exists(IMAGES), "needs the package dataset-fashion-mnist")
    def test_which_optimizer(self):
        trials = self.rows("out", "which_optimizer.yaml", "train.epochs=1", "dataset.limit=300",
                           "dataset.test_limit=100", "dataset.validation=0.2", status=None)
        self.assertEqual(sorted({trial["optimizer"] for trial in trials}), RULES,
                         "configs/which_optimizer.yaml lacks a rule, or has one that is no more")
        self.assertLessEqual({trial["status"] for trial in trials}, {"finished", "diverged"})
        table = self.slope("compare", "out").stdout
        self.assertIn("fashion_mnist linear softmax: steps to validation_accuracy >= ", table)


if __name__ == "__main__":
    slope_cli.main()
