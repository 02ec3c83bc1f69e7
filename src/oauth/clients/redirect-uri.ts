/**
 * Redirect URIs: which ones may be registered, and when a requested URI equals a registered one (design decision 12).
 * @see OAuth 2.1 section 2.3, RFC 8252 sections 7 and 8
 */
import { isLoopbackHost } from '../../security/hosts.ts';
import { DANGEROUS_SCHEMES, EDITOR_SCHEMES } from '../../security/schemes.ts';

type RedirectKind = 'https' | 'loopback' | 'app';

const MAX_LENGTH = 2048;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
/** What the last path segment of an editor's callback address is called. */
const CALLBACK_SEGMENT = /\/(?:cb|(?:oauth[-_]?)?callback|oauth|redirect|did-authenticate)$/;
/** A host or path segment at which editors install, open or run what the rest of the address names. */
const EDITOR_COMMAND =
  /[:/](?:install|command|prompt|rule|createchat|file|clone|extension|settings|by-name|ssh|vscode-remote)(?:\/|$)/;
/** A query parameter that names what an app should install, open or run. */
const COMMAND_PARAMETER = /[?&](?:config|url|command)(?:=|&|$)/i;
const LOOPBACK_PORT = /^(http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]))(?::\d{1,5})?(?=[/?]|$)/;

/**
 * Checks a redirect URI for registration.
 * @param schemes private-use schemes that are accepted besides those with a dot in their name
 * @returns what is wrong with it; undefined when it is accepted
 */
export function redirectUriProblem(uri: string, schemes: readonly string[]): string | undefined {
  if (uri.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (!VISIBLE_ASCII.test(uri) || uri.includes('\\')) return 'holds characters that a URI cannot have';
  if (!URL.canParse(uri)) return 'is not an absolute URI';
  const url = new URL(uri);
  if (uri.includes('#')) return 'has a fragment';
  if (uri.includes('*')) return 'has a wildcard';
  if (url.username !== '' || url.password !== '' || /^[a-z][a-z0-9+.-]*:\/\/[^/?]*@/i.test(uri))
    return 'has user information';
  if (/(?:\/|%2f)(?:\.|%2e){1,2}(?:[/?]|%2f|$)/i.test(uri.replace(/\?.*$/, ''))) return 'has dot segments';
  const scheme = url.protocol.slice(0, -1);
  if (scheme === 'https' || scheme === 'http') {
    if (!/^https?:\/\/[^/]/i.test(uri)) return 'has no host';
    if (scheme === 'http' && !isLoopbackHost(url.hostname)) return 'is http on a host that is not loopback';
    return undefined;
  }
  if (DANGEROUS_SCHEMES.has(scheme)) return `has the scheme ${scheme}, which is never a client's`;
  if (!scheme.includes('.') && !schemes.includes(scheme))
    return `has the scheme ${scheme}, which this server does not take`;
  if (EDITOR_SCHEMES.includes(scheme) ? !isEditorCallback(uri) : COMMAND_PARAMETER.test(uri))
    return 'is not a callback address: an app could install, open or run something there';
  return undefined;
}

/**
 * Whether an address of an editor's scheme has the shape of a callback address. Editors take links of their scheme that
 * install, open or run something, too; those have a query, or name a command.
 */
function isEditorCallback(uri: string): boolean {
  const lower = uri.toLowerCase();
  return !/[?%]/.test(uri) && CALLBACK_SEGMENT.test(lower) && !EDITOR_COMMAND.test(lower);
}

/**
 * Whether a requested redirect URI equals a registered one in every character, except the port of an http loopback
 * address (docs/clients.md, Claude Code).
 * @see RFC 8252 section 7.3
 */
export function redirectUriMatches(registered: string, requested: string): boolean {
  if (registered === requested) return true;
  const [before, after] = [withoutLoopbackPort(registered), withoutLoopbackPort(requested)];
  return before !== undefined && before === after && URL.canParse(requested);
}

/** The kind of a valid redirect URI: a web server, a program on this machine, or an app with a private-use scheme. */
export function redirectKind(uri: string): RedirectKind {
  const { protocol } = new URL(uri);
  if (protocol === 'https:') return isLoopbackHost(new URL(uri).hostname) ? 'loopback' : 'https';
  return protocol === 'http:' ? 'loopback' : 'app';
}

/** The target of a redirect URI as the consent page shows it: the host, or the scheme of an app. */
export function redirectHost(uri: string): string {
  const url = new URL(uri);
  return redirectKind(uri) === 'app' ? `${url.protocol}//${url.host}` : url.host;
}

function withoutLoopbackPort(uri: string): string | undefined {
  return LOOPBACK_PORT.test(uri) ? uri.replace(LOOPBACK_PORT, '$1') : undefined;
}
