// The event bus: each listener hears the events it asked for, in order, before the emitter goes on (design decision 15).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus, forProgram } from '../../src/observe/events.ts';

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

  it('goes on when a listener of a program fails, at once or later', async () => {
    const bus = new EventBus();
    const errors: unknown[] = [];
    const heard: string[] = [];
    const events = forProgram(bus, (error) => errors.push(error));
    events.onAny(() => {
      throw new Error('at once');
    });
    events.on('client.removed', async () => {
      throw new Error('later');
    });
    bus.on('client.removed', ({ clientId }) => heard.push(clientId));
    bus.emit('client.removed', { clientId: 'a' });
    assert.deepEqual(heard, ['a']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(errors.map(String), ['Error: at once', 'Error: later']);
  });
});
