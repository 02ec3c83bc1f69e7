/**
 * What is known of the request that the running code serves: its reference, the login that it belongs to, who acts, and from
 * where. The bus adds it to every event, so that no emitter passes it on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { newReference } from '../base/login-id.ts';

/** By which way something was done. */
export type Via = 'page' | 'tool' | 'command' | 'client' | 'github' | 'clock';

/** Who did something. A person and an administrator are a GitHub account; an operator is a user of the operating system. */
export type Actor =
  | {
      readonly kind: 'person' | 'administrator';
      /** The opaque tag. */
      readonly person: string;
      readonly githubId: number;
      readonly githubLogin: string;
    }
  | { readonly kind: 'operator'; readonly name: string };

/** What is known. It grows while the request is served; whoever listens to events only reads it. */
export interface Known {
  /** Names the request; `X-Request-Id` of its answer. Of a request of a login it begins with the login's id. */
  readonly reference: string;
  /** The trace id of W3C Trace Context, when a trusted proxy sent one, or the request has a span. */
  readonly trace?: string | undefined;
  /** The client's IP address; absent outside of HTTP requests. */
  readonly address?: string | undefined;
  /** The id of the login that the request belongs to (`../base/login-id.ts`). */
  readonly login?: string | undefined;
  readonly via?: Via | undefined;
  readonly actor?: Actor | undefined;
}

/** What a request is known by when it begins. */
export interface RequestStart {
  /** That of a trusted proxy; a new one when absent. */
  readonly reference?: string | undefined;
  readonly trace?: string | undefined;
  readonly address?: string | undefined;
  readonly via?: Via | undefined;
  readonly actor?: Actor | undefined;
  /** Called when the reference is complete, and once before. */
  readonly onReference?: ((reference: string) => void) | undefined;
}

/** One object of one shape for each request, because every request has one. */
class Request implements Known {
  reference: string;
  login: string | undefined;
  via: Via | undefined;
  actor: Actor | undefined;
  trace: string | undefined;
  readonly address: string | undefined;
  readonly #isOwn: boolean;
  readonly #onReference: ((reference: string) => void) | undefined;

  constructor({ reference, trace, address, via, actor, onReference }: RequestStart) {
    this.#isOwn = reference === undefined;
    this.reference = reference ?? newReference();
    this.trace = trace;
    this.address = address;
    this.via = via;
    this.actor = actor;
    this.login = undefined;
    this.#onReference = onReference;
    onReference?.(this.reference);
  }

  know(login: string): void {
    if (this.login !== undefined) return;
    this.login = login;
    if (!this.#isOwn) return;
    this.reference = `${login}-${this.reference}`;
    this.#onReference?.(this.reference);
  }
}

/** The contexts of one bridge's requests. */
export class RequestContext {
  readonly #storage = new AsyncLocalStorage<Request>();

  /** Does work, and all that it starts, as that of one request. */
  run<Result>(start: RequestStart, work: () => Result): Result {
    return this.#storage.run(new Request(start), work);
  }

  /** Does work that belongs to no request. */
  exit<Result>(work: () => Result): Result {
    return this.#storage.exit(work);
  }

  /** What is known of the request that the caller serves; undefined outside of requests. */
  get current(): Known | undefined {
    return this.#storage.getStore();
  }

  /** The request is one of this login. The first that is named counts. */
  knowLogin(login: string): void {
    this.#storage.getStore()?.know(login);
  }

  /** The request has a span in this trace. */
  knowTrace(trace: string): void {
    const request = this.#storage.getStore();
    if (request !== undefined) request.trace = trace;
  }

  /** What the request does is done by this way. */
  by(via: Via, actor?: Actor): void {
    const request = this.#storage.getStore();
    if (request === undefined) return;
    request.via = via;
    if (actor !== undefined) request.actor = actor;
  }
}
