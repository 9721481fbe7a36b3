"""Mistakes in a sweep on the real program: all are told at once, each where it stands, and nothing
that only follows from another; and what --sweep takes out of a file's sweep."""
import itertools
import re

from slope_cli import SOURCE, SlopeCase, main

HEAD = "dataset: toy\ntrain: {epochs: 1}\nsweep:\n"

# a line each, and what is told of it
MISTAKES = {
    "  optimizer.learning_rat: [0.1, 1]\n":
        ["3: optimizer.learning_rat: unknown key; did you mean 'learning_rate'?"],
    "  regularization.l3: {uniform: [0, 1]}\n":
        ["3: regularization.l3: unknown key; did you mean 'l2'?"],
    "  schedule.warmup: auto\n":
        ["3: schedule.warmup: unknown key; schedule constant has name, warmup_steps"],
    "  modle.hidden: [[3]]\n": ["3: sweep.modle.hidden: unknown key; did you mean 'model'?"],
    "  samplr: random\n": ["3: sweep.samplr: unknown key; did you mean 'sampler'?"],
    "  zpi: {train.seed: [1, 2]}\n": ["3: sweep.zpi: unknown key; did you mean 'zip'?"],
    "  evaluate.every: {from: 9, to: 1, points: 3}\n":
        ["26: sweep.evaluate.every: from must be at most to, got from 9 to 1: swap them"],
    "  train.steps: []\n": ["16: sweep.train.steps: the list is empty: name at least one value"],
    "  train.batch_size: [8, x]\n":
        ["25: train.batch_size: expected an integer of at least 1, or full, got 'x'"],
    "  optimizer: [{name: adam, beta: [0.5]}, {name: sgd, weight_decay: -1}]\n":
        ["28: optimizer.beta: unknown key; did you mean 'beta1'?",
         "68: optimizer.weight_decay: must be at least 0, got -1"],
    "  loss: [softmax, sfotmax]\n":
        ["19: loss: there is no loss 'sfotmax'; did you mean 'softmax'?"],
    "  zip: {train.seed: [1, 2], stop.patience: [3]}\n":
        ["44: sweep.zip: stop.patience has 1 value and train.seed has 2: what goes side by side "
         "has equally many"],
    "  exclude: {stop.min_delt: 0}\n":
        ["13: sweep.exclude: 'stop.min_delt' is not swept, so no combination can be told by it"],
    "  sampler: grdi\n": ["12: sweep.sampler: there is no sampler 'grdi'; did you mean 'grid'?"],
    "  trials: many\n": ["11: sweep.trials: expected an integer, got 'many'"],
    "  pruner: medain\n": ["11: sweep.pruner: there is no pruner 'medain'; did you mean 'median'?"],
    "  seeds: 0\n": ["10: sweep.seeds: must be at least 1 and at most 1000000, got 0"],
}


class MistakesCase(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("datasets/toy.yaml", "name: synthetic\nrows: 30\nseed: 3\nvalidation: 5\n")

    def told(self, text, *arguments, command="validate", status=2):
        self.write("a.yaml", text)
        done = self.slope(command, "a.yaml", *arguments, status=status)
        self.assertEqual(done.stdout, "")
        return done.stderr.splitlines()


class Together(MistakesCase):
    def without_lines_and_trials(self, errors):
        return sorted(re.sub(r"trial (\d+ )?\([^)]*\): ", "", re.sub(r"^a.yaml:\d+:", "", line))
                      for line in errors if "trials are wrong" not in line)

    def test_each_alone(self):
        for text, expected in MISTAKES.items():
            self.assertEqual(self.without_lines_and_trials(self.told(HEAD + text)), expected)

    def test_no_mistake_hides_another_or_brings_a_third(self):
        for one, other in itertools.permutations(MISTAKES, 2):
            self.assertEqual(self.without_lines_and_trials(self.told(HEAD + one + other)),
                             sorted(MISTAKES[one] + MISTAKES[other]), one + other)

    def test_all_of_them(self):
        expected = sorted(sum(MISTAKES.values(), []))
        for command in "validate", "run":
            told = self.told(HEAD + "".join(MISTAKES), command=command)
            self.assertEqual(self.without_lines_and_trials(told), expected)
        self.assertEqual([path.name for path in self.folder.iterdir()].count("results"), 0)

    def test_with_what_does_not_fit(self):
        """Trials are made of what is right, and `run` reads the data for them."""
        text = HEAD + "  clip.nrm: [1]\n  loss: [softmax, squared_error]\n" \
            "  optimizer: [sgd, random_search]\n  schedule.warmup_steps: [0, 5]\n" \
            "  regularization.l2: {from: 1, to: 0, points: 3}\n"
        wrong = ["a.yaml:4:3: clip.nrm: unknown key; did you mean 'norm'?",
                 "a.yaml:7:30: schedule.warmup_steps: trial (loss.name=softmax, "
                 "optimizer.name=random_search, schedule.warmup_steps=5): schedules multiply the "
                 "learning_rate, and optimizer 'random_search' has none: leave the schedule out",
                 "a.yaml:8:29: sweep.regularization.l2: from must be at most to, got from 1 to 0: "
                 "swap them"]
        self.assertEqual(self.told(text), wrong)
        self.assertEqual(self.told(text, command="run"), wrong + [
            "trial (loss.name=squared_error, optimizer.name=sgd, schedule.warmup_steps=0): loss "
            "squared_error needs numbers as targets, but data set 'toy' has class labels"])

    def test_where_no_trial_can_be_made(self):
        values = "{from: 1, to: 100000, points: 100000}"
        self.assertEqual(
            [line.split(": ", 1)[1] for line in self.told(
                f"dataset: toy\nsweep: {{train.seed: {values}, train.epochs: {values}, "
                "optimizer.learning_rate: [x, -1], clip.norm: {uniform: [-1, 2]}}\n")],
            ["sweep.sampler: sampler grid: 'clip.norm' is a range, of which a grid needs points: "
             "write {from: …, to: …, points: 5}, or choose the sampler random or sobol",
             "optimizer.learning_rate: expected a number, got 'x'",
             "optimizer.learning_rate: must be above 0, got -1",
             "clip.norm: must be above 0, got -1"])
        told = self.told(f"dataset: toy\nsweep: {{train.seed: {values}, train.epochs: {values}, "
                         "optimizer.learning_rate: [x]}\n")
        self.assertIn("makes more than 10^9 trials", told[0])
        self.assertIn("optimizer.learning_rate: expected a number, got 'x'", told[1])
        self.assertEqual(len(told), 2)

    def test_with_a_wrong_base(self):
        self.assertEqual(
            self.told("dataset: {name: toy, standardize: 3}\n"
                      "sweep: {optimizer.learning_rate: [x, 1], optimizer.learning_rat: [1]}\n"),
            ["a.yaml:1:35: dataset.standardize: expected true or false, got '3'",
             "a.yaml:2:35: optimizer.learning_rate: trial (optimizer.learning_rate=x): expected a "
             "number, got 'x'",
             "a.yaml:2:42: optimizer.learning_rat: unknown key; did you mean 'learning_rate'?"])

    def test_what_only_follows_is_not_told(self):
        """Of each of these there is one line: the mistake itself."""
        for text in [
                "dataset: toy\nschedule: step\n"
                "sweep: {schedule.every: {from: 9, to: 1, points: 2}}\n",
                "sweep: {dataset: []}\n",
                "sweep: {datset: [toy]}\n",
                "dataset: toy\nsweep: {optimizer: [], optimizer.beta1: [0.5]}\n",
                "dataset: toy\noptimizr: adam\nsweep: {optimizer.beta1: [0.5]}\n",
                "dataset: toy\ntrials: [{optmizer: adam}]\nsweep: {optimizer.beta1: [0.5]}\n",
                "dataset: toy\nsweep: {sampler: sobl, clip.norm: {uniform: [1, 2]}}\n",
                "dataset: toy\n"
                "sweep: {sampler: random, trials: -1, clip.norm: {uniform: [1, 2]}}\n",
                "dataset: toy\nsweep: {optimizer: [sgd, adam], optimizer.beta1: [0.5],\n"
                "  exclude: {optimizer.nam: sgd}}\n",
                "dataset: toy\nsweep: {optimizer: [sgd, adam], optimizer.beta1: [0.5],\n"
                "  exlude: {optimizer.name: sgd}}\n",
                "dataset: toy\nsweep: {optimizr: [adam], exclude: {optimizer.beta1: 3}}\n"]:
            self.assertEqual(len(self.told(text)), 1, text)


class Paths(MistakesCase):
    def test_told_once_without_values(self):
        text = HEAD + "  train.seed: [1, 2]\n  optimizer.learning_rat: [1, 2]\n"
        self.assertEqual(self.told(text, command="run"),
                         ["a.yaml:5:3: optimizer.learning_rat: unknown key; did you mean "
                          "'learning_rate'?"])
        self.assertEqual(self.told(HEAD + "  train.seed: [1, 2]\n", "--sweep", "model.inti=zeros"),
                         ["command line: model.inti: unknown key; did you mean 'init'?"])

    def test_in_a_table(self):
        self.write("rows.csv", "optimizer.learning_rat,train.epochs\n0.1,3\n0.2,x\n")
        table = self.folder / "rows.csv"
        text = "dataset: toy\nsweep: {sampler: {name: list, file: rows.csv}}\n"
        self.assertEqual(self.told(text),
                         [f"{table}:1:1: optimizer.learning_rat: unknown key; did you mean "
                          "'learning_rate'?",
                          f"{table}:3:1: train.epochs: trial (train.epochs=x): expected an "
                          "integer, got 'x'"])

    def test_what_some_trials_have_names_values(self):
        self.assertEqual(
            self.told(HEAD + "  optimizer: [sgd, adam]\n  optimizer.beta1: [0.5]\n"),
            ["a.yaml:5:3: optimizer.beta1: trial 0 (optimizer.name=sgd, optimizer.beta1=0.5): "
             "unknown key; optimizer sgd has name, learning_rate, weight_decay"])


class CommandLine(MistakesCase):
    ALTERNATIVES = HEAD + ("  optimizer:\n"
                           "    - {name: sgd, learning_rate: [1, 2, 3]}\n"
                           "    - {name: adam, learning_rate: 5, beta1: [0.5, 0.6]}\n"
                           "  zip: {train.batch_size: [8, 16], train.seed: [0, 1]}\n"
                           "  exclude: {optimizer.beta1: 0.6, train.seed: 1}\n")

    def counts(self, expected, *arguments):
        self.write("a.yaml", self.ALTERNATIVES)
        done = self.slope("validate", "a.yaml", *arguments)
        self.assertEqual((done.stdout, done.stderr), (f"a.yaml: ok ({expected})\n", ""))
        record = self.slope("validate", "a.yaml", *arguments, "--print-config").stdout
        self.write("again.yaml", record)
        again = self.slope("validate", "again.yaml")
        self.assertEqual(again.stdout, f"again.yaml: ok ({expected})\n", record)

    def test_replaces_what_the_file_sweeps(self):
        rates = "--sweep", "optimizer.learning_rate=0.1,1"
        self.counts("9 trials, 1 excluded")
        self.counts("10 trials, 2 excluded", *rates)
        self.counts("4 trials", *rates, "optimizer=sgd")
        self.counts("8 trials", *rates, "optimizer=lion", "--sweep", "train.epochs=1,2")
        self.counts("18 trials", "--sweep", "train.seed=5,6,7",
                    "--sweep", "optimizer=sgd,lion,adam")
        self.counts("4 trials", "--sweep", "optimizer=[{name: lion, beta1: [0.5, 0.7]}]")

    def test_one_rule_of_the_race(self):
        done = self.slope("validate", SOURCE / "configs" / "race.yaml", "optimizer=lion", "--sweep",
                          "optimizer.learning_rate=0.1,1")
        self.assertIn("ok (12 trials)", done.stdout)

    def test_what_cannot_be_done_is_said(self):
        self.assertEqual(
            self.told(HEAD + "  clip: [null, {norm: 1}]\n", "--sweep", "clip.value=1,2"),
            ["command line: sweep.clip.value: the file sweeps 'clip' as a whole in line 4, and so "
             "values that have no part to sweep: sweep all of it (--sweep 'clip=…')"])
        self.write("rows.csv", "train.epochs\n3\n")
        told = self.told("dataset: toy\nsweep: {sampler: {name: list, file: rows.csv}}\n",
                         "--sweep", "train.seed=1,2")
        self.assertIn("'train.seed' is swept beside the rows of the file", told[0])
        self.assertEqual(
            self.told(HEAD, "--sweep", "optimizer=sgd,adam", "--sweep", "optimizer=[{name: lion}]"),
            ["command line: sweep.optimizer.name: is swept twice (also on the command line): leave "
             "one of them out"])


if __name__ == "__main__":
    main()
