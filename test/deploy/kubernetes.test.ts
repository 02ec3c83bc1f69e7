// The Kubernetes manifests in deploy/: valid by the API's schemas and types, and right for this bridge: its settings, ports and paths.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { NAMES } from '../../src/config/settings.ts';
import { bridgeFor } from '../support/bridge.ts';
import { type Manifest, readManifests, schemaErrors, typeErrors } from './manifests.ts';

const probeSchema = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const deploymentSchema = z.object({
  spec: z.object({
    replicas: z.number(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.object({
          runAsNonRoot: z.literal(true),
          seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
        }),
        containers: z.tuple([
          z.object({
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
            startupProbe: probeSchema,
            readinessProbe: probeSchema,
            livenessProbe: probeSchema,
            resources: z.object({
              limits: z.object({ memory: z.string() }),
              requests: z.object({ memory: z.string(), cpu: z.string() }),
            }),
            securityContext: z.object({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
            }),
            volumeMounts: z.array(z.object({ mountPath: z.string(), readOnly: z.literal(true) })),
          }),
        ]),
      }),
    }),
  }),
});

const manifests = readManifests();
const ofKind = (kind: string): Manifest => manifests.find((each) => each.kind === kind) ?? assert.fail(kind);
const deployment = deploymentSchema.parse(ofKind('Deployment')).spec;
const pod = deployment.template.spec;
const [container] = pod.containers;
const { data: settings } = z.object({ data: z.record(z.string(), z.string()) }).parse(ofKind('ConfigMap'));

describe('the Kubernetes manifests', () => {
  it('are valid by the schemas of the API', async () => {
    assert.deepEqual((await Promise.all(manifests.map(schemaErrors))).flat(), []);
    assert.match(
      String(await schemaErrors({ ...ofKind('Deployment'), spec: { replicas: '3' } })),
      /replicas must be integer/,
    );
  });

  it('have no field that the API does not know', () => {
    assert.deepEqual(typeErrors(manifests), []);
    assert.match(String(typeErrors([{ ...ofKind('Service'), spec: { portz: [] } }])), /portz/);
  });

  it('set only settings, and secrets as files that are mounted', () => {
    assert.deepEqual(
      Object.keys(settings).filter((name) => !NAMES.includes(name)),
      [],
    );
    const files = Object.entries(settings).filter(([name]) => name.endsWith('_FILE'));
    assert.equal(files.length, 4);
    for (const [name, path] of files)
      assert.ok(
        container.volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`)),
        name,
      );
  });

  it('name the ports of the settings, and leave time to stop', () => {
    assert.deepEqual(container.ports, [
      { name: 'http', containerPort: Number(settings.PORT) },
      { name: 'metrics', containerPort: Number(settings.METRICS_PORT) },
    ]);
    assert.ok(pod.terminationGracePeriodSeconds >= Number.parseInt(settings.STOP_DELAY ?? '', 10) + 1 + 30 + 5);
    // The metrics are in no Service, and in no Ingress.
    assert.doesNotMatch(JSON.stringify([ofKind('Service'), ofKind('Ingress')]), /metrics/);
  });

  it('select the pods that they mean', () => {
    const { labels } = deployment.template.metadata;
    assert.deepEqual(deployment.selector.matchLabels, labels);
    const others = ['PodDisruptionBudget', 'Service', 'NetworkPolicy'].map(ofKind);
    for (const other of others)
      assert.ok(JSON.stringify(other.spec).includes(JSON.stringify(labels).slice(1, -1)), other.kind);
    assert.ok(deployment.replicas > 1);
  });

  it('ask paths that a bridge answers', async (t) => {
    const bridge = await bridgeFor(t, { store: 'sqlite' });
    for (const { httpGet } of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      assert.equal(httpGet.port, 'http');
      assert.equal((await fetch(`${bridge.url}${httpGet.path}`)).status, 200, httpGet.path);
    }
  });
});
