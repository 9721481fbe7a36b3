#!/usr/bin/python3
"""bench: the speed of slope beside that of its peers, on this machine.

    tests/bench/bench.py [--install] [--case NAME]… [--repeat N] [--rounds N] [--quick] [--csv FILE]
    tests/bench/bench.py --scaling
    tests/bench/bench.py --list

Builds the release preset if no --build is given. In each case all sides work on the same data,
take turns, and must agree on loss and gradient before anything is timed; what is compared are
medians. The limits of the machine are measured in the same run, before each case; the best counts.

Exit status: 0; 1 if two sides disagreed or something failed. A ratio that is too small is shown in
the table, and no error: on a busy machine it would come and go.
"""
import argparse
import csv
import fnmatch
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402
import catalogue  # noqa: E402
import machine  # noqa: E402
import scaling  # noqa: E402
import sides  # noqa: E402
import sweep_sides  # noqa: E402
import table  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# How far float32 results may lie apart, relatively: of the same sums in another order, and after an
# epoch of steps each of which starts from the rounding of the one before.
TOLERANCE = {"loss": 1e-4, "norm": 1e-3, "after": 1e-2, "losses": 1e-2}
LEAST_ACCURACY = 0.7  # of a peer that minimises something else
# Peers that are no other program; those that do the same job must do so without a bit of difference.
OURSELVES = ("one thread", "fuse: off", "few", "data", "bound")


class Disagreement(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- the sides of a case -------------------------------------------------------------------------


class Bench:
    """Programs, environment, a folder for data, and the best limits seen."""

    def __init__(self, build, folder, sizes):
        self.build, self.folder = pathlib.Path(build).resolve(), pathlib.Path(folder)
        self.sizes = sizes
        self.environment, self.removed = machine.clean_environment()
        self.environment["XDG_CACHE_HOME"] = str(self.folder / "cache")
        core = None if sizes is cases.TINY else machine.fastest_core(self.environment)
        if core:
            self.environment["OPENBLAS_CORETYPE"] = core
            say(f"OpenBLAS is fastest with its kernels for {core}: peers get these")
        self.limits = {1: (0, 0), machine.processors(): (0, 0)}

    def measure_limits(self, again=True):
        """Before each case; for data that are made to be tiny once is enough."""
        if again and self.sizes is cases.TINY:
            return
        sides.wait_for_quiet()
        for threads, best in self.limits.items():
            now = machine.limits(str(self.build / "bin/bench_limits"), threads)
            self.limits[threads] = tuple(map(max, best, now))

    def write_experiment(self, case):
        path = self.folder / f"{case.name}.yaml"
        path.write_text(json.dumps(case.experiment, indent=1))  # JSON is YAML
        return str(path)

    def worker(self, case, dump=False, threads=None, kind=sides.Worker):
        command = [str(self.build / "bin/bench_worker"), case.job, self.write_experiment(case)]
        if case.float32:
            command.append("--float32")
        if dump:
            command += ["--dump", str(self.folder)]
        if threads:
            command += ["--threads", str(threads)]
        return kind(command, self.environment)

    def slope(self, case):
        return [str(self.build / "bin/slope"), "run", self.write_experiment(case), "--quiet"]

    def peer(self, case, peer):
        if peer.name == "one thread":
            return self.worker(case, threads=1, kind=sides.OneThread)
        if peer.name == "import torch":
            return sides.WholeProcess("python3 -c 'import torch'",
                                      [sys.executable, "-c", "import torch"], self.environment)
        if side := sweep_sides.peer(self, case, peer):
            return side
        job = {"images": case.images, "labels": case.labels,
               "weights": str(self.folder / "weights.safetensors"),
               "order": str(self.folder / "order.u32"), **peer.job}
        return sides.python(f"peer_{peer.name}.py", job, self.environment)

    def ours(self, case):
        if case.kind == "process":
            return sides.WholeProcess("slope run", self.slope(case), self.environment, self.folder)
        if case.kind == "sweep":
            return sweep_sides.ours(self, case)
        return self.worker(case, dump=True)


def is_installed(peer):
    if peer.name in OURSELVES:
        return True
    modules = {"import torch": "torch"}
    return importlib.util.find_spec(modules.get(peer.name, peer.name)) is not None


# ---- one case ------------------------------------------------------------------------------------


def agree(ours, theirs, tolerance):
    """Numbers, lists whose first ones are compared, or anything that must be the same."""
    if isinstance(theirs, list):
        return len(ours) >= len(theirs) and all(
            agree(one, other, tolerance) for one, other in zip(ours, theirs))
    if isinstance(theirs, float):
        return abs(ours - theirs) <= tolerance * abs(theirs)
    return ours == theirs


def where_apart(ours, theirs, tolerance):
    """Two values that disagree; of lists the first two."""
    if isinstance(theirs, list) and len(ours) >= len(theirs):
        return next((f"number {k} is {one!r} here and {other!r}"
                     for k, (one, other) in enumerate(zip(ours, theirs))
                     if not agree(one, other, tolerance)))
    return f"it is {ours!r} here and {theirs!r}"


def compare(case, peer, ours, theirs):
    """The two sides' answers to `check`; raises where they disagree."""
    agreed = []
    for key, value in theirs.items():
        if key == "accuracy":
            if value < LEAST_ACCURACY:
                raise Disagreement(f"{case.name}: {peer.name} learned little: "
                                   f"accuracy {value:.3f}")
            continue
        tolerance = 0 if peer.name in OURSELVES else TOLERANCE[key]
        if not agree(ours[key], value, tolerance):
            raise Disagreement(f"{case.name}: {key}: {where_apart(ours[key], value, tolerance)} "
                               f"with {peer.name}")
        agreed.append(f"{len(value)} {key}" if isinstance(value, list) else f"{key} {value:.6g}")
    return ", ".join(agreed)


def memory_row(bench, case):
    """With an empty cache, which the first run fills, or with one that a run before has filled."""
    if case.kind == "memory per trial":
        bound = case.peers[0]
        return [table.Row(case, bound, [sweep_sides.memory_per_trial(bench, case)],
                          [bound.job["bytes"]])]
    cached = case.name == "memory-cached"
    fresh = {**bench.environment, "XDG_CACHE_HOME": str(bench.folder / case.name)}
    for _ in range(2 if cached else 1):
        peak = sides.peak_bytes(bench.slope(case), fresh, bench.folder)
    return [table.Row(case, case.peers[0], [peak], [case.read])]


def time_row(bench, case, repeat, only):
    wanted = [peer for peer in case.peers if not only or peer.name in only]
    peers = [peer for peer in wanted if is_installed(peer)]
    for peer in wanted:
        if peer not in peers:
            say(f"  {peer.name} is not installed: left out (--install installs the peers)")
    running = []
    try:
        running.append(bench.ours(case))
        say(f"  ours: {running[0].what}")
        checked = running[0].check()
        for peer in peers:
            running.append(bench.peer(case, peer))
            agreed = compare(case, peer, checked, running[-1].check())
            say(f"  peer: {running[-1].what}" + (f"; agreed: {agreed}" if agreed else ""))
        times, quiet = sides.take_turns(running, repeat)
    finally:
        for side in running:
            side.stop()
    parts = 1 if case.kind == "sweep" else case.parts  # which divides by itself
    ours = [seconds / parts for seconds in times[0]]
    return [table.Row(case, peer, ours, theirs, quiet)
            for peer, theirs in zip(peers, times[1:])] or [table.Row(case, None, ours, [], quiet)]


def add_round(rows, new):
    """Rows of another round: their turns are added to those of the rounds before."""
    for row in new:
        known = next((one for one in rows if (one.case, one.peer) == (row.case, row.peer)), None)
        if known:
            known.add(row)
        else:
            rows.append(row)


def run_cases(bench, chosen, repeat, only, rounds):
    """All cases, several times over: what the host does to a machine may last for a minute. (Memory, which
    does not depend on that, once.)"""
    rows, wrong = [], set()
    for number in range(rounds):
        for case in chosen:
            is_memory = case.kind.startswith("memory")
            if case.name in wrong or (is_memory and number > 0):
                continue
            bench.measure_limits()
            say(f"{case.name}: {case.title}" + (f", round {number + 1}" if rounds > 1 else ""))
            try:
                new = memory_row(bench, case) if is_memory else \
                    time_row(bench, case, -(-repeat // rounds), only)
            except Disagreement as error:
                say(f"  {error}")
                wrong.add(case.name)
                continue
            add_round(rows, new)
            for row in new:
                say("  " + row.summary())
    bench.measure_limits(again=False)
    return [row for row in rows if row.case.name not in wrong], 1 if wrong else 0


# ---- the command line ----------------------------------------------------------------------------


def arguments():
    parser = argparse.ArgumentParser(
        description="The speed of slope beside that of its peers, on this machine.")
    parser.add_argument("--build", help="folder of a finished build; otherwise the preset release")
    parser.add_argument("--install", action="store_true", help="install the peers with apt-get")
    parser.add_argument("--case", action="append", default=[], metavar="NAME",
                        help="only this case, or those that match (mlp-*); may be repeated")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME",
                        help="only this peer: torch, numpy, sklearn, optuna; may be repeated")
    parser.add_argument("--repeat", type=int, default=7, help="turns of each side (default 7); more "
                        "where those take less than ten seconds")
    parser.add_argument("--rounds", type=int, default=3,
                        help="how often to go round the cases for these turns (default 3)")
    parser.add_argument("--quick", action="store_true",
                        help="three turns of each side, however short, in one round")
    parser.add_argument("--priority", action="store_true",
                        help="all sides go before other programs (root, for a machine in use)")
    parser.add_argument("--scaling", action="store_true",
                        help="our own times over rows, features, classes and threads instead")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    parser.add_argument("--csv", help="write the table into this file, too")
    parser.add_argument("--tiny", action="store_true",
                        help="tiny data: tests that the harness works, measures nothing")
    options = parser.parse_args()
    if options.repeat < 1 or options.rounds < 1:
        parser.error("--repeat and --rounds must be at least 1")
    return options


def build_release():
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", "--preset", "release", "--target", "slope", "bench_worker",
                     "bench_limits"]):
        done = subprocess.run(command, cwd=SOURCE, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{done.stdout}\nbench: the build failed")
    return SOURCE / "build/release"


def choose(found, patterns):
    chosen = [case for case in found
              if not patterns or any(fnmatch.fnmatch(case.name, p) for p in patterns)]
    if not chosen:
        sys.exit(f"bench: no case is called {' or '.join(patterns)}; see --list")
    return chosen


def write_csv(path, header, lines):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(lines)


def main():
    options = arguments()
    if options.install:
        machine.install()
    sizes = cases.TINY if options.tiny else cases.Sizes()
    if options.list:
        for case in catalogue.all_cases(sizes, None):
            print(f"{case.name:26} {case.title}")
        return 0
    with tempfile.TemporaryDirectory(prefix="slope-bench-") as folder:
        repeat = 3 if options.quick else options.repeat
        rounds = 1 if options.quick or options.tiny or options.scaling else options.rounds
        if options.tiny:
            sides.WINDOW = 0  # nothing is measured
        sides.SPAN = 0 if options.tiny or options.quick else sides.SPAN / rounds
        if options.priority:
            sides.PRIORITY, sides.PATIENCE = ["chrt", "--rr", "1"], sides.WINDOW
        bench = Bench(options.build or build_release(), folder, sizes)
        say(f"machine: {machine.describe()}")
        if bench.removed:
            say(f"unset for all sides: {', '.join(bench.removed)}")
        if options.scaling:
            header, lines = scaling.run(bench, repeat)
            status = 0
            scaling.show(header, lines, bench.limits)
        else:
            chosen = choose(catalogue.all_cases(sizes, bench.folder), options.case)
            rows, status = run_cases(bench, chosen, repeat, options.peer, rounds)
            table.show(rows, bench.limits)
            header, lines = table.csv_of(rows, bench.limits)
        if options.csv:
            write_csv(options.csv, header, lines)
        return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except sides.SideFailed as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
