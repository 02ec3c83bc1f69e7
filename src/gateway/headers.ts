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
/** Servers behind WSGI or CGI take `_` in a name for `-`, so that `mcp-session_id` would be a session id that nobody checked. */
const PLAIN_NAME = /^[a-z\d-]+$/;
/** Directives that let a shared cache keep an answer to an authorized request (RFC 9111 section 3.5). */
const SHARED = /public|s-maxage|must-revalidate|proxy-revalidate/i;
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
  const headers = passing(
    client,
    (name) => TO_SERVER.has(name) || name.startsWith('mcp-') || (name.startsWith('x-mcp-') && !ownToolsets),
  );
  headers['accept-encoding'] = 'identity';
  return Object.assign(headers, fixed);
}

/** The headers of the answer to the client, but for the session id and the length. */
export function responseHeaders(server: IncomingHttpHeaders): Record<string, string> {
  const headers = passing(
    server,
    (name) => TO_CLIENT.has(name) || PREFIXES_TO_CLIENT.some((prefix) => name.startsWith(prefix)),
  );
  const cacheControl = server['cache-control'];
  if (cacheControl !== undefined) {
    // Without its `Vary`, which does not pass, an answer would be used for other requests (RFC 9111 section 4.1).
    const mayBeKept = server.vary === undefined && !SHARED.test(textOf(cacheControl));
    headers['cache-control'] = mayBeKept ? textOf(cacheControl) : 'no-store';
  }
  return headers;
}

/** The headers that may pass, but for the session id and those that `Connection` names (RFC 9110 section 7.6.1). */
function passing(headers: IncomingHttpHeaders, mayPass: (name: string) => boolean): Record<string, string> {
  const ofConnection = textOf(headers.connection ?? '')
    .toLowerCase()
    .split(/[\s,]+/);
  const passed: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && mayPass(name) && name !== SESSION_ID && PLAIN_NAME.test(name))
      if (!ofConnection.includes(name)) passed[name] = textOf(value);
  }
  return passed;
}

function textOf(value: string | string[]): string {
  return Array.isArray(value) ? value.join(', ') : value;
}
