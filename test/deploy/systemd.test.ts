// The unit of systemd in deploy/: systemd takes it, finds it well protected, and it sets only settings.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NAMES } from '../../src/config/settings.ts';

const run = promisify(execFile);
const UNIT = fileURLToPath(new URL('../../deploy/systemd/mcp-github-bridge.service', import.meta.url));
const text = readFileSync(UNIT, 'utf8');

/** The version of systemd-analyze; undefined when there is none. */
const version = await run('systemd-analyze', ['--version']).then(
  ({ stdout }) => Number(/^systemd (\d+)/.exec(stdout)?.[1]),
  () => undefined,
);
const skip = version === undefined || version < 250 ? 'no systemd-analyze of systemd 250 or newer' : false;

describe('the unit of systemd', () => {
  it('is taken by systemd, without a warning', { skip }, async (t) => {
    // Where it is not installed, its folder is not there; neither is, perhaps, its Node.
    const folder = mkdtempSync(join(tmpdir(), 'bridge-unit-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const unit = join(folder, 'mcp-github-bridge.service');
    writeFileSync(unit, text.replaceAll('/usr/bin/node', process.execPath));
    const { stderr } = await run('systemd-analyze', ['verify', unit]);
    assert.doesNotMatch(stderr, /mcp-github-bridge/);
    writeFileSync(unit, text.replace('ProtectSystem=strict', 'ProtectSystem=nonsense'));
    const wrong = await run('systemd-analyze', ['verify', unit]).catch((error: { stderr: string }) => error);
    assert.match(wrong.stderr, /nonsense/);
  });

  it('is exposed to little, in the judgement of systemd', { skip }, async () => {
    // Of 100; it fails above that.
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', UNIT]);
  });

  it('sets only settings, and gives each secret as a credential', () => {
    const set = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, words = '']) => words.split(' '));
    const names = set.map((each) => each.replace(/=.*/, ''));
    assert.deepEqual(
      names.filter((name) => !NAMES.includes(name)),
      ['NODE_ENV'],
    );
    const credentials = [...text.matchAll(/^LoadCredential=([\w-]+):/gm)].map(([, name = '']) => `%d/${name}`);
    assert.deepEqual(
      set.filter((each) => each.includes('_FILE=')).map((each) => each.replace(/.*=/, '')),
      credentials,
    );
  });

  it('starts again for as long as it takes: with Redis away a start ends as with wrong settings', () => {
    assert.match(text, /^Restart=on-failure$/m);
    assert.match(text, /^StartLimitIntervalSec=0$/m);
    assert.doesNotMatch(text, /^RestartPreventExitStatus=/m);
  });

  it('leaves more time to stop than a stop takes', () => {
    assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) >= 30 + 5 + 10);
  });
});

describe('the command beside the service', () => {
  const COMMAND = fileURLToPath(new URL('../../deploy/systemd/mcp-github-bridge-command', import.meta.url));
  /** What it gives to systemd-run, in whose place a script writes its arguments. */
  async function given(t: TestContext, ...args: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-command-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'systemd-run'), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
    const { stdout } = await run(COMMAND, args, { env: { PATH: `${folder}:${process.env.PATH}` } });
    const all = stdout.split('\0').slice(0, -1);
    const program = all.indexOf('/usr/bin/node');
    return { options: all.slice(0, program), line: all.slice(program) };
  }
  const valuesOf = (options: readonly string[], name: string) =>
    options.flatMap((option) => (option.startsWith(`--${name}=`) ? [option.slice(name.length + 3)] : []));

  it('has the user, the folder, the settings and the secrets of the service', async (t) => {
    const { options, line } = await given(t, 'admin', 'people', 'list');
    assert.deepEqual(line, ['/usr/bin/node', 'src/admin/main.ts', 'people', 'list']);
    for (const path of ['admin', 'doctor'])
      assert.ok(existsSync(new URL(`../../src/${path}/main.ts`, import.meta.url)));
    const unit = text.split('\n');
    const properties = valuesOf(options, 'property').filter((property) => property !== 'User=mcp-github-bridge');
    for (const property of properties) assert.ok(unit.includes(property), property);
    const kept = /^(?:DynamicUser|StateDirectory|EnvironmentFile|LoadCredential)=/;
    assert.deepEqual(
      properties.filter((property) => kept.test(property)).sort(),
      unit.filter((each) => kept.test(each)).sort(),
    );
    const [name = ''] = valuesOf(options, 'unit');
    const ofUnit = [...text.matchAll(/^Environment=(.*)$/gm)].flatMap(([, words = '']) => words.split(' '));
    assert.deepEqual(
      valuesOf(options, 'setenv').sort(),
      ofUnit.map((each) => each.replace('%d', `/run/credentials/${name}.service`).replace('%S', '/var/lib')).sort(),
    );
    assert.deepEqual(valuesOf(options, 'working-directory'), [/^WorkingDirectory=(.*)$/m.exec(text)?.[1]]);
  });

  it('passes each argument on as it is, for systemd replaces what begins with a dollar', async (t) => {
    const { line } = await given(t, 'admin', 'people', 'block', 'octocat', 'it’s "$HOME", $$ and\n* $x', '');
    assert.deepEqual(line.slice(4), ['octocat', 'it’s "$$HOME", $$$$ and\n* $$x', '']);
  });

  it('says how it is used', async (t) => {
    for (const args of [[], ['nonsense']])
      await assert.rejects(given(t, ...args), {
        code: 2,
        stderr: 'usage: mcp-github-bridge-command admin|doctor [ARGUMENT]...\n',
      });
  });
});
