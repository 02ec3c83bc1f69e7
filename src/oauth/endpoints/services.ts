/** What the endpoints depend on, wired once in `../app.ts`; each endpoint names the few it takes. */
import type { EventBus } from '../../observe/events.ts';
import type { SigningKeys } from '../../security/keys.ts';
import type { RateLimits } from '../../security/rate-limits.ts';
import type { Secrets } from '../../security/secrets.ts';
import type { Store } from '../../store/store.ts';
import type { Web } from '../../web/web.ts';
import type { ClientDirectory } from '../clients/client.ts';
import type { ClientAuthentication } from '../clients/client-authentication.ts';
import type { Logins } from '../login/login.ts';
import type { Resources } from '../resource-indicators.ts';
import type { AccessTokens } from '../tokens/access-token.ts';
import type { Upstream } from '../upstream.ts';

export interface Services {
  /** The issuer, byte for byte. */
  readonly issuer: string;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly keys: SigningKeys;
  readonly events: EventBus;
  readonly limits: RateLimits;
  readonly web: Web;
  readonly clients: ClientDirectory;
  readonly clientAuthentication: ClientAuthentication;
  readonly resources: Resources;
  readonly upstream: Upstream;
  readonly accessTokens: AccessTokens;
  readonly logins: Logins;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly accessTokenTtl: number;
  readonly refreshTokenTtl: number;
  /** Private-use redirect schemes taken besides those with a dot. */
  readonly redirectSchemes: readonly string[];
  /** Whether metadata documents are taken as clients. */
  readonly clientMetadataDocuments: boolean;
}
