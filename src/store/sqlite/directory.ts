/**
 * The directory of people in SQLite: columns of `people`, which a login and a sweep write (people.ts), and an index of the
 * clients of all grants. By login, a page is read from an index; the other orders sort all people.
 */
import { z } from 'zod';
import type { DirectoryEntry, DirectoryQuery, DirectoryStore } from '../people-operations.ts';
import type { Database } from './database.ts';

/** Greater than every character of a login. */
const AFTER_ALL = '\u{10FFFF}';

const personRowSchema = z.object({
  person: z.string(),
  github_id: z.number(),
  login: z.string(),
  created_at: z.number(),
  last_used_at: z.number(),
});
const clientRowSchema = z.object({
  client_id: z.string(),
  client_name: z.string(),
  sessions: z.number(),
  people: z.number(),
});
const nameRowSchema = z.object({ client_name: z.string(), sessions: z.number() });
const countRowSchema = z.object({ n: z.number() });

export function createSqliteDirectoryStore({ sql, query }: Database): DirectoryStore {
  function rowsOf({ sort, login = '', app = '', after, limit }: DirectoryQuery): unknown[] {
    const until = `${login}${AFTER_ALL}`;
    const [key, person] = splitCursor(after);
    if (sort === 'login')
      return sql.all`
        SELECT person, github_id, login, created_at, last_used_at FROM people
        WHERE login >= ${login} AND login < ${until} AND login >= ${key} AND (login, person) > (${key}, ${person})
          AND (${app} = '' OR person IN (SELECT person FROM grants
            WHERE has_text(client_id, ${app}) OR has_text(client_name, ${app}) OR has_text(server, ${app})))
        ORDER BY login, person LIMIT ${limit}`;
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(key);
    const byUse = Number(sort === 'last-used');
    return sql.all`
      SELECT person, github_id, login, created_at, last_used_at, iif(${byUse}, last_used_at, created_at) AS at FROM people
      WHERE login >= ${login} AND login < ${until} AND (at < ${before} OR at = ${before} AND person > ${person})
        AND (${app} = '' OR person IN (SELECT person FROM grants
          WHERE has_text(client_id, ${app}) OR has_text(client_name, ${app}) OR has_text(server, ${app})))
      ORDER BY at DESC, person LIMIT ${limit}`;
  }

  return {
    async people(wanted) {
      return query(() => rowsOf(wanted).map((row) => toEntry(row, wanted.sort)));
    },

    async clients(app, after, limit) {
      return query(() =>
        sql.all`
          SELECT client_id, max(client_name) AS client_name, count(*) AS sessions, count(DISTINCT person) AS people
          FROM grants
          WHERE client_id > ${after} AND (${app} = '' OR has_text(client_id, ${app}) OR has_text(client_name, ${app})
            OR has_text(server, ${app}))
          GROUP BY client_id ORDER BY client_id LIMIT ${limit}`.map((row) => {
          const { client_id, client_name, sessions, people } = clientRowSchema.parse(row);
          return { clientId: client_id, clientName: client_name, sessions, people };
        }),
      );
    },

    async usage(since, names) {
      return query(() => ({
        active: countRowSchema.parse(sql.get`SELECT count(*) AS n FROM people WHERE last_used_at > ${since}`).n,
        sessionsPerName: sql.all`
          SELECT client_name, count(*) AS sessions FROM grants
          GROUP BY client_name ORDER BY sessions DESC, client_name LIMIT ${names}`.map((row): [string, number] => {
          const { client_name, sessions } = nameRowSchema.parse(row);
          return [client_name, sessions];
        }),
      }));
    },
  };
}

/** A cursor is what the order compares, and the person. */
function splitCursor(cursor = ''): [key: string, person: string] {
  const space = cursor.indexOf(' ');
  return space === -1 ? ['', ''] : [cursor.slice(0, space), cursor.slice(space + 1)];
}

function toEntry(row: unknown, sort: DirectoryQuery['sort']): DirectoryEntry {
  const { person, github_id, login, created_at, last_used_at } = personRowSchema.parse(row);
  const key = sort === 'login' ? login : sort === 'created' ? created_at : last_used_at;
  return {
    person,
    githubId: github_id,
    login,
    createdAt: created_at,
    lastUsedAt: last_used_at,
    cursor: `${key} ${person}`,
  };
}
