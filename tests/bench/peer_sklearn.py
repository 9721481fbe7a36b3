"""peer_sklearn: scikit-learn's side: SGDClassifier, one epoch of logistic regression.

It takes one row at a time and one class against the rest, which is another objective than ours; so
what is checked is that it learns: the accuracy on the training rows.
"""
import sklearn
from sklearn.linear_model import SGDClassifier

import data
import machine
import peer


def make(job):
    x = data.read_features(job["images"])
    y = data.read_labels(job["labels"])
    wide = x.astype("float64")
    variants = {}
    threads = job["jobs"] or machine.processors()
    for name, features in (("float32", x), ("float64", wide)):
        def fit(features=features):
            return SGDClassifier(loss="log_loss", max_iter=1, tol=None, n_jobs=threads,
                                 random_state=1).fit(features, y)
        variants[f"{name}, n_jobs={threads}"] = fit
    best = peer.fastest(variants, tries=1)
    fit = variants[best]
    return f"scikit-learn {sklearn.__version__}, {best}", \
        lambda: {"accuracy": float(fit().score(x, y))}, lambda: peer.seconds_of(fit)


if __name__ == "__main__":
    peer.obey(make)
