/**
 * Request parameters, parsed from the raw query or form, so that a repeated parameter is detected. An empty value
 * counts as absent.
 * @see OAuth 2.1 sections 3.1 and 3.2.2
 */
import { invalidRequest } from './oauth-error.ts';

/** Parameters by name, in their wire spelling. */
export type Parameters = ReadonlyMap<string, string>;

/** Parameters that may be repeated: RFC 8707 section 2 allows several `resource` parameters. */
const REPEATABLE = new Set(['resource']);
/** Characters of one parameter value of OAuth. */
const MAX_LENGTH = 8192;

/**
 * Parses parameters. The values of a repeatable parameter are joined with a space.
 * @param encoded `application/x-www-form-urlencoded` text, from a query or from a body
 * @param maxLength characters of one value
 * @throws {OAuthError} invalid_request when a parameter is repeated, too long, or holds control characters
 */
export function parseParameters(encoded: string, maxLength = MAX_LENGTH): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(encoded)) {
    if (value === '') continue;
    if (value.length > maxLength) throw invalidRequest(`parameter ${printable(name)} is too long`);
    if (hasControlCharacters(value)) throw invalidRequest(`parameter ${printable(name)} holds control characters`);
    const before = parameters.get(name);
    if (before === undefined) parameters.set(name, value);
    else if (REPEATABLE.has(name)) parameters.set(name, `${before} ${value}`);
    else throw invalidRequest(`parameter ${printable(name)} is repeated`);
  }
  return parameters;
}

/** The values of a space-separated parameter such as `scope`, in their order and without duplicates. */
export function spaceSeparated(parameter: string | undefined): string[] {
  return [...new Set((parameter ?? '').split(' ').filter((value) => value !== ''))];
}

function hasControlCharacters(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

/** A parameter name made safe for an error description, whose characters RFC 6749 section 5.2 limits. */
function printable(name: string): string {
  return name.replace(/[^\w.-]/g, '?').slice(0, 40);
}
