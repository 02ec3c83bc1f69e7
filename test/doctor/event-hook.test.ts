// The doctor sends the receiver of events a signed one, and says whether it was taken.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkEventHook, TEST_EVENT } from '../../src/doctor/event-hook.ts';
import { signedHeaders } from '../../src/hooks/signature.ts';
import { SECRET, startReceiver } from '../hooks/receiver.ts';

it('the doctor sends the receiver of events a signed one of a type of its own', async (t) => {
  const receiver = await startReceiver(t);
  const eventHook = { url: receiver.url, secrets: [SECRET], events: new Set<never>() };
  const { origin } = new URL(receiver.url);
  assert.deepEqual(await checkEventHook({ eventHook }), [
    { check: 'event hook', ok: `${origin} takes the signed event bridge.test` },
  ]);
  const { headers, body, event } = receiver.received[0] ?? assert.fail();
  assert.equal(event.type, TEST_EVENT);
  const [id, timestamp] = [String(headers['webhook-id']), Number(headers['webhook-timestamp'])];
  assert.equal(headers['webhook-signature'], signedHeaders([SECRET], { id, timestamp, body })['webhook-signature']);

  receiver.answer = (response) => void response.writeHead(401).end();
  const [problem] = await checkEventHook({ eventHook });
  assert.ok(problem !== undefined && 'problem' in problem);
  assert.equal(problem.problem, `${origin} does not take the event bridge.test: it answers 401`);
  assert.match(problem.remedy, /EVENTS_WEBHOOK_SECRET/);
  assert.deepEqual(await checkEventHook({}), []);
});
