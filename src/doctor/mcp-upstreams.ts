/**
 * Checks the MCP servers behind the bridge: whether each answers, speaks MCP, and wants what it will get. The request carries
 * no person's token, only the fixed headers of the entry, so what a server shows to a person alone is not checked.
 */
import { z } from 'zod';
import { parseJson } from '../base/json.ts';
import type { Config } from '../config/config.ts';
import { type McpUpstream, upstreamPath } from '../config/upstreams.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { type Finding, probe, TIMEOUT, unreachable } from './finding.ts';

const SETTINGS = 'MCP_UPSTREAMS or UPSTREAMS_FILE';
const PROTOCOL_VERSION = '2025-11-25';
/** Bytes that are read of an answer. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Characters that are shown of a server's own message. */
const MAX_SHOWN = 200;
/**
 * JSON-RPC errors with which a server of another revision of MCP answers `initialize`: method not found, invalid params, and
 * those of 2026-07-28 about headers, capabilities and versions. An error such as "Invalid Host" (-32000) is not among them.
 */
const OTHER_REVISION: ReadonlySet<number> = new Set([-32601, -32602, -32020, -32021, -32022]);

const messageSchema = z.union([
  z.object({ jsonrpc: z.literal('2.0'), result: z.object({ protocolVersion: z.string() }) }),
  z.object({ jsonrpc: z.literal('2.0'), error: z.object({ code: z.number(), message: z.string() }) }),
]);
type Message = z.infer<typeof messageSchema>;

/**
 * Checks all MCP servers at once.
 * @param timeout milliseconds within which each must answer
 */
export async function checkMcpUpstreams(
  { upstreams }: Pick<Config, 'upstreams'>,
  timeout = TIMEOUT,
): Promise<Finding[]> {
  const findings = await Promise.all(
    upstreams.map(async (upstream) => [...checkTransport(upstream), await checkAnswer(upstream, timeout)]),
  );
  return findings.flat();
}

function checkOf(upstream: McpUpstream): string {
  return `MCP server at ${upstreamPath(upstream)}`;
}

function checkTransport(upstream: McpUpstream): Finding[] {
  const { protocol, hostname, origin } = new URL(upstream.url);
  if (upstream.credential !== 'github' || protocol !== 'http:' || isLoopbackHost(hostname)) return [];
  const warning = `people's GitHub tokens go to ${origin} unencrypted: see that nobody else is on the network between`;
  return [{ check: checkOf(upstream), warning }];
}

/** Sends `initialize`, and ends the session that it may have begun. */
async function checkAnswer(upstream: McpUpstream, timeout: number): Promise<Finding> {
  const { url, headers } = upstream;
  const send = (init: RequestInit) => probe(url, { ...init, signal: AbortSignal.timeout(timeout) });
  let response: Response;
  try {
    response = await send({
      method: 'POST',
      headers: { ...headers, Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: PROTOCOL_VERSION,
          capabilities: {},
          clientInfo: { name: 'mcp-github-bridge doctor', version: '1' },
        },
      }),
    });
  } catch (error) {
    return unreachable(checkOf(upstream), url, SETTINGS, error);
  }
  const message = await readMessage(response);
  const session = response.headers.get('mcp-session-id');
  if (session !== null) {
    const version = message !== undefined && 'result' in message ? message.result.protocolVersion : PROTOCOL_VERSION;
    const ended = await send({
      method: 'DELETE',
      headers: { ...headers, 'Mcp-Session-Id': session, 'MCP-Protocol-Version': version },
    }).catch(() => undefined);
    await ended?.body?.cancel();
  }
  return findingFor(upstream, response, message);
}

function findingFor(upstream: McpUpstream, { status, headers }: Response, message: Message | undefined): Finding {
  const check = checkOf(upstream);
  const { origin } = new URL(upstream.url);
  const problem = (what: string, remedy: string): Finding => ({ check, problem: `${origin} ${what}`, remedy });
  if (status >= 300 && status < 400) {
    const location = headers.get('location');
    const target = location === null ? null : URL.parse(location, upstream.url);
    // Without the query, which may repeat a secret of the request.
    const where = target === null ? 'nowhere' : `${target.origin}${target.pathname}`;
    const remedy = `The bridge follows no redirects: if its MCP endpoint is there, write that address into ${SETTINGS}.`;
    return problem(`redirects to ${where}`, remedy);
  }
  if (status === 401) return wantsToken(upstream);
  if (message !== undefined && ('result' in message || OTHER_REVISION.has(message.error.code)))
    return answers(upstream);
  if (message !== undefined && 'error' in message) {
    const said = message.error.message.slice(0, MAX_SHOWN);
    const remedy = 'See what the message asks for, at that server or in its entry.';
    return problem(`refuses the call (${status}, JSON-RPC error ${message.error.code}: ${said})`, remedy);
  }
  if (status >= 500 || status === 429)
    return problem(`answers ${status}`, 'The server has a problem of its own: look at its log, and try again later.');
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content type';
  return problem(
    `answers, but not as an MCP endpoint (${status}, ${type})`,
    `Correct the path of its url in ${SETTINGS}: it is often /mcp. The endpoint must speak Streamable HTTP; HTTP+SSE (/sse) is not enough.`,
  );
}

/** The finding for a server that speaks MCP with a caller who has no token of a person. */
function answers(upstream: McpUpstream): Finding {
  const check = checkOf(upstream);
  const { origin } = new URL(upstream.url);
  if (upstream.credential === 'none') return { check, ok: `${origin} answers` };
  const advice =
    upstream.credential === 'github'
      ? 'if it needs none, say "credential": "none" in UPSTREAMS_FILE, so that it does not get people\'s GitHub tokens'
      : 'see that it checks the token of the bridge, or that nobody but the bridge can reach it';
  return { check, warning: `${origin} answers without a token: ${advice}` };
}

/** The finding for a server that answers 401. */
function wantsToken(upstream: McpUpstream): Finding {
  const check = checkOf(upstream);
  const { origin } = new URL(upstream.url);
  if (upstream.credential !== 'none')
    return { check, ok: `${origin} answers, and wants a token; more shows only with one` };
  if (upstream.headers.authorization !== undefined) {
    const remedy = 'Correct the header Authorization of its entry in UPSTREAMS_FILE.';
    return { check, problem: `${origin} does not take the fixed header Authorization`, remedy };
  }
  const remedy =
    'Say "credential": "github" or "identity" in UPSTREAMS_FILE, or fix a header Authorization there, whichever it takes.';
  return { check, problem: `${origin} wants a token, but gets none`, remedy };
}

/**
 * Reads the first JSON-RPC response of an answer, as JSON or in an event stream, then cancels the rest.
 * @returns undefined when there is none in the first {@link MAX_ANSWER_BYTES}, or none in time
 */
async function readMessage(response: Response): Promise<Message | undefined> {
  const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      size += chunk.length;
      const message = isStream ? firstMessage(eventsIn(text)) : undefined;
      if (message !== undefined) return message;
      if (size >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The answer was cut off, or did not end in time: what came of it counts.
  }
  return firstMessage(isStream ? eventsIn(text) : [text]);
}

/** The data of each event of an event stream. */
function eventsIn(text: string): string[] {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n\n')
    .map((event) => (event.match(/^data:.*$/gm) ?? []).map((line) => line.slice('data:'.length)).join('\n'));
}

function firstMessage(texts: readonly string[]): Message | undefined {
  return texts.map((text) => messageSchema.safeParse(parseJson(text)).data).find((message) => message !== undefined);
}
