/**
 * Resources: the audiences that tokens can have. The built-in resource has three names (`PUBLIC_URL`, `PUBLIC_URL/mcp`,
 * `PUBLIC_URL/sse`) and the audience `PUBLIC_URL/mcp`. The audience of each of `RESOURCES` is its own identifier.
 * @see RFC 8707, RFC 9728
 */
import { invalidTarget } from '../protocol/oauth-error.ts';
import { spaceSeparated } from '../protocol/parameters.ts';
import { comparableResource } from '../protocol/resource.ts';

export interface Resources {
  /** The audience of the built-in resource. */
  readonly builtIn: string;
  /** All audiences; the built-in one is the first. */
  readonly all: readonly string[];
  /**
   * The audience that a `resource` parameter names; the built-in one when the parameter is absent.
   * @throws {OAuthError} invalid_target when it names no resource of this server, or several
   */
  resolve(parameter: string | undefined): string;
}

/**
 * Creates the resources.
 * @param publicUrl the bridge's origin
 * @param others the value of `RESOURCES`: identifiers of other resource servers
 */
export function createResources(publicUrl: string, others: readonly string[]): Resources {
  const builtIn = `${publicUrl}/mcp`;
  const audiences = new Map<string, string>();
  for (const name of [publicUrl, builtIn, `${publicUrl}/sse`]) audiences.set(comparableResource(name), builtIn);
  for (const name of others) audiences.set(comparableResource(name), name);
  return {
    builtIn,
    all: [builtIn, ...others],
    resolve(parameter) {
      if (parameter === undefined) return builtIn;
      const found = new Set(spaceSeparated(parameter).map((word) => audiences.get(comparableResource(word))));
      const [audience] = found;
      if (found.size > 1)
        throw invalidTarget('a token is good for one resource only: ask for each in a request of its own');
      if (audience === undefined) throw invalidTarget('this server issues no tokens for that resource');
      return audience;
    },
  };
}
