"""Each plugin of tests/bad_plugins is caught, by the check that its first lines name and by no other;
and no check is without such a plugin."""
import os
import re
import subprocess

from kit import BUILD, SHIPPED, SOURCE, KitCase, main

BAD = BUILD / "tests" / "bad_plugins"
# Depend on the machine or the build: a check may be skipped, but it may not pass.
MAY_SKIP = ("gives the same on wider vectors", "runs nothing when it is loaded")
REFUSED = ("other_major other_magic short_entry no_symbol hidden_symbol unresolved fast_math "
           "other_rounding other_id other_kind small_description no_update bad_default bad_offset "
           "halves_differ").split()


def expected():
    """{case: check}, from the first lines of the sources."""
    checks = {}
    for path in sorted((SOURCE / "tests" / "bad_plugins").glob("*.c")):
        head = re.sub(r"\s*\n \* ", " ", path.read_text().split("*/")[0])
        named = re.findall(r'`slope test`: "([^"]+)"', head)
        if named:
            checks[path.stem], = named
    return checks


class BadPlugins(KitCase):
    def kit(self, case):
        hangs = ["--timeout", "3"] if case == "hangs_on_nan" else []
        return self.run_kit([BAD / case / f"{case}.so"], *hangs, status=None)[case]

    def test_each_is_caught_by_its_own_check_alone(self):
        cases = expected()
        self.assertGreater(len(cases), 30)
        for case, check in cases.items():
            with self.subTest(case):
                results = self.kit(case)
                caught = [name for name, (outcome, _) in results.items() if outcome == "FAILED"]
                if results[check][0] == "skipped" and check in MAY_SKIP:
                    self.assertEqual(caught, [])
                    continue
                self.assertEqual(caught, [check], self.done.stdout)
                self.assertEqual(self.done.returncode, 1)

    def test_threads_that_share_a_processor(self):
        """As on a busy machine: no thread must be through with everything before another begins."""
        processors = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, processors)
        os.sched_setaffinity(0, {min(processors)})
        for _ in range(5):
            self.assertEqual(self.kit("static_scratch")["gives the same on several threads"][0], "FAILED")

    def test_what_cannot_be_loaded(self):
        for case in REFUSED:
            with self.subTest(case):
                results = self.kit(case)
                self.assertEqual(list(results), ["can be loaded"])
                self.assertEqual(results["can be loaded"][0], "FAILED")

    def test_every_check_has_a_plugin_that_it_catches(self):
        one_of_each = [SHIPPED / path for path in
                       ("readers/none.so", "models/linear.so", "losses/svm.so",
                        "optimizers/sgd.so", "optimizers/random_search.so", "schedules/cosine.so",
                        "samplers/grid.so", "pruners/median.so")]
        checks = {check for results in self.run_kit(one_of_each).values() for check in results}
        self.assertEqual(checks - {"can be loaded"}, set(expected().values()))

    def test_reasons(self):
        for case, text in {
                "two_names": "it exports 'second_name'",
                "refuses_defaults": "learning_rate: must be at least 1",
                "hidden_state": "it remembers something outside what the host hands it",
                "hangs_on_nan": "it has not ended after 3 seconds",
                "crashes_on_nan": "it crashes (Aborted)",
                "exits_on_nan": "it ends the program, with status 0",
                "counts_rows": "float32: rows give other",
                "uphill": "it does not get lower on a convex quadratic",
                "starts_at_zero": "a trial lies elsewhere when it is asked for alone",
                "counts_absent": "lists: it counts 240 trials, but 0 and 1 are the same",
                "ends_all": "float32: 1 trials at rung 0, values drawn: it ends them all",
                "unresolved": "undefined symbol: function_that_nobody_defines"}.items():
            with self.subTest(case):
                self.kit(case)
                self.assertIn(text, self.done.stdout)


class ByHand(KitCase):
    def test_a_wrong_gradient_shows_in_float32_too(self):
        for case, kind in (("bad_sign_softmax", "loss"), ("double_gradient", "model")):
            source = SOURCE / "tests" / "bad_plugins" / f"{case}.c"
            subprocess.run([os.environ["SLOPE_CC"], "-O2", "-ffp-contract=off", "-shared", "-fPIC",
                            f"-I{SOURCE}/plugins/include", source, "-o",
                            self.folder / f"{case}.so", "-lm"], check=True)
            results = self.run_kit([f"{case}.so"], status=1)[case]
            self.assertEqual(results["gradient is the derivative"][0], "FAILED", kind)
            self.assertEqual(results["precisions agree"][0], "skipped")


class CommandLine(KitCase):
    def test_lines_and_totals(self):
        out = self.slope("test", SHIPPED / "optimizers/sgd.so", SHIPPED / "losses/svm.so").stdout
        self.assertIn("ok       optimizer sgd: survives a checkpoint\n", out)
        self.assertRegex(out, r"\n2 plugins, \d+ checks: \d+ ok, 0 failed, \d+ skipped \([\d.]+ s\)\n$")
        quiet = self.slope("test", SHIPPED / "optimizers/sgd.so", "--quiet").stdout
        self.assertEqual(len(quiet.strip().splitlines()), 1)

    def test_parameters(self):
        sgd = SHIPPED / "optimizers/sgd.so"
        self.slope("test", sgd, "learning_rate=0.5")
        self.assertIn("unknown key", self.slope("test", sgd, "rate=1", status=2).stderr)
        done = self.slope("test", sgd, "learning_rate=-1", status=2)
        self.assertIn("learning_rate", done.stderr)
        out = self.slope("test", SHIPPED / "readers/csv.so").stdout
        self.assertRegex(out, r"skipped  reader csv: reads what it declares: needs parameters")

    def test_usage(self):
        self.assertIn("which plugin?", self.slope("test", status=2).stderr)
        self.assertIn("unknown option '--x'", self.slope("test", "--x", status=2).stderr)
        self.assertIn("takes seconds", self.slope("test", "a.so", "--timeout", "0", status=2).stderr)
        self.assertIn("cannot open 'there_is_none.so'",
                      self.slope("test", "there_is_none.so", status=3).stderr)
        self.assertIn("no shared object", self.slope(
            "test", self.write("text.so", "int answer(void);\n"), status=1).stdout)

    def test_what_a_plugin_prints_does_not_spoil_the_report(self):
        done = self.slope("test", BAD / "chatty/chatty.so", status=1)
        for line in done.stdout.splitlines():
            self.assertRegex(line, r"^(ok|FAILED|skipped|1 plugin|$|         \| here we go$)")
        self.assertIn("         | here we go", done.stdout)


if __name__ == "__main__":
    main()
