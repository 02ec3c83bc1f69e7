/**
 * What a grant type is. The token endpoint (`../endpoints/token.ts`) authenticates the client and makes the answer; a
 * grant type only says what a request is good for.
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
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** Seconds, sliding. */
  readonly refreshTokenTtl: number;
}

/** What a request is good for; the token endpoint makes the tokens of it. */
export interface Granted {
  readonly session: Session;
  /** Of this access token: the grant's scope, or narrower. */
  readonly scope: readonly string[];
  readonly refreshToken?: string;
  /** Whether an ID token belongs into the answer when `openid` was granted: a login only (OpenID Connect Core 3.1.3.3). */
  readonly login: boolean;
}

/** The checks of one request, run once the client is authenticated. @throws {OAuthError} */
type Redeem = (client: Client) => Promise<Granted>;

export interface GrantType {
  /** The value of `grant_type`. */
  readonly name: string;
  /**
   * Reads what the request presents, beside the authentication of the client, so that both travel in one round trip to
   * the store. It judges nothing: a client that is not authenticated hears of nothing else.
   */
  read(services: GrantServices, parameters: Parameters): Promise<Redeem>;
}
