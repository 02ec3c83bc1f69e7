/**
 * What a session needs in Redis, one session a person, before its first refresh and after it; and the story of a login in both
 * stores, which is kept for seven days.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { grantIdOf, newLoginId } from '../../src/base/login-id.ts';
import { EventBus } from '../../src/observe/events.ts';
import { recordStories } from '../../src/observe/stories.ts';
import { randomId, randomToken } from '../../src/security/secrets.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { bridgeEnvironment } from '../bridge.ts';
import type { Row } from '../row.ts';
import { openSessions } from '../sessions.ts';

const NAME = 'stored bytes for a session';
const STORY = 'stored bytes for the story of a login';
const SESSIONS = 10_000;
/** Sessions before that, so that scripts and buffers are there already. */
const FIRST = 1000;

export const storedBytes: Row = {
  names: [NAME, STORY],
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
      {
        name: STORY,
        unit: 'KB',
        goal: { atMost: 1 },
        values: { SQLite: await storyInSqlite(), Redis: await storyInRedis(env.REDIS_URL ?? '', used) },
      },
    ];
  },
};

async function storyInSqlite(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'bridge-bench-'));
  const size = async (stories: number) => {
    const store = createSqliteStore(directory);
    await tellStories(store, stories);
    await store.close();
    return statSync(join(directory, 'bridge.db')).size;
  };
  const before = await size(FIRST);
  const after = await size(SESSIONS);
  rmSync(directory, { recursive: true });
  return (after - before) / SESSIONS / 1000;
}

async function storyInRedis(url: string, used: () => Promise<number>): Promise<number> {
  const store = createRedisStore(url);
  await tellStories(store, FIRST);
  const before = await used();
  await tellStories(store, SESSIONS);
  const after = await used();
  await store.close();
  return (after - before) / SESSIONS / 1000;
}

/** The stories of logins that went well: five requests of a browser and a client, and the first call. */
async function tellStories(store: Store, count: number): Promise<void> {
  const events = new EventBus();
  const stories = recordStories(events, store.stories, () => Math.floor(Date.now() / 1000));
  for (let told = 0; told < count; told += 1) {
    const [login, clientId, person] = [newLoginId(), randomId(), randomToken(12)];
    const session = { clientId, person, grant: grantIdOf(login) };
    const request = (work: () => void) =>
      events.context.run({ address: '198.51.100.123' }, () => {
        events.context.knowLogin(login);
        work();
      });
    request(() => events.emit('consent.shown', { clientId, remembered: false }));
    request(() => events.emit('consent.allowed', { clientId }));
    request(() => {
      events.emit('login.returned', { clientId });
      events.emit('login.completed', { ...session, githubId: 583231, githubLogin: 'monalisa', scope: [] });
    });
    request(() => events.emit('code.redeemed', session));
    request(() => events.emit('session.used', session));
    if (told % 500 === 499) await stories.flush();
  }
  await stories.flush();
}
