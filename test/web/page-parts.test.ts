// The parts of pages: the words of scopes, which of them change things, names that strangers chose, servers and sessions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messages } from '../../src/web/locale.ts';
import {
  appName,
  filled,
  githubName,
  noticePart,
  recipientPart,
  scopeParts,
  sessionPart,
} from '../../src/web/page-parts.ts';

const m = messages('en');

describe('the scopes of a page', () => {
  const changes = (name: string) => scopeParts(m, [{ name }])[0]?.changes;

  it('are marked when they can change things', () => {
    for (const name of [
      'repo',
      'delete_repo',
      'admin:org',
      'workflow',
      'write:packages',
      'delete:packages',
      'user',
      'codespace',
      'gist',
    ])
      assert.equal(changes(name), true, name);
    for (const name of [
      'read:user',
      'user:email',
      'read:org',
      'read:audit_log',
      'openid',
      'offline_access',
      'repo_of_another_kind',
    ])
      assert.equal(changes(name), false, name);
  });

  it('have the words of the locale, or say that there are none', () => {
    assert.equal(scopeParts(m, [{ name: 'gist' }])[0]?.words, m.scopes.gist);
    for (const name of ['constructor', 'made_up'])
      assert.deepEqual(scopeParts(m, [{ name }]), [{ name, words: m.unknownScope, changes: false }]);
  });

  it('begin with those that change things', () => {
    const names = scopeParts(
      m,
      ['read:user', 'repo', 'openid', 'gist'].map((name) => ({ name })),
    ).map(({ name }) => name);
    assert.deepEqual(names, ['repo', 'gist', 'read:user', 'openid']);
  });
});

describe('names', () => {
  it('are one short line, or say that there is none', () => {
    assert.equal(appName(m, `${'x'.repeat(100)}`).length, 60);
    assert.equal(appName(m, '\u200b\u202e'), m.unnamedApp);
    assert.equal(githubName('github.com'), 'GitHub');
    assert.equal(githubName('git.example'), 'GitHub (git.example)');
  });

  it('cannot end the quotation in which they stand, nor say that they are verified', () => {
    const ascii = ['"', "''", "'\u200b'", '``'];
    for (const mark of [...ascii, '”', '″', '’’', 'ˮ', '˝', '˶', 'ʼʼ', '❞', '❯', '\u{1f677}', '｣', '﹂', '〞', '״'])
      assert.equal(appName(m, `Claude${mark} is safe`), "Claude' is safe", mark);
    assert.equal(appName(m, "Bob's notes"), "Bob's notes");
    assert.equal(appName(m, '✓ Acme ✅ (verified ✔)'), 'Acme (verified )');
    assert.equal(appName(m, '√ \u{1fbb1} Acme'), 'Acme');
    assert.equal(appName(m, '✓\u200b'), m.unnamedApp);
  });

  it('stand in a text that cannot have markup', () => {
    assert.equal(filled('{title} for {who}', { title: '<b>', who: '{title}' }), '<b> for {title}');
  });
});

describe('a notice', () => {
  it('names the app that ended, where it is known, and nothing else does', () => {
    const { notices, ended } = m.account;
    assert.deepEqual(noticePart(m, notices, { notice: 'disconnected', ended: 'A “b”' }), {
      text: ended,
      values: { name: "A 'b'" },
    });
    assert.deepEqual(noticePart(m, notices, { notice: 'disconnected' }), { text: notices.disconnected });
    assert.deepEqual(noticePart(m, notices, { notice: 'signed_out', ended: 'A' }), { text: notices.signed_out });
    assert.equal(noticePart(m, notices, { ended: 'A' }), undefined);
  });
});

describe('the server of a session', () => {
  const base = { clientName: 'x', redirectHost: 'x', scopes: [], createdAt: 0, lastUsedAt: 0, expiresAt: 0 };
  const clock = { locale: 'en', timeZone: 'UTC', now: 0 } as const;
  const part = (credential: 'github' | 'identity' | 'none') =>
    sessionPart(m, { ...base, session: 's', recipient: { title: 'T', host: 'h', credential } }, 'has it', clock)
      .hasToken;

  it('has the token when it gets that, and no other', () => {
    assert.deepEqual([part('github'), part('identity'), part('none')], ['has it', undefined, undefined]);
    const without = sessionPart(m, { ...base, session: 's' }, 'has it', clock);
    assert.deepEqual([without.server, without.hasToken], [undefined, undefined]);
  });

  it('has a title that can be seen and says more than the host, or none', () => {
    const server = { host: 'notes.example', credential: 'none' } as const;
    assert.deepEqual(recipientPart(server), { ...server, title: undefined });
    for (const title of ['\u200b', 'notes.example'])
      assert.deepEqual(recipientPart({ ...server, title }), { ...server, title: undefined });
    assert.equal(recipientPart({ ...server, title: 'x'.repeat(100) }).title?.length, 100);
    assert.deepEqual(recipientPart({ ...server, title: ' Notes\u202e ' }), { ...server, title: 'Notes' });
  });
});
