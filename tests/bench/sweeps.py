"""sweeps: the cases in which many trials run: fused ones, what a trial costs by itself, what many
trials cost together. How they are run and timed is sweep_sides.py's.

Times are a trial's: of one epoch, or of all that there is to do about it.
"""
from cases import Case, Peer, experiment


def rates_of(count, greatest):
    """Learning rates over three decades. With greater ones than here, steps would jump so far that
    rounding decides where, and two programs could not agree."""
    return [float(f"{greatest * 10 ** (3 * k / (count - 1) - 3):.6g}") for k in range(count)]


def fused(sizes, images, labels):
    """64 learning rates: linear with sgd against PyTorch and ourselves, mlp against ourselves. The
    file itself describes the trial in the middle, which is also run alone and must not differ."""
    count = sizes.trials
    rates = rates_of(count, 0.1)
    steps = -(-sizes.fashion_rows // 128)
    job = {"loss": "softmax", "optimizer": "sgd", "batch_size": 128,
           "learning_rate": rates[count // 2]}
    alone = Peer("fuse: off", 1.3, 2, variant="two processes")
    yield Case(
        "sweep-linear", f"{count} learning rates, linear softmax, sgd, batch 128: a trial's epoch",
        "sweep",
        experiment(images, labels, model="linear", loss="softmax",
                   optimizer={"name": "sgd", "learning_rate": rates[count // 2]},
                   train={"batch_size": 128, "steps": steps},
                   sweep={"optimizer.learning_rate": rates}),
        [Peer("torch", 10, 16, {"job": "train", **job}, "one after another"),
         Peer("torch", 2.2, 3.5, {"job": "stacked", "rates": rates, **job}, "stacked by hand"),
         alone], job="fused", long=5 * steps, parts=4 * count)
    rates = rates_of(count, 0.01)
    short, more = max(1, steps // 20), max(2, steps // 2)
    yield Case(
        "sweep-mlp", f"{count} learning rates, mlp {sizes.fashion_features}-"
        f"{'-'.join(map(str, sizes.small))}-{sizes.classes}, adam, batch 128: a trial's epoch",
        "sweep",
        experiment(images, labels, model={"name": "mlp", "hidden": sizes.small}, loss="softmax",
                   optimizer={"name": "adam", "learning_rate": rates[count // 2]},
                   train={"batch_size": 128, "steps": short},
                   sweep={"optimizer.learning_rate": rates}),
        [Peer("fuse: off", 1, 1.3, variant="two processes")], job="fused", long=short + more,
        parts=count * more / steps)


def trivial(count):
    """One step on a function of two parameters, at `count` learning rates."""
    return {"experiment": "bench", "loss": "value", "keep": "nothing",
            "model": {"name": "expression", "parameters": {"x": -4, "y": 3},
                      "expressions": {"f": "x^2 + y^2"}},
            "evaluate": {"every": "never"}, "train": {"steps": 1},
            "sweep": {"optimizer.learning_rate": {"from": 0.001, "to": 0.4, "points": count}}}


def eight_rows(count):
    """One step on a data set of eight rows."""
    return {**trivial(count), "model": "linear", "loss": "softmax",
            "dataset": {"name": "synthetic", "kind": "blobs", "rows": 8, "features": 2,
                        "classes": 2},
            "train": {"steps": 1, "batch_size": "full"}}


def overhead(sizes):
    rates = [0.001 + 0.399 * k / (sizes.many - 1) for k in range(10)]  # the first ones
    bound = Peer("bound", 1, 10, {"seconds": 1e-3}, "1,000 trials a second")
    yield Case("trial-function", "a trial of one step on a function of two parameters, all in all",
               "sweep", trivial(sizes.many),
               [bound, Peer("optuna", job={"trials": sizes.optuna, "rates": rates},
                             variant="SQLite")],
               job="trials", parts=sizes.many)
    yield Case("trial-rows", "a trial of one step on eight rows, all in all", "sweep",
               eight_rows(sizes.many), [bound], job="trials", parts=sizes.many)


def growth(sizes):
    """What a trial costs among very many, in time and memory, and what a plan of them costs."""
    yield Case("trials-growth", f"a trial among {sizes.most} against one among {sizes.few}, "
               "start-up apart", "sweep", trivial(sizes.most),
               [Peer("few", 0.9, 0.98, {"trials": sizes.few, "repeat": sizes.few_repeat},
                     f"{sizes.few} trials")], job="growth", parts=sizes.most)
    yield Case("plan", f"plan and validate {sizes.most} trials (slope validate)", "sweep",
               trivial(sizes.most), [Peer("bound", 1, 4, {"seconds": 2}, "2 s")], job="validate")
    yield Case("trials-memory", f"bytes per trial: peak memory with {sizes.most} trials less that "
               f"with {sizes.many}", "memory per trial", trivial(sizes.most),
               [Peer("bound", 1, job={"bytes": 500}, variant="500 B")],
               parts=sizes.most - sizes.many)


def all_cases(sizes, images, labels):
    return [*fused(sizes, images, labels), *overhead(sizes), *growth(sizes)]
