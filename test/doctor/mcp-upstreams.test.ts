// What the doctor says about the MCP servers behind the bridge.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import type { McpUpstream } from '../../src/config/upstreams.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { checkMcpUpstreams } from '../../src/doctor/mcp-upstreams.ts';
import { listen } from '../support/listen.ts';
import { freePort } from '../support/ports.ts';

const RESULT = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'x', version: '1' } };
const INITIALIZED = JSON.stringify({ jsonrpc: '2.0', id: 1, result: RESULT });
const SETTINGS = 'MCP_UPSTREAMS or UPSTREAMS_FILE';

function upstream(url: string, more: Partial<McpUpstream> = {}): McpUpstream {
  const members = { name: 'x', title: 'x', scopes: ['read:user'], headers: {}, denyTools: [], firstByteTimeout: 300 };
  return { ...members, url, credential: 'none', ...more };
}

/** A finding as a line. */
function line(finding: Finding): string {
  if ('problem' in finding) return `problem ${finding.check}: ${finding.problem}. ${finding.remedy}`;
  return 'warning' in finding ? `warning ${finding.check}: ${finding.warning}` : `ok ${finding.check}: ${finding.ok}`;
}

/** What is said about a server that answers so, with its origin as ORIGIN. */
async function said(
  t: TestContext,
  listener: RequestListener,
  more: Partial<McpUpstream> = {},
  timeout?: number,
): Promise<string> {
  const server = await listen(listener);
  t.after(() => server.close());
  const findings = await checkMcpUpstreams({ upstreams: [upstream(`${server.url}/mcp?key=hunter2`, more)] }, timeout);
  const text = findings.map(line).join('\n');
  assert.ok(!text.includes('hunter2'), text);
  return text.replaceAll(server.url, 'ORIGIN');
}

const answering =
  (status: number, type: string, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);

describe('the doctor on an MCP server', () => {
  it('that answers without a token: well where it gets none, and a warning where it would get one', async (t) => {
    const open = answering(200, 'application/json', INITIALIZED);
    assert.equal(await said(t, open), 'ok MCP server at /mcp/x: ORIGIN answers');
    assert.match(
      await said(t, open, { credential: 'github' }),
      /^warning MCP server at \/mcp\/x: ORIGIN answers without a token: if it needs none, say "credential": "none"/,
    );
    assert.match(
      await said(t, open, { credential: 'identity' }),
      /^warning .* answers without a token: see that it checks the token of the bridge/,
    );
  });

  it('that wants a token: well where it gets one, and a problem where it would get none', async (t) => {
    const closed = answering(401, 'text/plain', 'no', { 'www-authenticate': 'Bearer' });
    for (const credential of ['github', 'identity'] as const)
      assert.equal(
        await said(t, closed, { credential }),
        'ok MCP server at /mcp/x: ORIGIN answers, and wants a token; more shows only with one',
      );
    assert.match(
      await said(t, closed),
      /^problem .*: ORIGIN wants a token, but gets none\. Say "credential": "github" or/,
    );
    assert.match(
      await said(t, closed, { headers: { authorization: 'Bearer hunter2' } }),
      /^problem .*: ORIGIN does not take the fixed header Authorization\. Correct the header/,
    );
  });

  it('is asked as a client would, with the fixed headers of its entry and no token', async (t) => {
    const asked: Record<string, unknown>[] = [];
    const listener: RequestListener = async (request, response) => {
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body: await json(request) });
      response.writeHead(200, { 'content-type': 'application/json' }).end(INITIALIZED);
    };
    await said(t, listener, { credential: 'github', headers: { 'x-mcp-readonly': 'true', 'user-agent': 'mine' } });
    const [request, ...more] = asked;
    assert.deepEqual(more, [], 'no session, so nothing else is asked');
    assert.partialDeepStrictEqual(request, {
      method: 'POST',
      url: '/mcp?key=hunter2',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'x-mcp-readonly': 'true',
        'user-agent': 'mine',
      },
      body: { jsonrpc: '2.0', method: 'initialize', params: { protocolVersion: '2025-11-25' } },
    });
    assert.ok(!JSON.stringify(request).includes('authorization'));
  });

  it('is left without a session of the doctor', async (t) => {
    const ended: IncomingHttpHeaders[] = [];
    const listener: RequestListener = ({ method, headers }, response) => {
      if (method === 'DELETE') ended.push(headers);
      response
        .writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'session-1' })
        .end(method === 'DELETE' ? '' : INITIALIZED);
    };
    assert.match(await said(t, listener, { headers: { 'x-key': 'fixed' } }), /^ok /);
    assert.equal(ended.length, 1);
    assert.partialDeepStrictEqual(ended[0], {
      'mcp-session-id': 'session-1',
      'mcp-protocol-version': '2025-06-18',
      'x-key': 'fixed',
    });
  });

  it('is well when it cannot end a session', async (t) => {
    const listener: RequestListener = ({ method }, response) => {
      if (method === 'DELETE') return response.destroy();
      response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'x' }).end(INITIALIZED);
    };
    assert.match(await said(t, listener), /^ok /);
  });

  it('of the MCP SDK speaks MCP, in the revisions before 2026-07-28 and since', async (t) => {
    for (const legacy of ['stateless', 'reject'] as const) {
      const handler = createMcpHandler(() => new McpServer({ name: 'x', version: '1' }), { legacy });
      t.after(() => handler.close());
      const listener: RequestListener = async (request, response) => {
        const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
        const body = await text(request);
        const answer = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }));
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
      };
      assert.equal(await said(t, listener), 'ok MCP server at /mcp/x: ORIGIN answers', legacy);
    }
  });

  // Time limits of tests: these end long before the doctor's own, which are longer here.
  for (const [lines, newline] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ] as const)
    it(`that answers with an event stream (${lines}) is heard until its answer, and then hung up on`, {
      timeout: 30_000,
    }, async (t) => {
      const events = [
        'id: 0\ndata:\n\n: comment\n\n',
        'data: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n',
        `event: message\ndata: ${INITIALIZED.replace(',', ',\ndata:')}\n\n`,
      ];
      const hungUp: Promise<unknown>[] = [];
      const listener: RequestListener = (_request, response) => {
        hungUp.push(once(response, 'close'));
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
        response.write(events.join('').replaceAll('\n', newline));
      };
      assert.match(await said(t, listener, {}, 600_000), /^ok /);
      assert.equal(hungUp.length, 1);
      await Promise.all(hungUp);
    });

  it('that sends without end is not read to the end', { timeout: 30_000 }, async (t) => {
    let sent = 0;
    const flood = (response: ServerResponse): void => {
      const chunk = 'x'.repeat(16 * 1024);
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      if (!response.destroyed) response.once('drain', () => flood(response));
    };
    const endless: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      flood(response);
    };
    assert.match(
      await said(t, endless),
      /^problem .*: ORIGIN answers, but not as an MCP endpoint \(200, application\/json\)/,
    );
    assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes were read`);
  });

  it('that begins an event stream and says nothing more is not waited for', { timeout: 30_000 }, async (t) => {
    const silent: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n');
    };
    assert.match(await said(t, silent, {}, 300), /^problem .*not as an MCP endpoint \(200, text\/event-stream\)/);
  });

  it('that does not answer is not waited for', { timeout: 30_000 }, async (t) => {
    assert.match(await said(t, () => {}, {}, 300), /^problem .*: ORIGIN cannot be reached \(no answer in /);
  });

  it('that is no MCP endpoint at this path', async (t) => {
    for (const [status, type, body] of [
      [200, 'text/html; charset=utf-8', '<h1>It works!</h1>'],
      [200, 'application/json', '{"jsonrpc":"2.0","id":1,"result":{}}'],
      [200, 'application/json', '{"status":"ok"}'],
      [200, 'application/json', ''],
      [202, 'application/json', ''],
      [400, 'text/plain', 'Bad Request'],
      [404, 'text/html', INITIALIZED.slice(1)],
      [405, 'text/plain', ''],
    ] as const) {
      const shown = `(${status}, ${type.split(';')[0]})`;
      const expected = `problem MCP server at /mcp/x: ORIGIN answers, but not as an MCP endpoint ${shown}. Correct the path of its url in ${SETTINGS}`;
      assert.ok((await said(t, answering(status, type, body))).startsWith(expected), `${shown} ${body}`);
    }
  });

  it('that refuses the call in the terms of JSON-RPC is quoted', async (t) => {
    const refused = JSON.stringify({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: `Invalid Host${'!'.repeat(999)}` },
    });
    const text = await said(t, answering(403, 'application/json', refused));
    assert.match(
      text,
      /^problem .*: ORIGIN refuses the call \(403, JSON-RPC error -32000: Invalid Host!+\)\. See what/,
    );
    assert.ok(text.length < 500);
  });

  it('that has trouble of its own', async (t) => {
    for (const status of [429, 500, 503])
      assert.match(
        await said(t, answering(status, 'text/html')),
        new RegExp(`^problem .*: ORIGIN answers ${status}\\. The server has`),
      );
  });

  it('that redirects is not followed, and it is said to where', async (t) => {
    const elsewhere = (location: string) => answering(307, 'text/plain', '', { location });
    const text = await said(t, elsewhere('/mcp/?key=hunter2'), { credential: 'github' });
    assert.match(
      text,
      /^problem .*: ORIGIN redirects to ORIGIN\/mcp\/\. The bridge follows no redirects: .* write that address/,
    );
    assert.match(await said(t, elsewhere('https://login.example/?a')), /redirects to https:\/\/login\.example\/\. /);
    assert.match(await said(t, answering(302, 'text/plain')), /redirects to nowhere\. /);
  });

  it('that cannot be reached, with the setting that has its address', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const findings = await checkMcpUpstreams({ upstreams: [upstream(`${url}/mcp`)] });
    assert.deepEqual(
      findings.map(line).map((text) => text.split(', the name server')[0]),
      [`problem MCP server at /mcp/x: ${url} cannot be reached (ECONNREFUSED). Check ${SETTINGS}`],
    );
  });

  it('that would get GitHub tokens over a network in the clear', async (t) => {
    const url = 'http://no-such-host-of-the-doctor.internal/';
    const about = async (more: Partial<McpUpstream>) =>
      (await checkMcpUpstreams({ upstreams: [upstream(url, more)] }, 5000))
        .map(line)
        .filter((text) => /unencrypted/.test(text));
    const [warning, ...rest] = await about({ credential: 'github' });
    assert.match(warning ?? '', /^warning MCP server at \/mcp\/x: people's GitHub tokens go to http:\/\/no-such-host/);
    assert.deepEqual(rest, []);
    assert.deepEqual(await about({ credential: 'none' }), []);
    const loopback = await said(t, answering(401, 'text/plain'), { credential: 'github' });
    assert.match(loopback, /^ok /);
  });
});

describe('the doctor on several MCP servers', () => {
  it('asks all at once, and says of each by its path', async (t) => {
    const waiting: ServerResponse[] = [];
    const whenBothAreAsked: RequestListener = (_request, response) => {
      waiting.push(response);
      if (waiting.length < 2) return;
      for (const each of waiting) each.writeHead(200, { 'content-type': 'application/json' }).end(INITIALIZED);
    };
    const server = await listen(whenBothAreAsked);
    t.after(() => server.close());
    const { name: _name, ...unnamed } = upstream(server.url);
    const findings = await checkMcpUpstreams(
      { upstreams: [unnamed, upstream(server.url, { name: 'read-only' })] },
      5000,
    );
    assert.deepEqual(
      findings.map(({ check, ...rest }) => [check, 'ok' in rest]),
      [
        ['MCP server at /mcp', true],
        ['MCP server at /mcp/read-only', true],
      ],
    );
  });

  it('says nothing when there are none', async () => {
    assert.deepEqual(await checkMcpUpstreams({ upstreams: [] }), []);
  });
});
