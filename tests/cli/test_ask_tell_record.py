"""The folder of `slope ask-tell`: what stands in it beside the same trials of `slope run`, what tables make of
it, what is answered from it, and what is refused."""
import os
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from ask_tell_pipe import BLOBS, QUESTIONS, Pipe, RecordCase, bits, study
from crash_plugin import build_wild
from run_files import without_times
from slope_cli import PROGRAM, main

TRIVIAL = """\
model: {name: expression, parameters: {x: -4, y: 3}, expressions: {f: x^2 + y^2}}
loss: value
train: {steps: 1}
"""

# What stands for QUESTIONS in a list of trials.
TRIALS = BLOBS + """\
trials:
  - {optimizer: {learning_rate: 0.01}, model: {name: mlp, hidden: [8]}}
  - {optimizer: {name: adam, learning_rate: 0.003}, train: {precision: float64}}
  - {optimizer: sgd, schedule: cosine, train: {epochs: 3}}
  - {dataset: {seed: 3}, train: {batch_size: full}}
  - {optimizer: {name: sgd, learning_rate: 1e30}, dataset: {scale: 1e20}}
"""
PATHS = {"label", "problem"}  # columns of their own, in each way of running


class Record(RecordCase):
    # ---- what is written ---------------------------------------------------------------------------

    def test_rows_are_those_of_a_run(self):
        pipe = self.pipe()
        answers = [pipe.ask(question) for question in QUESTIONS[:2]] + pipe.ask(QUESTIONS[2:])
        self.assertEqual(pipe.greeting["results"], "out")
        self.assertEqual(pipe.end(), 0)
        self.write("b.yaml", TRIALS)
        self.slope("run", "b.yaml", "--output", "run", "--quiet", status=1)  # one diverges
        ours, theirs = without_times(self.folder / "out/trials.csv"), without_times(
            self.folder / "run/trials.csv")
        self.assertEqual(len(ours), 5)
        for own, other, answer in zip(ours, theirs, answers):
            self.assertEqual({key: own[key] for key in set(other) - PATHS},
                             {key: other[key] for key in set(other) - PATHS})
            self.assertEqual((own["hash"], int(own["trial"])), (answer["hash"], answer["trial"]))
        self.assertEqual(without_times(self.folder / "out/metrics.csv"),
                         without_times(self.folder / "run/metrics.csv"))
        self.assertEqual({path.name for path in (self.folder / "out").iterdir()},
                         {"config.yaml", "manifest.yaml", "trials.csv", "metrics.csv"})
        manifest = (self.folder / "out/manifest.yaml").read_text()
        self.assertTrue(manifest.startswith("status: finished\nexperiment: a\ntrials: 5\n"), manifest)
        self.assertIn("command: slope ask-tell a.yaml --output out\n", manifest)
        for plugin in ("adam", "cosine", "mlp", "momentum", "sgd", "softmax", "synthetic"):
            self.assertIn(f"name: {plugin}\n", manifest)
        self.slope("run", "out/config.yaml", "--output", "again", "--quiet")

    def test_columns(self):
        """One for each path that was set, in the order in which they came up; values are YAML."""
        pipe = self.pipe()
        pipe.ask({"train.seed": 2})
        pipe.ask({"optimizer": {"name": "adam", "beta1": 0.5}, "model": {"name": "mlp", "hidden": [3, 4]}})
        pipe.ask({"train.epochs": None, "dataset": {"name": "iris", "class_names": ["1", "a b", "c,\"d\""]}})
        rows = self.trials()
        paths = ["train.seed", "optimizer.name", "optimizer.beta1", "model.name", "model.hidden",
                 "train.epochs", "dataset.name", "dataset.class_names"]
        self.assertEqual(list(rows[0])[3:3 + len(paths) + 1], [*paths, "status"])
        self.assertEqual([rows[0][path] for path in paths], ["2", "", "", "", "", "", "", ""])
        self.assertEqual([rows[1][path] for path in paths], ["", "adam", "0.5", "mlp", "[3, 4]", "", "", ""])
        self.assertEqual([rows[2][path] for path in paths],
                         ["", "", "", "", "", "null", "iris", '["1", "a b", "c,\\"d\\""]'])
        self.assertEqual([row["label"] for row in rows[:2]], ["seed=2", "adam beta1=0.5 mlp hidden=[3, 4]"])

    def test_columns_of_the_space(self):
        pipe = self.pipe(text=BLOBS + """\
sweep:
  regularization.l2: {log_uniform: [1e-5, 1e-2]}
  optimizer:
    - {name: sgd, learning_rate: {from: 0.01, to: 1, scale: log}}
    - {name: adam, learning_rate: [0.001, 0.01]}
  metric: train_loss
""")
        pipe.ask({"train.seed": 4, "optimizer.learning_rate": 0.1})
        self.assertEqual(list(self.trials()[0])[3:8], ["regularization.l2", "optimizer.name",
                                                       "optimizer.learning_rate", "train.seed", "status"])
        self.assertEqual(pipe.end(), 0)
        self.assertIn("trials by train_loss", self.slope("show", "out").stdout)

    def test_tables(self):
        """Of a folder that is still written, and of one that is done."""
        pipe = self.pipe()
        pipe.ask(study(12))
        for status in ("running", "finished"):
            text = self.slope("show", "out").stdout
            self.assertTrue(text.startswith(f"a ({status}): 12 trials: 12 finished"), text)
            self.assertIn("best 10 of 12 trials by validation_accuracy", text)
            self.assertIn("optimizer.name: validation_accuracy of the trials that share a value", text)
            self.assertIn("12 trials of 3 optimizers on 1 problem", self.slope("compare", "out").stdout)
            self.assertRegex(self.slope("plot", "out", "--ascii").stdout, r"\n  b  \w+ learning_rate=")
            pipe.end()

    def test_one_trial(self):
        """Each printed as a file, and run alone: the same id, the same bits."""
        pipe = self.pipe()
        pipe.ask(QUESTIONS)
        pipe.end()
        for row in without_times(self.folder / "out/trials.csv"):
            one = self.slope("show", "out", "--trial", row["trial"]).stdout
            self.assertEqual(one, self.slope("show", "out", "--trial", row["hash"][:12]).stdout)
            name = f"one{row['trial']}"
            self.write(f"{name}.yaml", one)
            self.slope("run", f"{name}.yaml", "--output", name, "--quiet", status=None)
            (again,) = without_times(self.folder / name / "trials.csv")
            self.assertEqual({**again, "trial": row["trial"]}, {key: row[key] for key in again})
        for wanted in ("5", "-1", "xyz", ""):
            self.assertIn(f"'out' has no trial '{wanted}'",
                          self.slope("show", "out", f"--trial={wanted}", status=2).stderr)

    def test_no_output(self):
        pipe = self.pipe("a.yaml", "--no-output")
        self.assertIsNone(pipe.greeting["results"])
        one, two = pipe.ask({}), pipe.ask({})
        self.assertEqual((one["trial"], two["trial"]), (0, 1))  # trained twice
        self.assertEqual(bits(one), bits(two))
        self.assertEqual(pipe.end(), 0)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"a.yaml"})

    def test_usual_folder(self):
        pipe = self.pipe("a.yaml")
        self.assertRegex(pipe.greeting["results"], r"^results/a/\d{4}-\d\d-\d\dT\d{6}$")
        pipe.ask({})
        self.assertEqual(len(self.trials("results/a/latest")), 1)

    def test_many_questions(self):
        """What a trivial trial costs, one by one and written down: some 50 microseconds; and a path that
        comes up late."""
        self.write("a.yaml", TRIVIAL)
        pipe = Pipe(self, "a.yaml", "--output", "out")
        start = time.monotonic()
        for number in range(3000):
            answer = pipe.ask({"optimizer.learning_rate": (1 + number) * 1e-4})
            self.assertEqual((answer["trial"], answer["status"]), (number, "finished"))
        self.assertLess(time.monotonic() - start, 20)  # a sanitizer on a busy machine
        before = without_times(self.folder / "out/trials.csv")
        pipe.ask({"train.seed": 1})
        after = without_times(self.folder / "out/trials.csv")
        self.assertEqual([{**row, "train.seed": ""} for row in before], after[:-1])
        self.assertEqual((after[-1]["train.seed"], after[-1]["trial"]), ("1", "3000"))
        self.assertEqual(pipe.end(), 0)

    def test_full_disk(self):
        """No answer without its rows; and what was answered is there."""
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

        self.write("a.yaml", TRIVIAL)
        lines = "".join(f'{{"optimizer.learning_rate": {number}e-4}}\n' for number in range(1, 1000))
        done = subprocess.run([PROGRAM, "ask-tell", "a.yaml", "--output", "out"], cwd=self.folder, text=True,
                              input=lines, capture_output=True, preexec_fn=small, restore_signals=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("slope: cannot write 'out/trials.csv': ", done.stderr)
        answers = len(done.stdout.splitlines()) - 1
        self.assertGreater(answers, 10)
        pipe = self.resume()
        self.assertEqual(len(self.trials()), answers)
        self.assertEqual(pipe.ask({"optimizer.learning_rate": 0.5})["trial"], answers)

    # ---- a trial runs once -------------------------------------------------------------------------

    def test_asked_again(self):
        pipe = self.pipe()
        first = pipe.ask(QUESTIONS)
        files = [(self.folder / "out" / name).read_bytes() for name in ("trials.csv", "metrics.csv")]
        for question, answer in zip(QUESTIONS, first):
            again = pipe.ask({"id": "again", **question})
            self.assertEqual((again.pop("id"), bits(again)), ("again", bits(answer)))
            self.assertEqual(again["trial"], answer["trial"])
        twice = pipe.ask([QUESTIONS[1], {"id": 1, "train.epochs": 1}, QUESTIONS[0],
                          {"id": 2, "train": {"epochs": 1}}])
        self.assertEqual([a["trial"] for a in twice], [1, 5, 0, 5])
        self.assertEqual([a["id"] for a in twice], [None, 1, None, 2])
        self.assertEqual(bits(twice[1]), bits(twice[3]))
        self.assertEqual(pipe.ask({"optimizer": "lamb"})["trial"], 6)
        for bytes_before, name in zip(files, ("trials.csv", "metrics.csv")):
            self.assertTrue((self.folder / "out" / name).read_bytes().startswith(bytes_before))
        self.assertEqual(len(self.trials()), 7)

    def test_timed_out_stays_so(self):
        pipe = self.pipe(text=BLOBS + "sweep: {trial_seconds: 0.05}\n")
        first = pipe.ask({"train.epochs": 10**6})
        self.assertEqual(first["status"], "timeout")
        self.assertEqual(bits(pipe.ask({"train.epochs": 10**6})), bits(first))

    # ---- what is refused ---------------------------------------------------------------------------

    def test_refused(self):
        pipe = self.pipe()
        pipe.ask({})
        self.assertIn(f"'out' is in use by process {pipe.process.pid}",
                      self.slope("ask-tell", "--resume", "out", status=3).stderr)
        pipe.end()
        self.slope("run", "a.yaml", "--output", "run", "--quiet")
        for arguments, status, words in (
                (("ask-tell", "a.yaml", "--output", "out"), 2,
                 "slope: 'out' is not empty: give another folder, or go on with what is there: slope "
                 "ask-tell --resume out"),
                (("ask-tell", "--resume", "run"), 2,
                 "'run' is not a folder of slope ask-tell; go on with it: slope resume run"),
                (("ask-tell", "--resume", "nowhere"), 3, "cannot go on with 'nowhere'"),
                (("ask-tell", "a.yaml", "--resume", "out"), 2, "leave out 'a.yaml'"),
                (("ask-tell", "--resume", "out", "--no-output"), 2, "give one of them"),
                (("ask-tell", "a.yaml", "--output", "x", "--no-output"), 2, "give one of them"),
                (("ask-tell",), 2, "which file?"),
                (("ask-tell", "a.yaml", "--output", "/proc/slope"), 3, "cannot make folder '/proc/slope'"),
                (("resume", "out"), 2, "go on with: slope ask-tell --resume out"),
                (("run", "a.yaml", "--extend", "out"), 2, "go on with: slope ask-tell --resume out"),
                (("merge", "out", "--into", "merged"), 2, "cannot merge 'out': ")):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.slope(*arguments, status=status).stderr)
        self.assertEqual(len(self.trials()), 1)

    def test_edited_configuration(self):
        pipe = self.pipe()
        pipe.ask({"train.seed": 3})
        pipe.end()
        config = self.folder / "out/config.yaml"
        text = config.read_text()
        config.write_text(text.replace("epochs: 2", "epochs: 3"))
        self.assertIn("cannot go on with 'out': its config.yaml was edited; put back what was there, or "
                      "begin a new folder:\n  train.epochs: 2 -> 3\n",
                      self.slope("ask-tell", "--resume", "out", status=2).stderr)
        config.write_text(text + "  metric: train_loss\n")  # only what is told changes
        self.assertIn("sweep:\n", text)
        answer = self.resume().ask({"train.seed": 3})
        self.assertEqual((answer["trial"], answer["value"]), (0, answer["train_loss"]))

    def test_changed_plugin(self):
        """At once if the file needs it, else when a question brings it in."""
        build_wild(self)
        self.write("a.yaml", BLOBS)
        pipe = self.wild("a.yaml", "--output", "out")
        pipe.ask({"optimizer": "wild"})
        pipe.end()
        build_wild(self, "-DOTHER")
        pipe = self.wild("--resume", "out")
        self.assertEqual(pipe.ask({})["status"], "finished")
        pipe.send({"optimizer": "wild"})
        self.assertEqual(pipe.process.wait(30), 2)
        errors = pipe.process.stderr.read()
        self.assertIn("'out' has trials of another plugin or data file; put back what was there, or "
                      "begin a new folder:\n  optimizer wild", errors)
        self.assertEqual(len(self.trials()), 2)


if __name__ == "__main__":
    main()
