/** The settings as options of `githubBridge()`: each setting of the environment by another name, with the same checks. */
import { type Config, ConfigurationError, readConfig } from './config.ts';
import type { Complaint, Environment } from './environment.ts';
import { NAMES, SETTINGS, type Values } from './settings.ts';
import { intendedName } from './unknown-names.ts';

/** A list: its items, or a text with commas between them. */
type List = string | readonly string[];

/**
 * The settings. README.md has the table of their environment variables, with the meaning and the default of each; an option is
 * named like its variable, but for `clientId`, `clientSecret` and `timeZone`.
 */
export interface BridgeSettings {
  /** The client id of your GitHub app (`GITHUB_CLIENT_ID`). */
  readonly clientId?: string | undefined;
  /** The client secret of your GitHub app (`GITHUB_CLIENT_SECRET`). */
  readonly clientSecret?: string | undefined;
  /** The address that people and clients use: a bare origin, https unless loopback. Default: `http://localhost:8000`. */
  readonly publicUrl?: string | undefined;
  /** The IP address that `listen` uses. Default: `localhost`, which is loopback, IPv4 and IPv6. */
  readonly host?: string | undefined;
  /** The port that `listen` uses. Default: 8000. */
  readonly port?: number | undefined;
  /** The IP address on which `listen` serves the metrics. Default: `localhost`, which is loopback, IPv4 and IPv6. */
  readonly metricsHost?: string | undefined;
  /** The port on which `listen` serves `GET /metrics` to Prometheus. Default: none, and no metrics are served. */
  readonly metricsPort?: number | undefined;
  /** Seals and signs all that is stored: at least 32 bytes. Required unless `publicUrl` is loopback. Several, to rotate. */
  readonly bridgeSecret?: List | undefined;
  /** The folder of the embedded store and of the generated secret. Default: `./data`. */
  readonly dataDir?: string | undefined;
  /** The address of Redis. Default: none, and the store is embedded. */
  readonly redisUrl?: string | undefined;
  /** GitHub scopes asked for when the client names none that is known. Default: `read:user`. */
  readonly scopes?: List | undefined;
  /** Who may sign in: logins or `id:123`. Default: anybody, unless `allowedGithubOrgs` is given. */
  readonly allowedGithubUsers?: List | undefined;
  /** Whose members may sign in as well: `organization` or `organization/team`. */
  readonly allowedGithubOrgs?: List | undefined;
  /** Who may see and end everybody's sessions: logins or `id:123`. Default: nobody. */
  readonly adminGithubUsers?: List | undefined;
  /** Lifetime of an access token, such as `15m`. Default: `1h`. */
  readonly accessTokenTtl?: string | undefined;
  /** Lifetime of a refresh token, which begins anew with each use. Default: `30d`. */
  readonly refreshTokenTtl?: string | undefined;
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-For`, `X-Forwarded-Host`, `X-Request-Id` and `traceparent` count. Default: none. */
  readonly trustedProxies?: List | undefined;
  /** Browser origins that may use `/mcp` and the token endpoints. Default: loopback origins on loopback, else any https origin. */
  readonly allowedOrigins?: List | undefined;
  /** Private-use schemes that clients may redirect to, besides those with a dot. */
  readonly allowedRedirectSchemes?: List | undefined;
  /** Whether a client id may be the https URL of a metadata document. Default: true. */
  readonly clientMetadataDocuments?: boolean | undefined;
  /** A file of clients registered beforehand: a JSON list in the terms of RFC 7591. */
  readonly clientsFile?: string | undefined;
  /** Client registrations allowed from one address in an hour. Default: 1000. */
  readonly registrationsPerHour?: number | undefined;
  /** Addresses or CIDR ranges whose registrations are not limited. */
  readonly registrationsUnlimited?: List | undefined;
  /** Further MCP servers for which this one issues tokens: their URLs, https unless loopback. */
  readonly resources?: List | undefined;
  /** MCP servers that the bridge stands in front of: `name=url`, a url, or `github`. */
  readonly mcpUpstreams?: List | undefined;
  /** A file with the same, and with all that can be said of such a server. */
  readonly upstreamsFile?: string | undefined;
  /** Who runs this bridge, as people see it on every page. Default: the host of `publicUrl`. */
  readonly operatorName?: string | undefined;
  /** The website of the operator. */
  readonly operatorUrl?: string | undefined;
  /** The path of a PNG, SVG or WebP file of at most 100 KB, shown beside the name. */
  readonly operatorLogo?: string | undefined;
  /** Where people get help: an https address or `mailto:`. */
  readonly operatorSupportUrl?: string | undefined;
  /** The operator's privacy policy. */
  readonly operatorPrivacyUrl?: string | undefined;
  /** The operator's terms of service. */
  readonly operatorTermsUrl?: string | undefined;
  /** The colour of buttons and links, such as `#6b2fb3`; one that is too light to be read is refused. */
  readonly operatorColor?: string | undefined;
  /** The time zone of times on the pages, such as `Asia/Tokyo`; people can choose another. Default: the system's. */
  readonly timeZone?: string | undefined;
  /** The address of GitHub, when it is a GitHub Enterprise Server. Default: `https://github.com`. */
  readonly githubUrl?: string | undefined;
  /** The address of its API, when it is not the usual one. */
  readonly githubApiUrl?: string | undefined;
  /** With a GitHub App: takes its webhooks at `/github/webhook`. */
  readonly githubWebhookSecret?: string | undefined;
  /** Takes the events of the audit trail, signed (`docs/events.md`). Default: none. */
  readonly eventsWebhookUrl?: string | undefined;
  /** Signs them: at least 32 bytes, or `whsec_` and base64. Several, to rotate. Required with `eventsWebhookUrl`. */
  readonly eventsWebhookSecret?: List | undefined;
  /** Which of them are sent. Default: `all`, which leaves out `gateway.request` and `tool.called`. */
  readonly eventsWebhookEvents?: List | undefined;
  /** How long `close` lets the bridge answer, while `/readyz` says 503, such as `5s`. Default: not at all. */
  readonly stopDelay?: string | undefined;
  /** `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`. Default: `info`, on standard output. */
  readonly logLevel?: string | undefined;
  /** `json`, `pretty` (for people) or `auto`. Default: `auto`, which is `pretty` when standard output is a terminal. */
  readonly logFormat?: string | undefined;
}

/** The option of each variable. */
const OPTIONS: { readonly [Name in keyof Values]: keyof BridgeSettings } = {
  GITHUB_CLIENT_ID: 'clientId',
  GITHUB_CLIENT_SECRET: 'clientSecret',
  PUBLIC_URL: 'publicUrl',
  HOST: 'host',
  PORT: 'port',
  METRICS_HOST: 'metricsHost',
  METRICS_PORT: 'metricsPort',
  BRIDGE_SECRET: 'bridgeSecret',
  DATA_DIR: 'dataDir',
  REDIS_URL: 'redisUrl',
  SCOPES: 'scopes',
  ALLOWED_GITHUB_USERS: 'allowedGithubUsers',
  ALLOWED_GITHUB_ORGS: 'allowedGithubOrgs',
  ADMIN_GITHUB_USERS: 'adminGithubUsers',
  ACCESS_TOKEN_TTL: 'accessTokenTtl',
  REFRESH_TOKEN_TTL: 'refreshTokenTtl',
  TRUSTED_PROXIES: 'trustedProxies',
  ALLOWED_ORIGINS: 'allowedOrigins',
  ALLOWED_REDIRECT_SCHEMES: 'allowedRedirectSchemes',
  CLIENT_METADATA_DOCUMENTS: 'clientMetadataDocuments',
  CLIENTS_FILE: 'clientsFile',
  REGISTRATIONS_PER_HOUR: 'registrationsPerHour',
  REGISTRATIONS_UNLIMITED: 'registrationsUnlimited',
  RESOURCES: 'resources',
  MCP_UPSTREAMS: 'mcpUpstreams',
  UPSTREAMS_FILE: 'upstreamsFile',
  OPERATOR_NAME: 'operatorName',
  OPERATOR_URL: 'operatorUrl',
  OPERATOR_LOGO: 'operatorLogo',
  OPERATOR_SUPPORT_URL: 'operatorSupportUrl',
  OPERATOR_PRIVACY_URL: 'operatorPrivacyUrl',
  OPERATOR_TERMS_URL: 'operatorTermsUrl',
  OPERATOR_COLOR: 'operatorColor',
  TZ: 'timeZone',
  GITHUB_URL: 'githubUrl',
  GITHUB_API_URL: 'githubApiUrl',
  GITHUB_WEBHOOK_SECRET: 'githubWebhookSecret',
  EVENTS_WEBHOOK_URL: 'eventsWebhookUrl',
  EVENTS_WEBHOOK_SECRET: 'eventsWebhookSecret',
  EVENTS_WEBHOOK_EVENTS: 'eventsWebhookEvents',
  STOP_DELAY: 'stopDelay',
  LOG_LEVEL: 'logLevel',
  LOG_FORMAT: 'logFormat',
};

/**
 * Reads the configuration from options.
 * @param settings what is given here counts, whatever the environment has
 * @param env read for the settings that are not given
 * @param check complains about other options; the configuration is undefined when it is wrong
 * @throws {ConfigurationError} with all complaints, each about an option, or about a variable of `env`
 */
export function readOptions(
  settings: BridgeSettings,
  env?: Environment,
  check: (config: Config | undefined) => readonly Complaint[] = () => [],
): Config {
  const complaints: Complaint[] = [];
  const complain = (variable: string, problem: string, remedy: string) =>
    void complaints.push({ variable, problem, remedy });
  const given = new Map(Object.entries(settings).filter(([, value]) => value !== undefined));
  const merged: Record<string, string | undefined> = { ...env };

  for (const [name, { also = [], without }] of Object.entries(SETTINGS)) {
    const option = OPTIONS[name as keyof Values];
    if (!given.has(option)) continue;
    for (const each of [name, ...also]) for (const key of [each, `${each}_FILE`]) delete merged[key];
    const text = textOf(given.get(option));
    if (typeof text !== 'string') complain(option, text.problem, text.remedy);
    else if (text.trim() !== '') merged[name] = text;
    // In the environment an empty value is none, and the default could let everybody in.
    else if (without !== 'required') complain(option, 'empty', 'Leave it out for its default.');
  }
  const options: readonly string[] = Object.values(OPTIONS);
  for (const name of given.keys()) {
    if (options.includes(name)) continue;
    const option = intendedName(name, options) ?? optionOf(name.replace(/[A-Z]/g, '_$&').toUpperCase());
    const advice = 'The type BridgeSettings has all options.';
    complain(name, 'not an option', option === undefined ? advice : `Did you mean ${option}?`);
  }

  const wrong = new Set(complaints.map(({ variable }) => variable));
  const inTheirWords = wordsFor(settings, env);
  let config: Config | undefined;
  try {
    config = readConfig(merged);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    complaints.push(...error.complaints.map(inTheirWords).filter(({ variable }) => !wrong.has(variable)));
  }
  complaints.push(...check(config));
  if (config === undefined || complaints.length > 0) throw new ConfigurationError(complaints);
  return config;
}

/**
 * How a complaint reads to the caller: a setting has the name by which it was given, that of the variable when its value comes from
 * the environment.
 */
export function wordsFor(settings: BridgeSettings, env: Environment | undefined): (complaint: Complaint) => Complaint {
  const isVariable = (name: string): name is keyof Values => name in OPTIONS;
  const known = (name: string): string => {
    if (!isVariable(name)) return name;
    const option = OPTIONS[name];
    return env !== undefined && settings[option] === undefined ? name : option;
  };
  const inWords = (text: string) => text.replace(/\b[A-Z][A-Z_]+[A-Z]\b/g, known);
  return ({ variable, problem, remedy }) => ({
    variable: known(variable),
    problem: inWords(problem),
    remedy: inWords(remedy),
  });
}

/** The option of a variable, or of one that its name resembles. */
function optionOf(name: string): string | undefined {
  const meant = NAMES.includes(name) ? name : intendedName(name, NAMES);
  return Object.entries(OPTIONS).find(([variable]) => variable === meant)?.[1];
}

/** The text of an option as the environment has it, or what is wrong with it. */
function textOf(value: unknown): string | { problem: string; remedy: string } {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return String(value);
  const items = Array.isArray(value) ? value : [value];
  if (!items.every((item) => typeof item === 'string'))
    return { problem: 'of the wrong type', remedy: 'The type BridgeSettings says which it takes.' };
  if (Array.isArray(value) && items.some((item) => item.includes(',')))
    return { problem: 'an item with a comma', remedy: 'Give each item alone.' };
  return items.join(',');
}
