/** What the endpoints depend on. `../../wiring.ts` creates it; each endpoint names the members that it uses. */
import type { EventBus } from '../../observe/events.ts';
import type { SigningKeys } from '../../security/keys.ts';
import type { RateLimits } from '../../security/rate-limits.ts';
import type { Secrets } from '../../security/secrets.ts';
import type { Store } from '../../store/store.ts';
import type { Web } from '../../web/web.ts';
import type { ClientDirectory } from '../clients/client.ts';
import type { ClientAuthentication } from '../clients/client-authentication.ts';
import type { ClientRules } from '../clients/client-metadata.ts';
import type { FetchedDocuments } from '../clients/metadata-documents.ts';
import type { LoginCompletion } from '../login/completion.ts';
import type { ConnectPage } from '../login/connect-page.ts';
import type { KnownBrowsers } from '../login/known-browser.ts';
import type { Logins } from '../login/login.ts';
import type { Resources } from '../resource-indicators.ts';
import type { SessionEnding } from '../session-ending.ts';
import type { AccessTokens } from '../tokens/access-token.ts';
import type { IdTokens } from '../tokens/id-token.ts';
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
  readonly documents: Pick<FetchedDocuments, 'markUsed'>;
  readonly clientAuthentication: ClientAuthentication;
  readonly clientRules: ClientRules;
  readonly resources: Resources;
  readonly upstream: Upstream;
  readonly accessTokens: AccessTokens;
  readonly idTokens: IdTokens;
  readonly logins: Logins;
  readonly completion: LoginCompletion;
  readonly connectPage: ConnectPage;
  readonly browsers: KnownBrowsers;
  readonly sessionEnding: SessionEnding;
  /** Epoch seconds. */
  readonly now: () => number;
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** Seconds; starts again with each refresh. */
  readonly refreshTokenTtl: number;
}
