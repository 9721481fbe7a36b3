"""reference_lbfgs: the first steps of L-BFGS on Rosenbrock's valley, as tables in C.

Run once, by hand, with NumPy; the tests need only its output:
    python3 reference_lbfgs.py > reference_lbfgs.h

A second implementation: the inverse Hessian is a whole matrix, made anew in every step from the
remembered pairs by the BFGS update (Nocedal and Wright 2006, equation 7.16), where the plugin has
two loops over vectors. The line search is theirs, algorithms 3.5 and 3.6 with the cubic of equation
3.59, which is kept a tenth of the interval away from its ends.
"""
import numpy as np

START = np.array([-1.2, 1.0, -0.75, 1.5])
SNAPSHOTS = [1, 2, 5, 12]


def f(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in (0, 2))


def gradient(x):
    g = np.zeros(4)
    for i in (0, 2):
        g[i] = -400 * x[i] * (x[i + 1] - x[i] ** 2) - 2 * (1 - x[i])
        g[i + 1] = 200 * (x[i + 1] - x[i] ** 2)
    return g


def inverse_hessian(pairs):
    if not pairs:
        return np.eye(4)
    s, y = pairs[-1]
    h = np.eye(4) * (s @ y) / (y @ y)
    for s, y in pairs:
        rho = 1 / (s @ y)
        v = np.eye(4) - rho * np.outer(y, s)
        h = v.T @ h @ v + rho * np.outer(s, s)
    return h


def line_search(x, d, first, c1, c2):
    phi = lambda a: f(x + a * d)
    slope = lambda a: gradient(x + a * d) @ d
    f0, g0 = phi(0), slope(0)

    def cubic(lo, hi):
        d1 = slope(lo) + slope(hi) - 3 * (phi(lo) - phi(hi)) / (lo - hi)
        d2 = np.sign(hi - lo) * np.sqrt(d1 ** 2 - slope(lo) * slope(hi))
        a = hi - (hi - lo) * (slope(hi) + d2 - d1) / (slope(hi) - slope(lo) + 2 * d2)
        inside = sorted((lo + 0.1 * (hi - lo), lo + 0.9 * (hi - lo)))
        return min(max(a, inside[0]), inside[1])

    def zoom(lo, hi):
        while True:
            a = cubic(lo, hi)
            if phi(a) > f0 + c1 * a * g0 or phi(a) >= phi(lo):
                hi = a
            else:
                if abs(slope(a)) <= -c2 * g0:
                    return a
                if slope(a) * (hi - lo) >= 0:
                    hi = lo
                lo = a

    before, a = 0.0, first
    while True:
        if phi(a) > f0 + c1 * a * g0 or (before > 0 and phi(a) >= phi(before)):
            return zoom(before, a)
        if abs(slope(a)) <= -c2 * g0:
            return a
        if slope(a) >= 0:
            return zoom(a, before)
        before, a = a, 2 * a


def lbfgs(history=10, c1=1e-4, c2=0.9):
    x, pairs, rows = START.copy(), [], []
    for t in range(1, max(SNAPSHOTS) + 1):
        g = gradient(x)
        first = 1.0 if pairs else min(1.0, 1 / np.abs(g).sum())
        d = -inverse_hessian(pairs) @ g
        new = x + line_search(x, d, first, c1, c2) * d
        pairs = (pairs + [(new - x, gradient(new) - g)])[-history:]
        x = new
        if t in SNAPSHOTS:
            rows.append(x.tolist())
    return rows


CASES = [
    ({}, lbfgs()),
    (dict(history=2), lbfgs(history=2)),
    (dict(curvature=0.125, sufficient_decrease=0.0625), lbfgs(c1=0.0625, c2=0.125)),
]


def main():
    print("/* Made by reference_lbfgs.py with NumPy %s; do not edit.\n"
          " *\n"
          " * Weights after steps %s of the problem in test_lbfgs.c. */"
          % (np.__version__, ", ".join(map(str, SNAPSHOTS))))
    print("static const reference references[] = {")
    for settings, rows in CASES:
        pairs = "".join('{"%s", %r}, ' % (key, float(value)) for key, value in settings.items())
        print("    {{%s{0}},\n     {%s}}," % (pairs, ",\n      ".join(
            "{" + ", ".join(map(repr, row)) + "}" for row in rows)))
    print("};")


main()
