"""test_bench_command: `slope bench`: its table. (What it measures is the machine's business.)"""
import re

import slope_cli
from slope_cli import BUILD

SHIPPED = BUILD / "lib" / "slope" / "plugins"


class Bench(slope_cli.SlopeCase):
    def rows(self, *arguments):
        lines = self.slope("bench", *arguments).stdout.splitlines()[2:]
        return [re.split(r" {2,}", line.strip()) for line in lines]

    def test_every_scope_beside_sgd_and_adam(self):
        rules = ["lion", "lamb", "lbfgs", "random_search", "schedule_free_sgd"]
        there = [r for r in rules if (SHIPPED / "optimizers" / f"{r}.so").exists()]
        rows = self.rows(*there, "--sizes", "50,5000")
        self.assertEqual([row[1] for row in rows], 2 * ["sgd", "adam", *there])
        self.assertEqual([row[0] for row in rows], (2 + len(there)) * ["50"]
                         + (2 + len(there)) * ["5000"])
        for row in rows:
            self.assertRegex(row[3], r"^[\d.]+(e[+-]\d+)? (ns|us|ms)$")
            self.assertGreater(float(row[5]), 0)
        self.assertEqual([row[2] for row in rows[:2]], ["0 bytes", "8 bytes"])

    def test_a_file_and_float64(self):
        rows = self.rows(SHIPPED / "optimizers" / "adam.so", SHIPPED / "optimizers" / "adagrad.so",
                         "--sizes", "100", "--precision", "float64")
        self.assertEqual([row[1] for row in rows], ["sgd", "adam", "adagrad"])
        self.assertEqual(rows[1][2], "16 bytes")

    def test_usage(self):
        self.assertIn("which optimizer?", self.slope("bench", status=2).stderr)
        self.assertIn("did you mean 'adam'?", self.slope("bench", "adm", status=2).stderr)
        self.assertIn("cannot open 'x.so'", self.slope("bench", "x.so", status=3).stderr)
        self.assertIn("only optimizers are timed", self.slope(
            "bench", SHIPPED / "losses" / "svm.so", status=2).stderr)
        for wrong in (("--sizes", "0"), ("--sizes", "a"), ("--precision", "half"), ("--x",)):
            self.slope("bench", "sgd", *wrong, status=2)


if __name__ == "__main__":
    slope_cli.main()
