// Ranges of addresses that the operator writes, and the network that an address counts as.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inRanges, networkOf } from '../../src/security/address-ranges.ts';

describe('ranges of addresses', () => {
  const isIn = inRanges(['10.0.0.0/8', '203.0.113.7', '2001:db8::/32', '::1']);

  it('hold the addresses in them, however these are written', () => {
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '203.0.113.7', '2001:DB8:1::2', '0:0:0:0:0:0:0:1'])
      assert.equal(isIn(address), true, address);
  });

  it('hold nothing else', () => {
    for (const address of ['11.0.0.1', '203.0.113.8', '2001:db9::1', '::2', '', 'localhost', '10.0.0.0/8'])
      assert.equal(isIn(address), false, address);
    assert.equal(inRanges([])('127.0.0.1'), false);
  });
});

describe('the network of an address', () => {
  it('is an IPv4 address, or the /64 of an IPv6 address', () => {
    assert.equal(networkOf('::ffff:203.0.113.7'), networkOf('203.0.113.7'));
    assert.notEqual(networkOf('203.0.113.7'), networkOf('203.0.113.8'));
    assert.equal(networkOf('2001:db8::1'), networkOf('2001:DB8:0:0:ffff::'));
    assert.notEqual(networkOf('2001:db8::1'), networkOf('2001:db8:0:1::1'));
    assert.equal(networkOf('no address'), 'no address');
  });
});
