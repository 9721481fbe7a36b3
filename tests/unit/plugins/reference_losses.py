"""reference_losses: what PyTorch's losses say of a small table of scores, as tables in C.

Run once, by hand, where PyTorch is installed (Debian's python3-torch 1.13.0); the tests need only
its output:    python3 reference_losses.py > reference_losses.h

The scores and targets stand a second time, in C, in test_losses.c. Everything is computed in float64. PyTorch
divides the multiclass hinge loss by the number of classes; slope does not, as in the lecture.
"""
import torch

ROWS, OUTPUTS = 6, 5
SCALES = [1.0, 0.001, 10.0, 1.0, 100.0, 0.25]


def scores():
    return torch.tensor([[SCALES[r] * ((37 * r + 101 * o + 13 * r * o) % 64 - 32) / 8
                          for o in range(OUTPUTS)] for r in range(ROWS)],
                        dtype=torch.float64, requires_grad=True)


def softmax(s, labels):
    return torch.nn.functional.cross_entropy(s, labels, reduction="none")


def svm(margin, p):
    def loss(s, labels):
        return OUTPUTS * torch.nn.functional.multi_margin_loss(s, labels, p=p, margin=margin,
                                                               reduction="none")
    return loss


def crammer_singer(margin, p):
    def loss(s, labels):
        right = s.gather(1, labels[:, None])
        others = s.masked_fill(torch.nn.functional.one_hot(labels, OUTPUTS).bool(), -1e300)
        return (others.max(dim=1).values - right[:, 0] + margin).clamp(min=0) ** p
    return loss


def smoothed(share):
    def loss(s, labels):
        return torch.nn.functional.cross_entropy(s, labels, reduction="none", label_smoothing=share)
    return loss


def logistic(s, labels):
    hot = torch.nn.functional.one_hot(labels, OUTPUTS).double()
    return torch.nn.functional.binary_cross_entropy_with_logits(s, hot, reduction="none").sum(dim=1)


def targets():
    return torch.tensor([[((53 * r + 29 * o + 7 * r * o) % 32 - 16) / 8 for o in range(OUTPUTS)]
                         for r in range(ROWS)], dtype=torch.float64)


def squared_error(s, labels):
    return torch.nn.functional.mse_loss(s, targets(), reduction="none").sum(dim=1)


def huber(delta):
    def loss(s, labels):
        return torch.nn.functional.huber_loss(s, targets(), reduction="none", delta=delta).sum(dim=1)
    return loss


CASES = [
    ("softmax", {}, softmax),
    ("svm", {}, svm(1.0, 1)),
    ("svm", dict(margin=0.375), svm(0.375, 1)),
    ("svm", dict(squared=1), svm(1.0, 2)),
    ("svm", dict(squared=1, margin=2.5), svm(2.5, 2)),
    ("softmax", dict(label_smoothing=0.125), smoothed(0.125)),
    ("svm", dict(variant=1), crammer_singer(1.0, 1)),
    ("svm", dict(variant=1, squared=1, margin=2.5), crammer_singer(2.5, 2)),
    ("logistic", {}, logistic),
    ("squared_error", {}, squared_error),
    ("huber", {}, huber(1.0)),
    ("huber", dict(delta=2.5), huber(2.5)),
]


def main():
    print("/* Made by reference_losses.py with PyTorch %s; do not edit.\n"
          " *\n"
          " * Losses of the rows of test_losses.c, and their derivatives by the scores. */"
          % torch.__version__)
    print("static const reference references[] = {")
    for name, settings, function in CASES:
        s = scores()
        losses = function(s, torch.tensor([r % OUTPUTS for r in range(ROWS)]))
        losses.sum().backward()
        pairs = "".join('{"%s", %r}, ' % (key, float(value)) for key, value in settings.items())
        print('    {"%s", {%s{0}},\n     {%s},\n     {' %
              (name, pairs, ", ".join(map(repr, losses.tolist()))), end="")
        print(",\n      ".join("{" + ", ".join(map(repr, row)) + "}" for row in s.grad.tolist()),
              end="}},\n")
    print("};")


main()
