// Spans of what a request does: their kinds and errors; none outside of requests; and no name of anybody in a route of GitHub.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { observeRequests } from '../../src/observe/requests.ts';
import { createSpans } from '../../src/telemetry/spans.ts';
import { useApp } from '../protocol/use-app.ts';

const CALLER = { clientId: 'c', person: 'p', grant: 'g', githubId: 583231, githubLogin: 'octocat' };

describe('the spans of a request', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const events = new EventBus();
  const spans = createSpans(provider.getTracer('test'), events, 'redis');
  const heard: unknown[] = [];
  const { operation } = spans.storeOperations({
    operation:
      () =>
      (...ended) =>
        void heard.push(ended),
  });
  let work: () => void = () => {};
  let traced: string | undefined;
  const url = useApp(
    observeRequests(events.context, { request: () => {} }, ({ trace }) => {
      traced = trace;
    }),
    spans.requests,
    (ctx) => {
      ctx._matchedRoute = '/route/:of';
      work();
      ctx.status = Number(ctx.query.status ?? 200);
    },
  );

  /** What a request that does this makes. */
  async function during(does: () => void, path = '/route/octocat') {
    exporter.reset();
    work = does;
    await fetch(url() + path);
    return exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      kind: span.kind,
      status: span.status.code,
      attributes: span.attributes,
      parent: span.parentSpanContext?.spanId,
      ids: span.spanContext(),
    }));
  }

  it('are that of the request, whose trace the log names, and below it those of what it did', async () => {
    const [inner, outer] = await during(() => operation('sessions.read')(0.002, false));
    assert.deepEqual([outer?.name, outer?.kind, outer?.parent], ['GET /route/:of', SpanKind.SERVER, undefined]);
    assert.equal(traced, outer?.ids.traceId);
    assert.deepEqual([inner?.name, inner?.kind, inner?.parent], ['sessions.read', SpanKind.CLIENT, outer?.ids.spanId]);
    assert.deepEqual(heard, [[0.002, false]], 'the metrics hear of it as before');
    assert.ok(!JSON.stringify([inner, outer]).includes('octocat'));
  });

  it('are errors when the server failed, and not when a request was refused', async () => {
    const [refused] = await during(() => {}, '/?status=404');
    const [failed] = await during(() => {}, '/?status=500');
    assert.deepEqual([refused?.status, failed?.status], [SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
    assert.equal(failed?.attributes['error.type'], '500');
    const [store] = await during(() => operation('store.ping')(1, true));
    assert.deepEqual([store?.status, store?.attributes['error.type']], [SpanStatusCode.ERROR, 'store_failure']);
  });

  it('name nobody in a route of GitHub', async () => {
    const call = (route: string, status: number | 'error') => () =>
      events.emit('github.call', { route, status, milliseconds: 5 });
    const [read] = await during(call('GET /repos/octocat/hello/issues', 200));
    assert.equal(read?.name, 'GET /repos/{}/{}/{}');
    assert.equal(read.status, SpanStatusCode.UNSET);
    const [away] = await during(call('GET /user', 'error'));
    assert.deepEqual([away?.status, away?.attributes['error.type']], [SpanStatusCode.ERROR, 'no_answer']);
  });

  it('tell of an MCP server behind the bridge, and whether it was asked', async () => {
    const event: Events['gateway.request'] = {
      ...CALLER,
      server: 'files',
      method: 'tools/call',
      tool: 'read',
      outcome: 'answered',
      status: 200,
      milliseconds: 3,
    };
    const [asked] = await during(() => events.emit('gateway.request', event));
    assert.deepEqual([asked?.name, asked?.kind], ['mcp files', SpanKind.CLIENT]);
    assert.equal(asked?.attributes['mcp.method.name'], 'tools/call');
    const denied = { ...event, outcome: 'denied', status: 403 };
    const [own] = await during(() => events.emit('gateway.request', denied));
    assert.deepEqual([own?.kind, own?.attributes['error.type']], [SpanKind.INTERNAL, 'denied']);
    assert.ok(!JSON.stringify([asked, own]).includes('octocat'));
  });

  it('are none for a probe, nor for what belongs to no request', async () => {
    assert.deepEqual(await during(() => operation('store.ping')(0.001, false), '/readyz'), []);
    exporter.reset();
    operation('sessions.expire')(1, false);
    const [only] = await during(() => events.context.exit(() => operation('stories.write')(1, false)));
    assert.equal(only?.kind, SpanKind.SERVER);
    assert.equal(exporter.getFinishedSpans().length, 1);
  });
});
