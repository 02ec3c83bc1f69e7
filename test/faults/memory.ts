// The memory of a process, measured through its inspector: what its heap holds after a garbage collection.

import { z } from 'zod';

const answerSchema = z.looseObject({
  id: z.number(),
  result: z.looseObject({ result: z.looseObject({ value: z.number().optional() }).optional() }).optional(),
});

export interface HeapMeter {
  /** Collects the garbage. @returns bytes, buffers outside of the heap included */
  measure(): Promise<number>;
  close(): void;
}

/** @param url the address of the inspector, `ws://…` */
export async function openHeapMeter(url: string): Promise<HeapMeter> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (answer: z.infer<typeof answerSchema>) => void>();
  let sent = 0;
  socket.addEventListener('message', ({ data }) => {
    const answer = answerSchema.safeParse(JSON.parse(String(data)));
    if (answer.success) waiting.get(answer.data.id)?.(answer.data);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)), { once: true });
  });

  function send(method: string, params: Record<string, unknown> = {}): Promise<z.infer<typeof answerSchema>> {
    const id = ++sent;
    const answered = new Promise<z.infer<typeof answerSchema>>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    return answered.finally(() => waiting.delete(id));
  }

  return {
    async measure() {
      await send('HeapProfiler.collectGarbage');
      const expression = '{ const { heapUsed, external } = process.memoryUsage(); heapUsed + external }';
      const { result } = await send('Runtime.evaluate', { expression, returnByValue: true });
      const bytes = result?.result?.value;
      if (bytes === undefined) throw new Error('the inspector did not say how much memory is used');
      return bytes;
    },
    close: () => socket.close(),
  };
}
