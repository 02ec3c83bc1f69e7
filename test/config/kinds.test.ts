// The kinds of values: what each accepts and returns, and what it reports. What several settings must be together is in
// config.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addressRanges,
  bareOrigin,
  duration,
  githubAddress,
  integer,
  listenAddresses,
  oneOf,
  onOff,
  organizations,
  origins,
  redirectSchemes,
  redisAddress,
  resources,
  scopes,
  secrets,
  shortDuration,
  timeZone,
  users,
} from '../../src/config/kinds.ts';
import type { Kind } from '../../src/config/setting.ts';

const LONG = 'x'.repeat(32);

interface Row {
  readonly kind: Kind<unknown>;
  /** Texts with their values. */
  readonly accepted: Readonly<Record<string, unknown>>;
  readonly refused: readonly string[];
}

const KINDS: Readonly<Record<string, Row>> = {
  'a duration': {
    kind: duration,
    accepted: { '90s': 90, '15m': 900, '1h': 3600, '30d': 2_592_000 },
    refused: ['0s', '1', 'h', '1w', '1.5h', '-1h', '1 h', '1h30m', '1234567d'],
  },
  'a short duration': {
    kind: shortDuration,
    accepted: { '1s': 1, '60s': 60, '1m': 60 },
    refused: ['61s', '2m', '1h', '0s', '5'],
  },
  'an integer': {
    kind: integer(0, 65_535),
    accepted: { '0': 0, '8000': 8000, '65535': 65_535 },
    refused: ['65536', '-1', '1.0', '0x50', '1e3', 'many'],
  },
  'a switch': { kind: onOff, accepted: { on: true, off: false }, refused: ['yes', 'ON', 'true', '1'] },
  'a level': { kind: oneOf('level', 'info', 'warn'), accepted: { info: 'info' }, refused: ['loud', 'INFO'] },
  'a time zone': {
    kind: timeZone,
    accepted: {
      'Asia/Tokyo': 'Asia/Tokyo',
      'asia/calcutta': 'Asia/Kolkata',
      ':Europe/Berlin': 'Europe/Berlin',
      UTC: 'UTC',
      ':/etc/localtime': undefined,
    },
    refused: ['Asia/Tokio', 'JST-9', '+09:00', '../Asia/Tokyo', '<b>', LONG],
  },
  'a bare origin': {
    kind: bareOrigin,
    accepted: { 'https://mcp.example.com': 'https://mcp.example.com', 'http://[::1]:8000': 'http://[::1]:8000' },
    refused: [
      'mcp.example.com',
      'https://mcp.example.com/',
      'https://mcp.example.com/path',
      'https://MCP.example.com',
      'https://mcp.example.com:443',
      'https://user@mcp.example.com',
      'ftp://mcp.example.com',
    ],
  },
  'an address of GitHub': {
    kind: githubAddress,
    accepted: { 'https://github.example.com//': 'https://github.example.com', 'https://a/api/v3': 'https://a/api/v3' },
    refused: [
      'github.com',
      'https://github.com?x',
      'https://github.com#x',
      'https://user@github.com',
      'ssh://github.com',
    ],
  },
  'an address to listen on': {
    kind: listenAddresses,
    accepted: { localhost: ['127.0.0.1', '::1'], '0.0.0.0': ['0.0.0.0'], '::': ['::'] },
    refused: ['mcp.example.com', '127.1', '127.0.0.1:80', '[::1]'],
  },
  'an address of Redis': {
    kind: redisAddress,
    accepted: { 'redis://r': 'redis://r', 'rediss-cluster://a,b': 'rediss-cluster://a,b' },
    refused: ['r:6379', 'redis://', 'http://r'],
  },
  'a list of secrets': {
    kind: secrets,
    accepted: { [LONG]: [LONG], [`${LONG}, ${LONG}y`]: [LONG, `${LONG}y`], ['ä'.repeat(16)]: ['ä'.repeat(16)] },
    refused: ['short', LONG.slice(1), `${LONG},short`],
  },
  'a list of scopes': {
    kind: scopes,
    accepted: { 'read:user,repo': ['read:user', 'repo'], 'repo repo, gist': ['repo', 'gist'], ',': undefined },
    refused: ['read:"user"', 'a\\b', 'é'],
  },
  'a list of users': {
    kind: users,
    accepted: { 'OctoCat, id:42': [{ login: 'octocat' }, { id: 42 }], mona_corp: [{ login: 'mona_corp' }] },
    refused: ['octo cat', '-octocat', 'octocat-', 'octo--cat', 'id:x', 'id:', '@octocat', 'x'.repeat(40)],
  },
  'a list of organisations': {
    kind: organizations,
    accepted: { 'octo-org,octo-org/core': [{ organization: 'octo-org' }, { organization: 'octo-org', team: 'core' }] },
    refused: ['octo org', 'octo-org/', 'octo-org/core/more', '/core', 'octo-org/the core'],
  },
  'a list of resources': {
    kind: resources,
    accepted: {
      'https://api.example.com/mcp': ['https://api.example.com/mcp'],
      'http://[::1]:1/': ['http://[::1]:1/'],
    },
    refused: ['api.example.com', 'http://api.example.com', 'https://api.example.com/#x', 'urn:x:y'],
  },
  'a list of redirect schemes': {
    kind: redirectSchemes,
    accepted: { 'Cursor, vscode://,zed:': ['cursor', 'vscode', 'zed'] },
    refused: ['javascript', 'https', 'my app', '1password', 'vscode:/x'],
  },
  'a list of origins': {
    kind: origins,
    accepted: { 'https://a.example,http://localhost:1': ['https://a.example', 'http://localhost:1'] },
    refused: ['https://a.example/', 'a.example', '*', 'https://A.example', 'null'],
  },
  'a list of address ranges': {
    kind: addressRanges,
    accepted: { '10.0.0.0/8, ::1': ['10.0.0.0/8', '::1'] },
    refused: ['proxy.local', '10.0.0.0/33', '256.0.0.1'],
  },
};

/** The value of a text, and the problems reported. */
function readAs(kind: Kind<unknown>, text: string): { value: unknown; problems: string[] } {
  const problems: string[] = [];
  const value = kind(text, (problem, remedy = '') => problems.push(`${problem} ${remedy}`));
  return { value, problems };
}

for (const [name, { kind, accepted, refused }] of Object.entries(KINDS))
  describe(name, () => {
    it('is accepted when it is written correctly', () => {
      for (const [text, value] of Object.entries(accepted))
        assert.deepEqual(readAs(kind, text), { value, problems: [] }, JSON.stringify(text));
    });

    it('is reported when it is written wrongly', () => {
      for (const text of refused) assert.equal(readAs(kind, text).problems.length, 1, JSON.stringify(text));
    });
  });

describe('a value that is a secret', () => {
  it('is never repeated in what is reported about it', () => {
    for (const [kind, text] of [
      [secrets, 'hunter2'],
      [redisAddress, 'postgres://:hunter2@r'],
    ] as const)
      for (const problem of readAs(kind, text).problems) assert.ok(!problem.includes('hunter2'), problem);
  });
});
