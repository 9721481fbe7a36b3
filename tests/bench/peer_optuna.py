"""peer_optuna: Optuna's side: trials of one step on a function of two parameters, kept in SQLite.

A trial asks for a learning rate, takes one step of gradient descent on x^2 + y^2 from (-4, 3) and
tells the value there. The sampler is the random one, which thinks the least.
"""
import itertools
import os
import tempfile

import optuna

import peer


def value_after_a_step(rate):
    x, y = -4.0, 3.0
    x, y = x - rate * 2 * x, y - rate * 2 * y
    return x * x + y * y


def objective(trial):
    return value_after_a_step(trial.suggest_float("learning_rate", 0.001, 0.4))


def optimize(study, count):
    study.optimize(objective, n_trials=count)


def ask_and_tell(study, count):
    for _ in range(count):
        trial = study.ask()
        study.tell(trial, objective(trial))


def make(job):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder = tempfile.TemporaryDirectory(dir=os.path.dirname(job["weights"]))
    numbers = itertools.count()

    def new_study():
        return optuna.create_study(storage=f"sqlite:///{folder.name}/{next(numbers)}.db",
                                   sampler=optuna.samplers.RandomSampler(seed=1))

    def seconds(way):
        study = new_study()  # not timed
        return peer.seconds_of(lambda: way(study, job["trials"])) / job["trials"]

    def check():
        study = new_study()
        for rate in job["rates"]:
            study.enqueue_trial({"learning_rate": rate})
        optimize(study, len(job["rates"]))
        return {"losses": [trial.value for trial in study.trials]}

    ways = {"study.optimize": optimize, "ask and tell": ask_and_tell}
    best = min(ways, key=lambda name: seconds(ways[name]))
    return f"Optuna {optuna.__version__}, SQLite, RandomSampler, {best}", check, \
        lambda: seconds(ways[best])


if __name__ == "__main__":
    peer.obey(make)
