/**
 * Spans: one for each HTTP request, and below it one for each operation of the store, call of GitHub, call of a tool, and request
 * for an MCP server behind the bridge. What happens outside of requests has none. No attribute names a person or holds what a
 * person or a client sent, but for the methods and tools of MCP.
 */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type Koa from 'koa';
import { routePattern } from '../observe/bounded-label.ts';
import type { EventBus } from '../observe/events.ts';
import type { Known } from '../observe/request-context.ts';
import { PROBE_PATHS, traceParent } from '../observe/requests.ts';
import type { StoreOperations } from '../observe/store-metrics.ts';

/** Characters of a method or tool, which may be a client's words. */
const MAX_WORDS = 100;
/** Outcomes of the gateway for which the bridge alone answered. */
const OWN_ANSWERS: ReadonlySet<string> = new Set(['denied', 'refused', 'session_over']);

/** What makes the spans. */
export interface Spans {
  /** Begins the span of a request; it comes after the request has its context. Probes that succeed have none. */
  readonly requests: Koa.Middleware;
  /** The same operations, each of which has a span. */
  storeOperations(measured: StoreOperations): StoreOperations;
}

/** A span that is told when it is over. */
interface Ended {
  readonly name: string;
  readonly kind: SpanKind;
  readonly milliseconds: number;
  readonly attributes: Attributes;
  /** Why it failed, of few; undefined when it did not. */
  readonly error?: string | undefined;
}

/**
 * Creates the spans, and subscribes to the events that tell of calls.
 * @param store the kind of the store
 */
export function createSpans(tracer: Tracer, events: EventBus, store: 'redis' | 'sqlite'): Spans {
  /** The span of each request, as the parent of others. */
  const parents = new WeakMap<Known, Context>();

  function ended({ name, kind, milliseconds, attributes, error }: Ended): void {
    const request = events.context.current;
    const parent = request && parents.get(request);
    if (parent === undefined) return;
    const end = Date.now();
    const span = tracer.startSpan(name, { kind, attributes, startTime: end - milliseconds }, parent);
    if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
    span.end(end);
  }

  events.on('github.call', ({ route, status, milliseconds }) => {
    const name = routePattern(route);
    const [method = '', template = ''] = name.split(' ');
    const answered = typeof status === 'number';
    ended({
      name,
      kind: SpanKind.CLIENT,
      milliseconds,
      attributes: {
        'peer.service': 'github',
        'http.request.method': method,
        'url.template': template,
        ...(answered ? { 'http.response.status_code': status } : {}),
      },
      error: !answered ? 'no_answer' : status >= 400 ? String(status) : undefined,
    });
  });
  events.on('tool.called', ({ tool, outcome, milliseconds }) =>
    ended({
      name: 'tools/call',
      kind: SpanKind.INTERNAL,
      milliseconds,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool.slice(0, MAX_WORDS) },
      error: outcome === 'error' ? 'tool_error' : undefined,
    }),
  );
  events.on('gateway.request', ({ server, method, tool, outcome, status, milliseconds }) =>
    ended({
      name: `mcp ${server}`,
      kind: OWN_ANSWERS.has(outcome) ? SpanKind.INTERNAL : SpanKind.CLIENT,
      milliseconds,
      attributes: {
        'peer.service': server,
        'mcp.method.name': method.slice(0, MAX_WORDS),
        ...(tool === undefined ? {} : { 'gen_ai.tool.name': tool.slice(0, MAX_WORDS) }),
        'mcp_github_bridge.outcome': outcome,
        'http.response.status_code': status,
      },
      error: status >= 400 ? outcome : undefined,
    }),
  );

  return {
    requests(ctx, next) {
      const request = events.context.current;
      if (request === undefined || PROBE_PATHS.has(ctx.path)) return next();
      const { method } = ctx;
      const attributes = { 'http.request.method': method, 'url.scheme': ctx.protocol };
      const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parentOf(ctx));
      events.context.knowTrace(span.spanContext().traceId);
      parents.set(request, trace.setSpan(ROOT_CONTEXT, span));
      return next().finally(() => {
        const { status } = ctx;
        const route: unknown = ctx._matchedRoute;
        if (typeof route === 'string') span.updateName(`${method} ${route}`).setAttribute('http.route', route);
        span.setAttribute('http.response.status_code', status);
        if (request.login !== undefined) span.setAttribute('mcp_github_bridge.login', request.login);
        if (status >= 500) span.setAttribute('error.type', String(status)).setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      });
    },
    storeOperations: (measured) => ({
      operation(name) {
        const heard = measured.operation(name);
        const attributes = { 'db.system.name': store, 'db.operation.name': name };
        return (seconds, failed) => {
          heard(seconds, failed);
          const error = failed ? 'store_failure' : undefined;
          ended({ name, kind: SpanKind.CLIENT, milliseconds: seconds * 1000, attributes, error });
        };
      },
    }),
  };
}

/** The span that a trusted proxy names as the caller. */
function parentOf(ctx: Koa.Context): Context {
  const parent = traceParent(ctx);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
}
