// The events of one session, so that a client can resume a stream (MCP 2025-11-25, "Resumability and Redelivery").
import type { EventStore } from '@modelcontextprotocol/server';

type Message = Parameters<EventStore['storeEvent']>[1];

/** Creates a store in memory. An event's id is its number, which is unique in the session. */
export function createEventStore(): EventStore {
  const events: { stream: string; message: Message }[] = [];
  const streamOf = (id: string) => events[Number(id)]?.stream;
  return {
    async storeEvent(stream, message) {
      return String(events.push({ stream, message }) - 1);
    },
    async getStreamIdForEventId(id) {
      return streamOf(id);
    },
    async replayEventsAfter(last, { send }) {
      const stream = streamOf(last);
      if (stream === undefined) throw new Error('there is no such event');
      for (const [index, event] of events.entries()) {
        // The event that opens a stream has an id and no message.
        if (index > Number(last) && event.stream === stream && 'jsonrpc' in event.message)
          await send(String(index), event.message);
      }
      return stream;
    },
  };
}
