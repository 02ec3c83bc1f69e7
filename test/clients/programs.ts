// Client programs, and the person who uses them, whose browser they open.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createAgent } from '../support/agent.ts';
import { type Listening, listen } from '../support/listen.ts';
import { walkAuthorization } from '../support/oauth.ts';

/** The person who uses a program: walks each authorization URL that the program opens, up to the program's own callback. */
export class Onlooker {
  readonly #browser = createAgent();
  readonly #asked: URLSearchParams[] = [];
  #listening: Listening | undefined;

  static async start(): Promise<Onlooker> {
    const onlooker = new Onlooker();
    onlooker.#listening = await listen(async (request, response) => {
      const url = new URL(await text(request));
      response.end();
      await onlooker.#visit(url).catch((error: unknown) => console.error(`[clients] ${url.origin}:`, error));
    });
    return onlooker;
  }

  /** The authorization requests, in order. */
  get asked(): readonly URLSearchParams[] {
    return this.#asked;
  }

  get clientId(): string {
    return this.#asked.at(-1)?.get('client_id') ?? '';
  }

  /** The environment of a program: only what it needs to run, and this person's browser. */
  environment(home: string, more: Record<string, string> = {}): Record<string, string> {
    const browser = join(home, 'browser');
    const tell = 'fetch(process.argv[1], { method: "POST", body: process.argv[2] })';
    writeFileSync(browser, `#!/bin/sh\nexec '${process.execPath}' -e '${tell}' '${this.#listening?.url}' "$1"\n`, {
      mode: 0o700,
    });
    return { ...environment(home), BROWSER: browser, ...more };
  }

  async leave(): Promise<void> {
    await this.#listening?.close();
  }

  async #visit(url: URL): Promise<void> {
    this.#asked.push(url.searchParams);
    const browser = this.#browser;
    const page = await browser.follow(await walkAuthorization(url, { browser, login: 'octocat' }));
    if (page.status >= 400) throw new Error(`the program's callback answered ${page.status}: ${page.text}`);
  }
}

/** The environment of a program that opens no browser. */
export function environment(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', HOME: home, NO_COLOR: '1' };
}

/** A program of a package that is installed here. */
export function programOf(name: string): string {
  return fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Kills a process that another program started, at the latest when this process ends. */
export function endWithUs(pidOf: () => number | null): void {
  process.once('exit', () => {
    const pid = pidOf();
    try {
      if (pid !== null) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  });
}

/** Starts a program with this Node. It ends with this process, at the latest. */
export function start(program: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end. @returns what it printed. @throws {Error} with all of it when its exit code is not 0 */
export async function run(program: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = start(program, args, env);
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the program has no output');
  const [printed, complained, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${complained}\n${printed}`);
  return printed;
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
