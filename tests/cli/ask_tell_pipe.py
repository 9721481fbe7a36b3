"""ask_tell_pipe: `slope ask-tell` at the other end of a pipe, question by question, and what to ask. Not a
test."""
import json
import os
import random
import subprocess

from crash_plugin import PLUGIN_OPTIONS
from run_files import read_csv
from slope_cli import PROGRAM, SlopeCase

BLOBS = """\
dataset: {name: synthetic, kind: blobs, rows: 120, features: 4, classes: 3, validation: 0.25}
optimizer: {name: momentum, learning_rate: 0.05}
train: {epochs: 2, batch_size: 16}
"""
SWEEP = BLOBS + """\
sweep:
  regularization.l2: {log_uniform: [1e-5, 1e-2]}
  train.epochs: {from: 1, to: 5000}
  optimizer:
    - {name: sgd, learning_rate: {from: 0.01, to: 1, scale: log}}
    - {name: adam, learning_rate: [0.001, 0.01], beta1: {uniform: [0.5, 0.99]}}
  zip:
    - {train.batch_size: [16, full], train.seed: [1, 2]}
  metric: validation_loss
"""
TIMES = {"train_seconds", "evaluate_seconds", "seconds"}


class Pipe:
    """The program, question by question."""

    def __init__(self, case, *arguments, environment=None):
        self.process = subprocess.Popen(
            [PROGRAM, "ask-tell", *map(str, arguments)], cwd=case.folder, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})})
        case.addCleanup(self.close)
        line = self.process.stdout.readline()
        self.greeting = json.loads(line) if line else case.fail(self.process.stderr.read())

    def send(self, question):
        line = question if isinstance(question, str) else json.dumps(question)
        self.process.stdin.write(line + "\n")

    def receive(self):
        return json.loads(self.process.stdout.readline(), parse_constant=self.no_number)

    def ask(self, question):
        self.send(question)
        return self.receive()

    def no_number(self, name):
        raise AssertionError(f"{name} is not JSON")

    def processor_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        """Exit status after the end of the input, or of the program."""
        self.process.stdin.close()
        return self.process.wait(60)

    def close(self):
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                file.close()
            except BrokenPipeError:
                pass


def bits(answer):
    """What does not depend on when it was asked."""
    return {key: value for key, value in answer.items() if key not in TIMES | {"id", "trial"}}


# Of several kinds; the last one diverges.
QUESTIONS = [
    {"optimizer.learning_rate": 0.01, "model": {"name": "mlp", "hidden": [8]}},
    {"optimizer": "adam", "optimizer.learning_rate": 0.003, "train.precision": "float64"},
    {"optimizer": {"name": "sgd"}, "schedule": {"name": "cosine"}, "train": {"epochs": 3}},
    {"dataset.seed": 3, "train.batch_size": "full"},
    {"optimizer": "sgd", "optimizer.learning_rate": 1e30, "dataset.scale": 1e20},
]


def study(count, seed=1, epochs=4):
    """Questions of an optimiser that draws without looking."""
    draw = random.Random(seed)
    return [{"optimizer": draw.choice(["sgd", "adam", "momentum"]),
             "optimizer.learning_rate": 10 ** draw.uniform(-3, 0), "train.epochs": epochs,
             **({"regularization.l2": draw.choice([0, 0.01])} if draw.random() < 0.5 else {})}
            for _ in range(count)]


class RecordCase(SlopeCase):
    """Trials of BLOBS, kept in `out`."""

    def pipe(self, *arguments, text=BLOBS):
        self.write("a.yaml", text)
        return Pipe(self, *(arguments or ("a.yaml", "--output", "out")))

    def resume(self):
        return Pipe(self, "--resume", "out")

    def trials(self, folder="out"):
        return read_csv(self.folder / folder / "trials.csv")

    def wild(self, *arguments):
        """With the plugin of build_wild()."""
        return Pipe(self, *arguments, environment={
            "SLOPE_PLUGIN_PATH": str(self.folder / "plugins"), **PLUGIN_OPTIONS})
