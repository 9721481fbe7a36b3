"""`slope show`: its tables against numbers worked out here from the same files, a trial printed and run
again, and folders that are not whole."""
import csv
import io
import os
import random
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from run_files import TIMES, read_csv, read_safetensors
from run_fixture import write_run
from slope_cli import SlopeCase, main

SWEPT = ["optimizer.name", "optimizer.learning_rate", "optimizer.momentum", "seed"]
BLOBS = """\
experiment: blobs
dataset: {name: synthetic, kind: blobs, rows: 200, features: 4, classes: 3, validation: 0.2}
train: {epochs: 2}
trials:
  - optimizer: {name: sgd, learning_rate: 0.01}
  - optimizer: {name: adam, learning_rate: 0.01}
  - {label: steep, optimizer: {name: sgd, learning_rate: 0.5}, model: {name: mlp, hidden: [8]}}
"""


def some_trials(count, rates=(0.01, 0.1, 1), seeds=3):
    """Trials whose scores have nothing to do with the program, some of them diverged or pruned."""
    draw = random.Random(7)
    trials = []
    for _ in range(count):
        name = draw.choice(["sgd", "adam", "momentum"])
        rate, seed = draw.choice(rates), draw.randrange(seeds)
        trial = {"optimizer.name": name, "optimizer.learning_rate": rate, "seed": seed,
                 "optimizer.momentum": draw.choice([0.5, 0.9]) if name == "momentum" else "",
                 "optimizer": name, "learning_rate": rate, "validation_accuracy": draw.random(),
                 "train_loss": draw.random(), "train_seconds": f"{draw.random():.3f}",
                 "status": draw.choices(["finished", "pruned", "diverged"], [8, 1, 1])[0]}
        trial["label"] = f"{name} learning_rate={rate}" + (
            f" momentum={trial['optimizer.momentum']}" if name == "momentum" else "") + f" seed={seed}"
        trials.append(trial)
    return trials


def rows_of(done):
    return list(csv.DictReader(io.StringIO(done.stdout)))


class Show(SlopeCase):
    def make(self, trials, swept=SWEPT, **more):
        return write_run(self.folder / "run", trials, swept, **more)

    def test_best_trials(self):
        rows = self.make(some_trials(40), planned=50)
        best = {"finished": 0, "pruned": 1, "diverged": 2}
        wanted = sorted(rows, key=lambda row: (best[row["status"]], -row["validation_accuracy"]))
        shown = rows_of(self.slope("show", "run", "--csv"))
        self.assertEqual([row["hash"] for row in shown], [row["hash"] for row in wanted])
        self.assertEqual(list(shown[0]), list(read_csv(self.folder / "run/trials.csv")[0]))
        text = self.slope("show", "run", "--top", "3").stdout
        counts = {status: sum(row["status"] == status for row in rows) for status in best}
        head = text.splitlines()[0]
        self.assertTrue(head.startswith("fixture (finished): 40 of 50 trials: "), head)
        for status, count in counts.items():
            self.assertIn(f"{count} {status}", head)
        self.assertTrue(head.endswith("; 12.5 s"), head)
        table = text.split("\n\n")[1].splitlines()
        self.assertEqual(table[0], "best 3 of 40 trials by validation_accuracy")
        self.assertEqual(table[1].split()[:6],
                         ["trial", "id", "optimizer", "learning_rate", "momentum", "seed"])
        self.assertEqual([line.split()[0] for line in table[3:]],
                         [str(row["trial"]) for row in wanted[:3]])
        self.assertIn(f"{100 * wanted[0]['validation_accuracy']:.2f} %", table[3])

    def test_sorted_by_a_column(self):
        rows = self.make(some_trials(30))
        for column, more in (("train_loss", False), ("validation_accuracy", True)):
            for status in ("finished", "pruned", "diverged"):
                shown = [row for row in rows_of(self.slope("show", "run", "--csv", "--sort", column))
                         if row["status"] == status]
                values = [row[column] for row in rows if row["status"] == status]
                self.assertEqual([float(row[column]) for row in shown],
                                 sorted(values, reverse=more))
        for arguments, reverse in ((), False), (("--reverse",), True):
            shown = rows_of(self.slope("show", "run", "--csv", "--sort", "train_seconds", *arguments))
            times = [float(row["train_seconds"]) for row in shown]
            self.assertEqual(times, sorted(times, reverse=reverse))
        shown = rows_of(self.slope("show", "run", "--csv", "--sort", "optimizer.momentum"))
        given = sum(row["optimizer.momentum"] != "" for row in rows)
        self.assertTrue(all(row["optimizer.momentum"] for row in shown[:given]))
        self.assertEqual(rows_of(self.slope("show", "run", "--csv", "--sort", "optimizer",
                                            "--top", "1"))[0]["optimizer"], "adam")

    def test_effects(self):
        rows = self.make(some_trials(60))
        shown = rows_of(self.slope("show", "run", "--csv", "--table", "effects"))
        self.assertEqual({row["parameter"] for row in shown}, set(SWEPT) - {"seed"})
        found = {(row["parameter"], row["value"]): row for row in shown}
        self.assertEqual(len(found), 3 + 3 + 2)
        for (parameter, value), effect in found.items():
            alike = [row for row in rows if str(row[parameter]) == value]
            scores = [row["validation_accuracy"] for row in alike if row["status"] != "diverged"]
            self.assertEqual(int(effect["trials"]), len(alike))
            self.assertEqual(int(effect["failed"]), len(alike) - len(scores))
            self.assertEqual(float(effect["best"]), max(scores))
            self.assertAlmostEqual(float(effect["median"]), statistics.median(scores), 14)
        rates = [float(row["value"]) for row in shown if row["parameter"].endswith("rate")]
        self.assertEqual(rates, sorted(rates))
        names = [float(row["median"]) for row in shown if row["parameter"].endswith("name")]
        self.assertEqual(names, sorted(names, reverse=True))
        text = self.slope("show", "run").stdout
        self.assertIn("optimizer.momentum: validation_accuracy of the trials that share a value", text)

    def test_effects_of_a_range(self):
        draw = random.Random(3)
        rates = [10 ** draw.uniform(-4, 0) for _ in range(50)]
        rows = self.make(some_trials(203, rates))
        shown = [row for row in rows_of(self.slope("show", "run", "--csv", "--table", "effects"))
                 if row["parameter"] == "optimizer.learning_rate"]
        self.assertEqual(len(shown), 8)
        total = 0
        for row, after in zip(shown, [*shown[1:], {"value": "inf"}]):
            low, high = float(row["value"]), float(row["to"])
            self.assertLess(high, float(after["value"]))
            alike = [r for r in rows if low <= r["optimizer.learning_rate"] <= high]
            scores = [r["validation_accuracy"] for r in alike if r["status"] != "diverged"]
            self.assertEqual(int(row["trials"]), len(alike))
            self.assertAlmostEqual(float(row["median"]), statistics.median(scores), 14)
            self.assertEqual(float(row["best"]), max(scores))
            self.assertLess(abs(len(alike) - 203 / 8), 12)  # equal values stay together
            total += len(alike)
        self.assertEqual(total, 203)
        self.assertIn("values, in 8 groups of about as many trials", self.slope("show", "run").stdout)

    def test_seeds(self):
        rows = self.make(some_trials(80, seeds=20))
        groups = {}
        for row in rows:
            groups.setdefault(tuple(str(row[path]) for path in SWEPT[:3]), []).append(row)
        shown = rows_of(self.slope("show", "run", "--csv", "--table", "seeds"))
        self.assertEqual(len(shown), len(groups))
        for row in shown:
            alike = groups[tuple(row[path] for path in SWEPT[:3])]
            scores = [r["validation_accuracy"] for r in alike if r["status"] != "diverged"]
            self.assertEqual(int(row["seeds"]), len(alike))
            self.assertAlmostEqual(float(row["mean"]), statistics.mean(scores), 14)
            self.assertAlmostEqual(float(row["standard_deviation"]), statistics.stdev(scores), 13)
            self.assertEqual(float(row["best"]), max(scores))
            self.assertEqual(float(row["worst"]), min(scores))
        means = [float(row["mean"]) for row in shown]
        self.assertEqual(means, sorted(means, reverse=True))

    def test_the_metric_of_the_sweep(self):
        rows = self.make(some_trials(20), config="sweep: {metric: train_loss}\n")
        best = min((row for row in rows if row["status"] == "finished"),
                   key=lambda row: row["train_loss"])
        self.assertEqual(rows_of(self.slope("show", "run", "--csv"))[0]["hash"], best["hash"])

    def test_labels_of_bases(self):
        """A word of the label that no swept value says is shown; the others are not said twice."""
        self.make([{"label": "linear learning_rate=0.1", "model": "linear", "optimizer.learning_rate": 0.1,
                    "validation_accuracy": 0.5},
                   {"label": "mlp hidden=[8, 9] learning_rate=0.1", "model": "mlp",
                    "optimizer.learning_rate": 0.1, "validation_accuracy": 0.75}],
                  ["optimizer.learning_rate"])
        lines = self.slope("show", "run").stdout.splitlines()
        self.assertEqual(lines[5].split()[:6], ["1", "9e3779b9", "mlp", "hidden=[8,", "9]", "0.1"])
        self.assertEqual(lines[6].split()[:4], ["0", "00000000", "linear", "0.1"])

    def test_labels_with_values_of_several_words(self):
        self.make([{"label": f"mlp hidden={hidden} seed={seed}", "model.hidden": hidden, "seed": seed,
                    "validation_accuracy": seed / 4}
                   for seed, hidden in enumerate(["[8, 9]", "[8]", "[8, 9, 10]"])],
                  ["model.hidden", "seed"])
        self.assertEqual([row["label"] for row in rows_of(
            self.slope("show", "run", "--csv", "--table", "seeds"))], ["mlp"] * 3)

    def test_unfinished(self):
        """Torn, killed, or without its other files: what is there is shown."""
        self.make(some_trials(10), status="running", planned=99)
        trials = self.folder / "run/trials.csv"
        text = trials.read_text()
        trials.write_text(text[:-20])
        head = self.slope("show", "run").stdout.splitlines()[0]
        self.assertTrue(head.startswith("fixture (running): 9 of 99 trials"), head)
        (self.folder / "run/manifest.yaml").write_text("status: [")
        self.assertIn("fixture (unknown): 9 trials", self.slope("show", "run").stdout)
        (self.folder / "run/manifest.yaml").unlink()
        (self.folder / "run/config.yaml").unlink()
        self.assertIn("run (unknown): 9 trials", self.slope("show", "run").stdout)
        trials.write_text(text.splitlines()[0] + "\n")
        self.assertIn("no trial has ended yet", self.slope("show", "run").stdout)
        self.assertIn("no trial of 'run' has ended yet",
                      self.slope("show", "run", "--csv", status=1).stderr)

    def test_nothing_finished(self):
        self.make([{"status": "failed", "message": "model: cannot, says \"it\""}])
        text = self.slope("show", "run").stdout
        self.assertIn('failed: model: cannot, says "it"', text)
        self.assertIn("no trial has finished, so there is nothing to compare", text)
        self.assertEqual(rows_of(self.slope("show", "run", "--csv"))[0]["message"],
                         'model: cannot, says "it"')
        self.assertIn("no trial of 'run' has finished",
                      self.slope("show", "run", "--table", "effects", status=1).stderr)

    def test_one_trial_runs_alone(self):
        self.write("blobs.yaml", BLOBS)
        self.slope("run", "blobs.yaml", "--output", "all", "--quiet")
        rows = read_csv(self.folder / "all/trials.csv")
        for row in rows:
            for name in row["trial"], row["hash"], row["hash"][:9]:
                one = self.slope("show", "all", "--trial", name).stdout
            self.write(f"one{row['trial']}/one.yaml", one)
            self.slope("run", f"one{row['trial']}/one.yaml", "--output", f"out{row['trial']}", "--quiet")
            (again,) = read_csv(self.folder / f"out{row['trial']}/trials.csv")
            for key in set(row) - TIMES - {"trial"}:
                self.assertEqual(again[key], row[key], key)
            weights = [self.folder / folder / f"weights/{number}.safetensors" for folder, number in
                       (("all", row["trial"]), (f"out{row['trial']}", 0))]
            self.assertEqual(weights[0].read_bytes(), weights[1].read_bytes())

    def test_a_real_sweep(self):
        """Its tables, and each of its trials run alone: the same id, the same bits."""
        self.write("sweep.yaml", BLOBS.split("trials:")[0] + """sweep:
  optimizer:
    - {name: sgd, learning_rate: [0.1, 1]}
    - {name: adam, learning_rate: {from: 1e-2, to: 1e-1, points: 2, scale: log}}
  seeds: 2
  keep_best: 8
""")
        self.slope("run", "sweep.yaml", "--output", "all", "--quiet")
        rows = read_csv(self.folder / "all/trials.csv")
        self.assertEqual(len(rows), 8)
        for row in rows:
            number = row["trial"]
            one = self.slope("show", "all", "--trial", row["hash"][:10]).stdout
            self.assertEqual(one, self.slope("show", "all", "--trial", number).stdout)
            self.assertIn(f"# trial {number}, id {row['hash']} of blobs", one)
            self.write(f"one{number}.yaml", one)
            self.slope("run", f"one{number}.yaml", "--output", f"out{number}", "--quiet")
            (again,) = read_csv(self.folder / f"out{number}/trials.csv")
            for key in set(again) - TIMES - {"trial"}:
                self.assertEqual(again[key], row[key], key)
            alone, together = (
                read_safetensors(self.folder / folder / f"weights/{name}.safetensors")[0]
                for folder, name in ((f"out{number}", 0), ("all", number)))
            self.assertEqual({name: array.tobytes() for name, array in alone.items()},
                             {name: array.tobytes() for name, array in together.items()})
        self.assertIn("'all' has no trial '8': its numbers go from 0 to 7",
                      self.slope("show", "all", "--trial", "8", status=2).stderr)
        seeds = rows_of(self.slope("show", "all", "--csv", "--table", "seeds"))
        self.assertEqual([row["seeds"] for row in seeds], ["2"] * 4)
        means = {(row["optimizer.name"], float(row["optimizer.learning_rate"])): float(row["mean"])
                 for row in seeds}
        for (name, rate), mean in means.items():
            scores = [float(row["validation_accuracy"]) for row in rows
                      if (row["optimizer"], float(row["learning_rate"])) == (name, rate)]
            self.assertAlmostEqual(mean, statistics.mean(scores), 14)
        self.assertIn("mean and standard deviation of validation_accuracy over seeds",
                      self.slope("show", "all").stdout)

    def test_pruned_trials(self):
        """They have a score, come after the finished ones, and have seen no test row."""
        self.write("sweep.yaml", """\
dataset: iris
train: {epochs: 9}
sweep:
  optimizer.learning_rate: {log_uniform: [1e-4, 1]}
  sampler: random
  trials: 30
  pruner: successive_halving
""")
        self.slope("run", "sweep.yaml", "--output", "all", "--quiet")
        rows = rows_of(self.slope("show", "all", "--csv"))
        statuses = [row["status"] for row in rows]
        self.assertEqual(set(statuses), {"finished", "pruned"})
        self.assertEqual(statuses, sorted(statuses))
        for row in rows:
            tested = {key for key in row if key.startswith("test_") and row[key]}
            self.assertEqual(tested, set() if row["status"] == "pruned"
                             else {"test_loss", "test_accuracy"})
        text = self.slope("show", "all").stdout
        self.assertIn(f"{statuses.count('pruned')} pruned", text.splitlines()[0])
        self.assertIn("test acc", text)
        self.assertNotIn("test r2", text)

    def test_a_trial_that_has_not_run(self):
        self.write("sweep.yaml", BLOBS.split("trials:")[0] + """sweep:
  optimizer.learning_rate: [0.1, 1]
""")
        write_run(self.folder / "run", [], planned=2, status="interrupted")
        (self.folder / "run/config.yaml").write_text((self.folder / "sweep.yaml").read_text())
        self.assertIn("\n  learning_rate: 1\n", self.slope("show", "run", "--trial", "1").stdout)

    def test_of_a_real_run(self):
        self.write("blobs.yaml", BLOBS)
        self.slope("run", "blobs.yaml", "--output", "all", "--quiet")
        rows = read_csv(self.folder / "all/trials.csv")
        best = max(rows, key=lambda row: (float(row["validation_accuracy"]), -int(row["trial"])))
        text = self.slope("show", "all").stdout
        self.assertIn("blobs (finished): 3 trials: 3 finished", text)
        self.assertTrue(text.splitlines()[5].lstrip().startswith(f"{best['trial']}  {best['hash'][:8]}"))
        self.assertIn("optimizer: validation_accuracy of the trials that share a value", text)

    def test_wrong_arguments(self):
        self.make(some_trials(12))
        (self.folder / "empty").mkdir()
        for arguments, status, message in (
                ((), 2, "expected one folder of a run"),
                (("nowhere",), 3, "there is no folder 'nowhere'"),
                (("empty",), 3, "'empty' is not the folder of a run: it holds neither trials.csv nor"),
                (("run", "--sort", "train_los"), 2, "no column 'train_los'; did you mean 'train_loss'?"),
                (("run", "--sort", "colour"), 2, "no column 'colour'; it has trial, label, hash"),
                (("run", "--top", "0"), 2, "--top takes a number from 1, not '0'"),
                (("run", "--table", "rates"), 2, "--table takes trials, effects or seeds, not 'rates'"),
                (("run", "--fast"), 2, "unknown option '--fast'"),
                (("run", "--sort"), 2, "--sort needs a value")):
            with self.subTest(arguments=arguments):
                self.assertIn(message, self.slope("show", *arguments, status=status).stderr)
        self.write("blobs.yaml", BLOBS)
        self.slope("run", "blobs.yaml", "--output", "all", "--quiet")
        for wanted in ("3", "12345678", "-1", "xyz", ""):
            self.assertIn(f"'all' has no trial '{wanted}': its numbers go from 0 to 2",
                          self.slope("show", "all", f"--trial={wanted}", status=2).stderr)
        self.assertIn("do not differ in seeds",
                      self.slope("show", "all", "--table", "seeds", status=2).stderr)

    def test_an_id_that_is_not_unique(self):
        self.write("blobs.yaml", BLOBS)
        self.slope("run", "blobs.yaml", "--output", "all", "--quiet")
        trials = self.folder / "all/trials.csv"
        text = trials.read_text()
        for number, row in enumerate(read_csv(trials)):
            text = text.replace(row["hash"], f"abcdef{number}{row['hash'][7:]}")
        trials.write_text(text)
        self.assertIn("the ids of 3 trials of 'all' begin with 'abcd'; write more of it",
                      self.slope("show", "all", "--trial", "abcd", status=2).stderr)
        self.assertIn("learning_rate: 0.5", self.slope("show", "all", "--trial", "abcdef2").stdout)

    def test_many_trials(self):
        draw = random.Random(5)
        self.make(some_trials(100_000, [10 ** draw.uniform(-4, 0) for _ in range(1000)], 2))
        start = time.monotonic()
        text = self.slope("show", "run").stdout
        self.assertLess(time.monotonic() - start, 20)  # 0.7 s; a sanitizer on a busy machine, more
        self.assertIn("best 10 of 100000 trials", text)
        shown = [row for row in rows_of(self.slope("show", "run", "--csv", "--table", "effects"))
                 if row["parameter"] == "optimizer.learning_rate"]
        self.assertTrue(all(abs(int(row["trials"]) - 12500) < 200 for row in shown))


if __name__ == "__main__":
    main()
