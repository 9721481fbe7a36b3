"""What a run leaves behind: its folder is read here by independent means (Python and numpy), and the
numbers in it are computed again from the weights and the data."""
import hashlib
import json
import os
import resource
import shlex
import signal
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, read_safetensors, without_times
from slope_cli import PROGRAM, SOURCE, SlopeCase, main

FEATURES, CLASSES = 5, 3

EXPERIMENT = """\
experiment: books
dataset:
  name: csv
  train: {file: train.csv}
  validation: {file: validation.csv}
  test: {file: test.csv}
train: {epochs: 6, batch_size: 16, seed: 7}
evaluate: {every: 5 steps}
trials:
  - {label: "linear, by hand", optimizer: {name: sgd, learning_rate: 0.1}, regularization: {l2: 0.01}}
  - label: hidden
    model: {name: mlp, hidden: [7, 4], activation: tanh}
    loss: {name: svm, margin: 0.5}
    optimizer: {name: adam, learning_rate: 0.01}
    train: {precision: float64}
"""


def softmax_loss(scores, labels):
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()


def hinge_loss(scores, labels, margin):
    right = scores[np.arange(len(labels)), labels][:, None]
    over = np.maximum(0.0, scores - right + margin)
    over[np.arange(len(labels)), labels] = 0.0
    return over.sum(axis=1).mean()


class Results(SlopeCase):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(1)
        centres = random.normal(size=(CLASSES, FEATURES)) * 1.5
        self.data = {}
        for name, rows in (("train", 150), ("validation", 40), ("test", 60)):
            labels = np.arange(rows) % CLASSES
            features = np.round(centres[labels] + random.normal(size=(rows, FEATURES)), 3)
            self.data[name] = features, labels
            lines = [",".join(map(str, row)) + f",{label}\n" for row, label in zip(features, labels)]
            self.write(f"{name}.csv", "".join(lines))
        self.write("books.yaml", EXPERIMENT)

    def run_books(self, output, *arguments, **options):
        self.slope("run", "books.yaml", "--quiet", "--output", output, *arguments, **options)
        return self.folder / output

    def scores(self, split, weights, activation=np.tanh):
        """Scores of a linear model or an mlp, in float64, from the weights in a file."""
        values = self.data[split][0]
        weights = {name: array.astype(np.float64) for name, array in weights.items()}
        if "weight" in weights:
            return values @ weights["weight"].T + weights["bias"]
        layers = len(weights) // 2
        for layer in range(1, layers + 1):
            values = values @ weights[f"layer{layer}.weight"].T + weights[f"layer{layer}.bias"]
            if layer < layers:
                values = activation(values)
        return values

    def test_numbers_follow_from_weights_and_data(self):
        run = self.run_books("out")
        rows = read_csv(run / "trials.csv")
        self.assertEqual([row["label"] for row in rows], ["linear, by hand", "hidden"])
        losses = [softmax_loss, lambda scores, labels: hinge_loss(scores, labels, 0.5)]
        shapes = [{"weight": (3, 5), "bias": (3,)},
                  {"layer1.weight": (7, 5), "layer1.bias": (7,), "layer2.weight": (4, 7),
                   "layer2.bias": (4,), "layer3.weight": (3, 4), "layer3.bias": (3,)}]
        for number, (row, loss) in enumerate(zip(rows, losses)):
            weights, _ = read_safetensors(run / "weights" / f"{number}.safetensors")
            self.assertEqual({name: array.shape for name, array in weights.items()}, shapes[number])
            self.assertEqual({array.dtype.itemsize for array in weights.values()}, {4 + 4 * number})
            for split in self.data:
                labels = self.data[split][1]
                scores = self.scores(split, weights)
                self.assertAlmostEqual(float(row[f"{split}_loss"]) / loss(scores, labels), 1.0,
                                       delta=(1e-5, 1e-12)[number], msg=f"{number} {split}")
                self.assertAlmostEqual(float(row[f"{split}_accuracy"]),
                                       (scores.argmax(axis=1) == labels).mean(), places=12)
        weights, _ = read_safetensors(run / "weights" / "0.safetensors")
        penalty = 0.01 * (weights["weight"].astype(np.float64) ** 2).sum()
        self.assertAlmostEqual(float(rows[0]["train_objective"]),
                               float(rows[0]["train_loss"]) + penalty, delta=1e-6)
        self.assertAlmostEqual(float(rows[1]["train_objective"]), float(rows[1]["train_loss"]))

    def test_metrics_begin_before_the_first_step_and_end_after_the_last(self):
        run = self.run_books("out")
        trials, metrics = read_csv(run / "trials.csv"), read_csv(run / "metrics.csv")
        steps = 6 * 10  # 150 rows in batches of 16: ten steps an epoch
        for number, trial in enumerate(trials):
            mine = [row for row in metrics if row["trial"] == str(number)]
            self.assertEqual([int(row["step"]) for row in mine], list(range(0, steps + 1, 5)))
            self.assertEqual(trial["steps"], str(steps))
            self.assertEqual(float(trial["epochs"]), 6.0)
            self.assertEqual(trial["status"], "finished")
            for column in ("train_loss", "train_accuracy", "train_objective", "validation_loss",
                           "validation_accuracy"):
                self.assertEqual(mine[-1][column], trial[column], column)
            best = max(float(row["validation_accuracy"]) for row in mine)
            self.assertEqual(float(trial["best_validation_accuracy"]), best)
            least = min(float(row["validation_loss"]) for row in mine)
            self.assertEqual(float(trial["best_validation_loss"]), least)
            chosen = next(row for row in mine if float(row["validation_loss"]) == least)
            self.assertEqual(trial["best_step"], chosen["step"])
            times = [float(row["train_seconds"]) for row in mine]
            self.assertEqual(times, sorted(times))

    def test_columns_are_documented(self):
        run = self.run_books("out")
        readme = (SOURCE / "README.md").read_text()
        for name in ("trials.csv", "metrics.csv"):
            for column in read_csv(run / name)[0]:
                self.assertIn(f"`{column}`", readme, f"{name}: {column}")

    def test_recorded_configuration_gives_the_same_bits(self):
        first = self.run_books("out")
        self.slope("run", first / "config.yaml", "--quiet", "--output", "again")
        second = self.folder / "again"
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(first / name), without_times(second / name))
        for name in ("0.safetensors", "1.safetensors"):
            self.assertEqual((first / "weights" / name).read_bytes(),
                             (second / "weights" / name).read_bytes())
        self.assertEqual((first / "config.yaml").read_text(), (second / "config.yaml").read_text())

    def test_threads_and_instruction_sets_give_the_same_bits(self):
        first = self.run_books("one", "--threads", 1)
        others = [self.run_books("four", "--threads", 4),
                  self.run_books("baseline", environment={"SLOPE_ISA": "baseline"})]
        for other in others:
            for name in ("trials.csv", "metrics.csv"):
                self.assertEqual(without_times(first / name), without_times(other / name))

    def test_manifest_names_what_was_used(self):
        run = self.run_books("out", "train.epochs=1")
        text, config = (run / "manifest.yaml").read_text().split("\nconfig:\n")
        self.assertIn("  train:\n", config)  # which may be edited where it lies by itself
        lines = [line.strip().removeprefix("- ") for line in text.splitlines()]
        value = dict(line.split(": ", 1) for line in lines if ": " in line)  # the last of each key
        self.assertEqual(value["status"], "finished")
        self.assertEqual(value["experiment"], "books")
        self.assertIn("train.epochs=1", value["command"])
        self.assertEqual(value["resumes"], "0")
        files = [line.split(": ", 1)[1] for line in lines if line.startswith("file: ")]
        digests = [line.split(": ", 1)[1] for line in lines if line.startswith("sha256: ")]
        self.assertEqual(len(files), len(digests))
        names = {os.path.basename(file) for file in files}
        self.assertEqual(names, {"csv.so", "linear.so", "mlp.so", "softmax.so", "svm.so", "sgd.so",
                                 "adam.so", "constant.so", "train.csv", "validation.csv", "test.csv"})
        for file, digest in zip(files, digests):
            content = (self.folder / file).read_bytes()
            self.assertEqual(hashlib.sha256(content).hexdigest(), digest, file)

    def test_default_folder_and_latest(self):
        done = self.slope("run", "books.yaml")
        runs = sorted((self.folder / "results" / "books").iterdir())
        self.assertEqual([run.name for run in runs][-1], "latest")
        self.assertEqual(runs[-1].resolve(), runs[0].resolve())
        self.assertIn(f"results/books/{runs[0].name}", done.stdout)
        self.assertIn("linear, by hand", done.stdout)
        self.assertNotIn("\x1b", done.stdout + done.stderr)  # plain when piped
        left = sorted(path.name for path in runs[0].iterdir())
        self.assertEqual(left, ["config.yaml", "manifest.yaml", "metrics.csv", "trials.csv", "weights"])
        self.slope("run", "books.yaml", "--quiet")
        self.assertEqual(len(list((self.folder / "results" / "books").iterdir())), 3)

    def test_quiet_prints_nothing(self):
        done = self.slope("run", "books.yaml", "--quiet")
        self.assertEqual(done.stdout + done.stderr, "")

    def test_folder_that_is_not_empty(self):
        self.write("out/thesis.txt", "years of work")
        done = self.slope("run", "books.yaml", "--output", "out", status=2)
        self.assertIn("'out' is not empty", done.stderr)
        self.assertEqual(os.listdir(self.folder / "out"), ["thesis.txt"])

    def test_results_that_cannot_be_written(self):
        self.write("results", "a file, where the folder should be")
        done = self.slope("run", "books.yaml", status=3)
        self.assertIn("results/books", done.stderr)
        done = self.slope("run", "books.yaml", "--output", "/proc/slope", status=3)
        self.assertIn("/proc/slope", done.stderr)

    def test_full_disk(self):
        """A limit on the size of files acts like a disk that fills up while metrics are written."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

        done = subprocess.run([PROGRAM, "run", "books.yaml", "--quiet", "--output", "out",
                               "evaluate.every=1"],
                              cwd=self.folder, preexec_fn=limit, restore_signals=False,
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("File too large", done.stderr)
        run = self.folder / "out"
        self.assertNotIn("status: finished", (run / "manifest.yaml").read_text())
        self.assertTrue((run / "metrics.csv").read_text().endswith("\n"), "a torn row")
        self.assertEqual([path.name for path in run.rglob("*.partial")], [])
        # With room again, the run goes on and ends like one that met no such trouble.
        self.slope("resume", "out", "--quiet")
        whole = self.run_books("whole", "evaluate.every=1")
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(run / name), without_times(whole / name))

    def test_command_line_is_recorded_as_it_can_be_typed(self):
        run = self.run_books("out", "trials=[{label: 'it''s one'}]", "train.epochs=1")
        line = next(line for line in (run / "manifest.yaml").read_text().splitlines()
                    if line.startswith("command:")).removeprefix("command: ")
        if line[0] in "'\"":  # YAML's quotes
            line = line[1:-1].replace("''", "'") if line[0] == "'" else json.loads(line)
        self.assertIn("trials=[{label: 'it''s one'}]", shlex.split(line))


if __name__ == "__main__":
    main()
