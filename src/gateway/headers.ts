/**
 * Which headers pass: an allow list for each direction, so that a header that nobody thought of does not pass
 * (docs/gateway.md).
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Headers of the client that the MCP server gets, besides those that begin with `mcp-` or `x-mcp-`. */
const TO_SERVER: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'last-event-id',
  'traceparent',
  'tracestate',
  'user-agent',
]);
/** Headers of the MCP server that the client gets, besides those of {@link PREFIXES_TO_CLIENT}. */
const TO_CLIENT: ReadonlySet<string> = new Set(['content-type', 'content-language', 'retry-after', 'allow']);
const PREFIXES_TO_CLIENT = ['mcp-', 'x-mcp-', 'x-github-', 'x-ratelimit-'];
/** Directives that let a shared cache keep an answer to an authorized request (RFC 9111 section 3.5). */
const SHARED = /(?:^|[\s,])(?:public|s-maxage|must-revalidate|proxy-revalidate)(?=$|[\s,=])/i;
export const SESSION_ID = 'mcp-session-id';

/**
 * The headers of the request to the MCP server, but for `Authorization` and the session id, which are made per request.
 * @param fixed the operator's headers, by name in lower case: they win. Once one `x-mcp-*` is fixed, none of the client's
 *   passes, because GitHub's server adds them up
 */
export function requestHeaders(
  client: IncomingHttpHeaders,
  fixed: Readonly<Record<string, string>>,
): Record<string, string> {
  const ownToolsets = Object.keys(fixed).some((name) => name.startsWith('x-mcp-'));
  const headers: Record<string, string> = {};
  for (const name in client) {
    const passes =
      TO_SERVER.has(name) ||
      (name.startsWith('mcp-') && name !== SESSION_ID) ||
      (name.startsWith('x-mcp-') && !ownToolsets);
    const value = client[name];
    if (passes && value !== undefined) headers[name] = String(value);
  }
  headers['accept-encoding'] = 'identity';
  return Object.assign(headers, fixed);
}

/** The headers of the answer to the client, but for the session id and the length. */
export function responseHeaders(server: IncomingHttpHeaders): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in server) {
    const passes =
      TO_CLIENT.has(name) || PREFIXES_TO_CLIENT.some((prefix) => name.startsWith(prefix) && name !== SESSION_ID);
    const value = server[name];
    if (passes && value !== undefined) headers[name] = textOf(value);
  }
  const cacheControl = server['cache-control'];
  if (cacheControl !== undefined)
    headers['cache-control'] = SHARED.test(textOf(cacheControl)) ? 'no-store' : textOf(cacheControl);
  return headers;
}

function textOf(value: string | string[]): string {
  return Array.isArray(value) ? value.join(', ') : value;
}
