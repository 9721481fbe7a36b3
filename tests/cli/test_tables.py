"""The README's tables of plugins are what these say of themselves today."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
from slope_cli import SOURCE, SlopeCase, main

BLOCK = re.compile(r"<!-- slope (plugins \w+ --markdown) -->\n(.*?)<!-- end -->", re.DOTALL)


class Tables(SlopeCase):
    def setUp(self):
        super().setUp()
        self.blocks = dict(BLOCK.findall((SOURCE / "README.md").read_text()))

    def test_are_fresh(self):
        self.assertGreaterEqual(len(self.blocks), 2)
        for command, text in self.blocks.items():
            self.assertEqual(text.splitlines(), self.slope(*command.split()).stdout.splitlines(),
                             f"put the output of `slope {command}` into README.md")

    def test_name_every_file(self):
        folders = {"optimizer": "optimizers", "loss": "losses", "sampler": "samplers",
                   "pruner": "pruners"}
        for command, text in self.blocks.items():
            folder = folders[command.split()[1]]
            names = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
            files = sorted(path.stem for path in (SOURCE / "plugins" / folder).glob("*.c"))
            self.assertEqual(names, files)

    def test_cells_are_four_in_every_row(self):
        for text in self.blocks.values():
            for row in text.splitlines():
                self.assertEqual(len(re.split(r"(?<!\\)\|", row)), 6, row)


if __name__ == "__main__":
    main()
