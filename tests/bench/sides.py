"""sides: one side of a comparison at work: a program that obeys orders, or a whole process; and turns.

A turn is one timed run of one side. Other programs on the machine spoil it, and those sides the most
whose threads wait for each other. So each turn waits a while for the machine to be quiet (which also
lets the other sides' threads, that spin a while after their work, fall asleep), and notes whether
somebody else took processor time meanwhile. What the host of a virtual machine does cannot be seen so,
and changes within seconds or minutes: so short turns are taken until some time has passed.
"""
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

PATIENCE = 5.0  # seconds that a turn waits for quiet, at most
WINDOW = 0.12  # seconds over which quiet is judged; 0 turns waiting off
SPAN = 10.0  # seconds over which the turns of a case are spread, at least
PRIORITY = []  # a command before each command, ["chrt", "--rr", "1"] to go before other programs
TICK = 1 / os.sysconf("SC_CLK_TCK")
PROCESSORS = len(os.sched_getaffinity(0))


class SideFailed(Exception):
    pass


# ---- who else is busy -----------------------------------------------------------------------------


def busy_seconds():
    """Processor time used by anybody since the machine started, stolen time included."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return TICK * (sum(ticks) - ticks[3] - ticks[4])  # not idle, not waiting for a disk


def children_seconds():
    """Processor time used by all processes that this one has waited for."""
    times = os.times()
    return times.children_user + times.children_system


def process_seconds(pid):
    """Processor time used by all threads of a process."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        after_name = file.read().rpartition(")")[2].split()
    return TICK * (int(after_name[11]) + int(after_name[12]))


def wait_for_quiet():
    """Until less than a tenth of the processors is busy over a window, or patience ends."""
    end = time.monotonic() + PATIENCE
    while WINDOW and time.monotonic() < end:
        before, start = busy_seconds(), time.monotonic()
        time.sleep(WINDOW)
        if busy_seconds() - before < 0.1 * PROCESSORS * (time.monotonic() - start):
            return


@dataclass
class Turn:
    seconds: float
    quiet: bool  # nobody else took more than a tenth of the processors (or three ticks of the clock)


def take_turn(side):
    wait_for_quiet()
    busy, own, start = busy_seconds(), side.processor_seconds(), time.monotonic()
    seconds = side.run()
    others = (busy_seconds() - busy) - (side.processor_seconds() - own)
    allowed = max(0.1 * PROCESSORS * (time.monotonic() - start), 3 * TICK)
    return Turn(seconds, bool(PRIORITY) or others <= allowed)  # others get what we leave over


def take_turns(all_sides, wanted):
    """Turns of each side, alternately, until each has `wanted` quiet ones and SPAN is over; where there is
    no quiet, at most three times as many rounds, and SPAN. Only the quiet ones are returned where there
    are at least three of them (or as many as wanted). With them: how many were quiet, and how many there
    were, of the worst side."""
    turns = [[] for _ in all_sides]
    most, end = 3 * wanted if WINDOW else wanted, time.monotonic() + SPAN
    while len(turns[0]) < most or time.monotonic() < end:
        for side, taken in zip(all_sides, turns):
            taken.append(take_turn(side))
        enough = all(sum(turn.quiet for turn in taken) >= wanted for taken in turns)
        if enough and time.monotonic() >= end:
            break
    kept, quiet = [], []
    for taken in turns:
        good = [turn.seconds for turn in taken if turn.quiet]
        quiet.append((len(good), len(taken)))
        kept.append(good if len(good) >= min(3, wanted) else [turn.seconds for turn in taken])
    return kept, min(quiet)


# ---- sides ----------------------------------------------------------------------------------------


class Worker:
    """A program that answers `check` and `run` with a line of JSON and keeps its data between."""

    def __init__(self, command, environment):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen([*PRIORITY, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.what = self.answer()["what"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise SideFailed(f"{self.name} ended with status {self.process.returncode}")
        return json.loads(line)

    def order(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def check(self):
        return self.order("check")

    def run(self):
        return self.order("run")["seconds"]

    def processor_seconds(self):
        return process_seconds(self.process.pid)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class OneThread(Worker):
    """A worker of one thread, once on each processor in a turn. On hardware that others use, too, one
    processor may be half as fast as another for a while: where a thread then happens to be would decide
    how much faster two are. The time of a turn is that of the processors' mean speed."""

    def run(self):
        own = os.sched_getaffinity(0)
        speeds = []
        for processor in own:
            os.sched_setaffinity(self.process.pid, {processor})
            speeds.append(1 / super().run())
        os.sched_setaffinity(self.process.pid, own)
        return len(speeds) / sum(speeds)


class WholeProcess:
    """A command whose time from start to end counts."""

    def __init__(self, what, command, environment, folder=None):
        self.what = what
        self.command, self.environment, self.folder = command, environment, folder
        self.run()  # files into memory, caches filled

    def run(self):
        start = time.perf_counter()
        status = subprocess.call([*PRIORITY, *self.command], env=self.environment, cwd=self.folder,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if status != 0:
            raise SideFailed(f"{' '.join(self.command)} ended with status {status}")
        return time.perf_counter() - start

    def processor_seconds(self):
        return children_seconds()

    def check(self):
        return {}

    def stop(self):
        pass


def python(script, job, environment):
    """A peer in Python."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return Worker([sys.executable, os.path.join(folder, script), json.dumps(job)], environment)


def peak_bytes(command, environment, folder=None):
    """Largest resident memory of a command."""
    process = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SideFailed(f"{' '.join(command)} ended with status {process.returncode}")
    return usage.ru_maxrss * 1024
