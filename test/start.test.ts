// Starting a bridge: it listens, logs what is worth a line, and lets go of everything when it stops. One process serves
// from a SQLite folder (design decision 19; test/store/sqlite.test.ts).
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readConfig } from '../src/config/config.ts';
import { createLogger } from '../src/observe/logger.ts';
import { startBridge } from '../src/start.ts';
import { StoreInUse } from '../src/store/sqlite/lock.ts';
import { freePort } from './support/ports.ts';

describe('a bridge that starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-start-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const quiet = createLogger('silent');
  const configFor = (port: number, env: Record<string, string> = {}) =>
    readConfig({ GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', DATA_DIR: folder, PORT: String(port), ...env });

  it('answers on every address of its host, and not any more when it has stopped', async () => {
    const port = await freePort();
    const bridge = await startBridge(configFor(port, { HOST: '127.0.0.1' }), quiet);
    assert.equal(bridge.storeKind, 'sqlite');
    const url = `http://127.0.0.1:${port}/healthz`;
    assert.equal((await fetch(url)).status, 200);
    await bridge.stop();
    await assert.rejects(fetch(url));
    const again = await startBridge(configFor(port, { HOST: '127.0.0.1' }), quiet);
    assert.equal((await fetch(url)).status, 200, 'the port and the store are free again');
    await again.stop();
  });

  it('makes itself a secret where it may, and keeps it', async () => {
    const secret = () => readFileSync(join(folder, 'secret'), 'utf8');
    const port = await freePort();
    await (await startBridge(configFor(port), quiet)).stop();
    const first = secret();
    assert.ok(first.trim().length >= 32);
    await (await startBridge(configFor(port), quiet)).stop();
    assert.equal(secret(), first);
  });

  it('is refused where another serves from the same folder, and says which port is taken', async () => {
    const port = await freePort();
    const bridge = await startBridge(configFor(port), quiet);
    await assert.rejects(startBridge(configFor(await freePort()), quiet), StoreInUse);
    await bridge.stop();

    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const message = new RegExp(`port ${port} is taken on 127\\.0\\.0\\.1: .*PORT`);
    await assert.rejects(startBridge(configFor(port, { HOST: '127.0.0.1' }), quiet), { message });
    await new Promise((resolve) => other.close(resolve));
    await (await startBridge(configFor(port, { HOST: '127.0.0.1' }), quiet)).stop(); // the store was let go
  });

  it('logs each request, but a probe only when it fails', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
    const port = await freePort();
    const bridge = await startBridge(configFor(port), logger, { simulated: true });
    const url = `http://localhost:${port}`;
    for (const path of ['/healthz', '/readyz', '/metrics']) await (await fetch(`${url}${path}`)).text();
    await fetch(`${url}/metrics`, { method: 'POST' });
    const page = await (await fetch(`${url}/?code=secret`)).text();
    await bridge.stop();
    const requests = lines.filter(({ event }) => event === 'request');
    assert.deepEqual(
      requests.map(({ method, path, status }) => ({ method, path, status })),
      [
        { method: 'POST', path: '/metrics', status: 405 },
        { method: 'GET', path: '/', status: 200 },
      ],
    );
    assert.ok(Number.isInteger(requests[0]?.milliseconds));
    assert.match(page, /simulated/i, 'the demo says so on its front page');
  });
});
