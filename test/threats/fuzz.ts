// Malformed requests, made from a seed: the same seed makes the same requests. Most of a request is correct, so that the wrong
// part gets past the first check.
import { type ClientRequest, request as httpRequest, METHODS } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** A small generator of random numbers (mulberry32), the same on every machine. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0 and less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  yes(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new TypeError('nothing to pick from');
    return picked;
  }
}

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Breaks the connection after so many bytes of the body. */
  readonly cutAfter?: number;
}

const NASTY = [
  '',
  ' ',
  '\0',
  '\r\nSet-Cookie: x=y',
  '\u0085\u2028\u202e',
  'é',
  '😀'.repeat(100),
  '\ufeff',
  'a'.repeat(9000),
  '%',
  '%00',
  '%ff%fe',
  '%E0%A4%A',
  '+',
  '&&==',
  '../../etc/passwd',
  "' OR 1=1; --",
  '"><script>alert(1)</script>',
  '{{7*7}}',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e999',
  '9007199254740993',
  '[]',
  '{}',
  '*',
  'javascript:alert(1)',
  'https://',
  'https://[::',
  'https://a/b',
  'http://localhost:99999/',
  'urn:x',
  'mgc_',
  'mgr_AAAA',
  'mgc_'.padEnd(79, 'A'),
  'mgr_'.padEnd(106, 'A'),
  'eyJhbGciOiJub25lIn0.e30.',
  'eyJhbGciOiJFUzI1NiJ9.e30.AAAA',
  'a.b.c',
  'A'.repeat(22),
  `${'A'.repeat(22)}.x`,
];

/** What a fuzzer knows about the server: names of parameters, and correct values. */
export interface Knowledge {
  readonly endpoints: readonly (readonly [method: string, path: string])[];
  /** Names of parameters by path; `''` for any other. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** Correct values by parameter; `''` for any. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Correct `Authorization` headers by path; `''` for any other. */
  readonly authorizations: Readonly<Record<string, readonly string[]>>;
  readonly cookies: readonly string[];
  readonly origins: readonly string[];
}

/** Makes one request. */
export function fuzzed(chance: Chance, known: Knowledge): FuzzedRequest {
  const [rightMethod, rightPath] = chance.pick(known.endpoints);
  const method = chance.yes(0.9) ? rightMethod : chance.pick(METHODS.filter((name) => name !== 'CONNECT'));
  const path = fuzzedPath(chance, known, rightPath);
  const { body, type } = fuzzedBody(chance, known, rightPath);
  const encoding = chance.yes(0.05) ? chance.pick(['gzip', 'br', 'deflate', 'identity', 'x', 'gzip, gzip']) : undefined;
  const encoded =
    encoding === 'gzip' && chance.yes(0.5)
      ? gzipSync(body)
      : encoding === 'br' && chance.yes(0.5)
        ? brotliCompressSync(body)
        : body;
  const headers: Record<string, string> = {
    'x-forwarded-for': `10.0.${chance.below(2)}.${chance.below(256)}`,
    ...(chance.yes(0.95) ? { 'content-type': type } : {}),
    ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    ...(chance.yes(0.6) ? { authorization: fuzzedAuthorization(chance, known, rightPath) } : {}),
    ...(chance.yes(0.4) ? { cookie: chance.yes(0.7) ? chance.pick(known.cookies) : header(chance.pick(NASTY)) } : {}),
    ...(chance.yes(0.4) ? { origin: chance.pick([...known.origins, 'null', 'https://evil.example', 'x']) } : {}),
    ...(chance.yes(0.4) ? { 'sec-fetch-site': chance.pick(['same-origin', 'cross-site', 'none', 'x']) } : {}),
    ...(chance.yes(0.7)
      ? { accept: chance.pick(['application/json, text/event-stream', '*/*', 'text/html', 'x', ';q=', 'a/b;q=-1']) }
      : {}),
    ...(chance.yes(0.3)
      ? { 'accept-language': chance.pick(['ja', '*;q=0', `${'x,'.repeat(2000)}`, ';;;', 'en;q=9']) }
      : {}),
    ...(chance.yes(0.3)
      ? { 'mcp-protocol-version': chance.pick(['2025-06-18', '2026-07-28', '2024-11-05', '1', 'x'.repeat(500)]) }
      : {}),
    ...(chance.yes(0.1) ? { 'mcp-session-id': header(chance.pick(NASTY)) } : {}),
    ...(chance.yes(0.1) ? { 'mcp-method': 'tools/call', 'mcp-name': header(chance.pick(NASTY)) } : {}),
    ...(chance.yes(0.1) ? { 'x-forwarded-host': header(chance.pick(NASTY)) } : {}),
    ...(chance.yes(0.1) ? { 'if-none-match': '"x"', range: 'bytes=0-1', 'last-event-id': 'x' } : {}),
  };
  return {
    method,
    path,
    headers,
    body: encoded,
    ...(chance.yes(0.03) ? { cutAfter: chance.below(encoded.length + 1) } : {}),
  };
}

/** Sends a request. Resolves to its status, 0 when the sender broke the connection; rejects when no answer comes in time. */
export function sendFuzzed(url: string, { method, path, headers, body, cutAfter }: FuzzedRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(url);
    const sending: ClientRequest = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: { host, ...headers, 'content-length': String(body.length) },
        timeout: 10_000,
      },
      (answer) => {
        const status = answer.statusCode ?? 0;
        answer.on('error', () => resolve(status));
        answer.on('end', () => resolve(status));
        answer.resume();
        // A stream does not end, so its head is the answer.
        if (/event-stream/.test(answer.headers['content-type'] ?? ''))
          answer.once('data', () => {
            answer.destroy();
            resolve(status);
          });
      },
    );
    sending.on('timeout', () => sending.destroy(new Error('no answer within ten seconds')));
    sending.on('error', (error) => {
      // The server may refuse before it has read everything, and the connection is then reset.
      const expected = cutAfter !== undefined || ('code' in error && /ECONNRESET|EPIPE/.test(String(error.code)));
      if (expected) resolve(0);
      else reject(error);
    });
    if (cutAfter === undefined) sending.end(body);
    else
      sending.write(body.subarray(0, cutAfter), () => {
        sending.destroy();
        resolve(0);
      });
  });
}

/** Removes what HTTP does not allow in a header; the raw requests test that. */
function header(text: string): string {
  return text.replace(/[^\x20-\x7e\x80-\xff]/g, '').trim() || 'x';
}

/** @param care the probability that it is correct */
function value(chance: Chance, known: Knowledge, name: string, care: number): string {
  const right = known.values[name] ?? known.values[''] ?? [''];
  const picked = chance.yes(care) ? chance.pick(right) : chance.pick(NASTY);
  return chance.yes((1 - care) / 4) ? mutated(chance, picked) : picked;
}

function mutated(chance: Chance, text: string): string {
  const at = chance.below(text.length + 1);
  switch (chance.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + chance.pick(NASTY) + text.slice(at);
    case 2:
      return `${text.slice(0, at)}${String.fromCharCode(chance.below(0x10000))}${text.slice(at + 1)}`;
    default:
      return text + text;
  }
}

function parameters(chance: Chance, known: Knowledge, path: string): string {
  const form = new URLSearchParams();
  // Some requests have one error, some have many.
  const care = chance.pick([0.97, 0.9, 0.5]);
  for (const name of known.names[path] ?? known.names[''] ?? []) {
    if (chance.yes(care)) form.append(name, value(chance, known, name, care));
    if (chance.yes((1 - care) / 20)) form.append(name, value(chance, known, name, care));
  }
  if (chance.yes(0.1)) form.append(chance.pick(NASTY), chance.pick(NASTY));
  const text = form.toString();
  return chance.yes(0.05) ? mutated(chance, text).replace(/[^\x21-\x7e]/g, '%') : text;
}

function fuzzedPath(chance: Chance, known: Knowledge, path: string): string {
  const filled = path.replace(
    /:(\w+)/g,
    (_, name) => encodeURIComponent(value(chance, known, name, 0.8).toWellFormed()) || 'x',
  );
  const query = path in known.names || chance.yes(0.2) ? `?${parameters(chance, known, path)}`.slice(0, 12_000) : '';
  const changed = chance.yes(0.05)
    ? `${filled}${chance.pick(['/', '//', '/..', '/%2e%2e', '/%00', ';x=y', '%'])}`
    : filled;
  return `${changed}${query}`.replace(/[^\x21-\x7e]/g, '%');
}

function fuzzedAuthorization(chance: Chance, known: Knowledge, path: string): string {
  const right = known.authorizations[path] ?? known.authorizations[''] ?? [];
  if (right.length > 0 && chance.yes(0.7)) return chance.pick(right);
  const scheme = chance.pick(['Bearer', 'Basic', 'bearer', 'Digest', '']);
  return header(
    `${scheme} ${chance.yes(0.5) ? chance.pick(NASTY) : Buffer.from(chance.pick(NASTY)).toString('base64')}`,
  );
}

function fuzzedBody(chance: Chance, known: Knowledge, path: string): { body: Buffer; type: string } {
  const json = /register|mcp|messages|webhook/.test(path) !== chance.yes(0.05);
  const types = json
    ? ['application/json', 'application/json; charset=utf-16', 'application/vnd.x+json', 'text/plain']
    : ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=x', 'multipart/form-data'];
  const type = chance.yes(0.9) ? (types[0] ?? '') : chance.pick([...types, 'x', ';', 'application/json;;', '*/*']);
  if (chance.yes(0.03)) return { body: Buffer.from(Array.from({ length: 200 }, () => chance.below(256))), type };
  if (!json) return { body: Buffer.from(parameters(chance, known, path)), type };
  const text = JSON.stringify(/mcp|messages/.test(path) ? message(chance) : document(chance, known)) ?? '';
  return { body: Buffer.from(chance.yes(0.05) ? mutated(chance, text) : text), type };
}

/** Client metadata, with errors. */
function document(chance: Chance, known: Knowledge): unknown {
  if (chance.yes(0.1)) return anything(chance, 0);
  const keys = {
    keys: [{ kty: chance.pick(['EC', 'RSA', 'OKP', 'oct']), crv: 'P-256', x: 'AA', y: 'AA', n: 'AQAB', e: 'AQAB' }],
  };
  const right: Record<string, unknown> = {
    redirect_uris: [chance.pick(known.values.redirect_uri ?? [''])],
    client_name: 'Fuzzed',
    client_id: chance.pick(known.values.client_id ?? ['']),
    token_endpoint_auth_method: chance.pick(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt']),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    jwks: keys,
    jwks_uri: 'https://127.0.0.1/keys',
    scope: 'read:user',
    contacts: ['x'],
    logo_uri: 'https://a/b',
  };
  return Object.fromEntries(
    Object.entries(right).flatMap(([name, rightValue]) =>
      chance.yes(0.7) ? [[name, chance.yes(0.75) ? rightValue : anything(chance, 0)]] : [],
    ),
  );
}

/** A JSON-RPC message, with errors. */
function message(chance: Chance): unknown {
  if (chance.yes(0.1)) return anything(chance, 0);
  const one = () => ({
    jsonrpc: chance.yes(0.95) ? '2.0' : anything(chance, 2),
    ...(chance.yes(0.9) ? { id: chance.yes(0.9) ? chance.below(100) : anything(chance, 2) } : {}),
    method: chance.yes(0.9)
      ? chance.pick([
          'initialize',
          'ping',
          'tools/list',
          'tools/call',
          'resources/read',
          'prompts/get',
          'logging/setLevel',
        ])
      : chance.pick(NASTY),
    params: chance.yes(0.3)
      ? anything(chance, 0)
      : {
          name: chance.pick([
            'get_auth_status',
            'list_repositories',
            'revoke_session',
            'list_sessions',
            '__proto__',
            '',
          ]),
          arguments: chance.yes(0.5) ? { page: anything(chance, 2), session: chance.pick(NASTY) } : anything(chance, 1),
          protocolVersion: chance.pick(['2025-06-18', '2024-11-05', '']),
          capabilities: {},
          clientInfo: { name: chance.pick(NASTY), version: '1' },
          cursor: chance.pick(NASTY),
        },
  });
  return chance.yes(0.1) ? Array.from({ length: chance.below(20) }, one) : one();
}

function anything(chance: Chance, depth: number): unknown {
  switch (chance.below(depth > 3 ? 5 : 8)) {
    case 0:
      return null;
    case 1:
      return chance.yes(0.5);
    case 2:
      return chance.pick([0, -1, 1.5, 1e308, Number.MAX_SAFE_INTEGER]);
    case 3:
      return chance.pick(NASTY);
    case 4:
      return '\ud800';
    case 5:
      return Array.from({ length: chance.below(5) }, () => anything(chance, depth + 1));
    case 6:
      return JSON.parse('['.repeat(chance.below(4000) + 1).replace(/^.*$/, (open) => open + ']'.repeat(open.length)));
    default:
      return Object.fromEntries(
        Array.from({ length: chance.below(5) }, () => [
          chance.pick([...NASTY, 'name', 'keys', 'uri']),
          anything(chance, depth + 1),
        ]),
      );
  }
}
