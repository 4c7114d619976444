"""What the generators of golden values share."""
import math

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def numbers(*shape, seed, scale=1.0, shift=0.0):
    """Normal values, rounded so that the JSON stays short and float32 holds them nearly exactly."""
    values = np.random.RandomState(seed).standard_normal(shape) * scale + shift
    return torch.tensor(np.float64(np.float32(np.round(values, 4))))


def plain(value):
    """Tensors as nested lists, for JSON."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (np.floating, np.integer)):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError('not a finite number')
    return value


def mlp():
    """y = tanh(x W1' + b1) W2' + b2, 3-5-2, mean squared error on six examples."""
    x = numbers(6, 3, seed=1)
    y = numbers(6, 2, seed=2)
    params = [numbers(5, 3, seed=3, scale=0.6), numbers(5, seed=4, scale=0.3), numbers(2, 5, seed=5, scale=0.6), numbers(2, seed=6, scale=0.3)]
    return x, y, [p.requires_grad_() for p in params]


def mlp_loss(x, y, params):
    w1, b1, w2, b2 = params
    return F.mse_loss(F.linear(torch.tanh(F.linear(x, w1, b1)), w2, b2), y)
