// The event bus: each listener hears the events it asked for, in order, before the emitter goes on (design decision 15).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus } from '../../src/observe/events.ts';

describe('the event bus', () => {
  it('tells a listener of its event alone, and one of all events their names as well', () => {
    const bus = new EventBus();
    const [ofOne, ofAll]: [unknown[], unknown[]] = [[], []];
    bus.on('client.removed', (event) => ofOne.push(event));
    bus.onAny((name, event) => ofAll.push({ name, event }));
    bus.emit('client.updated', { clientId: 'a' });
    bus.emit('client.removed', { clientId: 'b' });
    assert.deepEqual(ofOne, [{ clientId: 'b' }]);
    assert.deepEqual(ofAll, [
      { name: 'client.updated', event: { clientId: 'a' } },
      { name: 'client.removed', event: { clientId: 'b' } },
    ]);
  });

  it('has no trouble with an event that nobody listens to, one about an error included', () => {
    new EventBus().emit('store.error', { error: new Error('x') });
  });
});
