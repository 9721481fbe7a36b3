"""test_compile: `slope compile`: what comes out, what the compiler is told, and that nothing is left or
lost where it fails."""
import os
import shutil
import subprocess

import slope_cli
from slope_cli import PROGRAM


class Compile(slope_cli.SlopeCase):
    def setUp(self):
        super().setUp()
        (self.folder / "tmp").mkdir()
        self.environment = {"CC": os.environ["SLOPE_CC"], "TMPDIR": str(self.folder / "tmp")}
        self.slope("new", "optimizer", "mine")

    def tearDown(self):
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])
        super().tearDown()

    def compile(self, *arguments, **options):
        environment = {**self.environment, **options.pop("environment", {})}
        return self.slope("compile", *arguments, environment=environment, **options)

    def change(self, old, new):
        text = (self.folder / "mine.c").read_text()
        self.assertIn(old, text)
        self.write("mine.c", text.replace(old, new))

    def test_both_precisions_and_all_vectors(self):
        self.assertRegex(self.compile("mine.c").stdout,
                         r"^wrote mine\.so: float32 and float64, baseline(, avx2, avx512)?\n$")
        output = self.slope("test", "mine.so").stdout
        self.assertIn("ok       optimizer mine: precisions agree", output)
        self.assertRegex(output, r"(ok       optimizer mine: gives the same on wider vectors\n|"
                                 r"skipped  .*this processor has no wider vectors)")
        self.assertIn(" 0 failed", output)
        self.assertIn("precision: float32, float64", self.slope(
            "describe", "mine", environment={"SLOPE_PLUGIN_PATH": str(self.folder)}).stdout)

    def test_places(self):
        (self.folder / "rules").mkdir()
        for name in ("one", "two"):
            shutil.copy(self.folder / "mine.c", self.folder / f"rules/{name}.c")
        self.compile("rules/one.c", "rules/two.c")
        self.compile("mine.c", "--output", "other.so")
        found = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.so"))
        self.assertEqual(found, ["other.so", "rules/one.so", "rules/two.so"])

    def test_flags_are_passed_on(self):
        self.change("#include <slope/optimizer.h>", "#if FLAG != 3\n#error no flag\n#endif\n"
                                                    "#include <slope/optimizer.h>")
        self.assertIn("no flag", self.compile("mine.c", status=2).stderr)
        self.compile("mine.c", "--", "-DFLAG=3")

    def test_a_mistake_leaves_what_was_there(self):
        self.write("mine.so", "precious")
        self.change("return SLOPE_OK;", "return SLOPE_FINE;")
        done = self.compile("mine.c", status=2)
        self.assertRegex(done.stderr, r"mine\.c:\d+:\d+: error: .*SLOPE_FINE")
        self.assertIn("slope: 'mine.c' cannot be compiled", done.stderr)
        self.assertEqual((self.folder / "mine.so").read_text(), "precious")
        self.assertEqual(done.stdout, "")

    def test_a_warning_comes_once(self):
        self.change("return SLOPE_OK;", "int unused;\n    return SLOPE_OK;")
        done = self.compile("mine.c")
        self.assertEqual(done.stderr.count("warning: unused variable"), 1)
        self.assertIn("wrote mine.so", done.stdout)

    def test_commands_are_shown(self):
        lines = self.compile("mine.c", "--verbose", environment={"CC": f"env A=b {self.environment['CC']}"}
                             ).stdout.splitlines()
        self.assertEqual(lines[-1].split(":")[0], "wrote mine.so")
        self.assertEqual(len(lines), 2 * lines[-1].count(",") + 2)  # halves, the link, what was written
        for line in lines[:-1]:
            self.assertTrue(line.startswith(f"env A=b {self.environment['CC']} "), line)

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        subprocess.run([PROGRAM, "compile", "mine.c", "--verbose"], cwd=self.folder, stdout=writer,
                       stderr=subprocess.DEVNULL, env={**os.environ, **self.environment}, timeout=120)
        os.close(writer)

    def test_no_compiler(self):
        done = self.compile("mine.c", status=3, environment={"CC": "nosuchcompiler"})
        self.assertIn("there is no C compiler", done.stderr)
        self.assertIn("apt install gcc", done.stderr)

    def test_no_headers(self):
        (self.folder / "bin").mkdir()
        alone = shutil.copy(PROGRAM, self.folder / "bin/slope")
        done = subprocess.run([alone, "compile", "mine.c"], cwd=self.folder, text=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 3)
        self.assertIn("apt install slope-dev", done.stderr)

    def test_no_folder_for_what_is_in_between(self):
        done = self.compile("mine.c", status=3, environment={"TMPDIR": "/nowhere"})
        self.assertIn("cannot make a folder in '/nowhere': No such file", done.stderr)

    def test_usage(self):
        for arguments, text in (((), "which plugin?"), (("mine.so",), "expected a C file, mine.c, not 'mine.so'"),
                                (("mine.c", "mine.c", "--output", "x.so"), "--output is for one plugin, not 2"),
                                (("--fast", "mine.c"), "--fast")):
            self.assertIn(text, self.compile(*arguments, status=2).stderr)
        self.assertIn("cannot open 'yours.c': No such file", self.compile("yours.c", status=3).stderr)


if __name__ == "__main__":
    slope_cli.main()
