/**
 * The forward migrations of what is stored in Redis, and the gate before the store that runs them. The document `schema`
 * counts those that were run: its version is the schema version, so that each is counted once by compare-and-set. The
 * first command of a process reads it, and no later one. A migration that was released must not be changed: add another.
 * ../README.md says what replicas of an older version do meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreTooNew } from '../schema-version.ts';
import type { SharedStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { createRedisSharedStore } from './shared.ts';

/** The document that counts the migrations; the lease of the process that runs them. */
const SCHEMA = 'schema';
/** Seconds for which a process that dies keeps the others from migrating. */
const LEASE = 30;
/** Milliseconds between two renewals of the lease, and between two looks of a process that waits for another. */
const RENEWAL = 10_000;
const WAIT = 250;

/** What a migration works with. */
interface MigrationContext {
  readonly redis: RedisConnection;
  readonly keys: RedisKeys;
  /** Aborts when the lease is lost: the migration must then stop and throw. */
  readonly signal: AbortSignal;
}

/**
 * One migration. It may be interrupted at any point and is then run again from its beginning, so each of its steps must
 * be harmless where it was made already; it also runs on an empty store.
 */
export type RedisMigration = (context: MigrationContext) => Promise<void>;

const MIGRATIONS: readonly RedisMigration[] = [
  // Version 1 is the form that records had before Redis had a schema version.
  async () => {},
];

/**
 * A connection whose first command waits until what is stored has the version of this program: it runs the migrations
 * that are missing, or waits while another replica runs them. Later commands wait for nothing. While Redis is away, each
 * command fails, and the next one asks again.
 * @returns its `run` and `send` throw {@link StoreTooNew} when a newer version of this program has migrated the store
 */
export function withMigrations(
  redis: RedisConnection,
  keys: RedisKeys,
  migrations: readonly RedisMigration[] = MIGRATIONS,
): RedisConnection {
  let isOpen = false;
  let opening: Promise<void> | undefined;

  async function open(): Promise<void> {
    await migrate(redis, keys, migrations);
    isOpen = true;
  }

  /** All commands that come meanwhile wait for the same attempt. */
  function opened(): Promise<void> {
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  return {
    async run(script, scriptKeys, args) {
      if (!isOpen) await opened();
      return redis.run(script, scriptKeys, args);
    },
    async send(command) {
      if (!isOpen) await opened();
      return redis.send(command);
    },
    close: () => redis.close(),
  };
}

async function migrate(redis: RedisConnection, keys: RedisKeys, migrations: readonly RedisMigration[]): Promise<void> {
  const shared = createRedisSharedStore(redis, keys);
  const owner = randomUUID();
  while (!(await isMigrated(shared, migrations))) {
    if (await shared.acquireLease(SCHEMA, owner, LEASE)) {
      try {
        await runMissing({ redis, keys }, shared, migrations, owner);
      } finally {
        // If this fails, the lease ends by itself; what failed before is thrown.
        await shared.releaseLease(SCHEMA, owner).catch(() => {});
      }
    } else await delay(WAIT);
  }
}

/** @throws {StoreTooNew} */
async function isMigrated(shared: SharedStore, migrations: readonly RedisMigration[]): Promise<boolean> {
  const { version } = await shared.readDocument(SCHEMA);
  if (version > migrations.length) throw new StoreTooNew('REDIS_URL', 'what Redis holds', version, migrations.length);
  return version === migrations.length;
}

/** Runs what is missing, while it holds the lease. */
async function runMissing(
  context: Pick<MigrationContext, 'redis' | 'keys'>,
  shared: SharedStore,
  migrations: readonly RedisMigration[],
  owner: string,
): Promise<void> {
  const lost = new AbortController();
  const renew = async () => {
    if (!(await shared.acquireLease(SCHEMA, owner, LEASE).catch(() => false))) lost.abort();
  };
  const renewal = setInterval(() => void renew(), RENEWAL);
  try {
    const { version } = await shared.readDocument(SCHEMA);
    for (const [index, run] of migrations.entries()) {
      if (index < version) continue;
      await run({ ...context, signal: lost.signal });
      // Another process may hold the lease now; only one of them counts the migration.
      if (lost.signal.aborted || !(await shared.writeDocument(SCHEMA, index, ''))) return;
    }
  } finally {
    clearInterval(renewal);
  }
}
