"""reference_search: what spsa and the separable CMA-ES do on a small problem, as tables in C.

Run once, by hand, with NumPy; the tests need only its output:
    python3 reference_search.py > reference_search.h

Second implementations from the papers, in float64. The "random" numbers are made up, so that they
can stand a second time in test_search.c, as the problem does.
"""
import numpy as np

N = 6
START = np.array([1.0, -0.5, 0.25, 3.0, -2.0, 0.5])
PULL = np.array([1.0, 0.5, 4.0, 0.25, 2.0, 1.0])
PLACE = np.array([-1.0, 2.0, 0.125, 0.5, 0.0, 1.0])
SNAPSHOTS = [1, 5, 40]


def f(w):
    return float(np.sum(PULL * (w - PLACE) ** 2))


def scrambled(stream, index):
    return (index * 37 + stream * 101 + index * index * stream * 7) % 64


def normal(stream, first):
    return np.array([(scrambled(stream, first + i) - 31.5) / 18.0 for i in range(N)])


def uniform(stream, first):
    return np.array([scrambled(stream, first + i) / 64.0 for i in range(N)])


def spsa(population, a, c, alpha, gamma, big_a):
    w, rows = START.copy(), []
    for k in range(1, max(SNAPSHOTS) + 1):
        a_k, c_k, g = a / (big_a + k) ** alpha, c / k ** gamma, np.zeros(N)
        for pair in range(0, population, 2):
            delta = np.where(uniform(k, pair * N) < 0.5, -1.0, 1.0)
            y = f(w + c_k * delta) - f(w - c_k * delta)
            g += y / (2 * c_k * delta) / (population / 2)
        w = w - a_k * g
        if k in SNAPSHOTS:
            rows.append(w.tolist() + [c_k])
    return rows


def cma_es(population, sigma):
    """Hansen's tutorial with a diagonal matrix, in its notation."""
    mu = population // 2
    weights = np.log(mu + 0.5) - np.log(np.arange(1, mu + 1))
    weights /= weights.sum()
    mu_eff = 1 / np.sum(weights ** 2)
    c_sigma = (mu_eff + 2) / (N + mu_eff + 5)
    d_sigma = 1 + 2 * max(0, np.sqrt((mu_eff - 1) / (N + 1)) - 1) + c_sigma
    c_c = (4 + mu_eff / N) / (N + 4 + 2 * mu_eff / N)
    faster = (N + 2) / 3
    c_1 = faster * 2 / ((N + 1.3) ** 2 + mu_eff)
    c_mu = min(1 - c_1, faster * 2 * (mu_eff - 2 + 1 / mu_eff) / ((N + 2) ** 2 + mu_eff))
    chi = np.sqrt(N) * (1 - 1 / (4 * N) + 1 / (21 * N ** 2))
    m, C, p_sigma, p_c, rows = START.copy(), np.ones(N), np.zeros(N), np.zeros(N), []
    for g in range(1, max(SNAPSHOTS) + 1):
        D = np.diag(np.sqrt(C))
        y = [D @ normal(g, k * N) for k in range(population)]
        order = sorted(range(population), key=lambda k: f(m + sigma * y[k]))
        best = [y[k] for k in order[:mu]]
        y_w = sum(w * b for w, b in zip(weights, best))
        m = m + sigma * y_w
        p_sigma = (1 - c_sigma) * p_sigma + np.sqrt(
            c_sigma * (2 - c_sigma) * mu_eff) * np.linalg.inv(D) @ y_w
        length = np.linalg.norm(p_sigma)
        h = float(length / np.sqrt(1 - (1 - c_sigma) ** (2 * g)) < (1.4 + 2 / (N + 1)) * chi)
        p_c = (1 - c_c) * p_c + h * np.sqrt(c_c * (2 - c_c) * mu_eff) * y_w
        rank_mu = sum(w * b * b for w, b in zip(weights, best))
        C = (1 + c_1 * (1 - h) * c_c * (2 - c_c) - c_1 - c_mu) * C + c_1 * p_c ** 2 + c_mu * rank_mu
        sigma = sigma * np.exp(min(1.0, c_sigma / d_sigma * (length / chi - 1)))
        if g in SNAPSHOTS:
            rows.append(m.tolist() + [float(sigma)])
    return rows


CASES = [
    ("spsa", dict(learning_rate=0.1, perturbation=0.125), spsa(2, 0.1, 0.125, 0.602, 0.101, 0)),
    ("spsa", dict(population=6, learning_rate=0.5, perturbation=0.25, alpha=1, gamma=0.25,
                  stability=10), spsa(6, 0.5, 0.25, 1, 0.25, 10)),
    ("cma_es", dict(population=8, sigma=0.5), cma_es(8, 0.5)),
    ("cma_es", dict(population=13, sigma=2), cma_es(13, 2.0)),
]


def main():
    print("/* Made by reference_search.py with NumPy %s; do not edit.\n"
          " *\n"
          " * Weights after steps %s of the problem in test_search.c, and behind them the\n"
          " * perturbation of spsa or the sigma of cma_es. */"
          % (np.__version__, ", ".join(map(str, SNAPSHOTS))))
    print("static const reference references[] = {")
    for name, settings, rows in CASES:
        pairs = "".join('{"%s", %r}, ' % (key, float(value)) for key, value in settings.items())
        print('    {"%s", {%s{0}},' % (name, pairs))
        print("     {%s}}," % ",\n      ".join("{" + ", ".join(map(repr, row)) + "}"
                                                for row in rows))
    print("};")


main()
