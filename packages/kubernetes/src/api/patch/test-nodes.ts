import type { FieldNode, ListNode, SchemaNode, StructNode } from '../schema/schema-node.ts'

// Small schemas for tests: enough of a Deployment to patch and apply.

const string: SchemaNode = { kind: 'scalar', type: 'string' }
const int: SchemaNode = { kind: 'scalar', type: 'int32' }

function struct(
  fields: Record<string, SchemaNode | [SchemaNode, Partial<FieldNode>]>,
  atomic = false,
): StructNode {
  const entries = Object.entries(fields).map(([name, spec]): [string, FieldNode] => {
    const [node, extra] = Array.isArray(spec) ? spec : [spec, {}]
    return [name, { name, node, required: false, nullable: false, omitEmpty: true, ...extra }]
  })
  return { kind: 'struct', fields: new Map(entries), atomic, open: false }
}

function list(element: SchemaNode, type: ListNode['type'] = 'atomic', keys: string[] = []): ListNode {
  return { kind: 'list', element, type, keys }
}

const stringMap: SchemaNode = { kind: 'map', value: string, atomic: false }
const merge = (patchMergeKey?: string): Partial<FieldNode> => ({
  patchStrategy: ['merge'],
  ...(patchMergeKey && { patchMergeKey }),
})

const metadata = struct({
  name: string,
  namespace: string,
  uid: string,
  resourceVersion: string,
  creationTimestamp: { kind: 'scalar', type: 'time' },
  labels: stringMap,
  annotations: stringMap,
  finalizers: [list(string, 'set'), merge()],
})

const port = struct({
  containerPort: int,
  protocol: [string, { default: 'TCP' }],
  name: string,
})

const container = struct({
  name: string,
  image: string,
  command: list(string),
  env: [list(struct({ name: string, value: string }), 'map', ['name']), merge('name')],
  ports: [list(port, 'map', ['containerPort', 'protocol']), merge('containerPort')],
  resources: [
    struct({ limits: { kind: 'map', value: { kind: 'scalar', type: 'quantity' }, atomic: false } }),
    { default: {} },
  ],
})

const volume = struct({
  name: string,
  emptyDir: struct({ medium: string }),
  hostPath: struct({ path: string }),
})

const podSpec = struct({
  containers: [list(container, 'map', ['name']), { ...merge('name'), omitEmpty: false }],
  volumes: [list(volume, 'map', ['name']), { patchStrategy: ['merge', 'retainKeys'], patchMergeKey: 'name' }],
  nodeSelector: { kind: 'map', value: string, atomic: true },
  restartPolicy: string,
  tolerations: list(struct({ key: string, operator: string })),
})

export const deploymentNode = struct({
  apiVersion: string,
  kind: string,
  metadata: [metadata, { default: {} }],
  spec: [
    struct({
      replicas: int,
      strategy: [
        struct({
          type: string,
          rollingUpdate: struct({ maxSurge: { kind: 'scalar', type: 'intOrString' } }),
        }),
        { patchStrategy: ['retainKeys'], default: {} },
      ],
      selector: [struct({ matchLabels: stringMap }, true), { omitEmpty: false }],
      template: [
        struct({ metadata: [metadata, { default: {} }], spec: [podSpec, { default: {} }] }),
        { default: {}, omitEmpty: false },
      ],
    }),
    { default: {} },
  ],
  status: [
    struct({
      replicas: int,
      conditions: [list(struct({ type: string, status: string }), 'map', ['type']), merge('type')],
    }),
    { default: {} },
  ],
})
