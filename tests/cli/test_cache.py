"""The data cache, seen from outside: used, without effect on results, switched off, and never in the way."""
import ctypes
import os
import struct
import subprocess
import time

import slope_cli

EXPERIMENT = """\
dataset: {name: idx, train: {images: x, labels: y}, scale: 0.01, subtract_mean: true,
          validation: 0.2}
model: {name: mlp, hidden: [8]}
optimizer: {name: adam, learning_rate: 0.01}
train: {epochs: 2, batch_size: 16, seed: 3}
"""


class Reads:
    """Counts how often a file is read from, by whomever (inotify)."""
    IN_ACCESS = 0x1

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.handle = libc.inotify_init1(os.O_NONBLOCK)
        if self.handle < 0 or libc.inotify_add_watch(self.handle, bytes(path), self.IN_ACCESS) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def count(self):
        try:
            return len(os.read(self.handle, 1 << 16)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0

    def close(self):
        os.close(self.handle)


class Cache(slope_cli.SlopeCase):
    def setUp(self):
        super().setUp()
        rows, side = 300, 6
        self.write("x", struct.pack(">BBBBIII", 0, 0, 8, 3, rows, side, side) +
                   bytes(i * i * 7 % 251 for i in range(rows * side * side)))
        self.write("y", struct.pack(">BBBBI", 0, 0, 8, 1, rows) +
                   bytes(i * 5 % 3 for i in range(rows)))
        self.write("e.yaml", EXPERIMENT)
        self.place = self.folder / "cache"
        self.environment = {"XDG_CACHE_HOME": str(self.place)}

    def run_to(self, output, *arguments, environment=None):
        self.slope("run", "e.yaml", "--quiet", "--output", output, *arguments,
                   environment=environment or self.environment)
        manifest = (self.folder / output / "manifest.yaml").read_text()
        notes = [line.split(": ", 1)[1] for line in manifest.splitlines()
                 if line.strip().startswith("cache:")]
        return notes[0].strip("'\"") if notes else None

    def results(self, output):
        """What must not depend on where the data came from: all but the times."""
        folder = self.folder / output

        def columns(name, count):
            return [line.split(",")[:count] for line in (folder / name).read_text().splitlines()]
        return columns("metrics.csv", 9), columns("trials.csv", 21), (
            folder / "weights/0.safetensors").read_bytes()

    def entries(self):
        return sorted((self.place / "slope").glob("*.tables"))

    def test_the_same_bits_with_and_without(self):
        self.assertEqual(self.run_to("cold"), "written")
        self.assertEqual(self.run_to("warm"), "used")
        self.assertIsNone(self.run_to("without", "--no-cache"))
        self.assertEqual(self.run_to("alone", "--threads", "1"), "used")
        for other in "warm", "without", "alone":
            self.assertEqual(self.results("cold"), self.results(other), other)

    def test_a_second_run_reads_no_source(self):
        time.sleep(3.1)  # younger files are read again each time: see base/digests.h
        reads = Reads(self.folder / "x")
        self.addCleanup(reads.close)
        self.assertEqual(self.run_to("cold"), "written")
        self.assertGreater(reads.count(), 0)
        self.assertEqual(self.run_to("warm"), "used")
        self.assertEqual(reads.count(), 0)

    def test_changed_data_are_read(self):
        self.run_to("before")
        image = bytearray((self.folder / "x").read_bytes())
        image[100] ^= 64
        times = os.stat(self.folder / "x")
        (self.folder / "x").write_bytes(image)
        os.utime(self.folder / "x", ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertEqual(self.run_to("after"), "written")
        self.run_to("without", "--no-cache")
        self.assertEqual(self.results("after"), self.results("without"))
        self.assertNotEqual(self.results("after"), self.results("before"))

    def test_damage_is_found_and_repaired(self):
        self.run_to("cold")
        [entry] = self.entries()
        whole = entry.read_bytes()
        flipped = whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:]
        for number, damaged in enumerate((whole[:-1], whole[:5000], b"", flipped)):
            entry.unlink()
            entry.write_bytes(damaged)
            self.assertEqual(self.run_to(f"damaged{number}"), "written")
            self.assertEqual(self.results("cold"), self.results(f"damaged{number}"))
            self.assertEqual(entry.read_bytes(), whole)

    def test_no_cache_keeps_nothing(self):
        self.run_to("out", "--no-cache")
        self.slope("check", "e.yaml", "--no-cache", "--entries", "4", environment=self.environment)
        self.slope("resume", "out", "--no-cache", "--quiet", environment=self.environment)
        self.assertFalse(self.place.exists())
        self.slope("check", "e.yaml", "--entries", "4", environment=self.environment)
        self.assertEqual(len(self.entries()), 1)

    def test_resumes_with_and_without(self):
        """A trial is the same one, whether its data came from the cache or not."""
        self.run_to("out", "--no-cache")
        self.slope("resume", "out", "--quiet", environment=self.environment)
        self.slope("resume", "out", "--quiet", environment=self.environment)
        self.assertIn("cache: used", (self.folder / "out/manifest.yaml").read_text())

    def test_data_are_in_memory_once(self):
        """While they are read and when they are mapped; images are not expanded either."""
        told = self.slope("--version", "--verbose").stdout
        if "-fsanitize" in told:
            self.skipTest("sanitizers need memory of their own")
        rows, columns = 24000, 2048
        with open(self.folder / "x", "wb") as file:  # in pieces: a child begins with our own peak
            file.write(struct.pack(">BBBBII", 0, 0, 8, 2, rows, columns))
            for _ in range(rows):
                file.write(bytes(range(256)) * (columns // 256))
        self.write("y", struct.pack(">BBBBI", 0, 0, 8, 1, rows) + bytes(rows))
        self.write("e.yaml", "dataset: {name: idx, train: {images: x, labels: y}, validation: 50}\n"
                   "train: {steps: 1}\nevaluate: {train: false}\n")
        for output in "--no-cache", "written", "used":
            arguments = ["--no-cache"] if output == "--no-cache" else ["--output", output]
            process = subprocess.Popen(
                [slope_cli.PROGRAM, "run", "e.yaml", "--quiet", *arguments], cwd=self.folder,
                env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = status
            self.assertEqual(status, 0)
            self.assertLess(usage.ru_maxrss * 1024, 1.4 * rows * columns, output)

    def test_goes_on_without_a_place(self):
        self.run_to("without", "--no-cache")
        for number, environment in enumerate((
                {"XDG_CACHE_HOME": "/dev/null"}, {"XDG_CACHE_HOME": "/proc/none"},
                {"XDG_CACHE_HOME": "", "HOME": "/dev/null"},
                {"XDG_CACHE_HOME": "relative", "HOME": ""})):
            note = self.run_to(f"out{number}", environment=environment)
            self.assertEqual(self.results("without"), self.results(f"out{number}"))
            if number < 3:
                self.assertRegex(note, "^not kept: cannot ")
            else:
                self.assertIsNone(note)
        self.assertFalse((self.folder / "relative").exists())


if __name__ == "__main__":
    slope_cli.main()
