/** Makes the parts of this folder, in the order in which they depend on each other. */
import { defined } from '../base/defined.ts';
import { SettingError } from '../base/setting-error.ts';
import type { Config } from '../config/config.ts';
import { isKnownScope } from '../oauth/scope.ts';
import { createSessionEnding, type SessionEnding } from '../oauth/session-ending.ts';
import type { Upstream } from '../oauth/upstream.ts';
import type { EventBus } from '../observe/events.ts';
import type { Secrets } from '../security/secrets.ts';
import type { Store } from '../store/store.ts';
import { createGithubApi, type GithubApi } from './api.ts';
import { createCredentials } from './credentials.ts';
import { createTokenForwarding, type TokenForwarding } from './forwarding.ts';
import { createGithubOAuth } from './oauth-app.ts';
import { createPersonTag, type PersonTag } from './person.ts';
import { createPolicy, type Policy } from './policy.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import { githubScopes } from './scopes.ts';
import { bindStore } from './store-origin.ts';
import type { Timeouts } from './timeouts.ts';
import { createTokenRenewal } from './token-renewal.ts';
import { createTokenReset } from './token-reset.ts';
import { createTokenSeal } from './token-seal.ts';
import { createGithubUpstream } from './upstream.ts';

/** GitHub, as the rest of the bridge uses it. */
export interface Github {
  readonly upstream: Upstream;
  readonly api: GithubApi;
  /** GitHub tokens for other MCP servers. */
  readonly forwarding: TokenForwarding;
  readonly policy: Policy;
  readonly personTag: PersonTag;
  readonly revocations: Revocations;
  /** Ends sessions; made here, because every end revokes tokens at GitHub. */
  readonly sessionEnding: SessionEnding;
}

interface GithubOptions {
  readonly config: Config;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly events: EventBus;
  /** Epoch seconds. */
  readonly now: () => number;
  readonly timeouts?: Timeouts;
}

/**
 * @throws {SettingError} when `SCOPES` has one that GitHub does not have
 * @throws {ForeignStore} when the store belongs to another GitHub
 */
export async function createGithub(options: GithubOptions): Promise<Github> {
  const { config, store, secrets, events, now } = options;
  const { clientId, clientSecret, url, apiUrl } = config.github;
  const timeouts = defined({ timeouts: options.timeouts });
  const scopes = githubScopes(config.upstreams.flatMap((each) => each.scopes));
  for (const scope of config.scopes)
    if (!isKnownScope(scopes, scope))
      throw new SettingError('SCOPES', `"${scope}" is no scope of GitHub`, 'Write for example read:user,repo.');
  await bindStore(store.shared, url);

  const callbackUrl = `${config.publicUrl}/github/callback`;
  const oauth = createGithubOAuth({ clientId, clientSecret, url, apiUrl, callbackUrl, events, ...timeouts });
  const seal = createTokenSeal(secrets, now);
  // Ending a session revokes tokens, and the sweeper that revokes tokens ends sessions that have expired.
  const sessionEnding = createSessionEnding({
    store,
    events,
    revokeUnused: (person) => revocations.revokeUnused(person),
  });
  const revocations = createRevocations({
    store,
    events,
    oauth,
    appClientId: clientId,
    seal,
    sessionEnding,
    reset: (person, credential) => reset(person, credential),
  });
  const { discard } = revocations;
  const renewal = createTokenRenewal({ store, seal, events, oauth, discard, ...timeouts });
  const credentials = createCredentials({ store, seal, events, renewal, now, sessionEnding });
  const api = createGithubApi({ apiUrl, credentials, events, now, ...timeouts });
  const forwarding = createTokenForwarding({ credentials, api, sessions: store.sessions, now });
  const reset = createTokenReset({ store, events, appClientId: clientId, renewal, api });
  const policy = createPolicy({
    users: config.allowedUsers,
    organizations: config.allowedOrganizations,
    administrators: config.adminUsers,
    store: store.shared,
    now,
  });
  const personTag = await createPersonTag(store.shared, secrets, url);
  const upstream = createGithubUpstream({
    clientId,
    issuer: `${url}/login/oauth`,
    scopes,
    oauth,
    api,
    credentials,
    policy,
    revocations,
    personTag,
    seal,
    store,
    now,
  });
  return { upstream, api, forwarding, policy, personTag, revocations, sessionEnding };
}
