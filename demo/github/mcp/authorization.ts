/**
 * The authorization of the MCP server: which bearer tokens it takes, its challenges, and its protected-resource metadata
 * (RFC 9728). It registers no clients: it takes tokens of GitHub, and names GitHub as its authorization server.
 *
 * There are two such servers, and they differ in what they make of a token:
 * - `remote` is GitHub's own, at api.githubcopilot.com. It asks GitHub first: a token that is unknown, expired or revoked
 *   is 401 at every request. Its challenges are as it was seen to answer.
 * - `local` is `github-mcp-server http --scope-challenge`, which people run beside a GitHub Enterprise Server. It looks at
 *   the form of the token only: `initialize` and `tools/list` are answered, and a call of a tool fails with GitHub's 401 in
 *   the result of the tool. It challenges with `resource_metadata` alone.
 */
import type { Credentials, TokenRecord } from '../credentials.ts';
import { coversScopes } from '../scopes.ts';
import { TOOLS } from './tools/index.ts';

export type McpServerKind = 'remote' | 'local';

export const METADATA_PREFIX = '/.well-known/oauth-protected-resource';

const TOKEN_PREFIXES = ['ghp_', 'github_pat_', 'gho_', 'ghu_', 'ghs_'];
/** A personal access token from before the prefixes (2021). */
const OLD_TOKEN = /^[a-f0-9]{40}$/;

const SCOPES_SUPPORTED = [
  'repo',
  'delete_repo',
  'read:org',
  'read:user',
  'user:email',
  'read:packages',
  'write:packages',
  'read:project',
  'project',
  'gist',
  'notifications',
  'workflow',
  'codespace',
];

/** A refusal: a status, a text, and a challenge with 401 and 403. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly challenge: string | undefined;

  constructor(status: number, text: string, challenge?: string) {
    super(text);
    this.status = status;
    this.challenge = challenge;
  }
}

export interface Caller {
  readonly token: string;
  /** `undefined` when the token is not valid, which only the server of the kind `local` lets through. */
  readonly record: TokenRecord | undefined;
}

export interface AuthorizationParts {
  credentials: Credentials;
  origin(): string;
  /** Which of the two servers it behaves as. */
  mcpServer: McpServerKind;
}

export class McpAuthorization {
  readonly #parts: AuthorizationParts;

  constructor(parts: AuthorizationParts) {
    this.#parts = parts;
  }

  /** The caller of a request, by its Authorization header; the scheme may be left out. @throws {Refusal} */
  caller(header: string, path: string): Caller {
    const remote = this.#parts.mcpServer === 'remote';
    const metadata = this.#metadataParameter(path);
    if (header === '') {
      if (!remote) throw new Refusal(401, 'Unauthorized', `Bearer ${metadata}`);
      const description = 'error_description="No access token was provided in this request"';
      const challenge = `Bearer error="invalid_request", ${description}, ${metadata}`;
      throw new Refusal(401, 'bad request: missing required Authorization header', challenge);
    }
    if (header.startsWith('GitHub-Bearer ')) throw new Refusal(400, 'bad request: unsupported Authorization header');
    const token = header.replace(/^bearer /i, '');
    if (!TOKEN_PREFIXES.some((prefix) => token.startsWith(prefix)) && !OLD_TOKEN.test(token)) {
      throw new Refusal(400, 'bad request: Authorization header is badly formatted');
    }
    const record = this.#parts.credentials.findToken(token);
    if (remote && record === undefined) {
      const challenge = `Bearer error="invalid_token", error_description="Token is not authorized", ${metadata}`;
      throw new Refusal(401, 'unauthorized: AuthenticateToken authentication failed', challenge);
    }
    return { token, record };
  }

  /**
   * Refuses the call of a tool whose scope the token of an OAuth App lacks, also of a tool that the request does not get.
   * Other kinds of tokens are not challenged, because nobody can add scopes to them.
   * @throws {Refusal} with the scopes that the token has and the one that it needs
   */
  checkScope({ token, record }: Caller, tool: string, path: string): void {
    const scope = TOOLS.find(({ name }) => name === tool)?.scope;
    if (record === undefined || scope === undefined || !token.startsWith('gho_')) return;
    if (coversScopes(record.scopes, [scope])) return;
    const scopes = [...record.scopes, scope].join(' ');
    const description = `error_description="Additional scopes required: ${scope}"`;
    const challenge = `Bearer error="insufficient_scope", scope="${scopes}", ${this.#metadataParameter(path)}, ${description}`;
    throw new Refusal(403, 'Forbidden: insufficient scopes', challenge);
  }

  /** The metadata document of a path of the MCP server; undefined for other paths. */
  metadata(wellKnownPath: string): Record<string, unknown> | undefined {
    const [, path = ''] = /^\/\.well-known\/oauth-protected-resource(\/.*)?$/.exec(wellKnownPath) ?? [];
    if (!wellKnownPath.startsWith(METADATA_PREFIX) || !RESOURCE_PATH.test(path)) return undefined;
    return {
      // As it was asked for: with a slash at the end, or without.
      resource: `${this.#parts.origin()}${path === '' || path === '/' ? '/mcp' : path}`,
      authorization_servers: [`${this.#parts.origin()}/login/oauth`],
      scopes_supported: SCOPES_SUPPORTED,
      bearer_methods_supported: ['header'],
      resource_name: 'GitHub MCP Server',
    };
  }

  #metadataParameter(path: string): string {
    return `resource_metadata="${this.#parts.origin()}${METADATA_PREFIX}${path}"`;
  }
}

const RESOURCE_PATH = /^(?:\/|\/mcp(?:\/readonly|\/insiders|\/x\/[^/]+(?:\/readonly)?)?\/?)?$/;
