"""test_new: `slope new`: for each kind the commands that it prints are run as they stand, in an empty
folder: compile, test, use."""
import os
import re
import shutil
import subprocess

import slope_cli
from slope_cli import PROGRAM, SOURCE

KINDS = ("reader", "model", "loss", "optimizer", "schedule", "sampler", "pruner")
STRICT = ("-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes "
          "-Wmissing-prototypes -Wundef -Werror")


class New(slope_cli.SlopeCase):
    def commands(self, kind):
        out = self.slope("new", kind, "mine").stdout
        return dict(re.findall(r"(?m)^(compile|test|use) +(.*)$", out))

    def shell(self, command):
        path = f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, text=True,
                              capture_output=True, timeout=120,
                              env={**os.environ, "PATH": path, "CC": os.environ["SLOPE_CC"]})
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr

    def test_compile_test_and_use(self):
        self.write("data.txt", "".join(f"{i} {i * i % 7} {i % 2}\n" for i in range(40)))
        for kind in KINDS:
            with self.subTest(kind):
                commands = self.commands(kind)
                self.assertEqual(list(commands), ["compile", "test", "use"])
                self.assertRegex(self.shell(commands["compile"]), r"^wrote mine\.so: .*\n$")
                self.shell(f"{commands['compile']} -- {STRICT}")
                output = self.shell(commands["test"])
                self.assertIn(f"ok       {kind} mine: ", output)
                self.assertIn(" 0 failed", output)
                self.use(commands["use"])
                for name in ("mine.c", "mine.so"):
                    (self.folder / name).unlink()

    def use(self, command):
        self.assertIn("finished", self.shell(command))
        (manifest,) = self.folder.glob("results/*/latest/manifest.yaml")
        self.assertIn("mine.so", manifest.read_text())
        shutil.rmtree(self.folder / "results")

    def test_the_optimizer_fits_a_screen(self):
        self.slope("new", "optimizer", "mine")
        lines = (self.folder / "mine.c").read_text().splitlines()
        self.assertLessEqual(len(lines), 40)

    def test_every_kind_has_a_template(self):
        templates = sorted(p.name for p in (SOURCE / "plugins/templates").iterdir())
        self.assertEqual(templates, sorted(f"{kind}.c.in" for kind in KINDS))
        for kind in KINDS:
            text = (SOURCE / "plugins/templates" / f"{kind}.c.in").read_text()
            self.assertLessEqual(max(map(len, text.splitlines())), 100)

    def test_never_overwrites(self):
        self.write("mine.c", "precious")
        done = self.slope("new", "loss", "mine", status=3)
        self.assertIn("'mine.c' is there already", done.stderr)
        self.assertEqual((self.folder / "mine.c").read_text(), "precious")

    def test_names(self):
        for name in ("Mine", "2nd", "a-b", "../mine", "", "x" * 64, "a.b", "_x"):
            self.assertIn("is no name", self.slope("new", "loss", name, status=2).stderr)
        self.assertIn("there is an optimizer 'adam' already",
                      self.slope("new", "optimizer", "adam", status=2).stderr)
        self.slope("new", "loss", "adam")  # of another kind
        self.assertEqual([p.name for p in self.folder.iterdir()], ["adam.c"])

    def test_usage(self):
        self.assertIn("expected a kind and a name", self.slope("new", status=2).stderr)
        self.assertIn("expected a kind and a name",
                      self.slope("new", "loss", "a", "b", status=2).stderr)
        self.assertIn("did you mean 'optimizer'?",
                      self.slope("new", "optimiser", "mine", status=2).stderr)
        self.assertIn("there are reader, model, loss, optimizer, schedule, sampler and pruner",
                      self.slope("new", "dataset", "mine", status=2).stderr)
        self.assertIn("no option '--x'", self.slope("new", "--x", status=2).stderr)

    def test_current_folder_that_cannot_be_written(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        self.folder.chmod(0o500)
        self.assertIn("cannot write 'mine.c': Permission denied",
                      self.slope("new", "loss", "mine", status=3).stderr)


if __name__ == "__main__":
    slope_cli.main()
