/**
 * Events: protocol code emits them; the logger (with the audit trail) and the metrics subscribe. No event carries a
 * token, a code or a secret (design decision 15).
 */
import { EventEmitter } from 'node:events';

/** The events by name, with their data. `person` is the opaque tag, `grant` the id of the grant. */
export interface Events {
  'client.registered': { clientId: string; clientName: string };
  'client.updated': { clientId: string };
  'client.removed': { clientId: string };
  'consent.shown': { clientId: string; remembered: boolean };
  'consent.allowed': { clientId: string };
  'consent.denied': { clientId: string };
  'login.completed': {
    clientId: string;
    person: string;
    grant: string;
    githubId: number;
    githubLogin: string;
    scope: readonly string[];
  };
  'login.failed': { clientId: string; error: string; detail: string; githubLogin?: string };
  'code.redeemed': { clientId: string; person: string; grant: string };
  'code.replayed': { clientId: string; person: string; grant: string };
  'refresh_token.rotated': { clientId: string; person: string; grant: string };
  'refresh_token.repeated': { clientId: string; person: string; grant: string };
  'refresh_token.reused': { clientId: string; person: string; grant: string };
  'grant.ended': { clientId: string; person: string; grant: string; reason: GrantEndReason; by: EndedBy };
  'access_token.refused': { reason: string };
  'credential.refreshed': { person: string; credential: string };
  'credential.refresh_failed': { person: string; credential: string; reason: string };
  'credential.dead': { person: string; credential: string };
  'credential.revoked': { person: string; outcome: string };
  /** A reset of tokens that a recipient may hold; outcome `reset`, or why it failed. */
  'credential.reset': { person: string; credential: string; outcome: string };
  'github.call': { route: string; status: number | 'error'; milliseconds: number };
  /** An MCP request that the SDK refused, or an error of its transport. */
  'mcp.refused': { reason: string };
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
  /** An answer of an MCP server began to flow to a client, and ended. */
  'gateway.flow.began': { server: string };
  'gateway.flow.ended': { server: string; sent: number; received: number; complete: boolean };
  'rate.limited': { limit: string };
  'keys.rotated': { algorithm: string; kid: string };
  /** `expected`: whether the request was refused on purpose; otherwise the error is a bug or an outage. */
  'request.failed': { error: unknown; expected: boolean; reference: string; path: string };
  'store.error': { error: unknown };
  /** A proxy, or a client that says it is one; emitted once. */
  'proxy.untrusted': { peer: string; advice: string };
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
  | 'server_changed';

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
