/**
 * Sessions in a bridge's store, made through the store's own interface and with the product's own functions, as logins and
 * code exchanges make them: one session a person, with records as they are in production.
 */
import { randomBytes } from 'node:crypto';
import { grantIdOf, newLoginId } from '../src/base/login-id.ts';
import { readConfig } from '../src/config/config.ts';
import { createPersonTag } from '../src/github/person.ts';
import { credentialId } from '../src/github/ten-tokens.ts';
import { createTokenSeal } from '../src/github/token-seal.ts';
import { touchRegistration, UNUSED_CLIENT_TTL } from '../src/oauth/clients/client.ts';
import { createResources } from '../src/oauth/resource-indicators.ts';
import { createAccessTokens } from '../src/oauth/tokens/access-token.ts';
import { mintCode, mintRefreshToken } from '../src/oauth/tokens/session-tokens.ts';
import { subjectOf } from '../src/oauth/tokens/subject.ts';
import { EventBus } from '../src/observe/events.ts';
import { openStore } from '../src/open-store.ts';
import { codeChallenge } from '../src/protocol/pkce.ts';
import { createSigningKeys } from '../src/security/keys.ts';
import { createSecrets, hashToken, randomId, randomToken, sealUnder } from '../src/security/secrets.ts';
import type { GrantState } from '../src/store/records.ts';
import type { NewSession } from '../src/store/session-operations.ts';
import type { BridgeEnvironment } from './bridge.ts';
import type { Lab } from './lab.ts';

export const REDIRECT_URI = 'http://localhost:45001/callback';
const CLIENT_NAME = 'Claude Code';
const SCOPE = ['read:user', 'user:email'];
/** The GitHub account ids of the people begin here. */
const FIRST_ACCOUNT = 10_000_000;
/** Seconds in which the code of a session must be redeemed: longer than any row takes. */
const CODE_TTL = 3600;
/** Sessions that are made at the same time. */
const AT_ONCE = 500;

/** An authorization code with the PKCE verifier that redeems it. */
export interface Code {
  readonly code: string;
  readonly verifier: string;
}

/** A session whose code was redeemed. */
export interface MadeSession {
  readonly grant: GrantState;
  readonly accountId: number;
  readonly refreshToken: string;
}

export interface Sessions {
  /** The client of all sessions, which is registered and public. */
  readonly clientId: string;
  /** Begins sessions and returns their codes. */
  codes(count: number): Promise<Code[]>;
  /** Makes sessions; keeps of them every `keepEvery`-th in memory (default: all). */
  make(count: number, options?: { keepEvery?: number; progress?: (made: number) => void }): Promise<MadeSession[]>;
  /** An access token of a session, for the bridge's default resource or the one that the sessions are for. */
  accessToken(session: MadeSession): Promise<string>;
  /** Rotates the refresh token of a session once. */
  rotate(session: MadeSession): Promise<void>;
}

/**
 * Opens the store of a bridge with this environment; the bridge may run or not.
 * @param resource the resource of the sessions; default: `PUBLIC_URL/mcp`
 * @param maxPeople whose sessions they are; when there are more sessions, some people have several
 */
export async function openSessions(
  lab: Lab,
  env: BridgeEnvironment,
  resource?: string,
  maxPeople = Number.POSITIVE_INFINITY,
): Promise<Sessions> {
  const config = readConfig(env);
  const { clientId: appClientId, url } = config.github;
  const now = () => Math.floor(Date.now() / 1000);
  const store = await openStore(config, { serving: false });
  lab.atEnd(() => store.close());
  const secrets = createSecrets(config.secrets);
  const seal = createTokenSeal(secrets, now);
  const personTag = await createPersonTag(store.shared, secrets, url);
  const { publicUrl: issuer, scopes, upstreams, resources: others, accessTokenTtl } = config;
  const resources = createResources({ publicUrl: issuer, scopes, upstreams, others });
  const { audience, recipient } = resources.resolve(resource);
  const events = new EventBus();
  const keys = createSigningKeys({ store: store.shared, secrets, events, now, tokenTtl: accessTokenTtl });
  const accessTokens = createAccessTokens({ issuer, resources, keys, now, ttl: accessTokenTtl });
  const clientId = randomId();
  await store.clients.add(
    {
      clientId,
      issuedAt: now(),
      metadata: {
        client_name: CLIENT_NAME,
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
      registrationTokenHash: hashToken(randomToken()),
    },
    UNUSED_CLIENT_TTL,
    100,
  );
  const credential = credentialId(appClientId, SCOPE);
  let people = 0;

  function next(): { session: NewSession; accountId: number } & Code {
    const accountId = FIRST_ACCOUNT + (people++ % maxPeople);
    const person = personTag(accountId);
    const ref = { person, grant: grantIdOf(newLoginId()) };
    const verifier = randomToken();
    const code = mintCode(ref);
    const accessToken = `gho_${randomBytes(27).toString('base64url')}`;
    const session: NewSession = {
      ref,
      grant: {
        clientId,
        clientName: CLIENT_NAME,
        redirectUri: REDIRECT_URI,
        redirectUriSent: true,
        codeChallenge: codeChallenge(verifier),
        scope: SCOPE,
        resource: audience,
        ...(recipient === undefined ? {} : { recipient }),
        credential,
        authTime: now(),
        refreshable: true,
      },
      codeHash: hashToken(code),
      codeTtl: CODE_TTL,
      credentialId: credential,
      credential: {
        appClientId,
        account: {
          id: accountId,
          login: `person-${accountId}`,
          name: 'Mona Lisa Octocat',
          avatarUrl: `https://avatars.githubusercontent.com/u/${accountId}?v=4`,
        },
        scope: SCOPE,
        ...seal.seal(person, credential, { accessToken, scope: SCOPE }),
      },
    };
    return { session, accountId, code, verifier };
  }

  async function begin(): Promise<Code> {
    const { session, code, verifier } = next();
    await Promise.all([store.sessions.begin(session), touchRegistration(store, clientId, session.ref.person)]);
    return { code, verifier };
  }

  async function makeOne(): Promise<MadeSession> {
    const { session, accountId } = next();
    const { ref, grant, codeHash } = session;
    await Promise.all([store.sessions.begin(session), touchRegistration(store, clientId, ref.person)]);
    const refreshToken = mintRefreshToken(secrets, ref, 1);
    const redemption = await store.sessions.redeem(
      ref,
      { codeHash, clientId, redirectUri: REDIRECT_URI, codeChallenge: grant.codeChallenge },
      config.refreshTokenTtl,
      hashToken(refreshToken),
    );
    if (redemption.outcome !== 'redeemed') throw new Error(`the code was ${redemption.outcome}`);
    return { grant: redemption.session.grant, accountId, refreshToken };
  }

  return {
    clientId,
    async codes(count) {
      const codes: Code[] = [];
      while (codes.length < count)
        codes.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - codes.length) }, begin))));
      return codes;
    },
    async make(count, { keepEvery = 1, progress } = {}) {
      const kept: MadeSession[] = [];
      for (let made = 0; made < count; ) {
        const batch = await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - made) }, makeOne));
        for (const session of batch) if (made++ % keepEvery === 0) kept.push(session);
        progress?.(made);
      }
      return kept;
    },
    async rotate({ grant: { ref }, refreshToken }) {
      const successor = mintRefreshToken(secrets, ref, 2);
      await store.sessions.rotate(ref, {
        clientId,
        presentedHash: hashToken(refreshToken),
        presentedGeneration: 1,
        successorHash: hashToken(successor),
        sealedSuccessor: sealUnder(refreshToken, successor),
        grace: 60,
        ttl: config.refreshTokenTtl,
      });
    },
    accessToken: ({ grant, accountId }) =>
      accessTokens.mint(grant, subjectOf({ id: accountId, login: '' }), grant.scope),
  };
}
