// How the doctor asks, and how it says that an address cannot be reached.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { probe, unreachable } from '../../src/doctor/finding.ts';
import { listen } from '../support/listen.ts';

describe('the finding for an address that cannot be reached', () => {
  const failed = (error: unknown) => {
    const finding = unreachable('check', 'https://x.example/path?secret', 'GITHUB_URL', error);
    return 'problem' in finding ? finding : assert.fail('it is no problem');
  };
  const coded = (code: string, cause?: unknown) => Object.assign(new Error('failed', { cause }), { code });

  it('names the origin alone, and the code at the bottom of the causes', () => {
    const { problem } = failed(new TypeError('fetch failed', { cause: coded('ENOTFOUND') }));
    assert.equal(problem, 'https://x.example cannot be reached (ENOTFOUND)');
    const several = new TypeError('fetch failed', {
      cause: new AggregateError([coded('ECONNREFUSED'), coded('EACCES')]),
    });
    assert.match(failed(several).problem, /\(ECONNREFUSED\)/);
    assert.match(failed(new DOMException('late', 'TimeoutError')).problem, /\(no answer in 10 seconds\)/);
  });

  for (const [what, code, remedy] of [
    ['an authority that is not known', 'SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['a certificate that has expired', 'CERT_HAS_EXPIRED', /Renew the certificate/],
    ['a certificate of another host', 'ERR_TLS_CERT_ALTNAME_INVALID', /name the right host in GITHUB_URL/],
    ['a connection that is refused', 'ECONNREFUSED', /Check GITHUB_URL/],
  ] as const)
    it(`says what to do about ${what}`, () => assert.match(failed(coded(code)).remedy, remedy));
});

describe('a request of the doctor', () => {
  it('names the bridge as its user agent, unless another is given', async (t) => {
    const server = await listen((request, response) => response.end(request.headers['user-agent']));
    t.after(() => server.close());
    assert.equal(await (await probe(server.url)).text(), 'mcp-github-bridge');
    assert.equal(await (await probe(server.url, { headers: { 'user-agent': 'another' } })).text(), 'another');
  });
});
