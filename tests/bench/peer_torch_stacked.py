"""peer_torch_stacked: many linear softmax classifiers trained as one in PyTorch, by hand.

Their weight matrices stand side by side, so that the scores of all are one matrix product, and each
has a learning rate of its own. There are several ways to write it; peer_torch.py times the fastest.
"""
import torch
from torch import nn


class Stack:
    """`weight` (features × classes) and `bias`, once for each rate."""

    def __init__(self, weight, bias, rates):
        self.rates, self.models_count, self.classes = rates, len(rates), weight.shape[1]
        self.start = self.arrange(weight, bias)
        self.reset()

    def reset(self):
        self.weight, self.bias = (tensor.clone() for tensor in self.start)


class Autograd(Stack):
    """features × (models · classes), cross_entropy over all, one step of SGD."""

    def arrange(self, weight, bias):
        return weight.repeat(1, self.models_count), bias.repeat(self.models_count)

    def reset(self):
        super().reset()
        self.weight.requires_grad_()
        self.bias.requires_grad_()
        self.scale = -self.rates.repeat_interleave(self.classes)

    def step(self, x, y, one_hot):
        scores = torch.addmm(self.bias, x, self.weight).view(-1, self.classes)
        each = nn.functional.cross_entropy(
            scores, y.repeat_interleave(self.models_count), reduction="sum")
        weight, bias = torch.autograd.grad(each / len(x), (self.weight, self.bias))
        with torch.no_grad():
            self.weight.addcmul_(weight, self.scale)
            self.bias.addcmul_(bias, self.scale)

    def models(self):
        return zip(self.weight.split(self.classes, 1), self.bias.split(self.classes))


class Batched(Stack):
    """models × features × classes and torch.baddbmm, the gradient written out."""

    def arrange(self, weight, bias):
        return weight.expand(self.models_count, -1, -1), bias.expand(self.models_count, 1, -1)

    def step(self, x, y, one_hot):
        many = x.expand(self.models_count, -1, -1)
        error = torch.baddbmm(self.bias, many, self.weight).softmax(-1).sub_(one_hot)
        error.mul_((-self.rates / len(x))[:, None, None])
        self.weight.baddbmm_(many.transpose(1, 2), error)
        self.bias.add_(error.sum(1, keepdim=True))

    def models(self):
        return zip(self.weight, self.bias[:, 0])


class ModelMajor(Stack):
    """features × (models · classes), the gradient written out, the rate multiplied into the error,
    which is added to the weights by the product itself."""

    def arrange(self, weight, bias):
        return weight.repeat(1, self.models_count), bias.repeat(self.models_count)

    def error(self, x, one_hot):
        scores = torch.addmm(self.bias, x, self.weight)
        error = scores.view(-1, self.models_count, self.classes).softmax(2)
        error.sub_(one_hot[:, None]).mul_((-self.rates / len(x))[:, None])
        return error.view(len(x), -1)

    def step(self, x, y, one_hot):
        error = self.error(x, one_hot)
        self.weight.addmm_(x.T, error)
        self.bias.add_(error.sum(0))

    def models(self):
        return zip(self.weight.split(self.classes, 1), self.bias.split(self.classes))


class ClassMajor(ModelMajor):
    """The same with the models side by side within a class, so that vectors go across models."""

    def arrange(self, weight, bias):
        return weight.repeat_interleave(self.models_count, 1), \
            bias.repeat_interleave(self.models_count)

    def error(self, x, one_hot):
        scores = torch.addmm(self.bias, x, self.weight)
        error = scores.view(-1, self.classes, self.models_count).softmax(1)
        error.sub_(one_hot[:, :, None]).mul_(-self.rates / len(x))
        return error.view(len(x), -1)

    def models(self):
        weights = self.weight.view(-1, self.classes, self.models_count).unbind(2)
        return zip(weights, self.bias.view(self.classes, -1).unbind(1))


class Transposed(ClassMajor):
    """The same with (classes · models) × features, as nn.Linear keeps its weights."""

    def arrange(self, weight, bias):
        weight, bias = super().arrange(weight, bias)
        return weight.T.contiguous(), bias

    def error(self, x, one_hot):
        scores = torch.addmm(self.bias, x, self.weight.T)
        error = scores.view(-1, self.classes, self.models_count).softmax(1)
        error.sub_(one_hot[:, :, None]).mul_(-self.rates / len(x))
        return error.view(len(x), -1)

    def step(self, x, y, one_hot):
        error = self.error(x, one_hot)
        self.weight.addmm_(error.T, x)
        self.bias.add_(error.sum(0))

    def models(self):
        weights = self.weight.view(self.classes, self.models_count, -1).unbind(1)
        return zip((weight.T for weight in weights), self.bias.view(self.classes, -1).unbind(1))


ALL = {
    "cross_entropy and autograd": Autograd,
    "baddbmm": Batched,
    "one product, models apart": ModelMajor,
    "one product, classes apart": ClassMajor,
    "one product, transposed": Transposed,
}
