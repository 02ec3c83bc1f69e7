/**
 * The log: one JSON object per line. Requests are logged with their path, never with their query; errors with their
 * private detail and the reference that the answer carried. Everything that looks like a token is replaced, also inside
 * messages.
 */
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { EventBus, Events } from './events.ts';
import type { StoreOutage } from './store-outage.ts';

/**
 * Matches our tokens, GitHub's tokens, JWTs, and secrets in queries and Authorization headers. What is escaped in a JSON string is
 * taken as a whole, so that the line stays JSON.
 */
const SECRETS =
  /\bmg[crs]_[\w-]{16,}|\bgh[a-z]_\w{16,}|\bgithub_pat_\w{16,}|(?<![\w-])eyJ[\w-]{4,4096}\.[\w-]{1,8192}\.[\w-]{0,2048}|(?<=\b(?:code|state|token|secret|verifier|assertion|password|client_secret|access_token|refresh_token)=)(?:\\.|[^&\s"\\])+|(?<=\b(?:Bearer|Basic) )[\w\-.~+/=]+/gi;
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
 * Logs every event.
 * @param outage tells that the store does not answer; the errors that it takes are logged at level debug
 */
export function logEvents(events: EventBus, logger: Logger, outage?: Pick<StoreOutage, 'takes'>): void {
  events.onAny((name, event) => {
    if (name === 'request.failed' && 'expected' in event) {
      const { error, expected, ...rest } = event;
      const taken = !expected && outage?.takes(error, true) === true;
      const level = taken ? 'debug' : expected ? 'info' : 'error';
      logger[level]({ event: name, ...rest, ...describe(error, !expected && !taken) });
    } else if (name === 'store.error' && 'error' in event) {
      const taken = outage?.takes(event.error, false) === true;
      logger[taken ? 'debug' : 'error']({ event: name, ...describe(event.error, false) });
    } else {
      const level = DETAILS.has(name) ? 'debug' : WARNINGS.has(name) ? 'warn' : 'info';
      if (logger.isLevelEnabled(level))
        logger[level]({ event: name, ...(AUDITED.has(name) ? { audit: true } : {}), ...event });
    }
  });
}

/** Events logged at level debug. */
const DETAILS: ReadonlySet<string> = new Set([
  'github.call',
  'tool.called',
  'mcp.refused',
  'consent.shown',
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

/** Events of the audit trail: logins, consents, registrations, revocations, key changes, calls of other MCP servers. */
export const AUDITED: ReadonlySet<keyof Events> = new Set([
  'client.registered',
  'client.updated',
  'client.removed',
  'consent.allowed',
  'consent.denied',
  'login.completed',
  'login.failed',
  'code.replayed',
  'refresh_token.reused',
  'grant.ended',
  'person.blocked',
  'person.unblocked',
  'credential.dead',
  'credential.revoked',
  'credential.reset',
  'keys.rotated',
  'gateway.request',
]);

/** An error as members of a log line. */
export function describe(error: unknown, withStack: boolean): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
  return { error: error.name, message: error.message, ...cause, ...(withStack ? { stack: error.stack } : {}) };
}
