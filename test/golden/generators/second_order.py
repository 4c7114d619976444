"""BFGS, L-BFGS and Newton-CG: counts of evaluations on Rosenbrock's function, and L-BFGS on a small MLP."""
import scipy.optimize
import torch

from generators.common import mlp, mlp_loss


STARTS = [[-1.2, 1.0], [0.0, 0.0], [2.0, 2.0], [-3.0, -4.0], [1.5, -0.5], [-1.0, 2.0]]


def second_order():
    rosen, rosen_der, rosen_hess = scipy.optimize.rosen, scipy.optimize.rosen_der, scipy.optimize.rosen_hess

    def by_scipy(method, start, **more):
        r = scipy.optimize.minimize(rosen, start, method=method, jac=rosen_der, **more)
        return {'x': r.x, 'f': r.fun, 'functionEvaluations': r.nfev, 'gradientEvaluations': r.njev, 'iterations': r.nit}

    def by_torch(start, **options):
        x = torch.tensor(start, requires_grad=True)
        optimizer = torch.optim.LBFGS([x], **options)
        calls = []

        def closure():
            optimizer.zero_grad()
            loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
            loss.backward()
            calls.append(loss.item())
            return loss

        optimizer.step(closure)
        return {'x': x, 'f': closure().item(), 'functionEvaluations': len(calls) - 1, 'gradientEvaluations': len(calls) - 1}

    rosenbrock = [
        {
            'start': start,
            'bfgs': by_scipy('BFGS', start, options={'gtol': 1e-8}),
            'lbfgsb': by_scipy('L-BFGS-B', start, options={'gtol': 1e-8, 'ftol': 1e-20}),
            'newtonCg': by_scipy('Newton-CG', start, hess=rosen_hess, options={'xtol': 1e-10}),
            'lbfgs': by_torch(start, lr=1, max_iter=200, max_eval=1000, tolerance_grad=1e-8, tolerance_change=1e-14, history_size=10, line_search_fn='strong_wolfe'),
        }
        for start in STARTS + [[-1.2, 1.0, -1.2, 1.0, 0.5]]
    ]

    x, y, start = mlp()
    paths = []
    for options in ({'lr': 1, 'maxIter': 4, 'historySize': 3, 'lineSearchFn': 'strong_wolfe'}, {'lr': 0.3, 'maxIter': 3}, {'lr': 0.2, 'maxIter': 5, 'maxEval': 4, 'historySize': 2}):
        _, _, params = mlp()
        optimizer = torch.optim.LBFGS(params, lr=options['lr'], max_iter=options['maxIter'], max_eval=options.get('maxEval'), history_size=options.get('historySize', 100),
                                      line_search_fn=options.get('lineSearchFn'))
        losses, calls = [], 0

        def closure():
            nonlocal calls
            calls += 1
            optimizer.zero_grad()
            loss = mlp_loss(x, y, params)
            loss.backward()
            return loss

        for step in range(8):
            losses.append(optimizer.step(closure).item())
        paths.append({'options': options, 'losses': losses, 'evaluations': calls, 'params': params})
    return {'rosenbrock': rosenbrock, 'mlp': {'x': x, 'y': y, 'start': start, 'paths': paths}}
