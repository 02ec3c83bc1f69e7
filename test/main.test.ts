// `npm start`: says where everything is, stops on a signal, and tells the operator in one line why it cannot start. A
// configuration that cannot be used is in test/config.test.ts.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Program, start } from './programs.ts';
import { freePort } from './support/ports.ts';
import { runBridge } from './support/run-bridge.ts';
import { until } from './support/until.ts';

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-main-'));
  const programs: Program[] = [];
  after(async () => {
    for (const { child, ended } of programs) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (port: number) => {
    const env = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y', DATA_DIR: folder, PORT: String(port) };
    const program = start('main.ts', { ...env, LOG_LEVEL: 'info' });
    programs.push(program);
    return program;
  };

  it('says where everything is, serves, and exits with 0 on SIGTERM', async () => {
    const port = await freePort();
    const { child, ended } = run(port);
    const answer = async () => (await fetch(`http://localhost:${port}/healthz`).catch(() => undefined))?.status;
    await until(async () => child.exitCode !== null || (await answer()) === 200, { what: 'the bridge to answer' });

    const second = await run(await freePort()).ended;
    assert.equal(second.code, 2);
    assert.match(second.stderr, /^mcp-github-bridge cannot start:\n {2}DATA_DIR: another process serves from .*\n$/);

    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.ok(stdout.includes(`http://localhost:${port}/mcp`));
    const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).event]));
    assert.deepEqual(events.slice(-2), ['stopping', 'stopped']);
  });
});

describe('a start that cannot be', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-wrong-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const damaged = join(folder, 'damaged');
  const made = join(folder, 'made');
  before(async () => {
    mkdirSync(damaged);
    writeFileSync(
      join(damaged, 'bridge.db'),
      'no database at all, but some text that is long enough for a header'.repeat(20),
    );
    await (await runBridge({ ...APP, DATA_DIR: made, PORT: String(await freePort()) })).close();
  });
  const APP = { GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y' };
  const cases: readonly (readonly [what: string, env: () => Record<string, string>, line: RegExp])[] = [
    [
      'a scope that GitHub does not have',
      () => ({ SCOPES: 'repo,nonsense' }),
      /^SCOPES: "nonsense" is no scope of GitHub\. /,
    ],
    [
      'clients of the wrong shape',
      () => ({ CLIENTS_FILE: file('1.json', '[{"client_id": 1}]') }),
      /^CLIENTS_FILE: entry 1: client_id: .*string/,
    ],
    [
      'clients that are no JSON',
      () => ({ CLIENTS_FILE: file('2.json', '{') }),
      /^CLIENTS_FILE: the file is not JSON\. Write/,
    ],
    [
      'clients that are no list',
      () => ({ CLIENTS_FILE: file('3.json', '{}') }),
      /^CLIENTS_FILE: the file holds no JSON list\. Write/,
    ],
    [
      'clients that are not there',
      () => ({ CLIENTS_FILE: join(folder, 'none') }),
      /^CLIENTS_FILE: the file cannot be read \(ENOENT\)\. Name/,
    ],
    [
      'another secret',
      () => ({ DATA_DIR: made, BRIDGE_SECRET: 'another secret that is long enough for a test' }),
      /^BRIDGE_SECRET: not the one .*\. Set it to what it was/,
    ],
    [
      'another GitHub',
      () => ({ DATA_DIR: made, GITHUB_URL: 'https://github.example.com' }),
      /^GITHUB_URL: https:\/\/github\.example\.com, and the store holds tokens of https:\/\/github\.com\. Set it/,
    ],
    [
      'a damaged database',
      () => ({ DATA_DIR: damaged }),
      /^DATA_DIR: bridge\.db in .* is damaged \(.*\)\. Restore it from a copy/,
    ],
    [
      'a folder that is a file',
      () => ({ DATA_DIR: file('4', '') }),
      /^DATA_DIR: .* cannot be used \((?:ENOTDIR|EEXIST)\)\. Let this user/,
    ],
    [
      'a collector of OpenTelemetry that only speaks gRPC',
      () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
      /^OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported\. Write http\/protobuf/,
    ],
    [
      'a Redis that is away',
      () => ({ REDIS_URL: 'redis://:secret@127.0.0.1:1' }),
      /^REDIS_URL: Redis does not answer \(.*ECONNREFUSED.*\)\. Start Redis/,
    ],
  ];
  for (const [what, env, line] of cases)
    it(`says in one line what is wrong with ${what}, and exits with 2`, async () => {
      const wanted = { ...APP, DATA_DIR: join(folder, 'new'), PORT: String(await freePort()), LOG_LEVEL: 'silent' };
      const { code, stdout, stderr } = await start('main.ts', { ...wanted, ...env() }).ended;
      const [title, said = '', ...more] = stderr.split('\n');
      assert.equal(title, 'mcp-github-bridge cannot start:');
      assert.match(said.trim(), line);
      assert.deepEqual(more, ['']);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.doesNotMatch(stderr, /secret@/);
    });
});
