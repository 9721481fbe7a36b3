#!/usr/bin/env python3
"""planning: what it costs to plan a sweep and to check all of its trials before the first runs.

    tests/bench/planning.py --build build/release

The program starts, reads the file, makes every trial and prints their number (`slope validate`).
Least of five; time is the processor's, which is the time that passes on a machine with nothing else
to do, since planning takes one thread. The peak of memory is that of the largest so far. What is to
be reached: 100,000 trials in 2 s at the most, 0.5 s as an aim. (Hydra takes about 0.2 s for each.)
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import table  # noqa: E402

HEAD = "dataset: {name: synthetic, rows: 30, validation: 5}\nsweep:\n"
RATES = "{{from: 1e-4, to: 1, points: {}, scale: log}}"
LIMIT, AIM = 2.0, 0.5


def grid(trials):
    """Trials differ in two sections: few sections, many combinations."""
    return (f"  optimizer.learning_rate: {RATES.format(trials // 25)}\n"
            f"  regularization.l2: {RATES.format(25)}\n")


def one_section(trials):
    """No two trials share the section that is swept."""
    return (f"  optimizer: [{{name: adam, learning_rate: {RATES.format(trials // 25)},\n"
            f"    epsilon: {RATES.format(25)}}}]\n")


def drawn(trials):
    """Every number is drawn from a range."""
    return (f"  sampler: random\n  trials: {trials}\n  optimizer: [{{name: adam,\n"
            "    learning_rate: {log_uniform: [1e-4, 1]}, beta1: {uniform: [0, 0.99]}}]\n")


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(program, text, trials, repeat):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "a.yaml").write_text(HEAD + text)
        best = float("inf")
        for _ in range(repeat):
            start = processor_seconds()
            done = subprocess.run([program, "validate", "a.yaml"], cwd=folder, text=True,
                                  capture_output=True)
            best = min(best, processor_seconds() - start)
            if done.stdout != f"a.yaml: ok ({trials} trials)\n":
                sys.exit(f"unexpected: {done.stdout}{done.stderr}")
    return best, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default="build/release")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--most", type=int, default=100_000, help="trials of the largest sweep")
    options = parser.parse_args()
    program = (options.build / "bin/slope").resolve()
    lines, short = [], False
    for trials in (n for n in (100, 1000, 10_000, 100_000) if n <= options.most):
        for make in (grid, one_section, drawn):
            seconds, peak = measure(program, make(trials), trials, options.repeat)
            large = trials == 100_000
            verdict = "" if not large else "aim" if seconds < AIM else "reached"
            if large and seconds >= LIMIT:
                verdict, short = "SHORT", True
            lines.append([make.__name__, trials, table.show_seconds(seconds),
                          f"{1e6 * seconds / trials:.2f} µs", f"{peak:.0f} MB", verdict])
    table.print_columns(["sweep", "trials", "time", "per trial", "peak so far", ""], lines)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
