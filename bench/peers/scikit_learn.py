"""scikit-learn's MLPClassifier on the same batches, many of them in one call of fit, where its checks cost least."""
import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier

from child import data_for, serve

warnings.filterwarnings("ignore")


def classifier(workload):
    return MLPClassifier(
        hidden_layer_sizes=workload["sizes"][1:-1],
        activation=workload["activation"],
        solver=workload["optimizer"],
        alpha=0,
        batch_size=workload["batch"],
        learning_rate_init=workload["lr"],
        momentum=workload.get("momentum", 0),
        nesterovs_momentum=False,
        shuffle=False,
        max_iter=1,
        n_iter_no_change=10**9,
        warm_start=True,
        tol=0,
    )


def first(workload):
    x, labels, _ = data_for(workload)
    return float(classifier(workload).fit(x[0], labels[0]).loss_)


def prepare(workload, burst, quick):
    if workload.get("batchNorm") or workload.get("dropout"):
        raise ValueError("scikit-learn has neither batch norm nor dropout")
    x, labels, layers = data_for(workload)
    repeats = max(1 if len(layers) > 4 else 10, burst)  # the more, the less its checks cost
    model = classifier(workload)
    taken = np.arange(repeats) % len(x)
    all_x, all_labels = x[taken].reshape(-1, x.shape[-1]), labels[taken].reshape(-1)
    model.fit(x[0], labels[0])
    classes = len(model.classes_)
    losses = None
    if classes > 2 and classes == workload["sizes"][-1]:
        for i, (weight, bias) in enumerate(layers):
            model.coefs_[i][:] = weight.T
            model.intercepts_[i][:] = bias
        model.fit(x[0], labels[0])
        losses = [float(model.loss_)]  # later ones are not comparable: the optimizer has seen a step before
    model.fit(all_x, all_labels)
    counter = {"left": 0}

    def step():
        if counter["left"] == 0:
            model.fit(all_x, all_labels)
            counter["left"] = repeats
        counter["left"] -= 1
        return float(model.loss_)

    note = "" if losses else "two classes are one logistic output there"
    return step, {"losses": losses, "version": f"scikit-learn {sklearn.__version__}", "form": note, "steps": repeats}


serve(prepare, first)
