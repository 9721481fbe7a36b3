"""`slope show` on runs whose trials work on several problems: each has its own best trials, values have mean
ranks, worked out here from the same files; and which trials are compared with each other at all."""
import csv
import io
import os
import random
import statistics
import sys

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv
from run_fixture import write_run
from slope_cli import SlopeCase, main

SWEPT = ["optimizer.name", "optimizer.learning_rate"]
SURFACE = {"dataset": "none", "model": "expression", "loss": "value"}
RATES = (0.01, 0.1, 1)


def race(problems=("bowl", "valley", "saddle"), seeds=2):
    """Two or more trials for each rule and rate; losses of each problem on a scale of its own, so that all
    trials of `bowl` are better than every other trial. Rates of `valley` are its own."""
    draw = random.Random(11)
    trials = []
    for place, problem in enumerate(problems):
        for rule in ("sgd", "adam", "lion"):
            for rate in RATES if problem != "valley" else RATES[:2]:
                trials += [{**SURFACE, "problem": problem, "optimizer.name": rule, "optimizer": rule,
                            "optimizer.learning_rate": rate, "learning_rate": rate, "seed": seed,
                            "label": f"{problem} {rule} learning_rate={rate} seed={seed}",
                            "train_loss": round(draw.random(), 1) * 10 ** (6 * place),
                            "status": draw.choices(["finished", "diverged"], [7, 1])[0]}
                           for seed in range(seeds)]
    return trials


def rows_of(done):
    return list(csv.DictReader(io.StringIO(done.stdout)))


def ranks(values):
    """{name: mean of the places of all that are equal}, the smallest first, None last."""
    merit = {name: float("inf") if value is None else value for name, value in values.items()}
    return {name: statistics.mean([1 + sum(v < own for v in merit.values()),
                                   sum(v <= own for v in merit.values())])
            for name, own in merit.items()}


class Problems(SlopeCase):
    def make(self, trials, swept=(*SWEPT, "seed"), **more):
        return write_run(self.folder / "run", trials, swept, **more)

    def names(self, *arguments):
        rows = rows_of(self.slope("show", "run", "--csv", *arguments))
        return list(dict.fromkeys(row["problem"] for row in rows))

    # ---- tables ------------------------------------------------------------------------------------

    def test_best_trials_of_each(self):
        rows = self.make(race())
        text = self.slope("show", "run").stdout
        self.assertIn(f"fixture (finished): {len(rows)} trials on 3 problems: ", text.splitlines()[0])
        title, header, _, *table = text.split("\n\n")[1].splitlines()
        self.assertEqual(title, "best trials of each problem by train_loss")
        self.assertEqual(header.split()[:6],
                         ["problem", "trial", "id", "optimizer", "learning_rate", "seed"])
        self.assertEqual(len(table), 9)
        for place, problem in enumerate(("bowl", "valley", "saddle")):
            wanted = sorted((row for row in rows if row["problem"] == problem),
                            key=lambda row: (row["status"] != "finished", row["train_loss"], row["trial"]))
            lines = [line.split() for line in table[3 * place:3 * place + 3]]
            self.assertEqual(lines[0].pop(0), problem)  # named once
            self.assertEqual([line[0] for line in lines], [str(row["trial"]) for row in wanted[:3]])
            self.assertEqual(lines[0][2], wanted[0]["optimizer"], "labels repeat nothing")
        self.assertIn("slope show run --problem 'bowl'", text)

    def test_csv_keeps_one_row_per_trial(self):
        rows = self.make(race())
        shown = rows_of(self.slope("show", "run", "--csv"))
        self.assertEqual([row["problem"] for row in shown], [row["problem"] for row in rows])
        self.assertEqual({row["hash"]: row["problem"] for row in shown},
                         {row["hash"]: row["problem"] for row in rows})
        self.assertEqual(list(shown[0]), list(read_csv(self.folder / "run/trials.csv")[0]))
        self.assertEqual(len(rows_of(self.slope("show", "run", "--csv", "--top", 2))), 6)

    def test_sorted_within_a_problem(self):
        self.make(race())
        for arguments, reverse in ((), False), (("--reverse",), True):
            shown = rows_of(self.slope("show", "run", "--csv", "--sort", "learning_rate", *arguments))
            for problem in ("bowl", "valley", "saddle"):
                rates = [float(row["learning_rate"]) for row in shown if row["problem"] == problem]
                self.assertEqual(rates, sorted(rates, reverse=reverse))
        self.assertIn("best trials of each problem by steps",
                      self.slope("show", "run", "--sort", "steps").stdout)

    def test_ranks(self):
        rows = self.make(race())
        shown = rows_of(self.slope("show", "run", "--csv", "--table", "effects"))
        self.assertEqual({row["parameter"] for row in shown}, set(SWEPT))
        for path, values in (("optimizer.name", ("sgd", "adam", "lion")),
                             ("optimizer.learning_rate", ("0.01", "0.1", "1"))):
            mean = {value: ([], []) for value in values}
            for problem in ("bowl", "valley", "saddle"):
                best, median = {}, {}
                for value in values:
                    scores = [row["train_loss"] for row in rows if row["problem"] == problem and
                              str(row[path]) == value and row["status"] == "finished"]
                    if any(row["problem"] == problem and str(row[path]) == value for row in rows):
                        best[value] = min(scores, default=None)
                        median[value] = statistics.median(scores) if scores else None
                for value in best:
                    (row,) = [row for row in shown if row["parameter"] == path and
                              row["value"] == value and row["problem"] == problem]
                    self.assertEqual(float(row["best"] or "nan"), best[value])
                    self.assertEqual(float(row["best_rank"]), ranks(best)[value])
                    self.assertEqual(float(row["median_rank"]), ranks(median)[value])
                    mean[value][0].append(ranks(best)[value])
                    mean[value][1].append(ranks(median)[value])
            text = self.slope("show", "run", "--table", "effects").stdout
            table = text.split(f"\n{path}: mean rank over problems")[1].split("\n\n")[0].splitlines()
            lines = {line.split()[0]: line.split() for line in table[3:]}
            self.assertEqual(set(lines), set(values))
            for value, (best, median) in mean.items():
                self.assertEqual(lines[value][-2:], [f"{statistics.mean(best):.1f}",
                                                     f"{statistics.mean(median):.1f}"])
                self.assertEqual(lines[value][3:6], [
                    str(sum(1 for row in shown if row["parameter"] == path and row["value"] == value and
                            float(row["best_rank"]) == min(
                                float(other["best_rank"]) for other in shown
                                if other["parameter"] == path and other["problem"] == row["problem"]))),
                    "of", str(len(best))])

    def test_seeds(self):
        rows = self.make(race(seeds=3))
        shown = rows_of(self.slope("show", "run", "--csv", "--table", "seeds"))
        self.assertEqual(len(shown), 9 + 6 + 9)
        for problem in ("bowl", "valley", "saddle"):
            own = [row for row in shown if row["problem"] == problem]
            means = [float(row["mean"] or "inf") for row in own]
            self.assertEqual(means, sorted(means))
            for row in own:
                scores = [r["train_loss"] for r in rows if r["problem"] == problem and
                          r["optimizer"] == row["optimizer.name"] and r["status"] == "finished" and
                          str(r["learning_rate"]) == row["optimizer.learning_rate"]]
                self.assertEqual(int(row["seeds"]), 3)
                if scores:
                    self.assertAlmostEqual(float(row["mean"]) / statistics.mean(scores), 1, 14)
        self.assertIn("over seeds, best configurations of each problem", self.slope("show", "run").stdout)

    def test_one_problem(self):
        """Its tables are those of a run of it alone."""
        self.make(race())
        write_run(self.folder / "alone",
                  [{**row, "trial": number, "hash": f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}"}
                   for number, row in enumerate(race()) if row["problem"] == "valley"],
                  (*SWEPT, "seed"))
        one = self.slope("show", "run", "--problem", "valley").stdout.split("\n\n", 2)
        alone = self.slope("show", "alone").stdout.split("\n\n", 2)
        self.assertEqual(one[2], alone[2])
        self.assertIn("fixture (finished), valley: 12 trials: ", one[0])
        self.assertIn("best 10 of 12 trials by train_loss\n", one[1])
        self.assertEqual(self.names("--problem", "valley"), ["valley"])
        for name, words in (("vally", "has no problem 'vally'; did you mean 'valley'?"),
                            ("x", "has no problem 'x'; it has 'bowl', 'valley', 'saddle'")):
            self.assertIn(words, self.slope("show", "run", "--problem", name, status=2).stderr)

    def test_many_problems(self):
        self.make([{**SURFACE, "problem": f"surface {i}", "train_loss": i} for i in range(30)], ())
        text = self.slope("show", "run").stdout
        self.assertIn("best trials of each problem by train_loss (20 of 30 problems; --all shows all)", text)
        self.assertIn("surface 19", text)
        self.assertNotIn("surface 20", text)
        self.assertNotIn("mean rank", text)  # one trial each: nothing to rank
        self.assertIn("surface 29", self.slope("show", "run", "--all").stdout)

    def test_metrics_of_their_own(self):
        self.make([{"dataset": "iris", "validation_accuracy": 0.9, "train_loss": 3},
                   {"dataset": "iris", "validation_accuracy": 0.8, "train_loss": 1},
                   {"dataset": "longley", "loss": "squared_error", "validation_r2": 0.3, "train_loss": 2},
                   {"dataset": "longley", "loss": "squared_error", "validation_r2": 0.7, "train_loss": 5}],
                  ())
        shown = rows_of(self.slope("show", "run", "--csv"))
        self.assertEqual([row["trial"] for row in shown], ["0", "1", "3", "2"])
        text = self.slope("show", "run").stdout
        self.assertIn("best trials of each problem by its metric\nproblem  metric", text)
        self.assertRegex(text, r"\nlongley  validation_r2  ")
        self.assertIn("90.00 %", text)

    # ---- what is compared with what ----------------------------------------------------------------

    def test_models_compete_on_one_data_set(self):
        """Labels of items tell how they differ; their accuracies still compare."""
        self.make([{"problem": name, "label": name, "model": "mlp", "validation_accuracy": value}
                   for name, value in (("small", 0.7), ("big", 0.8))]
                  + [{"loss": "svm", "label": "svm", "validation_accuracy": 0.9}], ())
        text = self.slope("show", "run").stdout
        self.assertIn("trials by validation_accuracy\n", text)
        self.assertEqual([line.split()[2] for line in text.splitlines()[5:8]], ["svm", "big", "small"])
        self.assertEqual(self.names(), ["", "big", "small"])

    def test_losses_of_different_kinds_do_not(self):
        self.make([{"loss": loss, "train_loss": value} for loss, value in
                   (("softmax", 2), ("svm", 1), ("softmax", 3), ("svm", 4))], ())
        self.assertEqual(self.names(), ["blobs softmax", "blobs svm"])
        self.assertEqual([row["trial"] for row in rows_of(self.slope("show", "run", "--csv"))],
                         ["0", "2", "1", "3"])

    def test_data_of_one_name(self):
        """Items whose data sets have one name and other parameters are apart; the config tells."""
        trials = [{"problem": name, "label": name, "validation_accuracy": value} for name, value in
                  (("easy", 0.9), ("hard", 0.5), ("hard, mlp", 0.6))]
        config = """\
trials:
  - {label: easy, dataset: {name: synthetic, classes: 3}}
  - {label: hard, dataset: {name: synthetic, classes: 30}}
  - {label: "hard, mlp", dataset: {name: synthetic, classes: 30}, model: mlp}
"""
        self.make(trials, (), config=config)
        shown = rows_of(self.slope("show", "run", "--csv"))
        self.assertEqual([row["trial"] for row in shown], ["0", "2", "1"])
        self.assertEqual(len(self.names()), 2)
        self.assertEqual(self.names()[0], "easy")

    def test_a_real_run(self):
        self.write("valleys.yaml", """\
experiment: valleys
loss: value
train: {steps: 20, batch_size: full}
trials:
  - {label: steep, model: {name: expression, parameters: {x: 3}, expressions: {f: 5 * x^2}}}
  - {label: flat, model: {name: expression, parameters: {x: 3}, expressions: {f: x^2 / 5}}}
  - {label: third, model: {name: expression, parameters: {x: 3}, expressions: {f: x^2}}}
  - {label: flowers, dataset: iris, model: linear, loss: softmax}
sweep:
  metric: train_loss
  optimizer.learning_rate: {from: 1e-3, to: 1e-1, points: 5, scale: log}
""")
        self.slope("run", "valleys.yaml", "--output", "run", "--quiet")
        self.assertEqual(self.names(), ["steep", "flat", "third", "flowers"])
        text = self.slope("show", "run").stdout
        self.assertEqual(len(text.split("\n\n")[1].splitlines()), 3 + 4 * 3)
        self.assertNotIn("learning_rate=", text)  # the column says it
        self.assertIn("0.0316228", text)


if __name__ == "__main__":
    main()
