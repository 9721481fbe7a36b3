"""slope_cli: what the command-line tests share. Not a test.

A test case gets a fresh folder (self.folder), writes files into it and runs the real program there.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SLOPE_PROGRAM"]
SOURCE = pathlib.Path(os.environ["SLOPE_SOURCE"])
BUILD = pathlib.Path(os.environ["SLOPE_BUILD"])


class SlopeCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slope-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path

    def slope(self, *arguments, status=0, environment=None, timeout=300):
        """Runs the program in the test's folder; checks its exit status (None: any); returns the
        finished process."""
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)], cwd=self.folder, text=True, capture_output=True,
            timeout=timeout, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, [done.returncode] if status is None else [status],
                      f"slope {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done


def main():
    unittest.main(verbosity=2)
