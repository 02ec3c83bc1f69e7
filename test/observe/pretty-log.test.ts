// The log for people: one line for each object, whatever a stranger wrote; colours only where they are shown.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createLogger } from '../../src/observe/logger.ts';
import { prettyLog } from '../../src/observe/pretty-log.ts';

function log() {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { logger: createLogger('trace', prettyLog(stream)), read: () => text };
}

describe('the log for people', () => {
  it('has time, level, event and message first, then the members', () => {
    const { logger, read } = log();
    logger.warn({ event: 'store.warning', message: 'two words', count: 2, who: 'octocat', text: 'a b', list: ['x'] });
    assert.match(
      read(),
      /^\d\d:\d\d:\d\d WARN {2}store\.warning two words count=2 who=octocat text="a b" list=\["x"\]\n$/,
    );
  });

  it('has a stack below its line', () => {
    const { logger, read } = log();
    logger.error({ event: 'request.failed', message: 'broken', stack: 'Error: broken\n    at one\n    at two' });
    assert.match(read(), /^\S+ ERROR request\.failed broken\n {4}Error: broken\n {4}at one\n {4}at two\n$/);
  });

  it('lets nobody move the cursor, change the direction or begin a line', () => {
    const { logger, read } = log();
    logger.info({ event: 'x', message: 'a\u001b[2Jb\nc', name: 'evil\u001b]0;\u0007\u009b2J\u202e\n00:00:00 INFO' });
    const [line = '', ...more] = read().split('\n');
    assert.deepEqual(more, ['']);
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    assert.ok(line.includes('a\\u{1b}[2Jb\\u{a}c'), line);
  });

  it('shows no secret, because they are replaced before', () => {
    const { logger, read } = log();
    logger.info({ event: 'x', message: `failed for gho_${'c'.repeat(36)}`, token: 'a word' });
    assert.match(read(), /x failed for \[redacted\] token=\[redacted\]\n$/);
  });
});
