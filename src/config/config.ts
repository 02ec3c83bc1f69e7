/**
 * Configuration: the environment, read once into a typed value. Every complaint is collected, so that a person mends
 * all of them at once; a weak setting on a public address is refused, not warned about.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isLoopbackHost } from '../security/hosts.ts';
import { DANGEROUS_SCHEMES } from '../security/schemes.ts';
import { type Complaint, createReader } from './environment.ts';

/** Thrown by {@link readConfig}; `main` prints one line a complaint and exits with 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly complaints: readonly Complaint[];

  constructor(complaints: readonly Complaint[]) {
    super(complaints.map((c) => `${c.variable}: ${c.problem}. ${c.remedy}`).join('\n'));
    this.complaints = complaints;
  }
}

/** Who is meant by `ALLOWED_GITHUB_USERS` and `ADMIN_GITHUB_USERS`. */
export type UserRule = { readonly id: number } | { readonly login: string };
/** Who is meant by `ALLOWED_GITHUB_ORGS`. */
export interface OrganizationRule {
  readonly organization: string;
  readonly team?: string;
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

const DEFAULT_PORT = 8000;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const LOGIN = /^[a-z\d](?:[a-z\d]|[-_](?=[a-z\d])){0,38}$/i;
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * Reads the configuration.
 * @param env the environment; each secret may also stand in a file, named by `NAME_FILE`
 * @throws {ConfigurationError} with all complaints
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const { complaints, complain, text, secret, list, duration, integer, firstSecret } = createReader(env);
  const githubId = firstSecret('GITHUB_CLIENT_ID', 'MCP_GITHUB_CLIENT_ID', 'MCP_GITHUB_GITHUB_CLIENT_ID');
  const githubSecret = firstSecret(
    'GITHUB_CLIENT_SECRET',
    'MCP_GITHUB_CLIENT_SECRET',
    'MCP_GITHUB_GITHUB_CLIENT_SECRET',
  );
  const howToGet =
    'Create an OAuth App at https://github.com/settings/developers and copy it from there (README, "Your own GitHub app").';
  if (githubId === undefined) complain('GITHUB_CLIENT_ID', 'missing', howToGet);
  if (githubSecret === undefined) complain('GITHUB_CLIENT_SECRET', 'missing', howToGet);

  const publicUrl = text('PUBLIC_URL') ?? `http://localhost:${/^\d+$/.exec(text('PORT') ?? '')?.[0] ?? DEFAULT_PORT}`;
  const origin = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (origin === undefined || !/^https?:$/.test(origin.protocol) || origin.origin !== publicUrl) {
    complain(
      'PUBLIC_URL',
      `"${publicUrl}" is not a bare origin`,
      'Write for example https://mcp.example.com: lower case, no path, no slash at the end, no default port.',
    );
  }
  const loopback = origin !== undefined && isLoopbackHost(origin.hostname);
  if (origin?.protocol === 'http:' && !loopback) {
    complain('PUBLIC_URL', 'http on a public address', 'Use https: tokens and codes travel through it.');
  }

  const host = text('HOST');
  const hosts = host === undefined ? ['127.0.0.1', '::1'] : host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
  if (host !== undefined && host !== 'localhost' && isIP(host) === 0)
    complain('HOST', `"${host}" is not an IP address`, 'Write for example 127.0.0.1 or 0.0.0.0.');

  const redisUrl = secret('REDIS_URL');
  if (redisUrl !== undefined && !/^(rediss?|rediss?-sentinel|rediss?-cluster):\/\/./.test(redisUrl)) {
    complain(
      'REDIS_URL',
      'not an address of Redis',
      'Write for example redis://127.0.0.1:6379 (src/store/README.md has the Sentinel and Cluster forms).',
    );
  }

  const secrets = (firstSecret('BRIDGE_SECRET') ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const generate = 'Generate one, for example with: openssl rand -base64 48';
  if (secrets.length === 0 && !loopback && origin !== undefined)
    complain('BRIDGE_SECRET', 'missing on a public address', generate);
  if (secrets.some((item) => Buffer.byteLength(item) < 32))
    complain('BRIDGE_SECRET', 'a secret in it is shorter than 32 bytes (commas separate secrets)', generate);

  const githubUrl = webUrl('GITHUB_URL', text('GITHUB_URL') ?? 'https://github.com');
  const githubApiUrl = webUrl(
    'GITHUB_API_URL',
    text('GITHUB_API_URL') ?? (githubUrl === 'https://github.com' ? 'https://api.github.com' : `${githubUrl}/api/v3`),
  );
  function webUrl(name: string, value: string): string {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (
      url === undefined ||
      !/^https?:$/.test(url.protocol) ||
      url.search !== '' ||
      url.hash !== '' ||
      url.username !== ''
    ) {
      complain(name, `"${value}" is not an address of GitHub`, 'Write for example https://github.example.com.');
    } else if (url.protocol === 'http:' && !loopback && !isLoopbackHost(url.hostname)) {
      complain(name, 'http on a public address', 'Use https: the client secret travels through it.');
    }
    return value.replace(/\/+$/, '');
  }

  const scopes = list('SCOPES').flatMap((item) => item.split(/\s+/));
  for (const scope of scopes)
    if (!SCOPE.test(scope)) complain('SCOPES', `"${scope}" is not a scope`, 'Write for example read:user,repo.');

  const users = (name: string): UserRule[] =>
    list(name).flatMap((item): UserRule[] => {
      const id = /^id:(\d{1,15})$/.exec(item)?.[1];
      if (id !== undefined) return [{ id: Number(id) }];
      if (LOGIN.test(item)) return [{ login: item.toLowerCase() }];
      complain(name, `"${item}" is not a GitHub user`, 'Write a login, or id:123 for a numeric id.');
      return [];
    });
  const organizations = list('ALLOWED_GITHUB_ORGS').flatMap((item): OrganizationRule[] => {
    const [organization = '', team, more] = item.split('/');
    if (LOGIN.test(organization) && more === undefined && (team === undefined || /^[\w.-]+$/.test(team))) {
      return [team === undefined ? { organization } : { organization, team }];
    }
    complain(
      'ALLOWED_GITHUB_ORGS',
      `"${item}" is not an organisation or a team`,
      'Write organisation, or organisation/team-slug.',
    );
    return [];
  });

  const resources = list('RESOURCES');
  for (const resource of resources) {
    const url = URL.canParse(resource) ? new URL(resource) : undefined;
    if (
      url === undefined ||
      url.hash !== '' ||
      (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    ) {
      complain(
        'RESOURCES',
        `"${resource}" is not a resource identifier`,
        'Write an https URL without a fragment (http for loopback only).',
      );
    } else if (url.origin === origin?.origin) {
      complain('RESOURCES', `"${resource}" is this bridge's own`, 'Leave it out: the bridge serves it already.');
    }
  }

  const redirectSchemes =
    text('ALLOWED_REDIRECT_SCHEMES') === undefined
      ? ['cursor', 'vscode', 'vscode-insiders', 'windsurf', 'zed']
      : list('ALLOWED_REDIRECT_SCHEMES').map((item) => item.toLowerCase().replace(/:(\/\/)?$/, ''));
  for (const scheme of redirectSchemes) {
    if (!SCHEME.test(scheme) || DANGEROUS_SCHEMES.has(scheme))
      complain(
        'ALLOWED_REDIRECT_SCHEMES',
        `"${scheme}" is not a private-use scheme`,
        'Write for example cursor,vscode.',
      );
  }

  const allowedOrigins = text('ALLOWED_ORIGINS') === undefined ? undefined : list('ALLOWED_ORIGINS');
  for (const item of allowedOrigins ?? []) {
    if (!URL.canParse(item) || new URL(item).origin !== item)
      complain('ALLOWED_ORIGINS', `"${item}" is not an origin`, 'Write for example https://app.example.com.');
  }

  const trustedProxies = list('TRUSTED_PROXIES');
  for (const item of trustedProxies) {
    if (!ipaddr.isValid(item) && !ipaddr.isValidCIDR(item))
      complain('TRUSTED_PROXIES', `"${item}" is not an address`, 'Write for example 10.0.0.0/8 or 127.0.0.1.');
  }

  const accessTokenTtl = duration('ACCESS_TOKEN_TTL', 3600);
  const refreshTokenTtl = duration('REFRESH_TOKEN_TTL', 30 * 86400);
  if (refreshTokenTtl < accessTokenTtl)
    complain('REFRESH_TOKEN_TTL', 'shorter than ACCESS_TOKEN_TTL', 'Make it at least as long.');
  const logLevel = text('LOG_LEVEL') ?? 'info';
  if (!LOG_LEVELS.includes(logLevel))
    complain('LOG_LEVEL', `"${logLevel}" is not a level`, `Write one of ${LOG_LEVELS.join(', ')}.`);
  const port = integer('PORT', DEFAULT_PORT, 0, 65535);
  const registrationsPerHour = integer('REGISTRATIONS_PER_HOUR', 100, 1, 1_000_000);
  const documents = text('CLIENT_METADATA_DOCUMENTS') ?? 'on';
  if (documents !== 'on' && documents !== 'off')
    complain('CLIENT_METADATA_DOCUMENTS', `"${documents}" is neither on nor off`, 'Write on or off.');
  const clientsFile = text('CLIENTS_FILE');
  const webhookSecret = secret('GITHUB_WEBHOOK_SECRET');
  if (text('MCP_UPSTREAMS') !== undefined) complain('MCP_UPSTREAMS', 'not built yet', 'Leave it out.');
  const allowedUsers = users('ALLOWED_GITHUB_USERS');
  const adminUsers = users('ADMIN_GITHUB_USERS');

  if (complaints.length > 0 || githubId === undefined || githubSecret === undefined)
    throw new ConfigurationError(complaints);
  return {
    github: {
      clientId: githubId,
      clientSecret: githubSecret,
      url: githubUrl,
      apiUrl: githubApiUrl,
      ...(webhookSecret === undefined ? {} : { webhookSecret }),
    },
    publicUrl,
    loopback,
    hosts,
    port,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    dataDir: text('DATA_DIR') ?? './data',
    secrets,
    scopes: scopes.length === 0 ? ['read:user'] : [...new Set(scopes)],
    allowedUsers,
    allowedOrganizations: organizations,
    adminUsers,
    resources,
    ...(clientsFile === undefined ? {} : { clientsFile }),
    redirectSchemes,
    ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
    trustedProxies,
    accessTokenTtl,
    refreshTokenTtl,
    logLevel,
    clientMetadataDocuments: documents === 'on',
    registrationsPerHour,
  };
}
