"""The lecture's experiments: each runs (with fewer steps), and what the page says about them is so."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
from run_files import read_csv
from slope_cli import SOURCE, SlopeCase, main

LECTURE = SOURCE / "configs/lecture"
PAGE = (LECTURE / "README.md").read_text()
IMAGES = {"random_search", "vanilla", "minibatch", "update_rules"}  # the whole of Fashion-MNIST


class Lecture(SlopeCase):
    def test_all_run(self):
        for path in sorted(LECTURE.glob("*.yaml")):
            if path.stem == "random_search_cifar10":
                continue
            with self.subTest(name=path.stem):
                small = ["dataset.limit=300", "dataset.test_limit=100", "dataset.validation=50"]
                self.slope("run", path, "--quiet", "--output", path.stem, "train.steps=3",
                           *(small if path.stem in IMAGES else []))
                rows = read_csv(self.folder / path.stem / "trials.csv")
                self.assertEqual({row["status"] for row in rows}, {"finished"})

    def test_cifar10_needs_only_its_files(self):
        done = self.slope("validate", LECTURE / "random_search_cifar10.yaml",
                          status=0 if (SOURCE / "datasets/cifar-10-batches-bin").exists() else 3)
        if done.returncode:
            self.assertIn("how to get it: download https://www.cs.toronto.edu", done.stderr)

    def test_both_gradients_lead_to_the_same_place(self):
        self.slope("run", LECTURE / "numerical.yaml", "--quiet", "--output", "out", "train.steps=10")
        analytic, numerical = read_csv(self.folder / "out/trials.csv")
        self.assertAlmostEqual(float(analytic["train_loss"]), float(numerical["train_loss"]), places=7)

    def test_table_of_the_check(self):
        """The table on the page is what the command prints, and its quotients are made of its losses."""
        output = self.slope("check", LECTURE / "gradient_check.yaml", "--step", "1e-4", "--verbose").stdout
        (table,) = re.findall(r"```\n(weight, data loss: .*?)```", PAGE, re.DOTALL)
        self.assertIn(table, output)
        loss = float(re.search(r"loss ([\d.]+), h", table)[1])
        rows = [line.split() for line in table.splitlines()[3:]]
        self.assertEqual(len(rows), 10)
        for _, _, above, quotient, analytic, _ in rows:
            self.assertAlmostEqual((float(above) - loss) / 1e-4, float(quotient), delta=2e-4)
            self.assertAlmostEqual(float(quotient), float(analytic), delta=1e-4)

    def test_page(self):
        """Every experiment and picture that the page names is there, and every experiment is on it."""
        named = set(re.findall(r"configs/lecture/(\w+)\.yaml", PAGE))
        self.assertEqual(named, {path.stem for path in LECTURE.glob("*.yaml")})
        for picture in re.findall(r"!\[.*?\]\((.*?)\)", PAGE):
            self.assertTrue((LECTURE / picture).exists(), picture)
        circuit = self.slope("graph", LECTURE / "circuit.yaml", "--backward-steps").stdout
        (shown,) = re.findall(r"```\n(node .*?)```", PAGE, re.DOTALL)
        self.assertIn(shown, circuit)


if __name__ == "__main__":
    main()
