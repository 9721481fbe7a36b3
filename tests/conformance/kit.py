"""kit: runs `slope test` and reads its report. Not a test; shared by those of this folder."""
import os
import pathlib
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
import slope_cli
from slope_cli import BUILD, SOURCE, main  # noqa: F401 (for the tests)

SHIPPED = BUILD / "lib" / "slope" / "plugins"
KINDS = ("readers", "models", "losses", "optimizers", "schedules", "samplers", "pruners")


class KitCase(slope_cli.SlopeCase):
    def run_kit(self, plugins, *arguments, status=0):
        """{plugin's stem: {check: (outcome, text)}} of one call."""
        self.done = self.slope("test", *plugins, *arguments, "--junit", "report.xml", status=status)
        root = xml.etree.ElementTree.parse(self.folder / "report.xml").getroot()
        return {pathlib.Path(suite.get("file")).stem:
                {case.get("name"): self.outcome(case) for case in suite} for suite in root}

    @staticmethod
    def outcome(case):
        for word, name in (("FAILED", "failure"), ("skipped", "skipped")):
            if case.find(name) is not None:
                return word, case.find(name).get("message")
        return "ok", case.findtext("system-out", "")
