"""Sweeps on the real binary: the same bits together and alone, on any threads, in shards, extended,
pruned; what is written; what happens when trials fail."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, read_safetensors, without_times
from slope_cli import PROGRAM, SlopeCase, main

SWEEP = """\
experiment: small
dataset: {name: synthetic, kind: blobs, rows: 600, test_rows: 100, features: 12, classes: 3, validation: 0.2}
train: {epochs: 3, batch_size: 32, seed: 5}
sweep:
  optimizer:
    - {name: sgd, learning_rate: [0.01, 0.1]}
    - {name: adam, learning_rate: {from: 1e-4, to: 1e-2, points: 3, scale: log}}
  regularization.l2: [0, 1e-3]
"""


class SweepCase(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("small.yaml", SWEEP)

    def run_sweep(self, name, *arguments, file="small.yaml", **more):
        self.slope("run", file, "--quiet", "--output", name, *arguments, **more)
        return self.folder / name

    def assert_same_results(self, one, other):
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(one / name), without_times(other / name), name)
        names = sorted(path.name for path in (one / "weights").iterdir())
        self.assertTrue(names)
        self.assertEqual(names, sorted(path.name for path in (other / "weights").iterdir()))
        for name in names:
            self.assertEqual((one / "weights" / name).read_bytes(),
                             (other / "weights" / name).read_bytes(), name)


class Results(SweepCase):
    def test_trials_and_their_columns(self):
        rows = read_csv(self.run_sweep("out") / "trials.csv")
        self.assertEqual(len(rows), 10)
        self.assertEqual([int(row["trial"]) for row in rows], list(range(10)))
        self.assertEqual(len({row["hash"] for row in rows}), 10)
        self.assertEqual({row["status"] for row in rows}, {"finished"})
        columns = list(rows[0])
        self.assertEqual(columns[:3], ["trial", "label", "hash"])
        swept = columns[3:columns.index("status")]
        self.assertIn("regularization.l2", swept)
        self.assertIn("optimizer.learning_rate", swept)
        values = {(row["optimizer"], float(row["learning_rate"]), float(row["regularization.l2"]))
                  for row in rows}
        self.assertEqual(values, {(o, r, l) for o, rates in
                                  (("sgd", (0.01, 0.1)), ("adam", (1e-4, 1e-3, 1e-2)))
                                  for r in rates for l in (0, 1e-3)})

    def test_metrics_stand_in_the_order_of_the_trials(self):
        rows = read_csv(self.run_sweep("out") / "metrics.csv")
        keys = [(int(row["trial"]), int(row["step"])) for row in rows]
        self.assertEqual(keys, sorted(keys))
        self.assertEqual(len(keys), 10 * 4)

    def test_weights_of_the_best_stay(self):
        out = self.run_sweep("out", "sweep.keep_best=3")
        rows = read_csv(out / "trials.csv")
        best = sorted(rows, key=lambda row: (-float(row["validation_accuracy"]), int(row["trial"])))
        self.assertEqual(sorted(path.stem for path in (out / "weights").iterdir()),
                         sorted(row["trial"] for row in best[:3]))
        arrays, _ = read_safetensors(out / "weights" / f"{best[0]['trial']}.safetensors")
        self.assertEqual(arrays["weight"].shape, (3, 12))

    def test_the_recorded_configuration_is_the_sweep(self):
        one = self.run_sweep("out")
        self.slope("run", "out/config.yaml", "--quiet", "--output", "again")
        self.assert_same_results(one, self.folder / "again")

    def test_seeds(self):
        out = self.run_sweep("out", "sweep.seeds=3")
        rows = read_csv(out / "trials.csv")
        self.assertEqual(len(rows), 30)
        self.assertEqual(sorted({row["seed"] for row in rows}), ["5", "6", "7"])

    def test_sweep_from_the_command_line(self):
        self.write("plain.yaml", SWEEP.split("sweep:")[0])
        out = self.run_sweep("out", "--sweep", "optimizer.learning_rate=0.01,0.1,1",
                             "--sweep", "model=linear,{name: mlp, hidden: [4]}", file="plain.yaml")
        rows = read_csv(out / "trials.csv")
        self.assertEqual(len(rows), 6)
        self.assertEqual({row["model"] for row in rows}, {"linear", "mlp"})

    def test_the_table_shows_the_best(self):
        done = self.slope("run", "small.yaml", "--output", "out")
        self.assertIn("10 trials: 10 finished", done.stdout)
        self.assertIn("best by validation_accuracy: ", done.stdout)
        self.assertIn("slope show out", done.stdout)

    def test_adaptive_rounds_and_ranges(self):
        self.write("random.yaml", SWEEP.split("  optimizer:")[0] +
                   "  sampler: random\n  trials: 7\n  seed: 3\n"
                   "  optimizer.learning_rate: {log_uniform: [1e-3, 1]}\n"
                   "  train.batch_size: {int_uniform: [16, 64]}\n")
        rows = read_csv(self.run_sweep("out", file="random.yaml") / "trials.csv")
        self.assertEqual(len(rows), 7)
        for row in rows:
            self.assertTrue(1e-3 <= float(row["learning_rate"]) <= 1)
            self.assertTrue(16 <= int(row["train.batch_size"]) <= 64)
        self.assertEqual(len({row["learning_rate"] for row in rows}), 7)
        again = read_csv(self.run_sweep("again", file="random.yaml") / "trials.csv")
        self.assertEqual([row["hash"] for row in rows], [row["hash"] for row in again])


class SameBits(SweepCase):
    def test_together_alone_and_on_any_threads(self):
        one = self.run_sweep("one")
        for threads in "1", "2", "3", "7":
            self.assert_same_results(one, self.run_sweep(f"t{threads}", "--threads", threads))
        off = self.run_sweep("off", "sweep.fuse=off")
        self.assert_same_results(one, off)
        self.assertEqual((one / "metrics.csv").read_text().count("\n"), 41)

    def test_a_trial_of_a_sweep_alone(self):
        """`slope show --trial` gives a file that, run, gives the bits of the sweep's trial."""
        out = self.run_sweep("out", "sweep.keep_best=10")
        for number in 0, 7:
            done = self.slope("show", "out", "--trial", str(number))
            self.write("alone.yaml", done.stdout)
            self.slope("run", "alone.yaml", "--quiet", "--output", f"alone{number}")
            row, = read_csv(self.folder / f"alone{number}" / "trials.csv")
            swept = read_csv(out / "trials.csv")[number]
            self.assertEqual(row["hash"], swept["hash"])
            for key in ("train_loss", "validation_accuracy", "test_loss"):
                self.assertEqual(row[key], swept[key])
            alone, _ = read_safetensors(self.folder / f"alone{number}" / "weights" / "0.safetensors")
            together, _ = read_safetensors(out / "weights" / f"{number}.safetensors")
            self.assertEqual({name: array.tobytes() for name, array in alone.items()},
                             {name: array.tobytes() for name, array in together.items()})


class Shards(SweepCase):
    def test_shards_together_are_the_whole(self):
        whole = self.run_sweep("whole")
        for index in range(3):
            self.run_sweep(f"part{index}", "--shard", f"{index}/3")
        self.run_sweep("twice", "--shard", "1/3")
        self.slope("merge", "part2", "twice", "part0", "part1", "--into", "merged", "--quiet")
        self.assert_same_results(whole, self.folder / "merged")
        self.slope("merge", "part0", "part1", "part2", "--into", "other", "--quiet")
        self.assert_same_results(whole, self.folder / "other")
        self.assertEqual((self.folder / "merged" / "trials.csv").read_bytes().split(b",")[:3],
                         (self.folder / "other" / "trials.csv").read_bytes().split(b",")[:3])

    def test_what_is_missing_is_said_and_can_be_run(self):
        whole = self.run_sweep("whole")
        self.run_sweep("part1", "--shard", "1/3")
        done = self.slope("merge", "part1", "--into", "merged", "--quiet", status=1)
        self.assertIn("7 of 10 trials missing: 0, 2, 3, 5, 6, 8, 9", done.stderr)
        self.slope("resume", "merged", "--quiet")
        self.assert_same_results(whole, self.folder / "merged")

    def test_folders_of_other_sweeps_are_refused(self):
        self.run_sweep("part0", "--shard", "0/2")
        self.run_sweep("other", "--shard", "1/2", "train.epochs=2")
        done = self.slope("merge", "part0", "other", "--into", "merged", status=2)
        self.assertRegex(done.stderr, r"cannot merge 'other' with 'part0': 5 of its trials .* are not "
                         r"of the same experiment, plugins and data\. What differs \('other' -> "
                         r"'part0'\):\n  train.epochs: 2 -> 3\n$")
        config = self.folder / "part0" / "config.yaml"
        config.write_text(config.read_text().replace("epochs: 3", "epochs: 4"))
        done = self.slope("merge", "part0", "--into", "merged", status=2)
        self.assertIn("any more. Changed since:\n  train.epochs: 3 -> 4\n", done.stderr)
        self.assertFalse((self.folder / "merged").exists())

    def test_numbers_out_of_range(self):
        for text in "3/3", "-1/3", "1", "a/b", "0/0", "1/2x", "":
            done = self.slope("run", "small.yaml", "--shard", text, status=2)
            self.assertIn("--shard takes I/N", done.stderr)

    def test_a_resumed_shard_stays_one(self):
        self.run_sweep("part", "--shard", "1/4")
        self.slope("resume", "part", "--quiet")
        self.assertEqual([row["trial"] for row in read_csv(self.folder / "part" / "trials.csv")],
                         ["1", "5", "9"])


class Extending(SweepCase):
    def test_only_new_values_are_run(self):
        old = self.run_sweep("out")
        times = {row["hash"]: row["train_seconds"] for row in read_csv(old / "trials.csv")}
        self.write("wider.yaml", SWEEP.replace("[0, 1e-3]", "[0, 1e-4, 1e-3]"))
        self.slope("run", "wider.yaml", "--quiet", "--extend", "out")
        rows = read_csv(old / "trials.csv")
        self.assertEqual(len(rows), 15)
        for row in rows:
            if row["hash"] in times:
                self.assertEqual(row["train_seconds"], times[row["hash"]])
        self.assert_same_results(self.run_sweep("whole", file="wider.yaml"), old)

    def test_values_cannot_be_taken_away(self):
        self.run_sweep("out")
        before = (self.folder / "out" / "trials.csv").read_bytes()
        self.write("narrower.yaml", SWEEP.replace("[0, 1e-3]", "[0]"))
        done = self.slope("run", "narrower.yaml", "--quiet", "--extend", "out", status=2)
        self.assertIn("may be added, not taken away", done.stderr)
        self.assertTrue(done.stderr.endswith(
            "What differs:\n  sweep.regularization.l2: [0, 1e-3] -> [0]\n"), done.stderr)
        self.assertEqual((self.folder / "out" / "trials.csv").read_bytes(), before)


class Pruning(SweepCase):
    HALVING = SWEEP.replace("epochs: 3", "epochs: 9") + \
        "  pruner: {name: successive_halving, eta: 3, min_epochs: 1}\n"

    def test_halving(self):
        self.write("halving.yaml", self.HALVING)
        out = self.run_sweep("out", file="halving.yaml")
        rows = read_csv(out / "trials.csv")
        epochs = sorted(float(row["epochs"]) for row in rows)
        self.assertEqual(epochs, [1] * 7 + [3] * 2 + [9])
        self.assertEqual({(row["status"], float(row["epochs"])) for row in rows},
                         {("pruned", 1.0), ("pruned", 3.0), ("finished", 9.0)})
        for row in rows:
            if row["status"] == "pruned":
                self.assertIn("by successive_halving at rung", row["message"])
                self.assertEqual(row["test_loss"], "")
        first = {row["trial"]: float(row["validation_accuracy"])
                 for row in read_csv(out / "metrics.csv") if float(row["epoch"]) == 1}
        kept = [row["trial"] for row in rows if float(row["epochs"]) > 1]
        self.assertEqual(sorted(kept, key=int), sorted(
            sorted(first, key=lambda trial: (-first[trial], int(trial)))[:3], key=int))
        for more in ("--threads", "1"), ("sweep.fuse=off",), ("--threads", "3"):
            self.assert_same_results(out, self.run_sweep("o" + more[-1], *more, file="halving.yaml"))

    def test_median(self):
        self.write("median.yaml", SWEEP.replace("epochs: 3", "epochs: 6") +
                   "  pruner: {name: median, startup_trials: 4}\n")
        out = self.run_sweep("out", file="median.yaml")
        rows = read_csv(out / "trials.csv")
        self.assertEqual({row["status"] for row in rows[:4]}, {"finished"})
        self.assert_same_results(out, self.run_sweep("off", "sweep.fuse=off", file="median.yaml"))

    def test_cannot_be_extended(self):
        """More trials would have changed who was pruned."""
        self.write("halving.yaml", self.HALVING)
        self.run_sweep("out", file="halving.yaml")
        self.write("halving.yaml", self.HALVING.replace("[0, 1e-3]", "[0, 1e-4, 1e-3]"))
        done = self.slope("run", "halving.yaml", "--quiet", "--extend", "out", status=2)
        self.assertIn("pruner successive_halving compares all trials", done.stderr)

    def test_not_with_shards(self):
        self.write("halving.yaml", self.HALVING)
        done = self.slope("run", "halving.yaml", "--shard", "0/2", status=2)
        self.assertIn("leave out the pruner or --shard", done.stderr)


class Failures(SweepCase):
    def test_diverging_trials_leave_the_others_alone(self):
        self.write("wild.yaml", SWEEP.replace("[0.01, 0.1]", "[0.01, 1e30]"))
        out = self.run_sweep("out", file="wild.yaml", status=1)
        rows = read_csv(out / "trials.csv")
        self.assertIn("diverged", [row["status"] for row in rows])
        tame = {row["hash"]: row for row in without_times(self.run_sweep("tame") / "trials.csv")}
        for row in without_times(out / "trials.csv"):
            if row["hash"] in tame:
                self.assertEqual({**row, "trial": 0}, {**tame[row["hash"]], "trial": 0})

    def test_time_limits(self):
        long = SWEEP.replace("epochs: 3", "steps: 100000000")
        self.write("long.yaml", long + "  trial_seconds: 0.05\n")
        out = self.run_sweep("out", file="long.yaml", status=1)
        rows = read_csv(out / "trials.csv")
        self.assertEqual({row["status"] for row in rows}, {"timeout"})
        for row in rows:
            self.assertLess(float(row["train_seconds"]), 1)
        self.write("long.yaml", long + "  seconds: 0.3\n")
        start = time.monotonic()
        done = self.slope("run", "long.yaml", "--quiet", "--output", "whole", status=1)
        self.assertLess(time.monotonic() - start, 20)
        self.assertIn("sweep.seconds", done.stderr)
        self.assertIn("status: interrupted", (self.folder / "whole" / "manifest.yaml").read_text())

    def test_sigterm_saves_and_asks_to_be_run_again(self):
        self.write("long.yaml", SWEEP.replace("epochs: 3", "epochs: 400"))
        whole = self.run_sweep("whole", file="long.yaml")
        for number in signal.SIGTERM, signal.SIGUSR1:
            name = f"out{int(number)}"
            process = subprocess.Popen([PROGRAM, "run", "long.yaml", "--quiet", "--output", name],
                                       cwd=self.folder, stderr=subprocess.PIPE, text=True)
            metrics = self.folder / name / "metrics.csv"
            while process.poll() is None and not (metrics.exists() and
                                                  metrics.read_bytes().count(b"\n") > 30):
                time.sleep(0.002)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 75, errors)
            self.assertIn(f"slope resume {name}", errors)
            self.slope("resume", name, "--quiet")
            self.assert_same_results(whole, self.folder / name)


class Memory(SweepCase):
    def test_what_cannot_fit_is_an_error_before_the_start(self):
        """400 GB of weights: found from the shapes, not by taking them."""
        start = time.monotonic()
        done = self.slope("run", "small.yaml", "model={name: mlp, hidden: [300000, 300000]}",
                          "--output", "out", status=2)
        self.assertLess(time.monotonic() - start, 20)
        self.assertRegex(done.stderr, r"optimizer (sgd|adam) need \d+\.\d GB of memory, and \d+\.\d GB are")
        self.assertFalse((self.folder / "out").exists())


class Rehearsing(SweepCase):
    def test_dry_run_says_what_would_happen_and_writes_nothing(self):
        before = sorted(self.folder.iterdir())
        done = self.slope("run", "small.yaml", "--dry-run")
        self.assertIn("small: 10 trials", done.stdout)
        self.assertIn("memory: ", done.stdout)
        self.assertIn("time: about ", done.stdout)
        self.assertIn("# trial 2", done.stdout)
        self.assertEqual(sorted(self.folder.iterdir()), before)


if __name__ == "__main__":
    main()
