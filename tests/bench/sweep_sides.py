"""sweep_sides: `slope run` of a whole sweep as a side of a comparison.

What is timed are processes as a user starts them. Where start-up, reading of data and evaluation at
the end shall not count, two runs are timed that differ in nothing but the number of steps or of
trials; what counts is by how much the longer one takes longer.
"""
import csv
import dataclasses
import json
import pathlib
import shutil
import statistics
import subprocess
import time

import sides

TIMES = ("train_seconds", "evaluate_seconds", "load_seconds")  # columns that may differ
START_TRIALS = 10  # of a sweep that is mostly start-up


def results(folders):
    """The rows of trials.csv in all folders, by number of trial, without times."""
    rows = []
    for folder in folders:
        with open(folder / "trials.csv", encoding="utf-8", newline="") as file:
            rows += [{key: text for key, text in row.items() if key not in TIMES}
                     for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: int(row["trial"]))


class Runs:
    """Some processes at the same time, each with an output folder of its own."""

    def __init__(self, bench, name, experiment, arguments):
        """`arguments`: of each process, a list."""
        folder = pathlib.Path(bench.folder)
        self.file = folder / f"{name}.yaml"
        self.file.write_text(json.dumps(experiment, indent=1))  # JSON is YAML
        self.folders = [folder / f"{name}-{k}" for k in range(len(arguments))]
        self.environment, self.cwd = bench.environment, folder
        self.commands = [
            [*sides.PRIORITY, str(bench.build / "bin/slope"), "run", str(self.file), "--quiet",
             "--output", str(output), *more] for output, more in zip(self.folders, arguments)]

    def seconds(self):
        for output in self.folders:
            shutil.rmtree(output, ignore_errors=True)
        start = time.perf_counter()
        running = [subprocess.Popen(command, env=self.environment, cwd=self.cwd,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                   for command in self.commands]
        statuses = [process.wait() for process in running]
        if any(statuses):
            raise sides.SideFailed(f"{' '.join(self.commands[0])} ended with status "
                                   f"{max(statuses)}")
        return time.perf_counter() - start


class Sweep:
    """Seconds of `long`, or by how much they exceed those of `short`, by `parts`. What comes out is
    looked at in runs of its own, if `checked` is given."""

    def __init__(self, what, long, short, parts, repeat=1, checked=None):
        self.what, self.long, self.short = what, long, short
        self.checked = checked or short or long
        self.parts, self.repeat = parts, repeat
        self.alone = None  # a worker that runs the trial in the middle by itself
        self.checked.seconds()  # files into memory, caches filled

    def run(self):
        pairs = [(self.long.seconds(), self.short.seconds() if self.short else 0)
                 for _ in range(self.repeat)]
        longer, shorter = map(statistics.median, zip(*pairs))
        return max(longer - shorter, 1e-9) / self.parts  # tiny runs may differ by less than 0

    def check(self):
        self.checked.seconds()
        rows = results(self.checked.folders)
        answer = {"rows": rows, "losses": [float(row["train_loss"]) for row in rows]}
        if self.alone:
            answer.update(self.alone.check())
            fused = answer["losses"][len(rows) // 2]
            if fused != answer["after"]:
                raise sides.SideFailed(f"a trial ends at a loss of {fused!r} among others and of "
                                       f"{answer['after']!r} alone")
        return answer

    def processor_seconds(self):
        return sides.children_seconds()

    def stop(self):
        if self.alone:
            self.alone.stop()


class Bound:
    """A number that was set, in the place of a peer."""
    what = "a bound that was set"

    def __init__(self, seconds):
        self.seconds = seconds

    def run(self):
        return self.seconds

    def check(self):
        return {}

    def processor_seconds(self):
        return 0

    def stop(self):
        pass


def with_value(experiment, value, *path):
    """A copy of an experiment with one value changed."""
    copy = json.loads(json.dumps(experiment))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def with_trials(case, count):
    return with_value(case.experiment, count, "sweep", "optimizer.learning_rate", "points")


# ---- the jobs -------------------------------------------------------------------------------------


def steps_apart(bench, case, name, what, arguments):
    """Evaluations would take longer than the steps that are timed, and their noise with them: only the
    runs that are checked have some."""
    shorter = with_value(case.experiment, False, "evaluate", "train")
    longer = with_value(shorter, case.long, "train", "steps")
    return Sweep(what, Runs(bench, f"{name}-long", longer, arguments),
                 Runs(bench, f"{name}-short", shorter, arguments), case.parts,
                 checked=Runs(bench, f"{name}-checked", case.experiment, arguments))


def trials_apart(bench, case, count, repeat=1):
    name = f"{case.name}-{count}"
    return Sweep(f"{count} trials", Runs(bench, name, with_trials(case, count), [[]]),
                 Runs(bench, f"{name}-start", with_trials(case, START_TRIALS), [[]]),
                 count - START_TRIALS, repeat)


def ours(bench, case):
    if case.job == "fused":
        side = steps_apart(bench, case, case.name, "slope run, fused", [[]])
        single = {key: value for key, value in case.experiment.items() if key != "sweep"}
        side.alone = bench.worker(dataclasses.replace(case, experiment=single, job="train"),
                                  dump=True)
        return side
    if case.job == "growth":
        return trials_apart(bench, case, case.parts)
    if case.job == "validate":
        command = [str(bench.build / "bin/slope"), "validate", bench.write_experiment(case)]
        return sides.WholeProcess("slope validate", command, bench.environment, bench.folder)
    return Sweep("slope run, start-up included", Runs(bench, case.name, case.experiment, [[]]), None,
                 case.parts)


def peer(bench, case, other):
    """A peer that is none in Python; None if it is one."""
    if other.name == "bound":
        return Bound(other.job["seconds"])
    if other.name == "few":
        return trials_apart(bench, case, other.job["trials"], other.job["repeat"])
    if other.name == "fuse: off":
        halves = [["--threads", "1", "--shard", f"{k}/2", "sweep.fuse=off"] for k in (0, 1)]
        return steps_apart(bench, case, f"{case.name}-alone",
                           "slope run, fuse: off, two processes of one thread", halves)
    return None


def memory_per_trial(bench, case):
    """Peak memory of a sweep less that of one with `parts` fewer trials, by that number."""
    peaks = []
    count = case.experiment["sweep"]["optimizer.learning_rate"]["points"]
    for trials in (count, count - case.parts):
        runs = Runs(bench, case.name, with_trials(case, trials), [[]])
        shutil.rmtree(runs.folders[0], ignore_errors=True)
        peaks.append(sides.peak_bytes(runs.commands[0], bench.environment, bench.folder))
    return max(peaks[0] - peaks[1], 1) / case.parts
