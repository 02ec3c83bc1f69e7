/**
 * The standard variables of OpenTelemetry. They are no rows of the table in `settings.ts`: their names and meanings are
 * OpenTelemetry's, and a program that embeds the bridge has no options for them. Nothing is read while no collector is named.
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { defined } from '../base/defined.ts';
import type { OtlpTarget, SamplerName, TelemetryConfig } from '../telemetry/config.ts';
import type { Environment } from './environment.ts';
import { integer, items, oneOf, text } from './kinds.ts';
import type { Complain, Kind } from './setting.ts';

/** What one variable of each kind of telemetry is called, and the one for both. */
const OF_TARGET = ['ENDPOINT', 'PROTOCOL', 'HEADERS', 'TIMEOUT', 'COMPRESSION'] as const;
const SIGNALS = ['TRACES', 'METRICS'] as const;
type Signal = (typeof SIGNALS)[number];

/** All variables that are read. */
export const TELEMETRY_VARIABLES: readonly string[] = [
  'OTEL_SDK_DISABLED',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_METRIC_EXPORT_INTERVAL',
  ...['', ...SIGNALS.map((signal) => `${signal}_` as const)].flatMap((signal) =>
    OF_TARGET.map((name) => `OTEL_EXPORTER_OTLP_${signal}${name}`),
  ),
];

const SAMPLERS: readonly SamplerName[] = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];
/** Timers of Node take no longer time. */
const milliseconds = integer(1, 2_147_483_647);

/** The address of a collector. Complaints do not repeat it, because it may hold a key. */
const endpoint: Kind<URL> = (value, complain) => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '')
    complain('not an http or https URL without a fragment', 'Write for example http://otel-collector:4318.');
  else if (url.username !== '' || url.password !== '')
    complain('a user or a password in it', 'Put it in OTEL_EXPORTER_OTLP_HEADERS: authorization=Basic%20…');
  return url ?? undefined;
};

const protocol: Kind<OtlpTarget['protocol']> = (value, complain) => {
  if (value === 'http/protobuf' || value === 'http/json') return value;
  complain(
    `"${value}" is not supported`,
    'Write http/protobuf or http/json; collectors take both on port 4318 by default.',
  );
  return undefined;
};

const ratio: Kind<number> = (value, complain) => {
  const number = Number(value);
  if (number >= 0 && number <= 1) return number;
  complain(`"${value}" is not a number from 0 to 1`, 'Write for example 0.1 for a tenth of all traces.');
  return undefined;
};

/** Names and values, `name=value,name=value`, percent-encoded. Complaints do not repeat them. */
const pairs: Kind<Record<string, string>> = (value, complain) => {
  const found: Record<string, string> = {};
  for (const item of items(value)) {
    const [, name = '', encoded = ''] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
    try {
      if (name === '') throw new URIError('no name');
      found[decodeURIComponent(name.trim())] = decodeURIComponent(encoded.trim());
    } catch {
      complain('not of the form name=value,name=value', 'Write commas and % in values percent-encoded: %2C and %25.');
    }
  }
  return found;
};

const headers: Kind<Record<string, string>> = (value, complain) => {
  const found = pairs(value, complain) ?? {};
  for (const [name, content] of Object.entries(found))
    try {
      validateHeaderName(name);
      validateHeaderValue(name, content);
    } catch {
      complain('a name or a value in it that HTTP does not allow', 'Write for example authorization=Bearer%20key.');
    }
  return found;
};

/**
 * Reads the variables.
 * @returns undefined when no collector is named, or OTEL_SDK_DISABLED is true
 */
export function readTelemetry(
  env: Environment,
  complain: (variable: string, problem: string, remedy: string) => void,
): TelemetryConfig | undefined {
  /** The value of the first variable that is set. */
  function read<Value>(kind: Kind<Value>, ...names: readonly string[]): Value | undefined {
    for (const name of names) {
      const value = env[name]?.trim();
      const told: Complain = (problem, remedy = 'Leave it out for the default.') => complain(name, problem, remedy);
      if (value) return kind(value, told);
    }
    return undefined;
  }

  function target(signal: Signal): OtlpTarget | undefined {
    const [own, common] = [`OTEL_EXPORTER_OTLP_${signal}_`, 'OTEL_EXPORTER_OTLP_'];
    const names = (name: (typeof OF_TARGET)[number]) => [own + name, common + name] as const;
    if (!names('ENDPOINT').some((name) => env[name]?.trim())) return undefined;
    if (read(oneOf('known exporter', 'otlp', 'none'), `OTEL_${signal}_EXPORTER`) === 'none') return undefined;
    const base = read(endpoint, `${common}ENDPOINT`);
    // That of both is the address below which each has its path; that of one is used as it is.
    if (base !== undefined) base.pathname = `${base.pathname.replace(/\/$/, '')}/v1/${signal.toLowerCase()}`;
    return {
      url: (read(endpoint, `${own}ENDPOINT`) ?? base)?.href ?? '',
      protocol: read(protocol, ...names('PROTOCOL')) ?? 'http/protobuf',
      headers: { ...read(headers, `${common}HEADERS`), ...read(headers, `${own}HEADERS`) },
      timeout: read(milliseconds, ...names('TIMEOUT')) ?? 10_000,
      compression: read(oneOf('compression', 'gzip', 'none'), ...names('COMPRESSION')) ?? 'none',
    };
  }

  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  const [toTraces, toMetrics] = [target('TRACES'), target('METRICS')];
  if (toTraces === undefined && toMetrics === undefined) return undefined;
  const service = read(text, 'OTEL_SERVICE_NAME');
  return {
    resource: {
      ...read(pairs, 'OTEL_RESOURCE_ATTRIBUTES'),
      ...(service === undefined ? {} : { 'service.name': service }),
    },
    ...defined({
      traces: toTraces && {
        ...toTraces,
        sampler: read(oneOf('sampler', ...SAMPLERS), 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on',
        ratio: read(ratio, 'OTEL_TRACES_SAMPLER_ARG') ?? 1,
        delay: read(milliseconds, 'OTEL_BSP_SCHEDULE_DELAY') ?? 5000,
      },
      metrics: toMetrics && {
        ...toMetrics,
        interval: read(milliseconds, 'OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000,
      },
    }),
  };
}
