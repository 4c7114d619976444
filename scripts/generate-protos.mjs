// Writes the code for the messages of ONNX and TensorBoard: `node scripts/generate-protos.mjs`, where they changed. What it writes is checked in, so nobody
// needs Python to build. It takes the official onnx.proto from the Python package `onnx` (1.23.2), and the compiler from `grpcio-tools`: python3 must have both.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const python = (...args) => execFileSync(process.env.PYTHON ?? 'python3', args, { encoding: 'utf8' }).trim();
const plugin = join(root, 'node_modules/.bin/protoc-gen-es');
const onnx = join(python('-c', 'import onnx; print(onnx.__path__[0])'), 'onnx.proto');

const folder = mkdtempSync(join(tmpdir(), 'protos-'));
try {
  for (const [proto, target] of [
    [onnx, 'src/io/onnx'],
    [join(root, 'src/io/tensorboard/events.proto'), 'src/io/tensorboard'],
  ]) {
    // By way of a descriptor, which has no comments: the code then has none either, and is a third of the size.
    const descriptor = join(folder, 'descriptor.pb');
    const name = proto.slice(dirname(proto).length + 1);
    python('-m', 'grpc_tools.protoc', `-I${dirname(proto)}`, `--descriptor_set_out=${descriptor}`, name);
    python(
      ...['-m', 'grpc_tools.protoc', `--descriptor_set_in=${descriptor}`, `--plugin=protoc-gen-es=${plugin}`],
      ...[`--es_out=${join(root, target)}`, '--es_opt=target=js+dts', name],
    );
    console.log(`${target}/${name.replace('.proto', '_pb.js')}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
