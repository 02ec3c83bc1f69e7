/**
 * The interface of a grant type. The token endpoint (`../endpoints/token.ts`) authenticates the client and issues the
 * tokens; a grant type checks the request and says what is granted.
 */
import type { EventBus } from '../../observe/events.ts';
import type { Parameters } from '../../protocol/parameters.ts';
import type { Secrets } from '../../security/secrets.ts';
import type { Session } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import type { Client } from '../clients/client.ts';
import type { Resources } from '../resource-indicators.ts';
import type { SessionEnding } from '../session-ending.ts';
import type { Upstream } from '../upstream.ts';

export interface GrantServices {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly events: EventBus;
  readonly resources: Resources;
  readonly upstream: Upstream;
  readonly sessionEnding: SessionEnding;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** Seconds; starts again with each refresh. */
  readonly refreshTokenTtl: number;
}

/** What a token request was granted; the token endpoint issues the tokens. */
export interface Granted {
  readonly session: Session;
  /** The scope of the new access token: the grant's scope, or a narrower one. */
  readonly scope: readonly string[];
  readonly refreshToken?: string;
  /** Whether this is a login: then the answer has an ID token if `openid` was granted (OIDC Core section 3.1.3.3). */
  readonly login: boolean;
}

/** Checks one request; called after the client was authenticated. @throws {OAuthError} when the request is refused */
type Redeem = (client: Client) => Promise<Granted>;

export interface GrantType {
  /** The value of `grant_type`. */
  readonly name: string;
  /**
   * Reads what the request presents, at the same time as the client is authenticated, so that both need only one round
   * trip to the store. It must not refuse the request: a client that is not authenticated gets only `invalid_client`.
   */
  read(services: GrantServices, parameters: Parameters): Promise<Redeem>;
}
