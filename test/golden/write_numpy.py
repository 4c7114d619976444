"""Writes numpy/ and tables/ beside this: arrays as NumPy writes them, and tables as pyarrow does.

    python3 test/golden/write_numpy.py

Made with numpy 2.4 and pyarrow 26. The tests read the files only; nobody needs Python to run them.
"""
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
(here / 'numpy').mkdir(exist_ok=True)
(here / 'tables').mkdir(exist_ok=True)

# 2 x 3 of every real numeric type, in both byte orders and both orders of memory, with the ends of whole numbers.
arrays = {}
for code in ['b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8']:
    dtype = np.dtype(code)
    values = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    if dtype.kind in 'iu':
        values[0, 0], values[1, 2] = np.iinfo(dtype).min, np.iinfo(dtype).max
    if dtype.kind == 'f':
        values[0, 0], values[1, 2] = -np.inf, 0.1
    for order in '<>' if dtype.itemsize > 1 else '|':
        for memory in 'CF':
            arrays[f'{code}_{"big" if order == ">" else "little"}_{memory}'] = np.asarray(values.astype(dtype.newbyteorder(order)), order=memory)
np.savez_compressed(here / 'numpy/types.npz', **arrays)
np.savez(here / 'numpy/stored.npz', x=np.arange(24, dtype='f4').reshape(2, 3, 4), scalar=np.float64(0.1), empty=np.zeros((0, 5), 'i4'))
np.save(here / 'numpy/cube_F.npy', np.asfortranarray(np.arange(24, dtype='f4').reshape(2, 3, 4)))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(here / f'numpy/version{version[0]}.npy', 'wb') as file:
        np.lib.format.write_array(file, np.array([1.5, -2.5]), version=version)
np.save(here / 'numpy/structured.npy', np.zeros(2, dtype=[('a', 'f4'), ('b', 'i4')]))
np.save(here / 'numpy/text.npy', np.array(['a', 'b']))
np.save(here / 'numpy/complex.npy', np.array([1j]))
# What chainrule writes must be the same bytes.
np.save(here / 'numpy/same.npy', np.arange(6, dtype='f4').reshape(2, 3))

table = pa.table(
    {
        'length': pa.array([1.5, None, 3.25, 0.1], pa.float64()),
        'count': pa.array([1, 2, 3, 2**40], pa.int64()),
        'small': pa.array([1, 2, 3, 4], pa.int8()),
        'colour': pa.array(['red', 'blue', 'red', 'green']).dictionary_encode(),
        'on': pa.array([True, False, True, True]),
        'kind': pa.array(['a', 'b', 'a', 'b']),
    }
)
for codec in ['none', 'snappy', 'gzip', 'zstd']:
    pq.write_table(table, here / f'tables/{codec}.parquet', compression=codec, row_group_size=3)
pq.write_table(pa.table({'when': pa.array([0, 1], pa.timestamp('ms')), 'y': [1, 2]}), here / 'tables/dates.parquet')
pq.write_table(pa.table({'list': [[1], [2, 3]], 'y': [1, 2]}), here / 'tables/lists.parquet')
