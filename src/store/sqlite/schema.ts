/**
 * The tables, as migrations. `PRAGMA user_version` counts those that were run on a file. A migration that was released
 * must not be changed: add another. ../README.md says what each table holds.
 */
import type { DatabaseSync } from 'node:sqlite';

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
  CREATE TABLE stories (
    login TEXT PRIMARY KEY,
    entries TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX stories_by_expiry ON stories (expires_at);
  `,
];

/** Runs the migrations that were not run on this file yet, in one transaction. */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    if (version > MIGRATIONS.length)
      throw new Error('bridge.db was written by a newer version of this program; run that version');
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
