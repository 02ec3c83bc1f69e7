/** What an MCP server gets as `Authorization: Bearer`: the GitHub token, a token that names the person, or nothing. */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { McpUpstream } from '../config/upstreams.ts';
import type { TokenForwarding } from '../github/forwarding.ts';
import { GithubTrouble } from '../github/trouble.ts';
import { callerOf } from '../mcp/bearer.ts';
import type { Session } from '../store/records.ts';
import type { IdentityTokens } from './identity-token.ts';
import { Refusal } from './refusal.ts';

/** One token for one request, and what follows when the server refuses it. */
export interface OutgoingToken {
  /** Undefined for credential `none`. */
  readonly token: string | undefined;
  /** Whether GitHub may be asked for more scopes for it: tokens of a GitHub App have none. */
  readonly hasScopes: boolean;
  /**
   * The server answered 401.
   * @returns another token to try once
   * @throws {Refusal} 502 when there is none: a server cannot log anybody out (design decision 10)
   * @throws {CredentialDead} when GitHub says that the session is over
   */
  refused(): Promise<OutgoingToken>;
}

/** Creates the function that gives the token of a request. */
export function createOutgoingTokens(
  { credential }: Pick<McpUpstream, 'credential'>,
  forwarding: TokenForwarding,
  identities: IdentityTokens,
): (authInfo: AuthInfo) => Promise<OutgoingToken> {
  const refusedFor = (why: string) => async (): Promise<never> => {
    throw new Refusal(502, 'broken', `the MCP server refuses ${why}; your session is kept`);
  };

  async function github(authInfo: AuthInfo): Promise<OutgoingToken> {
    const first = await forwarding.fresh(callerOf(authInfo).session);
    const of = ({ credential: current }: Session, refused: OutgoingToken['refused']): OutgoingToken => {
      const token = forwarding.accessToken(current);
      return { token, hasScopes: !token.startsWith('ghu_'), refused };
    };
    return of(first, async () => {
      const current = await forwarding.afterRefusal(first);
      const refused = refusedFor('your GitHub token');
      return current === undefined ? refused() : of(current, refused);
    });
  }

  switch (credential) {
    case 'github':
      return async (authInfo) => {
        try {
          return await github(authInfo);
        } catch (error) {
          if (!(error instanceof GithubTrouble)) throw error;
          throw new Refusal(503, 'unreachable', error.message, { retryAfter: error.retryAfter ?? 30, cause: error });
        }
      };
    case 'identity':
      return async (authInfo) => ({
        token: await identities.tokenFor(callerOf(authInfo).session, authInfo.scopes),
        hasScopes: false,
        refused: refusedFor('the token that names you'),
      });
    case 'none':
      return async () => ({ token: undefined, hasScopes: false, refused: refusedFor('requests without a token') });
  }
}
