"""Interrupted runs: killed at any moment or stopped with Ctrl-C, `slope resume` goes on and ends with
the bits of a run that was never interrupted."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv, without_times
from slope_cli import PROGRAM, SlopeCase, main

# Three trials with state of every kind: moments, a schedule, random numbers of the host.
EXPERIMENT = """\
experiment: long
dataset: {name: synthetic, kind: blobs, rows: 3000, test_rows: 500, features: 40, classes: 5, validation: 0.1}
train: {epochs: 12, batch_size: 32, seed: 3}
evaluate: {every: 40 steps}
checkpoint: {every: 25 steps}
record: {batch_loss: 3 steps}
trials:
  - {model: {name: mlp, hidden: [32]}, optimizer: {name: adam, learning_rate: 0.003}, schedule: cosine}
  - {model: linear, optimizer: {name: momentum, learning_rate: 0.01}, train: {precision: float64}, record: 7 steps}
  - {model: linear, optimizer: random_search, train: {epochs: 2}, record: {parameters: 1 epoch}}
"""


class Resume(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("long.yaml", EXPERIMENT)

    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, *arguments, "--quiet"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def wait_for_rows(self, process, path, count):
        """Until the file holds that many rows (or the process has ended)."""
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if path.exists() and path.read_bytes().count(b"\n") > count:
                return
            time.sleep(0.001)

    def assert_same_results(self, one, other):
        for name in ("trials.csv", "metrics.csv"):
            self.assertEqual(without_times(one / name), without_times(other / name), name)
        for name in ("paths.csv", "batch_loss.csv"):
            self.assertEqual((one / name).read_bytes(), (other / name).read_bytes(), name)
        names = sorted(path.name for path in (one / "weights").iterdir())
        self.assertEqual(names, sorted(path.name for path in (other / "weights").iterdir()))
        for name in names:
            self.assertEqual((one / "weights" / name).read_bytes(),
                             (other / "weights" / name).read_bytes(), name)

    def whole_run(self):
        self.slope("run", "long.yaml", "--quiet", "--output", "whole")
        return self.folder / "whole"

    def test_killed_again_and_again(self):
        whole, run = self.whole_run(), self.folder / "killed"
        rows = len(read_csv(whole / "metrics.csv"))
        arguments = ("run", "long.yaml", "--output", "killed")
        kills = 0
        for at in range(3, rows, max(1, rows // 8)):
            process = self.start(*arguments)
            self.wait_for_rows(process, run / "metrics.csv", at)
            process.kill()
            process.wait()
            if process.returncode == 0:
                break
            kills += 1
            self.assertEqual(process.returncode, -signal.SIGKILL, process.stderr.read())
            self.assertIn("status: running", (run / "manifest.yaml").read_text())
            arguments = ("resume", "killed")
        self.assertGreaterEqual(kills, 3, "the runs ended before they could be killed")
        self.slope("resume", "killed", "--quiet")
        self.assert_same_results(whole, run)
        manifest = (run / "manifest.yaml").read_text()
        self.assertIn("status: finished", manifest)
        self.assertIn(f"resumes: {kills}", manifest)

    def test_killed_before_the_first_checkpoint(self):
        whole = self.whole_run()
        process = self.start("run", "long.yaml", "--output", "killed", "checkpoint.every=never")
        self.wait_for_rows(process, self.folder / "killed" / "metrics.csv", 2)
        process.kill()
        self.assertEqual(process.wait(), -signal.SIGKILL)
        self.slope("resume", "killed", "--quiet")
        metrics = [self.folder / name / "metrics.csv" for name in ("killed", "whole")]
        self.assertEqual(without_times(metrics[0]), without_times(metrics[1]))

    def test_ctrl_c_saves_and_says_how_to_go_on(self):
        whole, run = self.whole_run(), self.folder / "stopped"
        process = self.start("run", "long.yaml", "--output", "stopped")
        self.wait_for_rows(process, run / "metrics.csv", 6)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("slope resume stopped", errors)
        self.assertIn("status: interrupted", (run / "manifest.yaml").read_text())
        self.slope("resume", "stopped", "--quiet")
        self.assert_same_results(whole, run)

    def test_resume_of_a_finished_run_changes_nothing(self):
        whole = self.whole_run()
        before = {name: (whole / name).read_bytes() for name in ("trials.csv", "metrics.csv")}
        done = self.slope("resume", "whole")
        self.assertIn("finished", done.stdout)
        for name, content in before.items():
            self.assertEqual((whole / name).read_bytes(), content)

    def test_a_run_in_use_is_refused(self):
        process = self.start("run", "long.yaml", "--output", "busy")
        self.wait_for_rows(process, self.folder / "busy" / "metrics.csv", 2)
        done = self.slope("resume", "busy", status=3)
        self.assertIn(f"in use by process {process.pid}", done.stderr)
        process.kill()
        process.wait()

    def test_changed_data_are_refused(self):
        rows = "".join(f"{i % 7},{i % 3},{i % 2}\n" for i in range(40))
        self.write("data.csv", rows)
        self.write("small.yaml", "dataset: {name: csv, file: data.csv}\ntrain: {epochs: 1}\n")
        self.slope("run", "small.yaml", "--quiet", "--output", "out")
        self.write("data.csv", rows + "1,1,1\n")
        done = self.slope("resume", "out", status=2)
        self.assertIn("data file", done.stderr)

    def test_an_edited_configuration_is_refused(self):
        """With what was edited, whatever the run had done by then; limits may be changed."""
        text = ("dataset: {name: synthetic, rows: 40}\ntrain: {epochs: 2}\nclip: {norm: 1}\n"
                "sweep: {optimizer.learning_rate: [0.1, 1], train.seed: [1, 2], seconds: 100}\n")
        self.write("small.yaml", text)
        self.slope("run", "small.yaml", "--quiet", "--output", "out")
        config = self.folder / "out" / "config.yaml"
        before, rows = config.read_text(), (self.folder / "out" / "trials.csv").read_bytes()
        head = ("slope: cannot resume 'out': its config.yaml was edited; put back what was there, or "
                "start a new run (slope run FILE --extend DIR adds values):\n")

        def edited(*pairs, **more):
            changed = before
            for old, new in pairs:
                self.assertIn(old, changed)
                changed = changed.replace(old, new)
            config.write_text(changed)
            done = self.slope("resume", "out", "--quiet", **more)
            self.assertEqual((self.folder / "out" / "trials.csv").read_bytes(), rows)
            return done.stderr

        self.assertEqual(
            edited(("epochs: 2", "epochs: 3"), ("norm: 1", "value: 0.5"), status=2), head +
            "  clip.norm: removed, was 1\n  clip.value: added, 0.5\n  train.epochs: 2 -> 3\n")
        self.assertEqual(edited(("[0.1, 1]", "[0.1, 1, 10]"), status=2), head +
                         "  sweep.optimizer.learning_rate: [0.1, 1] -> [0.1, 1, 10]\n")
        first, second = "  optimizer.learning_rate: [0.1, 1]\n", "  train.seed: [1, 2]\n"
        self.assertEqual(edited((first + second, second + first), status=2), head +
                         "  sweep: its keys stand in another order, which numbers the trials\n")
        self.assertIn("unknown key", edited(("norm: 1", "nrm: 1"), status=2))
        self.assertEqual(edited(("[0.1, 1]", "[1e-1, 1.0]"), ("seconds: 100", "seconds: 1000")), "")
        self.assertEqual(edited(("experiment:", "# as it was\nexperiment:")), "")

    def test_all_that_changed_is_told(self):
        self.write("data.csv", "1,2,0\n3,4,1\n")
        self.write("small.yaml", "dataset: {name: csv, file: data.csv}\ntrain: {epochs: 1}\n")
        self.slope("run", "small.yaml", "--quiet", "--output", "out")
        self.write("data.csv", "1,2,0\n3,4,1\n1,1,1\n")
        config = self.folder / "out" / "config.yaml"
        config.write_text(config.read_text().replace("epochs: 1", "epochs: 2"))
        done = self.slope("resume", "out", status=2)
        self.assertRegex(done.stderr, "was edited, and a plugin or data file changed; .*:\n"
                         "  train.epochs: 1 -> 2\n  data file .*data.csv: sha256 .* now\n$")

    def test_a_run_may_move(self):
        self.write("here/data.csv", "1,2,0\n3,4,1\n")
        self.write("small.yaml", "dataset: {name: csv, file: here/data.csv}\ntrain: {epochs: 1}\n")
        self.slope("run", "small.yaml", "--quiet", "--output", "out")
        (self.folder / "here").rename(self.folder / "there")
        config = self.folder / "out" / "config.yaml"
        config.write_text(config.read_text().replace("/here/", "/there/"))
        self.slope("resume", "out", "--quiet")

    def test_damaged_checkpoint(self):
        process = self.start("run", "long.yaml", "--output", "out")
        deadline = time.monotonic() + 60
        checkpoints = []
        while not checkpoints and time.monotonic() < deadline:
            time.sleep(0.001)
            checkpoints = list((self.folder / "out" / "checkpoint").glob("*.safetensors"))
        process.kill()
        process.wait()
        checkpoint = checkpoints[0]
        checkpoint.write_bytes(checkpoint.read_bytes()[:-7])
        done = self.slope("resume", "out", status=3)
        self.assertIn(checkpoint.name, done.stderr)
        self.assertNotIn("status: finished", (self.folder / "out" / "manifest.yaml").read_text())

    def test_what_is_no_run(self):
        done = self.slope("resume", "nothing", status=3)
        self.assertIn("'nothing'", done.stderr)
        self.slope("resume", status=2)

    def test_what_a_kill_left_half_written_is_removed(self):
        """Weights and rows that were being written aside, of trials that nobody writes again."""
        self.write("sweep.yaml", "dataset: iris\ntrain: {epochs: 2}\n"
                   "sweep: {optimizer.learning_rate: [0.1, 0.01, 0.001]}\n")
        self.slope("run", "sweep.yaml", "--quiet", "--output", "out")
        names = sorted(path.name for path in self.folder.glob("out/**/*"))
        for name in ("weights/2.safetensors.partial", "metrics.csv.new", "trials.csv.new"):
            self.write(f"out/{name}", "half")
        self.slope("resume", "out", "--quiet")
        self.assertEqual(sorted(path.name for path in self.folder.glob("out/**/*")), names)


if __name__ == "__main__":
    main()
