// The names of time zones: new names for those that Node knows by an old one, and what is no zone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { systemTimeZone, timeZoneNamed, timeZoneNames } from '../../src/base/time-zone.ts';

describe('time zones', () => {
  it('have each name once, and a name that Node takes', () => {
    const names = timeZoneNames();
    assert.ok(names.length > 400);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names[0], 'UTC');
    for (const name of names) assert.equal(timeZoneNamed(name), name);
  });

  it('have their new names, by whichever name they are asked for', () => {
    const names = timeZoneNames();
    for (const [old, name] of [
      ['Asia/Calcutta', 'Asia/Kolkata'],
      ['Europe/Kiev', 'Europe/Kyiv'],
      ['America/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ] as const) {
      assert.deepEqual([timeZoneNamed(old), timeZoneNamed(name)], [name, name]);
      assert.deepEqual([names.includes(old), names.includes(name)], [false, true]);
    }
    assert.deepEqual(['asia/tokyo', 'US/Pacific', 'Etc/UTC'].map(timeZoneNamed), [
      'Asia/Tokyo',
      'America/Los_Angeles',
      'UTC',
    ]);
  });

  it('are none: another text', () => {
    for (const text of [
      '',
      ' ',
      'Asia/Tokio',
      'JST-9',
      '+09:00',
      '-0100',
      ':Asia/Tokyo',
      '../Asia/Tokyo',
      'Asia/Tokyo\0',
      '<b>Asia/Tokyo</b>',
      '__proto__',
      'Etc/Unknown',
      'x'.repeat(100_000),
    ])
      assert.equal(timeZoneNamed(text), undefined, text.slice(0, 40));
  });

  it('are, of a process, that of TZ, and UTC where that is no name', () => {
    const file = new URL('../../src/base/time-zone.ts', import.meta.url);
    const program = `import { systemTimeZone } from '${file}'; process.stdout.write(systemTimeZone());`;
    for (const [TZ, zone] of [
      ['Asia/Calcutta', 'Asia/Kolkata'],
      ['JST-9', 'UTC'],
      ['', 'UTC'],
    ] as const)
      assert.equal(
        execFileSync(process.execPath, ['--input-type=module', '-e', program], { env: { TZ }, encoding: 'utf8' }),
        zone,
        TZ,
      );
    assert.equal(timeZoneNamed(systemTimeZone()), systemTimeZone());
  });
});
