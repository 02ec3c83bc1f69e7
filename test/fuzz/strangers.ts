// What the properties of this folder share: how often they are tried, and what strangers send: text, JSON, addresses.
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import fc from 'fast-check';

/** Milliseconds for each run, and for each property beside them. */
const [TIME_OF_A_RUN, TIME_BESIDE] = [1000, 60_000];

/**
 * A test that a property holds for random input, the same in every run unless FUZZ_SEED is set to a number or to `random`. A
 * failure prints the seed. FUZZ_RUNS sets how often each property is tried.
 * @param runs how often it is tried without FUZZ_RUNS
 */
export function holds<Input extends readonly unknown[]>(
  name: string,
  runs: number,
  input: { [Index in keyof Input]: fc.Arbitrary<Input[Index]> },
  check: (...input: Input) => void | Promise<void>,
): void {
  const seed = Number(process.env.FUZZ_SEED ?? 20_261_121); // NaN for `random`
  const numRuns = Number(process.env.FUZZ_RUNS ?? runs);
  const time = TIME_BESIDE + numRuns * TIME_OF_A_RUN;
  it(name, { timeout: time + TIME_BESIDE }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(...input) as unknown as fc.Arbitrary<Input>, async (all) => check(...all)),
      {
        numRuns,
        // A failure is shrunk to a small one, for as long as this; then the smallest one so far is printed.
        interruptAfterTimeLimit: time,
        markInterruptAsFailure: true,
        ...(Number.isNaN(seed) ? {} : { seed }),
      },
    );
  });
}

/** Passes over input that is longer than a body may be: a server that refuses it may close the connection at once. */
export function fitsInABody(body: string): void {
  fc.pre(Buffer.byteLength(body) < 60_000);
}

/** The setting with which a bridge believes {@link fromElsewhere}. */
export const BEHIND_A_PROXY = { TRUSTED_PROXIES: '127.0.0.1' };

/** Headers of a request from another network each time, because the limits by address are not what is tested. */
export function fromElsewhere(): Record<string, string> {
  const network = randomBytes(4).toString('hex').replace(/^..../, '$&:');
  return { 'x-forwarded-for': `2001:${network}::1` };
}

/** Stands in what strangers write, as an element, an attribute, a header and a member: nothing of it may become one. */
export const MARK = 'x-stranger';

const NASTY = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\udfff\ud800',
  '\u202eevil\u202c',
  '\u2066\u2069\u200b\u200d\ufeff',
  '\u0085\u2028\u2029',
  `\r\n${MARK}: 1\r\n\r\n`,
  `<${MARK}>`,
  `" ${MARK}="`,
  `' ${MARK}='`,
  `</title><${MARK} a=b>`,
  '&lt;&#0;&amp',
  '<%= 1 %>{{1}}',
  '%',
  '%00%ff',
  '+',
  '\\',
  '"',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'true',
  '0',
  '-1',
  '1e999',
  '[object Object]',
  '../../x',
  'javascript:alert(1)',
  'é😀',
  'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢',
];

/** Text as strangers send it: any characters, lone surrogates, markup, names that objects have, very long. */
export const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 2, arbitrary: fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string()), { maxLength: 6 }).map(joined) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.nat(9000).map((length) => 'a'.repeat(length)),
      fc.tuple(fc.constantFrom('é', '<', '\u202e', ' a'), fc.nat(1000)).map(([a, times]) => a.repeat(times)),
    ),
  },
);

/** JSON as strangers send it, as text, because a JavaScript object holds no member twice. */
export const json: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.array(text, { maxLength: 4 }).map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['null', 'true', 'false', '0', '-0', '1', '-1', '1.5', '1e999', '9007199254740993', '""', '[]', '{}', '"1"'],
      ...['[[]]', '[null]', '[{}]', '{"0":"x","length":1}', '{"toString":null}', '{"constructor":{"prototype":{}}}'],
      `{"__proto__":{"${MARK}":true}}`,
      `{"constructor":{"prototype":{"${MARK}":true}}}`,
      `${'['.repeat(200)}${']'.repeat(200)}`,
    ),
  },
);

/** A small change of a text: what is inserted where, and how many characters it replaces. */
export const edit = fc.record({
  index: fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
  inserted: fc.oneof(fc.constantFrom('x', 'A', '1', '-', ' ', '/', '&', '='), text),
  removed: fc.nat(2),
});

/** @param change an {@link edit}; the largest index is the end */
export function edited(
  value: string,
  { index, inserted, removed }: { index: number; inserted: string; removed: number },
): string {
  const position = index === Number.MAX_SAFE_INTEGER ? value.length : index % (value.length + 1);
  return value.slice(0, position) + inserted + value.slice(position + removed);
}

/** A member of a JSON object: its name, and its value as JSON. */
export type Member = readonly [name: string, value: string];

/** The text of a JSON object. A name may come twice. */
export function objectText(members: readonly Member[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

/**
 * A JSON object of which a few members are not as they should be: another value, twice, left out, one more.
 * @param usual the members as they should be, as JSON; undefined for one that is usually absent
 */
export function mutatedObject(
  usual: Readonly<Record<string, fc.Arbitrary<string> | undefined>>,
  strange: fc.Arbitrary<string> = json,
): fc.Arbitrary<string> {
  const names = Object.keys(usual);
  const there = Object.entries(usual).flatMap(([name, value]) =>
    value === undefined ? [] : [value.map((one): Member[] => [[name, one]])],
  );
  const name = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: text });
  const change = fc.tuple(fc.constantFrom('replace', 'replace', 'repeat', 'drop'), name, strange);
  return fc.tuple(fc.tuple(...there), fc.array(change, { maxLength: 3 })).map(([base, changes]) => {
    let members = base.flat();
    for (const [kind, changed, value] of changes) {
      if (kind !== 'repeat') members = members.filter(([one]) => one !== changed);
      if (kind !== 'drop') members = [...members, [changed, value]];
    }
    return objectText(members);
  });
}

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const domain = fc.tuple(label, fc.constantFrom('example', 'com', 'test', 'app')).map((parts) => parts.join('.'));
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const at = (host: string, number: number | undefined) => (number === undefined ? host : `${host}:${number}`);
const path = fc
  .tuple(fc.array(label, { maxLength: 3 }), fc.constantFrom('', '?a=b', '?a=%2F&b'))
  .map(([segments, query]) => `/${segments.join('/')}${query}`);

/** Redirect URIs that every client may have. */
export const redirectUri = fc.oneof(
  fc.tuple(domain, port, path).map(([host, number, rest]) => `https://${at(host, number)}${rest}`),
  fc
    .tuple(fc.constantFrom('localhost', '127.0.0.1', '127.8.9.1', '[::1]'), port, path)
    .map(([host, number, rest]) => `http://${at(host, number)}${rest}`),
  fc
    .tuple(fc.constantFrom('com.example.app:', 'com.example.app://'), label, path)
    .map(joined)
    .filter((uri) => !/[?&](?:config|url|command)\b/i.test(uri)),
  fc
    .tuple(fc.constantFrom('cursor://', 'vscode://'), label, fc.constantFrom('/callback', '/oauth/callback', '/cb'))
    .map(joined)
    .filter((uri) => !namesCommand(uri)),
);

/** Redirect URIs with something in them that no client's has; some are still good. */
export const mutatedUri = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        redirectUri,
        edit,
        fc.constantFrom(
          ...['#', '#x', '*', '/../', '/%2e%2E/', '@', 'u:p@', '\\', '//', ':', ' ', '\n', '\t', '?', '&', '.', '%'],
          ...['\u202e', 'é', '%00', 'evil.example', '[', ']', `"><${MARK}>`, undefined],
        ),
      )
      .map(([uri, change, inserted]) => edited(uri, { ...change, inserted: inserted ?? change.inserted })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'http',
          'javascript',
          'data',
          'file',
          'ftp',
          'JavaScript',
          'blob',
          'zoommtg',
          'mailto',
          'HTTPS',
        ),
        fc.constantFrom('://', ':', ':///', ':/'),
        fc.oneof(domain, fc.constantFrom('localhost.evil.example', '10.0.0.1', '0x7f.1', '[::ffff:127.0.0.1]', '')),
        path,
      )
      .map(joined),
  },
  { weight: 1, arbitrary: text },
);

/**
 * Whether a client may have a redirect URI, by rules written a second time: the address that a browser would open is https, a
 * program of this machine, or an app, and it has no fragment, user information or wildcard.
 * @see OAuth 2.1 section 2.3, RFC 8252 sections 7.1 to 7.3
 */
export function mayRedirectTo(uri: string): boolean {
  if (!URL.canParse(uri) || /[^!-~]|[#*\\]/.test(uri) || uri.length > 2048) return false;
  const { protocol, hostname, username, password } = new URL(uri);
  const [, beforePath = ''] = /^[^:]*:\/\/([^/?]*)/.exec(uri) ?? [];
  if (username !== '' || password !== '' || beforePath.includes('@')) return false;
  if (protocol === 'https:') return hostname !== '';
  if (protocol === 'http:') return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  if (/^(?:cursor|vscode|vscode-insiders|windsurf|zed):$/.test(protocol))
    return (
      !/[?%]/.test(uri) && /\/(?:[a-z_-]*callback|cb|oauth|redirect|did-authenticate)$/i.test(uri) && !namesCommand(uri)
    );
  if (/[?&](?:config|url|command)\b/i.test(uri)) return false;
  return /^(?:cursor|vscode|vscode-insiders|windsurf|zed|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*):$/.test(protocol);
}

/** Whether a host or path segment is one at which editors install, run or open something. */
function namesCommand(uri: string): boolean {
  const commands = ['install', 'command', 'prompt', 'rule', 'file', 'clone', 'extension', 'settings', 'ssh'];
  commands.push('createchat', 'by-name', 'vscode-remote');
  return uri
    .toLowerCase()
    .split(/[:/]/)
    .slice(1)
    .some((part) => commands.includes(part));
}

/** What RFC 6749 section 5.2 lets an `error_description` hold. */
export const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a stranger's text became markup: an element, or an attribute outside the quotes of another one. */
export function becameMarkup(html: string): boolean {
  return new RegExp(`<[^>]*${MARK}`).test(html.replace(/"[^"]*"/g, '""'));
}

/** Whether every object has a member that a stranger named. */
export function pollutedPrototype(): boolean {
  return MARK in {} || Object.keys(Object.prototype).length > 0;
}

function joined(parts: readonly string[]): string {
  return parts.join('');
}
