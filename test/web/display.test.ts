// The safe display of what strangers supply: no text that deceives the eye, no address that is not what it seems
// (Unicode UAX #9, UTS #39).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  displayDuration,
  displayHost,
  displayRelative,
  displayText,
  displayTime,
  displayWebsite,
  followableUrl,
  splitPlaceholders,
} from '../../src/web/display.ts';

describe('display', () => {
  test('drops what cannot be seen, or moves what can', () => {
    assert.equal(displayText('a\u202eb\u2067c\u200dd\u00ade\u{e0041}f\u3164g\ufeff', 99), 'abcdefg');
    assert.equal(displayText(' a\t\r\n b\u2028c\u3000d ', 99), 'a b c d');
    assert.equal(displayText('\u200b\u2060\ud800', 99), '');
    assert.equal(displayText(`Z${'\u0336'.repeat(50)}`, 99), `Z${'\u0336'.repeat(3)}`);
  });

  test('cuts by characters as people count them, and leaves other scripts alone', () => {
    assert.equal(displayText('日本語のアプリ', 7), '日本語のアプリ');
    assert.equal(displayText('日本語のアプリ', 5), '日本語の…');
    assert.equal(displayText('שלום', 9), 'שלום');
    assert.equal(displayText('x'.repeat(1e6), 60).length, 60);
  });

  test('cuts a host at its beginning, for its end says who stands there', () => {
    assert.equal(displayHost('127.0.0.1:6274'), '127.0.0.1:6274');
    assert.ok(displayHost(`accounts.google.com.${'a'.repeat(400)}.evil.example`).endsWith('.evil.example'));
  });

  test('cuts the scheme of an app at its end, for its beginning says whose it is', () => {
    const scheme = displayHost(`com.evil.${'a'.repeat(80)}.github.com://github.com`);
    assert.ok(scheme.startsWith('com.evil.a') && scheme.endsWith('a…'), scheme);
  });

  test('shows of a website its host and path', () => {
    const long = displayWebsite(`https://github.com.login.${'a.'.repeat(60)}evil.example/${'path/'.repeat(30)}`);
    assert.match(long ?? '', /^….*\.evil\.example\/path\/.*…$/);
    assert.equal(displayWebsite('https://github.com@evil.example/x?y#z'), 'evil.example/x');
    assert.equal(displayWebsite('https://site.example'), 'site.example');
    assert.equal(displayWebsite('javascript:alert(1)'), undefined);
  });

  test('says where a link leads', () => {
    assert.equal(followableUrl('http://localhost:1234/callback?x')?.host, 'localhost:1234');
    assert.equal(followableUrl('cursor://anysphere.cursor-mcp/oauth')?.host, 'cursor://anysphere.cursor-mcp');
    assert.equal(followableUrl('file:///etc/passwd'), undefined);
  });

  test('says how long to wait in words', () => {
    assert.equal(displayDuration('en', 0.2), '1 second');
    assert.equal(displayDuration('en', 600), '10 minutes');
    assert.equal(displayDuration('ja', 7200), '2 時間');
  });

  test('says a moment for machines and, in UTC, for people', () => {
    const time = displayTime('en', 1_785_200_000);
    assert.equal(time.machine, '2026-07-28T00:53:20.000Z');
    assert.match(time.text, /Jul 28, 2026.*00:53.*UTC/);
    assert.match(displayTime('ja', 1_785_200_000).text, /2026年7月28日/);
  });

  test('takes a text apart at its placeholders and commands, so that each is escaped as what it is', () => {
    assert.deepEqual(splitPlaceholders('Run `rm {file}` for {name}, {nobody}.', { name: '<b>', file: 'x' }), [
      { kind: 'text', text: 'Run ' },
      { kind: 'code', text: 'rm x' },
      { kind: 'text', text: ' for ' },
      { kind: 'value', text: '<b>' },
      { kind: 'text', text: ', ' },
      { kind: 'value', text: '{nobody}' },
      { kind: 'text', text: '.' },
    ]);
  });
});

describe('a time in words', () => {
  test('is how long ago it was, or how far ahead it is, in whole units that have passed', () => {
    const DAY = 86_400;
    for (const [seconds, en, ja] of [
      [0, 'now', '今'],
      [-59, 'now', '今'],
      [-60, '1 minute ago', '1 分前'],
      [-3599, '59 minutes ago', '59 分前'],
      [-2 * 3600, '2 hours ago', '2 時間前'],
      [-DAY, 'yesterday', '昨日'],
      [-2.9 * DAY, '2 days ago', undefined],
      [-45 * DAY, 'last month', '先月'],
      [-800 * DAY, '2 years ago', '2 年前'],
      [30 * DAY - 1, 'in 29 days', '29 日後'],
    ] as const) {
      assert.equal(displayRelative('en', 1_800_000_000 + seconds, 1_800_000_000), en);
      if (ja !== undefined) assert.equal(displayRelative('ja', 1_800_000_000 + seconds, 1_800_000_000), ja);
    }
  });
});
