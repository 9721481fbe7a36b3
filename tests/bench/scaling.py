"""scaling: how our own times grow with rows, features and classes, with one thread and with all.

No peer: loss and gradient of a linear softmax classifier on a full batch of made-up uint8 features.
Shares are of the limit for the same number of threads.
"""
import statistics

import cases
import sides
import table

ROWS = [1000, 10_000, 100_000, 1_000_000]
FEATURES = [16, 128, 1024, 8192]
CLASSES = [2, 10, 32, 100]
HEADER = ["varied", "rows", "features", "classes", "threads", "time", "rows/s", "GB/s", "Gflop/s",
          "of limit"]


def case_of(rows, features, classes):
    return cases.Case(
        f"scaling-{rows}-{features}-{classes}", "", "worker",
        {"dataset": {"name": "synthetic", "kind": "uniform", "element": "uint8", "rows": rows,
                     "features": features, "classes": classes, "scale": 1 / 255},
         "model": cases.linear(0.01), "loss": "softmax",
         "train": {"batch_size": "full"}}, [], read=rows * features,
        operations=4 * rows * features * classes)


def shapes(tiny):
    shrink = 100 if tiny else 1
    for rows in ROWS:
        yield "rows", rows // shrink, 784, 10
    for features in FEATURES:
        yield "features", 50_000 // shrink, features, 10
    for classes in CLASSES:
        yield "classes", 50_000 // shrink, 784, classes


def run(bench, repeat):
    lines = []
    for varied, rows, features, classes in shapes(bench.sizes is cases.TINY):
        case = case_of(rows, features, classes)
        bench.measure_limits()
        workers = {threads: bench.worker(case, threads=threads) for threads in bench.limits}
        for worker in workers.values():
            worker.run()  # warms up
        times, _ = sides.take_turns(list(workers.values()), repeat)
        for (threads, worker), seconds in zip(workers.items(), times):
            worker.stop()
            lines.append([varied, rows, features, classes, threads, statistics.median(seconds),
                          case.read, case.operations])
    bench.measure_limits(again=False)
    return finish(lines, bench.limits)


def finish(lines, limits):
    done = []
    for *what, threads, seconds, read, operations in lines:
        bandwidth, product = limits[threads]
        least = max(read / bandwidth, operations / product)
        done.append([*what, threads, seconds, what[1] / seconds, read / seconds / 1e9,
                     operations / seconds / 1e9, least / seconds])
    return HEADER, done


def show(header, lines, limits):
    table.print_columns(header, [
        [*line[:5], table.show_seconds(line[5]), f"{line[6]:.3g}", f"{line[7]:.2f}",
         f"{line[8]:.1f}", f"{line[9]:.0%}"] for line in lines])
    table.show_limits(limits)
