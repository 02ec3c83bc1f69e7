/**
 * The reset of tokens that another MCP server may still hold: a session that sent them there has ended, while other
 * sessions use the same credential. The store says which credentials these are (`resetDue`); new tokens end the old ones.
 */
import type { EventBus } from '../observe/events.ts';
import { SealBroken } from '../security/secrets.ts';
import type { Store } from '../store/store.ts';
import type { GithubApi } from './api.ts';
import { GithubRefusal } from './oauth-app.ts';
import type { TokenRenewal } from './token-renewal.ts';
import { CredentialDead } from './trouble.ts';

interface TokenResetOptions {
  readonly store: Store;
  readonly events: EventBus;
  readonly appClientId: string;
  readonly renewal: TokenRenewal;
  readonly api: Pick<GithubApi, 'askWhetherAlive'>;
}

/**
 * Resets the tokens of a credential if that is due. If GitHub knows the tokens no more, its API is asked, whose 401 ends
 * the credential as ever; if it does not say 401, the reset stays due.
 * @throws {GithubUnavailable} when GitHub does not answer
 * @throws {GithubRefusal} when GitHub does not take the app's own credentials
 */
export type TokenReset = (person: string, credential: string) => Promise<void>;

/** Creates the reset of one replica. */
export function createTokenReset({ store, events, appClientId, renewal, api }: TokenResetOptions): TokenReset {
  /** Renews until no reset is due: a renewal that was under way may have stored its tokens before the reset became due. */
  async function renewWhileDue(person: string, id: string): Promise<void> {
    for (;;) {
      const credential = await store.credentials.read(person, id);
      if (credential?.resetDue !== true) return;
      // GitHub lets only the app that a token was issued to reset it.
      if (credential.appClientId !== appClientId) throw new GithubRefusal('unknown_token', 'it is of another app');
      try {
        await renewal.renew(credential);
      } catch (error) {
        if (error instanceof GithubRefusal && error.isAboutToken) await api.askWhetherAlive(credential);
        throw error;
      }
    }
  }

  return async (person, credential) => {
    try {
      await renewWhileDue(person, credential);
    } catch (error) {
      // Its sessions have ended, and the event says so.
      if (error instanceof CredentialDead) return;
      events.emit('credential.reset', {
        person,
        credential,
        outcome: error instanceof Error ? error.message : 'failed',
      });
      if (error instanceof SealBroken || (error instanceof GithubRefusal && error.isAboutToken)) return;
      throw error;
    }
  };
}
