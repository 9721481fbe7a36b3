"""peer_torch: PyTorch's side: loss and gradient of a linear classifier on all rows, and training by
mini-batches, as a PyTorch user would write it, without DataLoader (which would cost it more)."""
import time

import torch
from torch import nn

import data
import machine
import peer
import peer_torch_stacked


def multiclass_hinge(scores, labels):
    """PyTorch divides by the number of classes, we do not."""
    return nn.functional.multi_margin_loss(scores, labels) * scores.shape[1]


LOSSES = {"softmax": nn.functional.cross_entropy, "svm": multiclass_hinge}


def read(job):
    return torch.from_numpy(data.read_features(job["images"])), \
        torch.from_numpy(data.read_labels(job["labels"]))


def layers(path):
    """Weights (outputs × inputs) and biases of each layer, from our side's starting weights."""
    tensors = list(data.read_weights(path).items())
    weights = sorted((k, torch.tensor(v)) for k, v in tensors if k.endswith("weight"))
    biases = sorted((k, torch.tensor(v)) for k, v in tensors if k.endswith("bias"))
    return [(w, b) for (_, w), (_, b) in zip(weights, biases)]


def network(path):
    parts = []
    for weight, bias in layers(path):
        layer = nn.Linear(*reversed(weight.shape))
        with torch.no_grad():
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        parts += [layer, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def norm(parameters):
    return float(torch.sqrt(sum(p.grad.double().square().sum() for p in parameters)))


def what(variant):
    return f"PyTorch {torch.__version__}, {variant}, {machine.blas()}, " \
           f"{torch.get_num_threads()} threads"


def gradient(job):
    x, y = read(job)
    loss_of = LOSSES[job["loss"]]
    model = network(job["weights"])
    (weight, bias), = layers(job["weights"])
    with_ones = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    matrix = torch.cat([weight.T, bias[None]]).requires_grad_()

    def run_layer():
        model.zero_grad(set_to_none=True)
        loss = loss_of(model(x), y)
        loss.backward()
        return loss

    def run_matrix():
        matrix.grad = None
        loss = loss_of(with_ones @ matrix, y)
        loss.backward()
        return loss

    variants = {"nn.Linear": run_layer, "x @ w with a column of ones": run_matrix}
    best = peer.fastest(variants)
    parameters = list(model.parameters()) if best == "nn.Linear" else [matrix]

    def check():
        return {"loss": float(variants[best]()), "norm": norm(parameters)}

    return what(best), check, lambda: peer.seconds_of(variants[best])


def train(job):
    """One epoch. Batches are gathered with index_select from rows in a random order."""
    x, y = read(job)
    loss_of = LOSSES[job["loss"]]
    size = job["batch_size"]
    rule = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[job["optimizer"]]

    def epoch(model, order, **more):
        optimizer = rule(model.parameters(), lr=job["learning_rate"], **more)
        start = time.perf_counter()
        if order is None:
            order = torch.randperm(len(x))
        for rows in order.split(size):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(x.index_select(0, rows)), y.index_select(0, rows))
            loss.backward()
            optimizer.step()
        return time.perf_counter() - start

    variants = {
        "one tensor at a time": lambda: epoch(network(job["weights"]), None, foreach=False),
        "foreach": lambda: epoch(network(job["weights"]), None, foreach=True),
    }
    best = peer.fastest(variants, tries=2)

    def check():
        model = network(job["weights"])
        loss = loss_of(model(x), y)
        loss.backward()
        answer = {"loss": float(loss), "norm": norm(model.parameters())}
        epoch(model, torch.from_numpy(data.read_order(job["order"])))
        with torch.no_grad():
            answer["after"] = float(loss_of(model(x), y))
        return answer

    return what(f"optimizer {best}"), check, variants[best]


def stacked(job):
    """An epoch of many linear softmax classifiers at once, one for each rate; seconds are those of
    one. See peer_torch_stacked.py."""
    x, y = read(job)
    (weight, bias), = layers(job["weights"])
    rates = torch.tensor(job["rates"])
    variants = {name: stack(weight.T, bias, rates) for name, stack in peer_torch_stacked.ALL.items()}

    def epoch(stack, order):
        one_hot = nn.functional.one_hot(y).float()  # not timed
        stack.reset()
        start = time.perf_counter()
        if order is None:
            order = torch.randperm(len(x))
        for rows in order.split(job["batch_size"]):
            stack.step(x.index_select(0, rows), y.index_select(0, rows),
                       one_hot.index_select(0, rows))
        return (time.perf_counter() - start) / len(rates)

    some = torch.randperm(len(x))[:20 * job["batch_size"]]  # enough to choose by
    best = peer.fastest({name: lambda stack=stack: epoch(stack, some)
                         for name, stack in variants.items()}, tries=2)

    def check():
        stack = variants[best]
        epoch(stack, torch.from_numpy(data.read_order(job["order"])))
        with torch.no_grad():
            return {"losses": [float(LOSSES["softmax"](x @ w + b, y)) for w, b in stack.models()]}

    return what(best), check, lambda: epoch(variants[best], None)


if __name__ == "__main__":
    torch.set_num_threads(machine.processors())
    peer.obey(lambda job: {"gradient": gradient, "train": train,
                           "stacked": stacked}[job["job"]](job))
