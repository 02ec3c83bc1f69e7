// What a tool is: its handler gets checked input, and its document goes out as text and as structured content (MCP Tools,
// "Structured Content").
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { CallContext } from '../../src/mcp/call-context.ts';
import { defineTool } from '../../src/mcp/tool.ts';
import { tools } from '../../src/mcp/tools/index.ts';

const context = {} as CallContext; // the handler of this test uses nothing of it

describe('a tool', () => {
  const seen: unknown[] = [];
  const tool = defineTool({
    name: 'echo',
    title: 'Echo',
    description: 'Says it again',
    inputSchema: z.object({ page: z.int().default(1) }),
    outputSchema: z.object({ page: z.number() }),
    scopes: [],
    annotations: {},
    async handler(input) {
      seen.push(input);
      return { page: input.page };
    },
  });

  it('has its input checked, and defaults filled in, before its handler sees it', async () => {
    await tool.call({}, context);
    await tool.call({ page: 3, more: 'x' }, context);
    assert.deepEqual(seen, [{ page: 1 }, { page: 3 }]);
    await assert.rejects(tool.call({ page: 'x' }, context), z.ZodError);
    assert.equal(seen.length, 2);
  });

  it('has its JSON Schemas made once, not at every call', () => {
    const options = { target: 'draft-2020-12' } as const;
    for (const { name, inputSchema, outputSchema } of [tool, ...tools]) {
      const { jsonSchema: input } = inputSchema['~standard'];
      const { jsonSchema: output } = outputSchema['~standard'];
      assert.equal(input.input(options), input.input(options), name);
      assert.equal(output.output(options), output.output(options), name);
    }
    assert.deepEqual(tool.outputSchema['~standard'].jsonSchema.output(options).required, ['page']);
  });

  it('answers one document, as text for older clients and as structured content', async () => {
    const { content, structuredContent } = await tool.call({ page: 2 }, context);
    assert.deepEqual(structuredContent, { page: 2 });
    assert.deepEqual(content, [{ type: 'text', text: JSON.stringify({ page: 2 }, null, 2) }]);
  });
});

describe('the tools', () => {
  it('have names of their own, and say whether they only read', () => {
    assert.equal(new Set(tools.map(({ name }) => name)).size, tools.length);
    const changing = tools.filter(({ annotations }) => annotations.readOnlyHint !== true);
    assert.deepEqual(
      changing.map(({ name, annotations }) => ({ name, destructive: annotations.destructiveHint })),
      [{ name: 'revoke_session', destructive: true }],
    );
  });

  it('for administrators alone need the scope that is given for them alone', () => {
    for (const { name, administratorsOnly = false, scopes } of tools)
      assert.equal(scopes.includes('bridge:admin'), administratorsOnly, name);
  });
});

describe('the schemas of the built-in tools', () => {
  /** Every object in a JSON document, with its place. */
  function* objectsIn(value: unknown, place: string): Generator<[string, object]> {
    if (typeof value !== 'object' || value === null) return;
    yield [place, value];
    for (const [name, member] of Object.entries(value)) yield* objectsIn(member, `${place}.${name}`);
  }

  it('have nothing that clients warn of: one type each, no alternatives, and no members of a type but any or none', () => {
    const options = { target: 'draft-2020-12' } as const;
    for (const { name, inputSchema, outputSchema } of tools) {
      const schemas = {
        input: inputSchema['~standard'].jsonSchema.input(options),
        output: outputSchema['~standard'].jsonSchema.output(options),
      };
      for (const [place, object] of objectsIn(schemas, name)) {
        for (const keyword of ['anyOf', 'oneOf', 'allOf']) assert.ok(!(keyword in object), `${place}.${keyword}`);
        if ('type' in object && !place.endsWith('.properties'))
          assert.equal(typeof object.type, 'string', `${place}.type`);
        if ('additionalProperties' in object) assert.equal(object.additionalProperties, false, place);
      }
    }
  });
});
