// The comparison of two runs of the conformance suite: what it lets pass, and that it sees everything else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences } from './compare.ts';
import type { Check } from './suite.ts';

const DIRECT = 'http://127.0.0.1:1001/mcp';
const BRIDGED = 'http://127.0.0.1:2002/mcp/full';

const check = (members: Partial<Check> = {}): Check => ({
  scenario: 'tools-list',
  id: 'tools-list',
  name: 'ToolsList',
  status: 'SUCCESS',
  ...members,
});

/** The differences of two lists of checks. */
function compared(direct: readonly Check[], bridged: readonly Check[], filtered = false): string[] {
  return differences({ url: DIRECT, checks: direct }, { url: BRIDGED, checks: bridged }, { filtered });
}

/** The differences of one check with other details. */
function detailed(direct: object, bridged: object, scenario = 'tools-list', filtered = false): string[] {
  const [left, right] = [check({ scenario, details: { ...direct } }), check({ scenario, details: { ...bridged } })];
  return compared([left], [right], filtered);
}

describe('the comparison of two conformance runs', () => {
  it('finds no difference between equal runs', () => {
    assert.deepEqual(compared([check(), check()], [check(), check()]), []);
  });

  it('names a check that is missing, on either side, also when there are others of its id', () => {
    assert.match(compared([check()], []).join(), /^tools-list:tools-list#1: .* directly, nothing through the bridge$/);
    assert.match(compared([], [check()]).join(), /^tools-list:tools-list#1: nothing directly, /);
    assert.match(compared([check(), check()], [check()]).join(), /#2: .* directly, nothing through the bridge$/);
  });

  it('names both statuses, and both messages', () => {
    assert.deepEqual(compared([check()], [check({ status: 'FAILURE', errorMessage: 'Tool not found' })]), [
      'tools-list:tools-list#1: status is SUCCESS directly, FAILURE through the bridge',
      'tools-list:tools-list#1: message is  directly, Tool not found through the bridge',
    ]);
  });

  it('compares what the suite wrote down, in depth and with its types', () => {
    assert.equal(detailed({ result: { tools: ['a'] } }, { result: { tools: ['b'] } }).length, 1);
    assert.equal(detailed({ result: { id: 1 } }, { result: { id: '1' } }).length, 1);
    assert.equal(detailed({ result: { id: 1 } }, { result: {} }).length, 1);
  });

  it('takes the two addresses for one', () => {
    assert.deepEqual(detailed({ serverUrl: DIRECT }, { serverUrl: BRIDGED }), []);
    assert.deepEqual(detailed({ hostHeader: '127.0.0.1:1001' }, { hostHeader: '127.0.0.1:2002' }), []);
    assert.equal(detailed({ serverUrl: DIRECT }, { serverUrl: 'http://127.0.0.1:3003/mcp' }).length, 1);
  });

  it('compares only the type of ids that differ from run to run', () => {
    assert.deepEqual(detailed({ subscriptionId: 1 }, { subscriptionId: 2 }), []);
    assert.equal(detailed({ subscriptionId: 1 }, { subscriptionId: '1' }).length, 1);
    assert.equal(detailed({ requestState: 'x' }, {}).length, 1);
  });

  it('leaves out how often a task was asked for, and nothing else of the messages', () => {
    const [few, many] = [{ messagesValidated: 4 }, { messagesValidated: 6 }];
    assert.deepEqual(detailed(few, many, 'tasks-lifecycle'), []);
    assert.equal(detailed(few, many).length, 1);
    assert.equal(detailed({ ...few, violations: [] }, { ...many, violations: [1] }, 'tasks-lifecycle').length, 1);
  });

  it('leaves out the ids of the events of streams that began at the same time, not what is in the events', () => {
    const event = (id: string | undefined, data: string) => ({ results: [{ event: { id, data } }] });
    const scenario = 'server-sse-multiple-streams';
    assert.deepEqual(detailed(event('2', ''), event('4', ''), scenario), []);
    assert.equal(detailed(event('2', ''), event('2', 'x'), scenario).length, 1);
    assert.equal(detailed(event('2', ''), event(undefined, ''), scenario).length, 1);
    assert.equal(detailed(event('2', ''), event('4', '')).length, 1);
  });

  it('compares the headers that the bridge passes on', () => {
    const answer = (headers: object) => ({ statusCode: 200, headers });
    const [direct, bridged] = [{ date: 'Monday' }, { date: 'Tuesday', 'x-frame-options': 'DENY' }];
    assert.deepEqual(detailed(answer(direct), answer(bridged)), []);
    assert.equal(detailed(answer({ 'content-type': 'text/event-stream' }), answer({})).length, 1);
    assert.equal(detailed(answer({ 'mcp-session-id': 'a' }), answer({})).length, 1);
  });

  it('leaves out the words of the refusal of a foreign host, not its status', () => {
    const refused = (statusCode: number, body: string) => ({ hostHeader: 'evil.example.com', statusCode, body });
    const scenario = 'dns-rebinding-protection';
    assert.deepEqual(detailed(refused(403, 'server'), refused(403, 'bridge'), scenario), []);
    assert.equal(detailed(refused(403, 'server'), refused(400, 'bridge'), scenario).length, 1);
    assert.equal(detailed(refused(403, 'server'), refused(403, 'bridge')).length, 1);
  });

  it('leaves out the words of a header mismatch where tools are filtered, not its code', () => {
    const error = (code: number, message: string) => ({ error: { code, message } });
    assert.deepEqual(detailed(error(-32020, 'server'), error(-32020, 'bridge'), 'any', true), []);
    assert.equal(detailed(error(-32020, 'server'), error(-32020, 'bridge'), 'any', false).length, 1);
    assert.equal(detailed(error(-32020, 'server'), error(-32601, 'bridge'), 'any', true).length, 1);
    assert.equal(detailed(error(-32601, 'server'), error(-32601, 'bridge'), 'any', true).length, 1);
  });
});
