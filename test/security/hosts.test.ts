// Which host names mean this machine. test/threats/hosts-and-origins.test.ts has the attacks (threat 18).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopbackAuthority, isLoopbackHost } from '../../src/security/hosts.ts';

describe('a host', () => {
  it('is loopback by name, by IPv4 and by IPv6 address', () => {
    for (const host of ['localhost', '127.0.0.1', '127.255.255.254', '[::1]', '[0:0:0:0:0:0:0:1]'])
      assert.equal(isLoopbackHost(host), true, host);
  });

  it('is not loopback when it only looks so', () => {
    for (const host of [
      'localhost.evil.com',
      '127.0.0.1.evil.com',
      '0.0.0.0',
      '[::]',
      '10.0.0.1',
      '[::2]',
      'local',
      '',
    ])
      assert.equal(isLoopbackHost(host), false, host);
  });
});

describe('a Host header', () => {
  it('names this machine at whatever port', () => {
    for (const host of ['localhost', 'LOCALHOST:8000', '127.0.0.1:1', '[::1]', '[::1]:8000'])
      assert.equal(isLoopbackAuthority(host), true, host);
  });

  it('names another machine when a URL would read part of it as user, path or fragment', () => {
    for (const host of ['localhost@evil.com', 'evil.com@localhost', 'localhost/evil', 'localhost#evil', 'localhost?x'])
      assert.equal(isLoopbackAuthority(host), false, host);
  });

  it('names no machine when it is no host at all', () => {
    for (const host of ['', 'localhost:port', '[::', 'local host', '"localhost"', 'localhost\\evil'])
      assert.equal(isLoopbackAuthority(host), false, host);
  });
});
