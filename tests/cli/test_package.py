"""test_package: what an installation holds beside the program: manual pages, completion, licence; and
the Debian packages, as far as that can be seen without installing them."""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import slope_cli
from slope_cli import BUILD, PROGRAM

DEBIAN_TOOLS = ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file")


class PackageCase(slope_cli.SlopeCase):
    def command(self, *arguments, **options):
        done = subprocess.run(list(map(str, arguments)), cwd=self.folder, text=True,
                              capture_output=True, timeout=300, **options)
        self.assertEqual(done.returncode, 0,
                         f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def commands(self):
        listed = self.slope("--help").stdout.split("\ncommands:\n")[1].split("\n\n")[0]
        return [line.split()[0] for line in listed.splitlines()]


class ManualPages(PackageCase):
    def page(self, name):
        return gzip.decompress((BUILD / "share/man/man1" / f"{name}.1.gz").read_bytes()).decode()

    def test_one_for_each_command(self):
        pages = sorted(path.name for path in (BUILD / "share/man/man1").iterdir())
        self.assertEqual(pages, sorted(["slope.1.gz", *(f"slope-{name}.1.gz"
                                                        for name in self.commands())]))

    def test_say_what_the_program_says(self):
        for name in ("slope", *(f"slope-{name}" for name in self.commands())):
            with self.subTest(name):
                help_text = self.slope(*name.split("-", 1)[1:], "--help").stdout
                page = self.page(name).replace("\\-", "-").replace("\\(ga", "`")
                page = page.replace("\\(aq", "'").replace("\\e", "\\").replace("\\&", "")
                titles = {"usage:", "commands:", "example:", "examples:", "tables:", "exit", "status:",
                          "status", "environment", "variables:"}
                for word in set(help_text.split()) - titles:
                    self.assertIn(word, page)

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_are_good_roff(self):
        for name in ("slope", *(f"slope-{name}" for name in self.commands())):
            done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww"], text=True,
                                  input=self.page(name), capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("slope", done.stdout)


class Completion(PackageCase):
    """What is offered for a line; the cursor is at its end."""

    def setUp(self):
        super().setUp()
        self.prefix = self.folder / "prefix"
        self.command("cmake", "--install", BUILD, "--prefix", self.prefix, "--component", "slope")
        self.write("work/first.yaml", "")
        self.write("work/notes.txt", "")
        self.write("work/mine.so", "")
        self.write("work/mine.c", "")
        self.write("work/results/iris/config.yaml", "")

    def offered(self, *words):
        raise NotImplementedError

    def check(self):
        self.assertLessEqual({"run", "resume", "describe"}, set(self.offered("")))
        self.assertEqual(self.offered("desc"), ["describe"])
        self.assertEqual(self.offered("run", "--out"), ["--output"])
        self.assertLessEqual({"--tolerance", "--help"}, set(self.offered("check", "--")))
        self.assertEqual(self.offered("describe", "adamw"), ["adamw"])
        self.assertIn("optimizer", self.offered("plugins", ""))
        self.assertIn("optimizer=", self.offered("run", "first.yaml", "opt"))
        self.assertEqual(self.offered("run", "first.yaml", "optimizer=nest"), ["nesterov"])
        self.assertEqual(self.offered("run", "first.yaml", "model.name=ml"), ["mlp"])


class Bash(Completion):
    def offered(self, *words):
        # bash takes the = in key=value for a word of its own
        line = [part for word in words for part in (re.split("(=)", word) if "=" in word else [word])]
        script = """
            compopt() { :; }  # there is no line being edited
            source "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slope
            printf '%s\\n' "${COMPREPLY[@]}" """
        output = self.command(
            "bash", "-c", script, "bash", self.prefix / "share/bash-completion/completions/slope",
            PROGRAM, *line, env={**os.environ, "PWD": str(self.folder / "work")})
        return output.split()

    def test_offers(self):
        self.check()

    def test_files(self):
        os.chdir(self.folder)
        self.assertEqual(self.offered("run", "work/"), ["work/first.yaml", "work/results"])
        self.assertEqual(self.offered("resume", "work/"), ["work/results"])
        self.assertEqual(self.offered("test", "work/"), ["work/mine.so", "work/results"])
        self.assertEqual(self.offered("compile", "work/"), ["work/mine.c", "work/results"])
        self.assertEqual(self.offered("run", "--output", "work/"), ["work/results"])
        self.assertEqual(self.offered("compare", "work/results", "work/"), ["work/results"])


@unittest.skipUnless(shutil.which("zsh"), "needs zsh")
class Zsh(Completion):
    def offered(self, *words):
        # compadd and _describe belong to a line being edited; here they print what begins as asked
        script = """
            file=$1; shift; words=("$@"); CURRENT=$#; prefix=$words[CURRENT]
            print_matching() { for w; do [[ $w == $prefix* ]] && print -r -- $w; done; true }
            compadd() { while [[ $1 != -- ]]; do shift; done; shift; print_matching "$@" }
            _describe() { print_matching ${${(P)2}%%:*} }
            compset() { prefix=${prefix#*=} }
            source $file """
        output = self.command("zsh", "-fc", script, "zsh",
                              self.prefix / "share/zsh/vendor-completions/_slope", PROGRAM, *words)
        return output.split()

    def test_offers(self):
        self.check()


@unittest.skipUnless(all(map(shutil.which, DEBIAN_TOOLS)), "needs dpkg-dev and file")
class Debian(PackageCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        subprocess.run(["cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", folder],
                       check=True, stdout=subprocess.DEVNULL, cwd=BUILD)
        cls.packages = {path.name.split("_")[0]: path for path in folder.glob("*.deb")}

    def field(self, package, name):
        return self.command("dpkg-deb", "--field", self.packages[package], name).strip()

    def test_two_packages(self):
        self.assertEqual(sorted(self.packages), ["slope", "slope-dev"])
        depends = self.field("slope", "Depends")
        for library in ("libc6", "libyaml-0-2", "zlib1g", "libelf1", "libjansson4"):
            self.assertRegex(depends, rf"\b{library}\b")
        self.assertRegex(self.field("slope-dev", "Depends"), r"\bslope \(>= ")
        self.assertEqual(self.field("slope-dev", "Architecture"), "all")

        contents = {name: self.command("dpkg-deb", "--contents", path)
                    for name, path in self.packages.items()}
        for line in "".join(contents.values()).splitlines():
            self.assertRegex(line, r"^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root/root ")
        for place in ("bin/slope", "lib/slope/plugins/optimizers/adam.so",
                      "share/slope/configs/iris.yaml", "share/slope/datasets/iris.csv",
                      "share/man/man1/slope-run.1.gz", "share/doc/slope/copyright",
                      "share/bash-completion/completions/slope",
                      "share/zsh/vendor-completions/_slope"):
            self.assertIn(f" ./usr/{place}\n", contents["slope"])
            self.assertNotIn(f" ./usr/{place}\n", contents["slope-dev"])
        for place in ("include/slope/plugin.h", "share/pkgconfig/slope.pc",
                      "share/cmake/slope/slope-config.cmake", "share/doc/slope-dev/copyright"):
            self.assertIn(f" ./usr/{place}\n", contents["slope-dev"])
            self.assertNotIn(f" ./usr/{place}\n", contents["slope"])

    def test_who_and_what_changed(self):
        """A maintainer whom nobody made up, and a changelog that fits the package."""
        cache = (BUILD / "CMakeCache.txt").read_text()
        maintainer = re.search(r"^SLOPE_MAINTAINER:STRING=(.*)$", cache, re.M).group(1)
        for package, path in self.packages.items():
            self.assertEqual(self.field(package, "Maintainer"), maintainer)
            self.command("dpkg-deb", "--extract", path, self.folder / package)
            log = self.folder / package / "usr/share/doc" / package / "changelog.gz"
            self.write("changelog", gzip.decompress(log.read_bytes()))
            self.assertEqual(log.read_bytes()[4:8], bytes(4))  # the same package tomorrow
            parsed = self.command("dpkg-parsechangelog", "--file", "changelog")
            for name, value in (("Source", "slope"), ("Version", self.field(package, "Version")),
                                ("Maintainer", maintainer)):
                self.assertIn(f"{name}: {value}\n", parsed)

    def test_runs_its_example(self):
        self.command("dpkg-deb", "--extract", self.packages["slope"], self.folder / "root")
        usr = self.folder / "root" / "usr"
        output = self.command(usr / "bin/slope", "run", usr / "share/slope/configs/iris.yaml")
        self.assertIn("finished", output)


if __name__ == "__main__":
    slope_cli.main()
