// docs/events.md: it has every event of the audit trail with its members, and its receiver verifies signatures.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { deliver } from '../../src/hooks/delivery.ts';
import { AUDITED } from '../../src/observe/logger.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { SECRET } from './receiver.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const document = read('docs/events.md');
const source = read('src/observe/events.ts').replace(/\/\*\*.*?\*\//gs, '');

/** The members in a piece of a type, those of an interface that it extends with `&` included. */
function membersOf(type: string): string[] {
  const base = /(\w+) & \{/.exec(type)?.[1];
  const inherited = base === undefined ? [] : membersOf(bodyOf(new RegExp(`interface ${base} \\{`)));
  return [...inherited, ...[...type.matchAll(/(\w+\??):/g)].map(([, name = '']) => name)];
}

/** What stands from a match to the end of its braces. */
function bodyOf(begin: RegExp): string {
  const found = begin.exec(source);
  assert.ok(found !== null, String(begin));
  return source.slice(found.index + found[0].length).split('}')[0] ?? '';
}

describe('docs/events.md', () => {
  const rows = [...document.matchAll(/^\| `([a-z_.]+)` \| .* \| (.*) \|$/gm)].map(([, type = '', members = '']) => ({
    type,
    members: [...members.matchAll(/`([\w?]+)`/g)].map(([, name = '']) => name),
  }));

  it('has every event of the audit trail, and no other', () => {
    assert.deepEqual(rows.map(({ type }) => type).sort(), [...AUDITED].sort());
  });

  it('has the members of each', () => {
    for (const { type, members } of rows) {
      const begin = new RegExp(`'${type.replace('.', '\\.')}': (?=(?:\\w+ & )?\\{)`);
      assert.deepEqual(members.toSorted(), membersOf(bodyOf(begin)).toSorted(), type);
    }
  });

  it('has a receiver that takes what is signed, and refuses the rest', async (t) => {
    const [example = ''] = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
    const folder = mkdtempSync(join(tmpdir(), 'bridge-events-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const port = await freePort();
    writeFileSync(join(folder, 'receiver.mjs'), example);
    const env = { PORT: String(port), EVENTS_WEBHOOK_SECRET: SECRET };
    const child = spawn(process.execPath, [join(folder, 'receiver.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(async () => {
      child.kill();
      await once(child, 'exit');
    });
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    const send = (secrets: string[], now = Date.now()) =>
      deliver(
        { url: `http://127.0.0.1:${port}`, secrets },
        { id: 'evt_1', body: '{"type":"x"}' },
        now,
        AbortSignal.timeout(10_000),
      );
    const wrong = 'another secret that is long enough to be one';
    await until(async () => (await send([wrong])) === 'it answers 401', { what: 'the receiver' });
    assert.equal(await send([SECRET], Date.now() - 600_000), 'it answers 401');
    assert.equal(printed, '');
    assert.equal(await send([wrong, SECRET]), undefined);
    await until(() => printed === '{"type":"x"}\n', { what: 'what it prints' });
  });
});
