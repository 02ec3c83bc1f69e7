/**
 * Configuration: the environment, read once into a typed value. All complaints are collected, so that the operator can
 * correct them together. An insecure setting on a public address is an error, not a warning. Rules about one setting
 * are in the table (`settings.ts`); rules that combine several settings are here.
 */
import { defined } from '../base/defined.ts';
import type { EventHookConfig } from '../hooks/delivery.ts';
import { comparableResource } from '../protocol/resource.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import type { TelemetryConfig } from '../telemetry/config.ts';
import { type Complaint, createReader, type Environment, type Reader } from './environment.ts';
import { GENERATE_SECRET, type OrganizationRule, type UserRule } from './kinds.ts';
import type { Operator } from './operator.ts';
import { NAMES } from './settings.ts';
import { readTelemetry } from './telemetry-settings.ts';
import { intendedName } from './unknown-names.ts';
import { upstreamsOf } from './upstream-settings.ts';
import type { McpUpstream } from './upstreams.ts';

export type { OrganizationRule, UserRule } from './kinds.ts';

/** The settings are wrong. `npm start` prints one line per complaint and exits with code 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** All that is wrong. */
  readonly complaints: readonly Complaint[];

  constructor(complaints: readonly Complaint[], options: { cause?: unknown } = {}) {
    super(complaints.map((c) => `${c.variable}: ${c.problem}. ${c.remedy}`).join('\n'), options);
    this.complaints = complaints;
  }
}

/** The configuration, checked. */
export interface Config {
  readonly github: {
    readonly clientId: string;
    readonly clientSecret: string;
    /** Origin (and path, if any) of GitHub's web side, without a trailing slash. */
    readonly url: string;
    readonly apiUrl: string;
    /** Verifies the signature of a GitHub App's webhooks; when absent, there is no webhook endpoint. */
    readonly webhookSecret?: string;
  };
  /** The OAuth issuer, byte for byte, and the base of every URL of this server; no slash at the end. */
  readonly publicUrl: string;
  /** Whether `publicUrl` is a loopback address: a developer's machine. */
  readonly loopback: boolean;
  /** Addresses to listen on. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Where Prometheus reads the metrics; when absent, they are not served. */
  readonly metrics?: { readonly hosts: readonly string[]; readonly port: number };
  readonly redisUrl?: string;
  readonly dataDir: string;
  /**
   * The first secret seals and signs; every one of them opens and verifies. Empty when a secret has to be generated
   * into `dataDir`.
   */
  readonly secrets: readonly string[];
  /** GitHub scopes requested when the client names none. */
  readonly scopes: readonly string[];
  readonly allowedUsers: readonly UserRule[];
  readonly allowedOrganizations: readonly OrganizationRule[];
  readonly adminUsers: readonly UserRule[];
  /** Identifiers of other resource servers that this authorization server issues tokens for (RFC 8707). */
  readonly resources: readonly string[];
  /** MCP servers behind the bridge; at most one without a name. */
  readonly upstreams: readonly McpUpstream[];
  /** Who runs this bridge. */
  readonly operator: Operator;
  /** The time zone of the pages for people who chose none, by its name in the IANA database; when absent, the system's. */
  readonly timeZone?: string;
  readonly clientsFile?: string;
  readonly redirectSchemes: readonly string[];
  /** Browser origins that may use `/mcp` and the token endpoints; when absent, the rule in `origins.ts` applies. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and CIDR ranges of proxies whose X-Forwarded headers are trusted. */
  readonly trustedProxies: readonly string[];
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** Seconds; starts again with each refresh. */
  readonly refreshTokenTtl: number;
  /** Where the events of the audit trail are sent; when absent, nowhere. */
  readonly eventHook?: EventHookConfig;
  /** Seconds for which a bridge that stops still answers, and `/readyz` says so. */
  readonly stopDelay: number;
  /** Where OpenTelemetry sends traces and metrics; when absent, nowhere. */
  readonly telemetry?: TelemetryConfig;
  readonly logLevel: string;
  /** `auto`: for people when the log goes to a terminal, else JSON. */
  readonly logFormat: 'auto' | 'json' | 'pretty';
  /** Whether client ids may be https URLs of metadata documents. */
  readonly clientMetadataDocuments: boolean;
  /** Registrations allowed per hour from one address. */
  readonly registrationsPerHour: number;
  /** Addresses or CIDR ranges whose registrations are not limited. */
  readonly unlimitedRegistrations: readonly string[];
}

const CREATE_OAUTH_APP =
  'Create an OAuth App at https://github.com/settings/developers and copy it from there (README, "Your own GitHub app").';

/**
 * Reads the configuration. Complaints are in the order of the checks below.
 * @param env the environment; each secret may also be in a file, whose path is in `NAME_FILE`
 * @throws {ConfigurationError} with all complaints
 */
export function readConfig(env: Environment): Config {
  const reader = createReader(env);
  const { complaints, complain, has, read } = reader;
  const clientId = read('GITHUB_CLIENT_ID');
  const clientSecret = read('GITHUB_CLIENT_SECRET');
  if (clientId === undefined) complain('GITHUB_CLIENT_ID', 'missing', CREATE_OAUTH_APP);
  if (clientSecret === undefined) complain('GITHUB_CLIENT_SECRET', 'missing', CREATE_OAUTH_APP);

  // `origin` omits the default port; PUBLIC_URL must omit it too.
  const publicUrl = read('PUBLIC_URL') ?? new URL(`http://localhost:${read('PORT')}`).origin;
  const origin = URL.parse(publicUrl);
  const loopback = origin !== null && isLoopbackHost(origin.hostname);
  if (origin?.protocol === 'http:' && !loopback)
    complain('PUBLIC_URL', 'http on a public address', 'Use https: tokens and codes travel through it.');

  const [metricsHosts, metricsPort] = [read('METRICS_HOST'), read('METRICS_PORT')];
  const metrics = metricsPort === undefined ? undefined : { hosts: metricsHosts, port: metricsPort };
  if (metricsPort === read('PORT')) complain('METRICS_PORT', 'the same as PORT', 'Choose another port.');

  const secrets = read('BRIDGE_SECRET') ?? [];
  if (secrets.length === 0 && !loopback && origin !== null)
    complain('BRIDGE_SECRET', 'missing on a public address', GENERATE_SECRET);

  for (const name of ['GITHUB_URL', 'GITHUB_API_URL'] as const) {
    const address = URL.parse(read(name) ?? '');
    if (address?.protocol === 'http:' && !loopback && !isLoopbackHost(address.hostname))
      complain(name, 'http on a public address', 'Use https: the client secret travels through it.');
  }

  const resources = resourcesOf(reader, origin?.origin);
  const scopes = read('SCOPES');
  const entries = { MCP_UPSTREAMS: read('MCP_UPSTREAMS') ?? [], UPSTREAMS_FILE: read('UPSTREAMS_FILE') ?? [] };
  const upstreams = upstreamsOf({ entries, publicUrl, githubUrl: read('GITHUB_URL'), resources, scopes }, complain);

  const accessTokenTtl = read('ACCESS_TOKEN_TTL');
  const refreshTokenTtl = read('REFRESH_TOKEN_TTL');
  if (refreshTokenTtl < accessTokenTtl)
    complain('REFRESH_TOKEN_TTL', 'shorter than ACCESS_TOKEN_TTL', 'Make it at least as long.');

  const eventHook = eventHookOf(reader);
  const github = {
    clientId: clientId ?? '',
    clientSecret: clientSecret ?? '',
    url: read('GITHUB_URL'),
    apiUrl: read('GITHUB_API_URL') ?? apiUrlOf(read('GITHUB_URL')),
    webhookSecret: read('GITHUB_WEBHOOK_SECRET'),
  };
  const config: Config = {
    github: defined(github),
    operator: operatorOf(reader),
    publicUrl,
    loopback,
    secrets,
    resources,
    scopes,
    upstreams,
    accessTokenTtl,
    refreshTokenTtl,
    hosts: read('HOST'),
    dataDir: read('DATA_DIR'),
    allowedUsers: read('ALLOWED_GITHUB_USERS') ?? [],
    allowedOrganizations: read('ALLOWED_GITHUB_ORGS') ?? [],
    adminUsers: read('ADMIN_GITHUB_USERS') ?? [],
    trustedProxies: read('TRUSTED_PROXIES') ?? [],
    redirectSchemes: read('ALLOWED_REDIRECT_SCHEMES'),
    clientMetadataDocuments: read('CLIENT_METADATA_DOCUMENTS'),
    registrationsPerHour: read('REGISTRATIONS_PER_HOUR'),
    unlimitedRegistrations: read('REGISTRATIONS_UNLIMITED') ?? [],
    logLevel: read('LOG_LEVEL'),
    logFormat: read('LOG_FORMAT'),
    stopDelay: read('STOP_DELAY') ?? 0,
    port: read('PORT'),
    ...defined({
      eventHook,
      metrics,
      telemetry: readTelemetry(env, complain),
      redisUrl: read('REDIS_URL'),
      timeZone: read('TZ'),
      clientsFile: read('CLIENTS_FILE'),
      allowedOrigins: read('ALLOWED_ORIGINS'),
    }),
  };

  for (const name of Object.keys(env).filter(has)) {
    const intended = intendedName(name, NAMES);
    if (intended !== undefined) complain(name, 'not a setting', `Did you mean ${intended}?`);
  }
  if (complaints.length > 0) throw new ConfigurationError(complaints);
  return config;
}

function resourcesOf({ read, complain }: Reader, own: string | undefined): readonly string[] {
  const resources = read('RESOURCES') ?? [];
  for (const resource of resources)
    if (URL.parse(resource)?.origin === own)
      complain('RESOURCES', `"${resource}" is this bridge's own`, 'Leave it out: the bridge serves it already.');
  const comparable = resources.map(comparableResource);
  for (const [index, resource] of resources.entries())
    if (comparable.indexOf(comparable[index] ?? '') !== index)
      complain(
        'RESOURCES',
        `"${resource}" is the same resource as one before it`,
        'Keep one: a query and a slash at the end make no difference to clients.',
      );
  return resources;
}

function eventHookOf({ read, complain }: Reader): EventHookConfig | undefined {
  const [url, secrets] = [read('EVENTS_WEBHOOK_URL'), read('EVENTS_WEBHOOK_SECRET')];
  const events = read('EVENTS_WEBHOOK_EVENTS');
  if (url !== undefined && secrets !== undefined) return { url, secrets, events };
  if (url !== undefined) complain('EVENTS_WEBHOOK_SECRET', 'missing', GENERATE_SECRET);
  if (secrets !== undefined)
    complain('EVENTS_WEBHOOK_URL', 'missing beside EVENTS_WEBHOOK_SECRET', 'Name the receiver, or leave both out.');
  return undefined;
}

function operatorOf({ read }: Reader): Operator {
  return defined({
    name: read('OPERATOR_NAME'),
    url: read('OPERATOR_URL'),
    logo: read('OPERATOR_LOGO'),
    supportUrl: read('OPERATOR_SUPPORT_URL'),
    privacyUrl: read('OPERATOR_PRIVACY_URL'),
    termsUrl: read('OPERATOR_TERMS_URL'),
    color: read('OPERATOR_COLOR'),
  });
}

/** The default of `GITHUB_API_URL`: Enterprise Server has its API under `/api/v3`. */
function apiUrlOf(githubUrl: string): string {
  return githubUrl === 'https://github.com' ? 'https://api.github.com' : `${githubUrl}/api/v3`;
}
