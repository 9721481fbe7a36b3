"""Models written as formulas, and `slope graph`, on the real program: errors that point at the character,
experiments without data, what diverges and why, tables, trees and Graphviz text."""
import csv
import os
import pathlib
import shutil

from slope_cli import SlopeCase, main

HEAD = """model:
  name: expression
  parameters: {x: -2, y: 5, v: [1, 2, 3]}
  expressions:
"""
TAIL = "loss: value\ntrain: {steps: 3, precision: float64}\n"


class Errors(SlopeCase):
    def refused(self, text, *wanted, status=2):
        self.write("a.yaml", text)
        done = self.slope("validate", "a.yaml", status=status)
        self.assertEqual(done.stderr.splitlines(), [f"a.yaml:{line}" for line in wanted])
        if os.path.exists(self.folder / "results"):
            self.fail("a wrong file left results")

    def formula(self, line, column, message):
        self.refused(HEAD + f"    {line}\n" + TAIL, f"5:{column}: model.expressions.f: {message}")

    def test_syntax(self):
        self.formula("f: (x + y", 8, "'(' is never closed")
        self.formula("f: x + y)", 13, "')' closes nothing")
        self.formula("f: x + * y", 12, "expected a number, a name or '(', got '*'")
        self.formula("f: x y", 10, "expected an operator, got 'y'")
        self.formula("f: 2x", 9, "expected an operator after 2; a product is written with *")
        self.formula("f: x = y", 10, "expected an operator, got '='")
        self.formula("f: x < y", 10, "expected an operator, got '<'")
        self.formula("f: x ♥ y", 10, "expected an operator, got '♥'")
        self.formula("f: v[x]", 10, "expected the number of an element (from 0) or the name of a column "
                                    "in quotes, got 'x'")
        self.formula("f: 1e999", 8, "1e999 is too large")

    def test_end_of_text(self):
        for text, column, what in (('"x + "', 13, "a number, a name or '('"), ('"v[1"', 12, "']'"),
                                   ('"exp(x"', 14, "',' or ')'")):
            self.formula(f"f: {text}", column, f"expected {what}, but the expression ends")

    def test_functions(self):
        self.formula("f: x + sine(y)", 12, "unknown function 'sine'; did you mean 'sin'?")
        self.formula("f: frobnicate(y)", 8, "unknown function 'frobnicate'")
        self.formula("f: exp(x, y)", 8, "exp takes 1 argument, got 2")
        self.formula("f: exp()", 8, "exp takes 1 argument, got 0")
        self.formula("f: x + min(x)", 12, "min takes at least 2 arguments, got 1")
        self.formula("f: dot(v)", 8, "dot takes 2 arguments, got 1")

    def test_names(self):
        self.formula("f: x + yy", 12, "unknown name 'yy'; did you mean 'y'?")
        self.formula("f: x + weight", 12, "unknown name 'weight': it is no parameter, no expression and "
                                          "no constant, and there are no data")
        self.formula("f: x0", 8, "unknown name 'x0'; did you mean 'x'?")
        self.refused(HEAD + "    x: y\n" + TAIL,
                     "5:8: model.expressions.x: there is a parameter 'x', too")
        self.refused(HEAD + "    pi: x\n" + TAIL,
                     "5:9: model.expressions.pi: the name 'pi' is taken: it is a constant")
        self.refused(HEAD + "    exp: x\n" + TAIL,
                     "5:10: model.expressions.exp: the name 'exp' is taken: it is a function")
        self.refused(HEAD + "    a-b: x\n" + TAIL,
                     "5:5: model.expressions.a-b: a name is a letter or _, then letters, digits and _, "
                     "at most 63")
        self.refused(HEAD + "    f: x\n  outputs: [f, g]\n" + TAIL,
                     "6:12: model.outputs: there is no expression 'g'")
        self.refused(HEAD + "    f: x\n  not_regularized: b\n" + TAIL,
                     "6:20: model.not_regularized: there is no parameter 'b'")

    def test_cycles(self):
        self.refused(HEAD + "    f: x + f\n" + TAIL,
                     "5:12: model.expressions.f: 'f' needs itself: f -> f")
        self.refused(HEAD + "    a: b + 1\n    b: 2 * c\n    c: x - a\n" + TAIL,
                     "7:12: model.expressions.c: 'a' needs itself: a -> b -> c -> a")

    def test_shapes(self):
        self.refused(HEAD.replace("v: [1, 2, 3]", "v: [1, 2, 3], w: [1, 2]") + "    f: sum(v * w)\n" + TAIL,
                     "5:14: model.expressions.f: '*' cannot combine a vector of 3 and a vector of 2")
        self.formula("f: dot(v, x)", 8, "dot takes two vectors of one length, or a matrix and a vector "
                                        "that fit, got a vector of 3 and a number")
        self.formula("f: v[3]", 10, "there is no element 3 in a vector of 3, counted from 0")
        self.formula("f: x[0]", 10, "a number has no elements")
        self.refused(HEAD.replace("v: [1, 2, 3]", "v: [[[1]]]") + "    f: x\n" + TAIL,
                     "3:32: model.parameters.v: has 3 extents; an expression knows numbers, vectors and "
                     "matrices")

    def test_constants_that_are_none(self):
        self.formula("f: x + 1 / (2 - 2)", 14, "'1 / (2 - 2)' is infinite")
        self.formula("f: x * log(-1)", 12, "'log(-1)' is no number")

    def test_too_long_and_too_deep(self):
        self.formula("f: " + "x + " * 250000 + "x", 8,
                     "the expression has 1000001 characters; at most 100000 are allowed")
        self.formula("f: " + "(" * 100 + "x" + ")" * 99, 8, "'(' is never closed")
        deep = "nested deeper than 200 levels"
        self.formula("f: " + "(" * 49999 + "x" + ")" * 49999, 8 + 200, deep)
        self.formula("f: x" + "^-x" * 30000, 8 + 300, deep)
        self.refused(HEAD + '    f: "' + "-" * 99999 + 'x"\n' + TAIL, f"5:209: model.expressions.f: {deep}")
        done = self.slope("validate", self.write("b.yaml", HEAD + "    f: " + "(" * 10**5 + "x\n" + TAIL),
                          status=2)
        self.assertIn("the expression has 100001 characters", done.stderr)

    def test_places_in_other_styles_of_text(self):
        error = "model.expressions.f: unknown function 'sine'; did you mean 'sin'?"
        for text, place in (("    f: 'x + sine(y)'\n", "5:13"), ('    f: "x +\\t sine(y)"\n', "5:15"),
                            ("    f: x\n      + sine(y)\n", "6:9"), ("    f: |\n      x +\n      sine(y)\n", "7:7"),
                            ("    f: >-\n\n      x\n      + sine(y)\n", "8:9"),
                            ('    f: "x \\\n      + sine(y)"\n', "6:9"),
                            ("    f: &anchor x + sine(y)\n", "5:20"), ("    f: !!str x + sine(y)\n", "5:18"),
                            ("    f: x × sine(y)\n", "5:12")):
            with self.subTest(text=text):
                self.refused(HEAD + text + TAIL, f"{place}: {error}")
        done = self.slope("validate", self.write("c.yaml", HEAD + "    f: x\n" + TAIL),
                          "model.expressions.f=x+sine(y)", status=2)
        self.assertEqual(done.stderr, "command line: model.expressions.f: character 3: unknown function "
                                      "'sine'; did you mean 'sin'?\n")

    def test_parameters(self):
        def parameter(text, column, message, path="w"):
            self.refused(f"model:\n  name: expression\n  parameters:\n    w: {text}\n"
                         "  expressions: {f: sum(w)}\n" + TAIL,
                         f"4:{column}: model.parameters.{path}: {message}")
        missing = ("has no initial value: give a number, a list of numbers, or a shape and an initial value "
                   "as in {shape: [3, 2], initial: 0} (or initial: random)")
        parameter("", 5, missing)
        parameter("{shape: [3, 2]}", 5, missing)
        parameter("{shape: [3, 2], inital: 0}", 24, "unknown key; did you mean 'initial'?", "w.inital")
        parameter("{shape: [3, 0], initial: 0}", 20,
                  "expected whole numbers of at least 1, as in shape: [3, 2], got '0'")
        parameter("{shape: 2, initial: [1, 2, 3]}", 28,
                  "expected a list of 2, by the shape, got one of 3")
        parameter("[[1, 2], [3]]", 17, "expected a list of 2, by the shape, got one of 1")
        parameter("[1, two]", 12, "expected a number, got 'two'")
        parameter(".inf", 8, "expected a finite number, got '.inf'")
        parameter("hello", 8, "expected a number, got 'hello'")
        parameter("{shape: [100000, 100000], initial: 0}", 16, "more than 268435456 numbers")

    def test_missing_sections(self):
        self.refused("model: expression\nloss: value\n",
                     "1:8: model.parameters: missing, and model expression needs it: initial values: a number, "
                     "a list, lists of one length, or a shape and an initial value",
                     "1:8: model.expressions: missing, and model expression needs it: formulas by name, which "
                     "may use each other")
        self.refused(HEAD + "    f: x\n",
                     "1:1: dataset: missing: name a data set, as in `dataset: iris`, or describe one in place "
                     "with a reader's name")

    def test_outputs_and_data(self):
        def run(text, message):
            self.write("a.yaml", text)
            done = self.slope("run", "a.yaml", "--output", "out", status=2)
            self.assertIn(message, done.stderr)
            self.assertFalse((self.folder / "out").exists())
        model = "model: {name: expression, parameters: {w: {shape: 4, initial: 0}}, expressions: {s: %s}}\n"
        run("dataset: iris\n" + model % '"dot(w, x)"',
            "data set 'iris' has 3 classes, but model expression gives 1 output: loss softmax needs one for "
            "each class")
        run("dataset: iris\nloss: value\n" + model % "x + w", "loss value takes 1 output, but model expression gives 4")
        run("dataset: iris\n" + model % '"sepal_lenght * w"',
            "a.yaml:2:86: model.expressions.s: unknown name 'sepal_lenght'; did you mean 'sepal_length'?")
        run("dataset: iris\n" + model % "\"x['petal'] * w\"",
            "a.yaml:2:88: model.expressions.s: the data have no column 'petal'")
        run("dataset: iris\n" + model % '"x4 * w"', "unknown name 'x4'")


class Runs(SlopeCase):
    def rows(self, name):
        with open(self.folder / "out" / name, newline="") as file:
            return list(csv.DictReader(file))

    def test_without_data(self):
        self.write("a.yaml", HEAD + "    f: x^2 + y^2 + dot(v, v)\n" + TAIL)
        done = self.slope("run", "a.yaml", "train.steps=200", "optimizer.learning_rate=0.1", "--output", "out")
        self.assertNotIn("100.00 %", done.stdout)
        trial, = self.rows("trials.csv")
        self.assertEqual(trial["status"], "finished")
        self.assertEqual(trial["train_accuracy"], "")
        self.assertLess(float(trial["train_loss"]), 1e-30)
        first = (self.folder / "out" / "metrics.csv").read_text()
        self.assertIn("name: none", (self.folder / "out" / "config.yaml").read_text())
        again = self.slope("run", "out/config.yaml", "--output", "again")
        self.assertEqual(again.returncode, 0)
        second = (self.folder / "again" / "metrics.csv").read_text()
        cut = [[line.split(",")[:9] for line in text.splitlines()] for text in (first, second)]
        self.assertEqual(*cut)

    def test_named_columns(self):
        model = ("dataset: iris\nmodel:\n  name: expression\n"
                 "  parameters: {w: {shape: [4, 3], initial: 0}, b: {shape: 3, initial: 0}}\n"
                 "  expressions:\n    s: %s\ntrain: {steps: 5}\n")
        losses = []
        for text in ("dot(x, w) + b", "sepal_length * w[0] + x1 * w[1] + x[2] * w[2] + x['petal_width'] * w[3] + b"):
            self.write("a.yaml", model % text)
            self.slope("run", "a.yaml", "--output", "out")
            losses.append(float(self.rows("trials.csv")[0]["train_loss"]))
            shutil.rmtree(self.folder / "out")
        self.assertAlmostEqual(*losses, places=5)
        self.slope("run", "a.yaml", "model=linear", "--output", "out")
        self.assertAlmostEqual(float(self.rows("trials.csv")[0]["train_loss"]), losses[0], places=6)

    def test_random_start(self):
        self.write("a.yaml", "model: {name: expression, parameters: {w: {shape: 5, initial: random}}, "
                             "expressions: {f: \"dot(w, w)\"}}\nloss: value\n")
        values = []
        for seed in (1, 2, 1):
            done = self.slope("graph", "a.yaml", f"train.seed={seed}")
            values.append(done.stdout)
        self.assertEqual(values[0], values[2])
        self.assertNotEqual(values[0], values[1])
        self.write("a.json", '{"model": {"name": "expression", "parameters": {"w": {"shape": 5, '
                             '"initial": "random"}}, "expressions": {"f": "dot(w, w)"}}, "loss": "value"}')
        self.assertEqual(self.slope("graph", "a.json", "train.seed=1").stdout, values[0])

    def diverges(self, text, message, *overrides):
        self.write("a.yaml", HEAD + f"    f: {text}\n" + TAIL)
        done = self.slope("run", "a.yaml", "--output", "out", *overrides, status=1)
        trial, = self.rows("trials.csv")
        self.assertEqual(trial["status"], "diverged")
        self.assertEqual(trial["message"], message)
        self.assertIn("diverged", done.stdout)
        shutil.rmtree(self.folder / "out")

    def test_diverged(self):
        self.diverges("1 / (x + 2)", "the loss is not finite after step 0: f = 1 / (x + 2) is infinity (x + 2 = 0)")
        self.diverges("y + log(x) * y", "the loss is not finite after step 0: log(x) is not a number (x = -2)")
        self.diverges("sum(v / (v - 2))", "the loss is not finite after step 0: v / (v - 2) is infinity at [1]")
        self.diverges("sqrt(x + 2)", "the loss is not finite at step 2: parameter x is -infinity after the update",
                      "evaluate.every=never")
        self.diverges("exp(-x)", "the loss is not finite at step 2: f = exp(-x) is infinity (-x = 7.38906e+06)",
                      "evaluate.every=never", "loss.direction=maximize", "optimizer.learning_rate=1e6")


class Graph(SlopeCase):
    CIRCUIT = ("model: {name: expression, parameters: {x: -2, y: 5, z: -4}, "
               "expressions: {q: x + y, f: q * z}}\nloss: value\n")

    def test_circuit(self):
        self.write("a.yaml", self.CIRCUIT)
        done = self.slope("graph", "a.yaml", "--backward-steps")
        self.assertEqual(done.stdout, """\
node       operation  value  df/dnode
---------  ---------  -----  --------
x          parameter     -2        -4
y          parameter      5        -4
q = x + y  +              3        -4
z          parameter     -4         3
f = q * z  *            -12         1

f = q * z     = -12,  df/df = 1
├─ q = x + y  = 3,  df/dq = -4
│  ├─ x       = -2,  df/dx = -4
│  └─ y       = 5,  df/dy = -4
└─ z          = -4,  df/dz = 3

backward, one gate at a time:
start: df/df = 1
gate f = q * z
    df/dq += df/df · ∂f/∂q = 1 · -4 = -4
    df/dz += df/df · ∂f/∂z = 1 · 3 = 3
gate q = x + y
    df/dx += df/dq · ∂q/∂x = -4 · 1 = -4
    df/dy += df/dq · ∂q/∂y = -4 · 1 = -4
sums:
    df/dx = -4
    df/dy = -4
    df/dz = 3
""")
        done = self.slope("graph", "a.yaml", "model.parameters.x=1")
        self.assertIn("f = q * z  *            -24         1", done.stdout)

    def test_shipped(self):
        for name, facts in (("circuit", ["df/dx = -4", "df/dy = -4", "df/dz = 3", "df/dq = -4", "= -12"]),
                            ("square", ["dz/dx = 10", "dz/dy = 6", "= 34"])):
            done = self.slope("graph", SHARE / "lecture" / f"{name}.yaml")
            for fact in facts:
                self.assertIn(fact, done.stdout)
            self.slope("check", SHARE / "lecture" / f"{name}.yaml")

    def test_shared_parts_are_drawn_once(self):
        self.write("a.yaml", "model: {name: expression, parameters: {x: 1}, "
                             "expressions: {f: \"exp(2 * x) + sin(exp(2 * x))\"}}\nloss: value\n")
        done = self.slope("graph", "a.yaml")
        self.assertEqual(done.stdout.count("exp(2 * x) (as above)"), 1)
        self.assertEqual(done.stdout.count("─ x "), 1)

    def test_dot(self):
        self.write("a.yaml", self.CIRCUIT)
        done = self.slope("graph", "a.yaml", "--dot")
        self.assertTrue(done.stdout.startswith("digraph slope {\n"))
        for piece in ('label="x", shape=plaintext', 'label="+", shape=circle, xlabel="q"',
                      'n2 -> n4 [label=<<font color="#009e73">3</font><br/><font color="#d55e00">-4</font>>]'):
            self.assertIn(piece, done.stdout)
        if shutil.which("dot"):
            self.slope("graph", "a.yaml", "--svg", "out.svg")
            self.assertIn("<svg", (self.folder / "out.svg").read_text())
        empty = self.folder / "empty"
        empty.mkdir()
        done = self.slope("graph", "a.yaml", "--svg", "none.svg", status=3, environment={"PATH": str(empty)})
        self.assertIn("cannot find Graphviz", done.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.glob("none*")), [])

    def test_layers(self):
        self.write("a.yaml", "dataset: iris\nmodel: {name: mlp, hidden: [100, 20]}\n")
        done = self.slope("graph", "a.yaml")
        lines = [line.split() for line in done.stdout.splitlines()]
        self.assertIn("layer1 weight 100 × 4, bias 100 100 500".split(), lines)
        self.assertIn("layer2 weight 20 × 100, bias 20 20 2,020".split(), lines)
        self.assertIn("layer3 weight 3 × 20, bias 3 3 63".split(), lines)
        self.assertIn("2,583 parameters".split(), lines)
        done = self.slope("graph", "a.yaml", "model=linear")
        self.assertIn("linear  weight 3 × 4, bias 3        3          15", done.stdout)
        done = self.slope("graph", "a.yaml", "--dot")
        self.assertIn('l0 -> l1 [label="100"]', done.stdout)
        done = self.slope("graph", "a.yaml", "--backward-steps", status=2)
        self.assertIn("leave --backward-steps out", done.stderr)

    def test_rows(self):
        self.write("a.yaml", "dataset: iris\nmodel: {name: expression, parameters: {w: {shape: [4, 3], "
                             "initial: 0}}, expressions: {s: \"dot(x, w)\"}}\n")
        first = self.slope("graph", "a.yaml").stdout
        self.assertIn("dloss/dnode", first)
        self.assertNotEqual(first, self.slope("graph", "a.yaml", "--row", "1").stdout)
        done = self.slope("graph", "a.yaml", "--row", "4000", status=2)
        self.assertIn("there is no row 4000", done.stderr)

    def test_usage(self):
        self.write("a.yaml", self.CIRCUIT)
        for arguments in (["a.yaml", "--row", "x"], ["a.yaml", "--trial", "1"], ["a.yaml", "--wat"],
                          ["a.yaml", "--dot", "--svg", "x.svg"], ["a.yaml", "--svg"], []):
            self.slope("graph", *arguments, status=2)


SHARE = pathlib.Path(os.environ["SLOPE_SOURCE"]) / "configs"

if __name__ == "__main__":
    main()
