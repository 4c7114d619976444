"""A Python library in a process of its own, told what to do by lines of JSON, as child.mjs is."""
import json
import os
import resource
import sys
import time

import numpy as np


def numbers(n, salt):
    """The numbers of workloads.mjs: a linear congruential sequence, here by doubling what is known of it."""
    state = np.empty(n, np.uint32)
    multiplier, increment = np.uint64(1664525), np.uint64(1013904223)
    mask = np.uint64(0xFFFFFFFF)
    state[0] = (int(multiplier) * salt + int(increment)) & 0xFFFFFFFF
    done = 1
    jump, shift = multiplier, increment  # what takes an element to that `done` places on
    while done < n:
        count = min(done, n - done)
        state[done : done + count] = ((state[:count].astype(np.uint64) * jump + shift) & mask).astype(np.uint32)
        shift = (jump * shift + shift) & mask
        jump = (jump * jump) & mask
        done += count
    return (state / 2.0**32 - 0.5).astype(np.float32)


def digits(pixels, batch):
    """The images and labels of digits.mjs, in whole batches."""
    data = np.fromfile(os.environ["CHAINRULE_BENCH_DIGITS"], np.uint8)
    images = len(data) // (pixels + 1)
    count = images // batch
    table = ((np.arange(256) / 255 - 0.1307) / 0.3081).astype(np.float32)
    x = table[data[: count * batch * pixels]].reshape(count, batch, pixels)
    return x, data[images * pixels :][: count * batch].astype(np.int64).reshape(count, batch)


def data_for(workload):
    """The batches and the first weights of workloads.mjs: x [batches, batch, in], labels [batches, batch], and [out, in], [out] for each layer."""
    sizes, batch = workload["sizes"], workload["batch"]
    classes = sizes[-1]
    if workload.get("digits"):
        x, labels = digits(sizes[0], batch)
    else:
        x = numbers(batch * sizes[0], 7).reshape(1, batch, sizes[0])
        labels = np.minimum(classes - 1, np.floor((numbers(batch, 11).astype(np.float64) + 0.5) * classes)).astype(np.int64)[None]
    layers = []
    for i in range(len(sizes) - 1):
        bound = 2 / np.sqrt(sizes[i])
        weight = (numbers(sizes[i + 1] * sizes[i], 100 + i).astype(np.float64) * bound).astype(np.float32)
        bias = (numbers(sizes[i + 1], 200 + i).astype(np.float64) * bound).astype(np.float32)
        layers.append((weight.reshape(sizes[i + 1], sizes[i]), bias))
    return x, labels, layers


def rate(step, seconds, burst):
    start = time.perf_counter()
    steps, took = 0, 0.0
    while took < seconds:
        for _ in range(burst):
            step()
        steps += burst
        took = time.perf_counter() - start
    return steps / took


def serve(prepare, first, extra=None):
    """`prepare(workload, burst, quick)` gives a step that returns its loss, and what is to be told of it; where it is to be quick, it tries little.
    `first(workload)` makes one step and no more."""
    state = {}

    def do_prepare(command):
        step, told = prepare(command["workload"], command.get("burst", 1), command.get("quick", False))
        state["step"] = step
        return {"losses": told.pop("losses"), **told}

    def do_steps(command):
        for _ in range(command["count"]):
            state["step"]()
        pages = int(open("/proc/self/statm").read().split()[1]) if sys.platform == "linux" else 0
        return {"rss": pages * resource.getpagesize()}

    commands = {
        "prepare": do_prepare,
        "first": lambda c: {"loss": first(c["workload"])},
        "run": lambda c: {"rate": rate(state["step"], c["seconds"], c["burst"])},
        "steps": do_steps,
        **(extra or {}),
    }
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = commands[command["do"]](command)
        except Exception as error:
            answer = {"error": (str(error) or repr(error)).split("\n")[0]}
        print(json.dumps(answer), flush=True)
