"""Reads the event files of a folder with TensorBoard's own reader, and says what it found.

    chainrule train mnist --epochs 2 --out runs/first --tensorboard
    python3 test/golden/read_tensorboard.py runs/first/tensorboard
"""
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

for folder in ['.', 'train', 'validation', 'test']:
    path = pathlib.Path(sys.argv[1]) / folder
    if not any('tfevents' in file.name for file in path.glob('*')):
        continue
    found = EventAccumulator(str(path), size_guidance={'scalars': 0, 'histograms': 0, 'images': 0, 'tensors': 0})
    found.Reload()
    tags = found.Tags()
    print(f'{folder}:')
    for tag in tags['scalars']:
        events = found.Scalars(tag)
        print(f'  {tag}: {len(events)} values, the last {events[-1].value:.6g} at step {events[-1].step}')
    for tag in tags['histograms']:
        value = found.Histograms(tag)[-1].histogram_value
        print(f'  {tag}: {len(found.Histograms(tag))} histograms, the last of {value.num:.0f} numbers from {value.min:.4g} to {value.max:.4g}')
        assert abs(sum(value.bucket) - value.num) < 0.5 and len(value.bucket) == len(value.bucket_limit)
    for tag in tags['images']:
        image = found.Images(tag)[-1]
        print(f'  {tag}: {image.width} x {image.height}, {len(image.encoded_image_string)} bytes of PNG')
    if any(metadata.plugin_data.plugin_name == 'hparams' for metadata in found.summary_metadata.values()):
        for tag, content in sorted(found.PluginTagToContent('hparams').items()):
            data = plugin_data_pb2.HParamsPluginData.FromString(content)
            kind = data.WhichOneof('data')
            shown = {name: str(value).strip() for name, value in sorted(data.session_start_info.hparams.items())}
            print(f'  {tag}: {kind}', shown if kind == 'session_start_info' else '')
