/** Logins in progress in SQLite: one row each. */
import { z } from 'zod';
import type { LoginStore } from '../store.ts';
import { readApproval, readClientLogin, readLogin } from '../stored.ts';
import type { Database } from './database.ts';

const waitingRowSchema = z.object({ record: z.string(), consent_hash: z.string() });
const approvedRowSchema = z.object({ record: z.string(), approval: z.string(), browser_hash: z.string() });

export function createSqliteLoginStore({ sql, transaction }: Database): LoginStore {
  return {
    async open(id, login, ttl, approval) {
      // '' stands for no consent hash: such a login cannot be decided.
      const consentHash = login.purpose === 'client' ? (login.consentHash ?? '') : '';
      const approvalJson = approval === undefined ? null : JSON.stringify(approval);
      await transaction((now) => {
        sql.run`
          INSERT OR REPLACE INTO logins (id, record, consent_hash, approval, state_hash, browser_hash, expires_at)
          VALUES (${id}, ${JSON.stringify(login)}, ${consentHash}, ${approvalJson},
            ${approval?.stateHash ?? null}, ${approval?.browserHash ?? null}, ${now + ttl})`;
      });
    },

    async decide(id, consentHash, decision) {
      const stateHash = decision === 'deny' ? null : decision.approval.stateHash;
      return transaction((now) => {
        const row = sql.get`
          SELECT record, consent_hash FROM logins
          WHERE id = ${id} AND consent_hash <> '' AND (approval IS NULL OR state_hash = ${stateHash})
            AND expires_at > ${now}`;
        if (row === undefined) return 'unknown';
        const login = waitingRowSchema.parse(row);
        if (login.consent_hash !== consentHash) return 'other_browser';
        if (decision === 'deny') {
          sql.run`DELETE FROM logins WHERE id = ${id}`;
        } else {
          const { approval, ttl } = decision;
          sql.run`
            UPDATE logins SET approval = ${JSON.stringify(approval)}, state_hash = ${approval.stateHash},
              browser_hash = ${approval.browserHash}, expires_at = ${now + ttl}
            WHERE id = ${id} AND approval IS NULL`;
        }
        return readClientLogin(login.record);
      });
    },

    async finish(id, stateHash, browserHash) {
      return transaction((now) => {
        const row = sql.get`
          SELECT record, approval, browser_hash FROM logins
          WHERE id = ${id} AND approval IS NOT NULL AND state_hash = ${stateHash} AND expires_at > ${now}`;
        if (row === undefined) return 'unknown';
        const login = approvedRowSchema.parse(row);
        if (login.browser_hash !== browserHash) return 'other_browser';
        sql.run`DELETE FROM logins WHERE id = ${id}`;
        return { login: readLogin(login.record), approval: readApproval(login.approval) };
      });
    },
  };
}
