"""The numeric core, built for AArch64 with NEON and run there (or by an emulator), gives the bits that
it gives on this processor. Skipped where there is no cross compiler or emulator; on Debian:

    apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
"""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["SLOPE_SOURCE"])
FLAGS = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-Wall",
         "-Wextra", "-Werror", "-D_GNU_SOURCE", f"-I{SOURCE / 'runner'}",
         f"-I{SOURCE / 'plugins' / 'include'}"]  # as in CMakeLists.txt
CROSS, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"


def missing():
    return " and ".join(tool for tool in (CROSS, EMULATOR) if not shutil.which(tool))


class OtherProcessor(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compile(self, compiler, source, output, *flags):
        subprocess.run([compiler, *FLAGS, *flags, "-c", SOURCE / source, "-o", self.folder / output],
                       check=True)
        return self.folder / output

    def digests(self, compiler, *runner):
        """What core_digest prints, by (precision, function)."""
        objects = [self.compile(compiler, "runner/kernels/core.c", f"core_{bits}.o",
                                f"-DSLOPE_REAL_BITS={bits}", "-DSLOPE_ISA=baseline")
                   for bits in (32, 64)]
        objects.append(self.compile(compiler, "runner/kernels/random.c", "random.o",
                                    "-DSLOPE_REAL_BITS=64", "-DSLOPE_ISA=baseline"))
        objects.append(self.compile(compiler, "tests/cross/core_digest.c", "digest.o",
                                    "-DSLOPE_REAL_BITS=0"))
        program = self.folder / "core_digest"
        subprocess.run([compiler, "-static", *objects, "-o", program, "-lm"], check=True)
        out = subprocess.run([*runner, program], check=True, stdout=subprocess.PIPE, text=True)
        lines = [line.split() for line in out.stdout.splitlines()]
        return {(precision, function): digest for precision, function, digest in lines}

    @unittest.skipIf(missing(), f"{missing()} not installed")
    def test_neon_gives_the_same_bits(self):
        here = self.digests(os.environ["SLOPE_CC"])
        self.assertGreater(len(here), 24)
        self.assertEqual(self.digests(CROSS, EMULATOR), here)

    @unittest.skipUnless(shutil.which(CROSS), f"{CROSS} not installed")
    def test_it_is_neon_that_is_compiled(self):
        core = self.compile(CROSS, "runner/kernels/core.c", "core.o", "-DSLOPE_REAL_BITS=32",
                            "-DSLOPE_ISA=baseline")
        done = subprocess.run(["aarch64-linux-gnu-objdump", "-d", core], check=True,
                              stdout=subprocess.PIPE, text=True)
        self.assertRegex(done.stdout, r"fmla\s+v\d+\.4s")


if __name__ == "__main__":
    unittest.main(verbosity=2)
