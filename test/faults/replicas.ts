// The processes of the bridge: three replicas, run as an operator runs them, with a supervisor that starts again what has ended.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { COMPILED, NO_ENV_FILE } from '../programs.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Milliseconds: a stop waits up to 30 s for requests under way, and then closes. */
const STOP_PATIENCE = 60_000;
/** Milliseconds between two starts of a process that ended while starting, because Redis could not be reached. */
const START_AGAIN = 300;
/** Milliseconds for all starts together. */
const START_PATIENCE = 90_000;
/** Log lines that are kept of each replica, for a failed run. */
const KEPT_LINES = 60;

export class Replica {
  readonly name: string;
  readonly url: string;
  /** The newest log lines. */
  readonly lines: string[] = [];
  readonly #env: Record<string, string>;
  readonly #inspected: boolean;
  readonly #report: (violation: string) => void;
  #child: ChildProcess | undefined;
  #wanted = false;

  /** @param report called when the process ends although nobody ended it */
  constructor(
    name: string,
    port: number,
    env: Record<string, string>,
    inspected: boolean,
    report: (violation: string) => void,
  ) {
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.#env = { ...env, PORT: String(port) };
    this.#inspected = inspected;
    this.#report = report;
  }

  /**
   * Starts it, again and again until it is ready. A start fails while Redis cannot be reached, as the operator is told.
   * @throws {Error} that quotes its last line, after a minute and a half
   */
  async start(): Promise<void> {
    this.#wanted = true;
    const deadline = performance.now() + START_PATIENCE;
    while (!(await this.#startOnce())) {
      if (performance.now() > deadline) throw new Error(`${this.name} does not start: ${this.lines.at(-1)}`);
      await pause(START_AGAIN);
    }
  }

  /** Ends it; after SIGTERM it must say by its exit code that it stopped in order. @throws {Error} when it does not end */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const late = new AbortController();
    const [code] = await Promise.race([
      exited,
      pause(STOP_PATIENCE, undefined, { signal: late.signal }).then(() => {
        throw new Error(`${this.name} has not ended ${STOP_PATIENCE} ms after ${signal}`);
      }),
    ]).finally(() => late.abort());
    if (signal === 'SIGTERM' && code !== 0) this.#report(`${this.name} ended with exit code ${code} after SIGTERM`);
  }

  /** Kills it at once. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** The address of its inspector. @throws {Error} when it has none */
  async inspector(): Promise<string> {
    return await until(() => /ws:\/\/\S+/.exec(this.lines.join('\n'))?.[0], { what: `the inspector of ${this.name}` });
  }

  async #startOnce(): Promise<boolean> {
    const options = this.#inspected ? ['--inspect=127.0.0.1:0'] : [];
    const child = spawn(process.execPath, [...options, MAIN], {
      cwd: NO_ENV_FILE,
      env: { ...COMPILED, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > KEPT_LINES) this.lines.shift();
        // An error that nobody expected, other than that the store does not answer.
        if (line.includes('"event":"request.failed"') && !line.includes('"error":"StoreUnavailable"'))
          this.#report(`${this.name} logged ${line}`);
      });
    let ready = false;
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      if (ready && this.#wanted) this.#report(`${this.name} ended by itself: ${signal ?? `exit code ${code}`}`);
    });
    await until(() => child.exitCode !== null || child.signalCode !== null || this.#answers(), {
      what: `${this.name} to start`,
      timeout: 60_000,
    });
    ready = child.exitCode === null && child.signalCode === null;
    return ready;
  }

  /** Whether it listens. Not whether the store answers: a replica serves its 503 too. */
  async #answers(): Promise<boolean> {
    return (await fetch(`${this.url}/healthz`)).ok;
  }
}

/** Three replicas, not started yet. The first one is never ended, so that its memory can be watched. */
export async function createReplicas(
  env: Record<string, string>,
  report: (violation: string) => void,
): Promise<Replica[]> {
  const replicas: Replica[] = [];
  for (const [index, name] of ['replica 0', 'replica 1', 'replica 2'].entries())
    replicas.push(new Replica(name, await freePort(), env, index === 0, report));
  // Also when this program is interrupted.
  process.once('exit', () => {
    for (const replica of replicas) replica.kill();
  });
  return replicas;
}
