/**
 * Request parameters: read from the raw query or form, so that a parameter sent twice is seen.
 * Empty values count as absent. @see OAuth 2.1 sections 3.1 and 3.2.2
 */
import { invalidRequest } from './oauth-error.ts';

export type Parameters = ReadonlyMap<string, string>;

/** Parameters that may be repeated: RFC 8707 section 2 lets a client name several resources. */
const REPEATABLE = new Set(['resource']);
const MAX_LENGTH = 8192;

/**
 * @param encoded `application/x-www-form-urlencoded` text, of a query or of a body
 * @throws {OAuthError} invalid_request when a parameter is repeated, too long, or holds control characters
 */
export function parseParameters(encoded: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(encoded)) {
    if (value === '') continue;
    if (value.length > MAX_LENGTH) throw invalidRequest(`parameter ${printable(name)} is too long`);
    if (hasControlCharacters(value)) throw invalidRequest(`parameter ${printable(name)} holds control characters`);
    const before = parameters.get(name);
    if (before === undefined) parameters.set(name, value);
    else if (REPEATABLE.has(name)) parameters.set(name, `${before} ${value}`);
    else throw invalidRequest(`parameter ${printable(name)} is repeated`);
  }
  return parameters;
}

/** Space-separated values of a parameter, each once, in order. */
export function words(value: string | undefined): string[] {
  return [...new Set((value ?? '').split(' ').filter((word) => word !== ''))];
}

function hasControlCharacters(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** A name made safe for an error description (RFC 6749 section 5.2 limits its characters). */
function printable(name: string): string {
  return name.replace(/[^\w.-]/g, '?').slice(0, 40);
}
