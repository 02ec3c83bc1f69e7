/**
 * The log: one JSON object per line. Requests are logged with their path, never with their query; errors with their
 * private detail and the reference that the answer carried. Everything that looks like a token is replaced, also inside
 * messages.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { innermostMessage } from '../base/error-cause.ts';
import { attribution, circumstances } from './attribution.ts';
import type { EventBus, Events } from './events.ts';
import type { StoreOutage } from './store-outage.ts';

/**
 * Matches our tokens, GitHub's tokens, JWTs, and secrets in queries and Authorization headers. What is escaped in a JSON string is
 * taken as a whole, so that the line stays JSON; the letter of an escaped line end or tab is no part of the word behind it.
 */
const SECRETS =
  /(?<=\b|\\[bfnrt])(?:mg[crs]_[\w-]{16,}|gh[a-z]_\w{16,}|github_pat_\w{16,})|(?<=(?<![\w-])|\\[bfnrt])eyJ[\w-]{4,4096}\.[\w-]{1,8192}\.[\w-]{0,2048}|(?<=(?:\b|\\[bfnrt])(?:code|state|token|secret|verifier|assertion|password|client_secret|access_token|refresh_token)=)(?:\\.|[^&\s"\\])+|(?<=(?:\b|\\[bfnrt])(?:Bearer|Basic) )[\w\-.~+/=]+/gi;
/** The text that replaces a secret. */
const REPLACEMENT = '[redacted]';
/** Members of log objects, at the top and one level below, whose values are replaced. */
const REDACTED_KEYS = [
  'authorization',
  'cookie',
  'token',
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'code',
  'code_verifier',
  'client_secret',
  'secret',
  'state',
  'set-cookie',
];

/** Replaces everything that looks like a secret. */
export function redact(text: string): string {
  return text.replace(SECRETS, REPLACEMENT);
}

/** A value as JSON, in which secrets are replaced as in the log. */
export function redactedJson(value: unknown): string {
  const keys: ReadonlySet<string> = new Set(REDACTED_KEYS);
  return JSON.stringify(value, (key, member: unknown) => {
    if (keys.has(key)) return REPLACEMENT;
    return typeof member === 'string' ? redact(member) : member;
  });
}

/**
 * Creates the logger.
 * @param level a level of pino, or `silent`
 * @param destination where lines are written; default: standard output
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const sink: DestinationStream = { write: (line) => (destination ?? process.stdout).write(redact(line)) };
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      base: null,
      redact: {
        paths: REDACTED_KEYS.flatMap((key) => (key.includes('-') ? [`["${key}"]`, `*["${key}"]`] : [key, `*.${key}`])),
        censor: REPLACEMENT,
      },
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
}

/**
 * Logs every event, with what is known of the request that it happened in.
 * @param outage tells that the store does not answer; the errors that it takes are logged at level debug
 */
export function logEvents(events: EventBus, logger: Logger, outage?: Pick<StoreOutage, 'takes'>): void {
  events.onAny((name, event, known) => {
    if (name === 'request.failed' && 'expected' in event) {
      const { error, expected, ...rest } = event;
      const taken = !expected && outage?.takes(error, true) === true;
      const level = taken ? 'debug' : expected ? 'info' : 'error';
      const described = describe(error, !expected && !taken);
      logger[level]({ event: name, ...circumstances(event, known), ...rest, ...described });
    } else if (name === 'store.error' && 'error' in event) {
      const taken = outage?.takes(event.error, false) === true;
      const level = taken ? 'debug' : 'error';
      logger[level]({ event: name, ...circumstances(event, known), ...describe(event.error, false) });
    } else {
      const level = DETAILS.has(name) ? 'debug' : WARNINGS.has(name) ? 'warn' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      const audit = AUDITED.has(name) ? { audit: true, ...attribution(name, event, known) } : {};
      logger[level]({ event: name, ...audit, ...circumstances(event, known), ...event });
    }
  });
}

/** Events logged at level debug. */
const DETAILS: ReadonlySet<string> = new Set([
  'github.call',
  'mcp.refused',
  'consent.shown',
  'login.returned',
  'session.used',
  'gateway.flow.began',
  'gateway.flow.ended',
]);

/** Events logged at level warn. */
const WARNINGS: ReadonlySet<string> = new Set([
  'code.replayed',
  'refresh_token.reused',
  'credential.refresh_failed',
  'rate.limited',
  'proxy.untrusted',
]);

/** Events of the audit trail: logins, consents, registrations, revocations, key changes, calls of tools and of other MCP servers. */
export const AUDITED: ReadonlySet<keyof Events> = new Set([
  'client.registered',
  'client.updated',
  'client.removed',
  'person.blocked',
  'person.unblocked',
  'consent.allowed',
  'consent.denied',
  'login.completed',
  'login.failed',
  'code.replayed',
  'refresh_token.reused',
  'grant.ended',
  'credential.dead',
  'credential.revoked',
  'credential.reset',
  'keys.rotated',
  'tool.called',
  'gateway.request',
]);

/** An error as members of a log line; its cause is the innermost, because `fetch failed` tells nothing. */
export function describe(error: unknown, withStack: boolean): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause === undefined ? {} : { cause: innermostMessage(error) };
  return { error: error.name, message: error.message, ...cause, ...(withStack ? { stack: error.stack } : {}) };
}
