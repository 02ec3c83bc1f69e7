/**
 * The tables, as migrations. `PRAGMA user_version` counts those that were run on a file. A migration that was released
 * must not be changed: add another. ../README.md says what each table holds.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreTooNew } from '../schema-version.ts';

const MIGRATIONS = [
  `
  CREATE TABLE clients (
    client_id TEXT PRIMARY KEY,
    record TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    used INTEGER NOT NULL,
    added INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX unused_clients ON clients (added) WHERE used = 0;
  CREATE INDEX clients_by_expiry ON clients (expires_at);

  CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL,
    consent_hash TEXT NOT NULL,
    approval TEXT,
    state_hash TEXT,
    browser_hash TEXT,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX logins_by_expiry ON logins (expires_at);

  CREATE TABLE people (
    person TEXT PRIMARY KEY,
    visit_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX people_by_visit ON people (visit_at);

  CREATE TABLE credentials (
    person TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    app_client_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    sealed_tokens TEXT NOT NULL,
    access_expires_at INTEGER,
    refresh_expires_at INTEGER,
    PRIMARY KEY (person, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE superseded (
    number INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    credential TEXT NOT NULL,
    sealed_tokens TEXT NOT NULL,
    FOREIGN KEY (person, credential) REFERENCES credentials (person, id) ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX superseded_by_credential ON superseded (person, credential);

  CREATE TABLE grants (
    person TEXT NOT NULL,
    id TEXT NOT NULL,
    record TEXT NOT NULL,
    client_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    redeemed INTEGER NOT NULL,
    refresh_hash TEXT,
    generation INTEGER NOT NULL,
    spent_hash TEXT,
    sealed_successor TEXT,
    grace_until INTEGER,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (person, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_by_credential ON grants (person, credential, expires_at);

  CREATE TABLE revocations (
    person TEXT NOT NULL,
    id TEXT NOT NULL,
    credential TEXT NOT NULL,
    app_client_id TEXT NOT NULL,
    sealed_tokens TEXT NOT NULL,
    PRIMARY KEY (person, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE consents (
    person TEXT NOT NULL,
    consent_key TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (person, consent_key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX consents_by_expiry ON consents (expires_at);

  CREATE TABLE shared_values (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX leases_by_expiry ON leases (expires_at);

  CREATE TABLE used_once (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX used_once_by_expiry ON used_once (expires_at);
  `,
  `
  DROP TABLE shared_values;
  -- Their records have an older form. A login under way is minutes old; the person can start again.
  DELETE FROM logins;
  `,
  `
  CREATE INDEX grants_by_client ON grants (client_id);
  `,
  `
  ALTER TABLE credentials ADD COLUMN reset_due INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE revocations ADD COLUMN added_at INTEGER NOT NULL DEFAULT 0;
  UPDATE revocations SET added_at = unixepoch();
  CREATE INDEX revocations_by_age ON revocations (added_at);
  `,
  `
  ALTER TABLE grants ADD COLUMN client_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE grants ADD COLUMN server TEXT NOT NULL DEFAULT '';
  UPDATE grants SET client_name = json_extract(record, '$.clientName'),
    server = coalesce(json_extract(record, '$.resource') || ' ' || json_extract(record, '$.recipient.address'), '');
  DROP INDEX grants_by_client;
  CREATE INDEX grants_by_client ON grants (client_id, client_name, server);

  ALTER TABLE people ADD COLUMN github_id INTEGER;
  ALTER TABLE people ADD COLUMN login TEXT;
  ALTER TABLE people ADD COLUMN created_at INTEGER;
  ALTER TABLE people ADD COLUMN last_used_at INTEGER;
  UPDATE people SET
    (github_id, login) = (
      SELECT json_extract(credentials.record, '$.account.id'), lower(json_extract(credentials.record, '$.account.login'))
      FROM grants JOIN credentials ON credentials.person = grants.person AND credentials.id = grants.credential
      WHERE grants.person = people.person ORDER BY grants.created_at DESC LIMIT 1),
    (created_at, last_used_at) = (
      SELECT min(created_at), max(last_used_at) FROM grants WHERE grants.person = people.person);
  CREATE INDEX people_by_login ON people (login) WHERE login IS NOT NULL;

  CREATE TABLE blocks (
    person TEXT PRIMARY KEY,
    github_id INTEGER NOT NULL,
    login TEXT,
    reason TEXT,
    blocked_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE stories (
    login TEXT PRIMARY KEY,
    entries TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stories_by_expiry ON stories (expires_at);
  `,
];

/** The schema version of this program. */
const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * How many migrations were run on a file; 0 for a new one.
 * @param path of the file, for the message
 * @throws {StoreTooNew} when a newer version of this program has run more
 */
export function readSchemaVersion(database: DatabaseSync, path: string): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > SCHEMA_VERSION) throw new StoreTooNew('DATA_DIR', path, version, SCHEMA_VERSION);
  return version;
}

/** Runs the migrations that were not run on this file yet, in one transaction. @throws {StoreTooNew} */
export function migrate(database: DatabaseSync, path: string): void {
  // Without waiting for one who writes.
  if (readSchemaVersion(database, path) === SCHEMA_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of MIGRATIONS.slice(readSchemaVersion(database, path))) database.exec(migration);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    database.exec('COMMIT');
  } catch (error) {
    // When the disk is full, SQLite has rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
