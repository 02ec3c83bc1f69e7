/** What a session needs in Redis, one session a person: before its first refresh and after it. */
import { Redis } from 'ioredis';
import { bridgeEnvironment } from '../bridge.ts';
import type { Row } from '../row.ts';
import { openSessions } from '../sessions.ts';

const NAME = 'stored bytes for a session';
const SESSIONS = 10_000;
/** Sessions before that, so that scripts and buffers are there already. */
const FIRST = 1000;

export const storedBytes: Row = {
  names: [NAME],
  async measure(lab) {
    const env = await bridgeEnvironment(lab, 'Redis', { PUBLIC_URL: 'https://mcp.example.com' });
    const sessions = await openSessions(lab, env);
    const redis = new Redis(env.REDIS_URL ?? '');
    lab.atEnd(() => redis.disconnect());
    const used = async () => Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);

    for (const session of await sessions.make(FIRST)) await sessions.rotate(session);
    const before = await used();
    const made = await sessions.make(SESSIONS);
    const begun = await used();
    for (const session of made) await sessions.rotate(session);
    const refreshed = await used();
    const perSession = (bytes: number) => (bytes - before) / SESSIONS / 1000;
    return [
      {
        name: NAME,
        unit: 'KB',
        goal: { atMost: 1.9 },
        values: { 'before a refresh': perSession(begun), 'after it': perSession(refreshed) },
      },
    ];
  },
};
