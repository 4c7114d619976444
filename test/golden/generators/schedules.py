"""The path of every schedule."""
import math

import torch


def schedules():
    s = torch.optim.lr_scheduler
    base = 0.4

    def path(make, steps=40, metrics=None):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
        scheduler = make(optimizer)
        rates = []
        for t in range(steps):
            rates.append(optimizer.param_groups[0]['lr'])
            optimizer.step()
            if metrics is None:
                scheduler.step()
            else:
                scheduler.step(metrics[t])
        return rates

    def chain(o, *parts):
        return s.ChainedScheduler([part(o) for part in parts])

    def sequence(o, milestones, *parts):
        return s.SequentialLR(o, [part(o) for part in parts], milestones)

    metrics = [round(1 / (1 + t) if t < 8 else 0.125 + 0.001 * ((t * 7) % 5), 6) for t in range(40)]
    cases = [
        ({'name': 'step', 'every': 7, 'gamma': 0.5}, path(lambda o: s.StepLR(o, 7, 0.5))),
        ({'name': 'multiStep', 'milestones': [3, 10, 11, 30], 'gamma': 0.3}, path(lambda o: s.MultiStepLR(o, [3, 10, 11, 30], 0.3))),
        ({'name': 'exponential', 'gamma': 0.93}, path(lambda o: s.ExponentialLR(o, 0.93))),
        ({'name': 'linear', 'start': 0.25, 'end': 1, 'length': 12}, path(lambda o: s.LinearLR(o, 0.25, 1, 12))),
        ({'name': 'linear', 'start': 1, 'end': 0, 'length': 30}, path(lambda o: s.LinearLR(o, 1, 0, 30))),
        ({'name': 'polynomial', 'power': 2, 'length': 25}, path(lambda o: s.PolynomialLR(o, 25, 2))),
        ({'name': 'polynomial', 'power': 0.5, 'length': 25}, path(lambda o: s.PolynomialLR(o, 25, 0.5))),
        ({'name': 'inverseTime', 'decay': 0.2}, path(lambda o: s.LambdaLR(o, lambda t: 1 / (1 + 0.2 * t)))),
        ({'name': 'cosine', 'length': 40}, path(lambda o: s.CosineAnnealingLR(o, 40))),
        ({'name': 'cosine', 'length': 39, 'end': 0.05}, path(lambda o: s.CosineAnnealingLR(o, 39, eta_min=0.05 * base))),
        ({'name': 'constant'}, path(lambda o: s.ConstantLR(o, 1, 1))),
        ({'name': 'sequence', 'parts': [{'name': 'constant', 'factor': 0.25}, {'name': 'constant'}], 'milestones': [6]}, path(lambda o: s.ConstantLR(o, 0.25, 6))),
        ({'name': 'oneCycle', 'length': 40}, path(lambda o: s.OneCycleLR(o, base, total_steps=40, cycle_momentum=False), 40)),
        ({'name': 'oneCycle', 'length': 40, 'warmup': 0.2, 'divide': 10, 'finalDivide': 100, 'anneal': 'linear'},
         path(lambda o: s.OneCycleLR(o, base, total_steps=40, pct_start=0.2, div_factor=10, final_div_factor=100, anneal_strategy='linear', cycle_momentum=False), 40)),
        ({'name': 'warmup', 'length': 5, 'start': 0.1, 'after': {'name': 'exponential', 'gamma': 0.9}},
         path(lambda o: sequence(o, [5], lambda o: s.LinearLR(o, 0.1, 1, 5), lambda o: s.ExponentialLR(o, 0.9)))),
        ({'name': 'warmup', 'length': 8, 'start': 0.01, 'after': {'name': 'cosine', 'length': 32}},
         path(lambda o: s.LambdaLR(o, lambda t: 0.01 + 0.99 * t / 8 if t < 8 else 0.5 * (1 + math.cos(math.pi * (t - 8) / 32))))),
        ({'name': 'sequence', 'milestones': [4, 20], 'parts': [{'name': 'constant', 'factor': 0.1}, {'name': 'exponential', 'gamma': 0.9}, {'name': 'step', 'every': 5, 'gamma': 0.1}]},
         path(lambda o: sequence(o, [4, 20], lambda o: s.ConstantLR(o, 0.1, 100), lambda o: s.ExponentialLR(o, 0.9), lambda o: s.StepLR(o, 5, 0.1)))),
        ({'name': 'product', 'parts': [{'name': 'linear', 'start': 0.5, 'end': 1, 'length': 4}, {'name': 'exponential', 'gamma': 0.95}]},
         path(lambda o: chain(o, lambda o: s.LinearLR(o, 0.5, 1, 4), lambda o: s.ExponentialLR(o, 0.95)))),
    ]
    plateaus = [
        ({'name': 'plateau', 'patience': 3, 'factor': 0.5}, dict(patience=3, factor=0.5)),
        ({'name': 'plateau', 'patience': 1, 'factor': 0.3, 'cooldown': 4, 'min': 0.02}, dict(patience=1, factor=0.3, cooldown=4, min_lr=0.02 * base)),
        ({'name': 'plateau', 'patience': 2, 'threshold': 0.01, 'thresholdMode': 'abs'}, dict(patience=2, threshold=0.01, threshold_mode='abs')),
        ({'name': 'plateau', 'mode': 'max', 'patience': 5, 'factor': 0.5}, dict(mode='max', patience=5, factor=0.5)),
    ]
    return {
        'base': base,
        'cases': [{'options': options, 'rates': rates} for options, rates in cases],
        'metrics': metrics,
        'plateaus': [{'options': options, 'rates': path(lambda o: s.ReduceLROnPlateau(o, eps=0, **given), metrics=metrics)} for options, given in plateaus],
    }
