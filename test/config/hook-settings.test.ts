// The settings of the event hook: what is taken, and what stops the start, in words that repeat no key.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigurationError, readConfig } from '../../src/config/config.ts';

const APP = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };
const SECRET = 'a secret of the event hook that is long enough';
const URL_ = 'https://hooks.example.com/bridge?key=hidden';

function complaint(env: Record<string, string>): string {
  try {
    readConfig({ ...APP, ...env });
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    assert.doesNotMatch(error.message, /hidden/);
    return error.complaints.map(({ variable, problem }) => `${variable}: ${problem}`).join('\n');
  }
}

describe('the settings of the event hook', () => {
  it('are none by default, and need each other', () => {
    assert.equal(readConfig(APP).eventHook, undefined);
    assert.equal(complaint({ EVENTS_WEBHOOK_URL: URL_ }), 'EVENTS_WEBHOOK_SECRET: missing');
    assert.equal(
      complaint({ EVENTS_WEBHOOK_SECRET: SECRET }),
      'EVENTS_WEBHOOK_URL: missing beside EVENTS_WEBHOOK_SECRET',
    );
  });

  it('take https anywhere, and http where it does not leave the network', () => {
    const given = (url: string) => complaint({ EVENTS_WEBHOOK_URL: url, EVENTS_WEBHOOK_SECRET: SECRET });
    for (const url of [
      URL_,
      'http://127.0.0.1:9000/',
      'http://localhost/',
      'http://[::1]:1/',
      'http://10.1.2.3/x',
      'http://[fd00::1]/',
      'http://siem:8080/x',
    ])
      assert.equal(given(url), '', url);
    for (const url of [
      'http://hooks.example.com/',
      'http://8.8.8.8/',
      'http://[2001:db8::1]/',
      'http://[::ffff:8.8.8.8]/',
    ])
      assert.equal(given(url), 'EVENTS_WEBHOOK_URL: http on a public address', url);
    for (const url of ['hooks.example.com', 'ftp://hooks.example.com/', 'https://hooks.example.com/#hidden'])
      assert.match(given(url), /^EVENTS_WEBHOOK_URL: not an http or https URL without a fragment$/, url);
    assert.match(given('https://me:hidden@hooks.example.com/'), /: a user or a password in it$/);
  });

  it('take secrets that are long enough, and base64 where it is said', () => {
    const given = (secret: string) => complaint({ EVENTS_WEBHOOK_URL: URL_, EVENTS_WEBHOOK_SECRET: secret });
    assert.equal(given(`${SECRET},whsec_${Buffer.alloc(32, 7).toString('base64')}`), '');
    assert.match(given('hidden'), /^EVENTS_WEBHOOK_SECRET: a secret in it is shorter than 32 bytes/);
    assert.match(given(`whsec_${'hidden-'.repeat(6)}`), /^EVENTS_WEBHOOK_SECRET: what follows whsec_ is not base64$/);
  });

  it('name the events, all of the audit trail but those of each call by default', () => {
    const events = (names?: string) =>
      readConfig({
        ...{ ...APP, EVENTS_WEBHOOK_URL: URL_, EVENTS_WEBHOOK_SECRET: SECRET },
        ...(names ? { EVENTS_WEBHOOK_EVENTS: names } : {}),
      }).eventHook?.events ?? new Set();
    assert.ok(events().has('grant.ended') && !events().has('gateway.request') && !events().has('tool.called'));
    assert.deepEqual([...events('grant.ended, gateway.request')].sort(), ['gateway.request', 'grant.ended']);
    assert.equal(
      complaint({ EVENTS_WEBHOOK_EVENTS: 'grant.ended,tool.called' }),
      'EVENTS_WEBHOOK_EVENTS: "tool.called" is no event of the audit trail',
    );
  });
});
