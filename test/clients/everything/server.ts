// `@modelcontextprotocol/server-everything`, unmodified, in a process of its own: an MCP server with sessions, behind the demo at
// /mcp/everything.

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/until.ts';
import { end, programOf, start } from '../programs.ts';

/** Its name and its path at the demo of all rows. */
export const NAME = 'everything';
export const PATH = `/mcp/${NAME}`;

export class EverythingServer {
  readonly url: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'bridge-everything-'));
  readonly #child: ChildProcess;
  readonly #sessions: string[] = [];
  readonly #ended: string[] = [];

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}/mcp`;
    const env = { PATH: process.env.PATH ?? '', HOME: this.#home, PORT: String(port) };
    this.#child = start(programOf('mcp-server-everything'), ['streamableHttp'], env);
    for (const name of [NAME, undefined]) {
      const entry = { name, url: this.url, title: 'Everything', credential: 'none' };
      writeFileSync(this.upstreamsFile(name), JSON.stringify([entry]));
    }
  }

  static async start(): Promise<EverythingServer> {
    const server = new EverythingServer(await freePort());
    await server.#listen();
    return server;
  }

  /** `UPSTREAMS_FILE` of a bridge that has it. @param name its name there; without one it is at /mcp */
  upstreamsFile(name?: string): string {
    return join(this.#home, `${name}.json`);
  }

  /** The ids of the sessions that it began, in order. */
  get sessions(): readonly string[] {
    return this.#sessions;
  }

  /** The ids of the sessions that clients ended with DELETE. */
  get ended(): readonly string[] {
    return this.#ended;
  }

  async stop(): Promise<void> {
    await end(this.#child);
    rmSync(this.#home, { recursive: true });
  }

  async #listen(): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('server-everything has no output');
    createInterface({ input: stdout }).on('line', (line) => {
      const [, began] = /^Session initialized with ID: (\S+)$/.exec(line) ?? [];
      if (began !== undefined) this.#sessions.push(began);
      const [, ended] = /^Received session termination request for session (\S+)$/.exec(line) ?? [];
      if (ended !== undefined) this.#ended.push(ended);
    });
    stderr.resume();
    // 400, because the request names no session.
    await until(async () => (await fetch(this.url)).status === 400, { what: `server-everything at ${this.url}` });
  }
}
