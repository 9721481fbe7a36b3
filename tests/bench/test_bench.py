"""The benchmarks' harness on tiny data: every case runs, sides agree, a disagreement is seen.

Measures nothing. PyTorch and scikit-learn are not needed; NumPy's results are compared where it is
there.
"""
import csv
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import bench  # noqa: E402
import cases  # noqa: E402
import sides  # noqa: E402
import table  # noqa: E402


def run(*arguments):
    program = [sys.executable, str(FOLDER / "bench.py"), "--build", os.environ["SLOPE_BUILD"]]
    return subprocess.run(
        [*program, *arguments], text=True, capture_output=True, timeout=250,
        stdin=subprocess.DEVNULL)


class Harness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="slope-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_every_case(self):
        listed = run("--list").stdout
        self.assertIn("mlp 784-512-256-10", listed)  # what would be measured, not a tiny one
        names = [line.split()[0] for line in listed.splitlines()]
        self.assertIn("softmax-float32", names)
        done = run("--tiny", "--repeat", "1", "--peer", "numpy", "--peer", "one thread", "--peer",
                   "data", "--peer", "bound", "--peer", "few", "--peer", "fuse: off", "--csv", str(self.folder / "table.csv"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(self.folder / "table.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sorted({row["case"] for row in rows}), sorted(names))
        for row in rows:
            self.assertGreater(float(row["ours_median"]), 0, row)
        if importlib.util.find_spec("numpy"):
            numpy = [row for row in rows if row["peer"].startswith("numpy")]
            self.assertEqual(len(numpy), 10)  # four gradients and random search, each in two ways
            self.assertGreaterEqual(done.stderr.count("agreed: loss"), len(numpy))

    def test_scaling(self):
        done = run("--tiny", "--repeat", "1", "--scaling", "--csv", str(self.folder / "table.csv"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(self.folder / "table.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual({row["varied"] for row in rows}, {"rows", "features", "classes"})
        self.assertTrue(all(0 < float(row["of limit"]) for row in rows))

    def test_planning(self):
        done = subprocess.run(
            [sys.executable, str(FOLDER / "planning.py"), "--build", os.environ["SLOPE_BUILD"],
             "--repeat", "1", "--most", "100"], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 2 + 3)

    def test_unknown_case(self):
        done = run("--tiny", "--case", "nonsense")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no case is called nonsense; see --list", done.stderr)


class FakeSide:
    """Its turns take a thousandth of a second and are its number."""

    def __init__(self):
        self.count = 0

    def run(self):
        time.sleep(0.001)
        self.count += 1
        return self.count

    def processor_seconds(self):
        return 0


class Turns(unittest.TestCase):
    def setUp(self):
        was = sides.SPAN, sides.WINDOW, sides.PRIORITY
        sides.WINDOW, sides.PRIORITY = 0, ["true"]  # do not wait; all turns are quiet

        def restore():
            sides.SPAN, sides.WINDOW, sides.PRIORITY = was
        self.addCleanup(restore)

    def test_as_many_as_wanted(self):
        sides.SPAN = 0
        self.assertEqual(sides.take_turns([FakeSide(), FakeSide()], 3), ([[1, 2, 3]] * 2, (3, 3)))

    def test_short_turns_fill_the_span(self):
        sides.SPAN = 0.2
        start = time.monotonic()
        kept, quiet = sides.take_turns([FakeSide(), FakeSide()], 3)
        self.assertGreaterEqual(time.monotonic() - start, sides.SPAN)
        self.assertGreater(len(kept[0]), 3)
        self.assertEqual(kept[0], kept[1])
        self.assertEqual(quiet, (len(kept[0]),) * 2)


class Judging(unittest.TestCase):
    case = cases.Case("a", "A", "worker", {}, [], read=2e9, operations=1e9)

    def compare(self, name, ours, theirs):
        return bench.compare(self.case, cases.Peer(name), ours, theirs)

    def test_disagreement(self):
        ours = {"loss": 2.0, "norm": 1.0, "after": 0.5}
        self.assertIn("loss 2", self.compare("numpy", ours, {"loss": 2.00001, "norm": 1.0001}))
        for wrong in ({"loss": 2.001}, {"norm": 1.01}, {"after": 0.6}, {"loss": float("nan")},
                      {"accuracy": 0.1}):
            with self.assertRaises(bench.Disagreement):
                self.compare("numpy", ours, wrong)
        with self.assertRaises(bench.Disagreement):  # threads must not change a bit
            self.compare("one thread", ours, {"loss": 2.0000000001})
        many = {"losses": [1.0, 2.0, 3.0], "rows": [{"status": "finished"}]}
        self.assertEqual(self.compare("optuna", many, {"losses": [1.0, 2.0001]}), "2 losses")
        self.assertEqual(self.compare("fuse: off", many, dict(many)), "3 losses, 1 rows")
        for name, wrong in (("torch", {"losses": [1.0, 2.1]}), ("torch", {"losses": [1.0] * 4}),
                            ("fuse: off", {"losses": [1.0, 2.0001]}),
                            ("fuse: off", {"rows": [{"status": "diverged"}]})):
            with self.assertRaises(bench.Disagreement):
                self.compare(name, many, wrong)

    def test_verdict(self):
        for theirs, verdict in ((1, "SHORT"), (5, "reached"), (9, "aim")):
            row = table.Row(self.case, cases.Peer("torch", 5, 8), [1, 1, 7], [theirs] * 3)
            self.assertEqual((row.ratio(), row.verdict()), (theirs, verdict))
        self.assertEqual(table.Row(self.case, cases.Peer("torch"), [1], [1]).verdict(), "-")

    def test_rounds_are_put_together(self):
        peers, rows = [cases.Peer("torch"), cases.Peer("numpy")], []
        for ours in ([1, 2], [9], [8, 7]):
            bench.add_round(rows, [table.Row(self.case, peer, ours, [2 * x for x in ours], (len(ours), 3))
                                   for peer in peers])
        self.assertEqual([row.peer for row in rows], peers)
        for row in rows:
            self.assertEqual((row.ours, row.theirs, row.quiet),
                             ([1, 2, 9, 8, 7], [2, 4, 18, 16, 14], (5, 9)))
            self.assertEqual(row.ratio(), 2)

    def test_one_thread_on_each_processor(self):
        side = sides.OneThread(["sh", "-c", """echo '{"what": "three seconds, then one"}'
                               read order; echo '{"seconds": 3}'
                               while read order; do echo '{"seconds": 1}'; done"""], None)
        self.addCleanup(side.stop)
        processors = os.sched_getaffinity(0)
        expected = len(processors) / (1 / 3 + len(processors) - 1)
        self.assertAlmostEqual(side.run(), expected)
        self.assertEqual(os.sched_getaffinity(side.process.pid), processors)

    def test_share_of_the_limit(self):
        row = table.Row(self.case, None, [1.0], [])
        self.assertAlmostEqual(row.share({1: (1e9, 1e9), 2: (4e9, 1e9)}), 1.0)  # arithmetic
        self.assertAlmostEqual(row.share({1: (1e9, 1e9), 2: (4e9, 4e9)}), 0.5)  # reading


if __name__ == "__main__":
    unittest.main(verbosity=2)
