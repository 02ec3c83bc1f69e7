// The safe display of what strangers supply: no text that deceives the eye, no address that is not what it seems
// (Unicode UAX #9, UTS #39).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { displayHost, displayText, displayWebsite, followableUrl, splitPlaceholders } from '../../src/web/display.ts';

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
    for (const flags of ['🇯🇵', '👍🏽']) assert.equal(displayText(flags.repeat(60), 60), flags.repeat(60));
    // Letters that join into one character, however many.
    for (const joined of ['ᄀ'.repeat(1999), 'क्'.repeat(999), `An app ${'ᄀ'.repeat(300)}`])
      assert.ok(displayText(joined, 60).length <= 240, joined);
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
