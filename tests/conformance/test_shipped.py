"""Every plugin of the source tree keeps to the contract: the kit that authors run, on our own."""
import struct
import unittest

from kit import KINDS, SHIPPED, SOURCE, KitCase, main

# Checks that do not apply to every plugin of a kind, and why they are skipped.
MAY_SKIP = {
    "slices give the bits of one call": "its scope is not ELEMENT",
    "solution is a function of the state": "its solution is the weights",
    "stays at its last value": "it does not depend on the length of the run",
    "several at once are as one": "it has no way of its own to do several at once",
    "rows may be packed late": "it does not leave its rows to the kernels",
    "gives the same on wider vectors": "it is compiled for the baseline only"
                                       "|this processor has no wider vectors",
    "runs nothing when it is loaded": "this slope is built with a sanitizer, which adds some",
    "counts what there is": "it has no end of its own",
    "brings whole rows": "it brings no rows",
    "bears trials that failed": "it does not look at results",
    "accepts its defaults": "it has parameters without default: give them as key=value",
}


def sources(kind):
    return sorted(path.stem for path in (SOURCE / "plugins" / kind).glob("*.c"))


class Shipped(KitCase):
    def passes(self, kind, names, *arguments):
        report = self.run_kit([SHIPPED / kind / f"{name}.so" for name in names], *arguments)
        self.assertEqual(sorted(report), sorted(names), self.done.stdout)
        for name, checks in report.items():
            self.assertGreater(len(checks), 12, name)
            for check, (outcome, text) in checks.items():
                with self.subTest(f"{name}: {check}"):
                    if outcome == "skipped":
                        self.assertIn(text, MAY_SKIP.get(check, "").split("|"))
                    else:
                        self.assertEqual(outcome, "ok", text)
        return report

    def test_no_plugin_is_missing(self):
        """A build that lost plugins must not pass because there was less to test."""
        for kind in KINDS:
            built = sorted(path.stem for path in (SHIPPED / kind).glob("*.so"))
            self.assertEqual(built, sources(kind))
            self.assertTrue(built)

    def test_models(self):
        self.passes("models", sources("models"))

    def test_losses(self):
        self.passes("losses", sources("losses"))

    def test_schedules(self):
        self.passes("schedules", sources("schedules"))

    def test_samplers(self):
        self.write("trials.csv", 'optimizer.name,model.hidden\nsgd,"[8, 8]"\nadam,\n')
        self.passes("samplers", sources("samplers"))

    def test_pruners(self):
        self.passes("pruners", sources("pruners"))

    def test_optimizers(self):
        report = self.passes("optimizers", sources("optimizers"))
        for name, checks in report.items():
            self.assertRegex(checks["goes downhill"][1], r"quadratic \S+ to \S+, Rosenbrock", name)

    def test_a_model_of_other_text(self):
        self.passes("models", ["expression"],
                    "parameters={w: {shape: [4, 3], initial: 0}, b: {shape: 3, initial: 0}}",
                    "expressions={h: 'tanh(dot(x, w) + b)', score: 'h * h'}")

    def test_a_perceptron_whose_rows_lie_apart(self):
        """Layers as wide as a power of two have longer rows in the workspace."""
        self.passes("models", ["mlp"], "hidden=[64, 32]")

    def data(self):
        """What each reader is tested on: key=value."""
        self.write("images", struct.pack(">HBBIII", 0, 8, 3, 5, 2, 3) + bytes(range(30)))
        self.write("labels", struct.pack(">HBBI", 0, 8, 1, 5) + bytes([0, 1, 2, 1, 0]))
        self.write("sparse", "0 1:0.5 3:-2\n1 2:1\n0 4:1e-3\n")
        self.write("batch", b"".join(bytes([k]) + bytes(3072) for k in (0, 9, 3)))
        return {"csv": [f"file={SOURCE}/datasets/iris.csv", "header=true", "label_column=species"],
                "idx": ["train.images=images", "train.labels=labels"],
                "libsvm": ["train.file=sparse"],
                "cifar10": ["train=[batch]"],
                "synthetic": ["kind=spiral"],
                "none": []}

    def test_readers(self):
        data = self.data()
        self.assertEqual(sorted(data), sources("readers"))
        for name, arguments in data.items():
            self.passes("readers", [name], *arguments)


if __name__ == "__main__":
    main()
