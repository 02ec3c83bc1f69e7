/**
 * Configuration: the environment, read once into a typed value. Every complaint is collected, so that a person mends
 * all of them at once; a weak setting on a public address is refused, not warned about. What a setting alone must be is in
 * the table (`settings.ts`); what several must be together is here.
 */
import { defined } from '../base/defined.ts';
import { comparableResource } from '../protocol/resource.ts';
import { isLoopbackHost } from '../security/hosts.ts';
import { type Complaint, createReader, type Environment } from './environment.ts';
import { GENERATE_SECRET, type OrganizationRule, type UserRule } from './kinds.ts';
import { NAMES } from './settings.ts';
import { intendedName } from './unknown-names.ts';

export type { OrganizationRule, UserRule } from './kinds.ts';

/** Thrown by {@link readConfig}; `main` prints one line a complaint and exits with 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly complaints: readonly Complaint[];

  constructor(complaints: readonly Complaint[]) {
    super(complaints.map((c) => `${c.variable}: ${c.problem}. ${c.remedy}`).join('\n'));
    this.complaints = complaints;
  }
}

export interface Config {
  readonly github: {
    readonly clientId: string;
    readonly clientSecret: string;
    /** Origin (and path, if any) of GitHub's web side, without a trailing slash. */
    readonly url: string;
    readonly apiUrl: string;
    /** Verifies webhooks of a GitHub App; without it there is no webhook endpoint. */
    readonly webhookSecret?: string;
  };
  /** The issuer, byte for byte, and the base of every URL. */
  readonly publicUrl: string;
  /** Whether `publicUrl` is a loopback address: a developer's machine. */
  readonly loopback: boolean;
  /** Addresses to listen on. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly redisUrl?: string;
  readonly dataDir: string;
  /** The first seals and signs, all open and verify; empty when the secret is to be generated into `dataDir`. */
  readonly secrets: readonly string[];
  /** GitHub scopes asked for when the client names none. */
  readonly scopes: readonly string[];
  readonly allowedUsers: readonly UserRule[];
  readonly allowedOrganizations: readonly OrganizationRule[];
  readonly adminUsers: readonly UserRule[];
  /** Further resources this authorization server issues tokens for. */
  readonly resources: readonly string[];
  readonly clientsFile?: string;
  readonly redirectSchemes: readonly string[];
  /** Browser origins that may use `/mcp` and the token endpoints; undefined is the default rule. */
  readonly allowedOrigins?: readonly string[];
  /** CIDR ranges of proxies whose X-Forwarded headers count. */
  readonly trustedProxies: readonly string[];
  /** Seconds. */
  readonly accessTokenTtl: number;
  /** Seconds, sliding. */
  readonly refreshTokenTtl: number;
  readonly logLevel: string;
  /** Whether client ids may be https URLs of metadata documents. */
  readonly clientMetadataDocuments: boolean;
  /** Registrations allowed an hour from one address. */
  readonly registrationsPerHour: number;
}

/** Names of settings to come. Who sets one expects something that does not happen. */
const NOT_BUILT = ['MCP_UPSTREAMS', 'UPSTREAMS_FILE'];
const HOW_TO_GET =
  'Create an OAuth App at https://github.com/settings/developers and copy it from there (README, "Your own GitHub app").';

/**
 * Reads the configuration. Complaints come in the order of the code below.
 * @param env the environment; each secret may also stand in a file, named by `NAME_FILE`
 * @throws {ConfigurationError} with all complaints
 */
export function readConfig(env: Environment): Config {
  const { complaints, complain, has, read } = createReader(env);
  const clientId = read('GITHUB_CLIENT_ID');
  const clientSecret = read('GITHUB_CLIENT_SECRET');
  if (clientId === undefined) complain('GITHUB_CLIENT_ID', 'missing', HOW_TO_GET);
  if (clientSecret === undefined) complain('GITHUB_CLIENT_SECRET', 'missing', HOW_TO_GET);

  // `origin` leaves out the default port, as PUBLIC_URL must.
  const publicUrl = read('PUBLIC_URL') ?? new URL(`http://localhost:${read('PORT')}`).origin;
  const origin = URL.parse(publicUrl);
  const loopback = origin !== null && isLoopbackHost(origin.hostname);
  if (origin?.protocol === 'http:' && !loopback)
    complain('PUBLIC_URL', 'http on a public address', 'Use https: tokens and codes travel through it.');

  const secrets = read('BRIDGE_SECRET') ?? [];
  if (secrets.length === 0 && !loopback && origin !== null)
    complain('BRIDGE_SECRET', 'missing on a public address', GENERATE_SECRET);

  for (const name of ['GITHUB_URL', 'GITHUB_API_URL'] as const) {
    const address = URL.parse(read(name) ?? '');
    if (address?.protocol === 'http:' && !loopback && !isLoopbackHost(address.hostname))
      complain(name, 'http on a public address', 'Use https: the client secret travels through it.');
  }

  const resources = read('RESOURCES') ?? [];
  for (const resource of resources)
    if (URL.parse(resource)?.origin === origin?.origin)
      complain('RESOURCES', `"${resource}" is this bridge's own`, 'Leave it out: the bridge serves it already.');
  const comparable = resources.map(comparableResource);
  for (const [index, resource] of resources.entries())
    if (comparable.indexOf(comparable[index] ?? '') !== index)
      complain(
        'RESOURCES',
        `"${resource}" is the same resource as one before it`,
        'Keep one: a query and a slash at the end make no difference to clients.',
      );

  const accessTokenTtl = read('ACCESS_TOKEN_TTL');
  const refreshTokenTtl = read('REFRESH_TOKEN_TTL');
  if (refreshTokenTtl < accessTokenTtl)
    complain('REFRESH_TOKEN_TTL', 'shorter than ACCESS_TOKEN_TTL', 'Make it at least as long.');

  const github = {
    clientId: clientId ?? '',
    clientSecret: clientSecret ?? '',
    url: read('GITHUB_URL'),
    apiUrl: read('GITHUB_API_URL') ?? apiUrlOf(read('GITHUB_URL')),
    webhookSecret: read('GITHUB_WEBHOOK_SECRET'),
  };
  const config: Config = {
    github: defined(github),
    publicUrl,
    loopback,
    secrets,
    resources,
    accessTokenTtl,
    refreshTokenTtl,
    hosts: read('HOST'),
    dataDir: read('DATA_DIR'),
    scopes: read('SCOPES'),
    allowedUsers: read('ALLOWED_GITHUB_USERS') ?? [],
    allowedOrganizations: read('ALLOWED_GITHUB_ORGS') ?? [],
    adminUsers: read('ADMIN_GITHUB_USERS') ?? [],
    trustedProxies: read('TRUSTED_PROXIES') ?? [],
    redirectSchemes: read('ALLOWED_REDIRECT_SCHEMES'),
    clientMetadataDocuments: read('CLIENT_METADATA_DOCUMENTS'),
    registrationsPerHour: read('REGISTRATIONS_PER_HOUR'),
    logLevel: read('LOG_LEVEL'),
    port: read('PORT'),
    ...defined({
      redisUrl: read('REDIS_URL'),
      clientsFile: read('CLIENTS_FILE'),
      allowedOrigins: read('ALLOWED_ORIGINS'),
    }),
  };

  for (const name of NOT_BUILT) if (has(name)) complain(name, 'not built yet', 'Leave it out.');
  for (const name of Object.keys(env).filter(has)) {
    const intended = intendedName(name, NAMES);
    if (intended !== undefined) complain(name, 'not a setting', `Did you mean ${intended}?`);
  }
  if (complaints.length > 0) throw new ConfigurationError(complaints);
  return config;
}

/** Where the API of a GitHub is, unless the operator says otherwise. */
function apiUrlOf(githubUrl: string): string {
  return githubUrl === 'https://github.com' ? 'https://api.github.com' : `${githubUrl}/api/v3`;
}
