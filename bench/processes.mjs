// Libraries in processes of their own, one line of JSON to ask and one to answer. Between turns a process sleeps, so only one computes at a time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export class Peer {
  #child;
  #answers;
  #errors = '';

  /** @param {{ name: string, command: string[], env?: Record<string, string> }} what */
  constructor({ name, command, env = {} }) {
    this.name = name;
    this.started = performance.now();
    this.#child = spawn(command[0], command.slice(1), { cwd: root, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', text => {
      this.#errors = `${this.#errors}${text}`.slice(-2000);
    });
    this.#child.stdin.on('error', () => {}); // a process that died is told of by its missing answer
    this.#child.on('error', error => {
      this.#errors += error.message;
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @returns {Promise<Record<string, any>>} the answer; throws where there is none, or it is an error */
  async ask(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    for (;;) {
      const { value, done } = await this.#answers.next();
      if (done) throw new Error(this.#errors.trim().split('\n').at(-1) || 'the process ended');
      if (!value.startsWith('{')) continue; // some libraries greet
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    }
  }

  end() {
    this.#child.stdin.end();
    return new Promise(resolve => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      else this.#child.once('exit', resolve);
      setTimeout(() => this.#child.kill('SIGKILL'), 2000).unref();
    });
  }
}

export const median = list => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
