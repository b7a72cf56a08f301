import { ApiError } from '../../../api/api-error.ts'
import { deepEqual } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { Container, Namespace, Pod, PodSpec } from '../../../api/types/core-v1.ts'
import { namespaces, pods } from '../../../client/resources.ts'
import { lookUp, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import type { PodLike } from '../pod-security/pod-check.ts'
import {
  compareLevels,
  type LevelVersion,
  type Policy,
  policyOf,
  policyText,
} from '../pod-security/policy.ts'
import { refuse } from '../refuse.ts'

const maxPodsToCheck = 3000
/** Subresources that do not change what the pod is. */
const ignored = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])

type Template = { metadata?: { annotations?: Record<string, string> }; spec?: PodSpec }

/** Where kinds keep the template of their pods. */
const templates: Record<string, (object: KubeObject) => Template | undefined> = {
  podtemplates: ({ template }) => template as Template,
  replicationcontrollers: specTemplate,
  'replicasets.apps': specTemplate,
  'deployments.apps': specTemplate,
  'statefulsets.apps': specTemplate,
  'daemonsets.apps': specTemplate,
  'jobs.batch': specTemplate,
  'cronjobs.batch': ({ spec }) =>
    (spec as { jobTemplate?: { spec?: { template?: Template } } } | undefined)?.jobTemplate?.spec?.template,
}

function specTemplate({ spec }: KubeObject): Template | undefined {
  return (spec as { template?: Template } | undefined)?.template
}

/** The Pod Security Standards that a namespace's labels ask for: enforced for pods, warned of for templates too. */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, resource, subresource, object } = attributes
    if (!object || (operation !== 'CREATE' && operation !== 'UPDATE')) return
    if (isResource(attributes, 'namespaces')) return this.#namespace(attributes)
    if (resource.group === '' && resource.resource === 'pods') {
      if (!ignored.has(subresource)) await this.#pod(attributes)
      return
    }
    const qualified = resource.group ? `${resource.resource}.${resource.group}` : resource.resource
    const template = subresource === '' ? templates[qualified]?.(object) : undefined
    if (template?.spec) await this.#template(attributes, template)
  }

  #policy(namespace: string): Policy {
    return policyOf(lookUp<Namespace>(this.#store, namespaces, '', namespace)?.metadata.labels).policy
  }

  async #pod(attributes: AdmissionAttributes): Promise<void> {
    const policy = this.#policy(attributes.namespace)
    if (isHarmless(policy.enforce, policy.warn)) return
    const pod = attributes.object as unknown as Pod
    const old = attributes.oldObject as unknown as Pod | undefined
    if (attributes.operation === 'UPDATE' && old && !isSignificant(pod, old)) return
    const like = podLike(pod)
    const { violations, describe } = await import('../pod-security/evaluate.ts')
    const found = violations(policy.enforce, like)
    if (found.length > 0) {
      throw refuse(attributes, `violates PodSecurity "${policyText(policy.enforce)}": ${describe(found)}`)
    }
    await this.#warn(attributes, policy.warn, like)
  }

  async #template(attributes: AdmissionAttributes, { metadata, spec }: Template): Promise<void> {
    const { warn } = this.#policy(attributes.namespace)
    if (isHarmless(warn)) return
    await this.#warn(attributes, warn, { annotations: metadata?.annotations ?? {}, spec: spec! })
  }

  async #warn(attributes: AdmissionAttributes, level: LevelVersion, pod: PodLike): Promise<void> {
    const { violations, describe } = await import('../pod-security/evaluate.ts')
    const found = violations(level, pod)
    if (found.length > 0) {
      attributes.warn(`would violate PodSecurity "${policyText(level)}": ${describe(found)}`)
    }
  }

  async #namespace(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object, oldObject, warn } = attributes
    const name = object?.metadata?.name ?? ''
    const next = policyOf(object?.metadata?.labels)
    const old = policyOf(oldObject?.metadata?.labels)
    if (next.causes.length > 0 && (operation === 'CREATE' || !deepEqual(next.causes, old.causes))) {
      throw ApiError.invalid('', 'Namespace', name, next.causes)
    }
    if (operation === 'CREATE') return
    const [level, before] = [next.policy.enforce, old.policy.enforce]
    if (deepEqual(level, before) || level.level === 'privileged') return
    if (level.minor === before.minor && compareLevels(level.level, before.level) < 1) return
    for (const text of await this.#existing(name, level)) warn(text)
  }

  /** Warnings about pods that are there already and would no longer be let in. */
  async #existing(namespace: string, level: LevelVersion): Promise<string[]> {
    const { violations } = await import('../pod-security/evaluate.ts')
    const all = lookUpAll<Pod>(this.#store, pods, namespace)
    const byReason = new Map<string, string[]>()
    for (const pod of all.slice(0, maxPodsToCheck)) {
      const reason = violations(level, podLike(pod))
        .map((each) => each.reason)
        .join(', ')
      if (reason) byReason.set(reason, [...(byReason.get(reason) ?? []), pod.metadata.name ?? ''])
    }
    const warnings: string[] = []
    if (all.length > maxPodsToCheck) {
      warnings.push(
        `new PodSecurity enforce level only checked against the first ${maxPodsToCheck} of ${all.length} existing pods`,
      )
    }
    if (byReason.size === 0) return warnings
    warnings.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level "${policyText(level)}"`,
    )
    const texts = [...byReason].map(([reason, names]) => {
      const others = names.length - 1
      const more = others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'pod' : 'pods'})`
      return `${names.sort()[0]}${more}: ${reason}`
    })
    return [...warnings, ...texts.sort()]
  }
}

function isHarmless(...levels: LevelVersion[]): boolean {
  return levels.every(({ level }) => level === 'privileged')
}

function podLike({ metadata, spec }: Pod): PodLike {
  return { annotations: metadata.annotations ?? {}, spec: spec! }
}

/** Of what may change in a pod only images and added containers matter. */
function isSignificant(pod: Pod, old: Pod): boolean {
  const changed = (next: Container[] = [], before: Container[] = []): boolean =>
    next.length !== before.length || next.some(({ image }, index) => image !== before[index]?.image)
  if (changed(pod.spec?.containers, old.spec?.containers)) return true
  if (changed(pod.spec?.initContainers, old.spec?.initContainers)) return true
  return (pod.spec?.ephemeralContainers ?? []).some(
    ({ name, image }) => old.spec?.ephemeralContainers?.find((each) => each.name === name)?.image !== image,
  )
}
