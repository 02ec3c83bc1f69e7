/** ID tokens, for logins with the scope `openid`. @see OpenID Connect Core sections 2 and 3.1.3.6 */
import { createHash } from 'node:crypto';
import { defined } from '../../base/defined.ts';
import { signJwt } from '../../security/jws.ts';
import type { SigningKeys } from '../../security/keys.ts';
import type { Account, Session } from '../../store/records.ts';
import { subjectOf } from './subject.ts';

const ALGORITHM = 'RS256';

export interface IdTokens {
  /** Signs the ID token that is issued together with an access token. */
  mint(session: Session, accessToken: string): Promise<string>;
}

interface IdTokenOptions {
  readonly issuer: string;
  readonly keys: SigningKeys;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds. */
  readonly ttl: number;
}

/** Creates the issuer of ID tokens. */
export function createIdTokens({ issuer, keys, now, ttl }: IdTokenOptions): IdTokens {
  return {
    async mint({ grant, credential: { account } }, accessToken) {
      const iat = now();
      return signJwt(await keys.current(ALGORITHM), 'JWT', {
        iss: issuer,
        sub: subjectOf(account),
        aud: grant.clientId,
        auth_time: grant.authTime,
        at_hash: accessTokenHash(accessToken),
        nonce: grant.nonce,
        ...(grant.scope.includes('profile') ? profileClaims(account) : {}),
        iat,
        exp: iat + ttl,
      });
    },
  };
}

/** The claims of the scope `profile`, in ID tokens and at userinfo. @see OpenID Connect Core section 5.4 */
export function profileClaims({ login, name, avatarUrl }: Account): Record<string, string> {
  return { preferred_username: login, ...defined({ name, picture: avatarUrl }) };
}

/** The claim `at_hash`: the left half of the access token's SHA-256. @see OpenID Connect Core section 3.1.3.6 */
function accessTokenHash(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest().subarray(0, 16).toString('base64url');
}
