"""test_plugins: `slope`, `slope plugins`, `slope describe`, and what is said about plugins that are
wrong: each of tests/bad_plugins, and files that are damaged here."""
import os
import re
import shutil
import subprocess
import unittest

import slope_cli
from slope_cli import BUILD, SOURCE

BAD = BUILD / "tests" / "bad_plugins"
SHIPPED = BUILD / "lib" / "slope" / "plugins"
KINDS = {"reader": "readers", "model": "models", "loss": "losses", "optimizer": "optimizers",
         "schedule": "schedules", "sampler": "samplers", "pruner": "pruners"}


def shipped():
    """(kind, id) of every plugin in the source tree: one .c file is one plugin."""
    return sorted((kind, source.stem) for kind, folder in KINDS.items()
                  for source in (SOURCE / "plugins" / folder).glob("*.c"))


class Program(slope_cli.SlopeCase):
    def test_help_names_every_command(self):
        text = self.slope("--help").stdout
        for command in ("run", "resume", "check", "validate", "plugins", "describe", "new", "compile",
                        "test", "bench"):
            self.assertRegex(text, rf"(?m)^  {command} +\S")
        self.assertIn("SLOPE_PLUGIN_PATH", text)
        self.assertIn("example", text)
        self.assertEqual(text, self.slope("help").stdout)
        self.assertEqual(text, self.slope("-h").stdout)
        self.assertLess(max(map(len, text.splitlines())), 100)

    def test_every_command_has_help_with_an_example(self):
        for command in ("run", "resume", "check", "validate", "plugins", "describe", "new", "compile",
                        "test", "bench"):
            with self.subTest(command):
                done = self.slope(command, "--help")
                self.assertIn(f"usage: slope {command}", done.stdout)
                self.assertIn("example", done.stdout)
                self.assertEqual(done.stderr, "")
                self.assertEqual(done.stdout, self.slope("help", command).stdout)

    def test_without_a_command(self):
        done = self.slope(status=2)
        self.assertEqual(done.stdout, "")
        self.assertIn("usage: slope COMMAND", done.stderr)

    def test_unknown_command(self):
        done = self.slope("descirbe", "adam", status=2)
        self.assertIn("there is no command 'descirbe'; did you mean 'describe'?", done.stderr)
        self.assertIn("slope --help", done.stderr)
        self.assertIn("no option '--vresion'", self.slope("--vresion", status=2).stderr)
        self.assertIn("no command 'xyzzy'", self.slope("help", "xyzzy", status=2).stderr)

    def test_version(self):
        self.assertRegex(self.slope("--version").stdout,
                         r"^slope \d+\.\d+\.\d+ \(plugin contract \d+\.\d+\)\n$")

    def test_version_verbose(self):
        short = self.slope("--version").stdout
        first, *lines = self.slope("--version", "--verbose",
                                   environment={"SLOPE_ISA": "baseline", "OMP_NUM_THREADS": "3",
                                                "SLOPE_PLUGIN_PATH": str(self.folder)}
                                   ).stdout.splitlines()
        self.assertEqual(first + "\n", short)
        facts = dict(line.split("  ", 1) for line in lines)
        facts = {key: value.strip() for key, value in facts.items()}
        self.assertEqual(list(facts), ["git state", "compiler", "flags", "instruction set",
                                       "threads", "plugin folders"])
        self.assertRegex(facts["compiler"], r"^(GNU|Clang) \d")
        self.assertIn("-ffp-contract=off", facts["flags"])
        self.assertRegex(facts["instruction set"], r"^baseline \(available: (\w+, )*baseline\)$")
        self.assertEqual(facts["threads"], "3")
        self.assertEqual(facts["plugin folders"].split(", ")[1:], [os.path.realpath(self.folder)])
        self.assertIn("there is --verbose", self.slope("--version", "--loud", status=2).stderr)
        self.slope("--version", "--verbose", status=2, environment={"SLOPE_ISA": "abacus"})

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([slope_cli.PROGRAM, "plugins"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("No space left on device", done.stderr)


class Plugins(slope_cli.SlopeCase):
    def rows(self, *arguments, **options):
        done = self.slope("plugins", *arguments, **options)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(),
                         ["kind", "name", "version", "precision", "summary", "file"])
        return [re.split(r" {2,}", line) for line in lines[2:]], done

    def test_lists_every_plugin_of_the_source_tree(self):
        rows, done = self.rows()
        self.assertEqual(done.stderr, "")
        self.assertEqual(sorted((row[0], row[1]) for row in rows), shipped())
        self.assertEqual({row[0] for row in rows}, set(KINDS))
        for kind, name, version, precision, summary, path in rows:
            with self.subTest(name):
                self.assertRegex(version, r"^\d+\.\d+$")
                self.assertEqual(precision, "float32 float64")
                self.assertRegex(summary, r"^\S.*[^.]$")
                self.assertEqual(os.path.realpath(path),
                                 os.path.realpath(SHIPPED / KINDS[kind] / f"{name}.so"))

    def test_lists_one_kind(self):
        for kind, folder in KINDS.items():
            expected = [(k, n) for k, n in shipped() if k == kind]
            for argument in (kind, folder):
                rows, _ = self.rows(argument)
                self.assertEqual([(row[0], row[1]) for row in rows], expected)

    def test_usage(self):
        self.assertIn("did you mean 'optimizer'?",
                      self.slope("plugins", "optimiser", status=2).stderr)
        self.assertIn("no option '--all'", self.slope("plugins", "--all", status=2).stderr)
        self.assertIn("one kind too many", self.slope("plugins", "loss", "model", status=2).stderr)

    def test_search_path_that_is_not_there(self):
        done = self.slope("plugins", status=3,
                          environment={"SLOPE_PLUGIN_PATH": "/there/is/nothing"})
        self.assertIn("cannot open plugin folder '/there/is/nothing'", done.stderr)
        self.assertIn("SLOPE_PLUGIN_PATH", done.stderr)

    def test_another_minor_version_is_welcome(self):
        contents = (BAD / "twin_one" / "twin.so").read_bytes()
        head = re.search(rb"SLPE\x02\0\0\0(.{4})", contents, re.S)  # magic, major, minor
        for minor in (0, 9):
            path = self.write("plugins/twin.so", contents[:head.start(1)]
                              + minor.to_bytes(4, "little") + contents[head.end(1):])
            rows, _ = self.rows(environment={"SLOPE_PLUGIN_PATH": str(path.parent)})
            self.assertIn("twin", [row[1] for row in rows])

    def test_current_directory_is_not_searched(self):
        shutil.copy(BAD / "twin_one" / "twin.so", self.folder / "twin.so")
        for path in ("", ":", str(SHIPPED) + ":"):
            rows, _ = self.rows(environment={"SLOPE_PLUGIN_PATH": path})
            self.assertNotIn("twin", [row[1] for row in rows])


class Refused(slope_cli.SlopeCase):
    """One clear error that names the file, exit status 3, the other plugins still listed; and the
    same error wherever the plugin is asked for."""

    def refused(self, folder, path, *expected, name=None, environment=None):
        environment = {"SLOPE_PLUGIN_PATH": str(folder), **(environment or {})}
        done = self.slope("plugins", status=3, environment=environment)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("slope: "))
        for text in (str(path), *expected):
            self.assertIn(text, done.stderr)
        self.assertNotRegex(done.stdout, rf"(?m)^\w+ +{path.stem} ")
        self.assertRegex(done.stdout, r"(?m)^optimizer +adam ")
        again = self.slope("describe", name or path.stem, status=3, environment=environment)
        self.assertEqual(again.stderr, done.stderr)
        self.assertEqual(again.stdout, "")
        return done

    def bad(self, case, *expected):
        return self.refused(BAD / case, BAD / case / f"{case}.so", *expected)

    def test_other_major_version(self):
        done = self.bad("other_major", "it was built for version 7.", "this slope has 2.",
                        "of the plugin contract", "rebuild it against this slope's headers")
        self.assertNotIn("code of a refused plugin ran", done.stdout)

    def test_other_magic(self):
        self.bad("other_magic", "0x12345678", "it is no slope plugin")

    def test_short_entry(self):
        self.bad("short_entry", "says that it has 16 bytes", "rebuild it")

    def test_no_symbol(self):
        self.bad("no_symbol", "it does not export 'slope_plugin_entry'", "SLOPE_PLUGIN")

    def test_hidden_symbol(self):
        self.bad("hidden_symbol", "it does not export 'slope_plugin_entry'")

    def test_unresolved(self):
        self.bad("unresolved", "undefined symbol: function_that_nobody_defines")

    def test_fast_math(self):
        self.bad("fast_math", "flush subnormal numbers to zero", "compile without -ffast-math")

    def test_other_rounding(self):
        self.bad("other_rounding", "changes the floating-point environment")

    def test_other_id(self):
        self.bad("other_id", "its id is 'my_rule' but its file is 'other_id.so'", "rename one")

    def test_other_kind(self):
        self.bad("other_kind", "its kind 99 does not exist")

    def test_misplaced(self):
        self.refused(BAD / "misplaced", BAD / "misplaced" / "losses" / "misplaced.so",
                     "it is of kind optimizer but lies in the folder 'losses'",
                     "move it to 'optimizers'")

    def test_small_description(self):
        self.bad("small_description", "one of kind optimizer has at least", "SLOPE_HEAD")

    def test_no_update(self):
        self.bad("no_update", "lacks 'update'")

    def test_bad_default(self):
        self.bad("bad_default",
                 "parameter 'momentum': its default 1.5 is out of its bounds, 0 to 1")

    def test_bad_offset(self):
        self.bad("bad_offset", "parameter 'learning_rate'", "outside the config struct of 4 bytes")

    def test_halves_differ(self):
        self.bad("halves_differ", "float32 and float64 halves differ in learning_rate")

    def test_two_plugins_with_one_name(self):
        one, other = BAD / "twin_one", BAD / "twin_two"
        self.refused(f"{one}:{other}", other / "optimizers" / "twin.so", str(one / "twin.so"),
                     "the optimizer 'twin' is there twice", "rename one", name="twin")

    def test_shipped_name_taken_again(self):
        path = self.folder / "more" / "adam.so"
        path.parent.mkdir()
        shutil.copy(SHIPPED / "optimizers" / "adam.so", path)
        environment = {"SLOPE_PLUGIN_PATH": str(path.parent)}
        done = self.slope("plugins", status=3, environment=environment)
        for text in (str(path), str(SHIPPED / "optimizers" / "adam.so"), "is there twice"):
            self.assertIn(text, done.stderr)
        self.assertNotRegex(done.stdout, r"(?m)^optimizer +adam ")

    def damaged(self, contents, *expected):
        folder = self.folder / "plugins"
        path = self.write("plugins/damaged.so", contents)
        return self.refused(folder, path, *expected)

    def test_truncated(self):
        whole = (SHIPPED / "optimizers" / "sgd.so").read_bytes()
        for count in (16, 64, 1000, len(whole) // 2, len(whole) - 1):
            with self.subTest(count):
                self.damaged(whole[:count], "truncated")

    def test_empty(self):
        self.damaged(b"", "the file is empty")

    def test_no_object(self):
        self.damaged("int answer(void);\n", "no ELF header")

    def test_other_machine(self):
        contents = bytearray((SHIPPED / "optimizers" / "sgd.so").read_bytes())
        contents[18:20] = (0xF3 if contents[18] != 0xF3 else 0x3E).to_bytes(2, "little")
        self.damaged(bytes(contents), "it is built for another machine")

    def test_dangling_link(self):
        path = self.folder / "plugins" / "gone.so"
        path.parent.mkdir()
        path.symlink_to("nowhere.so")
        self.refused(path.parent, path, "No such file or directory")


class GradientCheck(slope_cli.SlopeCase):
    def check(self, loss, status):
        self.write("check.yaml", f"dataset: iris\nloss: {loss}\n")
        return self.slope("check", "check.yaml", status=status,
                          environment={"SLOPE_PLUGIN_PATH": str(BAD / "bad_sign_softmax")})

    def test_a_sign_error_in_a_loss_is_found(self):
        self.check("softmax", status=0)
        self.check("bad_sign_softmax", status=1)


class Describe(slope_cli.SlopeCase):
    def example(self, text):
        lines = text.split("example, with all defaults written out:\n\n")[1].split("\n\n")[0]
        return "\n".join(line[4:] for line in lines.splitlines()) + "\n"

    def test_explains_every_plugin_with_an_example_that_validates(self):
        for kind, name in shipped():
            with self.subTest(name):
                text = self.slope("describe", f"{kind}/{name}").stdout
                self.assertTrue(text.startswith(f"{kind} {name} "))
                self.assertIn(f"name: {name}\n", text)
                example = self.example(text)
                self.write("example.yaml", example)
                for file in re.findall(r"\bmy_\w+", example):
                    self.write(file, "placeholder")
                self.write("trials.csv", "optimizer.learning_rate\n0.1\n")
                self.slope("validate", "example.yaml")

    def test_parameters(self):
        text = self.slope("describe", "adam").stdout
        self.assertRegex(text, r"(?m)^parameter +type +default +bounds +meaning$")
        self.assertRegex(text, r"(?m)^learning_rate +number +0\.001 +> 0 +\S")
        self.assertRegex(text, r"(?m)^beta1 +number +0\.9 +>= 0, < 1 +\S")
        self.assertIn(str(SHIPPED / "optimizers" / "adam.so"), text)

    def test_required_choices_and_lists(self):
        self.assertRegex(self.slope("describe", "idx").stdout,
                         r"(?m)^train\.images +file +\(required\) +\S")
        self.assertRegex(self.slope("describe", "mlp").stdout,
                         r"(?m)^activation +relu \| tanh \| sigmoid +relu +\S")
        self.assertRegex(self.slope("describe", "mlp").stdout,
                         r"(?m)^hidden +integers +\[100\] +>= 1, <= \S+ +\S")

    def test_unknown(self):
        self.assertIn("there is no plugin 'adm'; did you mean 'adam'?",
                      self.slope("describe", "adm", status=2).stderr)
        self.assertIn("`slope plugins` lists", self.slope("describe", "xyzzy", status=2).stderr)
        self.assertIn("there is no plugin 'adam'",
                      self.slope("describe", "loss/adam", status=2).stderr)
        self.assertIn("'lost' is no kind", self.slope("describe", "lost/adam", status=2).stderr)

    def test_usage(self):
        self.assertIn("which plugin?", self.slope("describe", status=2).stderr)
        self.assertIn("one name too many", self.slope("describe", "a", "b", status=2).stderr)
        self.assertIn("no option '--x'", self.slope("describe", "--x", status=2).stderr)


if __name__ == "__main__":
    slope_cli.main()
