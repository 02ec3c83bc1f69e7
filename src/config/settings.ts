/**
 * The table of all settings, in the order of README.md. A new setting is a row here, a member of `Config` that
 * `readConfig` reads, a row in README.md and in README.ja.md, and a line in docker-compose.yml; test/docs.test.ts and
 * test/config/config.test.ts compare them.
 */

import { EDITOR_SCHEMES } from '../security/schemes.ts';
import { hookSettings } from './hook-settings.ts';
import {
  addressRanges,
  bareOrigin,
  duration,
  githubAddress,
  integer,
  listenAddresses,
  oneOf,
  onOff,
  organizations,
  origins,
  redirectSchemes,
  redisAddress,
  resources,
  scopes,
  secrets,
  shortDuration,
  text,
  timeZone,
  users,
} from './kinds.ts';
import { OPERATOR_SETTINGS } from './operator-settings.ts';
import { optional, type Setting, setting } from './setting.ts';
import { upstreamList, upstreamsFile } from './upstream-settings.ts';

const TABLE = {
  GITHUB_CLIENT_ID: optional({
    kind: text,
    secret: true,
    also: ['MCP_GITHUB_CLIENT_ID', 'MCP_GITHUB_GITHUB_CLIENT_ID'],
    without: 'required',
    meaning: 'The client id of your GitHub app. Also taken as `MCP_GITHUB_CLIENT_ID` or `MCP_GITHUB_GITHUB_CLIENT_ID`',
  }),
  GITHUB_CLIENT_SECRET: optional({
    kind: text,
    secret: true,
    also: ['MCP_GITHUB_CLIENT_SECRET', 'MCP_GITHUB_GITHUB_CLIENT_SECRET'],
    without: 'required',
    meaning:
      'The client secret of your GitHub app. Also taken as `MCP_GITHUB_CLIENT_SECRET` or `MCP_GITHUB_GITHUB_CLIENT_SECRET`',
  }),
  PUBLIC_URL: optional({
    kind: bareOrigin,
    without: '`http://localhost:8000`',
    meaning:
      'The address that people and clients use: a bare origin, https unless loopback. It is the OAuth issuer, byte for byte. The default has the port of `PORT`',
  }),
  HOST: setting({
    kind: listenAddresses,
    default: 'localhost',
    meaning: 'The IP address that the bridge listens on; `localhost` is loopback, IPv4 and IPv6',
  }),
  PORT: setting({
    kind: integer(0, 65535),
    default: '8000',
    meaning: 'The port that the bridge listens on',
  }),
  METRICS_HOST: setting({
    kind: listenAddresses,
    default: 'localhost',
    meaning: 'The IP address that the metrics are served on; `localhost` is loopback, IPv4 and IPv6',
  }),
  METRICS_PORT: optional({
    kind: integer(1, 65535),
    without: 'none: no metrics are served',
    meaning: 'The port on which Prometheus reads `GET /metrics`; keep it off the internet',
  }),
  BRIDGE_SECRET: optional({
    kind: secrets,
    secret: true,
    without: 'on loopback generated into `DATA_DIR`, else required',
    meaning: 'Seals and signs all that is stored: at least 32 bytes. Several, to [rotate](#rotating-bridge_secret)',
  }),
  DATA_DIR: setting({
    kind: text,
    default: './data',
    meaning: 'The folder of the embedded store (SQLite) and of the generated secret',
  }),
  REDIS_URL: optional({
    kind: redisAddress,
    secret: true,
    without: 'none: the embedded store',
    meaning:
      '`redis://`, `rediss://`, and the Sentinel and Cluster forms of [the store](src/store/README.md). For more than one bridge',
  }),
  SCOPES: setting({
    kind: scopes,
    default: 'read:user',
    meaning: 'GitHub scopes asked for when the client names none that is known',
  }),
  ALLOWED_GITHUB_USERS: optional({
    kind: users,
    without: 'anybody, unless `ALLOWED_GITHUB_ORGS` is set',
    meaning: 'Who may sign in: logins or `id:123`',
  }),
  ALLOWED_GITHUB_ORGS: optional({
    kind: organizations,
    without: 'anybody, unless `ALLOWED_GITHUB_USERS` is set',
    meaning: 'Whose members may sign in as well: organizations or `organization/team`',
  }),
  ADMIN_GITHUB_USERS: optional({
    kind: users,
    without: 'nobody',
    meaning: "Who may see and end everybody's sessions, by page and by tools: logins or `id:123`",
  }),
  ACCESS_TOKEN_TTL: setting({
    kind: duration,
    default: '1h',
    meaning: 'Lifetime of an access token',
  }),
  REFRESH_TOKEN_TTL: setting({
    kind: duration,
    default: '30d',
    meaning: 'Lifetime of a refresh token; it begins anew with each use',
  }),
  TRUSTED_PROXIES: optional({
    kind: addressRanges,
    without: 'none',
    meaning:
      'Addresses or CIDR ranges of proxies whose `X-Forwarded-For`, `X-Forwarded-Host`, `X-Request-Id` and `traceparent` count',
  }),
  ALLOWED_ORIGINS: optional({
    kind: origins,
    without: 'loopback origins on loopback, else any https origin',
    meaning: 'Browser origins that may use `/mcp` and the token endpoints',
  }),
  ALLOWED_REDIRECT_SCHEMES: setting({
    kind: redirectSchemes,
    default: EDITOR_SCHEMES.join(','),
    meaning: 'Private-use schemes that clients may redirect to, besides those with a dot',
  }),
  CLIENT_METADATA_DOCUMENTS: setting({
    kind: onOff,
    default: 'on',
    meaning: 'Whether a client id may be the https URL of a metadata document',
  }),
  CLIENTS_FILE: optional({
    kind: text,
    without: 'none',
    meaning: 'Clients registered beforehand: a JSON list in the terms of RFC 7591',
  }),
  REGISTRATIONS_PER_HOUR: setting({
    kind: integer(1, 1_000_000),
    default: '1000',
    meaning:
      'Client registrations allowed from one address; cloud clients register for each person, from few addresses',
  }),
  REGISTRATIONS_UNLIMITED: optional({
    kind: addressRanges,
    without: 'none',
    meaning: 'Addresses or CIDR ranges whose registrations are not limited',
  }),
  RESOURCES: optional({
    kind: resources,
    without: 'none',
    meaning: 'Further MCP servers for which this one issues tokens: their URLs, https unless loopback',
  }),
  MCP_UPSTREAMS: optional({
    kind: upstreamList,
    without: 'none: the built-in tools alone',
    meaning:
      "MCP servers that the bridge stands in front of: `name=url` for one at `/mcp/name`, a url alone for one at `/mcp` in place of the built-in tools, `github` for GitHub's own at `/mcp/github`",
  }),
  UPSTREAMS_FILE: optional({
    kind: upstreamsFile,
    without: 'none',
    meaning:
      'The same as a JSON list, with all that can be said of a server: `name`, `url`, `title`, `credential`, `scopes`, `headers`, `allowTools`, `denyTools`, `firstByteTimeout`',
  }),
  ...OPERATOR_SETTINGS,
  TZ: optional({
    kind: timeZone,
    without: "the system's; in the image UTC",
    meaning: 'The time zone of times on the pages, such as `Asia/Tokyo`; people can choose another on the account page',
  }),
  GITHUB_URL: setting({
    kind: githubAddress,
    default: 'https://github.com',
    meaning: 'The address of GitHub, when it is a GitHub Enterprise Server',
  }),
  GITHUB_API_URL: optional({
    kind: githubAddress,
    without: 'derived from `GITHUB_URL`',
    meaning: 'The address of its API, when it is not the usual one',
  }),
  GITHUB_WEBHOOK_SECRET: optional({
    kind: text,
    secret: true,
    without: 'none: no endpoint',
    meaning:
      'With a GitHub App: takes its webhooks at `/github/webhook`, so that an authorization revoked at GitHub ends its sessions at once',
  }),
  ...hookSettings,
  STOP_DELAY: optional({
    kind: shortDuration,
    without: 'none',
    meaning:
      'How long a bridge that is told to stop still answers, while `/readyz` says 503, so that a proxy sends new requests to others first',
  }),
  LOG_LEVEL: setting({
    kind: oneOf('level', 'fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    meaning: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
  }),
  LOG_FORMAT: setting({
    kind: oneOf('format', 'auto', 'json', 'pretty'),
    default: 'auto',
    meaning: '`json`, `pretty` (for people), or `auto`: `pretty` when standard output is a terminal, else `json`',
  }),
};

/** The value of each setting; undefined when it has neither a value nor a default. */
export type Values = { readonly [Name in keyof typeof TABLE]: (typeof TABLE)[Name]['fallback'] };

export const SETTINGS: { readonly [Name in keyof Values]: Setting<Values[Name]> } = TABLE;

/** Every name that is read from the environment: settings, their other names, and the `NAME_FILE` of each secret. */
export const NAMES: readonly string[] = Object.entries(SETTINGS).flatMap(([name, { also = [], secret = false }]) =>
  [name, ...also].flatMap((each) => (secret ? [each, `${each}_FILE`] : [each])),
);
