"""`slope compare`: its tables against the same figures worked out here, over made-up runs whose trials
reach what they reach by the throw of a die; and a real run."""
import csv
import hashlib
import io
import math
import os
import random
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv
from run_fixture import METRICS, write_csv, write_run
from slope_cli import SlopeCase, main

OPTIMIZERS = ["adam", "lbfgs", "sgd"]
RATES = [0.001, 0.01, 0.1, 1.0]
TAUS = [1, 1.5, 2, 4, 8, 16]
REAL = """\
experiment: blobs
dataset: {name: synthetic, kind: blobs, rows: 300, features: 4, classes: 3, validation: 0.3}
train: {epochs: 6, batch_size: 16}
trials:
  - optimizer: {name: sgd, learning_rate: 0.001}
  - optimizer: {name: sgd, learning_rate: 0.1}
  - optimizer: {name: adam, learning_rate: 0.001}
  - optimizer: {name: adam, learning_rate: 0.1}
"""


def make_problem(draw, dataset, loss=False, seeds=1, per_rate=2):
    """Trials and their evaluations, the rows of several trials mixed."""
    trials, metrics = [], []
    metric = "validation_loss" if loss else "validation_accuracy"
    for optimizer in OPTIMIZERS:
        for rate in RATES:
            for l2 in range(per_rate):
                skill, pace = draw.random(), draw.uniform(0.1, 2)
                for seed in range(seeds):
                    number, length = len(trials), draw.uniform(0.001, 0.01)
                    values = [skill * (1 - math.exp(-pace * epoch * draw.uniform(0.7, 1.3)))
                              for epoch in range(12)]
                    values = [2 - value if loss else value for value in values]
                    diverged = draw.random() < 0.15
                    trials.append({
                        "dataset": dataset, "optimizer": optimizer, "learning_rate": rate,
                        "optimizer.name": optimizer, "optimizer.learning_rate": rate,
                        "regularization.l2": l2, "seed": seed, metric: values[-1],
                        "label": f"{optimizer} learning_rate={rate} l2={l2} seed={seed}",
                        "status": "diverged" if diverged else "finished"})
                    metrics += [{"trial": number, "step": 7 * epoch, "epoch": epoch, metric: value,
                                 "train_seconds": f"{epoch * length:.3f}"}
                                for epoch, value in enumerate(values)]
    metrics.sort(key=lambda row: row["step"])  # as trials do that are trained together
    return trials, metrics, metric


def configurations(trials):
    """Trials by what they have but their seed."""
    found = {}
    for number, trial in enumerate(trials):
        key = trial["optimizer.learning_rate"], trial["regularization.l2"]
        found.setdefault((trial["optimizer"], key), []).append(number)
    return found


def effort_to(metrics, number, metric, target, by):
    for row in metrics:
        if row["trial"] != number:
            continue
        good = row[metric] <= target if "loss" in metric else row[metric] >= target
        if good:
            return float(row[by])
    return math.inf


def best_efforts(trials, metrics, metric, target, by):
    """{optimizer: least effort of a configuration}, over seeds that which half of them have."""
    best = {}
    for (optimizer, _), numbers in configurations(trials).items():
        efforts = sorted(effort_to(metrics, number, metric, target, by) for number in numbers)
        best[optimizer] = min(best.get(optimizer, math.inf), efforts[math.ceil(len(efforts) / 2) - 1])
    return best


def common_target(trials, metrics, metric):
    """What each optimizer reaches at its best, of these the median (of an even number the worse of the two
    in the middle); but no nearer to the best of all than 1e-4 of the way from the start."""
    best = min if "loss" in metric else max
    own = {}
    for row in metrics:
        optimizer = trials[row["trial"]]["optimizer"]
        own[optimizer] = best(own.get(optimizer, row[metric]), row[metric])
    ranked = sorted(own.values(), reverse=best is max)
    start = statistics.median(row[metric] for row in metrics if row["step"] == 0)
    worst = max if best is min else min
    return worst(ranked[len(ranked) // 2], ranked[0] + 1e-4 * (start - ranked[0]))


def rows_of(done):
    return list(csv.DictReader(io.StringIO(done.stdout)))


class Compare(SlopeCase):
    def make(self, name, trials, metrics, **more):
        trials = [{"hash": hashlib.sha256(repr(sorted(trial.items())).encode()).hexdigest()[:16],
                   **trial} for trial in trials]
        write_run(self.folder / name, trials,
                  ["optimizer.name", "optimizer.learning_rate", "regularization.l2",
                   *(["seed"] if any(trial["seed"] for trial in trials) else [])], metrics, **more)

    def problems(self, seeds=1):
        draw = random.Random(11 + seeds)
        made = {}
        for name in "one", "two", "three", "four", "five":
            made[name] = make_problem(draw, name, name == "three", seeds)
            self.make(name, *made[name][:2])
        return made

    def check_targets(self, seeds):
        made = self.problems(seeds)
        shown = rows_of(self.slope("compare", *made, "--csv"))
        self.assertEqual(len(shown), 15)
        for name, (trials, metrics, metric) in made.items():
            target = common_target(trials, metrics, metric)
            rows = {row["optimizer"]: row for row in shown
                    if row["problem"] == f"{name} linear softmax"}
            efforts = best_efforts(trials, metrics, metric, target, "step")
            least = min(efforts.values())
            for optimizer in OPTIMIZERS:
                row = rows[optimizer]
                self.assertEqual(row["metric"], metric)
                self.assertEqual(float(row["target"]), target)
                self.assertEqual(int(row["trials"]), 8 * seeds)
                reached = sum(effort_to(metrics, number, metric, target, "step") < math.inf
                              for number, trial in enumerate(trials)
                              if trial["optimizer"] == optimizer)
                self.assertEqual(int(row["reached"]), reached)
                if math.isinf(efforts[optimizer]):
                    self.assertEqual(row["steps"] + row["trial"] + row["ratio"], "")
                    continue
                self.assertEqual(float(row["steps"]), efforts[optimizer])
                self.assertEqual(float(row["epochs"]), efforts[optimizer] / 7)
                self.assertEqual(row["folder"], name)
                own = trials[int(row["trial"])]
                self.assertEqual(own["optimizer"], optimizer)
                self.assertEqual(float(row["learning_rate"]), own["learning_rate"])
                self.assertAlmostEqual(float(row["ratio"]),
                                       max(efforts[optimizer], 1) / max(least, 1), 12)

    def test_targets(self):
        self.check_targets(1)

    def test_targets_over_seeds(self):
        self.check_targets(4)

    def test_a_target_that_is_given(self):
        trials, metrics, metric = self.problems()["one"]
        target = sorted(row[metric] for row in metrics)[-8]
        for by, column in ("steps", "step"), ("epochs", "epoch"), ("seconds", "train_seconds"):
            rows = rows_of(self.slope("compare", "one", "--csv", "--by", by,
                                      "--target", f"{metric}={target}"))
            wanted = best_efforts(trials, metrics, metric, target, column)
            self.assertIn(math.inf, wanted.values())
            for row in rows:
                self.assertEqual(float(row[by] or "inf"), wanted[row["optimizer"]])
        text = self.slope("compare", "one", "--target", "validation_accuracy=0.5").stdout
        self.assertIn("one linear softmax: steps to validation_accuracy >= 50.00 %\n", text)
        text = self.slope("compare", "three").stdout
        self.assertRegex(text, r"steps to validation_loss <= [\d.]+, which half of the optimizers reach")

    def test_profile(self):
        made = self.problems()
        options = ["--metric", "validation_accuracy", "--target", "validation_accuracy=0.7"]
        for by, column, unit in ("steps", "step", 1), ("seconds", "train_seconds", 0.001):
            shown = rows_of(self.slope("compare", *made, "--csv", "--table", "profile", "--by", by,
                                       *options))
            ratios = {optimizer: [] for optimizer in OPTIMIZERS}
            for name, (trials, metrics, metric) in made.items():
                if metric != "validation_accuracy":
                    continue
                efforts = best_efforts(trials, metrics, metric, 0.7, column)
                least = min(efforts.values())
                for optimizer, own in efforts.items():
                    if least < math.inf:
                        ratios[optimizer].append(max(own, unit) / max(least, unit))
            count = len(ratios["sgd"])
            self.assertGreater(count, 1)
            scores = []
            for row in shown:
                own = ratios[row["optimizer"]]
                self.assertEqual((int(row["problems"]), int(row["tried"])), (count, count))
                self.assertEqual(int(row["solved"]), sum(ratio < math.inf for ratio in own))
                for tau in TAUS:
                    self.assertAlmostEqual(float(row[f"tau_{tau}"]),
                                           sum(ratio <= tau for ratio in own) / count, 12)
                area = sum(max(0, 4 - ratio) / 3 for ratio in own) / count
                self.assertAlmostEqual(float(row["score"]), area, 9)
                scores.append(float(row["score"]))
            self.assertEqual(scores, sorted(scores, reverse=True))

    def test_what_was_not_tried_counts_against_it(self):
        made = self.problems()
        trials, metrics, _ = made["two"]
        self.make("less", [{**trial, "dataset": "six"} for trial in trials
                           if trial["optimizer"] != "adam"], [])
        write_csv(self.folder / "less/metrics.csv", METRICS,
                  [{**row, "trial": row["trial"] - 8} for row in metrics if row["trial"] >= 8])
        rows = rows_of(self.slope("compare", "two", "less", "--csv", "--table", "profile"))
        tried = {row["optimizer"]: (row["tried"], row["problems"], row["tau_16"]) for row in rows}
        self.assertEqual(tried["adam"][:2], ("1", "2"))
        self.assertLessEqual(float(tried["adam"][2]), 0.5)
        self.assertEqual(tried["sgd"][:2], ("2", "2"))

    def test_rates(self):
        made = self.problems()
        for within in None, 0.25:
            options = ["--within", within] if within else []
            shown = rows_of(self.slope("compare", *made, "--csv", "--table", "rates", *options))
            self.assertEqual(len(shown), 5 * 3 * 4)
            for name, (trials, _, metric) in made.items():
                loss = "loss" in metric
                best_by, scores = (min if loss else max), {}
                for trial in trials:
                    own = scores.setdefault((trial["optimizer"], trial["learning_rate"]), [[], 0])
                    own[1] += trial["status"] == "diverged"
                    if trial["status"] == "finished":
                        own[0].append(trial[metric])
                every = [score for own, _ in scores.values() for score in own]
                for row in shown:
                    if row["problem"] != f"{name} linear softmax":
                        continue
                    own, failed = scores[row["optimizer"], float(row["learning_rate"])]
                    self.assertEqual((int(row["trials"]), int(row["failed"])), (2, failed))
                    if not own:
                        self.assertEqual(row["best"] + row["median"], "")
                        continue
                    self.assertEqual(float(row["best"]), best_by(own))
                    self.assertAlmostEqual(float(row["median"]), statistics.median(own), 14)
                    mine = [score for (optimizer, _), (found, _) in scores.items()
                            if optimizer == row["optimizer"] for score in found]
                    for column, all_scores in ("near_own_best", mine), ("near_best", every):
                        best = best_by(all_scores)
                        near = (best_by(own) <= best * (1 + (within or 0.1)) if loss else
                                best_by(own) >= best - (within or 0.01))
                        self.assertEqual(row[column], "1" if near else "0")

    def test_many_rates_for_people(self):
        draw = random.Random(2)
        trials = [{"optimizer": "sgd", "learning_rate": 10 ** draw.uniform(-2, 0),
                   "validation_accuracy": draw.random(), "seed": 0} for _ in range(50)]
        self.make("run", trials, [])
        text = self.slope("compare", "run", "--table", "rates").stdout
        self.assertIn("(rates from the one shown up to the next)", text)
        lines = text.split("\n")
        table = [line.split() for line in lines[5:lines.index("near: within 0.01 of the best")]]
        self.assertEqual([float(line[0]) for line in table], [0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
        edges = [float(line[0]) for line in table] + [1]
        for low, high, line in zip(edges, edges[1:], table):
            best = max(trial["validation_accuracy"] for trial in trials
                       if low <= trial["learning_rate"] < high)
            self.assertEqual(line[1], f"{100 * best:.2f}")
        near = sum(trial["validation_accuracy"] >= max(t["validation_accuracy"] for t in trials) - 0.01
                   for trial in trials)
        self.assertIn(f"{2 * near} %", lines[-2])

    def test_a_trial_in_several_folders_is_one(self):
        trials, metrics, _ = self.problems()["one"]
        once = self.slope("compare", "one", "--csv").stdout
        self.make("part", trials[:10], [row for row in metrics if row["trial"] < 10])
        for folders in ("one", "part"), ("one", "one"), ("one", "part", "./one"):
            self.assertEqual(self.slope("compare", *folders, "--csv").stdout, once)
        self.assertIn("24 trials of 3 optimizers on 1 problem; 10 found again in another folder",
                      self.slope("compare", "one", "part").stdout)

    def test_a_real_run(self):
        self.write("blobs.yaml", REAL)
        self.slope("run", "blobs.yaml", "--output", "out", "--quiet")
        trials, evaluations = read_csv(self.folder / "out/trials.csv"), read_csv(
            self.folder / "out/metrics.csv")
        target = common_target(trials, [
            {"trial": int(row["trial"]), "step": int(row["step"]),
             "validation_accuracy": float(row["validation_accuracy"])} for row in evaluations],
            "validation_accuracy")
        for row in rows_of(self.slope("compare", "out", "--csv")):
            met = [int(e["step"]) for e in evaluations
                   if trials[int(e["trial"])]["optimizer"] == row["optimizer"]
                   and float(e["validation_accuracy"]) >= target]
            self.assertEqual((float(row["target"]), int(row["steps"])), (target, min(met)))
        self.assertIn("4 trials of 2 optimizers on 1 problem", self.slope("compare", "out").stdout)

    def test_surfaces_are_problems_by_their_experiments(self):
        self.write("valley.yaml", """\
model: {name: expression, parameters: {x: -4, y: 1}, expressions: {f: x^2 + 20*y^2}}
loss: value
train: {steps: 40, batch_size: full, precision: float64}
evaluate: {every: 1 step}
trials:
  - optimizer: {name: sgd, learning_rate: 0.02}
  - optimizer: {name: momentum, learning_rate: 0.02}
""")
        self.slope("run", "valley.yaml", "--output", "out", "--quiet")
        text = self.slope("compare", "out").stdout
        self.assertIn("valley: steps to train_loss <= ", text)

    def test_standings(self):
        """The cells are those of the other two tables, in the order of the score."""
        made = self.problems()
        names = [f"{name} linear softmax" for name in made]
        for by in "steps", "seconds":
            options = ["--csv", "--by", by, "--table"]
            shown = rows_of(self.slope("compare", *made, *options, "standings"))
            targets = {(row["problem"], row["optimizer"]): row
                       for row in rows_of(self.slope("compare", *made, *options, "targets"))}
            profile = rows_of(self.slope("compare", *made, *options, "profile"))
            self.assertEqual([(row["optimizer"], row["score"], row["solved"]) for row in shown],
                             [(row["optimizer"], row["score"], row["solved"]) for row in profile])
            for row in shown:
                for name in names:
                    wanted = targets[name, row["optimizer"]]
                    self.assertEqual(row[f"{name} {by}"], wanted[by])
                    self.assertEqual(row[f"{name} rate"], wanted["learning_rate"])
        text = self.slope("compare", *made).stdout
        self.assertIn("steps to the target @ the best rate", text)
        self.assertRegex(text, r"three linear softmax +validation_loss +<= [\d.]+ +[23] of 3\n")
        self.assertNotIn("performance profile:", text)
        row = next(row for row in shown if row["one linear softmax seconds"])
        line = next(line for line in self.slope("compare", *made, "--by", "seconds").stdout.split("\n")
                    if line.startswith(row["optimizer"] + " "))
        self.assertIn(f"{float(row['one linear softmax seconds']):.3f} @ "
                      f"{float(row['one linear softmax rate']):.3g}", line)

    def test_problems_of_one_run(self):
        """Items of `trials` that differ in data, model or loss are problems of their own, by their labels;
        those that differ in how they train are not."""
        self.write("valleys.yaml", """\
experiment: valleys
loss: value
train: {steps: 20, batch_size: full}
evaluate: {every: 1 step}
trials:
  - {label: steep, model: {name: expression, parameters: {x: 3}, expressions: {f: 5 * x^2}}}
  - {label: flat, model: {name: expression, parameters: {x: 3}, expressions: {f: x^2 / 5}}}
  - &third {model: {name: expression, parameters: {x: 3}, expressions: {f: x^2}}, train: {seed: 1}}
  - {<<: *third, train: {seed: 2}}
  - {label: flowers, dataset: iris, model: linear, loss: softmax, train: {seed: 1}}
  - {label: "more flowers", dataset: iris, model: linear, loss: softmax, train: {seed: 2}}
sweep:
  metric: train_loss
  optimizer:
    - {name: sgd, learning_rate: [0.01, 0.1]}
    - {name: cma_es, population: 4, sigma: [0.1, 1]}
""")
        text = self.slope("run", "valleys.yaml", "--output", "out").stdout
        problems = [row["problem"] for row in read_csv(self.folder / "out/trials.csv")]
        self.assertEqual(list(dict.fromkeys(problems)), ["steep", "flat", "#3", ""])
        self.assertEqual([problems.count(name) for name in ("steep", "flat", "#3", "")], [4, 4, 8, 8])
        rows = rows_of(self.slope("compare", "out", "--csv", "--table", "standings"))
        names = ["steep", "flat", "valleys #3", "iris linear softmax"]
        self.assertEqual([key[:-6] for key in rows[0] if key.endswith(" steps")], names)
        evolved = next(row for row in rows if row["optimizer"] == "cma_es")
        self.assertTrue({float(evolved[f"{name} rate"] or 1) for name in names} <= {0.1, 1})
        self.assertIn("steps to the target @ the best rate", text)  # in place of the best ten
        self.assertNotIn("best by", text)
        self.slope("run", "valleys.yaml", "optimizer=adam", "optimizer.learning_rate=0.3",
                   "--output", "mine", "--quiet")
        rows = rows_of(self.slope("compare", "out", "mine", "--csv", "--table", "standings"))
        self.assertEqual([key[:-6] for key in rows[0] if key.endswith(" steps")], names)
        self.assertEqual(len(rows), 3)
        other = (self.folder / "valleys.yaml").read_text().replace("label: steep", "label: flowers")
        self.write("other.yaml", other.replace("optimizer:\n", "optimizer:\n    - adagrad\n", 1))
        self.slope("run", "other.yaml", "--output", "other", "--quiet", "optimizer=adagrad")
        text = self.slope("compare", "out", "other").stdout
        self.assertIn("flowers", text)

    def test_torn_files(self):
        trials, metrics, metric = self.problems()["one"]
        path = self.folder / "one/metrics.csv"
        whole = rows_of(self.slope("compare", "one", "--csv"))
        with open(path, "a") as file:
            file.write("0,99,99,0.1,,,,,1")
        self.assertEqual(rows_of(self.slope("compare", "one", "--csv")), whole)
        with open(path, "a") as file:  # of trials that have not ended
            file.write(",,,,,,,0.1,0.1\n99,7,1,,,,,,1,,,,,,,0.1,0.1\n")
        self.assertEqual(rows_of(self.slope("compare", "one", "--csv"))[0]["metric"], metric)

    def test_wrong_arguments(self):
        self.problems()
        self.make("failed", [{"status": "failed", "seed": 0}], [])
        self.make("none", [], [])
        for arguments, status, message in (
                ((), 2, "expected one or more folders of runs"),
                (("one", "nowhere"), 3, "there is no folder 'nowhere'"),
                (("failed",), 1, "no trial has finished"),
                (("none",), 1, "no trial has ended yet"),
                (("one", "--target", "0.8"), 2, "--target takes a metric and its value"),
                (("one", "--target", "validation_accuracy=much"), 2, "--target takes a metric"),
                (("one", "--target", "validation_acuracy=1"), 2,
                 "no column 'validation_acuracy'; did you mean 'validation_accuracy'?"),
                (("one", "--metric", "test_r2"), 1, "no trial that finished has a value of 'test_r2'"),
                (("one", "--by", "hours"), 2, "--by takes steps, epochs or seconds, not 'hours'"),
                (("one", "--table", "seeds"), 2, "--table takes standings, targets, profile or rates, not 'seeds'"),
                (("one", "--within", "-1"), 2, "--within takes a number from 0, not '-1'"),
                (("one", "--quick"), 2, "unknown option '--quick'")):
            with self.subTest(arguments=arguments):
                self.assertIn(message, self.slope("compare", *arguments, status=status).stderr)
        (self.folder / "one/metrics.csv").unlink()
        self.assertIn("metrics.csv", self.slope("compare", "one", status=3).stderr)
        self.assertIn("learning rate", self.slope("compare", "one", "--table", "rates").stdout)

    def test_many_evaluations(self):
        trials = [{"optimizer": name, "learning_rate": rate, "validation_accuracy": 0.9, "seed": 0}
                  for name in OPTIMIZERS for rate in (0.1, 0.2)]
        self.make("run", trials, [])
        with open(self.folder / "run/metrics.csv", "a") as file:
            for step in range(50_000):
                file.writelines(f"{trial},{step},{step},0.1,,,,0.5,{step / 50_000},,,,,,,1.000,0.100\n"
                                for trial in range(6))
        start = time.monotonic()
        rows = rows_of(self.slope("compare", "run", "--csv", "--target", "validation_accuracy=0.5"))
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual([row["steps"] for row in rows], ["25000"] * 3)


if __name__ == "__main__":
    main()
