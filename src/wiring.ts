/**
 * The wiring: creates every part from the configuration, each after the parts that it depends on. Tests replace the
 * clock, the fetching of documents and the time limits.
 */
import type { Cluster, Redis } from 'ioredis';
import type { AccountServices } from './account/pages.ts';
import { createPeople, type People } from './account/people.ts';
import { createSessionDirectory, type SessionDirectory } from './account/session-directory.ts';
import { createAccountSignIn } from './account/sign-in.ts';
import { defined } from './base/defined.ts';
import type { Config } from './config/config.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import type { GithubApi } from './github/api.ts';
import { createGithub, type Github } from './github/github.ts';
import type { Timeouts } from './github/timeouts.ts';
import { createMaintenance } from './maintenance.ts';
import { createMcp, type Mcp } from './mcp/mcp.ts';
import { createOpenAnswers } from './mcp/open-answers.ts';
import type { McpExtensions } from './mcp/server.ts';
import { tools as builtInTools } from './mcp/tools/index.ts';
import { createChangedRecipients } from './oauth/changed-recipients.ts';
import { createClientDirectory } from './oauth/clients/client.ts';
import { createClientAuthentication } from './oauth/clients/client-authentication.ts';
import { createClientDocuments } from './oauth/clients/metadata-documents.ts';
import { readClientsFile } from './oauth/clients/preregistered.ts';
import type { Services } from './oauth/endpoints/services.ts';
import { grantTypes } from './oauth/grants/index.ts';
import { createLoginCompletion } from './oauth/login/completion.ts';
import { createConnectPage } from './oauth/login/connect-page.ts';
import { createKnownBrowsers } from './oauth/login/known-browser.ts';
import { createLogins } from './oauth/login/login.ts';
import { createResources } from './oauth/resource-indicators.ts';
import { createAccessTokens } from './oauth/tokens/access-token.ts';
import { createIdTokens } from './oauth/tokens/id-token.ts';
import type { EventBus } from './observe/events.ts';
import { recordStories } from './observe/stories.ts';
import { checkCanaries } from './security/canary.ts';
import { createCookies } from './security/cookies.ts';
import { createGuardedFetch, type GuardedFetchOptions } from './security/guarded-fetch.ts';
import { watchIgnoredProxy } from './security/ignored-proxy.ts';
import { createSigningKeys } from './security/keys.ts';
import { createRateLimits } from './security/rate-limits.ts';
import { createSecrets } from './security/secrets.ts';
import { checkImport } from './store/import-mark.ts';
import type { Store } from './store/store.ts';
import { createPages } from './web/pages.ts';
import { createWeb } from './web/web.ts';

/** Everything that the routes need, and the maintenance that runs in the background. */
export interface Bridge extends Pick<Github, 'policy' | 'personTag' | 'revocations'> {
  readonly config: Config;
  readonly services: Services;
  readonly mcp: Mcp;
  /** The MCP servers behind the bridge. */
  readonly gateway: Gateway;
  /** GitHub's API on a person's behalf. */
  readonly github: GithubApi;
  readonly directory: SessionDirectory;
  /** People by name, to end all their sessions and to block them. */
  readonly people: People;
  readonly account: AccountServices;
  /** Runs one round of maintenance: ends answers and expired sessions, rotates keys, makes the revocations that are due. */
  maintain(): Promise<void>;
  /** Runs {@link maintain} every minute until {@link close}. */
  startMaintenance(): void;
  /** Writes the stories of logins that wait for it. */
  readonly writeStories: () => Promise<void>;
  /** Stops maintenance, closes streams, and waits for running work; the store stays open. */
  close(): Promise<void>;
}

interface WiringOptions extends McpExtensions {
  readonly store: Store;
  readonly events: EventBus;
  /** The connection over which replicas share rate limits; without it they are counted in memory. */
  readonly redis?: Redis | Cluster;
  /** The current time in epoch seconds; default: the system's clock. */
  readonly now?: () => number;
  /** For tests: how client metadata documents are fetched. */
  readonly fetch?: GuardedFetchOptions;
  /** For tests: how long requests to GitHub may take. */
  readonly timeouts?: Timeouts;
  /** For tests: milliseconds after which a client that reads nothing of an MCP server's answer is cut off. */
  readonly unreadTimeout?: number;
}

/**
 * Creates all parts.
 * @throws {SettingError} when the store was created with another secret, or an import into it is not finished
 * @throws {Error} when `CLIENTS_FILE` is wrong
 */
export async function wire(config: Config, options: WiringOptions): Promise<Bridge> {
  const { store, events } = options;
  const now = options.now ?? (() => Math.floor(Date.now() / 1000));
  const ownTools = options.tools ?? [];
  const issuer = config.publicUrl;
  const { clientId, url } = config.github;
  const secrets = createSecrets(config.secrets);
  await checkImport(store.shared, config.redisUrl === undefined ? 'DATA_DIR' : 'REDIS_URL');
  await checkCanaries(store.shared, secrets, now(), config.refreshTokenTtl);
  const keys = createSigningKeys({ store: store.shared, secrets, events, now, tokenTtl: config.accessTokenTtl });
  const resources = createResources({
    publicUrl: issuer,
    scopes: config.scopes,
    upstreams: config.upstreams,
    others: config.resources,
  });
  const accessTokens = createAccessTokens({ issuer, resources, keys, now, ttl: config.accessTokenTtl });
  const github = await createGithub({
    config,
    store,
    secrets,
    events,
    now,
    ...defined({ timeouts: options.timeouts }),
  });
  const { upstream, policy, personTag, revocations, sessionEnding } = github;
  const { scopes } = upstream;

  const stories = recordStories(events, store.stories, now);
  watchIgnoredProxy(events, store.shared, now);
  const guardedFetch = createGuardedFetch(options.fetch);
  const clientRules = { redirectSchemes: config.redirectSchemes, grantTypes: grantTypes.map(({ name }) => name) };
  const limits = createRateLimits(
    {
      registrationsPerHour: config.registrationsPerHour,
      unlimitedRegistrations: config.unlimitedRegistrations,
      keyPrefix: 'mgb:',
      ...defined({ redis: options.redis }),
    },
    events,
  );
  const documents = createClientDocuments({ fetch: guardedFetch, limit: limits.documents, now }, clientRules);
  const audiences = resources.all.map(({ audience }) => audience);
  const preregistered =
    config.clientsFile === undefined ? new Map() : readClientsFile(config.clientsFile, clientRules, audiences);
  const clients = createClientDirectory(store, preregistered, config.clientMetadataDocuments ? documents : undefined);
  const https = issuer.startsWith('https:');
  const cookies = createCookies(https, secrets, now);
  const pages = createPages({ host: new URL(issuer).host, operator: config.operator, timeZone: config.timeZone });
  const web = createWeb({ pages, githubUrl: url, context: events.context, cookies, secrets });
  const browsers = createKnownBrowsers(cookies);
  const logins = createLogins({ store, secrets, events, cookies, browsers, upstream });
  const completion = createLoginCompletion({
    store,
    events,
    browsers,
    upstream,
    sessionEnding,
    cookiesAreShared: !https,
    now,
  });

  const services: Services = {
    issuer,
    store,
    secrets,
    keys,
    events,
    limits,
    web,
    clients,
    documents,
    clientAuthentication: createClientAuthentication({
      issuer,
      store,
      clients,
      fetchJwks: documents.fetchJwks,
      limit: limits.assertions,
      now,
    }),
    resources,
    upstream,
    accessTokens,
    idTokens: createIdTokens({ issuer, keys, now, ttl: config.accessTokenTtl }),
    logins,
    completion,
    connectPage: createConnectPage({ resources, secrets, cookies, web, now }),
    browsers,
    sessionEnding,
    now,
    accessTokenTtl: config.accessTokenTtl,
    refreshTokenTtl: config.refreshTokenTtl,
    clientRules,
  };

  const directory = createSessionDirectory({ store, sessionEnding, personTag, now });
  const people = createPeople({ store, events, sessionEnding, personTag });
  const answers = createOpenAnswers(services);
  const unread = defined({ unreadTimeout: options.unreadTimeout });
  const gateway = await createGateway({ ...services, answers, forwarding: github.forwarding, ...unread });
  const mcp = createMcp({
    ...services,
    resource: resources.default,
    scopes,
    github: github.api,
    directory,
    answers,
    isAdministrator: policy.isAdministrator,
    operator: config.operator,
    tools: options.server === undefined ? [...builtInTools, ...ownTools] : [],
    longCalls: options.server !== undefined || ownTools.length > 0,
    ...defined({ server: options.server }),
  });

  const maintenance = createMaintenance(
    [
      answers.check,
      createChangedRecipients(services),
      async () => {
        await keys.maintain();
        await revocations.sweep();
      },
    ],
    (error) => events.emit('store.error', { error }),
  );

  return {
    config,
    services,
    mcp,
    gateway,
    github: github.api,
    policy,
    personTag,
    revocations,
    directory,
    people,
    account: {
      ...services,
      signIn: createAccountSignIn({ issuer, logins, upstream, cookies, blocks: store.blocks }),
      cookies,
      directory,
      people,
      isAdministrator: policy.isAdministrator,
      githubUrl: url,
      githubClientId: clientId,
    },
    maintain: maintenance.round,
    startMaintenance: maintenance.start,
    writeStories: stories.flush,
    async close() {
      answers.close();
      await Promise.all([mcp.streamableHttp.close(), gateway.close(), maintenance.stop()]);
      await revocations.idle();
      await guardedFetch.close();
      await stories.flush();
    },
  };
}
