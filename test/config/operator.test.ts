// The settings of the operator: what is taken, and what is refused with one line, because it would not be read, seen or followed.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ConfigurationError, readConfig } from '../../src/config/config.ts';
import { LIGHT_SURFACE, type Operator } from '../../src/config/operator.ts';

const GITHUB = { GITHUB_CLIENT_ID: 'id', GITHUB_CLIENT_SECRET: 'secret' };
const folder = mkdtempSync(join(tmpdir(), 'bridge-operator-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const operatorOf = (env: Record<string, string>): Operator => readConfig({ ...GITHUB, ...env }).operator;

/** The lines of a configuration that is refused. */
function refusal(env: Record<string, string>): string {
  try {
    operatorOf(env);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.message;
  }
}

describe('the operator', () => {
  it('is nobody by default', () => {
    assert.deepEqual(operatorOf({}), {});
  });

  it('has a name, addresses, a colour, and a logo of the kind that its content says', () => {
    const svg = file('a.png', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>');
    const png = file('b', Buffer.from('89504e470d0a1a0a0000', 'hex'));
    const webp = file('c', Buffer.from('RIFF\x04\0\0\0WEBPVP8 ', 'latin1'));
    const operator = operatorOf({
      OPERATOR_NAME: 'Acme 株式会社',
      OPERATOR_URL: 'https://acme.example/',
      OPERATOR_SUPPORT_URL: 'mailto:help@acme.example',
      OPERATOR_PRIVACY_URL: 'http://localhost:9000/privacy',
      OPERATOR_COLOR: '#6B2FB3',
      OPERATOR_LOGO: svg,
    });
    assert.deepEqual(operator, {
      name: 'Acme 株式会社',
      url: 'https://acme.example/',
      supportUrl: 'mailto:help@acme.example',
      privacyUrl: 'http://localhost:9000/privacy',
      color: '#6b2fb3',
      logo: { type: 'image/svg+xml', bytes: readFileSync(svg) },
    });
    assert.equal(operatorOf({ OPERATOR_LOGO: png }).logo?.type, 'image/png');
    assert.equal(operatorOf({ OPERATOR_LOGO: webp }).logo?.type, 'image/webp');
  });

  const refused: [string, Record<string, string>, RegExp][] = [
    ['a name that turns the text around', { OPERATOR_NAME: 'Acme \u202e' }, /^OPERATOR_NAME: has a control character/],
    [
      'a name that nobody sees',
      { OPERATOR_NAME: '\u3164' },
      /^OPERATOR_NAME: has a control character or an invisible one/,
    ],
    ['a name that is a text', { OPERATOR_NAME: 'x'.repeat(61) }, /^OPERATOR_NAME: longer than 60 characters\. /],
    ['a script as a website', { OPERATOR_URL: 'javascript:alert(1)' }, /^OPERATOR_URL: .* is not the https address/],
    ['plain http', { OPERATOR_TERMS_URL: 'http://acme.example/' }, /^OPERATOR_TERMS_URL: .* is not the https address/],
    ['a mail with headers', { OPERATOR_SUPPORT_URL: 'mailto:a@b.example?bcc=c' }, /^OPERATOR_SUPPORT_URL: .* neither/],
    ['a colour that nobody can read', { OPERATOR_COLOR: '#ffcc00' }, /^OPERATOR_COLOR: "#ffcc00" is too light .* 1\.4/],
    [
      'a colour by name',
      { OPERATOR_COLOR: 'navy' },
      /^OPERATOR_COLOR: "navy" is not a colour\. Write for example #2a55c9\./,
    ],
    [
      'a logo that is not there',
      { OPERATOR_LOGO: '/no/such/logo.png' },
      /^OPERATOR_LOGO: .* cannot be read \(ENOENT\)/,
    ],
    ['a logo without an end', { OPERATOR_LOGO: '/dev/zero' }, /^OPERATOR_LOGO: what is there is not a file\. /],
    ['a folder as a logo', { OPERATOR_LOGO: folder }, /^OPERATOR_LOGO: what is there is not a file\. /],
    ['a logo of another kind', { OPERATOR_LOGO: file('d.svg', '<html><svg/></html>') }, /^OPERATOR_LOGO: .* not a PNG/],
    ['a large logo', { OPERATOR_LOGO: file('e', Buffer.alloc(102_401)) }, /^OPERATOR_LOGO: .* larger than 100 KB/],
  ];
  for (const [what, env, line] of refused) it(`may not have ${what}`, () => assert.match(refusal(env), line));

  it('has a colour that is compared with the surface that the pages have', () => {
    const css = readFileSync(new URL('../../templates/style.css', import.meta.url), 'utf8');
    assert.equal(/--page: (#\w+)/.exec(css)?.[1], LIGHT_SURFACE);
  });
});
