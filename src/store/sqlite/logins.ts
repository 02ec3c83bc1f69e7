/** Logins under way in SQLite: one row each, which each step moves on or takes. */
import { z } from 'zod';
import type { Approval, ClientLogin, Login, LoginProblem } from '../records.ts';
import type { LoginStore } from '../store.ts';
import { readApproval, readLogin } from '../stored.ts';
import type { Database } from './database.ts';

const waitingRow = z.object({ record: z.string(), consent_hash: z.string() });
const approvedRow = z.object({
  record: z.string(),
  approval: z.string(),
  browser_hash: z.string(),
});

export class SqliteLoginStore implements LoginStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async open(id: string, login: Login, ttl: number, approval?: Approval): Promise<void> {
    const { sql } = this.#database;
    const approvalJson = approval === undefined ? null : JSON.stringify(approval);
    await this.#database.transaction((now) => {
      sql.run`
        INSERT OR REPLACE INTO logins (id, record, consent_hash, approval, state_hash, browser_hash, expires_at)
        VALUES (${id}, ${JSON.stringify(login)}, ${consentHashOf(login)}, ${approvalJson}, ${approval?.stateHash ?? null},
          ${approval?.browserHash ?? null}, ${now + ttl})`;
    });
  }

  async decide(
    id: string,
    consentHash: string,
    decision: { approval: Approval; ttl: number } | 'deny',
  ): Promise<ClientLogin | LoginProblem> {
    const { sql } = this.#database;
    const stateHash = decision === 'deny' ? null : decision.approval.stateHash;
    return this.#database.transaction((now) => {
      const row = sql.get`
        SELECT record, consent_hash FROM logins
        WHERE id = ${id} AND (approval IS NULL OR state_hash = ${stateHash}) AND expires_at > ${now}`;
      if (row === undefined) {
        return 'unknown';
      }
      const login = waitingRow.parse(row);
      if (login.consent_hash !== consentHash) {
        return 'other_browser';
      }
      if (decision === 'deny') {
        sql.run`DELETE FROM logins WHERE id = ${id}`;
      } else {
        const { approval, ttl } = decision;
        sql.run`
          UPDATE logins SET approval = ${JSON.stringify(approval)}, state_hash = ${approval.stateHash},
            browser_hash = ${approval.browserHash}, expires_at = ${now + ttl}
          WHERE id = ${id} AND approval IS NULL`;
      }
      return readLogin(login.record) as ClientLogin;
    });
  }

  async finish(
    id: string,
    stateHash: string,
    browserHash: string,
  ): Promise<{ login: Login; approval: Approval } | LoginProblem> {
    const { sql } = this.#database;
    return this.#database.transaction((now) => {
      const row = sql.get`
        SELECT record, approval, browser_hash FROM logins
        WHERE id = ${id} AND approval IS NOT NULL AND state_hash = ${stateHash} AND expires_at > ${now}`;
      if (row === undefined) {
        return 'unknown';
      }
      const login = approvedRow.parse(row);
      if (login.browser_hash !== browserHash) {
        return 'other_browser';
      }
      sql.run`DELETE FROM logins WHERE id = ${id}`;
      return { login: readLogin(login.record), approval: readApproval(login.approval) };
    });
  }
}

function consentHashOf(login: Login): string {
  return login.purpose === 'client' ? (login.consentHash ?? '') : '';
}
