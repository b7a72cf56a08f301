import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { PolicyRule } from '../../../api/types/rbac-v1.ts'
import { persistentVolumeClaims, persistentVolumes, volumeAttachments } from '../../../client/resources.ts'
import type { AuthorizationAttributes, Authorizer, Decision } from '../authorizer.ts'
import { lookUp, lookUpAll, type StoreReader } from '../store-reader.ts'
import { nodeNameOf } from './node-identity.ts'
import type { NodePods } from './node-pods.ts'
import {
  claimsOf,
  configMapsOf,
  type PodWithReferences,
  resourceClaimsOf,
  secretsOf,
} from './pod-references.ts'
import { ruleMatches } from './rule-matches.ts'

const allowed: Decision = { allowed: true }
const no = (reason?: string): Decision => ({ allowed: false, ...(reason && { reason }) })

type PersistentVolume = StoredKubeObject & {
  spec?: { claimRef?: { namespace?: string; name?: string } } & Record<string, unknown>
}

/**
 * What kubelets may do: read what the pods of their own node use, and otherwise what the role `system:node` says
 * (upstream's plugin/pkg/auth/authorizer/node). Who writes what exactly is for NodeRestriction to check.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #store: StoreReader
  readonly #pods: NodePods
  readonly #rules: () => readonly PolicyRule[]

  /** `rules`: those of `system:node` in the default policy. */
  constructor(store: StoreReader, pods: NodePods, rules: () => readonly PolicyRule[]) {
    this.#store = store
    this.#pods = pods
    this.#rules = rules
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    const node = nodeNameOf(attributes.user)
    if (!node) return no()
    switch (attributes.resource && `${attributes.group ?? ''}/${attributes.resource}`) {
      case '/secrets':
        return this.#readNamespaced(node, attributes, (pod) => this.#usesSecret(pod, attributes.name!))
      case '/configmaps':
        return this.#readNamespaced(node, attributes, (pod) => configMapsOf(pod).has(attributes.name!))
      case '/persistentvolumeclaims':
        return this.#claim(node, attributes)
      case '/persistentvolumes':
        return onlyGet(attributes) ?? this.#related(node, this.#isVolumeOf(node, attributes.name ?? ''))
      case 'resource.k8s.io/resourceclaims':
        return (
          onlyGet(attributes) ??
          this.#usedByPod(node, attributes, (pod) => resourceClaimsOf(pod).has(attributes.name!))
        )
      case 'storage.k8s.io/volumeattachments':
        return onlyGet(attributes) ?? this.#related(node, this.#isAttachmentOf(node, attributes.name ?? ''))
      case '/serviceaccounts':
        return this.#serviceAccount(node, attributes)
      case 'coordination.k8s.io/leases':
        return lease(node, attributes)
      case 'storage.k8s.io/csinodes':
        return csiNode(node, attributes)
      case 'resource.k8s.io/resourceslices':
        return this.#resourceSlice(node, attributes)
      case '/nodes':
        return ownNode(node, attributes)
      case '/pods':
        return this.#pod(node, attributes)
      default:
        return this.#rules().some((rule) => ruleMatches(rule, attributes)) ? allowed : no()
    }
  }

  #readNamespaced(
    node: string,
    attributes: AuthorizationAttributes,
    uses: (pod: PodWithReferences) => boolean,
  ): Decision {
    const { verb, subresource, namespace } = attributes
    if (!['get', 'list', 'watch'].includes(verb)) return no('can only read resources of this type')
    if (subresource) return no('cannot read subresource')
    if (!namespace) return no('can only read namespaced object of this type')
    return this.#usedByPod(node, attributes, uses)
  }

  #usedByPod(
    node: string,
    { namespace, name }: AuthorizationAttributes,
    uses: (pod: PodWithReferences) => boolean,
  ): Decision {
    if (!name) return no('No Object name found')
    for (const pod of this.#pods.on(node, namespace ?? '')) if (uses(pod)) return allowed
    return this.#related(node, false)
  }

  #related(node: string, related: boolean): Decision {
    return related ? allowed : no(`no relationship found between node '${node}' and this object`)
  }

  #claim(node: string, attributes: AuthorizationAttributes): Decision {
    const uses = (pod: PodWithReferences): boolean => claimsOf(pod).has(attributes.name!)
    if (attributes.subresource === 'status') {
      return ['update', 'patch'].includes(attributes.verb)
        ? this.#usedByPod(node, attributes, uses)
        : no('can only get/update/patch this type')
    }
    return onlyGet(attributes) ?? this.#usedByPod(node, attributes, uses)
  }

  #usesSecret(pod: PodWithReferences, secret: string): boolean {
    return secretsOf(pod).has(secret) || this.#volumesOf(pod).some((volume) => hasSecret(volume, secret))
  }

  #volumesOf(pod: PodWithReferences): PersistentVolume[] {
    return [...claimsOf(pod)].flatMap((claim) => {
      const found = lookUp<StoredKubeObject & { spec?: { volumeName?: string } }>(
        this.#store,
        persistentVolumeClaims,
        pod.metadata.namespace ?? '',
        claim,
      )
      const volume = lookUp<PersistentVolume>(
        this.#store,
        persistentVolumes,
        '',
        found?.spec?.volumeName ?? '',
      )
      return volume ? [volume] : []
    })
  }

  #isVolumeOf(node: string, name: string): boolean {
    const claim = lookUp<PersistentVolume>(this.#store, persistentVolumes, '', name)?.spec?.claimRef
    if (!claim?.namespace || !claim.name) return false
    for (const pod of this.#pods.on(node, claim.namespace)) if (claimsOf(pod).has(claim.name)) return true
    return false
  }

  #isAttachmentOf(node: string, name: string): boolean {
    const attachment = lookUp<StoredKubeObject & { spec?: { nodeName?: string } }>(
      this.#store,
      volumeAttachments,
      '',
      name,
    )
    return attachment?.spec?.nodeName === node
  }

  #serviceAccount(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, name, subresource } = attributes
    const uses = (pod: PodWithReferences): boolean => pod.spec.serviceAccountName === name
    if (verb === 'get' && !subresource) return this.#readNamespaced(node, attributes, uses)
    if (verb !== 'create' || !name) return no('can only create tokens for individual service accounts')
    if (subresource !== 'token') return no('can only create token subresource of serviceaccount')
    return this.#usedByPod(node, attributes, uses)
  }

  #resourceSlice(
    node: string,
    { verb, subresource, name, fieldSelector }: AuthorizationAttributes,
  ): Decision {
    if (subresource) return no('cannot authorize ResourceSlice subresources')
    switch (verb) {
      case 'create':
        return allowed
      case 'get':
      case 'update':
      case 'patch':
      case 'delete': {
        const slices = lookUpAll<StoredKubeObject & { spec?: { nodeName?: string } }>(this.#store, {
          group: 'resource.k8s.io',
          resource: 'resourceslices',
        })
        return this.#related(
          node,
          slices.some((slice) => slice.metadata.name === name && slice.spec?.nodeName === node),
        )
      }
      case 'watch':
      case 'list':
      case 'deletecollection':
        return selects(fieldSelector, 'spec.nodeName', node)
          ? allowed
          : no('can only list/watch/deletecollection resourceslices with nodeName field selector')
      default:
        return no(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        )
    }
  }

  #pod(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, subresource = '', name, fieldSelector } = attributes
    const own = (pod: PodWithReferences): boolean => pod.metadata.name === name
    switch (`${verb} ${subresource}`) {
      case 'get ':
        return this.#usedByPod(node, attributes, own)
      case 'list ':
      case 'watch ':
        if (selects(fieldSelector, 'spec.nodeName', node)) return allowed
        if (name) return this.#usedByPod(node, attributes, own)
        return no('can only list/watch pods with spec.nodeName field selector')
      // Which pods these may be about, NodeRestriction says.
      case 'create ':
      case 'delete ':
      case 'update status':
      case 'patch status':
      case 'create eviction':
        return allowed
      default:
        return no()
    }
  }
}

function onlyGet({ verb, subresource }: AuthorizationAttributes): Decision | undefined {
  if (verb !== 'get') return no('can only get individual resources of this type')
  return subresource ? no('cannot get subresource') : undefined
}

function lease(node: string, { verb, namespace, name }: AuthorizationAttributes): Decision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return no('can only get, create, update, patch, or delete a node lease')
  }
  if (namespace !== 'kube-node-lease')
    return no('can only access leases in the "kube-node-lease" system namespace')
  // The name is not known at create.
  if (verb !== 'create' && name !== node) {
    return no('can only access node lease with the same name as the requesting node')
  }
  return allowed
}

function csiNode(node: string, { verb, subresource, name }: AuthorizationAttributes): Decision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return no('can only get, create, update, patch, or delete a CSINode')
  }
  if (subresource) return no('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== node) {
    return no('can only access CSINode with the same name as the requesting node')
  }
  return allowed
}

function ownNode(node: string, { verb, subresource = '', name }: AuthorizationAttributes): Decision {
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allowed : no()
  if (subresource) return no()
  if (['create', 'update', 'patch'].includes(verb)) return allowed
  if (!['get', 'list', 'watch'].includes(verb)) return no()
  if (name === node) return allowed
  return no(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  )
}

/** Does a field selector demand `field` to be `value`? */
function selects(selector: string | undefined, field: string, value: string): boolean {
  const parts = (selector ?? '').split(',')
  return parts.includes(`${field}=${value}`) || parts.includes(`${field}==${value}`)
}

/** Secrets of a volume stand in its source under several names; those of a CSI driver under five. */
function hasSecret(volume: PersistentVolume, secret: string): boolean {
  return Object.values(volume.spec ?? {}).some(
    (source) =>
      typeof source === 'object' &&
      source !== null &&
      Object.entries(source).some(
        ([field, reference]) =>
          (/secretref$/i.test(field) && (reference as { name?: string } | null)?.name === secret) ||
          (field === 'secretName' && reference === secret),
      ),
  )
}
