/**
 * Resources: what tokens can be good for. The built-in one has three names (`PUBLIC_URL`, `/mcp`, `/sse`) and one
 * audience, `PUBLIC_URL/mcp`; each of `RESOURCES` is its own. @see RFC 8707, RFC 9728
 */
import { invalidTarget } from '../protocol/oauth-error.ts';
import { spaceSeparated } from '../protocol/parameters.ts';

export interface Resources {
  /** The audience of the built-in resource. */
  readonly builtIn: string;
  /** All audiences, the built-in first. */
  readonly all: readonly string[];
  /**
   * The audience that a `resource` parameter names; absent, the built-in one.
   * @throws {OAuthError} invalid_target when it names none, or several
   */
  resolve(parameter: string | undefined): string;
}

/**
 * @param publicUrl the bridge's origin
 * @param others resource identifiers of other servers
 */
export function createResources(publicUrl: string, others: readonly string[]): Resources {
  const builtIn = `${publicUrl}/mcp`;
  const audiences = new Map<string, string>();
  for (const name of [publicUrl, builtIn, `${publicUrl}/sse`]) audiences.set(comparable(name), builtIn);
  for (const name of others) audiences.set(comparable(name), name);
  return {
    builtIn,
    all: [builtIn, ...others],
    resolve(parameter) {
      if (parameter === undefined) return builtIn;
      const found = new Set(spaceSeparated(parameter).map((word) => audiences.get(comparable(word))));
      const [audience] = found;
      if (found.size > 1)
        throw invalidTarget('a token is good for one resource only: ask for each in a request of its own');
      if (audience === undefined) throw invalidTarget('this server issues no tokens for that resource');
      return audience;
    },
  };
}

/** As clients really send it: host in any case, a trailing slash or a query more or less (clients.md, ChatGPT). */
function comparable(resource: string): string {
  if (!URL.canParse(resource)) return '';
  const url = new URL(resource);
  if (url.hash !== '' || url.username !== '' || url.password !== '') return '';
  return `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
