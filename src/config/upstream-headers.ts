/** The fixed request headers of an MCP server behind the bridge. */
import type { Advice } from './setting.ts';

/** A token, which a header name must be (RFC 9110 section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** A value in ASCII, without control characters and without spaces around it (RFC 9110 section 5.5). */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
/**
 * Headers of the connection (RFC 9110 section 7.6.1), of the one message that is sent, and of the MCP transport: a fixed value
 * would contradict the request.
 */
const OF_THE_REQUEST =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings|host|content-.*|expect|accept|accept-encoding|mcp-.*|last-event-id)$/;

/**
 * Checks fixed headers. The advice repeats names, and no value, because a value may be a secret.
 * @returns the headers by name in lower case; those that are advised about are left out
 */
export function readUpstreamHeaders(
  headers: Readonly<Record<string, string>>,
  advise: (advice: Advice) => void,
): Record<string, string> {
  const read = new Map<string, string>();
  for (const [index, [written, value]] of Object.entries(headers).entries()) {
    const name = written.toLowerCase();
    if (!TOKEN.test(written))
      advise({
        problem: `the name of header ${index + 1} is not a token (RFC 9110)`,
        remedy: 'Write letters, digits and hyphens, without a colon.',
      });
    else if (OF_THE_REQUEST.test(name))
      advise({ problem: `header ${written} belongs to each request`, remedy: 'Leave it out: it cannot be fixed.' });
    else if (read.has(name))
      advise({ problem: `header ${written} stands twice`, remedy: 'Keep one: upper and lower case are the same.' });
    else if (!VALUE.test(value))
      advise({
        problem: `the value of header ${written} cannot be sent`,
        remedy: 'Write visible ASCII characters, and spaces between them only.',
      });
    else read.set(name, value);
  }
  return Object.fromEntries(read);
}
