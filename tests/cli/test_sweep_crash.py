"""A plugin that brings the process down: `slope resume` names it, marks its trial as failed, does not
try it again, and finishes all others."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from crash_plugin import PLUGIN_OPTIONS, build_wild
from run_files import read_csv, without_times
from slope_cli import PROGRAM, SlopeCase, main

SWEEP = """\
dataset: {name: synthetic, kind: blobs, rows: 400, features: 6, classes: 3}
train: {epochs: 2, batch_size: 32}
sweep:
  fuse: FUSE
  optimizer:
    - {name: wild, learning_rate: [0.1, 0.2, 0.3, 0.4], crash: [never, HOW]}
    - {name: sgd, learning_rate: [0.1, 0.2]}
"""


class Crash(SlopeCase):
    def setUp(self):
        super().setUp()
        build_wild(self)
        self.environment = {"SLOPE_PLUGIN_PATH": str(self.folder / "plugins"), **PLUGIN_OPTIONS}

    def crash_and_resume(self, how, fuse):
        self.write("wild.yaml", SWEEP.replace("HOW", how).replace("FUSE", fuse))
        arguments, crashes = ("run", "wild.yaml", "--output", "out"), 0
        while True:
            done = self.slope(*arguments, "--quiet", status=None, environment=self.environment)
            if done.returncode >= 0:
                break
            self.assertIn(-done.returncode, (signal.SIGSEGV, signal.SIGABRT), done.stderr)
            crashes += 1
            self.assertLessEqual(crashes, 20, "tried for ever")
            arguments = ("resume", "out")
        self.assertEqual(done.returncode, 1, done.stderr)
        return read_csv(self.folder / "out" / "trials.csv"), crashes

    def check(self, how, fuse):
        rows, crashes = self.crash_and_resume(how, fuse)
        self.assertEqual(len(rows), 10)
        self.assertGreaterEqual(crashes, 4)
        for row in rows:
            if row["optimizer.crash"] in ("", "never"):
                self.assertEqual(row["status"], "finished", row)
            else:
                self.assertEqual(row["status"], "failed", row)
                self.assertRegex(row["message"], r"the process crashed \(SIG(SEGV|ABRT)\)")
                if how != "stack":
                    self.assertIn("in optimizer 'wild'", row["message"])
        tame = SWEEP.replace(", HOW", "").replace("FUSE", "off")
        self.write("tame.yaml", tame)
        self.slope("run", "tame.yaml", "--quiet", "--output", "tame", environment=self.environment)
        expected = {row["hash"]: {**row, "trial": 0}
                    for row in without_times(self.folder / "tame" / "trials.csv")}
        self.assertEqual(len(expected), 6)
        for row in without_times(self.folder / "out" / "trials.csv"):
            if row["hash"] in expected:
                self.assertEqual({**row, "trial": 0}, {**expected[row["hash"]], "label": row["label"]})

    def test_alone(self):
        self.check("null", "off")

    def test_abort(self):
        self.check("abort", "off")

    def test_in_a_library_that_the_plugin_calls(self):
        self.check("in_memcpy", "off")

    def test_stack(self):
        self.check("stack", "off")

    def test_together(self):
        self.check("null", "auto")

    def failing(self, name, settings, status=1):
        self.write("failing.yaml", SWEEP.replace("HOW", "fail").replace("FUSE", "off") + settings)
        done = self.slope("run", "failing.yaml", "--quiet", "--threads", "1", "--output", name,
                          status=status, environment=self.environment)
        rows = read_csv(self.folder / name / "trials.csv")
        return done.stderr, [row["status"] for row in rows], rows

    def test_trials_that_fail_leave_the_others_alone(self):
        errors, statuses, rows = self.failing("out", "")
        self.assertEqual((statuses.count("failed"), statuses.count("finished")), (4, 6), errors)
        for row in rows:
            if row["status"] == "failed":
                self.assertIn("step 5: optimizer wild: told to fail", row["message"])

    def test_stopping_on_the_first_error(self):
        errors, statuses, _ = self.failing("out", "  on_error: stop\n")
        self.assertEqual(statuses.count("failed"), 1)
        self.assertLess(len(statuses), 10)
        self.assertIn("stopped after 1 failed trial (sweep.on_error), ", errors)
        self.assertIn("go on with: slope resume out", errors)

    def test_most_failures(self):
        errors, statuses, _ = self.failing("out", "  max_failures: 2\n")
        self.assertEqual(statuses.count("failed"), 3)
        self.assertIn("stopped after 3 failed trials (sweep.max_failures), ", errors)
        _, statuses, _ = self.failing("enough", "  max_failures: 4\n")
        self.assertEqual(len(statuses), 10)

    def test_kill_blames_nobody(self):
        """A process that is killed from outside leaves no note, and nobody is marked as failed."""
        self.write("long.yaml", SWEEP.replace("HOW", "never").replace("FUSE", "auto")
                   .replace("[never, never]", "[never]").replace("epochs: 2", "epochs: 4000"))
        process = subprocess.Popen([PROGRAM, "run", "long.yaml", "--quiet", "--output", "out"],
                                   cwd=self.folder, env={**os.environ, **self.environment})
        while not (self.folder / "out" / "metrics.csv").exists():
            pass
        process.kill()
        process.wait()
        self.assertFalse((self.folder / "out" / "checkpoint" / "crash").exists())


if __name__ == "__main__":
    main()
