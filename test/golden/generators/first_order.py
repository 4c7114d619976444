"""Every first-order optimizer over 25 steps of a small MLP, and one whole training run."""
import numpy as np
import torch
import torch.nn.functional as F

from generators.common import mlp, mlp_loss, numbers


STEPS = 25
SHOWN = (1, 5, 25)


def torch_form(make):
    def run(params, gradient, steps):
        optimizer = make(params)
        for step in range(steps):
            optimizer.zero_grad()
            yield gradient()
            optimizer.step()
    return run


def with_decay(make, gamma):
    def run(params, gradient, steps):
        optimizer = make(params)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma)
        for step in range(steps):
            optimizer.zero_grad()
            yield gradient()
            optimizer.step()
            scheduler.step()
    return run


def lecture_form(lr, momentum, decay=0.0, look_ahead=False, inside=True, gamma=1.0, keras_nesterov=False):
    """v = μ v - α g, θ = θ + v, the gradient at θ or at θ + μ v; or, with α outside, v = μ v + g, θ = θ - α v."""
    def run(params, gradient, steps):
        velocity = [torch.zeros_like(p) for p in params]
        alpha = lr
        for step in range(steps):
            before = [p.detach().clone() for p in params]
            with torch.no_grad():
                if look_ahead:
                    for p, v in zip(params, velocity):
                        p += momentum * v if inside else -alpha * momentum * v
            for p in params:
                p.grad = None
            yield gradient()
            with torch.no_grad():
                for p, v, old in zip(params, velocity, before):
                    g = p.grad + decay * p
                    v.mul_(momentum).add_(-alpha * g if inside else g)
                    if keras_nesterov:
                        p.copy_(old + momentum * v - alpha * g)
                    else:
                        p.copy_(old + v if inside else old - alpha * v)
            alpha *= gamma
    return run


def optimizers():
    o = torch.optim
    sets = {
        'SGD': [
            ({'lr': 0.1}, torch_form(lambda p: o.SGD(p, lr=0.1))),
            ({'lr': 0.1, 'momentum': 0.9}, torch_form(lambda p: o.SGD(p, lr=0.1, momentum=0.9))),
            ({'lr': 0.1, 'momentum': 0.9, 'dampening': 0.3, 'weightDecay': 0.05}, torch_form(lambda p: o.SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.05))),
            ({'lr': 0.05, 'momentum': 0.8, 'nesterov': True, 'weightDecay': 0.01}, torch_form(lambda p: o.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01))),
            ({'lr': 0.05, 'momentum': 0.8, 'gamma': 0.9}, with_decay(lambda p: o.SGD(p, lr=0.05, momentum=0.8), 0.9)),
            ({'lr': 0.05, 'momentum': 0.8, 'maximize': True}, torch_form(lambda p: o.SGD(p, lr=0.005, momentum=0.8, maximize=True))),
            ({'lr': 0.05, 'momentum': 0.8, 'lrInVelocity': True}, lecture_form(0.05, 0.8)),
            ({'lr': 0.05, 'momentum': 0.8, 'lrInVelocity': True, 'gamma': 0.9}, lecture_form(0.05, 0.8, gamma=0.9)),
            ({'lr': 0.05, 'momentum': 0.8, 'lrInVelocity': True, 'nesterov': True, 'weightDecay': 0.01, 'gamma': 0.9},
             lecture_form(0.05, 0.8, decay=0.01, gamma=0.9, keras_nesterov=True)),
            ({'lr': 0.05, 'momentum': 0.8, 'lrInVelocity': True, 'nesterov': 'lookAhead', 'gamma': 0.9}, lecture_form(0.05, 0.8, look_ahead=True, gamma=0.9)),
            ({'lr': 0.05, 'momentum': 0.8, 'nesterov': 'lookAhead', 'weightDecay': 0.01, 'gamma': 0.9},
             lecture_form(0.05, 0.8, decay=0.01, look_ahead=True, inside=False, gamma=0.9)),
        ],
        'Adagrad': [
            ({'lr': 0.1}, torch_form(lambda p: o.Adagrad(p, lr=0.1))),
            ({'lr': 0.1, 'lrDecay': 0.1, 'weightDecay': 0.01}, torch_form(lambda p: o.Adagrad(p, lr=0.1, lr_decay=0.1, weight_decay=0.01))),
            ({'lr': 0.1, 'initialAccumulatorValue': 0.1, 'eps': 1e-6}, torch_form(lambda p: o.Adagrad(p, lr=0.1, initial_accumulator_value=0.1, eps=1e-6))),
        ],
        'RMSprop': [
            ({}, torch_form(lambda p: o.RMSprop(p))),
            ({'lr': 0.002, 'alpha': 0.9, 'momentum': 0.5, 'weightDecay': 0.01}, torch_form(lambda p: o.RMSprop(p, lr=0.002, alpha=0.9, momentum=0.5, weight_decay=0.01))),
            ({'alpha': 0.9, 'centered': True, 'eps': 1e-3}, torch_form(lambda p: o.RMSprop(p, alpha=0.9, centered=True, eps=1e-3))),
            ({'lr': 0.003, 'alpha': 0.95, 'centered': True, 'momentum': 0.9, 'eps': 1e-3},
             torch_form(lambda p: o.RMSprop(p, lr=0.003, alpha=0.95, centered=True, momentum=0.9, eps=1e-3))),
        ],
        'Adam': [
            ({}, torch_form(lambda p: o.Adam(p))),
            ({'lr': 0.05, 'betas': [0.8, 0.9], 'weightDecay': 0.05}, torch_form(lambda p: o.Adam(p, lr=0.05, betas=(0.8, 0.9), weight_decay=0.05))),
            ({'lr': 0.05, 'betas': [0.9, 0.7], 'eps': 1e-3, 'amsgrad': True}, torch_form(lambda p: o.Adam(p, lr=0.05, betas=(0.9, 0.7), eps=1e-3, amsgrad=True))),
            ({'lr': 0.05, 'maximize': True}, torch_form(lambda p: o.Adam(p, lr=0.05, maximize=True))),
        ],
        'AdamW': [
            ({}, torch_form(lambda p: o.AdamW(p))),
            ({'lr': 0.05, 'betas': [0.8, 0.9], 'weightDecay': 0.1}, torch_form(lambda p: o.AdamW(p, lr=0.05, betas=(0.8, 0.9), weight_decay=0.1))),
            ({'lr': 0.05, 'weightDecay': 0.5, 'amsgrad': True, 'gamma': 0.9}, with_decay(lambda p: o.AdamW(p, lr=0.05, weight_decay=0.5, amsgrad=True), 0.9)),
        ],
        # foreach: the other path of version 1.13 multiplies by mu twice, a slip mended since
        'NAdam': [
            ({}, torch_form(lambda p: o.NAdam(p, foreach=True))),
            ({'lr': 0.02, 'betas': [0.8, 0.9], 'weightDecay': 0.05}, torch_form(lambda p: o.NAdam(p, lr=0.02, betas=(0.8, 0.9), weight_decay=0.05, foreach=True))),
            ({'lr': 0.02, 'momentumDecay': 0.1, 'eps': 1e-4}, torch_form(lambda p: o.NAdam(p, lr=0.02, momentum_decay=0.1, eps=1e-4, foreach=True))),
        ],
        'Adamax': [
            ({}, torch_form(lambda p: o.Adamax(p))),
            ({'lr': 0.02, 'betas': [0.8, 0.9], 'weightDecay': 0.05}, torch_form(lambda p: o.Adamax(p, lr=0.02, betas=(0.8, 0.9), weight_decay=0.05))),
            ({'lr': 0.02, 'betas': [0.9, 0.5], 'eps': 1e-2}, torch_form(lambda p: o.Adamax(p, lr=0.02, betas=(0.9, 0.5), eps=1e-2))),
        ],
        'Adadelta': [
            ({}, torch_form(lambda p: o.Adadelta(p))),
            ({'lr': 0.5, 'rho': 0.8, 'eps': 1e-4}, torch_form(lambda p: o.Adadelta(p, lr=0.5, rho=0.8, eps=1e-4))),
            ({'rho': 0.95, 'eps': 1e-3, 'weightDecay': 0.05}, torch_form(lambda p: o.Adadelta(p, rho=0.95, eps=1e-3, weight_decay=0.05))),
        ],
    }
    x, y, start = mlp()
    cases = []
    for name, list_of_sets in sets.items():
        for options, run in list_of_sets:
            if options.get('maximize'):
                options = {**options, 'lr': options['lr'] if name != 'SGD' else 0.005}
            _, _, params = mlp()

            def gradient():
                loss = mlp_loss(x, y, params)
                loss.backward()
                return loss.item()

            losses, shown = [], {}
            for loss in run(params, gradient, STEPS + 1):
                if len(losses) in SHOWN and 'lookAhead' not in options.values():
                    shown[str(len(losses))] = [p.detach().clone() for p in params]
                losses.append(loss)
                if len(losses) > STEPS:
                    break
            if 'lookAhead' in options.values():
                # the loss is seen at the look-ahead points; the parameters only after a step
                _, _, params = mlp()
                for _ in run(params, gradient, STEPS):
                    pass
                shown[str(STEPS)] = [p.detach().clone() for p in params]
            cases.append({'optimizer': name, 'options': options, 'losses': losses[:STEPS], 'params': shown})
    return {'x': x, 'y': y, 'start': start, 'cases': cases}


def training():
    """4-8-3 with ReLU, cross-entropy, batches of 10 out of 30 in order, Adam and StepLR, 50 steps."""
    x, labels = numbers(30, 4, seed=11), torch.tensor(np.random.RandomState(12).randint(0, 3, 30))
    params = [numbers(8, 4, seed=13, scale=0.5), numbers(8, seed=14, scale=0.2), numbers(3, 8, seed=15, scale=0.5), numbers(3, seed=16, scale=0.2)]
    start = [p.clone() for p in params]
    for p in params:
        p.requires_grad_()
    w1, b1, w2, b2 = params
    optimizer = torch.optim.Adam(params, lr=0.02)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 15, 0.5)
    losses, rates = [], []
    for step in range(50):
        rows = [(step * 10 + i) % 30 for i in range(10)]
        loss = F.cross_entropy(F.linear(torch.relu(F.linear(x[rows], w1, b1)), w2, b2), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {'x': x, 'labels': labels, 'start': start, 'batchSize': 10, 'optimizer': {'lr': 0.02}, 'schedule': {'name': 'step', 'every': 15, 'gamma': 0.5},
            'losses': losses, 'rates': rates, 'end': params}
