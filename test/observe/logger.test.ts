// The log: one JSON line for each event, at the level that it deserves; a fault of this program with its stack, what was
// refused on purpose without; nothing that looks like a secret (design decision 15). The log of a whole bridge at its most
// verbose is searched in test/threats/secrets-at-rest.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loginOf } from '../../src/base/login-id.ts';
import { EventBus, type Events } from '../../src/observe/events.ts';
import { createLogger, logEvents, redact } from '../../src/observe/logger.ts';
import { jsonErrors } from '../../src/protocol/json-errors.ts';
import { invalidGrant } from '../../src/protocol/oauth-error.ts';
import { useApp } from '../protocol/use-app.ts';

type Line = Record<string, unknown>;

function log(level = 'trace') {
  const lines: Line[] = [];
  const bus = new EventBus();
  const logger = createLogger(level, { write: (line) => void lines.push(JSON.parse(line)) });
  logEvents(bus, logger);
  return { lines, bus, logger };
}

describe('the log of a failed request', () => {
  const { lines, bus } = log();
  let thrown: unknown;
  const url = useApp(jsonErrors({ events: bus }), () => {
    throw thrown;
  });
  const lineFor = async (error: unknown): Promise<Line> => {
    thrown = error;
    await fetch(`${url()}/token?code=mgc_secret`);
    return lines.at(-1) ?? {};
  };

  it('has a coded error of Node at error level, with its stack: it is a fault, whatever its code', async () => {
    let coded: unknown;
    try {
      new URL('no address');
    } catch (error) {
      coded = error;
    }
    assert.ok(coded instanceof TypeError && 'code' in coded);
    const line = await lineFor(coded);
    assert.equal(line.level, 'error');
    assert.equal(line.error, 'TypeError');
    assert.equal(line.message, 'Invalid URL');
    assert.match(String(line.stack), /logger\.test\.ts/);
  });

  it('has an OAuth error at info level, with its detail and without a stack', async () => {
    const { level, event, message, stack, path } = await lineFor(invalidGrant('over', 'mismatch: client'));
    assert.deepEqual(
      { level, event, message, stack, path },
      {
        level: 'info',
        event: 'request.failed',
        message: 'invalid_grant: over (mismatch: client)',
        stack: undefined,
        path: '/token',
      },
    );
  });

  it('has the reason behind an error, and whatever else is thrown', async () => {
    const reason = new Error('the reason');
    assert.equal((await lineFor(new Error('x', { cause: reason }))).cause, 'the reason');
    const fetchFailed = new TypeError('fetch failed', { cause: reason });
    assert.equal((await lineFor(new Error('x', { cause: fetchFailed }))).cause, 'the reason');
    const { level, message } = await lineFor('just a text');
    assert.deepEqual({ level, message }, { level: 'error', message: 'just a text' });
  });
});

describe('the log', () => {
  const session = { clientId: 'c', person: 'p', grant: 'g' };
  const lineOf = <Name extends keyof Events>(name: Name, event: Events[Name]): Line => {
    const { lines, bus } = log();
    bus.emit(name, event);
    assert.equal(lines.length, 1);
    return lines[0] ?? {};
  };

  it('marks what belongs to the audit trail: who was let in, what was given, how it ended', () => {
    const ended = lineOf('grant.ended', { ...session, reason: 'reused', by: 'client' });
    assert.deepEqual(
      { ...ended, time: 't' },
      {
        level: 'info',
        time: 't',
        event: 'grant.ended',
        audit: true,
        via: 'client',
        login: loginOf('g'),
        ...session,
        reason: 'reused',
        by: 'client',
      },
    );
    for (const line of [
      lineOf('client.registered', { clientId: 'c', clientName: 'n' }),
      lineOf('consent.allowed', { clientId: 'c' }),
      lineOf('login.failed', { clientId: 'c', error: 'e', detail: 'd' }),
      lineOf('keys.rotated', { algorithm: 'ES256', kid: 'k' }),
      lineOf('tool.called', { ...session, githubId: 1, githubLogin: 'l', tool: 't', outcome: 'ok', milliseconds: 1 }),
    ])
      assert.equal(line.audit, true, String(line.event));
    assert.equal('audit' in lineOf('code.redeemed', session), false);
  });

  it('has for each event the request that it happened in, and who did it from where by which way', () => {
    const { lines, bus } = log();
    const actor = { kind: 'administrator', person: 'a', githubId: 7, githubLogin: 'root' } as const;
    const trace = 'f'.repeat(32);
    bus.context.run({ reference: 'r-1', trace, address: '192.0.2.1', via: 'page', actor }, () => {
      bus.context.knowLogin(loginOf('other'));
      bus.emit('grant.ended', { ...session, reason: 'administrator', by: 'administrator' });
      bus.emit('client.removed', { clientId: 'c' });
      // What GitHub or the clock decides is nobody’s act, whoever’s request shows it.
      bus.emit('grant.ended', { ...session, reason: 'upstream_revoked', by: 'upstream' });
      bus.emit('keys.rotated', { algorithm: 'ES256', kid: 'k' });
      bus.emit('request.failed', { error: new Error('x'), expected: false, reason: 'server_error', path: '/' });
    });
    const known = { reference: 'r-1', trace, address: '192.0.2.1' };
    for (const line of lines)
      assert.deepEqual(known, { ...known, reference: line.reference, trace: line.trace, address: line.address });
    assert.deepEqual(
      lines.map(({ via, actor, login }) => ({ via, actor, login })),
      [
        { via: 'page', actor, login: loginOf('g') },
        { via: 'page', actor, login: loginOf('other') },
        { via: 'github', actor: undefined, login: loginOf('g') },
        { via: 'clock', actor: undefined, login: loginOf('other') },
        { via: undefined, actor: undefined, login: loginOf('other') },
      ],
    );
  });

  it('names the user of the operating system who gave a command', () => {
    const { lines, bus } = log();
    const actor = { kind: 'operator', name: 'ada' } as const;
    bus.context.run({ via: 'command', actor }, () => bus.emit('keys.rotated', { algorithm: 'ES256', kid: 'k' }));
    bus.emit('keys.rotated', { algorithm: 'ES256', kid: 'k' });
    assert.deepEqual(
      lines.map(({ via, actor }) => ({ via, actor })),
      [
        { via: 'command', actor },
        { via: 'clock', actor: undefined },
      ],
    );
  });

  it('warns of what may be an attack, and has what every request does at debug level', () => {
    for (const line of [lineOf('code.replayed', session), lineOf('refresh_token.reused', session)])
      assert.deepEqual({ level: line.level, audit: line.audit }, { level: 'warn', audit: true });
    assert.equal(lineOf('rate.limited', { limit: 'failures' }).level, 'warn');
    assert.equal(lineOf('consent.shown', { clientId: 'c', remembered: false }).level, 'debug');
    assert.equal(lineOf('store.error', { error: new Error('x') }).level, 'error');
  });

  it('says nothing below its level', () => {
    const { lines, bus } = log('warn');
    bus.emit('code.redeemed', session);
    assert.deepEqual(lines, []);
    bus.emit('code.replayed', session);
    assert.equal(lines.length, 1);
  });

  it('blacks out by name whatever is called a secret', () => {
    const { lines, logger } = log();
    const secret = 'nothing that looks like one';
    logger.info({ token: secret, code: secret, nested: { authorization: secret, 'set-cookie': secret }, kept: 'x' });
    assert.equal(JSON.stringify(lines).includes(secret), false);
    assert.equal(lines[0]?.kept, 'x');
  });

  it('stays JSON when a secret ends with what JSON escapes', () => {
    const { lines, logger } = log();
    logger.info({ message: 'at ?code="abc" and state=\\"x', kept: 'y' });
    assert.deepEqual([lines[0]?.message, lines[0]?.kept], ['at ?code=[redacted] and state=[redacted]', 'y']);
  });

  it('blacks out by form whatever looks like one, inside messages too', () => {
    const { lines, logger } = log();
    const secrets = [
      `mgr_${'a'.repeat(20)}`,
      `mgc_${'B'.repeat(20)}`,
      `gho_${'c'.repeat(36)}`,
      `github_pat_${'d'.repeat(30)}`,
      `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.${'e'.repeat(20)}`,
    ];
    logger.info({ message: `failed for ${secrets.join(' and ')}` });
    for (const secret of secrets) assert.equal(JSON.stringify(lines).includes(secret), false, secret);
    assert.equal(redact('GET /x?code=abc&state=def&page=2'), 'GET /x?code=[redacted]&state=[redacted]&page=2');
    assert.equal(redact('Authorization: Bearer abc.def'), 'Authorization: Bearer [redacted]');
    const texts = ['ghp_0123456789abcdefghij', 'Bearer abc.def', 'eyJhbGci.eyJzdWIi.c2ln', 'code=abcd'];
    assert.deepEqual(
      JSON.parse(redact(JSON.stringify(`over:\n${texts.join('\n')}`))),
      'over:\n[redacted]\nBearer [redacted]\n[redacted]\ncode=[redacted]',
      'each at the beginning of a line, which JSON writes as a backslash and a letter',
    );
    assert.equal(redact('the code is unknown or over'), 'the code is unknown or over');
  });
});
