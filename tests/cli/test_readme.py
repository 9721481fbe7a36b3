"""The README tells the truth: its files are written as they stand there, and its commands are run."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from slope_cli import PROGRAM, SOURCE, SlopeCase, main

README = (SOURCE / "README.md").read_text()


def blocks(language):
    every = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for name, text in every if name == language]


class Readme(SlopeCase):
    def shell(self, script):
        """Runs a block's commands with `slope` on the path."""
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=self.folder, text=True, capture_output=True,
            timeout=300, env={**os.environ, "CC": os.environ.get("SLOPE_CC", "cc"),
                              "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, f"{script}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def setUp(self):
        super().setUp()
        self.first, self.second, *self.others = blocks("yaml")
        self.write("first.yaml", self.first)

    def test_first_experiment(self):
        (commands,) = [block for block in blocks("sh") if "--print-config" in block]
        output = self.shell(commands)
        self.assertIn("mlp softmax adam", output)
        self.assertIn("# first.yaml:1", output)
        self.assertIn("passed", output)

    def test_comparison(self):
        self.write("second.yaml", self.second)
        # On small made-up data: the file itself needs Fashion-MNIST.
        done = self.slope("run", "second.yaml", "dataset=blobs", "train.epochs=1")
        for label in ("linear sgd", "linear adam", "mlp adam"):
            self.assertIn(label, re.sub(" +", " ", done.stdout))

    def test_every_other_file_is_right(self):
        self.assertTrue(self.others)
        for text in self.others:
            self.write("other.yaml", text)
            self.slope("check", "other.yaml")

    def test_circuit(self):
        (circuit,) = [block for block in blocks("") if "df/df" in block]
        (formula,) = [text for text in self.others if "loss: value" in text]
        self.write("circuit.yaml", formula)
        self.assertIn(circuit, self.slope("graph", "circuit.yaml").stdout)

    def test_same_bits(self):
        (commands,) = [block for block in blocks("sh") if "cmp" in block]
        self.assertEqual(self.shell(commands), "")

    def test_ten_minutes(self):
        (commands,) = [block for block in blocks("sh") if "slope new" in block]
        output = self.shell(commands)
        for text in ("wrote mine.c", "ok       optimizer mine: survives a checkpoint", " 0 failed",
                     "mlp softmax mine", "times sgd"):
            self.assertIn(text, output)

    def test_own_update_rule(self):
        (source,) = blocks("c")
        (commands,) = [block for block in blocks("sh") if "compile my_lion.c" in block]
        self.write("my_lion.c", source)
        output = self.shell(commands)
        self.assertIn("optimizer my_lion 1.0", output)
        self.assertIn("mlp softmax my_lion", output)

    def test_every_command_is_named(self):
        for line in self.slope("--help").stdout.split("commands:\n")[1].split("\n\n")[0].splitlines():
            self.assertIn(f"`slope {line.split()[0]} ", README)

    def test_table_is_the_main_jobs(self):
        """The trials in the README's table are those of the configuration, in its order."""
        (table,) = [block for block in blocks("") if block.startswith("trial ")]
        rows = table.split("\nbest by")[0].splitlines()[2:]
        labels = [row.split("  ")[0] for row in rows]
        done = self.slope("run", SOURCE / "configs" / "fashion_mnist.yaml", "--print-config")
        recorded = re.findall(r"^ *-? ?label: (.*?) *#", done.stdout, re.MULTILINE)
        self.assertEqual(labels, recorded)


if __name__ == "__main__":
    main()
