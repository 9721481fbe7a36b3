"""A sweep's section on the real program: how many trials it makes, --sweep, a record that means the
same from any folder, and mistakes that are found before anything runs."""
import resource
import subprocess

from slope_cli import PROGRAM, SlopeCase, main

TOY = "name: synthetic\nrows: 30\nseed: 3\nvalidation: 5\n"
HEAD = "dataset: toy\ntrain: {epochs: 1}\n"


class SweepCase(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("datasets/toy.yaml", TOY)

    def says(self, text, expected, *arguments):
        self.write("a.yaml", HEAD + text)
        done = self.slope("validate", "a.yaml", *arguments)
        self.assertEqual((done.stdout, done.stderr), (f"a.yaml: ok ({expected})\n", ""))

    def refused(self, text, *lines, arguments=(), command="validate", status=2):
        self.write("a.yaml", HEAD + text)
        before = sorted(self.folder.rglob("*"))
        done = self.slope(command, "a.yaml", *arguments, status=status)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines(), list(lines))
        self.assertEqual(sorted(self.folder.rglob("*")), before)


class Counts(SweepCase):
    def test_grids(self):
        self.says("sweep: {optimizer.learning_rate: [1, 2, 3], train.seed: [0, 1]}\n", "6 trials")
        self.says("sweep: {optimizer.learning_rate: [1]}\n", "1 trial")
        self.says("sweep: {train.seed: [0, 1], seeds: 1, exclude: {train.seed: 1}}\n",
                  "1 trial, 1 excluded")
        self.says("sweep: {optimizer.learning_rate: [0.5, 5e-1, 1], seeds: 2}\n",
                  "4 trials, 2 duplicates left out")

    def test_alternatives(self):
        self.says("sweep:\n"
                  "  optimizer:\n"
                  "    - {name: sgd, learning_rate: [0.1, 1]}\n"
                  "    - {name: adam,\n"
                  "       learning_rate: {from: 1e-4, to: 1e-1, points: 4, scale: log}}\n"
                  "  zip:\n"
                  "    - {train.batch_size: [8, 16], train.epochs: [5, 10]}\n",
                  "12 trials")

    def test_bases_are_crossed(self):
        self.says("trials: [{model: linear}, {model: {name: mlp, hidden: [3]}}]\n"
                  "sweep: {optimizer: [sgd, adam, lion]}\n", "6 trials")

    def test_samplers(self):
        self.says("sweep: {sampler: random, trials: 7, clip.norm: {uniform: [1, 2]}}\n", "7 trials")
        self.write("rows.csv", "optimizer.learning_rate,train.epochs\n0.1,3\n0.2,\n")
        self.says("sweep: {sampler: {name: list, file: rows.csv}, seeds: 3}\n", "6 trials")

    def test_a_hundred_thousand(self):
        """Trials share sections, so that planning ten times as many costs ten times as much."""
        def seconds(points):
            self.write("a.yaml", HEAD + "sweep:\n"
                       f"  optimizer.learning_rate: {{from: 1e-4, to: 1, points: {points}, "
                       "scale: log}\n"
                       "  regularization.l2: {from: 1e-5, to: 1e-2, points: 250, scale: log}\n")
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = self.slope("validate", "a.yaml")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.assertEqual(done.stdout, f"a.yaml: ok ({points * 250} trials)\n")
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        small = min(seconds(40) for _ in range(3))
        large = min(seconds(400) for _ in range(3))
        self.assertLess(large, 20 * small)


class CommandLine(SweepCase):
    def test_sweep(self):
        rates = "--sweep", "optimizer.learning_rate=0.01,0.1,1"
        self.says("", "3 trials", *rates)
        self.says("", "6 trials", *rates, "--sweep", "optimizer=sgd,adam")
        self.says("", "3 trials", "--sweep", "model.hidden=[10],[20,20],[30]", "model=mlp")
        self.says("", "4 trials", "--sweep",
                  "optimizer.learning_rate={from: 1e-3, to: 1, points: 4, scale: log}")
        self.says("sweep: {train.seed: [1, 2]}\n", "6 trials", *rates)
        self.says("sweep: {optimizer.learning_rate: [1, 2]}\n", "3 trials", *rates)

    def test_overrides_take_out(self):
        text = "sweep: {optimizer.learning_rate: [1, 2], train.seed: [1, 2, 3]}\n"
        self.says(text, "3 trials", "optimizer.learning_rate=5")
        self.says(text, "2 trials", "train.seed=5")
        self.says(text, "12 trials", "sweep.seeds=2", "train.seed=1",
                  "sweep.regularization.l2=[0,1,2]")
        self.says(text, "6 trials", "train.epochs=5")

    def test_mistakes(self):
        for wrong in "optimizer.learning_rate", "=1,2", "optimizer.learning_rate=":
            done = self.slope("validate", "a.yaml", "--sweep", wrong, status=2)
            self.assertIn(f"--sweep takes path=values, such as optimizer.learning_rate=0.01,0.1, "
                          f"not '{wrong}'", done.stderr)
        self.refused("", "command line: sweep.optimiser: unknown key; did you mean 'optimizer'?",
                     arguments=["--sweep", "optimiser=sgd"])
        self.refused("", "command line: optimizer.learning_rate: trial 1 "
                     "(optimizer.learning_rate=-1): must be above 0, got -1",
                     arguments=["--sweep", "optimizer.learning_rate=1,-1"])


class Record(SweepCase):
    def test_means_the_same_from_anywhere(self):
        self.write("data/x.csv", "a,y\n1,p\n2,q\n3,p\n")
        self.write("lists/rows.csv", "train.epochs\n3\n4\n")
        head = ("dataset: {name: csv, file: ../data/x.csv, label_column: y}\n"
                "trials: [{train: {seed: 1}}, {train: {seed: 2}}]\n")
        for sweep, count in [
                ("sampler: {name: list, file: ../lists/rows.csv}", 4),
                ("{dataset: [toy, {name: csv, file: ../data/x.csv}], model: [linear, mlp]}", 8),
                ("{dataset.seed: [3, 4], train.steps: [1, 2], optimizer: [adam]}", 8)]:
            self.write("sub/a.yaml", head + f"sweep:\n  {sweep}\n")
            first = self.slope("validate", "sub/a.yaml", "--print-config").stdout
            self.write("elsewhere/config.yaml", first)
            path = self.folder / "elsewhere/config.yaml"
            again = subprocess.run([PROGRAM, "validate", path], cwd="/", text=True,
                                   capture_output=True)
            self.assertEqual((again.returncode, again.stderr), (0, ""))
            self.assertEqual(again.stdout, f"{path}: ok ({count} trials)\n")

    def test_says_what_is_swept(self):
        self.write("a.yaml", HEAD + "sweep: {optimizer.learning_rate: [0.1, 1]}\n")
        text = self.slope("validate", "a.yaml", "--print-config").stdout
        self.assertIn("\nsweep:\n  optimizer.learning_rate: [0.1, 1]", text)
        self.assertIn("default of sweep", text)
        # what defaults depend on stays as it was given
        self.assertNotIn("\noptimizer:", text)


class Mistakes(SweepCase):
    def test_every_trial_is_checked(self):
        self.refused("sweep:\n  optimizer.learning_rate: [0.1, -1, x]\n  train.seed: [1, 2]\n",
                     "a.yaml:4:34: optimizer.learning_rate: trial 2 (optimizer.learning_rate=-1, "
                     "train.seed=1): must be above 0, got -1",
                     "a.yaml:4:38: optimizer.learning_rate: trial 4 (optimizer.learning_rate=x, "
                     "train.seed=1): expected a number, got 'x'",
                     "sweep: 4 of 6 trials are wrong")

    def test_the_base_is_checked(self):
        for sweep in "{train.seed: [1, 2]}", "{optimizer.learning_rate: [-1]}":
            self.write("a.yaml", "dataset: {name: toy, standardize: 3}\nsweep: " + sweep)
            done = self.slope("validate", "a.yaml", status=2)
            self.assertIn("a.yaml:1:35: dataset.standardize: expected true or false, got '3'\n",
                          done.stderr)

    def test_nothing_runs_before_all_is_right(self):
        self.refused("sweep: {optimizer.learning_rate: [0.1, -1]}\n",
                     "a.yaml:3:40: optimizer.learning_rate: trial 1 (optimizer.learning_rate=-1): "
                     "must be above 0, got -1", command="run")
        self.refused("sweep: {loss: [softmax, squared_error]}\n",
                     "trial 1 (loss.name=squared_error): loss squared_error needs numbers as "
                     "targets, but data set 'toy' has class labels", command="run")
        self.refused("sweep: {metric: validation_loss, dataset.validation: [5, null]}\n",
                     "a.yaml:3:17: sweep.metric: trial 1 (dataset.validation=null): data set 'toy' "
                     "has no validation rows for validation_loss; give it some "
                     "(dataset.validation: 0.1) or compare by another", command="run")

    def test_check_takes_each_combination_once(self):
        self.write("a.yaml", HEAD +
                   "sweep: {optimizer.learning_rate: [1, 2], loss: [softmax, svm],\n"
                   "  model: [linear, {name: mlp, hidden: [[2]]}], train.precision: [float32]}\n")
        done = self.slope("check", "a.yaml").stdout
        self.assertEqual(done.count("passed: "), 4)

    def test_grid_and_range(self):
        self.refused("sweep:\n  clip.norm: {uniform: [1, 2]}\n",
                     "a.yaml:4:3: sweep.sampler: sampler grid: 'clip.norm' is a range, of which a "
                     "grid needs points: write {from: …, to: …, points: 5}, or choose the sampler "
                     "random or sobol")

    def test_too_many(self):
        values = "{from: 1, to: 1000, points: 1000}"
        self.refused(f"sweep: {{train.seed: {values}, train.epochs: {values},\n"
                     f"  train.steps: {values}, train.batch_size: {values}}}\n",
                     "a.yaml:3:8: sweep: makes more than 10^9 trials: take fewer values, or let a "
                     "sampler draw some of them (sampler: random, trials: 1000)")

    def test_no_room_for_the_list(self):
        values = "{from: 1, to: 31000, points: 31000}"
        self.write("a.yaml", HEAD + f"sweep: {{train.seed: {values}, train.epochs: {values}}}\n")
        limit = 4 << 30
        done = subprocess.run([PROGRAM, "validate", "a.yaml"], cwd=self.folder, text=True,
                              capture_output=True, preexec_fn=lambda: resource.setrlimit(
                                  resource.RLIMIT_AS, (limit, limit)))
        if "are available" not in done.stderr:
            self.skipTest("this machine has the room")
        self.assertIn("a.yaml:3:8: sweep: the list of 961000000 trials alone needs ", done.stderr)
        self.assertEqual(done.returncode, 2)

    def test_missing_table(self):
        self.write("a.yaml", HEAD + "sweep: {sampler: {name: list, file: gone.csv}}\n")
        done = self.slope("validate", "a.yaml", status=3)
        self.assertIn("a.yaml:3:37: sweep.sampler.file: cannot read ", done.stderr)


if __name__ == "__main__":
    main()
