// What the doctor says about the proxy in front: the X-Forwarded headers of a proxy that is not trusted do not count.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { checkProxy } from '../../src/doctor/proxy.ts';
import { rememberIgnoredProxy } from '../../src/security/ignored-proxy.ts';
import { onBothStores, useBridge } from '../support/bridge.ts';
import { until } from '../support/until.ts';
import { doctor, useSetup } from './fixtures.ts';

onBothStores('the doctor on the proxy', (store) => {
  const bridge = useBridge({ store });
  const setup = useSetup(store);

  const found = async (env: Record<string, string>) => {
    const config = readConfig({
      GITHUB_CLIENT_ID: 'x',
      GITHUB_CLIENT_SECRET: 'y',
      BRIDGE_SECRET: 'z'.repeat(40),
      ...env,
    });
    const findings = await checkProxy(config, bridge.store.shared);
    return findings.map((finding) => ('warning' in finding ? finding.warning : JSON.stringify(finding))).join();
  };
  const [HTTPS, HTTP] = [{ PUBLIC_URL: 'https://bridge.example' }, { PUBLIC_URL: 'http://localhost:8000' }];

  it('warns where https says that there is a proxy, and none is named', async () => {
    assert.match(await found(HTTPS), /PUBLIC_URL is https, so a proxy is in front, and none is named/);
    assert.equal(await found(HTTP), '');
    assert.equal(await found({ ...HTTPS, TRUSTED_PROXIES: '10.0.0.0/8' }), '');
  });

  it('warns of a peer whose headers were ignored, until it is named', async () => {
    await rememberIgnoredProxy(bridge.store.shared, '192.0.2.1', 1_800_000_000);
    for (const env of [HTTP, { ...HTTPS, TRUSTED_PROXIES: '10.0.0.0/8' }])
      assert.match(await found(env), /^the X-Forwarded headers of 192\.0\.2\.1 were ignored \(2027-01-15T/);
    assert.equal(await found({ ...HTTPS, TRUSTED_PROXIES: '192.0.2.0/24' }), '');
  });

  it('says so on its page of findings, as a warning', async () => {
    await fetch(`${setup.env.PUBLIC_URL}/healthz`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
    await until(
      async () => /warning {2}TRUSTED_PROXIES: the X-Forwarded headers of/.test((await doctor(setup.env)).text),
      {
        what: 'the warning',
      },
    );
    assert.ok((await doctor(setup.env)).well);
  });
});
