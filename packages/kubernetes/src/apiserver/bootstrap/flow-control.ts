import type { KubeObject } from '../../api/kube-object.ts'

/*
 * Priority and fairness has no work in a server for one developer; its objects are there because clients read and tests
 * change them. The values are upstream's.
 */

const autoUpdate = { 'apf.kubernetes.io/autoupdate-spec': 'true' }
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'

type Queuing = [queues: number, handSize: number]

function level(name: string, shares: number, lendablePercent: number, queuing?: Queuing): KubeObject {
  const limitResponse = queuing
    ? { type: 'Queue', queuing: { queues: queuing[0], handSize: queuing[1], queueLengthLimit: 50 } }
    : { type: 'Reject' }
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: autoUpdate },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent, limitResponse } },
  }
}

export const priorityLevels: readonly KubeObject[] = [
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt', annotations: autoUpdate },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  level('catch-all', 5, 0),
  level('system', 30, 33, [64, 6]),
  level('node-high', 40, 25, [64, 6]),
  level('leader-election', 10, 0, [16, 4]),
  level('workload-high', 40, 50, [128, 6]),
  level('workload-low', 100, 90, [128, 6]),
  level('global-default', 20, 50, [128, 6]),
]

type Subject = ['Group' | 'User' | 'ServiceAccount', string]

const everyone: Subject[] = [
  ['Group', 'system:unauthenticated'],
  ['Group', 'system:authenticated'],
]
const everything = {
  resourceRules: [resources(['*'], ['*'], ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}

function resources(verbs: string[], apiGroups: string[], names: string[], clusterScope: boolean): object {
  return { verbs, apiGroups, resources: names, clusterScope, namespaces: ['*'] }
}

function subjectOf([kind, name]: Subject): object {
  if (kind === 'Group') return { kind, group: { name } }
  if (kind === 'User') return { kind, user: { name } }
  return { kind, serviceAccount: { namespace: 'kube-system', name } }
}

function schema(
  name: string,
  levelName: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  subjects: Subject[],
  rules: object = everything,
): KubeObject {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations: autoUpdate },
    spec: {
      priorityLevelConfiguration: { name: levelName },
      matchingPrecedence,
      ...(distinguisher && { distinguisherMethod: { type: distinguisher } }),
      rules: [{ subjects: subjects.map(subjectOf), ...rules }],
    },
  }
}

const controllerManager: Subject = ['User', 'system:kube-controller-manager']
const scheduler: Subject = ['User', 'system:kube-scheduler']
const nodes: Subject = ['Group', 'system:nodes']
const kubeSystemAccounts: Subject = ['ServiceAccount', '*']

export const flowSchemaObjects: readonly KubeObject[] = [
  schema('exempt', 'exempt', 1, undefined, [['Group', 'system:masters']]),
  schema('catch-all', 'catch-all', 10000, 'ByUser', everyone),
  schema('probes', 'exempt', 2, undefined, everyone, {
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema(
    'system-leader-election',
    'leader-election',
    100,
    'ByUser',
    [controllerManager, scheduler, kubeSystemAccounts],
    {
      resourceRules: [resources(['get', 'create', 'update'], ['coordination.k8s.io'], ['leases'], false)],
    },
  ),
  schema('system-node-high', 'node-high', 400, 'ByUser', [nodes], {
    resourceRules: [
      resources(['*'], [''], ['nodes', 'nodes/status'], true),
      resources(['*'], ['coordination.k8s.io'], ['leases'], false),
    ],
  }),
  schema('system-nodes', 'system', 500, 'ByUser', [nodes]),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', [controllerManager]),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', [scheduler]),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [kubeSystemAccounts]),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', [['Group', 'system:serviceaccounts']]),
  schema('global-default', 'global-default', 9900, 'ByUser', everyone),
]
