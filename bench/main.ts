/** `npm run bench`: runs the races, see README.md. */
import { Agent, request } from 'undici';
import { z } from 'zod';
import { type Contestant, contestant, type Ready } from './contestant.ts';
import { race } from './race.ts';
import { streams } from './streams.ts';

const agent = new Agent({ connections: 8, pipelining: 1 });
const toolCall = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'get_auth_status', arguments: {} },
});

/** Calls `get_auth_status`. @param path the path of the MCP endpoint */
const callsTool = (path: string) => (server: Ready) => async () => {
  const { statusCode, body } = await request(`${server.url}${path}`, {
    dispatcher: agent,
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.state.accessToken}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-06-18',
    },
    body: toolCall,
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('octocat'))
    throw new Error(`${path} answered ${statusCode}: ${text.slice(0, 200)}`);
};

/** Calls the server of `servers/backend.ts`, directly or through another. */
const callsServer = (path: string) => (server: Ready) => async () => {
  const { statusCode, body } = await request(`${server.url}${path}`, {
    dispatcher: agent,
    method: 'POST',
    headers: {
      ...(server.state.accessToken === undefined ? {} : { authorization: `Bearer ${server.state.accessToken}` }),
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2025-06-18',
    },
    body: toolCall,
  });
  const text = await body.text();
  if (statusCode !== 200 || !text.includes('xxx'))
    throw new Error(`${path} answered ${statusCode}: ${text.slice(0, 200)}`);
};

/** Refreshes. Simultaneous requests wait for each other, because each needs the newest refresh token. */
const refreshes = ({ url, state }: Ready) => {
  let turn: Promise<string> = Promise.resolve(state.refreshToken ?? '');
  return async () => {
    turn = turn.then(async (refreshToken) => {
      const { statusCode, body } = await request(`${url}/token`, {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: refreshToken,
          client_id: state.clientId ?? '',
        }).toString(),
      });
      const answer = await body.json();
      if (statusCode !== 200) throw new Error(`/token answered ${statusCode}: ${JSON.stringify(answer)}`);
      return z.object({ refresh_token: z.string() }).parse(answer).refresh_token;
    });
    await turn;
  };
};

/** The races whose title contains all of the given words run; without words, all. */
const words = process.argv.slice(2).map((word) => word.toLowerCase());
const wanted = (title: string) => words.every((word) => title.toLowerCase().includes(word));

async function run(title: string, contestants: () => Promise<Contestant>[]): Promise<void> {
  if (!wanted(title)) return;
  const started = await Promise.all(contestants());
  try {
    await race(title, started);
  } finally {
    for (const { stop } of started) stop();
  }
}

await run('tools/call: a tool call that needs no GitHub data', () => [
  contestant('MCP SDK alone', 'sdk', [], callsTool('/')),
  contestant('MCP SDK with a JWT check', 'sdk', ['jwt'], callsTool('/')),
  contestant('bridge, SQLite', 'bridge', ['sqlite'], callsTool('/mcp')),
  contestant('bridge, Redis', 'bridge', ['redis'], callsTool('/mcp')),
]);
await run('refresh, with rotation and a JWT access token', () => [
  contestant('oidc-provider, in memory', 'oidc-provider', [], refreshes),
  contestant('bridge, SQLite', 'bridge', ['sqlite'], refreshes),
  contestant('bridge, Redis', 'bridge', ['redis'], refreshes),
]);
const gateway = 'gateway: a small call of an MCP server behind the bridge';
const eventStreams = 'gateway: event streams';
if (wanted(gateway) || wanted(eventStreams)) {
  const backend = await contestant('the server itself', 'backend', [], callsServer('/'));
  const behind = backend.server.url;
  await run(gateway, () => [
    contestant('a plain reverse proxy', 'reverse-proxy', [behind], callsServer('/')),
    contestant('bridge, SQLite', 'bridge', ['sqlite', behind], callsServer('/mcp/one')),
    contestant('bridge, Redis', 'bridge', ['redis', behind], callsServer('/mcp/one')),
  ]);
  if (wanted(eventStreams))
    await streams(backend, [
      contestant('a plain reverse proxy', 'reverse-proxy', [behind], callsServer('/')),
      contestant('bridge, SQLite', 'bridge', ['sqlite', behind], callsServer('/mcp/one')),
    ]);
  backend.stop();
}
await agent.close();
