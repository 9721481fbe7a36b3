"""peer: what the peers' sides of a benchmark share: the orders they obey, and choosing a variant.

A peer is a program that is given a job as JSON on its command line (see cases.py) and then obeys
orders from its standard input as worker.c does: `check` and `run`, one line of JSON each.

Where a peer can do a job in several ways, each is tried and the fastest is timed: the comparison
is with the peer at its best.
"""
import json
import sys
import time


def say(answer):
    print(json.dumps(answer), flush=True)


def seconds_of(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(variants, tries=3):
    """The name of the variant (from a mapping to functions) with the shortest time of `tries`."""
    times = {name: [] for name in variants}
    for attempt in range(tries + 1):
        for name, work in variants.items():
            seconds = seconds_of(work)
            if attempt > 0:  # the first one warms up
                times[name].append(seconds)
    return min(times, key=lambda name: min(times[name]))


def obey(make):
    """make(job) gives (what, check, run); check() gives a mapping, run() gives seconds."""
    what, check, run = make(json.loads(sys.argv[1]))
    say({"what": what})
    for line in sys.stdin:
        say(check() if line.strip() == "check" else {"seconds": run()})
