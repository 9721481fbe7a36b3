"""Bad configurations and overrides on the real program: one clear error each, the right exit
status, and nothing left behind; and what `slope validate` prints when all is well."""
import os
import subprocess

from slope_cli import SOURCE, SlopeCase, main

TOY = "name: synthetic\nrows: 30\nseed: 3\n"
THREE_LINES = "dataset: toy\nmodel: linear\noptimizer: adam\n"

# An optimizer that was compiled by hand, so for float32 alone, with a rule between its parameters.
BY_HAND = r"""
#include <slope/optimizer.h>

typedef struct config {
    double low, high;
} config;

static const slope_parameter parameters[] = {
    SLOPE_PARAM_NUMBER(config, low, "0", SLOPE_NOT_NEGATIVE, "lower end"),
    SLOPE_PARAM_NUMBER(config, high, "1", SLOPE_NOT_NEGATIVE, "upper end"),
};

static slope_status check(const slope_host *host, const void *settings)
{
    const config *c = settings;
    if (c->low <= c->high) return SLOPE_OK;
    return host->fail_key(host, "low", "must be at most high, %g", c->high);
}

static slope_status update(const slope_update *call)
{
    (void)call;
    return SLOPE_OK;
}

SLOPE_PLUGIN(slope_optimizer) = {
    .plugin = {SLOPE_HEAD(slope_optimizer, SLOPE_KIND_OPTIMIZER), .id = "by_hand", .version = "1.0",
               .summary = "does nothing", .description = "for a test",
               SLOPE_PARAMETERS(parameters, config), .check = check},
    .scope = SLOPE_SCOPE_ELEMENT,
    .update = update,
};
"""


class ConfigCase(SlopeCase):
    def setUp(self):
        super().setUp()
        self.write("datasets/toy.yaml", TOY)

    def refused(self, text, *lines, status=2, overrides=(), command="validate", environment=None):
        """The file is refused with exactly these lines, and leaves nothing behind."""
        self.write("a.yaml", text)
        before = sorted(self.folder.rglob("*"))
        done = self.slope(command, "a.yaml", *overrides, status=status, environment=environment)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines(), list(lines))
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        return done


class BadInput(ConfigCase):
    def test_unknown_plugin(self):
        self.refused("dataset: toy\noptimizer: adaam\n",
                     "a.yaml:2:12: optimizer: there is no optimizer 'adaam'; did you mean 'adam'?")

    def test_unknown_data_set(self):
        self.refused("dataset: irsi\n",
                     "a.yaml:1:10: dataset: there is neither a data set nor a reader 'irsi'; did "
                     "you mean 'iris'? a data set NAME is described by datasets/NAME.yaml")

    def test_unknown_key(self):
        self.refused("dataset: toy\noptimizer:\n  name: adam\n  learning_rat: 0.1\n",
                     "a.yaml:4:3: optimizer.learning_rat: unknown key; did you mean "
                     "'learning_rate'?")

    def test_wrong_type(self):
        self.refused("dataset: toy\ntrain: {epochs: many}\n",
                     "a.yaml:2:17: train.epochs: expected an integer, got 'many'")

    def test_out_of_range(self):
        self.refused("dataset: toy\noptimizer: {name: adam, beta1: 1}\n",
                     "a.yaml:2:32: optimizer.beta1: must be at least 0 and below 1, got 1")

    def test_missing_required_key(self):
        self.refused("model: linear\n",
                     "a.yaml:1:1: dataset: missing: name a data set, as in `dataset: iris`, or "
                     "describe one in place with a reader's name")
        self.refused("dataset: {name: idx, train: {images: a.yaml}}\n",
                     "a.yaml:1:10: dataset.train.labels: missing, and reader idx needs it: class "
                     "of each training row")

    def test_syntax_error(self):
        self.refused("dataset: toy\nmodel: [linear\noptimizer: adam\n",
                     "a.yaml:3:10: YAML syntax: did not find expected ',' or ']' while parsing a "
                     "flow sequence that began in line 2")

    def test_duplicate_key(self):
        self.refused("dataset: toy\ntrain:\n  seed: 1\n  seed: 2\n",
                     "a.yaml:4:3: train.seed: key given twice; it stands in line 3 already")

    def test_include_loop(self):
        self.write("b.yaml", "extends: a.yaml\n")
        self.refused("extends: b.yaml\ndataset: toy\n",
                     "b.yaml:1:10: extends: files extend each other: a.yaml -> b.yaml -> a.yaml")

    def test_override_of_a_path_that_does_not_exist(self):
        self.refused(THREE_LINES,
                     "command line: optimizer.learning_rat: unknown key; did you mean "
                     "'learning_rate'?", overrides=["optimizer.learning_rat=0.1"])

    def test_all_errors_at_once(self):
        self.refused("dataset: toy\n"
                     "trian: {}\n"
                     "train: {epochs: -1, seed: x}\n"
                     "trials:\n"
                     "- optimizer: {name: sgd, momentun: 1}\n"
                     "- loss: {name: svm, margin: no}\n",
                     "a.yaml:2:1: trian: unknown key; did you mean 'train'?",
                     "a.yaml:3:17: train.epochs: must be at least 1, got -1",
                     "a.yaml:3:27: train.seed: expected an integer, got 'x'",
                     "a.yaml:5:26: optimizer.momentun: unknown key; optimizer sgd has name, "
                     "learning_rate, weight_decay",
                     "a.yaml:6:29: loss.margin: expected a number, got 'no'",
                     "command line: evaluate.every: expected an interval such as 1 epoch, 100 "
                     "steps, 30 seconds or never, got '1 fortnight'",
                     overrides=["evaluate.every=1 fortnight"])

    def test_missing_files(self):
        self.write("datasets/far.yaml", "name: csv\nfile: far.csv\nhow_to_get: ask the author\n")
        self.refused("dataset: far\n",
                     f"datasets/far.yaml:2:7: dataset.file: cannot read '{self.folder.resolve()}"
                     "/datasets/far.csv': No such file or directory; how to get it: ask the author",
                     status=3)
        self.refused("extends: none.yaml\n",
                     "a.yaml:1:10: extends: cannot open 'none.yaml': No such file or directory",
                     status=3)
        done = self.slope("validate", "none.yaml", status=3)
        self.assertEqual(done.stderr, "cannot open 'none.yaml': No such file or directory\n")

    def test_wrong_values_win_over_missing_files(self):
        self.refused("dataset: {name: csv, file: none.csv}\ntrain: {epochs: 0}\n",
                     f"a.yaml:1:28: dataset.file: cannot read '{self.folder.resolve()}/none.csv': "
                     "No such file or directory",
                     "a.yaml:2:17: train.epochs: must be at least 1, got 0", status=2)

    def test_run_refuses_in_the_same_words(self):
        self.refused("dataset: toy\noptimizer: adaam\n",
                     "a.yaml:2:12: optimizer: there is no optimizer 'adaam'; did you mean 'adam'?",
                     command="run")

    def test_usage(self):
        self.assertIn("which file?", self.slope("validate", status=2).stderr)
        self.write("a.yaml", THREE_LINES)
        done = self.slope("validate", "a.yaml", "--print", "more", status=2)
        self.assertIn("'more' is no override", done.stderr)
        self.assertIn("unknown option '--frobnicate'",
                      self.slope("validate", "a.yaml", "--frobnicate", status=2).stderr)


class PluginsOfAUser(ConfigCase):
    def setUp(self):
        super().setUp()
        source = self.write("by_hand.c", BY_HAND)
        self.write("plugins/readme", "")
        subprocess.run([os.environ.get("SLOPE_CC", "cc"), "-shared", "-fPIC",
                        f"-I{SOURCE}/plugins/include", source, "-o",
                        self.folder / "plugins/by_hand.so"], check=True)
        self.environment = {"SLOPE_PLUGIN_PATH": str(self.folder / "plugins")}

    def test_float32_only(self):
        self.write("a.yaml", "dataset: toy\noptimizer: by_hand\n")
        self.slope("validate", "a.yaml", environment=self.environment)
        self.refused("dataset: toy\noptimizer: by_hand\ntrain: {precision: float64}\n",
                     "a.yaml:2:12: optimizer: optimizer 'by_hand' was compiled for float32 only: "
                     "`slope compile` makes both of its C file; or set train.precision to float32", environment=self.environment)

    def test_rules_between_parameters(self):
        self.refused("dataset: toy\noptimizer:\n  name: by_hand\n  low: 3\n  high: 2\n",
                     "a.yaml:4:8: optimizer.low: must be at most high, 2",
                     environment=self.environment)


class GoodInput(ConfigCase):
    def test_three_lines(self):
        self.write("a.yaml", THREE_LINES)
        done = self.slope("validate", "a.yaml")
        self.assertEqual((done.stdout, done.stderr), ("a.yaml: ok (1 trial)\n", ""))

    def test_what_ships(self):
        iris = self.slope("validate", SOURCE / "configs/iris.yaml")
        self.assertTrue(iris.stdout.endswith("iris.yaml: ok (1 trial)\n"))

    def test_origins(self):
        self.write("base.yaml", "train: {epochs: 3}\n")
        self.write("a.yaml", "extends: base.yaml\ndataset: toy\n"
                             "optimizer: {name: adam, beta1: 0.5}\n")
        done = self.slope("validate", "a.yaml", "--print-config", "optimizer.learning_rate=0.25")
        origins = {}
        for line in done.stdout.splitlines():
            if "#" in line:
                setting, origin = line.split("#")
                origins[setting.strip()] = origin.strip()
        self.assertEqual(origins["epochs: 3"], "base.yaml:1")
        self.assertEqual(origins["beta1: 0.5"], "a.yaml:3")
        self.assertEqual(origins["learning_rate: 0.25"], "command line")
        self.assertEqual(origins["beta2: 0.999"], "default of optimizer adam")
        self.assertEqual(origins["rows: 30"], "datasets/toy.yaml:2")

    def test_printed_configuration_is_the_same_again(self):
        self.write("a.yaml", "dataset: toy\ntrials:\n- {optimizer: adam}\n"
                             "- {optimizer: sgd, model: {name: mlp, hidden: [3, 2]}, clip: 1}\n")
        once = self.slope("validate", "a.yaml", "--print-config").stdout
        self.write("elsewhere/b.yaml", once)
        again = self.slope("validate", "elsewhere/b.yaml", "--print-config").stdout

        def settings(text):
            return [line.split("#")[0].rstrip() for line in text.splitlines()]
        self.assertEqual(settings(again), settings(once))

    def test_precedence(self):
        self.write("base.yaml", "optimizer: {name: adam, learning_rate: 1}\ntrain: {seed: 1}\n")
        self.write("a.yaml", "extends: base.yaml\ndataset: toy\noptimizer: {learning_rate: 2}\n"
                             "trials: [{train: {seed: 5}}, {train: {seed: 6}}]\n")

        def resolved(*overrides):
            return self.slope("validate", "a.yaml", "--print-config", *overrides).stdout
        self.assertIn("learning_rate: 2 ", resolved())
        self.assertIn("learning_rate: 3 ", resolved("optimizer.learning_rate=3"))
        both = resolved("train.seed=7", "trials.1.train.seed=8")
        self.assertIn("seed: 7 ", both)
        self.assertIn("seed: 8 ", both)
        self.assertNotIn("seed: 5 ", both)
        self.assertIn("name: sgd ", resolved("optimizer=sgd"))

    def test_help(self):
        self.assertIn("--print-config", self.slope("validate", "--help").stdout)


if __name__ == "__main__":
    main()
