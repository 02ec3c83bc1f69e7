/** GitHub as the upstream of the authorization server: implements `../oauth/upstream.ts`. */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ScopeLanguage } from '../oauth/scope.ts';
import { type Upstream, UpstreamFailure, type UpstreamLogin } from '../oauth/upstream.ts';
import { SealBroken, type Secrets } from '../security/secrets.ts';
import type { Account, CredentialState } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { BadCredentials, type GithubAnswer, type GithubApi, GithubTrouble } from './client.ts';
import { CredentialDead, type Credentials } from './credentials.ts';
import { type GithubOAuth, GithubRefusal, type GithubTokens, GithubUnavailable } from './oauth-app.ts';
import type { PersonTag } from './person.ts';
import type { Policy } from './policy.ts';
import type { Revocations } from './revocations.ts';

const userSchema = z.looseObject({
  id: z.number().int().positive(),
  login: z.string().min(1),
  name: z.string().nullish(),
  avatar_url: z.string().nullish(),
});
const emailsSchema = z.array(z.looseObject({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

export interface GithubUpstreamOptions {
  readonly clientId: string;
  readonly scopes: ScopeLanguage;
  readonly oauth: GithubOAuth;
  readonly api: GithubApi;
  readonly credentials: Credentials;
  readonly policy: Policy;
  readonly revocations: Revocations;
  readonly personTag: PersonTag;
  readonly secrets: Secrets;
  readonly store: Store;
}

export function createGithubUpstream(options: GithubUpstreamOptions): Upstream {
  const { oauth, api, credentials, policy, revocations, personTag } = options;

  async function finishLogin(
    code: string,
    codeVerifier: string,
    requestedScope: readonly string[],
  ): Promise<UpstreamLogin> {
    const tokens = await exchange(code, codeVerifier);
    const { account, answer } = await whoIs(tokens);
    const person = personTag(account.id);
    const scope = grantedScope(tokens, answer, requestedScope);
    const id = credentialId(options.clientId, scope.stored);
    const credential = {
      appClientId: options.clientId,
      account,
      scope: scope.stored,
      ...credentials.seal(person, id, tokens),
    };
    try {
      await policy.admit(account, (path) => api.getWithToken(tokens.accessToken, path));
    } catch (error) {
      // The token of somebody who may not in is not kept.
      await revocations.discard({
        person,
        id: randomUUID(),
        credential: id,
        appClientId: options.clientId,
        sealedTokens: credential.sealedTokens,
      });
      throw error;
    }
    return { person, credentialId: id, credential, account, grantedScope: scope.effective };
  }

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
            'github_denied',
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

  async function whoIs(tokens: GithubTokens): Promise<{ account: Account; answer: GithubAnswer }> {
    try {
      const answer = await api.getWithToken(tokens.accessToken, '/user');
      const user = userSchema.safeParse(answer.data);
      if (!user.success) throw new GithubTrouble('unavailable', 'GitHub answered /user with something else');
      const { id, login, name, avatar_url } = user.data;
      return {
        account: { id, login, ...(name ? { name } : {}), ...(avatar_url ? { avatarUrl: avatar_url } : {}) },
        answer,
      };
    } catch (error) {
      if (error instanceof GithubTrouble || error instanceof BadCredentials) throw unreachable(error);
      throw error;
    }
  }

  return {
    scopes: options.scopes,
    policyScope: policy.scope,
    authorizationUrl: (request) => oauth.authorizationUrl(request),
    finishLogin,
    async recheck(credential) {
      const ready = await renewed(credential);
      try {
        await policy.admit(ready.account, (path) => api.get(ready, path));
      } catch (error) {
        if (error instanceof CredentialDead) throw ended(error);
        throw error;
      }
    },
    async email(credential) {
      try {
        const { data } = await api.get(credential, '/user/emails');
        return emailsSchema.safeParse(data).data?.find((email) => email.primary && email.verified)?.email;
      } catch (error) {
        if (error instanceof CredentialDead) throw ended(error);
        if (error instanceof GithubTrouble) throw unreachable(error);
        throw error;
      }
    },
    grantsEnded: (person) => revocations.grantsEnded(person),
  };

  /** Refreshes what is due, and seals anew what an older secret sealed, so that the secret can be retired. */
  async function renewed(credential: CredentialState): Promise<CredentialState> {
    try {
      const fresh = await credentials.fresh(credential);
      if (options.secrets.isCurrent(fresh.sealedTokens)) return fresh;
      const identity = `credential:${fresh.person}:${fresh.id}`;
      const sealedTokens = options.secrets.seal(options.secrets.open(fresh.sealedTokens, identity), identity);
      const { accessExpiresAt, refreshExpiresAt } = fresh;
      const resealed = {
        sealedTokens,
        ...(accessExpiresAt === undefined ? {} : { accessExpiresAt }),
        ...(refreshExpiresAt === undefined ? {} : { refreshExpiresAt }),
      };
      const written = await options.store.credentials.replaceTokens(fresh.person, fresh.id, fresh.generation, resealed);
      return written ? { ...fresh, ...resealed, generation: fresh.generation + 1 } : fresh;
    } catch (error) {
      if (error instanceof CredentialDead || error instanceof GithubUnavailable || error instanceof SealBroken)
        return credential;
      throw error;
    }
  }
}

/**
 * What GitHub really granted: the header of its API, else the token answer. A GitHub App's tokens carry no scopes, for
 * the app has permissions instead: there the known scopes asked for are granted (design decision 8).
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

/** One credential a granted scope set: its id is that set's (design decision 9). */
function credentialId(appClientId: string, scope: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([appClientId, scope]))
    .digest('base64url')
    .slice(0, 16);
}

function ended(cause: Error): UpstreamFailure {
  return new UpstreamFailure('access_denied', 'github_denied', 'GitHub does not accept the access any more', { cause });
}

function unreachable(cause: Error): UpstreamFailure {
  return new UpstreamFailure(
    'temporarily_unavailable',
    'github_unreachable',
    'GitHub cannot be reached now: try again',
    { detail: cause.message, cause },
  );
}
