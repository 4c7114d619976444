"""Writes tensorboard.tfevents beside this with TensorBoard's own messages and record writer: what chainrule writes must be the same bytes.

    python3 test/golden/write_tensorboard.py

Made with tensorboard 2.21. The test reads the file only; nobody needs Python to run it.
"""
import pathlib

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def hparams(name: str, data: plugin_data_pb2.HParamsPluginData) -> Summary.Value:
    plugin = SummaryMetadata.PluginData(plugin_name='hparams', content=data.SerializeToString(deterministic=True))
    return Summary.Value(tag=f'_hparams_/{name}', metadata=SummaryMetadata(plugin_data=plugin))


experiment = api_pb2.Experiment(
    hparam_infos=[
        api_pb2.HParamInfo(name='model.hidden', type=api_pb2.DATA_TYPE_STRING),
        api_pb2.HParamInfo(name='optimizer.lr', type=api_pb2.DATA_TYPE_FLOAT64),
        api_pb2.HParamInfo(name='training.dropLast', type=api_pb2.DATA_TYPE_BOOL),
    ],
    metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(group='validation', tag='epoch/loss'))],
)
start = plugin_data_pb2.SessionStartInfo(start_time_secs=1000.5)
start.hparams['model.hidden'].string_value = '512,256'
start.hparams['optimizer.lr'].number_value = 0.001
start.hparams['training.dropLast'].bool_value = False
end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=1009.25)
histogram = HistogramProto(min=-1, max=2, num=4, sum=3, sum_squares=7.5, bucket_limit=[0, 2], bucket=[1, 3])

events = [
    Event(wall_time=1000.5, file_version='brain.Event:2'),
    Event(
        wall_time=1000.5,
        summary=Summary(
            value=[
                hparams('experiment', plugin_data_pb2.HParamsPluginData(experiment=experiment)),
                hparams('session_start_info', plugin_data_pb2.HParamsPluginData(session_start_info=start)),
            ]
        ),
    ),
    Event(wall_time=1001, step=7, summary=Summary(value=[Summary.Value(tag='step/loss', simple_value=0.25), Summary.Value(tag='step/nan', simple_value=float('nan'))])),
    Event(wall_time=1002, step=2**33, summary=Summary(value=[Summary.Value(tag='weights/0_Linear', histo=histogram)])),
    Event(wall_time=1009.25, summary=Summary(value=[hparams('session_end_info', plugin_data_pb2.HParamsPluginData(session_end_info=end))])),
]
with open(pathlib.Path(__file__).parent / 'tensorboard.tfevents', 'wb') as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
