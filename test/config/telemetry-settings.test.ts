// The standard variables of OpenTelemetry: what they mean, which counts, and what is wrong with them in one line.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NAMES } from '../../src/config/settings.ts';
import { readTelemetry, TELEMETRY_VARIABLES } from '../../src/config/telemetry-settings.ts';
import { intendedName } from '../../src/config/unknown-names.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

/** What is read, and what is complained about. */
function read(env: Record<string, string>) {
  const complaints: string[] = [];
  const config = readTelemetry(env, (variable, problem, remedy) => {
    complaints.push(`${variable}: ${problem}. ${remedy}`);
  });
  return { config, complaints };
}

describe('the variables of OpenTelemetry', () => {
  it('are off until they name a collector, whatever else they say', () => {
    const nonsense = { OTEL_EXPORTER_OTLP_PROTOCOL: 'x', OTEL_TRACES_SAMPLER: 'x' };
    for (const env of [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
      { ...ENDPOINT, OTEL_SDK_DISABLED: 'True' },
      { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    ])
      assert.deepEqual(read({ ...nonsense, ...env }), { config: undefined, complaints: [] });
  });

  it('have the defaults of the specification', () => {
    const target = { protocol: 'http/protobuf', headers: {}, timeout: 10_000, compression: 'none' };
    const sampling = { sampler: 'parentbased_always_on', ratio: 1, delay: 5000 };
    assert.deepEqual(read(ENDPOINT), {
      config: {
        resource: {},
        traces: { url: 'http://collector:4318/v1/traces', ...target, ...sampling },
        metrics: { url: 'http://collector:4318/v1/metrics', ...target, interval: 60_000 },
      },
      complaints: [],
    });
  });

  it('count for both kinds, or for one, which then wins', () => {
    const { config, complaints } = read({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com/otlp/?tenant=1',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/own',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a%2Cb, x-tenant=1',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=2',
      OTEL_EXPORTER_OTLP_TIMEOUT: '5000',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=a%20b',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    });
    assert.deepEqual(complaints, []);
    assert.deepEqual(config, {
      resource: { 'service.name': 'mine', 'deployment.environment.name': 'a b' },
      traces: {
        url: 'https://traces.example.com/own',
        protocol: 'http/protobuf',
        headers: { authorization: 'Bearer a,b', 'x-tenant': '2' },
        timeout: 5000,
        compression: 'gzip',
        sampler: 'traceidratio',
        ratio: 0.25,
        delay: 100,
      },
      metrics: {
        url: 'https://collector.example.com/otlp/v1/metrics?tenant=1',
        protocol: 'http/json',
        headers: { authorization: 'Bearer a,b', 'x-tenant': '1' },
        timeout: 5000,
        compression: 'none',
        interval: 200,
      },
    });
    const only = read({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://collector/m' }).config;
    assert.deepEqual([only?.traces, only?.metrics?.url], [undefined, 'http://collector/m']);
  });

  for (const [name, value, line] of [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'secret-collector:4318', /^not an http or https URL without a fragment\. Write/],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'secret', /^not an http or https URL/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:secret@collector', /^a user or a password in it\. Put/],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', /^"grpc" is not supported\. Write http\/protobuf or http\/json/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', /^not of the form name=value,name=value\. Write/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=secret%', /^not of the form name=value,name=value\. Write/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=secret%0a', /^a name or a value in it that HTTP does not allow\. Write/],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', /^"10s" is not a number from 1 to/],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'br', /^"br" is not a compression\. Write one of gzip, none/],
    ['OTEL_TRACES_EXPORTER', 'console', /^"console" is not a known exporter\. Write one of otlp, none/],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /^"jaeger_remote" is not a sampler\. Write one of always_on/],
    ['OTEL_TRACES_SAMPLER_ARG', '2', /^"2" is not a number from 0 to 1\. Write/],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', /^"0" is not a number from 1 to/],
    ['OTEL_RESOURCE_ATTRIBUTES', 'x', /^not of the form name=value,name=value\. Write/],
  ] as const)
    it(`are wrong in one line: ${name}=${value}`, () => {
      const { complaints } = read({ ...ENDPOINT, [name]: value });
      const lines = [...new Set(complaints)];
      assert.equal(lines.length, 1, complaints.join('\n'));
      const [said = ''] = lines;
      assert.ok(said.startsWith(`${name}: `), said);
      assert.match(said.slice(name.length + 2), line);
      assert.ok(!said.includes('secret'));
    });

  it('are not taken for misspelled settings of the bridge', () => {
    for (const name of TELEMETRY_VARIABLES) assert.equal(intendedName(name, NAMES), undefined, name);
  });
});
