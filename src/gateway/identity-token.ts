/**
 * The token that names a person to one MCP server: a JWT of this server for that server alone, which it verifies by the
 * JWKS. It opens nothing here: its audience is no resource of this server.
 * @see RFC 9068 section 2
 */
import { LRUCache } from 'lru-cache';
import { formatSid } from '../oauth/tokens/session-tokens.ts';
import { subjectOf } from '../oauth/tokens/subject.ts';
import { signJwt } from '../security/jws.ts';
import type { SigningKeys } from '../security/keys.ts';
import { randomId } from '../security/secrets.ts';
import type { Session } from '../store/records.ts';

/** Seconds. */
const TTL = 300;
/** Milliseconds for which a token is used before another is made. */
const REUSED_FOR = 60_000;
const MAX_CACHED = 10_000;
const ALGORITHM = 'RS256';

export interface IdentityTokens {
  /** The token for the caller of a request. @param scope of the caller's access token */
  tokenFor(session: Session, scope: readonly string[]): Promise<string>;
}

interface IdentityTokenOptions {
  readonly issuer: string;
  /** The `url` of the MCP server. */
  readonly audience: string;
  readonly keys: SigningKeys;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Creates the issuer of the tokens for one MCP server. */
export function createIdentityTokens({ issuer, audience, keys, now }: IdentityTokenOptions): IdentityTokens {
  const made = new LRUCache<string, Promise<string>>({
    max: MAX_CACHED,
    ttl: REUSED_FOR,
    perf: { now: () => now() * 1000 },
    ttlResolution: 0,
  });

  async function make({ grant, credential: { account } }: Session, scope: readonly string[]): Promise<string> {
    const iat = now();
    return signJwt(await keys.current(ALGORITHM), 'at+jwt', {
      iss: issuer,
      sub: subjectOf(account),
      aud: audience,
      client_id: grant.clientId,
      github_id: account.id,
      github_login: account.login,
      scope: scope.join(' '),
      jti: randomId(),
      iat,
      exp: iat + TTL,
    });
  }

  return {
    tokenFor(session, scope) {
      const key = `${formatSid(session.grant.ref)} ${session.credential.account.login} ${scope.join(' ')}`;
      let token = made.get(key);
      if (token === undefined) {
        token = make(session, scope);
        made.set(key, token);
        // A failure is not kept.
        token.catch(() => made.delete(key));
      }
      return token;
    },
  };
}
