"""Writes the golden values beside this file: what PyTorch and SciPy compute, in double precision.

    python3 test/golden/generate.py [name ...]

Made with PyTorch 1.13 and SciPy 1.10. The tests read the JSON files only; nobody needs Python to run them.
"""
import json
import pathlib
import sys

import torch

from generators.common import plain
from generators.first_order import optimizers, training
from generators.functions import activations, losses, norm
from generators.schedules import schedules
from generators.second_order import second_order

FILES = {'optimizers': optimizers, 'training': training, 'schedules': schedules, 'losses': losses, 'activations': activations, 'norm': norm, 'second-order': second_order}

if __name__ == '__main__':
    for name in sys.argv[1:] or FILES:
        torch.manual_seed(0)
        (pathlib.Path(__file__).parent / f'{name}.json').write_text(json.dumps(plain(FILES[name]()), separators=(',', ':')) + '\n')
        print(f'{name}.json')
