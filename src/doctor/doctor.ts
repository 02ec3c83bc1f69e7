/** The doctor: runs all checks, and formats their findings as lines. */
import { type Config, ConfigurationError, readConfig } from '../config/config.ts';
import { redact } from '../observe/logger.ts';
import { type Finding, isProblem } from './finding.ts';
import { checkGithubApi, checkGithubApp } from './github-app.ts';
import { checkMcpUpstreams } from './mcp-upstreams.ts';
import { checkPolicy } from './policy.ts';
import { checkPublicUrl } from './public-url.ts';
import { checkStore } from './store.ts';

/** Secrets with fewer characters are not replaced in lines, because they occur in ordinary words. */
const MIN_REPLACED_LENGTH = 6;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Checks a configuration against the real systems. Writes only what opening a store needs.
 * @param say receives one line per finding
 * @returns whether there is no problem
 */
export async function examine(env: Environment, say: (line: string) => void): Promise<boolean> {
  const { findings, secrets } = await findingsFor(env);
  for (const finding of findings) say(withoutSecrets(line(finding), secrets));
  return !findings.some(isProblem);
}

async function findingsFor(env: Environment): Promise<{ findings: Finding[]; secrets: readonly string[] }> {
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const findings = error.complaints.map(({ variable, problem, remedy }) => ({ check: variable, problem, remedy }));
    return { findings, secrets: secretsOf(env) };
  }
  const checked = await Promise.all([
    checkGithubApp(config),
    checkGithubApi(config),
    checkPolicy(config),
    checkStore(config),
    checkPublicUrl(config),
    checkMcpUpstreams(config),
  ]);
  const operator = config.operator.name ?? new URL(config.publicUrl).host;
  const configuration: Finding = { check: 'configuration', ok: `complete; pages are in the name of ${operator}` };
  return { findings: [configuration, ...checked.flat()], secrets: [...secretsOf(env), ...secretsIn(config)] };
}

function line(finding: Finding): string {
  if ('problem' in finding) return `problem  ${finding.check}: ${finding.problem}. ${finding.remedy}`;
  if ('warning' in finding) return `warning  ${finding.check}: ${finding.warning}`;
  return `ok       ${finding.check}: ${finding.ok}`;
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
function secretsIn({ github, secrets, redisUrl, upstreams }: Config): string[] {
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
  });
  return [...known, ...fixed];
}

/** Replaces secrets and control characters, because the answer of a system may repeat what it was sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= MIN_REPLACED_LENGTH);
  return redact(long.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)).replace(/\p{Cc}/gu, ' ');
}
