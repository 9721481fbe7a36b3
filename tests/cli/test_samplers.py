"""Samplers and pruners at work in whole sweeps: what is tried against an enumeration, one that learns from
results (tests/consumer/my_sampler.c), and a pruner's decisions against what metrics.csv says."""
import itertools
import math
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, without_times
from slope_cli import SOURCE, SlopeCase, main

# A bowl, so that the best learning rate of 3 steps is 0.5: there one step is enough.
BOWL = """\
experiment: bowl
dataset: none
model: {name: expression, parameters: {x: -4, y: 3}, expressions: {f: x^2 + y^2}}
loss: value
optimizer: {name: sgd}
train: {steps: 3, precision: float64}
sweep:
"""


class SweepCase(SlopeCase):
    def sweep(self, name, text, *arguments, environment=None):
        self.write(f"{name}.yaml", text)
        self.slope("run", f"{name}.yaml", "--quiet", "--output", name, *arguments,
                   environment=environment)
        return read_csv(self.folder / name / "trials.csv")


class Samplers(SweepCase):
    def test_grid_is_the_product_of_what_there_is(self):
        rows = self.sweep("grid", BOWL + """\
  optimizer:
    - {name: sgd, learning_rate: [0.1, 0.2, 0.3]}
    - {name: adam, learning_rate: [0.01, 0.02], beta1: [0.8, 0.9]}
    - {name: signsgd}
  train.steps: [1, 2]
""")
        steps = ["1", "2"]
        wanted = [("sgd", rate, "", n) for rate in ("0.1", "0.2", "0.3") for n in steps]
        wanted += [("adam", *rest) for rest in
                   itertools.product(("0.01", "0.02"), ("0.8", "0.9"), steps)]
        wanted += [("signsgd", "", "", n) for n in steps]
        self.assertEqual([(row["optimizer"], row["optimizer.learning_rate"],
                           row["optimizer.beta1"], row["train.steps"]) for row in rows], wanted)

    def test_sobol_has_one_trial_in_each_part_of_each_range(self):
        rows = self.sweep("sobol", BOWL + """\
  optimizer.learning_rate: {log_uniform: [1e-4, 1]}
  optimizer.name: [sgd, momentum]
  sampler: sobol
  trials: 32
  seed: 4
""")
        parts = {int(8 * (math.log10(float(row["optimizer.learning_rate"])) + 4)) for row in rows}
        self.assertEqual(parts, set(range(32)))
        self.assertEqual([row["optimizer"] for row in rows].count("sgd"), 16)

    def test_more_trials_leave_the_first_ones_where_they_are(self):
        for sampler in ("random", "sobol"):
            text = BOWL + f"  optimizer.learning_rate: {{uniform: [0.1, 1]}}\n  sampler: {sampler}\n"
            few = self.sweep(f"{sampler}_few", text + "  trials: 5\n")
            many = self.sweep(f"{sampler}_many", text + "  trials: 20\n")
            other = self.sweep(f"{sampler}_other", text + "  trials: 5\n  seed: 1\n")
            hashes = [[row["hash"] for row in rows] for rows in (few, many, other)]
            self.assertEqual(hashes[0], hashes[1][:5])
            self.assertFalse(set(hashes[1]) & set(hashes[2]))

    def test_list_runs_the_rows_of_a_file(self):
        self.write("rows/trials.csv", "optimizer.name,optimizer.learning_rate,model.parameters\n"
                                      'sgd,0.1,"{x: 1, y: 2}"\nadam,,\n"momentum",1e-2,\n')
        rows = self.sweep("list", BOWL + "  sampler: {name: list, file: rows/trials.csv}\n")
        self.assertEqual([row["optimizer"] for row in rows], ["sgd", "adam", "momentum"])
        self.assertEqual([row["optimizer.learning_rate"] for row in rows], ["0.1", "", "1e-2"])
        losses = [float(row["train_loss"]) for row in rows]
        self.assertAlmostEqual(losses[0], 5 * 0.8 ** 6)  # x <- 0.8 x in a step
        self.assertAlmostEqual(losses[1], 25, delta=0.2)  # the default rate of adam is small
        self.write("rows/trials.csv", "optimizer.name\nsgd,0.1\n")
        done = self.slope("validate", "list.yaml", status=2)
        self.assertRegex(done.stderr, r"list.yaml:\d+:\d+: .*rows/trials.csv:2: 2 cells where the "
                                      "first row has 1")

    def test_what_does_not_suit(self):
        for text, reason in (
                ("  optimizer.learning_rate: {uniform: [0.1, 1]}\n  sampler: grid\n",
                 "'optimizer.learning_rate' is a range, of which a grid needs points"),
                ("  optimizer.learning_rate: [0.1, 1]\n  sampler: sobol\n",
                 "sampler sobol has no end of its own: say how many with `trials: 100`")):
            self.write("bad.yaml", BOWL + text)
            self.assertIn(reason, self.slope("run", "bad.yaml", status=2).stderr)


class Adaptive(SweepCase):
    SWEEP = BOWL + """\
  optimizer.learning_rate: {uniform: [0.001, 0.999]}
  sampler: {name: my_sampler, round: 8}
  trials: 40
"""

    def setUp(self):
        super().setUp()
        subprocess.run([os.environ["SLOPE_CC"], "-O2", "-ffp-contract=off", "-shared", "-fPIC",
                        f"-I{SOURCE}/plugins/include", SOURCE / "tests/consumer/my_sampler.c",
                        "-o", self.folder / "my_sampler.so", "-lm"], check=True)
        self.environment = {"SLOPE_PLUGIN_PATH": str(self.folder)}

    def test_closes_in_on_the_best(self):
        rows = self.sweep("out", self.SWEEP, environment=self.environment)
        self.assertEqual(len(rows), 40)
        away = [abs(float(row["optimizer.learning_rate"]) - 0.5) for row in rows]
        first, last = statistics.median(away[:8]), statistics.median(away[-8:])
        self.assertLess(last, first / 3)
        for more in ("--threads", "1"), ("sweep.fuse=off",):
            again = f"again{more[-1]}"
            self.sweep(again, self.SWEEP, *more, environment=self.environment)
            self.assertEqual(without_times(self.folder / "out" / "trials.csv"),
                             without_times(self.folder / again / "trials.csv"))


class Median(SweepCase):
    def test_decides_by_the_metrics_of_earlier_cohorts(self):
        rows = self.sweep("median", """\
experiment: median
dataset: {name: iris, validation: 0.2}
train: {epochs: 6, batch_size: 20, seed: 1}
sweep:
  optimizer.learning_rate: {log_uniform: [1e-4, 3]}
  sampler: {name: random}
  trials: 24
  metric: validation_loss
  pruner: {name: median, startup_trials: 6, warmup_epochs: 1}
""")
        values = {}
        for row in read_csv(self.folder / "median" / "metrics.csv"):
            epoch = float(row["epoch"])
            if epoch == int(epoch) and 2 <= epoch <= 5:  # rungs after epochs 2, 3, 4 and 5 of 6
                values.setdefault(int(row["trial"]), []).append(float(row["validation_loss"]))
        ended = {int(row["trial"]): float(row["epochs"]) for row in rows}
        self.assertEqual({ended[t] for t in range(6)}, {6.0})
        self.assertGreater(sum(row["status"] == "pruned" for row in rows), 3)
        for trial in range(6, 24):
            wanted = 6.0
            for rung in range(4):
                earlier = [statistics.mean(values[t][:rung + 1]) for t in range(trial // 6 * 6)
                           if ended[t] >= rung + 2]
                if min(values[trial][:rung + 1]) > statistics.median(earlier):
                    wanted = rung + 2.0
                    break
            self.assertEqual(ended[trial], wanted, trial)


if __name__ == "__main__":
    main()
