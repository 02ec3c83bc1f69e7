// Session ids of MCP servers, as clients get them: bound to the server, the person and the grant by a MAC.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/gateway/refusal.ts';
import { createSessionIds } from '../../src/gateway/session-ids.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { RUNS } from '../oauth/addresses.ts';

const [OLD, NEW] = ['an old secret that is long enough for this', 'a new secret that is long enough for this'];
const URL_ = 'https://mcp.example/mcp';
const ids = createSessionIds(createSecrets([NEW]), URL_);
const ref = { person: 'p'.repeat(16), grant: 'g'.repeat(22) };
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 1024,
});
const isRefusal = (status: number) => (error: unknown) => error instanceof Refusal && error.status === status;

describe('a session id', () => {
  it('comes back as the server made it, on every replica', () => {
    const replica = createSessionIds(createSecrets([NEW]), URL_);
    fc.assert(
      fc.property(visible, (id) => {
        const wrapped = ids.wrap(ref, id);
        assert.match(wrapped, /^[\x21-\x7e]+$/);
        assert.notEqual(wrapped, id);
        assert.equal(replica.unwrap({ ...ref }, wrapped), id);
      }),
      RUNS,
    );
  });

  it('comes back after the secret was rotated, while the old one is known', () => {
    const wrapped = createSessionIds(createSecrets([OLD]), URL_).wrap(ref, 'id');
    assert.equal(createSessionIds(createSecrets([NEW, OLD]), URL_).unwrap(ref, wrapped), 'id');
    assert.throws(() => ids.unwrap(ref, wrapped), isRefusal(404));
  });

  it('is unknown to every other person, grant and server', () => {
    const wrapped = ids.wrap(ref, 'id');
    assert.throws(() => ids.unwrap({ ...ref, grant: 'h'.repeat(22) }, wrapped), isRefusal(404));
    assert.throws(() => ids.unwrap({ ...ref, person: 'q'.repeat(16) }, wrapped), isRefusal(404));
    for (const url of ['https://mcp.example/mcp2', 'https://mcp.example/mcp?x', 'https://evil.example/mcp'])
      assert.throws(() => createSessionIds(createSecrets([NEW]), url).unwrap(ref, wrapped), isRefusal(404));
  });

  it('is unknown when a character differs, is missing or is added, also where base64 would not tell', () => {
    const wrapped = ids.wrap(ref, 'an-id');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=';
    for (let at = 0; at < wrapped.length; at++)
      for (const character of alphabet) {
        const changed = wrapped.slice(0, at) + character + wrapped.slice(at + 1);
        if (changed !== wrapped) assert.throws(() => ids.unwrap(ref, changed), isRefusal(404), `${at} ${character}`);
      }
    for (const other of [
      wrapped.slice(1),
      wrapped.slice(0, -1),
      `${wrapped}x`,
      `=${wrapped}`,
      `${wrapped}, ${wrapped}`,
      `${wrapped} `,
    ])
      assert.throws(() => ids.unwrap(ref, other), isRefusal(404), other);
  });

  it("is unknown when it is the server's own, or anything else", () => {
    fc.assert(
      fc.property(fc.oneof(visible, fc.string({ unit: 'binary' })), (text) => {
        assert.throws(() => ids.unwrap(ref, text), isRefusal(404));
      }),
      RUNS,
    );
    assert.throws(() => ids.unwrap(ref, ids.wrap(ref, 'x').slice(0, 43)), isRefusal(404), 'a MAC of nothing');
  });

  it('of a server is an error when it is too long, not visible ASCII, or two', () => {
    assert.equal(ids.unwrap(ref, ids.wrap(ref, 'x'.repeat(1024))).length, 1024);
    for (const id of ['', ' ', 'a b', 'a\tb', 'a\x7f', '\u00e9', 'x'.repeat(1025), ['a', 'b'], []])
      assert.throws(() => ids.wrap(ref, id), isRefusal(502), JSON.stringify(id));
  });
});
