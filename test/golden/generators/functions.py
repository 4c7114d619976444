"""Losses and activations, with their gradients, at ordinary values and at ±1e4; and normalization."""
import numpy as np
import torch
import torch.nn.functional as F

from generators.common import numbers


def losses():
    logits = torch.cat([numbers(3, 4, seed=21, scale=2.0), torch.tensor([[1e4, -1e4, 0, 3], [-1e4, 1e4, 1e4, -1e4], [-1e4, -1e4, -1e4, -1e4], [0, 0, 0, 1e4]])])
    labels = torch.tensor([0, 3, 2, 0, 0, 1, 0])
    probabilities = torch.softmax(numbers(7, 4, seed=22), 1)
    binary = torch.tensor([1e4, -1e4, 1e4, -1e4, 0.0, 0.5, -3.0, 40.0, -40.0])
    answers = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 0.25, 0.0, 0.0, 1.0])
    guess = torch.tensor([1e4, -1e4, 0.5, -0.5, 3.0, 1.0, 0.0, 2.5, 1e-3])
    truth = torch.tensor([-1e4, -1e4, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    cases = []

    def case(loss, x, target, options, f):
        for reduction in ('mean', 'sum'):
            leaf = x.clone().requires_grad_()
            value = f(leaf, target, reduction)
            value.backward()
            cases.append({'loss': loss, 'x': x, 'target': target, 'options': {**options, 'reduction': reduction}, 'value': value, 'grad': leaf.grad})

    for smoothing in (0.0, 0.1, 1.0):
        case('crossEntropy', logits, labels, {'labelSmoothing': smoothing}, lambda a, t, r: F.cross_entropy(a, t, label_smoothing=smoothing, reduction=r))
    for smoothing in (0.0, 0.2):
        case('crossEntropy', logits, probabilities, {'labelSmoothing': smoothing}, lambda a, t, r: F.cross_entropy(a, t, label_smoothing=smoothing, reduction=r))
    case('bceWithLogits', binary, answers, {}, lambda a, t, r: F.binary_cross_entropy_with_logits(a, t, reduction=r))
    case('bceWithLogits', binary, answers, {'posWeight': 3}, lambda a, t, r: F.binary_cross_entropy_with_logits(a, t, reduction=r, pos_weight=torch.tensor(3.0)))
    case('mseLoss', guess, truth, {}, lambda a, t, r: F.mse_loss(a, t, reduction=r))
    case('l1Loss', guess, truth, {}, lambda a, t, r: F.l1_loss(a, t, reduction=r))
    case('huberLoss', guess, truth, {}, lambda a, t, r: F.huber_loss(a, t, reduction=r))
    case('huberLoss', guess, truth, {'delta': 2.5}, lambda a, t, r: F.huber_loss(a, t, reduction=r, delta=2.5))
    return {'cases': cases}


def activations():
    x = torch.tensor([-1e4, -1000.0, -100.0, -20.0, -6.5, -3.5, -2.0, -1.5, -0.5, -0.125, -1e-4, 1e-4, 0.25, 0.75, 1.25, 2.0, 3.5, 5.0, 7.0, 25.0, 100.0, 1000.0, 1e4])
    functions = [
        ('relu', [], F.relu), ('sigmoid', [], torch.sigmoid), ('tanh', [], torch.tanh),
        # PyTorch's softplus turns into x above 20; the exact function, by its log-sigmoid
        ('softplus', [], lambda a: -F.logsigmoid(-a)), ('softplus', [2.5], lambda a: -F.logsigmoid(-2.5 * a) / 2.5),
        ('leakyRelu', [], F.leaky_relu), ('leakyRelu', [0.2], lambda a: F.leaky_relu(a, 0.2)),
        ('elu', [], F.elu), ('elu', [0.5], lambda a: F.elu(a, 0.5)), ('selu', [], F.selu), ('celu', [], F.celu), ('celu', [2], lambda a: F.celu(a, 2.0)),
        ('gelu', [], F.gelu), ('gelu', ['tanh'], lambda a: F.gelu(a, approximate='tanh')), ('silu', [], F.silu), ('mish', [], F.mish), ('softsign', [], F.softsign),
        ('logSigmoid', [], F.logsigmoid), ('hardtanh', [], F.hardtanh), ('hardtanh', [-2.5, 0.5], lambda a: F.hardtanh(a, -2.5, 0.5)), ('relu6', [], F.relu6),
        # PyTorch's own gradients of these two hold 1/6 in float32
        ('hardsigmoid', [], lambda a: F.relu6(a + 3) / 6), ('hardswish', [], lambda a: a * F.relu6(a + 3) / 6),
    ]
    cases = []
    for name, args, f in functions:
        leaf = x.clone().requires_grad_()
        y = f(leaf)
        y.sum().backward()
        cases.append({'name': name, 'args': args, 'y': y, 'dy': leaf.grad})
    leaf, weight = x.clone().requires_grad_(), torch.tensor([0.25], requires_grad=True)
    y = F.prelu(leaf, weight)
    y.sum().backward()
    return {'x': x, 'cases': cases, 'prelu': {'weight': weight, 'y': y, 'dx': leaf.grad, 'dweight': weight.grad}}


def norm():
    """batchNorm[].steps: in order, training batches, then one in inference; each with output, the gradients of sum(output * dy), and the buffers after it."""
    def batch_norm(options, shape, training=4):
        layer = torch.nn.BatchNorm1d(shape[1], eps=options.get('eps', 1e-5), momentum=options.get('momentum', 0.1), affine=options.get('affine', True),
                                     track_running_stats=options.get('trackRunningStats', True))
        if layer.affine:
            layer.weight.data.copy_(numbers(shape[1], seed=31, scale=0.5, shift=1.0))
            layer.bias.data.copy_(numbers(shape[1], seed=32))
        weights = {'weight': layer.weight.detach().clone(), 'bias': layer.bias.detach().clone()} if layer.affine else None
        steps = []
        for i in range(training + 1):
            layer.train(i < training)
            x = numbers(*shape, seed=40 + i)
            x[:, 1] = numbers(*x[:, 1].shape, seed=50 + i, shift=1000.0)  # a feature of mean 1000 and standard deviation 1
            dy = numbers(*shape, seed=60 + i)
            leaf = x.clone().requires_grad_()
            layer.zero_grad()
            y = layer(leaf)
            (y * dy).sum().backward()
            step = {'training': i < training, 'x': x, 'dy': dy, 'y': y, 'dx': leaf.grad}
            if layer.affine:
                step.update(dweight=layer.weight.grad.clone(), dbias=layer.bias.grad.clone())
            if layer.track_running_stats:
                step.update(running_mean=layer.running_mean.clone(), running_var=layer.running_var.clone(), num_batches_tracked=layer.num_batches_tracked.item())
            steps.append(step)
        return {'options': options, 'numFeatures': shape[1], 'params': weights, 'steps': steps}

    def layer_norm(shape, normalized, options):
        affine = options.get('elementwiseAffine', True)
        layer = torch.nn.LayerNorm(normalized, eps=options.get('eps', 1e-5), elementwise_affine=affine)
        x, dy = numbers(*shape, seed=71), numbers(*shape, seed=72)
        x[1] = numbers(*x[1].shape, seed=73, shift=1000.0)  # a row of mean 1000
        leaf = x.clone().requires_grad_()
        case = {'options': options, 'normalizedShape': normalized}
        if affine:
            layer.weight.data.copy_(numbers(*normalized, seed=74, scale=0.5, shift=1.0))
            layer.bias.data.copy_(numbers(*normalized, seed=75))
            case['params'] = {'weight': layer.weight.detach().clone(), 'bias': layer.bias.detach().clone()}
        y = layer(leaf)
        (y * dy).sum().backward()
        case.update(x=x, dy=dy, y=y, dx=leaf.grad)
        if affine:
            case.update(dweight=layer.weight.grad, dbias=layer.bias.grad)
        return case

    return {
        'batchNorm': [
            batch_norm({}, (6, 4)),
            batch_norm({'momentum': None}, (5, 3)),
            batch_norm({'eps': 1e-3, 'momentum': 0.3, 'affine': False}, (5, 3)),
            batch_norm({'trackRunningStats': False}, (5, 3), 2),
            batch_norm({}, (3, 2, 4)),
        ],
        'layerNorm': [
            layer_norm((4, 5), (5,), {}),
            layer_norm((2, 3, 4), (3, 4), {'eps': 1e-3}),
            layer_norm((4, 5), (5,), {'elementwiseAffine': False}),
        ],
    }
