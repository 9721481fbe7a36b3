"""The same bits: every combination of model, loss, precision and batch size, on any number of threads,
any instruction set, with and without the data cache, interrupted and resumed, and from another
compiler. Chunk sizes are varied in unit/engine/test_objective.c, which can set them.

SLOPE_OTHER_PROGRAMS (separated by colons) names programs built otherwise, to be compared with;
`quickstart test` sets it to its other builds.
"""
import csv
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import slope_cli

# Bytes without a mean to take away are summed exactly in float32: kernels of their own.
TRIALS = [
    f"  - {{model: {model}, loss: {loss}, dataset: {{subtract_mean: {mean}}}, "
    f"train: {{precision: {precision}, batch_size: {batch}}}, optimizer: {rule}}}"
    for (model, loss, (precision, mean), batch), rule in zip(
        itertools.product(["linear", "{name: mlp, hidden: [33, 9]}"], ["softmax", "svm"],
                          [("float32", "true"), ("float32", "false"), ("float64", "true")],
                          ["50", "full"]),
        itertools.cycle(["{name: adam, learning_rate: 0.01}", "{name: momentum, learning_rate: 0.01}",
                         "{name: rmsprop, learning_rate: 0.001, centered: true}"]))
]
EXPERIMENT = f"""
dataset: {{name: synthetic, kind: uniform, element: uint8, rows: 2700, features: 37, classes: 5,
          test_rows: 300, scale: 0.00390625}}
regularization: {{l2: 1e-3, l1: 1e-5}}
clip: {{norm: 5}}
schedule: {{name: cosine, warmup_steps: 7}}
train: {{epochs: 3, seed: 4}}
checkpoint: {{every: 1 epoch}}
trials:
{os.linesep.join(TRIALS)}
"""


def without_times(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    kept = [i for i, name in enumerate(rows[0]) if not name.endswith("_seconds") and name != "hash"]
    return [[row[i] for i in kept] for row in rows]


class SameBits(slope_cli.SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("bits.yaml", EXPERIMENT)
        if not hasattr(SameBits, "expected"):  # once for all tests
            kept = pathlib.Path(tempfile.mkdtemp(prefix="slope-test-bits-"))
            self.addClassCleanup(shutil.rmtree, kept)
            SameBits.expected = self.run_bits(kept / "run", "--threads", 1)

    def run_bits(self, output, *arguments, environment=None, program=None):
        command = [program or slope_cli.PROGRAM, "run", "bits.yaml", "--quiet", "--output", output]
        subprocess.run([*command, *map(str, arguments)], cwd=self.folder, check=True,
                       env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL)
        return self.folder / output

    def check(self, got):
        for name in ("metrics.csv", "trials.csv"):
            self.assertEqual(without_times(got / name), without_times(self.expected / name))
        weights = sorted((self.expected / "weights").iterdir())
        self.assertEqual(len(weights), len(TRIALS))
        for path in weights:
            self.assertEqual((got / "weights" / path.name).read_bytes(), path.read_bytes(), path.name)

    def test_the_runs_learn(self):
        rows = without_times(self.expected / "trials.csv")
        self.assertEqual(len(rows), 1 + len(TRIALS))
        losses = {row[rows[0].index("train_loss")] for row in rows[1:]}
        self.assertEqual(len(losses), len(TRIALS))  # no two trials are the same computation
        self.assertTrue(all(row[rows[0].index("status")] == "finished" for row in rows[1:]))

    def test_threads(self):
        for threads in (2, 3, 7):
            with self.subTest(threads=threads):
                self.check(self.run_bits(f"threads{threads}", "--threads", threads))

    def test_instruction_sets(self):
        present = self.slope("--version", "--verbose").stdout
        for isa in ("baseline", "avx2", "avx512", "vnni", "amx"):
            with self.subTest(isa=isa):
                if isa not in present:
                    self.assertNotEqual(isa, "baseline")  # which every processor has
                    continue
                self.check(self.run_bits(isa, environment={"SLOPE_ISA": isa}))

    def test_cache(self):
        values = "\n".join(f"{i * 37 % 101},{i * 53 % 89 / 7},{i % 3}" for i in range(400))
        self.write("rows.csv", "a,b,kind\n" + values + "\n")
        self.write("rows.yaml", "dataset: {name: csv, file: rows.csv, label_column: kind}\n"
                                "train: {epochs: 3, batch_size: 30}\n")
        home = {"XDG_CACHE_HOME": str(self.folder / "cache")}
        for output, arguments in (("fresh", ["--no-cache"]), ("first", []), ("second", [])):
            self.slope("run", "rows.yaml", "--quiet", "--output", output, *arguments,
                       environment=home)
        for output in ("first", "second"):
            self.assertEqual(without_times(self.folder / output / "metrics.csv"),
                             without_times(self.folder / "fresh" / "metrics.csv"))

    def test_interrupted_and_resumed(self):
        command = [slope_cli.PROGRAM, "run", "bits.yaml", "--quiet", "--output", "broken"]
        folder = self.folder / "broken"
        running = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            if (folder / "weights" / "3.safetensors").exists():
                break
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
        running.wait()
        self.slope("resume", "broken", "--quiet", "--threads", 2)
        self.check(folder)

    def test_other_builds(self):
        others = [path for path in os.environ.get("SLOPE_OTHER_PROGRAMS", "").split(":") if path]
        if not others:
            self.skipTest("SLOPE_OTHER_PROGRAMS names no other build to compare with")
        for number, program in enumerate(others):
            with self.subTest(program=program):
                self.check(self.run_bits(f"other{number}", program=program))


if __name__ == "__main__":
    slope_cli.main()
