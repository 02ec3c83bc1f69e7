/**
 * Access tokens: JWTs for one audience, signed with ES256 for the resources served here and with RS256 for others. A check
 * accepts exactly one `typ`, algorithm, issuer and audience.
 * @see RFC 9068 (design decision 4)
 */
import { hash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { parseJson } from '../../base/json.ts';
import { signJwt } from '../../security/jws.ts';
import type { SigningAlgorithm, SigningKeys } from '../../security/keys.ts';
import { randomId } from '../../security/secrets.ts';
import type { GrantState, SessionRef } from '../../store/records.ts';
import type { Resources } from '../resource-indicators.ts';
import { formatSid, parseSid } from './session-tokens.ts';

const TYP = 'at+jwt';
/** Characters. */
const MAX_TOKEN_LENGTH = 4096;
/** Checked tokens in the cache. */
const MAX_CACHED = 10_000;
/** Milliseconds for which a signature is not checked again. */
const CACHE_TTL = 60_000;

/** Claims of an access token (RFC 9068 section 2.2). */
const claimsSchema = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  client_id: z.string(),
  scope: z.string().default(''),
  jti: z.string(),
  sid: z.string(),
  iat: z.number(),
  exp: z.number(),
});
/** The claims of a checked token, and the session that its `sid` names. */
export type AccessTokenClaims = z.infer<typeof claimsSchema> & { readonly session: SessionRef };

/** The token is not a valid access token of this server; the message is for logs. */
export class InvalidAccessToken extends Error {
  override readonly name = 'InvalidAccessToken';
}

export interface AccessTokens {
  /** Signs an access token for a grant. @param scope the grant's scope, or a narrower one */
  mint(grant: GrantState, subject: string, scope: readonly string[]): Promise<string>;
  /**
   * Checks a token for one resource.
   * @param audience an audience of this server
   * @param options.expired whether to accept an expired token too, for revocation
   * @throws {InvalidAccessToken} when the token is not valid for that audience
   */
  verify(token: string, audience: string, options?: { expired?: boolean }): Promise<AccessTokenClaims>;
  /** Checks a token for any resource of this server. @throws {InvalidAccessToken} when it is not valid */
  verifyAny(token: string, options?: { expired?: boolean }): Promise<AccessTokenClaims>;
}

interface AccessTokenOptions {
  readonly issuer: string;
  readonly resources: Resources;
  readonly keys: SigningKeys;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds. */
  readonly ttl: number;
}

/** A token whose signature was checked, with the key that signed it. */
interface CheckedToken {
  readonly claims: AccessTokenClaims;
  readonly kid: string;
}

/** Creates the issuer and checker of access tokens, with a cache of checked signatures. */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { issuer, resources, keys, now, ttl } = options;
  const checked = new LRUCache<string, CheckedToken>({ max: MAX_CACHED, ttl: CACHE_TTL });
  const algorithmFor = (audience: string): SigningAlgorithm => (resources.find(audience)?.own ? 'ES256' : 'RS256');

  async function check(token: string, audience: string, expired: boolean): Promise<CheckedToken> {
    const algorithm = algorithmFor(audience);
    const { payload, protectedHeader } = await jwtVerify(
      token,
      async (header) => {
        const key = header.kid === undefined ? undefined : await keys.find(header.kid, algorithm);
        if (key === undefined) throw new InvalidAccessToken('signed with a key that is not ours');
        return key;
      },
      {
        algorithms: [algorithm],
        typ: TYP,
        issuer,
        audience,
        currentDate: new Date(expired ? 0 : now() * 1000),
      },
    );
    const claims = claimsSchema.parse(payload);
    const session = parseSid(claims.sid);
    if (session === undefined) throw new InvalidAccessToken('sid is not ours');
    return { claims: { ...claims, session }, kid: protectedHeader.kid ?? '' };
  }

  async function verify(token: string, audience: string, { expired = false } = {}): Promise<AccessTokenClaims> {
    if (token.length > MAX_TOKEN_LENGTH) throw new InvalidAccessToken('too long');
    const key = hash('sha256', `${audience}\0${token}`, 'base64url');
    const known = checked.get(key);
    // A key that was retired ends what it signed, also what was checked before.
    if (known !== undefined && keys.isLoaded(known.kid)) {
      if (!expired && known.claims.exp <= now()) throw new InvalidAccessToken('expired');
      return known.claims;
    }
    try {
      const result = await check(token, audience, expired);
      if (!expired) checked.set(key, result);
      return result.claims;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof z.ZodError || error instanceof TypeError) {
        throw new InvalidAccessToken(error.message, { cause: error });
      }
      throw error;
    }
  }

  return {
    async mint(grant, subject, scope) {
      const iat = now();
      return signJwt(await keys.current(algorithmFor(grant.resource)), TYP, {
        iss: issuer,
        sub: subject,
        aud: grant.resource,
        client_id: grant.clientId,
        scope: scope.join(' '),
        jti: randomId(),
        sid: formatSid(grant.ref),
        iat,
        exp: iat + ttl,
      } satisfies z.infer<typeof claimsSchema>);
    },
    verify,
    async verifyAny(token, verifyOptions) {
      const claimed = claimedAudience(token);
      const audience = resources.all.find((resource) => resource.audience === claimed)?.audience;
      if (audience === undefined || algorithmOf(token) !== algorithmFor(audience))
        throw new InvalidAccessToken('not for a resource of this server');
      return verify(token, audience, verifyOptions);
    },
  };
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

/** The `aud` claim of a token whose signature was not checked yet. */
function claimedAudience(token: string): unknown {
  const payload = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return z.object({ aud: z.string() }).safeParse(payload).data?.aud;
}
