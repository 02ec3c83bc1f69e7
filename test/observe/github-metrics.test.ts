// Metrics of GitHub: its answers by route and status, and the least that is left of its rate limits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { EventBus } from '../../src/observe/events.ts';
import { createGithubMetrics, WINDOW } from '../../src/observe/github-metrics.ts';

describe('the metrics of GitHub', () => {
  let now = 1_000_000;
  const events = new EventBus();
  const registry = new Registry();
  createGithubMetrics(events, registry, () => now);
  const linesOf = async (name: string) =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  const call = (remaining: number, resource = 'core', route = 'GET /user') =>
    events.emit('github.call', {
      route,
      status: 200,
      milliseconds: 100,
      limit: { resource, limit: 5000, remaining },
    });

  it('count calls by the pattern of their route', async () => {
    events.emit('github.call', { route: 'GET /repos/octocat/hello', status: 'error', milliseconds: 100 });
    assert.deepEqual(await linesOf('bridge_github_call_seconds_count'), [
      'bridge_github_call_seconds_count{route="GET /repos/{}/{}",status="error"} 1',
    ]);
  });

  it('tell the least that was left of each limit, for five minutes', async () => {
    const ratios = () => linesOf('bridge_github_rate_limit_remaining_ratio');
    assert.deepEqual(await ratios(), []);
    call(4000);
    call(500);
    call(4500);
    call(2500, 'search');
    assert.deepEqual(await ratios(), [
      'bridge_github_rate_limit_remaining_ratio{resource="core"} 0.1',
      'bridge_github_rate_limit_remaining_ratio{resource="search"} 0.5',
    ]);
    now += WINDOW / 2;
    call(4500);
    assert.match((await ratios())[0] ?? '', / 0\.1$/);
    now += WINDOW / 2;
    assert.deepEqual(await ratios(), ['bridge_github_rate_limit_remaining_ratio{resource="core"} 0.9']);
    now += WINDOW;
    assert.deepEqual(await ratios(), []);
  });
});
