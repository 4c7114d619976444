import '../backend/blas/node/register.ts';
import { explainError } from './errors.ts';
import { run } from './program.ts';

// What reads our output may end before we do, as in `chainrule datasets | head -1`: that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

// No other WebAssembly runs in this process, so the engine's switch for wide vectors may be set: the bits are the same, and time is saved.
process.env.CHAINRULE_SIMD ||= 'wide';

try {
  await run(process.argv.slice(2));
} catch (error) {
  const { text, code } = explainError(error, process.env.CHAINRULE_DEBUG === '1');
  process.stderr.write(`${text}\n`);
  process.exitCode = code;
}
