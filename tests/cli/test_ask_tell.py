"""`slope ask-tell`: its words, answers against `slope run` of the same configurations, batches against single
questions, and what is wrong with a question."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from ask_tell_pipe import BLOBS, SWEEP, TIMES, Pipe, bits
from run_files import read_csv
from slope_cli import PROGRAM, SlopeCase, main


class AskTell(SlopeCase):
    def pipe(self, text, *arguments):
        self.write("a.yaml", text)
        return Pipe(self, "a.yaml", *arguments)

    # ---- the greeting ------------------------------------------------------------------------------

    def test_greeting(self):
        hello = self.pipe(BLOBS, "--no-output").greeting
        self.assertEqual(hello.pop("slope"), self.slope("--version").stdout.split()[1])
        self.assertEqual(hello, {"protocol": 1, "experiment": "a", "metric": "validation_accuracy",
                                 "direction": "maximize", "results": None, "space": []})

    def test_metric(self):
        for override, metric, direction in (
                ("dataset.validation=null", "train_loss", "minimize"),
                ("sweep.metric=train_accuracy", "train_accuracy", "maximize"),
                ("sweep.metric=validation_loss", "validation_loss", "minimize")):
            hello = self.pipe(BLOBS, override).greeting
            self.assertEqual((hello["metric"], hello["direction"]), (metric, direction))

    def test_space(self):
        pipe = self.pipe(SWEEP)
        space = {d["path"]: d for d in pipe.greeting["space"]
                 if "parent" not in d or d["parent"]["choice"] == 1}
        rule = next(i for i, d in enumerate(pipe.greeting["space"]) if d["path"] == "optimizer")
        below = {"dimension": rule, "choice": 1}
        self.assertEqual(pipe.greeting["direction"], "minimize")
        self.assertEqual(space["regularization.l2"], {
            "path": "regularization.l2", "kind": "range", "low": 1e-5, "high": 1e-2, "log": True,
            "integer": False})
        self.assertEqual(space["train.epochs"], {
            "path": "train.epochs", "kind": "range", "low": 1, "high": 5000, "log": False,
            "integer": True})
        self.assertEqual(space["optimizer"]["choices"],
                         [{"optimizer.name": "sgd"}, {"optimizer.name": "adam"}])
        self.assertEqual(space["optimizer.learning_rate"], {
            "path": "optimizer.learning_rate", "parent": below, "kind": "choice",
            "choices": [{"optimizer.learning_rate": 0.001}, {"optimizer.learning_rate": 0.01}]})
        self.assertEqual(space["optimizer.beta1"], {
            "path": "optimizer.beta1", "parent": below, "kind": "range", "low": 0.5, "high": 0.99,
            "log": False, "integer": False})
        self.assertEqual(space["train.batch_size and train.seed"]["choices"], [
            {"train.batch_size": 16, "train.seed": 1}, {"train.batch_size": "full", "train.seed": 2}])
        for d in space.values():
            for choice in d.get("choices", []):
                self.assertEqual(pipe.ask({"optimizer": "adam", **choice})["status"], "finished")

    def test_file_counts_without_its_sweep(self):
        """What a question leaves out is the file's, not the first value of the sweep."""
        with_sweep = self.pipe(SWEEP).ask({})
        plain = self.pipe(BLOBS, "sweep.metric=validation_loss").ask({})
        self.assertEqual(bits(with_sweep), bits(plain))

    # ---- answers -----------------------------------------------------------------------------------

    def check_like_run(self, text, questions, sweep):
        pipe = self.pipe(text)
        answers = [pipe.ask(question) for question in questions]
        self.write("b.yaml", text + sweep)
        self.slope("run", "b.yaml", "--output", "run", status=None)
        rows = read_csv(self.folder / "run/trials.csv")
        self.assertEqual(len(rows), len(answers))
        same = set()
        for answer, row in zip(answers, rows):
            self.assertEqual(answer["hash"], row["hash"])
            for key in set(answer) & set(row) - TIMES - {"trial"}:
                if isinstance(answer[key], (int, float)):
                    self.assertEqual(answer[key], float(row[key]), key)
                    same.add(key)
                elif key != "hash":
                    self.assertEqual(answer[key] or "", row[key], key)
        return same

    def test_answers_are_those_of_a_run(self):
        same = self.check_like_run(BLOBS, [
            {"optimizer.learning_rate": 0.01, "model": {"name": "mlp", "hidden": [8]}},
            {"optimizer": "adam", "optimizer.learning_rate": 0.003, "train.precision": "float64"},
            {"optimizer": {"name": "sgd"}, "schedule": {"name": "cosine"}, "train": {"epochs": 3}},
            {"dataset.seed": 3, "train.batch_size": "full"},
        ], """\
trials:
  - {optimizer: {learning_rate: 0.01}, model: {name: mlp, hidden: [8]}}
  - {optimizer: {name: adam, learning_rate: 0.003}, train: {precision: float64}}
  - {optimizer: sgd, schedule: cosine, train: {epochs: 3}}
  - {dataset: {seed: 3}, train: {batch_size: full}}
""")
        self.assertTrue(same >= {"steps", "epochs", "train_loss", "validation_accuracy"}, same)

    def test_answers_of_regression(self):
        same = self.check_like_run("""\
dataset: {name: synthetic, kind: regression, rows: 60, features: 3, validation: 0.2}
loss: squared_error
train: {epochs: 3}
""", [{"optimizer.learning_rate": 0.1}], "trials: [{optimizer: {learning_rate: 0.1}}]\n")
        self.assertTrue(same >= {"train_r2", "validation_mse"}, same)

    def test_functions_without_data(self):
        pipe = self.pipe("""\
model: {name: expression, parameters: {x: -4, y: 3}, expressions: {f: x^2 + y^2}}
loss: value
train: {steps: 50}
""")
        self.assertEqual((pipe.greeting["metric"], pipe.greeting["direction"]),
                         ("train_loss", "minimize"))
        answer = pipe.ask({"optimizer": {"name": "sgd", "learning_rate": 0.01}})
        self.slope("run", "a.yaml", "optimizer={name: sgd, learning_rate: 0.01}", "--output", "run")
        row = read_csv(self.folder / "run/trials.csv")[0]
        self.assertEqual((answer["hash"], answer["value"]),
                         (row["hash"], float(row["train_loss"])))

    def test_value(self):
        pipe = self.pipe(BLOBS, "sweep.metric=validation_loss")
        answer = pipe.ask({})
        self.assertEqual((answer["metric"], answer["value"]),
                         ("validation_loss", answer["validation_loss"]))

    def test_diverged(self):
        pipe = self.pipe(BLOBS, "sweep.metric=train_loss")
        answer = pipe.ask({"optimizer": "sgd", "optimizer.learning_rate": 1e30,
                           "dataset.scale": 1e20})
        self.assertEqual((answer["status"], answer["value"]), ("diverged", None))
        self.assertIn("not finite", answer["message"])

    def test_limit_of_time(self):
        answer = self.pipe(BLOBS, "sweep.trial_seconds=0.05", "train.epochs=1000000").ask({})
        self.assertEqual(answer["status"], "timeout")
        self.assertGreater(answer["seconds"], 0.05)
        self.assertLess(answer["seconds"], 5)

    def test_same_data_are_read_once(self):
        """Several data sets by turns, more of them than are kept."""
        pipe = self.pipe(BLOBS, "--no-output")
        first = [pipe.ask({"dataset.seed": seed}) for seed in range(9)]
        self.assertEqual(len({answer["hash"] for answer in first}), 9)
        again = [pipe.ask({"dataset.seed": seed}) for seed in reversed(range(9))]
        self.assertEqual([bits(a) for a in first], [bits(a) for a in reversed(again)])

    # ---- batches -----------------------------------------------------------------------------------

    def test_batches_have_the_bits_of_single_questions(self):
        questions = [
            {"id": f"{rule} {rate} {more}", "optimizer.name": rule, "optimizer.learning_rate": rate,
             **more}
            for rule in ("sgd", "adam", "lamb") for rate in (0.001, 0.1, 1)
            for more in ({}, {"model": "mlp"}, {"train.seed": 3}, {"regularization.l2": 0.01},
                         {"train.epochs": 1}, {"dataset.seed": 1})]
        pipe = self.pipe(BLOBS, "--threads", 1)
        singles = [pipe.ask(question) for question in questions]
        self.assertEqual([a["trial"] for a in singles], list(range(len(questions))))
        for arguments in (["--threads", 1], ["--threads", 3], ["sweep.fuse=off"]):
            answers = self.pipe(BLOBS, *arguments).ask(questions)
            self.assertEqual([a["id"] for a in answers], [q["id"] for q in questions])
            self.assertEqual([bits(a) for a in answers], [bits(a) for a in singles])

    def test_wrong_ones_in_a_batch(self):
        answers = self.pipe(BLOBS).ask([{"id": 1}, {"id": 2, "optimizer": "adm"}, 3, {"id": 4}])
        self.assertEqual([a["id"] for a in answers], [1, 2, None, 4])
        self.assertEqual([a["status"] for a in answers], ["finished", "error", "error", "finished"])
        self.assertEqual(bits(answers[0]), bits(answers[3]))

    def test_empty_batch(self):
        pipe = self.pipe(BLOBS)
        self.assertEqual(pipe.ask([]), [])
        self.assertEqual(pipe.ask([{}])[0]["trial"], 0)

    # ---- trials that wait --------------------------------------------------------------------------

    def test_pauses_change_no_bit(self):
        """Trials of a batch that wait at different places, beside each other and other trials."""
        questions = [{"optimizer": rule, "train.epochs": 6, "model": model, "evaluate": "1 step"}
                     for rule in ("sgd", "adam", "lamb") for model in ("linear", "mlp")]
        straight = [bits(a) for a in self.pipe(BLOBS).ask(questions)]
        pipe = self.pipe(BLOBS)
        epochs = [1, 2, 0.1, 3, 100, 1e-9]
        answers = pipe.ask([{**q, "until_epoch": e} for q, e in zip(questions, epochs)])
        self.assertEqual([a["status"] for a in answers], ["paused"] * 4 + ["finished", "paused"])
        self.assertEqual([a["steps"] for a in answers], [6, 12, 1, 18, 36, 1])
        for until in (19, 23, 30):
            alone = pipe.ask({"optimizer.learning_rate": 0.3})
            self.assertEqual(alone["status"], "finished")
            answers[:4] = pipe.ask([{"resume": number, "until_step": until} for number in range(4)])
            self.assertEqual([(a["trial"], a["status"], a["steps"]) for a in answers[:4]],
                             [(number, "paused", until) for number in range(4)])
            for a in answers[:4]:
                self.assertEqual(a["value"], a["validation_accuracy"])
        for number in (5, 2, 0, 3, 1):
            answers[number] = pipe.ask({"resume": number, "id": "last"})
            self.assertEqual(answers[number]["id"], "last")
        self.assertEqual([bits(a) for a in answers], straight)

    def test_prune(self):
        pipe = self.pipe(BLOBS)
        paused = pipe.ask({"until_step": 4})
        pruned = pipe.ask({"prune": 0, "id": 7})
        self.assertEqual((pruned["id"], pruned["trial"], pruned["status"], pruned["message"]),
                         (7, 0, "pruned", "by who asked for it"))
        for key in ("steps", "value", "validation_loss", "hash"):
            self.assertEqual(pruned[key], paused[key])
        self.assertEqual(pipe.ask({"resume": 0})["status"], "error")

    def test_wrong_pauses(self):
        pipe = self.pipe(BLOBS)
        pipe.ask({"until_step": 4})
        for question, words in (
                ({"resume": 1}, "there is no such trial waiting"),
                ({"prune": -1}, "there is no such trial waiting"),
                ({"resume": "0"}, "there is no such trial waiting"),
                ({"resume": 0, "until_step": 4}, "the trial is at step 4 already"),
                ({"resume": 0, "until_epoch": 0.1}, "the trial is at step 4 already"),
                ({"resume": 0, "train.epochs": 3}, "stays as it is"),
                ({"resume": 0, "prune": 0}, "resume and prune: give one of them"),
                ({"until_step": 0}, "until_step: "),
                ({"until_step": 1.5}, "until_step: "),
                ({"until_epoch": 0}, "until_epoch: "),
                ({"until_epoch": "1"}, "until_epoch: "),
                ({"until_epoch": 1, "until_step": 1}, "give one of them"),
                ({"until_step": 3, "optimizer": "adm"}, "'adm'")):
            answer = pipe.ask(question)
            self.assertEqual(answer["status"], "error", question)
            self.assertIn(words, answer["message"])
        twice = pipe.ask([{"resume": 0, "until_step": 5}, {"resume": 0, "until_step": 6}])
        self.assertEqual([a["status"] for a in twice], ["paused", "error"])
        pipe.ask([{"until_step": 1, "dataset.seed": seed} for seed in range(9)])
        self.assertEqual(pipe.ask({"resume": 0})["status"], "finished")
        self.assertEqual(pipe.end(), 0)  # with trials that still wait

    # ---- questions that are wrong ------------------------------------------------------------------

    def test_errors(self):
        pipe = self.pipe(BLOBS)
        good = pipe.ask({})
        for question, words in (
                ("nonsense", "not JSON"),
                ('{"optimizer.learning_rate": 0.1', "not JSON"),
                ('{"a": NaN}', "not JSON"),
                ('{"train": {}, "train": {}}', "duplicate"),
                ("7", "expected an object"),
                ('"optimizer"', "expected an object"),
                ({"id": [1]}, "id: expected a text or a number"),
                ({"optimizer.learning_rat": 1},
                 "optimizer.learning_rat: unknown key; did you mean 'learning_rate'?"),
                ({"optimiser": "sgd"}, "optimiser: unknown key; did you mean 'optimizer'?"),
                ({"sweep": {"trials": 3}}, "sweep: unknown key"),
                ({"trials": []}, "trials: unknown key"),
                ({"experiment": "b"}, "experiment: unknown key"),
                ({"a..b": 1}, "'a..b' is no path to a key"),
                ({"": 1}, "'' is no path to a key"),
                ({"optimizer.learning_rate": -1}, "optimizer.learning_rate: "),
                ({"optimizer.learning_rate": "0.1"}, "optimizer.learning_rate: "),
                ({"optimizer.learning_rate": None, "train": 3.5}, "train.epochs: "),
                ({"optimizer": ["sgd"]}, "optimizer: "),
                ({"optimizer": "adm"}, "there is no optimizer 'adm'; did you mean 'adam'?"),
                ({"loss": "squared_error"}, "squared_error"),
                ({"dataset.name": "csv", "dataset.file": "gone.csv"}, "gone.csv"),
                ({"train.epochs": 0.5, "optimizer.momentum": 7}, "; optimizer.momentum: ")):
            for _ in range(2):  # told every time, and nothing of it stays
                answer = pipe.ask(question)
                self.assertEqual(answer["status"], "error", question)
                self.assertIn(words, answer["message"])
                self.assertNotIn("value", answer)
        self.assertEqual(bits(pipe.ask({})), bits(good))
        self.assertEqual(pipe.end(), 0)

    def test_file_that_comes_later(self):
        pipe = self.pipe(BLOBS)
        question = {"dataset": {"name": "csv", "file": "late.csv", "label_column": "kind"}}
        before = pipe.ask(question)
        self.assertEqual(before["status"], "error")
        rows = "\n".join(f"{i % 7},{i % 3},{'ab'[i % 2]}" for i in range(40))
        self.write("late.csv", "x,y,kind\n" + rows + "\n")
        after = pipe.ask(question)
        self.assertEqual(after["status"], "finished", after["message"])

    def test_ids(self):
        pipe = self.pipe(BLOBS)
        for given in ("x", "", "naïve 😀\n\"", 0, -7, 0.1, 1e300, True, None):
            answer = pipe.ask({"id": given})
            self.assertEqual((answer["id"], answer["status"]), (given, "finished"))

    def test_wrong_files(self):
        self.write("a.yaml", BLOBS + "trials: [{}, {label: b}]\n")
        done = self.slope("ask-tell", "a.yaml", status=2)
        self.assertIn("trials=null", done.stderr)
        self.slope("ask-tell", "a.yaml", "trials=null")
        self.slope("ask-tell", "gone.yaml", status=3)
        self.slope("ask-tell", "a.yaml", "trials=null", "optimizer=adm", status=2)
        for swept, words in (("optimizer.lr=[1]", "optimizer.lr: unknown key"),
                             ("optimizer.learning_rate=[1, -1]", "optimizer.learning_rate: "),
                             ("optimizer.nesterov={uniform: [0, 1]}", "optimizer.nesterov: "),
                             ("model=[linear, {name: mlp, hidden: [[8], [0]]}]", "model.hidden")):
            done = self.slope("ask-tell", "a.yaml", "trials=null", f"sweep.{swept}", status=2)
            self.assertIn(words, done.stderr)
        done = self.slope("ask-tell", "a.yaml", "trials=null", "dataset.validation=null",
                          "sweep.metric=validation_loss", status=2)
        self.assertIn("has no validation rows", done.stderr)

    # ---- the end -----------------------------------------------------------------------------------

    def test_ends(self):
        self.write("a.yaml", BLOBS)
        for text, answers in (("", 0), ("\n{}\n", 0), ("{}", 1), ("{}\n{}\n\n{}\n", 2),
                              ("{}\r\n", 1), (" {} \n", 1)):
            done = subprocess.run([PROGRAM, "ask-tell", "a.yaml"], cwd=self.folder, input=text,
                                  text=True, capture_output=True, timeout=60)
            self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1 + answers))

    def test_signals(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGUSR1, 75)):
            pipe = self.pipe(BLOBS)
            pipe.ask({})
            time.sleep(0.05)
            pipe.process.send_signal(number)
            self.assertEqual(pipe.process.wait(10), status)
            pipe = self.pipe(BLOBS)
            busy = pipe.processor_seconds() + 0.5
            pipe.send([{"train.epochs": 10**9}, {}])
            while pipe.processor_seconds() < busy:
                time.sleep(0.02)
            pipe.process.send_signal(number)
            answers = pipe.receive()
            self.assertEqual([a["status"] for a in answers], ["interrupted", "finished"])
            self.assertEqual(pipe.process.wait(10), status)


if __name__ == "__main__":
    main()
