/** Where telemetry goes, as the variables say: types without a library, because the configuration has them too. */

/** Where one kind of telemetry goes. */
export interface OtlpTarget {
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  /** Secret: they hold the key of the collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds that one export may take, with what is sent again. */
  readonly timeout: number;
  readonly compression: 'gzip' | 'none';
}

/** The samplers, by their names in `OTEL_TRACES_SAMPLER`. */
export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Where telemetry goes. At least one of `traces` and `metrics` is there. */
export interface TelemetryConfig {
  /** Attributes of the resource, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  readonly traces?: OtlpTarget & {
    readonly sampler: SamplerName;
    /** 0 to 1, of the samplers that take a part. */
    readonly ratio: number;
    /** Milliseconds between two exports. */
    readonly delay: number;
  };
  readonly metrics?: OtlpTarget & {
    /** Milliseconds between two exports. */
    readonly interval: number;
  };
}
