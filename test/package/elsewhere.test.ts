// The examples of servers that are not part of the bridge: one behind it, in Python, and one that takes its tokens. Clients log in at
// the bridge either way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { upstreamsFile } from '../gateway/fixtures.ts';
import { bridgeFor, type TestBridge } from '../support/bridge.ts';
import { connect } from '../support/oauth.ts';
import { Person } from '../support/person.ts';
import { freePort } from '../support/ports.ts';
import { connectV2 } from '../support/sdk-clients.ts';
import { fastapiPython } from '../support/system.ts';
import { until } from '../support/until.ts';
import { compiled, own, SOURCES } from './project.ts';

/** Runs a program until the test is over; resolves when it answers at `url`. */
async function run(
  t: TestContext,
  command: string,
  args: readonly string[],
  { cwd, env, url }: { cwd: string; env: Record<string, string>; url: string },
): Promise<void> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  await until(async () => (await fetch(url).catch(() => undefined)) !== undefined, { what: url, timeout: 20_000 });
}

/** Logs in at the bridge as hubot, and calls `who_am_i` of the server. */
async function whoAmI(base: string, path: string): Promise<string> {
  const { client } = await connectV2(base, 'Streamable HTTP', 'legacy', new Person('hubot'), { path });
  const { content } = await client.callTool({ name: 'who_am_i', arguments: {} });
  await client.close();
  const [first] = content;
  assert.ok(first?.type === 'text', JSON.stringify(content));
  return first.text;
}

const idOf = (bridge: TestBridge) => String(bridge.github.account('hubot').id);

describe('a server elsewhere', () => {
  it('in Python, behind the bridge, learns who calls, and refuses who is not the bridge', async (t) => {
    const python = await fastapiPython();
    if (python === undefined)
      return t.skip(
        'no Python with fastapi, uvicorn, jwt and cryptography: apt-get install python3-fastapi python3-uvicorn python3-jwt python3-cryptography',
      );
    const port = await freePort();
    const server = `http://127.0.0.1:${port}/mcp`;
    const file = upstreamsFile([{ name: 'fastapi', url: server, credential: 'identity' }], (remove) => t.after(remove));
    const bridge = await bridgeFor(t, { store: 'sqlite', env: { UPSTREAMS_FILE: file } });
    await run(t, python, ['-m', 'uvicorn', 'fastapi_server:app', '--port', String(port), '--log-level', 'error'], {
      cwd: SOURCES,
      env: { BRIDGE_URL: bridge.url, AUDIENCE: server, PYTHONDONTWRITEBYTECODE: '1' },
      url: server,
    });
    assert.match(await whoAmI(bridge.url, '/mcp/fastapi'), new RegExp(`^hubot \\(.*${idOf(bridge)}`));
    const headers = { 'content-type': 'application/json', authorization: 'Bearer nonsense' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    assert.equal((await fetch(server, { method: 'POST', headers, body })).status, 401);
  });

  it('that takes the tokens of the bridge sends clients there, and takes no token for anybody else', async (t) => {
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const bridge = await bridgeFor(t, { store: 'sqlite', env: { RESOURCES: `${base}/mcp` } });
    const libraries = ['hono@4', '@hono/node-server@2', own('jose')];
    const folder = await compiled({ programs: { 'resource-server': [] }, libraries });
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    await run(t, process.execPath, [join('out', 'resource-server', 'resource-server.js')], {
      cwd: folder,
      env: { BRIDGE_URL: bridge.url, RESOURCE: `${base}/mcp`, PORT: String(port) },
      url: base,
    });
    assert.match(await whoAmI(base, '/mcp'), new RegExp(`${idOf(bridge)}.* by `));
    const { tokens } = await connect(bridge.url);
    const other = await fetch(`${base}/mcp`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(other.status, 401, 'the token is for the bridge');
    assert.match(other.headers.get('www-authenticate') ?? '', /resource_metadata="/);
  });
});
