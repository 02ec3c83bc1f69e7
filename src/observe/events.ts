/**
 * Events: protocol code emits them; the logger (with the audit trail) and the metrics subscribe. No event carries a
 * token, a code or a secret (design decision 15).
 */
import { EventEmitter } from 'node:events';

/** The events by name, with their data. `person` is the opaque tag, `grant` the id of the grant. */
export interface Events {
  /** A client registered (RFC 7591). */
  'client.registered': { clientId: string; clientName: string };
  /** A client changed its registration (RFC 7592). */
  'client.updated': { clientId: string };
  /** A client removed its registration (RFC 7592), or an operator did. */
  'client.removed': { clientId: string };
  /** A person was asked; `remembered` when the person allowed this client before, and was not asked for the scopes again. */
  'consent.shown': { clientId: string; remembered: boolean };
  /** The person pressed Allow. */
  'consent.allowed': { clientId: string };
  /** The person pressed Cancel. */
  'consent.denied': { clientId: string };
  /** A login ended with a grant. */
  'login.completed': {
    clientId: string;
    person: string;
    grant: string;
    githubId: number;
    githubLogin: string;
    scope: readonly string[];
  };
  /** A login ended without one. `error` is the OAuth code, `detail` is for the operator. */
  'login.failed': { clientId: string; error: string; detail: string; githubLogin?: string };
  /** A client exchanged its authorization code for tokens. */
  'code.redeemed': { clientId: string; person: string; grant: string };
  /** An authorization code was presented a second time; its grant ends. */
  'code.replayed': { clientId: string; person: string; grant: string };
  /** A refresh token was replaced by the next one. */
  'refresh_token.rotated': { clientId: string; person: string; grant: string };
  /** A refresh was sent again because its answer was lost, and answered once more. */
  'refresh_token.repeated': { clientId: string; person: string; grant: string };
  /** A refresh token that was replaced was presented; its grant ends. */
  'refresh_token.reused': { clientId: string; person: string; grant: string };
  /** A grant ended, and its tokens with it. */
  'grant.ended': { clientId: string; person: string; grant: string; reason: GrantEndReason; by: EndedBy };
  /** A person may not use the bridge any more; the person's grants end. */
  'person.blocked': { person: string; githubId: number; githubLogin?: string; reason?: string; by: EndedBy };
  /** A person may use the bridge again. */
  'person.unblocked': { person: string; githubId: number; githubLogin?: string; by: EndedBy };
  /** A request came with an access token that is not valid. */
  'access_token.refused': { reason: string };
  /** GitHub renewed a token. */
  'credential.refreshed': { person: string; credential: string };
  /** GitHub did not renew a token, for a reason that passes. */
  'credential.refresh_failed': { person: string; credential: string; reason: string };
  /** GitHub does not accept a token; its grants end. */
  'credential.dead': { person: string; credential: string };
  /** A token that no grant uses was revoked at GitHub; `outcome` is `revoked`, or why that failed. */
  'credential.revoked': { person: string; outcome: string };
  /** A reset of tokens that a recipient may hold; outcome `reset`, or why it failed. */
  'credential.reset': { person: string; credential: string; outcome: string };
  /** A call of GitHub's API ended. */
  'github.call': { route: string; status: number | 'error'; milliseconds: number; limit?: RateLimitState };
  /** An MCP request that the SDK refused, or an error of its transport. */
  'mcp.refused': { reason: string };
  /** A call of a tool ended. */
  'tool.called': { tool: string; outcome: 'ok' | 'error'; milliseconds: number };
  /**
   * A request for an MCP server behind the bridge: its answer began, or the bridge answered instead. `method` and `tool` are
   * the client's words, `milliseconds` count to the first byte.
   */
  'gateway.request': {
    server: string;
    clientId: string;
    person: string;
    grant: string;
    githubLogin: string;
    method: string;
    tool?: string;
    outcome: string;
    status: number;
    milliseconds: number;
    detail?: string;
  };
  /** An answer of an MCP server began to flow to a client. */
  'gateway.flow.began': { server: string };
  /** It ended; `sent` and `received` count bytes. */
  'gateway.flow.ended': { server: string; sent: number; received: number; complete: boolean };
  /** A request was refused because there were too many. */
  'rate.limited': { limit: string };
  /** There is a new signing key. */
  'keys.rotated': { algorithm: string; kid: string };
  /**
   * `expected`: whether the request was refused on purpose; otherwise the error is a bug or an outage. `reason` is one of few: the
   * code of the OAuth error, or the kind of the page.
   */
  'request.failed': { error: unknown; expected: boolean; reason: string; reference: string; path: string };
  /** The store, or a connection to it, failed. */
  'store.error': { error: unknown };
  /** A proxy, or a client that says it is one; emitted once. */
  'proxy.untrusted': { peer: string; advice: string };
}

/** What an answer of GitHub says of a rate limit: its name, requests in its window, and how many of them are left. */
export interface RateLimitState {
  readonly resource: string;
  readonly limit: number;
  readonly remaining: number;
}

/** Why a grant ended (design decision 20). */
export type GrantEndReason =
  | 'revoked'
  | 'disconnected'
  | 'replayed'
  | 'reused'
  | 'expired'
  | 'upstream_revoked'
  | 'not_allowed'
  | 'administrator'
  | 'client_removed'
  | 'declined'
  | 'displaced'
  | 'server_changed'
  | 'blocked';

/** Who ended a grant. */
export type EndedBy = 'person' | 'administrator' | 'operator' | 'client' | 'upstream' | 'server' | 'clock';

/** A typed bus for {@link Events}. */
export class EventBus {
  readonly #any = new EventEmitter();
  readonly #named = new EventEmitter();

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    this.#any.emit('event', name, event);
    this.#named.emit(name, event);
  }

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    this.#named.on(name, listener);
  }

  /** Subscribes to every event. */
  onAny(listener: (name: keyof Events, event: Events[keyof Events]) => void): void {
    this.#any.on('event', listener);
  }
}

/**
 * The bus for a program: a listener of it that fails, at once or later, does not fail what the bridge is doing.
 * @param onError gets what a listener throws
 */
export function forProgram(bus: EventBus, onError: (error: unknown) => void): Pick<EventBus, 'on' | 'onAny'> {
  const safely =
    <Arguments extends unknown[]>(listener: (...args: Arguments) => void) =>
    (...args: Arguments): void =>
      void new Promise((resolve) => resolve(listener(...args))).catch(onError);
  return {
    on: (name, listener) => bus.on(name, safely(listener)),
    onAny: (listener) => bus.onAny(safely(listener)),
  };
}
