"""Writes the files beside this one that end in .safetensors, as the Python package `safetensors` writes them.

    python3 test/golden/write_safetensors.py

Made with safetensors 0.8 and numpy 2.4. The test reads the files only; nobody needs Python to run it.
"""
import pathlib

import numpy as np
from safetensors import TensorSpec, serialize_file
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent

# A model's weights, as PyTorch would name them.
save_file(
    {
        '0.weight': np.array([[1.5, -2.25, 0.1], [3.0, 1e-40, -0.0]], dtype=np.float32),
        '0.bias': np.array([np.inf, np.nan], dtype=np.float32),
        '1.running_mean': np.array([0.1, 1 / 3], dtype=np.float64),
        '1.num_batches_tracked': np.array(12345, dtype=np.int64),
        'empty': np.zeros((0, 3), dtype=np.float32),
    },
    here / 'weights.safetensors',
    metadata={'format': 'pt'},
)


def raw(dtype: str, words: np.ndarray) -> TensorSpec:
    return TensorSpec(dtype=dtype, shape=[len(words)], data_ptr=words.ctypes.data, data_len=words.nbytes)


# Half precision: zero, one, the largest, the smallest, infinity, NaN.
half = np.array([0x8000, 0x3C00, 0x7BFF, 0x0001, 0xFC00, 0x7E00], dtype='<u2')
brain = np.array([0x8000, 0x3F80, 0x7F7F, 0x0001, 0xFF80, 0x7FC0], dtype='<u2')
serialize_file({'half': raw('float16', half), 'brain': raw('bfloat16', brain)}, str(here / 'half.safetensors'))

# Of float32 alone: what chainrule writes must be the same bytes.
save_file(
    {'b': np.arange(6, dtype=np.float32).reshape(2, 3), 'a': np.array([0.5], dtype=np.float32), 'scalar': np.array(7, dtype=np.float32)},
    here / 'floats.safetensors',
    metadata={'format': 'pt'},
)

# Whole numbers and booleans, at their ends.
save_file(
    {name: np.array([np.iinfo(name).min, np.iinfo(name).max], dtype=name) for name in ('int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32')}
    | {'int64': np.array([-(2**53) + 1, 2**53 - 1]), 'uint64': np.array([0, 2**53 - 1], dtype=np.uint64), 'bool': np.array([False, True])},
    here / 'whole.safetensors',
)
