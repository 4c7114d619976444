"""PyTorch in the fastest form found for a workload: by threads, by how the optimizer loops, with and without modules, compiled where it can be."""
import itertools
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

from child import data_for, rate, serve

COMPILE = os.environ.get("BENCH_COMPILE", "1") == "1"


def build(workload, loop, form):
    x, labels, layers = remembered(workload)
    batches = itertools.cycle(list(zip(torch.from_numpy(x), torch.from_numpy(labels))))
    activation = nn.ReLU if workload["activation"] == "relu" else nn.Tanh
    modules = []
    for i, (weight, bias) in enumerate(layers):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.copy_(torch.from_numpy(bias))
        modules.append(linear)
        if i == len(layers) - 1:
            continue
        if workload.get("batchNorm"):
            modules.append(nn.BatchNorm1d(weight.shape[0]))
        modules.append(activation())
        if workload.get("dropout"):
            modules.append(nn.Dropout(workload["dropout"]))
    model = nn.Sequential(*modules)
    loops = {"fused": {"fused": True}, "foreach": {"foreach": True}, "for-loop": {"foreach": False}}[loop]
    if workload["optimizer"] == "adam":
        optimizer = torch.optim.Adam(model.parameters(), lr=workload["lr"], **loops)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=workload["lr"], momentum=workload.get("momentum", 0), **loops)

    forward = model
    if form == "functional":
        plain = torch.relu if workload["activation"] == "relu" else torch.tanh
        pairs = [(m.weight, m.bias) for m in modules if isinstance(m, nn.Linear)]
        last = len(pairs) - 1

        def forward(h):
            for i, (weight, bias) in enumerate(pairs):
                h = F.linear(h, weight, bias)
                if i < last:
                    h = plain(h)
            return h

    def loss_of(x, labels):
        return F.cross_entropy(forward(x), labels)

    if form == "compiled":
        loss_of = torch.compile(loss_of)

    def step():
        x, labels = next(batches)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


cache = {}


def remembered(workload):
    key = (tuple(workload["sizes"]), workload["batch"], workload.get("digits"))
    if key not in cache:
        cache.clear()
        cache[key] = data_for(workload)
    return cache[key]


last = {"loop": "fused", "form": "modules"}


def prepare(workload, burst, quick):
    """Tries every form for a moment, and keeps the fastest; where it is to be quick, the last fastest with one thread and with all."""
    every = os.cpu_count() or 1
    plain = not workload.get("batchNorm") and not workload.get("dropout")
    if quick:
        choices = [(threads, last["loop"], last["form"]) for threads in (1, every)]
    else:
        forms = ["modules"] + (["functional"] if plain else [])
        choices = list(itertools.product([1, every], ["fused", "foreach", "for-loop"], forms))
    tried, best, losses = {}, None, None

    def attempt(threads, loop, form):
        nonlocal best, losses
        name = f"{threads} thread{'s' if threads > 1 else ''}, {loop}, {form}"
        torch.set_num_threads(threads)
        try:
            step = build(workload, loop, form)
            first = [step() for _ in range(3)]
            losses = losses or first
            rate(step, 0.05, burst)
            tried[name] = rate(step, 0.1 if quick else 0.25, burst)
        except Exception as error:
            tried[name] = None
            print(f"{name}: {error}".split("\n")[0], file=sys.stderr)
            return
        if best is None or tried[name] > tried[best[0]]:
            best = (name, threads, loop, form, step)

    for choice in choices:
        attempt(*choice)
    if COMPILE and not quick:
        attempt(best[1], best[2], "compiled")  # compiling takes seconds: only with what was best without
    name, threads, loop, form, step = best
    last.update(loop=loop, form="modules" if form == "compiled" else form)
    torch.set_num_threads(threads)
    return step, {"losses": losses, "form": name, "tried": tried, "version": f"PyTorch {torch.__version__}"}


def gemm(command):
    m, n, k = command["m"], command["n"], command["k"]
    torch.set_num_threads(command["threads"])
    a = torch.rand(k, m).t() if command["transA"] else torch.rand(m, k)
    b = torch.rand(n, k).t() if command["transB"] else torch.rand(k, n)
    c = torch.empty(m, n)
    calls = max(1, round(5e7 / (2 * m * n * k)))
    product = lambda: torch.mm(a, b, out=c)
    rate(product, 0.05, calls)
    return {"gflops": rate(product, command["seconds"], calls) * 2 * m * n * k / 1e9}


serve(prepare, lambda workload: build(workload, "fused", "modules")(), {"gemm": gemm})
