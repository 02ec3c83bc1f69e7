// Times on pages: the exact time in a zone, how long ago in words, and the zones from which people choose.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { timeZoneNames } from '../../src/base/time-zone.ts';
import { displayDuration, displayRelative, displayTime, timeZoneChoice } from '../../src/web/times.ts';

const at = (time: string) => Date.parse(time) / 1000;

describe('an exact time', () => {
  test('is for machines in UTC, and for people in their zone, which it names, in the form of the language', () => {
    for (const [zone, en, ja] of [
      ['UTC', 'Nov 22, 2026, 08:40 UTC', '2026年11月22日 08:40 UTC'],
      ['Asia/Tokyo', 'Nov 22, 2026, 17:40 GMT+9', '2026年11月22日 17:40 GMT+9'],
      ['Asia/Kolkata', 'Nov 22, 2026, 14:10 GMT+5:30', '2026年11月22日 14:10 GMT+5:30'],
      ['Asia/Kathmandu', 'Nov 22, 2026, 14:25 GMT+5:45', '2026年11月22日 14:25 GMT+5:45'],
      ['Pacific/Kiritimati', 'Nov 22, 2026, 22:40 GMT+14', '2026年11月22日 22:40 GMT+14'],
      ['Pacific/Pago_Pago', 'Nov 21, 2026, 21:40 GMT-11', '2026年11月21日 21:40 GMT-11'],
    ] as const) {
      assert.deepEqual(displayTime('en', zone, at('2026-11-22T08:40:20Z')), {
        machine: '2026-11-22T08:40:20.000Z',
        text: en,
      });
      assert.equal(displayTime('ja', zone, at('2026-11-22T08:40:20Z')).text, ja);
    }
  });

  test('has the summer time of its date, not of today, to the second at which it begins and ends', () => {
    for (const [time, berlin] of [
      ['2026-03-29T00:59:59Z', 'Mar 29, 2026, 01:59 GMT+1'],
      ['2026-03-29T01:00:00Z', 'Mar 29, 2026, 03:00 GMT+2'],
      // Twice half past two.
      ['2026-10-25T00:30:00Z', 'Oct 25, 2026, 02:30 GMT+2'],
      ['2026-10-25T01:30:00Z', 'Oct 25, 2026, 02:30 GMT+1'],
    ] as const)
      assert.equal(displayTime('en', 'Europe/Berlin', at(time)).text, berlin);
    // Half an hour.
    assert.match(displayTime('en', 'Australia/Lord_Howe', at('2026-01-01T00:00:00Z')).text, /11:00 GMT\+11$/);
    assert.match(displayTime('en', 'Australia/Lord_Howe', at('2026-07-01T00:00:00Z')).text, /10:30 GMT\+10:30$/);
  });

  test('is written with one format for all times of a page', (t) => {
    const made = t.mock.method(Intl, 'DateTimeFormat').mock;
    for (let hour = 0; hour < 100; hour++) displayTime('ja', 'Europe/Paris', 1_800_000_000 + hour * 3600);
    assert.equal(made.callCount(), 1);
  });

  test('can be in every zone that is to be chosen', () => {
    for (const zone of timeZoneNames())
      for (const locale of ['en', 'ja'] as const)
        assert.match(displayTime(locale, zone, 1_800_000_000).text, / (?:UTC|GMT[+-]\d{1,2}(?::\d\d)?)$/, zone);
  });
});

describe('the choice of a zone', () => {
  test('has each zone once, in the area of its name, and one that is chosen', () => {
    const areas = timeZoneChoice('America/Argentina/Buenos_Aires');
    const zones = areas.flatMap((one) => one.zones.map((zone) => ({ ...zone, area: one.area })));
    assert.deepEqual(
      zones.map(({ name }) => name),
      timeZoneNames(),
    );
    assert.deepEqual(areas.map(({ area }) => area).slice(0, 3), ['', 'Africa', 'America']);
    assert.deepEqual(
      zones.filter(({ chosen }) => chosen),
      [{ area: 'America', name: 'America/Argentina/Buenos_Aires', words: 'Argentina/Buenos Aires', chosen: true }],
    );
    assert.deepEqual(zones[0], { area: '', name: 'UTC', words: 'UTC', chosen: false });
  });

  test('has a zone of the operator, too, that is none of a city', () => {
    const [first] = timeZoneChoice('Etc/GMT+9');
    assert.deepEqual(first, { area: 'Etc', zones: [{ name: 'Etc/GMT+9', words: 'GMT+9', chosen: true }] });
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
      // 25 hours before half past midnight were not yesterday.
      [-DAY - 3600, '1 day ago', '1 日前'],
      [-2.9 * DAY, '2 days ago', undefined],
      [-45 * DAY, '1 month ago', '1 か月前'],
      [-400 * DAY, '1 year ago', '1 年前'],
      [-800 * DAY, '2 years ago', '2 年前'],
      [DAY, 'in 1 day', '1 日後'],
      [30 * DAY - 1, 'in 29 days', '29 日後'],
    ] as const) {
      assert.equal(displayRelative('en', 1_800_000_000 + seconds, 1_800_000_000), en);
      if (ja !== undefined) assert.equal(displayRelative('ja', 1_800_000_000 + seconds, 1_800_000_000), ja);
    }
  });

  test('is how long to wait', () => {
    assert.equal(displayDuration('en', 0.2), '1 second');
    assert.equal(displayDuration('en', 600), '10 minutes');
    assert.equal(displayDuration('ja', 7200), '2 時間');
  });
});
