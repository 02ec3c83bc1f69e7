// Metrics: events and requests as counts, in the text format of Prometheus; no label says anything about a person.
import assert from 'node:assert/strict';
import perfHooks from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';
import { createMetrics } from '../../src/observe/metrics.ts';

describe('the metrics', () => {
  it('measure the event loop from the first request for them on, so that an idle process sleeps', async (t) => {
    const monitor = t.mock.method(perfHooks, 'monitorEventLoopDelay');
    const unasked = createMetrics(new EventBus());
    assert.equal(monitor.mock.callCount(), 0);
    const { text } = await unasked.render();
    const least = Number(/^nodejs_eventloop_lag_min_seconds (.*)$/m.exec(text)?.[1]);
    assert.ok(least > 0 && least < 60, `the least delay of the event loop is ${least} seconds`);
    await unasked.render();
    assert.equal(monitor.mock.callCount(), 1);
  });

  const bus = new EventBus();
  const metrics = createMetrics(bus);
  const session = { clientId: 'client-1', person: 'person-1', grant: 'grant-1' };
  const caller = { ...session, githubId: 1, githubLogin: 'octocat' };
  const lines = async (name: string) =>
    (await metrics.render()).text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));

  it('count events by name, and ended grants by reason', async () => {
    bus.emit('code.redeemed', session);
    bus.emit('code.redeemed', session);
    bus.emit('grant.ended', { ...session, reason: 'expired', by: 'clock' });
    bus.emit('tool.called', { ...caller, tool: 'get_user_profile', outcome: 'ok', milliseconds: 250 });
    assert.deepEqual(await lines('bridge_events_total'), ['bridge_events_total{event="code.redeemed"} 2']);
    const values = (await metrics.read()).find(({ name }) => name === 'bridge_events_total');
    assert.equal(values?.type, 'counter');
    assert.deepEqual(
      values.values.map(({ labels, value }) => [labels, value]),
      [[{ event: 'code.redeemed' }, 2]],
    );
    assert.deepEqual(await lines('bridge_grants_ended_total'), ['bridge_grants_ended_total{reason="expired"} 1']);
    assert.deepEqual(await lines('bridge_tool_call_seconds_sum'), [
      'bridge_tool_call_seconds_sum{tool="get_user_profile",outcome="ok"} 0.25',
    ]);
  });

  it('count requests by the pattern of their route, method and status, and GitHub’s answers by status', async () => {
    metrics.request('/register/:client_id', 'GET', 200, 0.5);
    bus.emit('github.call', { route: 'GET /user', status: 'error', milliseconds: 1000 });
    assert.deepEqual(await lines('bridge_http_request_seconds_count'), [
      'bridge_http_request_seconds_count{route="/register/:client_id",method="GET",status="200"} 1',
    ]);
    assert.deepEqual(await lines('bridge_github_call_seconds_sum'), [
      'bridge_github_call_seconds_sum{route="GET /user",status="error"} 1',
    ]);
  });

  it('count logins by outcome, and refusals and failures by reason', async () => {
    bus.emit('login.failed', { clientId: 'client-1', error: 'access_denied', detail: 'a detail' });
    bus.emit('consent.denied', { clientId: 'client-1' });
    const failed = { error: new Error('a detail'), path: '/a-path' };
    bus.emit('request.failed', { ...failed, expected: true, reason: 'invalid_grant' });
    bus.emit('request.failed', { ...failed, expected: false, reason: 'internal' });
    bus.emit('access_token.refused', { reason: 'its grant has ended' });
    bus.emit('rate.limited', { limit: 'registration' });
    bus.emit('mcp.refused', { reason: 'a detail' });
    assert.deepEqual(await lines('bridge_logins_total'), [
      'bridge_logins_total{outcome="access_denied"} 1',
      'bridge_logins_total{outcome="consent_denied"} 1',
    ]);
    assert.deepEqual(await lines('bridge_refusals_total'), [
      'bridge_refusals_total{what="request",reason="invalid_grant"} 1',
      'bridge_refusals_total{what="access_token",reason="session_over"} 1',
      'bridge_refusals_total{what="rate_limit",reason="registration"} 1',
      'bridge_refusals_total{what="mcp",reason="protocol"} 1',
    ]);
    assert.deepEqual(await lines('bridge_failures_total'), ['bridge_failures_total{reason="internal"} 1']);
    assert.doesNotMatch((await metrics.render()).text, /a detail|a-path/);
  });

  it('count a status that HTTP does not define by its class', async () => {
    for (const status of [420, 430, 440]) metrics.request('/odd', 'POST', status, 1);
    assert.deepEqual(await lines('bridge_http_request_seconds_count{route="/odd"'), [
      'bridge_http_request_seconds_count{route="/odd",method="POST",status="4xx"} 3',
    ]);
  });

  it('say nothing of a person, a client or a session, whatever happens', async () => {
    bus.emit('login.completed', { ...session, githubId: 583231, githubLogin: 'octocat', scope: ['repo'] });
    const { text, contentType } = await metrics.render();
    assert.match(contentType, /^text\/plain/);
    assert.match(text, /event="login.completed"/);
    assert.doesNotMatch(text, /octocat|583231|person-1|client-1|grant-1/);
  });
});
