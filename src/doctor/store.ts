/** Checks the store: whether it answers, opens with the secret, and has sessions that the policy will end. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { innermostMessage } from '../base/error-cause.ts';
import { SettingError } from '../base/setting-error.ts';
import type { Config } from '../config/config.ts';
import { covers } from '../github/scopes.ts';
import { checkStoreOrigin } from '../github/store-origin.ts';
import { openStore } from '../open-store.ts';
import { readCanaries } from '../security/canary.ts';
import { createSecrets } from '../security/secrets.ts';
import { checkImport } from '../store/import-mark.ts';
import { checkRedisSettings } from '../store/redis/server-settings.ts';
import type { Store } from '../store/store.ts';
import { checkBackups, checkDatabase } from './backups.ts';
import type { Finding } from './finding.ts';
import { checkProxy } from './proxy.ts';

const STORE = 'store';
/** People whose sessions are read. */
const MAX_PEOPLE = 1000;
/** People read at once. */
const PAGE_SIZE = 100;

/**
 * Opens the store, from which a bridge may be serving at the same time. Writes only what opening needs: migrations that
 * the SQLite file lacks, or the key `ping` in Redis.
 */
export async function checkStore(config: Config): Promise<Finding[]> {
  const { redisUrl, dataDir } = config;
  if (redisUrl === undefined && !existsSync(join(dataDir, 'bridge.db'))) return [checkDirectory(dataDir)];
  const secrets = config.secrets.length > 0 ? config.secrets : generatedSecret(dataDir);
  /** The first error of the connection to Redis; it says more than the error of the failed command. */
  let connectionError: Error | undefined;
  let store: Store | undefined;
  try {
    store = await openStore(config, {
      serving: false,
      onError: (error) => {
        connectionError ??= error;
      },
    });
    await store.ping();
    const warnings = redisUrl === undefined ? [] : await checkRedisSettings(redisUrl);
    await checkImport(store.shared, redisUrl === undefined ? 'DATA_DIR' : 'REDIS_URL');
    await checkStoreOrigin(store.shared, config.github.url);
    if (secrets.length > 0)
      await readCanaries(store.shared, createSecrets(secrets), Math.floor(Date.now() / 1000), config.refreshTokenTtl);
    const where = redisUrl === undefined ? `SQLite in ${dataDir}` : 'Redis';
    const opened: Finding = { check: STORE, ok: `${where} answers, and was made under this secret` };
    const settings = warnings.map((warning) => ({ check: STORE, warning }));
    const proxy = await checkProxy(config, store.shared);
    const database = redisUrl === undefined ? checkDatabase(dataDir) : [];
    const backups = await checkBackups(store, Math.floor(Date.now() / 1000));
    return [opened, ...settings, ...database, ...backups, ...proxy, ...(await checkSessions(config, store))];
  } catch (error) {
    return [problemWith(config, error, connectionError)];
  } finally {
    await store?.close();
  }
}

function problemWith({ redisUrl, dataDir }: Config, error: unknown, connectionError: Error | undefined): Finding {
  if (error instanceof SettingError)
    return { check: STORE, problem: `${error.setting}: ${error.problem}`, remedy: error.remedy };
  const reason = innermostMessage(connectionError ?? error);
  if (redisUrl === undefined) {
    const remedy = `Let this user read and write ${dataDir}, or name another DATA_DIR.`;
    return { check: STORE, problem: `the database in ${dataDir} cannot be used (${reason})`, remedy };
  }
  const remedy = /\b(?:OOM|MISCONF)\b/.test(reason)
    ? 'Redis runs, and takes no writes: give it more memory (maxmemory) or disk.'
    : 'Start Redis, or correct REDIS_URL (host, port, user, password, database).';
  return { check: STORE, problem: `Redis does not answer (${reason})`, remedy };
}

/** Checks whether a new store can be created; called when there is none yet. */
function checkDirectory(dataDir: string): Finding {
  let nearest = resolve(dataDir);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return { check: STORE, ok: `none yet; the first start makes one in ${dataDir}` };
  } catch {
    const remedy = `Let this user write ${nearest}, or name another DATA_DIR.`;
    return { check: STORE, problem: `${nearest} cannot be written, so no store can be made in ${dataDir}`, remedy };
  }
}

function generatedSecret(dataDir: string): string[] {
  const path = join(dataDir, 'secret');
  return existsSync(path) ? [readFileSync(path, 'utf8').trim()] : [];
}

/**
 * Counts the sessions that were granted without `read:org`, before `ALLOWED_GITHUB_ORGS` was set. With their tokens the
 * bridge cannot read memberships, so they end at their next refresh.
 */
async function checkSessions({ allowedOrganizations, github }: Config, store: Store): Promise<Finding[]> {
  if (allowedOrganizations.length === 0) return [];
  let [sessions, without, people, after] = [0, 0, 0, ''];
  for (let page = ['']; page.length > 0 && people < MAX_PEOPLE; ) {
    page = await store.sessions.people(after, PAGE_SIZE);
    for (const person of page) {
      for (const { credential } of await store.sessions.list(person)) {
        sessions += 1;
        // A credential without scopes belongs to a GitHub App, which has permissions instead.
        const { scope, appClientId } = credential;
        if (appClientId === github.clientId && scope.length > 0 && !covers(scope, 'read:org')) without += 1;
      }
    }
    people += page.length;
    after = page.at(-1) ?? '';
  }
  const check = 'sessions';
  if (without === 0) return [{ check, ok: 'the organisation policy can be asked about all of them' }];
  const remedy =
    'Tell the people to log in again, which asks for it; without that their sessions end at the next refresh.';
  return [{ check, problem: `${without} of ${sessions} were granted without read:org`, remedy }];
}
