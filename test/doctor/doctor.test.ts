// The doctor as a whole: what it checks, and what no line of it contains.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { onBothStores } from '../support/bridge.ts';
import { listen } from '../support/listen.ts';
import { doctor, SECRETS, useSetup } from './fixtures.ts';

onBothStores('the doctor', (store) => {
  const setup = useSetup(store);

  it('finds no problem where there is none, and leaves no token at GitHub', async () => {
    const { well, lines } = await doctor(setup.env);
    assert.ok(well, lines.join('\n'));
    assert.deepEqual(
      lines.map((line) => /^ok {7}([\w ]+):/.exec(line)?.[1]),
      [
        ...['configuration', 'GitHub app', 'client secret', 'callback URL', 'GitHub API', 'store'],
        ...(store === 'sqlite' ? ['database'] : []),
        ...['PUBLIC_URL', 'webhook'],
      ],
    );
    assert.deepEqual(setup.github.liveTokens(), []);
  });

  it('reports every problem of the environment at once', async () => {
    const { problems, text } = await doctor({
      ...setup.env,
      GITHUB_CLIENT_ID: '',
      PUBLIC_URL: 'https://mcp.example.com/path',
    });
    assert.deepEqual(problems, ['GITHUB_CLIENT_ID', 'PUBLIC_URL']);
    assert.match(text, /Create an OAuth App/);
  });

  it('repeats no secret and begins no line of its own, whatever a part answers', async () => {
    const issuer = `https://x/${SECRETS.GITHUB_CLIENT_SECRET}\nok       store: ${SECRETS.BRIDGE_SECRET}`;
    const echo = await listen((_request, response) => response.end(JSON.stringify({ issuer })));
    const { lines } = await doctor({ ...setup.env, PUBLIC_URL: echo.url });
    await echo.close();
    assert.ok(lines.some((line) => line.includes('calls itself https://x/[redacted] ok       store: [redacted]')));
  });

  it('repeats no key of an MCP server, whatever that answers', async () => {
    const [token, key] = ['the-token-of-the-server', 'the-key-in-the-query'];
    const echo = await listen((request, response) => {
      const location = `/${request.headers.authorization?.split(' ')[1]}/${request.url?.split('=')[1]}`;
      response.writeHead(302, { location }).end();
    });
    const headers = { Authorization: `Bearer ${token}` };
    const UPSTREAMS_FILE = join(setup.directory, 'upstreams.json');
    writeFileSync(
      UPSTREAMS_FILE,
      JSON.stringify([{ name: 'read-only', url: `${echo.url}/?key=${key}`, credential: 'none', headers }]),
    );
    const { problems, text } = await doctor({ ...setup.env, UPSTREAMS_FILE });
    await echo.close();
    assert.deepEqual(problems, ['MCP server at /mcp/read-only']);
    assert.ok(text.includes(`redirects to ${echo.url}/[redacted]/[redacted]. `), text);
  });
});
