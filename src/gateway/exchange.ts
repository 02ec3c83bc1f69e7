/** One HTTP exchange with an MCP server: the answer begins, and then flows to the client with back-pressure. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type Dispatcher, errors } from 'undici';
import { defined } from '../base/defined.ts';
import { GrowingBytes } from '../base/growing-bytes.ts';
import { sendable } from './bodies.ts';
import { refusalFor } from './failure.ts';
import { Refusal } from './refusal.ts';
import { type ToolListEvents, UnreadableList } from './tool-lists.ts';

/** What is sent to an MCP server. */
export interface ServerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** Milliseconds until the answer must begin; 0 for no limit. */
  readonly firstByteTimeout: number;
}

/** An answer that has begun. Exactly one of its methods is to be called, in the same turn in which it was received. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /**
   * Reads the whole body.
   * @param hold counts the bytes that are held; what it throws ends the exchange
   * @throws {Refusal} 502 when it is longer, or ends in the middle
   */
  read(maxBytes: number, hold: (bytes: number) => void): Promise<Buffer>;
  /**
   * Sends the body to a client whose head is written already, or is written by `begin` before the first byte, no faster than
   * the client reads it.
   * @param events filters the lists of tools in an event stream
   * @returns the number of bytes that were sent, when the server has sent everything or either side has hung up
   */
  flow(response: ServerResponse, begin: () => void, events?: ToolListEvents): Promise<Flowed>;
  /** Ends the exchange. */
  discard(): void;
}

export interface Flowed {
  readonly bytes: number;
  /** Why the answer is not complete; undefined when it is. */
  readonly error?: unknown;
}

/** Takes the chunks of an answer. */
interface Sink {
  data(chunk: Buffer): void;
  end(): void;
  error(error: unknown): void;
}

/**
 * Sends a request.
 * @param signal ends the exchange, also while the answer flows
 * @returns the answer when its head has come
 * @throws {Refusal} 502 or 504
 * @throws the reason of `signal`
 */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  request: ServerRequest,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  const { method, path, headers, body, firstByteTimeout } = request;
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler(signal, firstByteTimeout, resolve, reject);
    dispatcher.dispatch(
      {
        origin,
        path,
        method,
        headers,
        body: body.length === 0 ? null : sendable(body),
        headersTimeout: firstByteTimeout,
        bodyTimeout: 0,
      },
      handler,
    );
  });
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #signal: AbortSignal;
  /** When the answer must have begun, in the milliseconds of `performance.now`. */
  readonly #deadline: number;
  readonly #resolve: (answer: ServerAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #abort = () => {
    // Without a connection yet, nothing is sent: onRequestStart ends it.
    this.#reject(this.#signal.reason);
    this.#controller?.abort(asError(this.#signal.reason));
  };
  #controller: Dispatcher.DispatchController | undefined;
  #sink: Sink | undefined;
  /** What came in the turn in which the answer began, before its receiver could say what to do with it. */
  #early: Buffer[] = [];
  #over: { error?: unknown } | undefined;

  constructor(
    signal: AbortSignal,
    firstByteTimeout: number,
    resolve: (answer: ServerAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#deadline = firstByteTimeout === 0 ? Number.POSITIVE_INFINITY : performance.now() + firstByteTimeout;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#abort();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      // An interim response restarts undici's timer, but is no answer (RFC 9110 section 15.2).
      if (performance.now() > this.#deadline) controller.abort(new errors.HeadersTimeoutError());
      return;
    }
    this.#resolve({
      status,
      headers,
      read: (maxBytes, hold) => this.#read(maxBytes, hold),
      flow: (response, begin, events) => this.#flow(response, begin, events),
      discard: () => {
        this.#attach({ data() {}, end() {}, error() {} });
        this.#controller?.abort(new Error('not needed'));
      },
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink === undefined) this.#early.push(chunk);
    else this.#sink.data(chunk);
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ error: this.#signal.aborted ? this.#signal.reason : error });
    // Without effect when the answer has begun.
    this.#reject(this.#signal.aborted ? this.#signal.reason : refusalFor(error));
  }

  #finish(over: { error?: unknown }): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#over = over;
    if (this.#sink !== undefined) this.#tellEnd(this.#sink, over);
  }

  #tellEnd(sink: Sink, { error }: { error?: unknown }): void {
    if (error === undefined) sink.end();
    else sink.error(error);
  }

  #attach(sink: Sink): void {
    this.#sink = sink;
    for (const chunk of this.#early) sink.data(chunk);
    this.#early = [];
    if (this.#over !== undefined) this.#tellEnd(sink, this.#over);
  }

  #read(maxBytes: number, hold: (bytes: number) => void): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const body = new GrowingBytes();
      this.#attach({
        data: (chunk) => {
          try {
            body.append(chunk);
            if (body.bytes.length > maxBytes)
              throw new Refusal(502, 'broken', 'the answer of the MCP server is too long');
            hold(body.capacity);
          } catch (error) {
            reject(error);
            this.#controller?.abort(asError(error));
          }
        },
        end: () => resolve(body.bytes),
        error: (error) => reject(this.#signal.aborted ? this.#signal.reason : refusalFor(error)),
      });
    });
  }

  #flow(response: ServerResponse, begin: () => void, events?: ToolListEvents): Promise<Flowed> {
    return new Promise((resolve) => {
      let bytes = 0;
      let waits = false;
      const stop = (error?: unknown) => resolve({ bytes, ...defined({ error }) });
      const resume = () => {
        waits = false;
        this.#controller?.resume();
      };
      const write = (chunk: Buffer) => {
        if (chunk.length === 0) return;
        begin();
        bytes += chunk.length;
        if (response.write(chunk) || waits) return;
        waits = true;
        this.#controller?.pause();
        response.once('drain', resume);
      };
      /** Runs a step of the filter. @returns false when the stream cannot be filtered; it is cut off then */
      const guarded = (step: () => void): boolean => {
        try {
          step();
          return true;
        } catch (error) {
          if (!(error instanceof UnreadableList || error instanceof Refusal)) throw error;
          stop(error);
          this.#controller?.abort(error);
          return false;
        }
      };
      this.#attach({
        data: (chunk) => void guarded(() => write(events === undefined ? chunk : events.push(chunk))),
        end: () => {
          if (!guarded(() => events !== undefined && write(events.end()))) return;
          begin();
          response.end();
          stop();
        },
        error: stop,
      });
    });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('ended', { cause: reason });
}
