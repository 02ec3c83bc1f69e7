// Step-up: a tool needs a scope that the token lacks. The client gets a challenge, asks the person to allow more, and goes on.

import assert from 'node:assert/strict';
import { z } from 'zod';
import { Person } from '../support/person.ts';
import { connectV2, ERAS, UnauthorizedError } from '../support/sdk-clients.ts';
import { mainVersionOf, type Row, versionOf } from './client.ts';
import type { Demo } from './demo.ts';
import { connectMcpRemote } from './mcp-remote.ts';

const emailsSchema = z.object({ structuredContent: z.object({ emails: z.array(z.object({ email: z.string() })) }) });
const SEEN = 'is challenged for user:email, asks for read:user too, and succeeds';

export const stepUp: Row[] = [
  ...ERAS.map(({ name, mode }) => ({
    client: `SDK v2, protocol ${name}: step-up`,
    version: mainVersionOf('@modelcontextprotocol/client'),
    transport: 'Streamable HTTP',
    async run(demo: Demo) {
      const person = new Person('octocat');
      const { client, challenges, finish } = await connectV2(demo.url, 'Streamable HTTP', mode, person);
      await assert.rejects(client.callTool({ name: 'list_user_emails' }), UnauthorizedError);
      assert.match(challenges.at(-1) ?? '', /^403 Bearer error="insufficient_scope".* scope="user:email"/);
      assertUnion(person.lastAsked);
      await finish();
      assertEmails(await client.callTool({ name: 'list_user_emails' }));
      assert.equal(person.asked.length, 2);
      await client.close();
      return SEEN;
    },
  })),
  {
    client: 'mcp-remote: step-up',
    version: versionOf('mcp-remote'),
    transport: 'Streamable HTTP',
    async run(demo) {
      const { client, onlooker, close } = await connectMcpRemote(demo);
      assertEmails(await client.callTool({ name: 'list_user_emails' }));
      assert.equal(onlooker.asked.length, 2);
      assertUnion(onlooker.asked[1]);
      await close();
      return SEEN;
    },
  },
];

function assertUnion(asked: URLSearchParams | undefined): void {
  const scope = asked?.get('scope')?.split(' ') ?? [];
  for (const needed of ['read:user', 'user:email']) assert.ok(scope.includes(needed), `${needed} in ${scope}`);
}

function assertEmails(result: unknown): void {
  const { emails } = emailsSchema.parse(result).structuredContent;
  assert.ok(emails.some(({ email }) => email === 'octocat@example.com'));
}
