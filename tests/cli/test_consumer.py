"""test_consumer: slope as somebody meets it who writes a plugin of their own, outside this tree: by
hand with one line of cc, with pkg-config or CMake against an installed slope, and as one more file in a
checkout. Sources: tests/consumer/."""
import csv
import math
import os
import re
import shutil
import struct
import subprocess

import slope_cli
from slope_cli import BUILD, PROGRAM, SOURCE

CC = os.environ["SLOPE_CC"]
CONSUMER = SOURCE / "tests" / "consumer"
INCLUDE = SOURCE / "plugins" / "include"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
          "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wundef", "-Werror"]


KINDS = {"my_rows": "reader", "my_model": "model", "my_loss": "loss", "my_rule": "optimizer",
         "my_schedule": "schedule", "my_sampler": "sampler", "my_pruner": "pruner"}


class Consumer(slope_cli.SlopeCase):
    def write_rows(self):
        """A ring round a disc: 400 rows of two features and the class, as raw float32."""
        rows = []
        for i in range(400):
            angle, radius = 2.4 * i, (0.4, 1.6)[i % 2] + 0.3 * math.sin(7 * i)
            rows.append(struct.pack("<3f", radius * math.cos(angle), radius * math.sin(angle), i % 2))
        self.write("rows.bin", b"".join(rows))

    def train_with_all(self, run, *arguments, **options):
        """all_mine.yaml: every plugin of the folder in one experiment."""
        self.write_rows()
        shutil.copy(CONSUMER / "all_mine.yaml", self.folder)
        run("run", "all_mine.yaml", *arguments, "--quiet", "--output", "all", **options)
        (trial,) = self.trials("all")
        self.assertEqual(trial["status"], "finished")
        self.assertGreater(float(trial["test_accuracy"]), 0.95)

    def command(self, *arguments, status=0, **options):
        done = subprocess.run(list(map(str, arguments)), cwd=self.folder, text=True,
                              capture_output=True, timeout=300, **options)
        self.assertEqual(done.returncode, status,
                         f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done

    def trials(self, folder):
        with open(self.folder / folder / "trials.csv", newline="") as file:
            return list(csv.DictReader(file))


class ByHand(Consumer):
    """cc -shared -fPIC -I… my_rule.c -o my_rule.so, in an empty folder."""

    def setUp(self):
        super().setUp()
        shutil.copy(CONSUMER / "my_rule.c", self.folder)
        shutil.copy(CONSUMER / "my_rule.yaml", self.folder)
        self.done = self.command(CC, "-shared", "-fPIC", f"-I{INCLUDE}", "my_rule.c", "-o",
                                 "my_rule.so")
        self.environment = {"SLOPE_PLUGIN_PATH": str(self.folder)}

    def test_compiles_without_a_word(self):
        self.assertEqual(self.done.stdout + self.done.stderr, "")
        self.command(CC, *STRICT, "-shared", "-fPIC", f"-I{INCLUDE}", "my_rule.c", "-o",
                     "strict.so")

    def test_is_listed_and_described(self):
        listed = self.slope("plugins", "optimizer", environment=self.environment).stdout
        row = next(line for line in listed.splitlines() if re.match(r"optimizer +my_rule ", line))
        self.assertEqual(re.split(r" {2,}", row)[1:],
                         ["my_rule", "0.1", "float32", "steps by a power of the gradient",
                          os.path.realpath(self.folder / "my_rule.so")])
        described = self.slope("describe", "my_rule", environment=self.environment).stdout
        self.assertRegex(described, r"(?m)^power +number +0\.5 +>= 0, <= 1 +\S")
        self.assertIn("precision: float32 only", described)

    def test_conforms(self):
        self.assertIn("0 failed", self.slope("test", "my_rule.so").stdout)

    def test_trains(self):
        self.slope("run", "my_rule.yaml", "--quiet", "--output", "out",
                   environment=self.environment)
        (trial,) = self.trials("out")
        self.assertEqual(trial["status"], "finished")
        self.assertIn("my_rule.so", (self.folder / "out" / "manifest.yaml").read_text())
        accuracy = float(next(v for k, v in trial.items() if k.endswith("test_accuracy")))
        self.assertGreater(accuracy, 0.8)

    def test_its_own_check_points_at_the_line(self):
        done = self.slope("validate", "my_rule.yaml", "optimizer.power=0", "optimizer.decay=0",
                          status=2, environment=self.environment)
        self.assertIn("optimizer.power: must be above 0 when decay is 0", done.stderr)

    def test_has_no_float64(self):
        done = self.slope("run", "my_rule.yaml", "train.precision=float64", "--output", "out",
                          status=2, environment=self.environment)
        self.assertIn("'my_rule' was compiled for float32 only", done.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_is_not_found_without_the_path(self):
        self.assertIn("there is no optimizer 'my_rule'",
                      self.slope("validate", "my_rule.yaml", status=2).stderr)


class AllByHand(Consumer):
    """One plugin of each kind, each compiled with one line."""

    def setUp(self):
        super().setUp()
        for name in KINDS:
            self.command(CC, *STRICT, "-O2", "-ffp-contract=off", "-shared", "-fPIC",
                         f"-I{INCLUDE}", CONSUMER / f"{name}.c", "-o", f"{name}.so", "-lm")

    def test_there_is_one_of_each_kind(self):
        self.assertEqual(sorted(path.stem for path in CONSUMER.glob("*.c")), sorted(KINDS))

    def test_conform(self):
        self.write_rows()
        for name, kind in KINDS.items():
            needs = ["file=rows.bin", "columns=2"] if kind == "reader" else []
            out = self.slope("test", f"{name}.so", *needs).stdout
            self.assertIn(f"ok       {kind} {name}: ", out)
            self.assertIn(" 0 failed", out)
            self.assertNotIn("needs parameters", out)

    def test_the_sampler_learns(self):
        out = self.slope("test", "my_sampler.so").stdout
        first, last = map(float, re.search(
            r"mean result (\S+) in the first round, (\S+) in the last", out).groups())
        self.assertLess(last, 0.5 * first)

    def test_train_together(self):
        self.train_with_all(self.slope, environment={"SLOPE_PLUGIN_PATH": str(self.folder)})


class Headers(Consumer):
    def test_each_header_stands_alone(self):
        for header in sorted((INCLUDE / "slope").glob("*.h")):
            for bits in (32, 64):
                with self.subTest(f"{header.name} {bits}"):
                    source = self.write("alone.c", f"#include <slope/{header.name}>\n"
                                                   "extern int not_empty;\n")
                    self.command(CC, *STRICT, f"-DSLOPE_REAL_BITS={bits}", f"-I{INCLUDE}",
                                 "-fsyntax-only", source)

    def test_headers_need_no_runner(self):
        for header in (INCLUDE / "slope").glob("*.h"):
            for name in re.findall(r'#include\s+[<"]([^>"]+)', header.read_text()):
                own = (INCLUDE / "slope" / name).exists()
                standard = name in ("math.h", "stdbool.h", "stddef.h", "stdint.h", "string.h")
                self.assertTrue(own or standard, f"{header.name} includes {name}")

    def test_the_rule_of_the_readme_works(self):
        blocks = re.findall(r"```c\n(.*?)```", (SOURCE / "README.md").read_text(), re.S)
        rules = [block for block in blocks if "SLOPE_PLUGIN(" in block]
        self.assertTrue(rules)
        for rule in rules:
            name = re.search(r'\.id = "(\w+)"', rule).group(1)
            with self.subTest(name):
                source = self.write(f"{name}.c", rule)
                self.command(CC, *STRICT, "-shared", "-fPIC", f"-I{INCLUDE}", source, "-o",
                             f"{name}.so")
                done = self.slope("describe", name,
                                  environment={"SLOPE_PLUGIN_PATH": str(self.folder)})
                self.assertIn(f"name: {name}", done.stdout)


class Installed(Consumer):
    """cmake --install into a folder that is then moved: the program finds all by itself."""

    def setUp(self):
        super().setUp()
        self.command("cmake", "--install", BUILD, "--prefix", self.folder / "first")
        self.prefix = self.folder / "moved"
        (self.folder / "first").rename(self.prefix)

    def installed(self, *arguments, status=0, environment=None):
        clean = {k: v for k, v in os.environ.items() if k != "SLOPE_PLUGIN_PATH"}
        return self.command(self.prefix / "bin" / "slope", *arguments, status=status,
                            env={**clean, **(environment or {})})

    def test_finds_its_plugins_and_data_sets(self):
        here = self.installed("plugins").stdout.splitlines()[2:]
        there = self.slope("plugins").stdout.splitlines()[2:]
        self.assertEqual([line.split()[:3] for line in here], [line.split()[:3] for line in there])
        for line in here:
            self.assertIn(os.path.realpath(self.prefix / "lib" / "slope" / "plugins"), line)
        self.write("tiny.yaml", "experiment: tiny\ndataset: iris\ntrain: {epochs: 2}\n")
        self.installed("run", "tiny.yaml", "--quiet", "--output", "out")
        self.assertEqual(self.trials("out")[0]["status"], "finished")

    def test_serves_a_project_of_its_own(self):
        self.command("cmake", "-S", CONSUMER, "-B", "build", "-G", "Ninja",
                     "-DCMAKE_BUILD_TYPE=Release",
                     f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                     f"-DCMAKE_C_FLAGS={' '.join(STRICT)}")
        self.command("cmake", "--build", "build")
        plugins = self.folder / "build" / "plugins"
        environment = {"SLOPE_PLUGIN_PATH": str(plugins)}
        self.assertIn("precision: float32, float64",
                      self.installed("describe", "my_rule", environment=environment).stdout)
        self.installed("run", CONSUMER / "my_rule.yaml", "train.precision=float64", "--quiet",
                       "--output", "out", environment=environment)
        self.assertEqual(self.trials("out")[0]["status"], "finished")
        for name, kind in KINDS.items():
            if kind in ("model", "loss", "optimizer", "schedule"):
                self.assertIn(f"ok       {kind} {name}: precisions agree",
                              self.installed("test", plugins / f"{name}.so").stdout)
        self.train_with_all(self.installed, "train.precision=float64", environment=environment)

    def test_serves_one_line_of_cc(self):
        folder = self.folder / "empty"
        folder.mkdir()
        shutil.copy(CONSUMER / "my_rule.c", folder)
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.prefix / "share" / "pkgconfig")}
        self.command("sh", "-euc", f"cd '{folder}'; {CC} -O3 -shared -fPIC "
                     "$(pkg-config --cflags slope) my_rule.c -o my_rule.so", env=environment)
        self.installed("run", CONSUMER / "my_rule.yaml", "--quiet", "--output", "out",
                       environment={"SLOPE_PLUGIN_PATH": str(folder)})
        self.assertEqual(self.trials("out")[0]["status"], "finished")

        def ask(*arguments):
            return self.command("pkg-config", *arguments, "slope", env=environment).stdout.strip()
        include, contract = ask("--cflags").split()
        self.assertTrue(os.path.samefile(include.removeprefix("-I"), self.prefix / "include"))
        self.assertEqual(contract, "-ffp-contract=off")
        self.assertTrue(os.path.samefile(ask("--variable=plugindir"),
                                         self.prefix / "lib" / "slope" / "plugins"))
        self.assertEqual(ask("--modversion"), self.installed("--version").stdout.split()[1])

    def test_plugin_in_the_plugin_folder_is_found(self):
        folder = self.prefix / "lib" / "slope" / "plugins" / "optimizers"
        self.command(CC, "-shared", "-fPIC", f"-I{self.prefix}/include", CONSUMER / "my_rule.c",
                     "-o", folder / "my_rule.so")
        self.assertIn("my_rule", self.installed("plugins", "optimizer").stdout)

    def test_program_is_the_one_of_the_build(self):
        self.assertEqual(self.installed("--version").stdout,
                         self.command(PROGRAM, "--version").stdout)


class Checkout(Consumer):
    """A file dropped into plugins/optimizers/ is built with the others; no other line changes."""

    def test_one_more_file(self):
        tree = self.folder / "tree"
        for part in ("CMakeLists.txt", "README.md", "configs", "datasets", "plugins", "runner"):
            whole = shutil.copytree if (SOURCE / part).is_dir() else shutil.copy
            tree.mkdir(exist_ok=True)
            whole(SOURCE / part, tree / part)
        shutil.copy(CONSUMER / "my_rule.c", tree / "plugins" / "optimizers")
        self.command("cmake", "-S", tree, "-B", "build", "-G", "Ninja", "-DSLOPE_TESTS=OFF",
                     f"-DCMAKE_C_COMPILER={CC}")
        # Only what is new: the whole tree is built often enough.
        self.command("cmake", "--build", "build", "--target", "plugin_optimizers_my_rule")
        folder = self.folder / "build" / "lib" / "slope" / "plugins"
        described = self.slope("describe", "my_rule", environment={"SLOPE_PLUGIN_PATH": str(folder)})
        self.assertIn("precision: float32, float64", described.stdout)
        # and it is one of those that are built with the program, and installed
        rules = (self.folder / "build" / "build.ninja").read_text().splitlines()
        program = next(rule for rule in rules if rule.startswith("build bin/slope: "))
        self.assertIn("optimizers/my_rule.so", program)
        install = (self.folder / "build" / "runner" / "packaging" / "cmake_install.cmake").read_text()
        self.assertIn("optimizers/my_rule.so", install)


if __name__ == "__main__":
    slope_cli.main()
