"""peer_numpy: NumPy's side: loss and gradient of a linear classifier, and random search.

The formulas are those of the CS231n notes, vectorised, with the bias as one more column of ones.
Weights are float32, which is to NumPy's advantage: with float64 weights, which numpy.random.randn
gives, it would turn the data into float64 in each product.
"""
import numpy

import data
import machine
import peer


def evaluate(loss, scores, labels, rows, gradient=True):
    """Mean loss; `scores` (rows × classes) becomes its gradient if that is wanted."""
    count = len(rows)
    if loss == "softmax":
        scores -= scores.max(axis=1, keepdims=True)
        right = scores[rows, labels]
        numpy.exp(scores, out=scores)
        sums = scores.sum(axis=1, keepdims=True)
        value = float(numpy.mean(numpy.log(sums[:, 0]) - right, dtype=numpy.float64))
        if gradient:
            scores /= sums
            scores[rows, labels] -= 1
            scores /= count
        return value
    scores += 1 - scores[rows, labels][:, None]
    numpy.maximum(scores, 0, out=scores)
    scores[rows, labels] = 0
    value = float(scores.sum(dtype=numpy.float64)) / count
    if gradient:
        numpy.sign(scores, out=scores)
        scores[rows, labels] = -scores.sum(axis=1)
        scores /= count
    return value


class Linear:
    """The data, with a one in each row; an example in each row as in the files, or, for a gradient
    on request and for random search as the notes have it, an example in each column."""

    def __init__(self, job, columns):
        features = data.read_features(job["images"])
        self.labels = data.read_labels(job["labels"])
        self.rows = numpy.arange(len(self.labels))
        order = "F" if columns else "C"
        self.x = numpy.ones((len(features), features.shape[1] + 1), numpy.float32, order)
        self.x[:, :-1] = features
        self.columns = self.x.T if columns else None
        self.loss = job["loss"]
        tensors = data.read_weights(job["weights"])
        self.weights = numpy.vstack([tensors["weight"].T, tensors["bias"]])  # features + 1 × classes

    def by_rows(self):
        scores = self.x @ self.weights
        value = evaluate(self.loss, scores, self.labels, self.rows)
        return value, (scores.T @ self.x).T

    def by_columns(self):
        scores = numpy.ascontiguousarray(self.weights.T) @ self.columns
        value = evaluate(self.loss, scores.T, self.labels, self.rows)
        return value, (scores @ self.columns.T).T


def gradient(job):
    columns = job.get("columns", False)
    model = Linear(job, columns)
    work = model.by_columns if columns else model.by_rows

    def check():
        value, direction = work()
        return {"loss": value, "norm": float(numpy.linalg.norm(direction.astype(numpy.float64)))}

    return f"NumPy {numpy.__version__}, an example in each {'column' if columns else 'row'}, " \
           f"{machine.blas()}", check, lambda: peer.seconds_of(work)


def random_search(job):
    """One attempt: weights drawn, loss of all rows, the best kept. The loss is written as in the
    notes, with an array for each intermediate result, or on request (`in_place`) without."""
    model = Linear(job, columns=True)
    shape = model.weights.shape[::-1]
    best = {"loss": numpy.inf}

    def value_of(weights):
        scores = weights @ model.columns
        if job.get("in_place", False):
            return evaluate(model.loss, scores.T, model.labels, model.rows, False)
        margins = numpy.maximum(0, scores - scores[model.labels, model.rows] + 1)
        margins[model.labels, model.rows] = 0
        return float(margins.sum(dtype=numpy.float64)) / len(model.rows)

    def attempt():
        weights = (numpy.random.standard_normal(shape) * 1e-4).astype(numpy.float32)
        value = value_of(weights)
        if value < best["loss"]:
            best.update(loss=value, weights=weights)

    def check():
        return {"loss": value_of(numpy.ascontiguousarray(model.weights.T))}

    return f"NumPy {numpy.__version__}, {machine.blas()}", check, lambda: peer.seconds_of(attempt)


if __name__ == "__main__":
    peer.obey(lambda job: {"gradient": gradient, "random_search": random_search}[job["job"]](job))
