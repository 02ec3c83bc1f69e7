/** Records for the cases of this suite. Every optional member is set, so that a store that loses one fails. */
import { randomUUID } from 'node:crypto';
import type {
  AccountLogin,
  Approval,
  AuthorizationRequest,
  ClientLogin,
  Credential,
  EndedGrant,
  Grant,
  RegisteredClient,
} from '../records.ts';
import type { CodePresentation, NewSession, RotationRequest } from '../session-operations.ts';
import type { Store } from '../store.ts';

export const HOUR = 3600;
export const DAY = 24 * HOUR;

export function aClient(clientId: string = randomUUID()): RegisteredClient {
  return {
    clientId,
    issuedAt: 1_800_000_000,
    metadata: {
      client_name: 'Ünï "cödé" \ud83d\ude00',
      redirect_uris: ['https://a.example/cb'],
      contacts: [],
      nested: { a: [1] },
    },
    secretHash: 'hash-of-secret',
    registrationTokenHash: 'hash-of-registration-token',
  };
}

const request: AuthorizationRequest = {
  clientId: 'client-1',
  clientName: 'A client',
  refreshable: true,
  redirectUri: 'https://a.example/cb',
  redirectUriSent: true,
  codeChallenge: 'challenge',
  scope: [],
  resource: 'https://bridge.example/mcp',
  recipient: { address: 'https://mcp.example/mcp', credential: 'identity' },
  state: 'state-of-the-client',
  nonce: 'nonce',
  prompt: 'consent',
  loginHint: 'octocat',
  uiLocales: 'ja en',
};

export const login = {
  purpose: 'client',
  request,
  upstreamScope: ['read:user', 'repo'],
  consentHash: 'hash-of-consent-cookie',
  expectedPerson: 'p-expected',
} satisfies ClientLogin;

export const accountLogin: AccountLogin = { purpose: 'account', upstreamScope: [] };

export const approval: Approval = {
  stateHash: 'hash-of-state',
  browserHash: 'hash-of-browser-cookie',
  sealedVerifier: 'sealed-verifier',
  remember: true,
  scope: ['read:user'],
};

export const grant: Grant = {
  clientId: 'client-1',
  clientName: 'A client',
  redirectUri: 'https://a.example/cb',
  redirectUriSent: true,
  codeChallenge: 'challenge',
  scope: [],
  refusedScope: ['repo'],
  resource: 'https://bridge.example/mcp',
  recipient: { address: 'https://mcp.example/mcp', credential: 'identity' },
  credential: 'cred-1',
  authTime: 1_800_000_000,
  nonce: 'nonce',
  refreshable: true,
};

export const credential: Credential = {
  appClientId: 'Iv1.app',
  account: { id: 583231, login: 'octocat', name: 'The Octocat', avatarUrl: 'https://avatars.example/1' },
  scope: ['read:user'],
  sealedTokens: 'sealed-tokens-1',
  accessExpiresAt: 1_800_028_800,
  refreshExpiresAt: 1_815_000_000,
};

/** A session as a completed login begins it. Members of `over` replace those given here. */
export function newSession(person: string, grantId: string, over: Partial<NewSession> = {}): NewSession {
  const credentialId = over.credentialId ?? 'cred-1';
  return {
    ref: { person, grant: grantId },
    grant: { ...grant, credential: credentialId, ...over.grant },
    codeHash: `hash-of-code-${grantId}`,
    codeTtl: 60,
    credentialId,
    credential,
    ...over,
  };
}

/** Begins a session of a person who is not blocked. @returns what was ended */
export async function begin(store: Store, session: NewSession): Promise<EndedGrant[]> {
  const ended = await store.sessions.begin(session);
  if (ended === 'blocked') throw new Error('the person is blocked');
  return ended;
}

/** A token request that matches the grant of {@link newSession}. Members of `over` replace those given here. */
export function presentation(grantId: string, over: Partial<CodePresentation> = {}): CodePresentation {
  return {
    codeHash: `hash-of-code-${grantId}`,
    clientId: grant.clientId,
    redirectUri: grant.redirectUri,
    codeChallenge: grant.codeChallenge,
    resource: grant.resource,
    ...over,
  };
}

/** Begins a session and redeems its code. It expires after an hour; its first refresh token is `r1`. */
export async function liveSession(store: Store, person: string, grantId: string, over: Partial<NewSession> = {}) {
  const session = newSession(person, grantId, over);
  await begin(store, session);
  const presented = presentation(grantId, { clientId: session.grant.clientId });
  const redemption = await store.sessions.redeem(session.ref, presented, HOUR, 'hash-of-r1');
  if (redemption.outcome !== 'redeemed') throw new Error(`the code was ${redemption.outcome}`);
  return redemption.session;
}

/** The rotation from refresh token `rN` to `rN+1`, where N is `presentedGeneration`. */
export function rotation(presentedGeneration: number, over: Partial<RotationRequest> = {}): RotationRequest {
  return {
    clientId: grant.clientId,
    presentedHash: `hash-of-r${presentedGeneration}`,
    presentedGeneration,
    successorHash: `hash-of-r${presentedGeneration + 1}`,
    sealedSuccessor: `sealed-r${presentedGeneration + 1}`,
    grace: 60,
    ttl: HOUR,
    ...over,
  };
}
