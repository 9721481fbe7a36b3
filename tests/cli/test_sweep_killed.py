"""Sweeps killed with kill -9 at random moments, again and again: `slope resume` ends with what an
undisturbed run leaves, byte for byte but for times, however the trials were planned."""
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, without_times
from slope_cli import PROGRAM, SlopeCase, main

SWEEP = """\
experiment: long
dataset: {name: synthetic, kind: blobs, rows: 3000, test_rows: 200, features: 20, classes: 4, validation: 0.1}
train: {epochs: 40, batch_size: 32, seed: 3}
evaluate: {every: 300 steps}
checkpoint: {every: 250 steps}
record: {batch_loss: 100 steps}
sweep:
  keep_best: 4
  fuse: FUSE
  optimizer:
    - {name: momentum, learning_rate: [0.001, 0.01, 0.1]}
    - {name: adam, learning_rate: [0.001, 0.01, 0.1]}
    - {name: random_search}
  model: [linear, {name: mlp, hidden: [16]}]
"""
PRUNER = "  pruner: {name: successive_halving, eta: 2, min_epochs: 1}\n"
KILLS = 18  # of each of the plans below: 54 in all


class Killed(SlopeCase):
    def assert_same_results(self, one, other, message):
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(one / name), without_times(other / name),
                             f"{name} {message}")
        self.assertEqual((one / "batch_loss.csv").read_bytes(),
                         (other / "batch_loss.csv").read_bytes(), message)
        names = sorted(path.name for path in (one / "weights").iterdir())
        self.assertEqual(names, sorted(path.name for path in (other / "weights").iterdir()))
        for name in names:
            self.assertEqual((one / "weights" / name).read_bytes(),
                             (other / "weights" / name).read_bytes(), name)
        self.assertFalse((other / "checkpoint").exists(), "nothing is left over")

    def go(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments, "--quiet"], cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill_often(self, text, seed):
        self.write("long.yaml", text)
        start = time.monotonic()
        self.slope("run", "long.yaml", "--quiet", "--output", "whole")
        whole, seconds = self.folder / "whole", time.monotonic() - start
        chance = random.Random(seed)
        kills = rounds = under_way = 0
        while kills < KILLS:
            name = f"killed{rounds}"
            arguments, ended = ("run", "long.yaml", "--output", name), False
            rounds += 1
            while not ended:
                process, begun = self.go(*arguments), time.monotonic()
                try:
                    wait = chance.uniform(0, seconds / 2) if kills < KILLS else None
                    process.wait(timeout=wait)
                    self.assertEqual(process.returncode, 0, process.stderr.read())
                    ended = True
                    if arguments[0] == "run":  # the machine may have been busy under the first one
                        seconds = min(seconds, time.monotonic() - begun)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills += 1
                    metrics = self.folder / name / "metrics.csv"
                    under_way += metrics.exists() and metrics.read_bytes().count(b"\n") > 1
                process.stderr.close()
                if (self.folder / name / "manifest.yaml").exists():
                    arguments = ("resume", name)
            self.assert_same_results(whole, self.folder / name, f"after {kills} kills, seed {seed}")
        self.assertGreaterEqual(under_way, KILLS // 2, "most kills came before anything was trained")
        trials = len(read_csv(whole / "trials.csv"))
        print(f"{kills} kills ({under_way} with rows written) in {rounds} runs of {trials} trials, "
              f"{seconds:.2f} s each undisturbed", file=sys.stderr)

    def test_together(self):
        self.kill_often(SWEEP.replace("FUSE", "auto"), 1)

    def test_one_after_another(self):
        self.kill_often(SWEEP.replace("FUSE", "off"), 2)

    def test_with_a_pruner(self):
        self.kill_often(SWEEP.replace("FUSE", "auto") + PRUNER, 3)


if __name__ == "__main__":
    main()
