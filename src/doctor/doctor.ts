/** The doctor: runs all checks, and says what they found. */
import { type Config, ConfigurationError, readConfig } from '../config/config.ts';
import { redact } from '../observe/logger.ts';
import { checkEventHook } from './event-hook.ts';
import type { Finding } from './finding.ts';
import { checkGithubApi, checkGithubApp } from './github-app.ts';
import { checkMcpUpstreams } from './mcp-upstreams.ts';
import { checkPolicy } from './policy.ts';
import { checkPublicUrl } from './public-url.ts';
import { checkStore } from './store.ts';

/** Secrets with fewer characters are not replaced in lines, because they occur in ordinary words. */
const MIN_REPLACED_LENGTH = 6;
/** Characters of the longest level. */
const LEVEL_WIDTH = 7;

type Environment = Readonly<Record<string, string | undefined>>;

/** A finding as it is printed: without secrets. */
export interface Result {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was found. */
  readonly text: string;
  /** How to correct a problem: a sentence. */
  readonly remedy?: string;
}

/** How far an examination is: the results in the order of the checks, and the checks that have not ended. */
export interface Examination {
  readonly results: readonly Result[];
  readonly pending: readonly string[];
}

type Findings = readonly Finding[];

/** The checks, in the order in which their findings are printed. */
const CHECKS: readonly (readonly [name: string, run: (config: Config) => Findings | Promise<Findings>])[] = [
  ['GitHub app', checkGithubApp],
  ['GitHub API', async (config) => [await checkGithubApi(config)]],
  ['people and organizations', checkPolicy],
  ['store', checkStore],
  ['PUBLIC_URL', checkPublicUrl],
  ['MCP servers', checkMcpUpstreams],
  ['event hook', checkEventHook],
];

/**
 * Checks a configuration against the real systems. Writes only what opening a store needs.
 * @param progress is called when the checks have begun, and when one has ended
 */
export async function examine(
  env: Environment,
  progress: (examination: Examination) => void = () => {},
): Promise<readonly Result[]> {
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return resultsOf(error, secretsOf(env));
  }
  const secrets = [...secretsOf(env), ...secretsIn(config)];
  const operator = config.operator.name ?? new URL(config.publicUrl).host;
  const configuration: Finding = { check: 'configuration', ok: `complete; pages are in the name of ${operator}` };
  const found = new Map<string, readonly Finding[]>();
  const tell = (): Examination => {
    const findings = [configuration, ...CHECKS.flatMap(([name]) => found.get(name) ?? [])];
    const results = findings.map((finding) => resultOf(finding, secrets));
    return { results, pending: CHECKS.map(([name]) => name).filter((name) => !found.has(name)) };
  };
  progress(tell());
  await Promise.all(
    CHECKS.map(async ([name, run]) => {
      found.set(name, await run(config));
      progress(tell());
    }),
  );
  return tell().results;
}

/** The results for settings that are wrong. @param secrets are not repeated */
export function resultsOf({ complaints }: ConfigurationError, secrets: readonly string[] = []): Result[] {
  return complaints.map(({ variable, problem, remedy }) => resultOf({ check: variable, problem, remedy }, secrets));
}

/** The line of a result. */
export function lineOf({ level, check, text, remedy }: Result): string {
  return `${level.padEnd(LEVEL_WIDTH)}  ${check}: ${text}${remedy === undefined ? '' : `. ${remedy}`}`;
}

function resultOf(finding: Finding, secrets: readonly string[]): Result {
  const clean = (text: string) => withoutSecrets(text, secrets);
  const check = clean(finding.check);
  if ('problem' in finding)
    return { check, level: 'problem', text: clean(finding.problem), remedy: clean(finding.remedy) };
  if ('warning' in finding) return { check, level: 'warning', text: clean(finding.warning) };
  return { check, level: 'ok', text: clean(finding.ok) };
}

/** The secrets in an environment: whole values, the items of lists, and passwords in URLs. */
function secretsOf(env: Environment): string[] {
  const written = Object.entries(env).flatMap(([name, value]) =>
    /SECRET$|^REDIS_URL$/.test(name) && value !== undefined ? [value, ...value.split(',')] : [],
  );
  const passwords = written.flatMap((value) => /\/\/[^/]*:([^@]*)@/.exec(value)?.[1] ?? []);
  return [...written, ...passwords].map((secret) => secret.trim());
}

/** The secrets of a configuration, some of which were read from files. */
function secretsIn({ github, secrets, redisUrl, upstreams, eventHook }: Config): string[] {
  // Fixed headers (with or without a scheme such as Bearer) and queries may hold keys of MCP servers.
  const fixed = upstreams.flatMap(({ url, headers }) => [
    ...Object.values(headers).flatMap((value) => [value, value.replace(/^\S+ /, '')]),
    ...new URL(url).searchParams.values(),
  ]);
  const known = secretsOf({
    CLIENT_SECRET: github.clientSecret,
    WEBHOOK_SECRET: github.webhookSecret,
    BRIDGE_SECRET: secrets.join(','),
    REDIS_URL: redisUrl,
    HOOK_SECRET: eventHook?.secrets.join(','),
  });
  const { pathname = '', searchParams } = URL.parse(eventHook?.url ?? '') ?? {};
  return [...known, ...fixed, ...pathname.split('/'), ...(searchParams?.values() ?? [])];
}

/** Replaces secrets and control characters, because the answer of a system may repeat what it was sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= MIN_REPLACED_LENGTH);
  return redact(long.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)).replace(/\p{Cc}/gu, ' ');
}
