// What is known of a request follows its work, also where that waits, and no other request learns of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { RequestContext } from '../../src/observe/request-context.ts';

const [ONE, OTHER] = ['0'.repeat(16), '1'.repeat(16)];

describe('the context of a request', () => {
  it('is each request’s own, whatever runs beside it', async () => {
    const context = new RequestContext();
    const work = (reference: string, login: string) =>
      context.run({ reference }, async () => {
        await turn();
        context.knowLogin(login);
        await turn();
        const { current } = context;
        return { reference: current?.reference, login: current?.login };
      });
    assert.deepEqual(await Promise.all([work('a', ONE), work('b', OTHER)]), [
      { reference: 'a', login: ONE },
      { reference: 'b', login: OTHER },
    ]);
    assert.equal(context.current, undefined);
    context.knowLogin(ONE);
    context.by('page');
  });

  it('knows the trace of its span', () => {
    const context = new RequestContext();
    const trace = context.run({ trace: 'of the proxy' }, () => {
      context.knowTrace('of the span');
      return context.current?.trace;
    });
    assert.equal(trace, 'of the span');
    context.knowTrace('of nothing');
    assert.equal(context.current, undefined);
  });

  it('keeps the first login that is named, and says its whole reference', () => {
    const context = new RequestContext();
    const told: string[] = [];
    context.run({ onReference: (reference) => told.push(reference) }, () => {
      const own = context.current?.reference;
      context.knowLogin(ONE);
      context.knowLogin(OTHER);
      assert.equal(context.current?.login, ONE);
      assert.equal(context.current?.reference, `${ONE}-${own}`);
      assert.deepEqual(told, [own, `${ONE}-${own}`]);
    });
  });

  it('is left by work that belongs to no request', () => {
    const context = new RequestContext();
    context.run({ reference: 'a' }, () => context.exit(() => assert.equal(context.current, undefined)));
  });

  it('is that of one bus alone', () => {
    const [context, other] = [new RequestContext(), new RequestContext()];
    context.run({ reference: 'a' }, () => assert.equal(other.current, undefined));
  });
});
