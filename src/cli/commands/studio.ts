import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { MNIST } from '../../data/mnist-files.ts';
import { UserError } from '../../errors.ts';
import { wholeNumber } from '../arguments.ts';
import { asUsage } from '../errors.ts';
import { takeInterrupts } from '../interrupt.ts';
import { studioServer } from '../studio/server.ts';

interface Flags {
  readonly port: string;
  readonly open?: boolean;
}

const DEFAULT_PORT = '4270';

const HELP = `
Examples:
  chainrule studio --open                         and open it in the browser
  chainrule studio --port 0                       on any free port`;

export function command(): Command {
  return new Command('studio')
    .description('Serves the studio, a web app that shows how a network trains, to this machine alone. Ctrl-C ends it.')
    .option('--port <N>', 'the port to listen on; 0 for any that is free', DEFAULT_PORT)
    .option('--open', 'open it in the browser')
    .addHelpText('after', HELP)
    .action(runStudio);
}

async function runStudio(flags: Flags): Promise<void> {
  const port = asUsage(() => wholeNumber('--port', { min: 0, max: 65535 })(flags.port));
  // MNIST is downloaded by the page itself, and only from where the command gets it too.
  const server = studioServer(
    studioFolder(),
    MNIST.mirrors.map(mirror => new URL(mirror).origin),
  );
  const interrupt = takeInterrupts(() => {});
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    process.stdout.write(`The studio is at ${url}\nCtrl-C ends it.\n`);
    if (flags.open) openBrowser(url);
    await new Promise<void>(resolve => interrupt.signal.addEventListener('abort', () => resolve(), { once: true }));
  } catch (error) {
    throw explainListenError(error, port);
  } finally {
    server.close();
    server.closeAllConnections();
    interrupt.release();
  }
  process.exitCode = interrupt.code ?? 0;
}

/** Beside the built command. */
function studioFolder(): string {
  for (const path of ['./studio/', '../studio/']) {
    const url = new URL(path, import.meta.url);
    if (existsSync(new URL('index.html', url))) return fileURLToPath(url);
  }
  throw new UserError('studio: the studio is not part of this build', "Run 'npm run build' in the folder of chainrule.");
}

function explainListenError(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new UserError(`--port: port ${port} is in use`, 'Is the studio open already? Give another port, or 0 for any that is free.');
  if (code === 'EACCES')
    return new UserError(`--port: listening on port ${port} is not allowed`, 'Give a port from 1024 to 65535, or 0 for any that is free.');
  return error;
}

/** The system's own way to open an address. Where there is none, the address has been printed. */
function openBrowser(url: string): void {
  const [program, args]: [string, string[]] =
    process.platform === 'darwin'
      ? ['open', [url]]
      : process.platform === 'win32'
        ? ['cmd', ['/c', 'start', '', url]]
        : ['xdg-open', [url]];
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  const failed = (): void => void process.stdout.write('No browser could be opened; open the address yourself.\n');
  child.on('error', failed);
  // xdg-open is there on many a machine without a browser, and says so by its status.
  child.on('exit', code => {
    if (code !== 0 && code !== null) failed();
  });
  child.unref();
}
