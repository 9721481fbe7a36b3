"""The surfaces that ship: every rule runs on every one of them; and the known facts about the rules."""
import math
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv
from slope_cli import SOURCE, SlopeCase, main

SURFACES = sorted((SOURCE / "configs/surfaces").glob("*.yaml"))
SURFACES = [path for path in SURFACES if not path.stem.endswith("rules")]


class Surfaces(SlopeCase):
    def paths(self, name, *arguments, status=0):
        """{rule: [(x, y) of each step]} of one surface."""
        self.slope("run", SOURCE / f"configs/surfaces/{name}.yaml", "--quiet", "--output", name,
                   *arguments, status=status)
        labels = {row["trial"]: row["optimizer"] for row in read_csv(self.folder / name / "trials.csv")}
        paths = {label: [] for label in labels.values()}
        for row in read_csv(self.folder / name / "paths.csv"):
            paths[labels[row["trial"]]].append((float(row["x"]), float(row["y"])))
        return paths

    def test_all_rules_run_on_all(self):
        self.assertEqual(len(SURFACES), 9)
        rules = sorted(path.stem for path in (SOURCE / "plugins/optimizers").glob("*.c"))
        for path in SURFACES:
            with self.subTest(surface=path.stem):
                self.slope("run", path, "--quiet", "--output", path.stem, "train.steps=20")
                rows = read_csv(self.folder / path.stem / "trials.csv")
                self.assertEqual(sorted(row["optimizer"] for row in rows), rules)
                self.assertEqual({row["status"] for row in rows}, {"finished"})

    def test_saddle(self):
        """Plain descent stays near the ridge's middle, momentum leaves it later than rules that divide by
        the size of the gradient."""
        paths = self.paths("saddle", status=1)

        def left(rule):
            return next((step for step, (_, y) in enumerate(paths[rule]) if abs(y) > 0.5), math.inf)
        self.assertEqual(left("sgd"), math.inf)
        x, y = paths["sgd"][-1]
        self.assertLess(math.hypot(x, y), 0.02)  # at the saddle point
        for rule in ("rmsprop", "adam", "adagrad", "nadam", "yogi"):
            self.assertLess(left(rule), 60, rule)
        slow = self.paths_with_more_steps()
        momentum = next(step for step, (_, y) in enumerate(slow["momentum"]) if abs(y) > 0.5)
        for rule in ("rmsprop", "adam", "adagrad"):
            self.assertGreater(momentum, left(rule))
        plain = next((step for step, (_, y) in enumerate(slow["sgd"]) if abs(y) > 0.5), math.inf)
        self.assertLess(momentum, plain)

    def paths_with_more_steps(self):
        self.write("long.yaml", f"extends: {SOURCE}/configs/surfaces/saddle.yaml\n"
                   "train: {steps: 300}\ntrials:\n"
                   "  - {optimizer: {name: sgd, learning_rate: 0.005}}\n"
                   "  - {optimizer: {name: momentum, learning_rate: 0.005}}\n")
        self.slope("run", "long.yaml", "--quiet", "--output", "long")
        rows = read_csv(self.folder / "long/paths.csv")
        return {rule: [(float(row["x"]), float(row["y"])) for row in rows if row["trial"] == trial]
                for trial, rule in (("0", "sgd"), ("1", "momentum"))}

    def test_valley(self):
        """In the long valley momentum runs past the minimum; plain descent comes from one side, and zigzags
        across where the curvature is large."""
        paths = self.paths("valley")
        self.assertLess(max(x for x, _ in paths["sgd"]), 1e-12)
        self.assertGreater(max(x for x, _ in paths["momentum"]), 0.1)
        signs = [y > 0 for _, y in paths["sgd"][:10]]
        self.assertEqual(signs, [True, False] * 5)

    def test_scaled_rules_do_not_see_the_scale(self):
        """Adam and rmsprop take the same way when the function is multiplied by 1000; sgd does not."""
        text = """\
model: {name: expression, parameters: {x: -3, y: 2}, expressions: {f: k * (x^2 + 3*y^2)}}
loss: value
train: {steps: 40, precision: float64}
record: 40 steps
trials:
  - {optimizer: {name: adam, learning_rate: 0.1, epsilon: 0}}
  - {optimizer: {name: rmsprop, learning_rate: 0.1, epsilon: 0}}
  - {optimizer: {name: sgd, learning_rate: 1e-4}}
"""
        ends = []
        for factor in ("1", "1024"):
            self.write(f"k{factor}.yaml", text.replace("k *", f"{factor} *"))
            self.slope("run", f"k{factor}.yaml", "--quiet", "--output", f"k{factor}")
            rows = read_csv(self.folder / f"k{factor}/paths.csv")
            ends.append([float(row["x"]) for row in rows if row["step"] == "40"])
        self.assertAlmostEqual(ends[0][0], ends[1][0], delta=1e-9)
        self.assertAlmostEqual(ends[0][1], ends[1][1], delta=1e-9)
        self.assertGreater(abs(ends[0][2] - ends[1][2]), 1)


if __name__ == "__main__":
    main()
