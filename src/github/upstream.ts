/** GitHub as the upstream of the authorization server: implements `../oauth/upstream.ts`. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defined } from '../base/defined.ts';
import type { UpstreamScopes } from '../oauth/scope.ts';
import { type Upstream, UpstreamFailure, type UpstreamLogin } from '../oauth/upstream.ts';
import type { Parameters } from '../protocol/parameters.ts';
import { SealBroken } from '../security/secrets.ts';
import type { Account, CredentialState, PendingRevocation } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { GithubAnswer, GithubApi } from './api.ts';
import { codeOfResponse } from './authorization-response.ts';
import type { Credentials } from './credentials.ts';
import { type GithubOAuth, GithubRefusal, type GithubTokens, GithubUnavailable } from './oauth-app.ts';
import type { PersonTag } from './person.ts';
import type { Policy } from './policy.ts';
import type { Revocations } from './revocations.ts';
import { isGithubApp } from './scopes.ts';
import { credentialId } from './ten-tokens.ts';
import type { TokenSeal } from './token-seal.ts';
import { BadCredentials, CredentialDead, GithubTrouble } from './trouble.ts';

const userSchema = z.looseObject({
  id: z.number().int().positive(),
  login: z.string().min(1),
  name: z.string().nullish(),
  avatar_url: z.string().nullish(),
});
const emailsSchema = z.array(z.looseObject({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

interface GithubUpstreamOptions {
  readonly clientId: string;
  /** GitHub's issuer, which its authorization response may name (RFC 9207). */
  readonly issuer: string;
  readonly scopes: UpstreamScopes;
  readonly oauth: GithubOAuth;
  readonly api: GithubApi;
  readonly credentials: Credentials;
  readonly policy: Policy;
  readonly revocations: Revocations;
  readonly personTag: PersonTag;
  readonly seal: TokenSeal;
  readonly store: Store;
  /** Epoch seconds. */
  readonly now: () => number;
}

/** Seconds for which a login, or an answer of GitHub at a refresh, shows that a credential is alive. */
const ALIVE_FOR = 3600;

/** Stands for an unknown person; no GitHub account has this id. */
const UNKNOWN_ACCOUNT_ID = 0;

/** Creates the upstream. */
export function createGithubUpstream(options: GithubUpstreamOptions): Upstream {
  const { oauth, api, credentials, policy, revocations, personTag, seal, now } = options;

  async function finishLogin(
    parameters: Parameters,
    codeVerifier: string,
    requestedScope: readonly string[],
  ): Promise<UpstreamLogin> {
    const tokens = await exchange(codeOfResponse(parameters, options.issuer), codeVerifier);
    try {
      const answer = await ask(tokens, '/user');
      const account = accountIn(answer);
      await policy.admit(account, (path) => ask(tokens, path));
      const person = personTag(account.id);
      const scope = grantedScope(tokens, answer, requestedScope);
      const id = credentialId(options.clientId, scope.stored);
      const sealed = seal.seal(person, id, tokens);
      const credential = { appClientId: options.clientId, account, scope: scope.stored, ...sealed };
      return { person, credentialId: id, credential, account, grantedScope: scope.effective };
    } catch (error) {
      await discardTokens(tokens);
      throw error instanceof GithubTrouble || error instanceof BadCredentials ? loginFailure(error) : error;
    }
  }

  /** Revokes the tokens of a failed login. They are stored under no person, because the person may not be known yet. */
  async function discardTokens(tokens: GithubTokens): Promise<void> {
    const person = personTag(UNKNOWN_ACCOUNT_ID);
    const [id, credential] = [randomUUID(), 'none'];
    const { sealedTokens } = seal.seal(person, credential, tokens);
    await revocations.discard({ person, id, credential, appClientId: options.clientId, sealedTokens });
  }

  const ask = (tokens: GithubTokens, path: string) => api.getWithToken(tokens.accessToken, path);

  async function exchange(code: string, codeVerifier: string): Promise<GithubTokens> {
    try {
      return await oauth.exchange(code, codeVerifier);
    } catch (error) {
      if (error instanceof GithubUnavailable) throw unreachable(error);
      if (!(error instanceof GithubRefusal)) throw error;
      switch (error.code) {
        case 'bad_verification_code':
          throw new UpstreamFailure(
            'server_error',
            'expired_request',
            'GitHub does not take its code any more: try again',
            { detail: error.message, cause: error },
          );
        case 'unverified_user_email':
          throw new UpstreamFailure(
            'access_denied',
            'github_account',
            'GitHub wants the primary e-mail address to be verified first',
            { detail: error.message, cause: error },
          );
        default:
          throw new UpstreamFailure(
            'server_error',
            'github_misconfigured',
            'GitHub does not take the configuration of this server',
            { detail: error.message, cause: error },
          );
      }
    }
  }

  return {
    scopes: options.scopes,
    policyScope: policy.scope,
    tokensHaveScopes: !isGithubApp(options.clientId),
    authorizationUrl: (request) => oauth.authorizationUrl(request),
    finishLogin,
    discard: (login) => revocations.discard(revocationOf(login)),
    discardUnlessStored: (login) => revocations.discardUnlessStored(revocationOf(login)),
    async recheck(credential, loginAt) {
      const ready = await renewed(credential);
      // A renewal is GitHub's word that the credential is alive, and so is every answer about the policy.
      let asked = ready.accessExpiresAt !== credential.accessExpiresAt;
      const askAs = (path: string) => {
        asked = true;
        return api.get(ready, path);
      };
      try {
        await policy.admit(ready.account, askAs, async () => accountIn(await askAs('/user')));
        if (!asked && loginAt + ALIVE_FOR <= now()) await askWhetherAlive(ready);
      } catch (error) {
        if (error instanceof CredentialDead) throw accessRefused(error);
        if (error instanceof GithubTrouble) throw unreachable(error);
        throw error;
      }
    },
    async email(credential) {
      try {
        const { data } = await api.get(credential, '/user/emails');
        return emailsSchema.safeParse(data).data?.find((email) => email.primary && email.verified)?.email;
      } catch (error) {
        if (error instanceof CredentialDead) throw accessRefused(error);
        if (!(error instanceof GithubTrouble)) throw error;
        // The app is not allowed to read e-mail addresses, so userinfo has none.
        if (error.kind === 'forbidden' || error.kind === 'not_found') return undefined;
        throw unreachable(error);
      }
    },
  };

  /**
   * Asks GitHub for the account, once in {@link ALIVE_FOR} for a credential, whatever the number of its sessions and of
   * the replicas. A session whose calls go to other MCP servers would not notice otherwise that its person revoked it.
   * @throws {CredentialDead} when GitHub says so; any other trouble ends nothing (design decision 10)
   */
  async function askWhetherAlive(credential: CredentialState): Promise<void> {
    if (!(await options.store.shared.useOnce(`alive:${credential.person}:${credential.id}`, ALIVE_FOR))) return;
    await api.askWhetherAlive(credential);
  }

  /**
   * Refreshes the credential if that is due. Tokens that an older secret sealed are sealed with the newest one, so that
   * the older secret can be removed.
   */
  async function renewed(credential: CredentialState): Promise<CredentialState> {
    try {
      const fresh = await credentials.fresh(credential);
      const { person, id, generation } = fresh;
      const sealedTokens = seal.resealed(person, id, fresh.sealedTokens);
      if (sealedTokens !== undefined) await options.store.credentials.reseal(person, id, generation, sealedTokens);
      return fresh;
    } catch (error) {
      if (error instanceof CredentialDead || error instanceof GithubUnavailable || error instanceof SealBroken)
        return credential;
      throw error;
    }
  }
}

/** The revocation of the tokens of a login. */
function revocationOf({ person, credentialId, credential }: UpstreamLogin): PendingRevocation {
  const { appClientId, sealedTokens } = credential;
  return { person, id: randomUUID(), credential: credentialId, appClientId, sealedTokens };
}

/**
 * The scopes that GitHub granted, from the header `X-OAuth-Scopes` of its API, or else from the token answer. Tokens of
 * a GitHub App (prefix `ghu_`) have no scopes, because the app has permissions instead; then the requested scopes count
 * as granted (design decision 8).
 */
function grantedScope(
  tokens: GithubTokens,
  answer: GithubAnswer,
  requested: readonly string[],
): { stored: string[]; effective: readonly string[] } {
  if (tokens.accessToken.startsWith('ghu_')) return { stored: [], effective: requested };
  const granted = [...(answer.scope ?? tokens.scope ?? [])].sort();
  return { stored: granted, effective: granted };
}

/** The account in an answer of `GET /user`. @throws {GithubTrouble} when the answer is another document */
function accountIn({ data }: GithubAnswer): Account {
  const user = userSchema.safeParse(data);
  if (!user.success) throw new GithubTrouble('unavailable', 'GitHub answered /user with something else');
  const { id, login, name, avatar_url } = user.data;
  return { id, login, ...defined({ name: name || undefined, avatarUrl: avatar_url || undefined }) };
}

/** The failure of a login whose call to GitHub failed: GitHub refuses the account, or is unavailable. */
function loginFailure(error: GithubTrouble | BadCredentials): UpstreamFailure {
  if (!(error instanceof GithubTrouble) || error.kind !== 'forbidden') return unreachable(error);
  return new UpstreamFailure('access_denied', 'github_account', 'GitHub refuses this account', {
    detail: error.message,
    cause: error,
  });
}

function accessRefused(cause: Error): UpstreamFailure {
  return new UpstreamFailure('access_denied', 'github_denied', 'GitHub does not accept the access any more', { cause });
}

function unreachable(cause: Error): UpstreamFailure {
  const retryAfter =
    cause instanceof GithubTrouble || cause instanceof GithubUnavailable ? cause.retryAfter : undefined;
  const options = { detail: cause.message, retryAfter, cause };
  return cause instanceof GithubTrouble && cause.kind === 'rate_limited'
    ? new UpstreamFailure(
        'temporarily_unavailable',
        'github_rate_limited',
        `${cause.message}: try again later`,
        options,
      )
    : new UpstreamFailure(
        'temporarily_unavailable',
        'github_unreachable',
        'GitHub cannot be reached now: try again',
        options,
      );
}
