"""sides: one side of a comparison at work: a program that obeys orders, or a whole process.

Whatever is not being timed sleeps: a short pause before each turn lets the other sides' threads, which
spin a while after their work, fall asleep.
"""
import json
import os
import subprocess
import sys
import time

PAUSE = 0.15  # seconds


class SideFailed(Exception):
    pass


class Worker:
    """A program that answers `check` and `run` with a line of JSON; data stay in it between orders."""

    def __init__(self, command, environment):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.what = self.answer()["what"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise SideFailed(f"{self.name} ended with status {self.process.returncode}")
        return json.loads(line)

    def order(self, word):
        time.sleep(PAUSE)
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def check(self):
        return self.order("check")

    def run(self):
        return self.order("run")["seconds"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class WholeProcess:
    """A command whose time from start to end counts."""

    def __init__(self, what, command, environment, folder=None):
        self.what = what
        self.command, self.environment, self.folder = command, environment, folder
        self.run()  # files into memory, caches filled

    def run(self):
        time.sleep(PAUSE)
        start = time.perf_counter()
        status = subprocess.call(self.command, env=self.environment, cwd=self.folder,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if status != 0:
            raise SideFailed(f"{' '.join(self.command)} ended with status {status}")
        return time.perf_counter() - start

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
