import { deepEqual } from '../../../api/json.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { podQosClass } from '../../../api/pod-qos.ts'
import type {
  Affinity,
  Container,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  PodStatus,
} from '../../../api/types/core-v1.ts'
import type { LabelSelector } from '../../../api/types/meta-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { bumpGeneration, carry, keepMetadata } from './make-strategy.ts'
import { podWarnings } from './warnings.ts'

export const podRules: KindRules = {
  create(object) {
    const pod = object as unknown as Pod
    pod.status = { phase: 'Pending', qosClass: podQosClass(pod) }
    const spec = pod.spec
    if (!spec) return
    if (spec.schedulingGates?.length) {
      pod.status.conditions = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'SchedulingGated',
          message: 'Scheduling is blocked due to non-empty scheduling gates',
        },
      ]
    }
    pod.spec = withLabelKeys(spec, pod.metadata.labels ?? {})
  },
  generation: (next, old) => !deepEqual(next.spec, old.spec),
  subresources: {
    status(next, old) {
      carry(next, old, 'spec')
      delete next.metadata.deletionTimestamp
      carry(next.metadata, old.metadata, 'deletionTimestamp')
      carry(next.metadata, old.metadata, 'ownerReferences')
      keepStatusFacts(next as unknown as Pod, old as unknown as Pod)
    },
    ephemeralcontainers(next, old) {
      const given = (next as unknown as Pod).spec?.ephemeralContainers
      const { ephemeralContainers: _, ...spec } = (old as unknown as Pod).spec ?? { containers: [] }
      restrict(next, old, given ? { ...spec, ephemeralContainers: given } : spec)
    },
    resize(next, old) {
      const given = (next as unknown as Pod).spec
      const spec = (old as unknown as Pod).spec
      if (!given || !spec) return
      if (
        given.containers.length !== spec.containers.length ||
        (given.initContainers ?? []).length !== (spec.initContainers ?? []).length
      ) {
        // Validation says that containers may not come or go.
        bumpIfChanged(next, old)
        return
      }
      const { resources: _, ...rest } = spec
      restrict(next, old, {
        ...rest,
        ...(given.resources && { resources: given.resources }),
        containers: resized(given.containers, spec.containers),
        ...(spec.initContainers && {
          initContainers: resized(given.initContainers ?? [], spec.initContainers),
        }),
      })
    },
  },
  reset: {
    status: {
      paths: [
        ['metadata', 'deletionTimestamp'],
        ['metadata', 'ownerReferences'],
      ],
    },
    // Upstream keeps only the resized or added containers; status is what clients would else collect by accident.
    ephemeralcontainers: { paths: [['metadata'], ['status']], only: true },
    resize: { paths: [['metadata'], ['status']], only: true },
  },
  warnings: podWarnings,
  gracefulDeletion: {
    gracePeriodSeconds(object, asked) {
      const { spec, status } = object as unknown as Pod
      if (!spec?.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0
      const period = asked ?? spec.terminationGracePeriodSeconds ?? 0
      return period < 0 ? 1 : period
    },
  },
}

function restrict(next: StoredKubeObject, old: StoredKubeObject, spec: PodSpec): void {
  next.spec = spec
  carry(next, old, 'status')
  keepMetadata(next, old)
  bumpIfChanged(next, old)
}

function bumpIfChanged(next: StoredKubeObject, old: StoredKubeObject): void {
  if (!deepEqual(next.spec, old.spec)) bumpGeneration(next, old)
}

/** The old containers with the new ones' resources; as given when they were renamed or reordered. */
function resized(given: Container[], old: Container[]): Container[] {
  if (given.some((container, index) => container.name !== old[index]?.name)) return given
  return old.map((container, index) => {
    const { resources: _r, resizePolicy: _p, ...rest } = container
    const { resources, resizePolicy } = given[index] ?? {}
    return { ...rest, ...(resources && { resources }), ...(resizePolicy && { resizePolicy }) }
  })
}

/** What a status writer may leave out without meaning to change it: the QoS class and observed generations. */
function keepStatusFacts(pod: Pod, old: Pod): void {
  const status: PodStatus = { ...pod.status }
  const before = old.status ?? {}
  if (before.qosClass) status.qosClass ||= before.qosClass
  if (before.observedGeneration) status.observedGeneration ||= before.observedGeneration
  if (status.conditions && before.conditions) {
    const unused = [...before.conditions]
    status.conditions = status.conditions.map((condition) => {
      const at = unused.findIndex((other) => other.type === condition.type)
      const [match] = at < 0 ? [] : unused.splice(at, 1)
      const { observedGeneration } = match ?? {}
      return condition.observedGeneration || !observedGeneration
        ? condition
        : { ...condition, observedGeneration }
    })
  }
  pod.status = status
}

type Labels = Record<string, string>

/** Merges `matchLabelKeys` and `mismatchLabelKeys` of affinities and spread constraints into their selectors. */
function withLabelKeys(spec: PodSpec, labels: Labels): PodSpec {
  const result = { ...spec }
  if (spec.affinity) result.affinity = affinityWithLabelKeys(spec.affinity, labels)
  if (spec.topologySpreadConstraints) {
    result.topologySpreadConstraints = spec.topologySpreadConstraints.map((constraint) =>
      constraint.labelSelector && constraint.matchLabelKeys?.length
        ? {
            ...constraint,
            labelSelector: selectorWith(constraint.labelSelector, constraint.matchLabelKeys, 'In', labels),
          }
        : constraint,
    )
  }
  return result
}

function affinityWithLabelKeys(affinity: Affinity, labels: Labels): Affinity {
  const terms = (given: PodAffinity): PodAffinity => ({
    ...given,
    ...(given.requiredDuringSchedulingIgnoredDuringExecution && {
      requiredDuringSchedulingIgnoredDuringExecution:
        given.requiredDuringSchedulingIgnoredDuringExecution.map((term) => termWithLabelKeys(term, labels)),
    }),
    ...(given.preferredDuringSchedulingIgnoredDuringExecution && {
      preferredDuringSchedulingIgnoredDuringExecution:
        given.preferredDuringSchedulingIgnoredDuringExecution.map((weighted) => ({
          ...weighted,
          podAffinityTerm: termWithLabelKeys(weighted.podAffinityTerm, labels),
        })),
    }),
  })
  return {
    ...affinity,
    ...(affinity.podAffinity && { podAffinity: terms(affinity.podAffinity) }),
    ...(affinity.podAntiAffinity && { podAntiAffinity: terms(affinity.podAntiAffinity) }),
  }
}

function termWithLabelKeys(term: PodAffinityTerm, labels: Labels): PodAffinityTerm {
  if (!term.labelSelector || (!term.matchLabelKeys?.length && !term.mismatchLabelKeys?.length)) return term
  const matching = selectorWith(term.labelSelector, term.matchLabelKeys ?? [], 'In', labels)
  return { ...term, labelSelector: selectorWith(matching, term.mismatchLabelKeys ?? [], 'NotIn', labels) }
}

function selectorWith(
  selector: LabelSelector,
  keys: string[],
  operator: 'In' | 'NotIn',
  labels: Labels,
): LabelSelector {
  const added = keys
    .filter((key) => Object.hasOwn(labels, key))
    .map((key) => ({ key, operator, values: [labels[key] ?? ''] }))
  if (added.length === 0) return selector
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }
}
