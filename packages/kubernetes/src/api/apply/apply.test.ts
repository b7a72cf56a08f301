import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../api-error.ts'
import { cloneJson } from '../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import { schemaOf } from '../schema/schemas.ts'
import { type Apply, applyServerSide } from './apply-server-side.ts'
import { difference, fieldSetOf, intersection, recursiveDifference, union } from './field-set.ts'
import { parentManagedFields, scaleManagedFields } from './scale-managed-fields.ts'
import { keepTimes, updateManagedFields } from './update-managed-fields.ts'

const node = schemaOf('io.k8s.api.apps.v1.Deployment')
const tracking = { node, apiVersion: 'apps/v1', subresource: '', now: '2026-01-01T00:00:00Z' }
const later = '2026-01-02T00:00:00Z'

function manifest(changes: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
      },
      ...changes,
    },
  }
}

function apply(
  live: KubeObject | undefined,
  applied: KubeObject,
  manager = 'kubectl',
  options: Partial<Apply> = {},
): KubeObject {
  const result = applyServerSide({ ...tracking, live, applied, manager, force: false, ...options })
  return { ...result, metadata: { ...result.metadata, uid: 'u' } }
}

function update(
  live: KubeObject | undefined,
  next: KubeObject,
  manager: string,
  now = tracking.now,
): KubeObject {
  const managedFields = updateManagedFields({ ...tracking, live, next, manager, now })
  const { managedFields: _, ...metadata } = next.metadata ?? {}
  return { ...next, metadata: { ...metadata, uid: 'u', ...(managedFields && { managedFields }) } }
}

function entries(object: KubeObject): Record<string, unknown> {
  return Object.fromEntries(
    (object.metadata?.managedFields ?? []).map((entry) => [
      `${entry.manager} ${entry.operation}${entry.subresource ? ` ${entry.subresource}` : ''}`,
      entry.fieldsV1,
    ]),
  )
}

function refusal(action: () => unknown): ApiError {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'not refused' })
}

function spec(object: KubeObject): { replicas?: number; paused?: boolean } & Record<string, unknown> {
  return object.spec as { replicas?: number }
}

test('field sets: parents and children are apart', () => {
  const ab = fieldSetOf(['f:a'], ['f:a', 'f:b'])
  assert.deepEqual(ab, { 'f:a': { '.': {}, 'f:b': {} } })
  assert.deepEqual(difference(ab, fieldSetOf(['f:a'])), { 'f:a': { 'f:b': {} } })
  assert.deepEqual(recursiveDifference(ab, fieldSetOf(['f:a'])), {})
  assert.deepEqual(difference(ab, fieldSetOf(['f:a', 'f:b'])), { 'f:a': {} })
  assert.deepEqual(intersection(ab, fieldSetOf(['f:a', 'f:b'], ['f:c'])), { 'f:a': { 'f:b': {} } })
  assert.deepEqual(union(fieldSetOf(['f:a', 'f:b']), fieldSetOf(['f:a'])), ab)
  assert.equal(difference(ab, fieldSetOf(['f:z'])), ab)
})

test('a create owns what it sets, as upstream records it', () => {
  const created = update(undefined, manifest(), 'kubectl-create')
  assert.deepEqual(created.metadata?.managedFields, [
    {
      manager: 'kubectl-create',
      operation: 'Update',
      apiVersion: 'apps/v1',
      time: tracking.now,
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"nginx"}': {
                  '.': {},
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    '.': {},
                    'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} },
                  },
                },
              },
            },
          },
        },
      },
    },
  ])
})

test('an update moves what it changed to its manager and leaves the rest alone', () => {
  const created = update(undefined, manifest(), 'kubectl-create')
  const scaled = update(
    created,
    { ...manifest({ replicas: 5 }), metadata: created.metadata ?? {} },
    'scaler',
    later,
  )
  assert.deepEqual(entries(scaled)['scaler Update'], { 'f:spec': { 'f:replicas': {} } })
  const creator = scaled.metadata?.managedFields?.find((entry) => entry.manager === 'kubectl-create')
  assert.equal(creator?.time, tracking.now)
  assert.equal(JSON.stringify(creator?.fieldsV1).includes('f:replicas'), false)
})

test('a write that changes nothing gives back the very same list', () => {
  const created = update(undefined, manifest(), 'kubectl-create')
  const before = created.metadata?.managedFields
  const same = { live: created, next: cloneJson(created), manager: 'other', ...tracking, now: later }
  assert.equal(updateManagedFields(same), before)
  const { managedFields: _, ...metadata } = created.metadata ?? {}
  assert.equal(updateManagedFields({ ...same, next: { ...created, metadata } }), before)
})

test('untracked objects stay untracked, [{}] drops tracking, reset fields are never owned', () => {
  assert.equal(
    updateManagedFields({ ...tracking, live: manifest(), next: manifest({ replicas: 1 }), manager: 'm' }),
    undefined,
  )
  const created = update(undefined, manifest(), 'm')
  const dropped = { ...created, metadata: { ...created.metadata, managedFields: [{}] } }
  assert.equal(updateManagedFields({ ...tracking, live: created, next: dropped, manager: 'm' }), undefined)
  const status = { ...manifest(), status: { replicas: 1 } }
  const tracked = updateManagedFields({
    ...tracking,
    live: undefined,
    next: status,
    manager: 'm',
    resetFields: fieldSetOf(['f:status']),
  })
  assert.equal(JSON.stringify(tracked).includes('f:status'), false)
})

test('at most ten updaters: the oldest become ancient-changes', () => {
  let object = update(undefined, manifest(), 'creator')
  for (let index = 0; index < 12; index++) {
    const annotations = { ...object.metadata?.annotations, [`a${index}`]: 'x' }
    const next = { ...object, metadata: { ...object.metadata, annotations } }
    object = update(object, next, `m${index}`, `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`)
  }
  const names = object.metadata?.managedFields?.map((entry) => entry.manager) ?? []
  assert.equal(names.length, 10)
  assert.ok(names.includes('ancient-changes'))
  assert.ok(names.includes('m11'))
})

test('apply creates, changes, and removes what is applied no longer', () => {
  const created = apply(undefined, manifest({ paused: true, minReadySeconds: 4 }))
  assert.equal(spec(created).paused, true)
  assert.deepEqual(Object.keys(entries(created)), ['kubectl Apply'])
  const changed = apply(created, manifest({ replicas: 4, minReadySeconds: 4 }), 'kubectl', { now: later })
  assert.equal(spec(changed).replicas, 4)
  assert.equal('paused' in spec(changed), false)
  assert.equal(spec(changed).minReadySeconds, 4)
  assert.equal(changed.metadata?.managedFields?.[0]?.time, later)
})

test('applying the same again changes nothing, not even a time', () => {
  const created = apply(undefined, manifest())
  const again = apply(created, manifest(), 'kubectl', { now: later })
  assert.deepEqual(again, created)
  assert.equal(again.metadata?.managedFields?.[0], created.metadata?.managedFields?.[0])
})

test('what another manager owns too stays when one stops applying it', () => {
  const one = apply(undefined, manifest({ paused: true }), 'one')
  const both = apply(one, manifest({ paused: true }), 'two')
  const dropped = apply(both, manifest(), 'one')
  assert.equal(spec(dropped).paused, true)
  const gone = apply(dropped, manifest(), 'two')
  assert.equal('paused' in spec(gone), false)
})

test('list elements come and go by key, the order applied wins', () => {
  const containers = (...names: string[]): KubeObject =>
    manifest({
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: names.map((name) => ({ name, image: `${name}:1` })) },
      },
    })
  const namesOf = (object: KubeObject): string[] => {
    const template = spec(object).template as { spec: { containers: { name: string }[] } }
    return template.spec.containers.map((container) => container.name)
  }
  const created = apply(undefined, containers('a', 'b', 'c'))
  assert.deepEqual(namesOf(apply(created, containers('c', 'a'))), ['c', 'a'])
  const injected = cloneJson(created)
  ;(spec(injected).template as { spec: { containers: object[] } }).spec.containers.splice(1, 0, {
    name: 'sidecar',
    image: 's',
  })
  const withSidecar = update(created, injected, 'injector')
  assert.deepEqual(namesOf(apply(withSidecar, containers('a', 'b'))), ['a', 'sidecar', 'b'])
})

test('a conflict names the manager, the version and the field', () => {
  const created = update(undefined, manifest(), 'kubectl-edit')
  const conflict = refusal(() => apply(created, manifest({ replicas: 9 })))
  assert.equal(conflict.code, 409)
  assert.equal(
    conflict.message,
    'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
  )
  assert.deepEqual(conflict.details?.causes, [
    {
      reason: 'FieldManagerConflict',
      message: 'conflict with "kubectl-edit" using apps/v1',
      field: '.spec.replicas',
    },
  ])
  const several = refusal(() =>
    apply(created, { ...manifest({ replicas: 9 }), metadata: { name: 'web', labels: { app: 'x' } } }),
  )
  assert.equal(
    several.message,
    'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:\n- .metadata.labels.app\n- .spec.replicas',
  )
  const container = refusal(() =>
    apply(
      created,
      manifest({
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx:2' }] },
        },
      }),
    ),
  )
  assert.equal(container.details?.causes?.[0]?.field, '.spec.template.spec.containers[name="nginx"].image')
})

test('--force-conflicts takes the field over; equal values are shared without a conflict', () => {
  const created = update(undefined, manifest(), 'kubectl-edit')
  const forced = apply(created, manifest({ replicas: 9 }), 'kubectl', { force: true })
  assert.equal(spec(forced).replicas, 9)
  assert.equal(JSON.stringify(entries(forced)['kubectl-edit Update']).includes('f:replicas'), false)
  const shared = apply(created, manifest())
  assert.ok(JSON.stringify(entries(shared)['kubectl-edit Update']).includes('f:replicas'))
  assert.ok(JSON.stringify(entries(shared)['kubectl Apply']).includes('f:replicas'))
})

test('fields of an untracked object go to before-first-apply', () => {
  const conflict = refusal(() => apply(manifest(), manifest({ replicas: 9 })))
  assert.match(conflict.message, /conflict with "before-first-apply" using apps\/v1: \.spec\.replicas/)
  const same = apply(manifest(), manifest())
  assert.deepEqual(Object.keys(entries(same)), ['kubectl Apply', 'before-first-apply Update'])
})

test('kubectl apply --server-side takes over what kubectl apply wrote', () => {
  const config = manifest()
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config),
  }
  const clientSide = { ...config, metadata: { ...config.metadata, annotations } }
  const live = update(undefined, clientSide, 'kubectl-client-side-apply')
  const migrated = apply(live, manifest({ replicas: 7 }))
  assert.equal(spec(migrated).replicas, 7)
  const note = migrated.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? ''
  assert.equal(JSON.parse(note).spec.replicas, 7)
  // What somebody else changed since still conflicts.
  const edited = update(live, { ...live, spec: { ...spec(live), replicas: 4 } }, 'kubectl-edit')
  assert.match(refusal(() => apply(edited, manifest({ replicas: 7 }))).message, /"kubectl-edit"/)
  assert.match(refusal(() => apply(live, manifest({ replicas: 7 }), 'other')).message, /client-side-apply/)
})

test('what the schema does not know is refused with its path', () => {
  const unknown = refusal(() => apply(undefined, manifest({ replicaz: 3 })))
  assert.equal(
    unknown.message,
    'failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema',
  )
  assert.equal(unknown.code, 500)
  const duplicate = manifest({
    template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } },
  })
  assert.match(
    refusal(() => apply(undefined, duplicate)).message,
    /\.spec\.template\.spec\.containers: duplicate entries for key \[name="a"\]$/,
  )
  assert.equal(refusal(() => apply(undefined, { ...manifest(), apiVersion: 'apps/v2' })).code, 400)
  const fields: ManagedFieldsEntry[] = []
  const meddling = { ...manifest(), metadata: { name: 'web', managedFields: fields } }
  assert.equal(refusal(() => apply(undefined, meddling)).message, 'metadata.managedFields must be nil')
})

test('only times changed: no change', () => {
  const live = apply(undefined, manifest())
  const next = cloneJson(live)
  const entry = next.metadata?.managedFields?.[0]
  if (entry) entry.time = later
  assert.deepEqual(keepTimes(next, live), live)
  const changed = { ...next, spec: {} }
  assert.equal(keepTimes(changed, live), changed)
})

test('a scale shows who owns the replicas and hands them on', () => {
  const path = () => ['f:spec', 'f:replicas']
  const live = apply(undefined, manifest())
  const scale = scaleManagedFields(live.metadata?.managedFields, path)
  assert.deepEqual(scale?.[0]?.fieldsV1, { 'f:spec': { 'f:replicas': {} } })
  const scaled: ManagedFieldsEntry[] = [
    {
      manager: 'autoscaler',
      operation: 'Update',
      apiVersion: 'autoscaling/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
      time: later,
    },
  ]
  const parent = parentManagedFields(live.metadata?.managedFields, scaled, 'apps/v1', path)
  assert.deepEqual(
    parent?.map((entry) => [
      entry.manager,
      entry.apiVersion,
      JSON.stringify(entry.fieldsV1).includes('replicas'),
    ]),
    [
      ['kubectl', 'apps/v1', false],
      ['autoscaler', 'apps/v1', true],
    ],
  )
})
