"""scaling: how our own times grow with rows, features and classes, with one thread and with all.

No peer: loss and gradient of a linear softmax classifier on a full batch of made-up uint8 features, and for
the last lines the training of a multilayer perceptron. Shares are of the limit for that number of threads.
"""
import statistics

import cases
import table

ROWS = [1000, 10_000, 100_000, 1_000_000]
FEATURES = [16, 128, 1024, 8192]
CLASSES = [2, 10, 32, 100]
HEADER = ["varied", "job", "rows", "features", "classes", "threads", "time", "rows/s", "GB/s",
          "Gflop/s", "of limit"]


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


def run(bench, tiny, repeat):
    lines = []
    for varied, rows, features, classes in shapes(tiny):
        case = case_of(rows, features, classes)
        bench.measure_limits()
        workers = {threads: bench.worker(case, threads=threads) for threads in bench.limits}
        times = {threads: [] for threads in workers}
        for turn in range(repeat + 1):
            for threads, worker in workers.items():
                seconds = worker.run()
                if turn > 0:
                    times[threads].append(seconds)
        for threads, worker in workers.items():
            worker.stop()
            lines.append([varied, "softmax", rows, features, classes, threads,
                          statistics.median(times[threads]), case.read, case.operations])
    return finish(lines, bench.limits)


def finish(lines, limits):
    done = []
    for *what, threads, seconds, read, operations in lines:
        bandwidth, product = limits[threads]
        least = max(read / bandwidth, operations / product)
        done.append([*what, threads, seconds, what[2] / seconds, read / seconds / 1e9,
                     operations / seconds / 1e9, least / seconds])
    return HEADER, done


def show(header, lines, limits):
    table.print_columns(header, [
        [*line[:6], table.show_seconds(line[6]), f"{line[7]:.3g}", f"{line[8]:.2f}",
         f"{line[9]:.1f}", f"{line[10]:.0%}"] for line in lines])
    table.show_limits(limits)
