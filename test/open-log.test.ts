// LOG_FORMAT: for people on a real terminal, one JSON object a line elsewhere, and what is asked for anywhere.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NO_ENV_FILE, startProgram } from './programs.ts';
import { freePort } from './support/ports.ts';
import { until } from './support/until.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe('LOG_FORMAT', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-log-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What the bridge writes to its standard output until it has answered and was stopped. */
  async function written({ terminal, ...more }: { terminal: boolean; LOG_FORMAT?: string; NO_COLOR?: string }) {
    const port = await freePort();
    const env = {
      ...{ PATH: process.env.PATH ?? '', TERM: 'xterm', GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y' },
      ...{ DATA_DIR: mkdtempSync(join(folder, 'data-')), PORT: String(port), ...more },
    };
    // `script` gives the program a pseudo terminal, and passes on what is written there.
    const node = `${process.execPath} ${MAIN}`;
    const program = terminal
      ? startProgram('script', ['-qefc', `exec ${node}`, '/dev/null'], { cwd: NO_ENV_FILE, env })
      : startProgram(process.execPath, [MAIN], { cwd: NO_ENV_FILE, env });
    const { child, ended } = program;
    const answers = async () =>
      (await fetch(`http://localhost:${port}/.well-known/jwks.json`).catch(() => undefined))?.ok;
    await until(async () => child.exitCode !== null || (await answers()) === true, { what: 'the bridge to answer' });
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    return { url: `http://localhost:${port}`, text: (await ended).stdout.replaceAll('\r', '') };
  }

  it('is JSON without a terminal, every line, the first with the addresses', async () => {
    const { url, text } = await written({ terminal: false });
    const lines: Record<string, unknown>[] = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const started = lines.find(({ event }) => event === 'started');
    assert.partialDeepStrictEqual(started, { level: 'info', issuer: url, store: 'sqlite' });
    assert.deepEqual(started?.mcp, [`${url}/mcp`, `${url}/sse`]);
    assert.ok(lines.some(({ event, path }) => event === 'request' && path === '/.well-known/jwks.json'));
  });

  it('is for people on a terminal, in colours, beside the banner', async () => {
    const { url, text } = await written({ terminal: true });
    assert.ok(text.includes(`  MCP (Streamable HTTP)   ${url}/mcp\n`), text);
    assert.ok(text.includes('\u001b[32mINFO \u001b[39m request '), text);
    const plain = await written({ terminal: true, NO_COLOR: '1' });
    assert.match(plain.text, /^\d\d:\d\d:\d\d INFO {2}request method=GET/m);
  });

  it('is what is asked for, terminal or not', async () => {
    const pretty = await written({ terminal: false, LOG_FORMAT: 'pretty' });
    assert.match(pretty.text, /^\d\d:\d\d:\d\d INFO {2}started version=/m);
    const json = await written({ terminal: true, LOG_FORMAT: 'json' });
    assert.match(json.text, /^\{"level":"info",.*"event":"request"/m);
  });
});
