"""cases: what is compared with what, and which ratio is asked for.

A case is one job of ours (an experiment for worker.c or for `slope run`) and the peers that do the
same job. `at_least` and `aim` are ratios of the peer's time to ours. The work of a job, in bytes
that must be read once from memory and in arithmetic operations (a multiply-add counts as two),
gives the shortest time that this machine could need, and so our share of its limit. Operations
count the model's own classes and units, not what vectors are filled up with.
"""
from dataclasses import dataclass, field

import data

POPULATION, ATTEMPT_STEPS = 16, 2  # candidates a step of random search, steps of a run


@dataclass
class Peer:
    name: str  # torch, numpy, sklearn: peer_<name>.py; or `one thread`, `import torch`, `data`
    at_least: float = None  # None: shown beside, without a demand
    aim: float = None
    job: dict = field(default_factory=dict)  # what the peer must know beyond data and weights
    variant: str = ""

    def label(self):
        return f"{self.name}, {self.variant}" if self.variant else self.name


@dataclass
class Case:
    name: str
    title: str
    kind: str  # `worker`, `process`, `memory`, `sweep` or `memory per trial`
    experiment: dict
    peers: list
    job: str = "gradient"  # or `train`: what worker.c does; of a sweep: see sweep_sides.py
    float32: bool = False
    parts: float = 1  # by what our time is divided: candidates that one run tries, trials
    long: int = 0  # steps of the longer run of a sweep
    read: float = 0  # bytes
    operations: float = 0
    images: str = None
    labels: str = None


@dataclass
class Sizes:
    """Of the data; the real ones, or tiny ones for a test of the harness."""
    rows: int = 50000
    features: int = 3072
    classes: int = 10
    small: list = field(default_factory=lambda: [128])
    large: list = field(default_factory=lambda: [512, 256])
    fashion: bool = True  # Fashion-MNIST; otherwise random data with these sizes:
    fashion_rows: int = 60000
    fashion_features: int = 784
    trials: int = 64  # that are fused
    optuna: int = 100  # trials that Optuna makes in a turn
    few: int = 100  # trials of trivial sweeps; how often the smallest is run in a turn
    many: int = 10_000
    most: int = 100_000
    few_repeat: int = 40


TINY = Sizes(rows=700, features=33, small=[8], large=[20, 12], fashion=False, fashion_rows=900,
             fashion_features=21, trials=5, optuna=3, few=30, many=50, most=150, few_repeat=1)


def dataset(images, labels):
    return {"in_place": True, "known_as": "bench", "name": "idx", "scale": data.SCALE,
            "train": {"images": str(images), "labels": str(labels)}}


def experiment(images, labels, **sections):
    return {"experiment": "bench", "dataset": dataset(images, labels),
            "evaluate": {"every": "never"}, "keep": "nothing", **sections}


def linear(std):
    return {"name": "linear", "init": {"distribution": "normal", "std": std}}


def full_batch(sizes, images, labels):
    """Loss and gradient of a linear classifier on all rows of a data set like CIFAR-10."""
    for element in ("float32", "uint8"):
        at_least, aim = (5, 6.5) if element == "float32" else (7, 10)
        for loss in ("softmax", "svm"):
            yield Case(
                f"{loss}-{element}", f"{loss}, loss + gradient, full batch, {element}", "worker",
                experiment(images, labels, model=linear(0.01), loss=loss,
                           train={"batch_size": "full"}),
                [Peer("torch", at_least, aim, {"job": "gradient", "loss": loss}),
                 Peer("numpy", at_least, aim, {"job": "gradient", "loss": loss}),
                 Peer("numpy", job={"job": "gradient", "loss": loss, "columns": True},
                      variant="transposed")],
                float32=element == "float32",
                read=sizes.rows * sizes.features * (4 if element == "float32" else 1),
                operations=4 * sizes.rows * sizes.features * sizes.classes)


def random_search(sizes, images, labels):
    yield Case(
        "random-search", "random search, one attempt, svm", "worker",
        experiment(images, labels, model=linear(1e-4), loss="svm",
                   optimizer={"name": "random_search", "population": POPULATION},
                   train={"batch_size": "full", "steps": ATTEMPT_STEPS}),
        [Peer("numpy", 6, 10, {"job": "random_search", "loss": "svm"}),
         Peer("numpy", job={"job": "random_search", "loss": "svm", "in_place": True},
              variant="in place")], job="train",
        parts=POPULATION * ATTEMPT_STEPS, read=sizes.rows * sizes.features / POPULATION,
        operations=2 * sizes.rows * sizes.features * sizes.classes)


def linear_epochs(sizes, images, labels):
    for rule, rate, at_least in (("sgd", 0.1, 6), ("adam", 1e-3, 7)):
        job = {"job": "train", "loss": "softmax", "optimizer": rule, "learning_rate": rate,
               "batch_size": 128}
        peers = [Peer("torch", at_least, 10, job)]
        if rule == "sgd":
            peers += [Peer("sklearn", 80, job={"jobs": 1}),
                      Peer("sklearn", job={"jobs": None}, variant="all processors")]
        yield Case(
            f"linear-{rule}", f"Fashion-MNIST, linear softmax, batch 128, {rule}, one epoch",
            "worker",
            experiment(images, labels, model="linear", loss="softmax",
                       optimizer={"name": rule, "learning_rate": rate},
                       train={"batch_size": 128, "epochs": 1}),
            peers, job="train", read=sizes.fashion_rows * sizes.fashion_features,
            operations=4 * sizes.fashion_rows * sizes.fashion_features * sizes.classes)


def mlp_epoch(sizes, images, labels, hidden, peers, name):
    widths = [sizes.fashion_features, *hidden, sizes.classes]
    products = [a * b for a, b in zip(widths, widths[1:])]
    # forward and weights' gradient for every layer, the gradient of its input for all but the first
    multiplications = 2 * sum(products) + sum(products[1:])
    return Case(
        name, f"mlp {'-'.join(map(str, widths))}, batch 128, adam, one epoch", "worker",
        experiment(images, labels, model={"name": "mlp", "hidden": hidden}, loss="softmax",
                   optimizer={"name": "adam", "learning_rate": 1e-3},
                   train={"batch_size": 128, "epochs": 1}),
        peers, job="train", read=sizes.fashion_rows * sizes.fashion_features,
        operations=2 * sizes.fashion_rows * multiplications)


def mlp_epochs(sizes, images, labels):
    job = {"job": "train", "loss": "softmax", "optimizer": "adam", "learning_rate": 1e-3,
           "batch_size": 128}
    yield mlp_epoch(sizes, images, labels, sizes.small, [Peer("torch", 2, 3, job)], "mlp-small")
    yield mlp_epoch(sizes, images, labels, sizes.large, [Peer("torch", 1.4, 2, job)], "mlp-large")


def threads(cases):
    """The same job with one thread, on each processor in turn."""
    for case in cases:
        yield Case(f"threads-{case.name}", f"two threads against one: {case.title}", "worker",
                   case.experiment, [Peer("one thread", 1.7, 1.9)], job=case.job,
                   float32=case.float32, read=case.read, operations=case.operations)


def whole_process(images, labels):
    yield Case("process", "whole process: ten steps on Fashion-MNIST", "process",
               {**experiment(images, labels, model="linear", train={"steps": 10}),
                "evaluate": {"every": "1 epoch"}},
               [Peer("import torch", 20, 80)])


def memory(sizes, images, labels):
    """Ratio here: size of the data to peak memory, so at least 1 / 1.25."""
    for name, when in (("memory", "data not in the cache"), ("memory-cached", "data in the cache")):
        yield Case(name, f"peak memory of a run over uint8 features, {when}", "memory",
                   experiment(images, labels, model="linear",
                              train={"batch_size": 128, "epochs": 1}),
                   [Peer("data", 1 / 1.25, 1 / 1.1)], read=sizes.rows * sizes.features)
