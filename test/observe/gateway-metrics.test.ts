// Metrics of the gateway: what passes to MCP servers and back, by server.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { EventBus } from '../../src/observe/events.ts';
import { createGatewayMetrics } from '../../src/observe/gateway-metrics.ts';

it('the metrics of the gateway count what passes by server, and never by method or tool, which clients choose', async () => {
  const [bus, registry] = [new EventBus(), new Registry()];
  createGatewayMetrics(bus, registry);
  const caller = { clientId: 'c', person: 'p', grant: 'g', githubId: 1, githubLogin: 'octocat' };
  const call = { ...caller, server: 'github', method: 'a-method', tool: 'a-tool', milliseconds: 500 };
  bus.emit('gateway.request', { ...call, outcome: 'answered', status: 200 });
  for (const status of [520, 530]) bus.emit('gateway.request', { ...call, outcome: 'answered', status });
  bus.emit('gateway.flow.began', { server: 'github' });
  bus.emit('gateway.flow.began', { server: 'github' });
  bus.emit('gateway.flow.ended', { server: 'github', sent: 10, received: 3, complete: false });
  bus.emit('gateway.flow.ended', { server: 'github', sent: 1, received: 1, complete: true });
  bus.emit('gateway.flow.began', { server: 'github' });
  const text = await registry.metrics();
  const values = [...text.matchAll(/^bridge_gateway_(\S+) (\S+)$/gm)]
    .map(([, name = '', value]) => `${name} ${value}`)
    .filter((line) => !line.includes('_bucket'));
  assert.deepEqual(values, [
    'first_byte_seconds_sum{server="github",outcome="answered",status="200"} 0.5',
    'first_byte_seconds_count{server="github",outcome="answered",status="200"} 1',
    'first_byte_seconds_sum{server="github",outcome="answered",status="5xx"} 1',
    'first_byte_seconds_count{server="github",outcome="answered",status="5xx"} 2',
    'open_answers{server="github"} 1',
    'bytes_total{server="github",to="server"} 4',
    'bytes_total{server="github",to="client"} 11',
    'incomplete_total{server="github"} 1',
  ]);
  assert.doesNotMatch(text, /a-method|a-tool|octocat/);
});
