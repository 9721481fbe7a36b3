"""reference_rules: what update rules that PyTorch lacks do on a small problem, as a table in C.

Run once, by hand, with NumPy; the tests need only its output:
    python3 reference_rules.py > reference_rules.h

A second implementation of each rule, written from its paper in the paper's own terms, on whole
vectors, in long double (prodigy's first steps are small beside the weights). Where the authors'
program arranges the formula in another way than the paper
(schedule-free methods keep y and z and work x out; adan keeps betas that are 1 less the paper's),
that way is taken here, so that the two ways check each other.

The problem stands a second time, in C, in test_rules.c: that of test_optimizers.c, with a loss
that is made up, a warm-up over four steps, and all five weights as one tensor.
"""
import numpy as np

START = np.array([1.0, -0.5, 0.25, 3.0, -2.0], dtype=np.longdouble)
PULL = np.array([1.0, 0.5, 4.0, 0.03125, 0.0])
PLACE = np.array([-1.0, 2.0, 0.125, 0.5, 0.0])
SNAPSHOTS = [1, 7, 30]


def gradient(w, t):
    shakes = np.array([((7 * i + 3 * t) % 11 - 5) / 8 for i in range(4)] + [0.0])
    return PULL * (w - PLACE) + np.where(PULL > 0, w / (1 + w * w), 0.0) + shakes


def loss(t):
    return 1 + (5 * t % 7) / 4


def warmup(t):
    return min(1.0, t / 4)


class Rule:
    """x: where gradients are taken. solution(): what counts."""

    def __init__(self, x, **p):
        self.x, self.p = x.copy(), p
        self.setup(**p)

    def setup(self, **p):
        pass

    def solution(self):
        return self.x


class AdaBelief(Rule):
    def setup(self, lr=1e-3, b1=0.9, b2=0.999, eps=1e-16, wd=0.0):
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, b1, b2, eps, wd
        self.m = self.s = 0.0

    def step(self, g, t, f, k):
        lr = self.lr * k
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.s = self.b2 * self.s + (1 - self.b2) * (g - self.m) ** 2 + self.eps
        m_hat, s_hat = self.m / (1 - self.b1 ** t), self.s / (1 - self.b2 ** t)
        self.x = self.x - lr * self.wd * self.x - lr * m_hat / (np.sqrt(s_hat) + self.eps)


class Yogi(Rule):
    def setup(self, lr=1e-2, b1=0.9, b2=0.999, eps=1e-3, start=1e-6, wd=0.0):
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, b1, b2, eps, wd
        self.m, self.v = 0.0, np.full(5, start)

    def step(self, g, t, f, k):
        g = g + self.wd * self.x
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.v - (1 - self.b2) * np.sign(self.v - g * g) * g * g
        self.x = self.x - self.lr * k * self.m / (np.sqrt(self.v) + self.eps)


class Lion(Rule):
    def setup(self, lr=1e-4, b1=0.9, b2=0.99, wd=0.0):
        self.lr, self.b1, self.b2, self.wd, self.m = lr, b1, b2, wd, np.zeros(5)

    def step(self, g, t, f, k):
        update = np.sign(self.m * self.b1 + g * (1 - self.b1))
        self.m = self.m * self.b2 + g * (1 - self.b2)
        self.x = self.x - self.lr * k * (update + self.wd * self.x)


class Signum(Rule):
    def setup(self, lr=1e-3, beta=0.0, wd=0.0):
        self.lr, self.beta, self.wd, self.m = lr, beta, wd, np.zeros(5)

    def step(self, g, t, f, k):
        self.m = self.beta * self.m + (1 - self.beta) * (g + self.wd * self.x)
        self.x = self.x - self.lr * k * np.sign(self.m)


class Adan(Rule):
    """Algorithm 1 of the paper with β = 1 - beta, on moments that are corrected for their start."""

    def setup(self, lr=1e-3, b1=0.98, b2=0.92, b3=0.99, eps=1e-8, wd=0.0):
        self.lr, self.b, self.eps, self.wd = lr, (1 - b1, 1 - b2, 1 - b3), eps, wd
        self.m, self.v, self.n, self.before = np.zeros(5), np.zeros(5), np.zeros(5), None

    def step(self, g, t, f, k):
        b1, b2, b3 = self.b
        d = g - (g if self.before is None else self.before)
        self.before = g
        self.m = (1 - b1) * self.m + b1 * g
        self.v = (1 - b2) * self.v + b2 * d
        self.n = (1 - b3) * self.n + b3 * (g + (1 - b2) * d) ** 2
        m, v, n = (a / (1 - (1 - b) ** t) for a, b in zip((self.m, self.v, self.n), self.b))
        eta = self.lr * k / (np.sqrt(n) + self.eps)
        self.x = (self.x - eta * (m + (1 - b2) * v)) / (1 + self.wd * self.lr * k)


class Lamb(Rule):
    def setup(self, lr=1e-3, b1=0.9, b2=0.999, eps=1e-6, wd=0.01):
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, b1, b2, eps, wd
        self.m = self.v = 0.0

    def step(self, g, t, f, k):
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g * g
        r = (self.m / (1 - self.b1 ** t)) / (np.sqrt(self.v / (1 - self.b2 ** t)) + self.eps)
        u = r + self.wd * self.x
        ratio = np.linalg.norm(self.x) / np.linalg.norm(u)
        self.x = self.x - self.lr * k * ratio * u


class Lars(Rule):
    def setup(self, lr=1.0, momentum=0.9, eta=1e-3, wd=0.0):
        self.lr, self.momentum, self.eta, self.wd, self.v = lr, momentum, eta, wd, 0.0

    def step(self, g, t, f, k):
        local = self.eta * np.linalg.norm(self.x) / (
            np.linalg.norm(g) + self.wd * np.linalg.norm(self.x))
        self.v = self.momentum * self.v + self.lr * k * local * (g + self.wd * self.x)
        self.x = self.x - self.v


class ScheduleFreeSGD(Rule):
    """Keeps y (here x) and z, as the authors' program does."""

    def setup(self, lr=1.0, beta=0.9, wd=0.0):
        self.lr, self.beta, self.wd, self.z, self.sum = lr, beta, wd, self.x.copy(), 0.0

    def move(self, g, lr):
        self.sum += lr ** 2
        c = lr ** 2 / self.sum
        self.x = self.x + c * (self.z - self.x) + lr * (self.beta * (1 - c) - 1) * g
        self.z = self.z - lr * g

    def step(self, g, t, f, k):
        self.move(g + self.wd * self.x, self.lr * k)

    def solution(self):
        return self.x + (1 - 1 / self.beta) * (self.z - self.x)


class ScheduleFreeAdamW(ScheduleFreeSGD):
    def setup(self, lr=0.0025, beta=0.9, b2=0.999, eps=1e-8, wd=0.0):
        super().setup(lr, beta, wd)
        self.b2, self.eps, self.v = b2, eps, 0.0

    def step(self, g, t, f, k):
        self.v = self.b2 * self.v + (1 - self.b2) * g * g
        self.move(g / (np.sqrt(self.v) + self.eps) + self.wd * self.x,
                  self.lr * k * np.sqrt(1 - self.b2 ** t))


class Polyak(Rule):
    def setup(self, best=0.0, c=1.0, most=np.inf):
        self.best, self.c, self.most = best, c, most

    def step(self, g, t, f, k):
        self.x = self.x - min(max(f - self.best, 0) / (self.c / k * (g @ g)), self.most) * g


class DoG(Rule):
    def setup(self, lr=1.0, r_rel=1e-6, eps=1e-8, wd=0.0):
        self.lr, self.wd, self.G, self.start = lr, wd, eps, self.x.copy()
        self.r = r_rel * (1 + np.linalg.norm(self.x))

    def step(self, g, t, f, k):
        g = g + self.wd * self.x
        self.r = max(self.r, np.linalg.norm(self.x - self.start))
        self.G += g @ g
        self.x = self.x - self.lr * k * self.r / np.sqrt(self.G) * g


class Prodigy(Rule):
    def setup(self, lr=1.0, b1=0.9, b2=0.999, eps=1e-8, d0=1e-6, coef=1.0, wd=0.0):
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, b1, b2, eps, wd
        self.d, self.coef, self.start = d0, coef, self.x.copy()
        self.m, self.v, self.s, self.r = 0.0, 0.0, 0.0, 0.0

    def step(self, g, t, f, k):
        d, lr, b3 = self.d, self.lr * k, np.sqrt(self.b2)
        self.m = self.b1 * self.m + (1 - self.b1) * d * g
        self.v = self.b2 * self.v + (1 - self.b2) * d * d * g * g
        self.r = b3 * self.r + (1 - b3) * lr * d * d * (g @ (self.start - self.x))
        self.s = b3 * self.s + (1 - b3) * lr * d * d * g
        self.x = self.x - lr * d * self.wd * self.x \
            - lr * d * self.m / (np.sqrt(self.v) + d * self.eps)
        self.d = max(d, self.coef * self.r / np.abs(self.s).sum())


# slope's names on the left, those of the classes above on the right.
CASES = [
    ("adabelief", {}, AdaBelief, {}),
    ("adabelief", dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.001, weight_decay=0.125),
     AdaBelief, dict(lr=0.1, b1=0.75, b2=0.9, eps=0.001, wd=0.125)),
    ("yogi", {}, Yogi, {}),
    ("yogi", dict(learning_rate=0.1, beta1=0.75, beta2=0.5, epsilon=0.01,
                  initial_accumulator_value=0.25, weight_decay=0.125), Yogi,
     dict(lr=0.1, b1=0.75, b2=0.5, eps=0.01, start=0.25, wd=0.125)),
    ("lion", {}, Lion, {}),
    ("lion", dict(learning_rate=0.1, beta1=0.75, beta2=0.5, weight_decay=0.125), Lion,
     dict(lr=0.1, b1=0.75, b2=0.5, wd=0.125)),
    ("signsgd", {}, Signum, {}),
    ("signsgd", dict(learning_rate=0.1, momentum=0.75, weight_decay=0.125), Signum,
     dict(lr=0.1, beta=0.75, wd=0.125)),
    ("adan", {}, Adan, {}),
    ("adan", dict(learning_rate=0.1, beta1=0.75, beta2=0.5, beta3=0.9, epsilon=0.01,
                  weight_decay=0.125), Adan,
     dict(lr=0.1, b1=0.75, b2=0.5, b3=0.9, eps=0.01, wd=0.125)),
    ("lamb", {}, Lamb, {}),
    ("lamb", dict(learning_rate=0.1, beta1=0.75, beta2=0.9, epsilon=0.01, weight_decay=0.125), Lamb,
     dict(lr=0.1, b1=0.75, b2=0.9, eps=0.01, wd=0.125)),
    ("lars", {}, Lars, {}),
    ("lars", dict(learning_rate=0.5, momentum=0.5, trust_coefficient=0.125, weight_decay=0.125), Lars,
     dict(lr=0.5, momentum=0.5, eta=0.125, wd=0.125)),
    ("schedule_free_sgd", dict(learning_rate=0.25), ScheduleFreeSGD, dict(lr=0.25)),
    ("schedule_free_sgd", dict(learning_rate=0.125, beta=0.5, weight_decay=0.125), ScheduleFreeSGD,
     dict(lr=0.125, beta=0.5, wd=0.125)),
    ("schedule_free_adamw", {}, ScheduleFreeAdamW, {}),
    ("schedule_free_adamw", dict(learning_rate=0.1, beta1=0.5, beta2=0.9, epsilon=0.01,
                                 weight_decay=0.125), ScheduleFreeAdamW,
     dict(lr=0.1, beta=0.5, b2=0.9, eps=0.01, wd=0.125)),
    ("polyak", dict(learning_rate=0.0625), Polyak, dict(c=16)),
    ("polyak", dict(learning_rate=0.5, optimal_loss=1.25, max_step=0.125), Polyak,
     dict(best=1.25, c=2, most=0.125)),
    ("dog", {}, DoG, {}),
    ("dog", dict(learning_rate=0.5, initial_distance=0.125, epsilon=0.5, weight_decay=0.125), DoG,
     dict(lr=0.5, r_rel=0.125, eps=0.5, wd=0.125)),
    ("prodigy", {}, Prodigy, {}),
    ("prodigy", dict(learning_rate=0.5, beta1=0.75, beta2=0.5, epsilon=0.01, initial_d=0.125,
                     d_coefficient=2, weight_decay=0.125), Prodigy,
     dict(lr=0.5, b1=0.75, b2=0.5, eps=0.01, d0=0.125, coef=2, wd=0.125)),
]


def rows_of(rule, arguments):
    r, rows = rule(START, **arguments), []
    for t in range(1, max(SNAPSHOTS) + 1):
        r.step(gradient(r.x, t), t, loss(t), warmup(t))
        if t in SNAPSHOTS:
            rows.append([[float(x) for x in v] for v in (r.x, r.solution())])
    return rows


def braces(numbers):
    return "{" + ", ".join(map(repr, numbers)) + "}"


def main():
    print("/* Made by reference_rules.py with NumPy %s; do not edit.\n"
          " *\n"
          " * Weights after steps %s of the problem in test_rules.c, and the solutions. */"
          % (np.__version__, ", ".join(map(str, SNAPSHOTS))))
    print("static const reference references[] = {")
    for name, settings, rule, arguments in CASES:
        pairs = "".join('{"%s", %r}, ' % (key, float(value)) for key, value in settings.items())
        print('    {"%s",\n     {%s{0}},' % (name, pairs))
        rows = rows_of(rule, arguments)
        print("     {%s},\n     {%s}}," % (",\n      ".join(braces(w) for w, _ in rows),
                                          ",\n      ".join(braces(s) for _, s in rows)))
    print("};")


main()
