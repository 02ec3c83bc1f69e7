/** ID tokens, for who asked for `openid`. @see OpenID Connect Core sections 2 and 3.1.3.6 */
import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Session } from '../../store/records.ts';
import type { Services } from '../endpoints/services.ts';
import { subjectOf } from './subject.ts';

const ALGORITHM = 'RS256';

/** Signs the ID token that goes with an access token. */
export async function mintIdToken(
  services: Pick<Services, 'issuer' | 'keys' | 'now' | 'accessTokenTtl'>,
  { grant, credential: { account } }: Session,
  accessToken: string,
): Promise<string> {
  const { kid, privateKey } = await services.keys.current(ALGORITHM);
  const iat = services.now();
  return new SignJWT({
    auth_time: grant.authTime,
    at_hash: createHash('sha256').update(accessToken, 'ascii').digest().subarray(0, 16).toString('base64url'),
    ...(grant.nonce === undefined ? {} : { nonce: grant.nonce }),
    ...(grant.scope.includes('profile')
      ? {
          preferred_username: account.login,
          ...(account.name === undefined ? {} : { name: account.name }),
          ...(account.avatarUrl === undefined ? {} : { picture: account.avatarUrl }),
        }
      : {}),
  })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
    .setIssuer(services.issuer)
    .setSubject(subjectOf(account))
    .setAudience(grant.clientId)
    .setIssuedAt(iat)
    .setExpirationTime(iat + services.accessTokenTtl)
    .sign(privateKey);
}
