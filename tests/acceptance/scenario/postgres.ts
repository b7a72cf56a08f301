import assert from 'node:assert/strict'
import { it } from 'node:test'
import { images } from '../../support/images.ts'
import { deployment, service } from './manifests.ts'
import type { Stage } from './scenario.ts'

/** How many rows the database holds. */
export async function rows(stage: Stage): Promise<number> {
  const out = await stage.cluster.kubectl([
    'exec',
    'db-0',
    '--',
    'psql',
    '-h',
    '127.0.0.1',
    '-U',
    'postgres',
    '-Atc',
    'select count(*) from visits',
  ])
  return Number(out.trim())
}

const psql = (sql: string) => ['psql', '-h', 'db', '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-Atc', sql]

export function postgres(stage: Stage): void {
  it('PostgreSQL runs as a StatefulSet on a claimed volume', async () => {
    const { cluster } = stage
    await cluster.apply(service('db', { clusterIP: 'None', ports: [{ name: 'pg', port: 5432 }] }), {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: 1,
        selector: { matchLabels: { app: 'db' } },
        template: {
          metadata: { labels: { app: 'db' } },
          spec: {
            securityContext: { fsGroup: 999 },
            initContainers: [
              {
                name: 'owner',
                image: images.postgres,
                command: ['sh', '-c', 'mkdir -p /data/pg && chown postgres /data/pg && chmod 700 /data/pg'],
                securityContext: { runAsUser: 0 },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
            containers: [
              {
                name: 'main',
                image: images.postgres,
                ports: [{ name: 'pg', containerPort: 5432 }],
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
                readinessProbe: { exec: { command: ['pg_isready', '-h', '127.0.0.1'] }, periodSeconds: 1 },
                resources: { requests: { memory: '64Mi' }, limits: { memory: '512Mi' } },
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    })
    await cluster.kubectl(['rollout', 'status', 'statefulset/db', '--timeout=120s'], { timeout: 140_000 })
    await cluster.kubectl([
      'exec',
      'db-0',
      '--',
      'psql',
      '-h',
      '127.0.0.1',
      '-U',
      'postgres',
      '-c',
      'create table visits (at timestamptz default now())',
    ])
    assert.equal(await rows(stage), 0)
  })

  it('nginx runs three times behind a Service and a LoadBalancer', async () => {
    const { cluster } = stage
    await cluster.apply(
      deployment('front', 3, {
        image: images.nginx,
        command: ['nginx', '-g', 'daemon off;'],
        container: {
          ports: [{ name: 'http', containerPort: 80 }],
          readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
        },
      }),
      service('front', { type: 'LoadBalancer', ports: [{ name: 'http', port: 8088, targetPort: 'http' }] }),
    )
    await cluster.kubectl(['rollout', 'status', 'deployment/front', '--timeout=90s'])
    await cluster.waitFor('service/front', 'jsonpath={.status.loadBalancer.ingress[0].ip}')
    const ip = await cluster.value(['service', 'front'], '{.status.loadBalancer.ingress[0].ip}')
    assert.equal(await (await fetch(`http://${ip}:8088/`)).text(), 'served by nginx\n')
  })

  it('a CronJob writes a row through the database service', async () => {
    const { cluster } = stage
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'visitor' },
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'OnFailure',
                containers: [
                  {
                    name: 'main',
                    image: images.postgres,
                    command: psql('insert into visits default values'),
                  },
                ],
              },
            },
          },
        },
      },
    })
    // The next full minute is at most a minute away; the job itself takes seconds.
    await cluster.waitFor('cronjob/visitor', 'jsonpath={.status.lastSuccessfulTime}', 100)
    assert.ok((await rows(stage)) >= 1)
    await cluster.kubectl(['patch', 'cronjob', 'visitor', '-p', '{"spec":{"suspend":true}}'])
  })

  it('the rows survive the deletion of the pod', async () => {
    const { cluster } = stage
    const before = await rows(stage)
    await cluster.kubectl(['delete', 'pod', 'db-0'])
    await cluster.kubectl(['rollout', 'status', 'statefulset/db', '--timeout=90s'])
    assert.equal(await rows(stage), before)
  })
}
