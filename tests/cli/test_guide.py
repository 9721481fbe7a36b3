"""test_guide: plugins/README.md tells the truth: every piece of C, YAML, shell and CMake in it is
extracted and compiled or run."""
import os
import re
import subprocess

import slope_cli
from slope_cli import BUILD, PROGRAM, SOURCE

GUIDE = (SOURCE / "plugins" / "README.md").read_text()
INCLUDE = SOURCE / "plugins" / "include"
CC = os.environ["SLOPE_CC"]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
          "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wundef", "-Werror"]


def blocks(language):
    return [text for name, text in re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.M | re.S)
            if name == language]


class Guide(slope_cli.SlopeCase):
    def command(self, *arguments):
        path = f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"
        done = subprocess.run(list(map(str, arguments)), cwd=self.folder, text=True, timeout=300,
                              capture_output=True, env={**os.environ, "PATH": path, "CC": CC})
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_every_block_is_of_a_language_that_is_tested(self):
        languages = set(re.findall(r"^```(\w+)$", GUIDE, re.M))
        self.assertEqual(languages, {"c", "yaml", "sh", "cmake"})

    def test_whole_plugins(self):
        whole = [text for text in blocks("c") if "SLOPE_PLUGIN(" in text]
        self.assertTrue(whole)
        for text in whole:
            name = re.search(r'\.id = "(\w+)"', text).group(1)
            self.write(f"{name}.c", text)
            self.command(CC, *STRICT, "-O2", "-ffp-contract=off", "-shared", "-fPIC",
                         f"-I{INCLUDE}", f"{name}.c", "-o", f"{name}.so")
            self.assertIn(" 0 failed", self.slope("test", f"{name}.so").stdout)

    def test_pieces(self):
        pieces = [text for text in blocks("c") if "SLOPE_PLUGIN(" not in text]
        self.assertGreaterEqual(len(pieces), 3)
        headers = "".join(f"#include <slope/{path.name}>\n"
                          for path in sorted((INCLUDE / "slope").glob("*.h")))
        for i, text in enumerate(pieces):
            for bits in (32, 64):
                with self.subTest(f"{i} {bits}"):
                    self.write("piece.c", headers + text)
                    self.command(CC, *STRICT, "-Wno-unused", f"-DSLOPE_REAL_BITS={bits}",
                                 f"-I{INCLUDE}", "-fsyntax-only", "piece.c")

    def test_the_way_from_an_empty_folder(self):
        (experiment,) = blocks("yaml")
        self.write("first.yaml", experiment)
        output = ""
        for script in blocks("sh"):
            script = script.replace("$(pkg-config --cflags slope)", f"-I'{INCLUDE}'")
            output += self.command("bash", "-eu", "-c", re.sub(r"(?m)^cc ", CC + " ", script))
        for text in ("wrote mine.c", "0 failed", "optimizer mine 0.1", "finished", "times sgd"):
            self.assertIn(text, output)

    def test_cmake(self):
        (lists,) = blocks("cmake")
        self.write("CMakeLists.txt", lists)
        (rule,) = [text for text in blocks("c") if '.id = "heavy_ball"' in text]
        self.write("heavy_ball.c", rule)
        self.command("cmake", "--install", BUILD, "--prefix", self.folder / "prefix")
        self.command("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-DCMAKE_C_COMPILER={CC}",
                     f"-DCMAKE_PREFIX_PATH={self.folder / 'prefix'}")
        self.command("cmake", "--build", "build")
        output = self.slope("test", "build/heavy_ball.so").stdout
        self.assertIn("ok       optimizer heavy_ball: precisions agree", output)
        self.assertIn("ok       optimizer heavy_ball: goes downhill", output)

    def test_it_names_what_there_is(self):
        headers = "".join(path.read_text() for path in (INCLUDE / "slope").glob("*.h"))
        for name in set(re.findall(r"`((?:SLOPE_|slope_)\w+)`", GUIDE)) - {
                "slope_add_plugin", "SLOPE_PLUGIN_PATH"}:
            with self.subTest(name):
                self.assertRegex(headers, rf"\b{name}\b")
        for folder in re.findall(r"`((?:tests|plugins)/[\w/]+)`", GUIDE):
            self.assertTrue((SOURCE / folder).exists(), folder)


if __name__ == "__main__":
    slope_cli.main()
