"""An optimiser (Optuna) that drives `slope ask-tell`, as the README shows it; with pruning; and killed with all
that it had learnt, and played again."""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from ask_tell_pipe import SWEEP, Pipe
from run_files import read_csv
from slope_cli import PROGRAM, SOURCE, SlopeCase, main

try:
    import optuna
except ImportError:
    optuna = None


def suggest(trial, space):
    """A question drawn by an Optuna trial from the space that the greeting tells."""
    question, chosen = {}, {}
    for number, d in enumerate(space):
        parent = d.get("parent")
        if parent and chosen.get(parent["dimension"]) != parent["choice"]:
            continue
        name = f"{number} {d['path']}"
        if d["kind"] == "choice":
            chosen[number] = trial.suggest_categorical(name, range(len(d["choices"])))
            question.update(d["choices"][chosen[number]])
        elif d["integer"]:
            question[d["path"]] = trial.suggest_int(name, d["low"], d["high"], log=d["log"])
        else:
            question[d["path"]] = trial.suggest_float(name, d["low"], d["high"], log=d["log"])
    return question


def ask_epoch_by_epoch(pipe, trial, question):
    """The answer at the end of a trial, unless Optuna's pruner ends it at one of its pauses."""
    answer = pipe.ask({**question, "until_epoch": 1})
    while answer["status"] == "paused":
        trial.report(answer["value"], answer["steps"])
        if trial.should_prune():
            pipe.ask({"prune": answer["trial"]})
            raise optuna.TrialPruned()
        answer = pipe.ask({"resume": answer["trial"], "until_epoch": int(answer["epochs"]) + 1})
    return answer


@unittest.skipIf(optuna is None, "Optuna (python3-optuna) is not installed")
class Optuna(SlopeCase):
    def setUp(self):
        super().setUp()
        optuna.logging.set_verbosity(optuna.logging.ERROR)

    def pipe(self, text, *arguments):
        self.write("a.yaml", text)
        return Pipe(self, "a.yaml", *arguments)

    def test_study(self):
        """20 trials of TPE: what it finds after its random start is better than the worst of that,
        and the same seed gives the same study."""
        studies = []
        for _ in range(2):
            pipe = self.pipe(SWEEP.replace("to: 5000", "to: 20"))
            study = optuna.create_study(direction=pipe.greeting["direction"],
                                        sampler=optuna.samplers.TPESampler(seed=5))

            def objective(trial, pipe=pipe):
                answer = pipe.ask(suggest(trial, pipe.greeting["space"]))
                self.assertIn(answer["status"], ("finished", "diverged"), answer["message"])
                return float("nan") if answer["value"] is None else answer["value"]

            study.optimize(objective, n_trials=20)
            self.assertEqual(pipe.end(), 0)
            studies.append([(trial.value, trial.params) for trial in study.trials])
        self.assertEqual(*studies)
        values = [value for value, _ in studies[0] if value is not None]
        self.assertLess(min(values[10:]), max(values[:10]))

    def test_readme(self):
        """The program in the README runs as it stands there."""
        readme = (SOURCE / "README.md").read_text()
        programs = [text for text in re.findall(r"^```python\n(.*?)^```$", readme, re.M | re.S)
                    if "ask-tell" in text]
        self.assertEqual(len(programs), 1)
        self.write("sweep.yaml", SWEEP.replace("to: 5000", "to: 5"))
        done = subprocess.run(
            [sys.executable, "-c", programs[0]], cwd=self.folder, text=True, capture_output=True,
            env={**os.environ, "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("optimizer.name", done.stdout)

    def test_pruning(self):
        """Its median rule ends trials at their pauses; those that it leaves alone are as if nobody had
        ever looked at them."""
        pipe = self.pipe(SWEEP.replace("  train.epochs: {from: 1, to: 5000}\n", ""), "train.epochs=8")
        asked = {}

        def objective(trial):
            question = asked[trial.number] = suggest(trial, pipe.greeting["space"])
            return ask_epoch_by_epoch(pipe, trial, question)["value"]

        study = optuna.create_study(
            direction=pipe.greeting["direction"], sampler=optuna.samplers.TPESampler(seed=1),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3))
        study.optimize(objective, n_trials=20)
        self.assertGreater(len([t for t in study.trials if t.state.name == "PRUNED"]), 2)
        finished = [t for t in study.trials if t.state.name == "COMPLETE"]
        self.assertEqual(pipe.ask(asked[finished[-1].number])["value"], finished[-1].value)

    def pruned_study(self, pipe, trials):
        """A study that a median rule prunes: its values, and how many questions were asked."""
        study = optuna.create_study(
            direction=pipe.greeting["direction"], sampler=optuna.samplers.TPESampler(seed=3),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3))

        def objective(trial):
            answer = ask_epoch_by_epoch(pipe, trial, suggest(trial, pipe.greeting["space"]))
            return float("nan") if answer["value"] is None else answer["value"]

        study.optimize(objective, n_trials=trials)
        return [(trial.state, trial.params, trial.intermediate_values) for trial in study.trials]

    def test_killed_and_played_again(self):
        text = SWEEP.replace("  train.epochs: {from: 1, to: 5000}\n", "")
        whole = self.pruned_study(self.pipe(text, "train.epochs=6", "--output", "whole"), 20)
        pipe = self.pipe(text, "train.epochs=6", "--output", "out")
        self.assertEqual(self.pruned_study(pipe, 12), whole[:12])
        pipe.process.kill()
        pipe.process.wait()
        before = (self.folder / "out/pauses.csv").read_bytes(), read_csv(self.folder / "out/trials.csv")
        pipe = Pipe(self, "--resume", "out")
        self.assertEqual(self.pruned_study(pipe, 20), whole)
        after = (self.folder / "out/pauses.csv").read_bytes(), read_csv(self.folder / "out/trials.csv")
        self.assertTrue(set(before[0].split(b"\n")) <= set(after[0].split(b"\n")))
        self.assertEqual(after[1][:len(before[1])], before[1])  # times included: nothing ran again
        self.assertEqual(len(after[1]), 20)


if __name__ == "__main__":
    main()
