// The demo (`npm run demo`) in a process of its own, on free ports and with a new store. Its access tokens live for seconds. What
// happens in it is read from its log. The stand-in for GitHub's MCP server is behind it, at /mcp/github.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { end, start } from './programs.ts';

const MAIN = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));
/** Seconds: enough for a client to log in and make its first call, in a browser and on a slow machine. */
const ACCESS_TOKEN_TTL = 8;
/** Milliseconds; a demo that ends is not waited for. */
const START_PATIENCE = 60_000;
/** The events after which a client has a new access token. */
const ISSUED = ['code.redeemed', 'refresh_token.rotated', 'refresh_token.repeated'];

const eventSchema = z.looseObject({
  event: z.string(),
  time: z.coerce.date(),
  clientId: z.string().optional(),
  /** Of `gateway.request`. */
  method: z.string().optional(),
  status: z.number().optional(),
});
export type DemoEvent = z.infer<typeof eventSchema>;

export class Demo {
  /** The issuer. */
  readonly url: string;
  readonly #githubPort: number;
  readonly #env: Record<string, string>;
  readonly #accessTokenTtl: number;
  readonly #events: DemoEvent[] = [];
  #dataDir = mkdtempSync(join(tmpdir(), 'bridge-demo-'));
  #child: ChildProcess | undefined;

  private constructor(port: number, githubPort: number, env: Record<string, string>, accessTokenTtl: number) {
    this.url = `http://localhost:${port}`;
    this.#githubPort = githubPort;
    this.#env = env;
    this.#accessTokenTtl = accessTokenTtl;
  }

  /** @param env further configuration @param accessTokenTtl in seconds */
  static async start(env: Record<string, string> = {}, accessTokenTtl = ACCESS_TOKEN_TTL): Promise<Demo> {
    const demo = new Demo(await freePort(), await freePort(), env, accessTokenTtl);
    await demo.#start();
    return demo;
  }

  /** Runs something with a demo of its own, which is started as by `start`. */
  static async during<T>(
    run: (demo: Demo) => Promise<T>,
    ...[env, accessTokenTtl]: Parameters<typeof Demo.start>
  ): Promise<T> {
    const demo = await Demo.start(env, accessTokenTtl);
    try {
      return await run(demo);
    } finally {
      await demo.stop();
    }
  }

  /** The events of a client, in order. */
  eventsOf(clientId: string): DemoEvent[] {
    return this.#events.filter((event) => event.clientId === clientId);
  }

  /** The ids of the clients that have registered, in order. */
  get registered(): string[] {
    return this.#events.flatMap(({ event, clientId }) => (event === 'client.registered' && clientId ? [clientId] : []));
  }

  /** Resolves when an event of a client was logged at least `times`: the log comes a moment after the answer. */
  async saw(event: string, clientId: string, times: number): Promise<void> {
    const count = () => this.eventsOf(clientId).filter((seen) => seen.event === event).length;
    await until(() => count() >= times, { what: `${event} of ${clientId}, ${times} times`, timeout: 5_000 });
  }

  /**
   * Resolves when every access token that a client has now has expired. They expire by time only.
   * @param ahead seconds before that
   */
  async expireTokens(clientId: string, ahead = 0): Promise<void> {
    const issued = this.eventsOf(clientId).findLast(({ event }) => ISSUED.includes(event))?.time;
    assert.ok(issued !== undefined, 'the client has an access token');
    await delay(issued.getTime() + (this.#accessTokenTtl + 1 - ahead) * 1000 - Date.now());
  }

  /** Restarts with the same store, as after an update of the bridge; with `lose`, with an empty one. GitHub starts empty. */
  async restart({ lose = false } = {}): Promise<void> {
    await this.#end();
    if (lose) {
      rmSync(this.#dataDir, { recursive: true });
      this.#dataDir = mkdtempSync(join(tmpdir(), 'bridge-demo-'));
    }
    await this.#start();
  }

  async stop(): Promise<void> {
    await this.#end();
    rmSync(this.#dataDir, { recursive: true });
  }

  async #start(): Promise<void> {
    const child = start(MAIN, [], {
      PATH: process.env.PATH ?? '',
      PORT: new URL(this.url).port,
      DEMO_GITHUB_PORT: String(this.#githubPort),
      DATA_DIR: this.#dataDir,
      ACCESS_TOKEN_TTL: `${this.#accessTokenTtl}s`,
      LOG_LEVEL: 'info',
      MCP_UPSTREAMS: `github=http://localhost:${this.#githubPort}/mcp/`,
      ...this.#env,
    });
    this.#child = child;
    child.stderr?.pipe(process.stderr, { end: false });
    if (child.stdout === null) throw new Error('the demo has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#events.push(eventSchema.parse(JSON.parse(line)));
    });
    const ended = once(child, 'exit').then(([code]) => assert.fail(`the demo ended with exit code ${code}`));
    const ready = until(async () => (await fetch(`${this.url}/readyz`)).ok, {
      what: `the demo at ${this.url}`,
      timeout: START_PATIENCE,
    });
    await Promise.race([ready, ended]);
  }

  async #end(): Promise<void> {
    if (this.#child !== undefined) await end(this.#child);
  }
}
