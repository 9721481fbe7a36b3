"""reference_optimizers: what PyTorch's update rules do on a small problem, as a table in C.

Run once, by hand, where PyTorch is installed (Debian's python3-torch 1.13.0); the tests need only
its output:    python3 reference_optimizers.py > reference_optimizers.h

The problem stands a second time, in C, in test_optimizers.c: four weights that are pulled to
different places with different strength, by a force that is no straight line and is shaken
differently in every step, and a fifth whose gradient is always zero. Everything is computed in
float64.
"""
import math

import torch

START = [1.0, -0.5, 0.25, 3.0, -2.0]
PULL = [1.0, 0.5, 4.0, 0.03125, 0.0]
PLACE = [-1.0, 2.0, 0.125, 0.5, 0.0]
SNAPSHOTS = [1, 7, 30]

SGD, ADAGRAD, RMSPROP = torch.optim.SGD, torch.optim.Adagrad, torch.optim.RMSprop
ADAM, ADAMW = torch.optim.Adam, torch.optim.AdamW
ADAMAX, RADAM = torch.optim.Adamax, torch.optim.RAdam
ADADELTA, RPROP = torch.optim.Adadelta, torch.optim.Rprop


class NADAM:
    """The formula that PyTorch documents for NAdam, with PyTorch's defaults, number by number.

    PyTorch 1.13.0 itself counts the current momentum twice in the product up to the next step (later
    versions do not) and keeps the product in float32, so it cannot serve.
    """

    def __init__(self, tensors, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
                 momentum_decay=4e-3):
        self.weights, = tensors
        self.lr, self.betas, self.eps, self.weight_decay = lr, betas, eps, weight_decay
        self.momentum_decay = momentum_decay
        self.m, self.v, self.t = [0.0] * len(self.weights), [0.0] * len(self.weights), 0

    def mu(self, t):
        return self.betas[0] * (1 - 0.5 * math.pow(0.96, t * self.momentum_decay))

    def step(self):
        self.t += 1
        beta1, beta2 = self.betas
        to_now = math.prod(self.mu(k) for k in range(1, self.t + 1))
        mu, mu_next = self.mu(self.t), self.mu(self.t + 1)
        for i, (w, g) in enumerate(zip(self.weights.tolist(), self.weights.grad.tolist())):
            g += self.weight_decay * w
            self.m[i] = beta1 * self.m[i] + (1 - beta1) * g
            self.v[i] = beta2 * self.v[i] + (1 - beta2) * g * g
            m_hat = mu_next * self.m[i] / (1 - to_now * mu_next) + (1 - mu) * g / (1 - to_now)
            v_hat = self.v[i] / (1 - math.pow(beta2, self.t))
            self.weights.data[i] = w - self.lr * m_hat / (math.sqrt(v_hat) + self.eps)



# slope's names on the left, PyTorch's rule and arguments on the right. lr has no default in SGD of
# PyTorch 1.13; 1e-3 is what later versions have.
CASES = [
    ("sgd", {}, SGD, dict(lr=1e-3)),
    ("sgd", dict(learning_rate=0.1, weight_decay=0.25), SGD, dict(lr=0.1, weight_decay=0.25)),
    ("momentum", {}, SGD, dict(lr=1e-3, momentum=0.9)),
    ("momentum", dict(learning_rate=0.05, momentum=0.75, dampening=0.5, weight_decay=0.125), SGD,
     dict(lr=0.05, momentum=0.75, dampening=0.5, weight_decay=0.125)),
    ("momentum", dict(learning_rate=0.05, momentum=0), SGD, dict(lr=0.05)),
    ("nesterov", {}, SGD, dict(lr=1e-3, momentum=0.9, nesterov=True)),
    ("nesterov", dict(learning_rate=0.05, momentum=0.5, weight_decay=0.125), SGD,
     dict(lr=0.05, momentum=0.5, weight_decay=0.125, nesterov=True)),
    ("adagrad", {}, ADAGRAD, {}),
    ("adagrad", dict(learning_rate=0.3, lr_decay=0.125, initial_accumulator_value=0.5,
                     epsilon=0.01, weight_decay=0.125), ADAGRAD,
     dict(lr=0.3, lr_decay=0.125, initial_accumulator_value=0.5, eps=0.01, weight_decay=0.125)),
    ("rmsprop", {}, RMSPROP, {}),
    ("rmsprop", dict(learning_rate=0.02, alpha=0.75, epsilon=0.001, weight_decay=0.125), RMSPROP,
     dict(lr=0.02, alpha=0.75, eps=0.001, weight_decay=0.125)),
    ("rmsprop", dict(learning_rate=0.02, momentum=0.5, centered=1), RMSPROP,
     dict(lr=0.02, momentum=0.5, centered=True)),
    ("rmsprop", dict(alpha=0.5, momentum=0.75, weight_decay=0.125), RMSPROP,
     dict(alpha=0.5, momentum=0.75, weight_decay=0.125)),
    ("adam", {}, ADAM, {}),
    ("adam",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.001, weight_decay=0.125), ADAM,
     dict(lr=0.1, betas=(0.75, 0.9), eps=0.001, weight_decay=0.125)),
    ("adam", dict(learning_rate=0.05, beta1=0), ADAM, dict(lr=0.05, betas=(0.0, 0.999))),
    ("adamw", {}, ADAMW, {}),
    ("adamw",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.001, weight_decay=0.125), ADAMW,
     dict(lr=0.1, betas=(0.75, 0.9), eps=0.001, weight_decay=0.125)),
    ("amsgrad", {}, ADAM, dict(amsgrad=True)),
    ("amsgrad",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.5, epsilon=0.001, weight_decay=0.125), ADAM,
     dict(lr=0.1, betas=(0.75, 0.5), eps=0.001, weight_decay=0.125, amsgrad=True)),
    ("adamax", {}, ADAMAX, {}),
    ("adamax",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.5, epsilon=0.001, weight_decay=0.125), ADAMAX,
     dict(lr=0.1, betas=(0.75, 0.5), eps=0.001, weight_decay=0.125)),
    ("nadam", {}, NADAM, {}),
    ("nadam",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.001, weight_decay=0.125,
          momentum_decay=0.5), NADAM,
     dict(lr=0.1, betas=(0.75, 0.9), eps=0.001, weight_decay=0.125, momentum_decay=0.5)),
    ("nadam", dict(beta1=0, momentum_decay=0), NADAM, dict(betas=(0.0, 0.999), momentum_decay=0.0)),
    ("radam", {}, RADAM, {}),
    ("radam",
     dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.001, weight_decay=0.125), RADAM,
     dict(lr=0.1, betas=(0.75, 0.9), eps=0.001, weight_decay=0.125)),
    ("radam", dict(beta2=0.5), RADAM, dict(betas=(0.9, 0.5))),  # never rectified
    ("adadelta", {}, ADADELTA, {}),
    ("adadelta", dict(learning_rate=2.0, rho=0.75, epsilon=0.01, weight_decay=0.125), ADADELTA,
     dict(lr=2.0, rho=0.75, eps=0.01, weight_decay=0.125)),
    ("rprop", {}, RPROP, {}),
    ("rprop",
     dict(learning_rate=0.25, shrink=0.25, grow=1.5, min_step=0.0625, max_step=0.75), RPROP,
     dict(lr=0.25, etas=(0.25, 1.5), step_sizes=(0.0625, 0.75))),
]


def gradient(weights, step):
    shakes = [((7 * i + 3 * step) % 11 - 5) / 8 for i in range(4)] + [0.0]
    result = [pull * (w - place) + (w / (1 + w * w) if pull else 0.0) + shake
              for w, pull, place, shake in zip(weights, PULL, PLACE, shakes)]
    return torch.tensor(result, dtype=torch.float64)


def run(rule, arguments):
    weights = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = rule([weights], **arguments)
    rows = []
    for step in range(1, max(SNAPSHOTS) + 1):
        weights.grad = gradient(weights.tolist(), step)
        optimizer.step()
        if step in SNAPSHOTS:
            rows.append(weights.tolist())
    return rows


def main():
    print("/* Made by reference_optimizers.py with PyTorch %s; do not edit.\n"
          " *\n"
          " * Weights after steps %s of the problem in test_optimizers.c, in float64. */"
          % (torch.__version__, ", ".join(map(str, SNAPSHOTS))))
    print("static const reference references[] = {")
    for name, settings, rule, arguments in CASES:
        pairs = "".join('{"%s", %r}, ' % (key, float(value)) for key, value in settings.items())
        print('    {"%s",\n     {%s{0}},\n     {' % (name, pairs), end="")
        rows = ["{" + ", ".join(map(repr, row)) + "}" for row in run(rule, arguments)]
        print(",\n      ".join(rows), end="}},\n")
    print("};")


main()
