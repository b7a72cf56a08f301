import { ApiError } from '../../../api/api-error.ts'
import { deepEqual } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { TokenRequest } from '../../../api/types/authentication-v1.ts'
import type { Node, PersistentVolumeClaim, Pod } from '../../../api/types/core-v1.ts'
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '../../../client/resources.ts'
import { nodeNameOf } from '../../auth/authorization/node-identity.ts'
import { configMapsOf, type PodWithReferences, secretsOf } from '../../auth/authorization/pod-references.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { refuse } from '../refuse.ts'
import { forbiddenNodeLabels } from './node-labels.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

/** Kubelets write only about themselves and their own pods (upstream's plugin/pkg/admission/noderestriction). */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction'
  readonly #store: StoreReader
  readonly #authorizer: Authorizer

  constructor(store: StoreReader, authorizer: Authorizer) {
    this.#store = store
    this.#authorizer = authorizer
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const node = nodeNameOf(attributes.user)
    if (!node) return
    const { resource, subresource, operation } = attributes
    switch (`${resource.group}/${resource.resource}`) {
      case '/pods':
        return this.#pod(node, attributes)
      case '/nodes':
        return this.#node(node, attributes)
      case '/persistentvolumeclaims':
        if (subresource !== 'status') throw refuse(attributes, 'may only update PVC status')
        return claimStatus(node, attributes)
      case '/serviceaccounts':
        if (operation === 'CREATE' && subresource === 'token') return this.#token(node, attributes)
        return
      case 'coordination.k8s.io/leases':
        return lease(node, attributes)
      case 'storage.k8s.io/csinodes':
        return csiNode(node, attributes)
      case 'resource.k8s.io/resourceslices':
        return resourceSlice(node, attributes)
      default:
    }
  }

  #pod(node: string, attributes: AdmissionAttributes): void {
    const { subresource, operation, name, namespace, oldObject, object } = attributes
    switch (subresource) {
      case '':
        this.#podItself(node, attributes)
        return
      case 'status': {
        if (operation !== 'UPDATE') throw refuse(attributes, `unexpected operation "${operation}"`)
        const [old, next] = [oldObject, object].map((pod) => pod as unknown as Pod)
        if (old?.spec?.nodeName !== node) {
          throw refuse(
            attributes,
            `node "${node}" can only update pod status for pods with spec.nodeName set to itself`,
          )
        }
        if (!deepEqual(old.metadata.labels ?? {}, next?.metadata.labels ?? {})) {
          throw refuse(attributes, `node "${node}" cannot update labels through pod status`)
        }
        if (!deepEqual(old.status?.resourceClaimStatuses ?? [], next?.status?.resourceClaimStatuses ?? [])) {
          throw refuse(attributes, `node "${node}" cannot update resource claim statues`)
        }
        return
      }
      case 'eviction': {
        if (operation !== 'CREATE') throw refuse(attributes, `unexpected operation ${operation}`)
        const podName = name || object?.metadata?.name
        if (!podName) throw refuse(attributes, 'could not determine pod from request data')
        if (this.#existing(namespace, podName).spec?.nodeName !== node) {
          throw refuse(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`)
        }
        return
      }
      default:
        throw refuse(
          attributes,
          `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`,
        )
    }
  }

  #podItself(node: string, attributes: AdmissionAttributes): void {
    const { operation, namespace, name } = attributes
    if (operation === 'CREATE') {
      this.#mirrorPod(node, attributes)
      return
    }
    if (operation !== 'DELETE') {
      throw refuse(
        attributes,
        `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`,
      )
    }
    if (this.#existing(namespace, name).spec?.nodeName !== node) {
      throw refuse(attributes, `node "${node}" can only delete pods with spec.nodeName set to itself`)
    }
  }

  #existing(namespace: string, name: string): Pod {
    const pod = lookUp<Pod>(this.#store, pods, namespace, name)
    if (!pod) throw ApiError.notFound('', 'pods', name)
    return pod
  }

  #mirrorPod(node: string, attributes: AdmissionAttributes): void {
    const pod = attributes.object as unknown as Pod
    const only = `node "${node}" can only create`
    if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) {
      throw refuse(attributes, `pod does not have "${mirrorAnnotation}" annotation, ${only} mirror pods`)
    }
    if (pod.spec?.nodeName !== node) {
      throw refuse(attributes, `${only} pods with spec.nodeName set to itself`)
    }
    const owners = pod.metadata.ownerReferences ?? []
    if (owners.length > 1) {
      throw refuse(attributes, `${only} pods with a single owner reference set to itself`)
    }
    const [owner] = owners
    if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
      throw refuse(attributes, `${only} pods with an owner reference set to itself`)
    }
    if (!owner.controller) {
      throw refuse(attributes, `${only} pods with a controller owner reference set to itself`)
    }
    if (owner.blockOwnerDeletion) {
      throw refuse(attributes, `node "${node}" must not set blockOwnerDeletion on an owner reference`)
    }
    const self = lookUp<Node>(this.#store, nodes, '', node)
    if (!self) throw ApiError.notFound('', 'nodes', node)
    if (owner.uid !== self.metadata.uid) {
      throw refuse(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${self.metadata.uid}`)
    }
    const reference = apiReference(pod)
    if (reference) {
      throw refuse(attributes, `node "${node}" can not create pods that reference ${reference}`)
    }
  }

  #node(node: string, attributes: AdmissionAttributes): void {
    const { operation, object, oldObject } = attributes
    const name = attributes.name || object?.metadata?.name || ''
    if (name !== node) throw refuse(attributes, `node "${node}" is not allowed to modify node "${name}"`)
    const [next, old] = [object, oldObject].map((one) => one as unknown as Node | undefined)
    const labels = forbiddenNodeLabels(next?.metadata.labels ?? {}, old?.metadata.labels ?? {})
    if (operation === 'CREATE' && labels.length > 0) {
      throw refuse(
        attributes,
        `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`,
      )
    }
    if (operation !== 'UPDATE') return
    if (!deepEqual(next?.spec?.taints ?? [], old?.spec?.taints ?? [])) {
      throw refuse(attributes, `node "${node}" is not allowed to modify taints`)
    }
    if (!deepEqual(next?.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) {
      throw refuse(attributes, `node "${node}" is not allowed to modify ownerReferences`)
    }
    if (labels.length > 0) {
      throw refuse(attributes, `is not allowed to modify labels: ${labels.join(', ')}`)
    }
  }

  /** A token for a service account of one of the node's own pods, bound to the pod. */
  async #token(node: string, attributes: AdmissionAttributes): Promise<void> {
    const request = attributes.object as unknown as TokenRequest
    const reference = request.spec?.boundObjectRef
    if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
      throw refuse(attributes, 'node requested token not bound to a pod')
    }
    if (!reference.uid) throw refuse(attributes, 'node requested token with a pod binding without a uid')
    const pod = this.#existing(attributes.namespace, reference.name)
    if (reference.uid !== pod.metadata.uid) {
      throw refuse(
        attributes,
        `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      )
    }
    if (pod.spec?.nodeName !== node) {
      throw refuse(attributes, 'node requested token bound to a pod scheduled on a different node')
    }
    this.#audience(attributes, request.spec?.audiences ?? [], pod)
  }

  #audience(attributes: AdmissionAttributes, audiences: string[], pod: Pod): void {
    if (audiences.length > 1) throw refuse(attributes, 'node may only request 0 or 1 audiences')
    const [audience = ''] = audiences
    if (this.#audiencesOf(pod).includes(audience)) return
    const { user, namespace, name } = attributes
    const { allowed } = this.#authorizer.authorize({
      user,
      verb: 'request-serviceaccounts-token-audience',
      namespace,
      group: '',
      version: 'v1',
      resource: audience,
      name,
    })
    if (allowed) return
    throw refuse(
      attributes,
      `audience "${audience}" not found in pod spec volume, ${user.username} is not authorized to request tokens for this audience`,
    )
  }

  /** Audiences that a pod's volumes ask tokens for, itself or by their CSI drivers. */
  #audiencesOf(pod: Pod): string[] {
    return (pod.spec?.volumes ?? []).flatMap((volume) => {
      const projected = (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }) =>
        serviceAccountToken ? [serviceAccountToken.audience ?? ''] : [],
      )
      const claim = volume.ephemeral
        ? `${pod.metadata.name}-${volume.name}`
        : volume.persistentVolumeClaim?.claimName
      const driver = volume.csi?.driver ?? (claim && this.#driverOf(pod.metadata.namespace ?? '', claim))
      const found = driver
        ? lookUp<KubeObject & { spec?: { tokenRequests?: { audience: string }[] } }>(
            this.#store,
            csiDrivers,
            '',
            driver,
          )
        : undefined
      return [...projected, ...(found?.spec?.tokenRequests ?? []).map((request) => request.audience)]
    })
  }

  #driverOf(namespace: string, claimName: string): string | undefined {
    const claim = lookUp<PersistentVolumeClaim>(this.#store, persistentVolumeClaims, namespace, claimName)
    const volume = lookUp<KubeObject & { spec?: { csi?: { driver?: string } } }>(
      this.#store,
      persistentVolumes,
      '',
      claim?.spec?.volumeName ?? '',
    )
    return volume?.spec?.csi?.driver
  }
}

function claimStatus(node: string, attributes: AdmissionAttributes): void {
  if (attributes.operation !== 'UPDATE') {
    throw refuse(attributes, `unexpected operation "${attributes.operation}"`)
  }
  const comparable = (object: KubeObject | undefined): object => {
    const { metadata, status, ...rest } = object as unknown as PersistentVolumeClaim
    const { resourceVersion, managedFields, ...others } = metadata
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...state } = status ?? {}
    return { ...rest, metadata: others, status: state }
  }
  if (!deepEqual(comparable(attributes.object), comparable(attributes.oldObject))) {
    throw refuse(
      attributes,
      `node "${node}" is not allowed to update fields other than status.quantity and status.conditions`,
    )
  }
}

function lease(node: string, attributes: AdmissionAttributes): void {
  const { namespace, operation, object } = attributes
  if (namespace !== 'kube-node-lease') {
    throw refuse(attributes, 'can only access leases in the "kube-node-lease" system namespace')
  }
  const name = operation === 'CREATE' ? object?.metadata?.name : attributes.name
  if (name !== node) {
    throw refuse(attributes, 'can only access node lease with the same name as the requesting node')
  }
}

function csiNode(node: string, attributes: AdmissionAttributes): void {
  const name = attributes.operation === 'CREATE' ? attributes.object?.metadata?.name : attributes.name
  if (name !== node) {
    throw refuse(attributes, 'can only access CSINode with the same name as the requesting node')
  }
}

function resourceSlice(node: string, attributes: AdmissionAttributes): void {
  const { operation, object, oldObject } = attributes
  const owner = (slice: KubeObject | undefined): string | undefined =>
    (slice?.spec as { nodeName?: string } | undefined)?.nodeName
  if (operation === 'CREATE' && owner(object) !== node) {
    throw refuse(attributes, 'can only create ResourceSlice with the same NodeName as the requesting node')
  }
  if (operation === 'DELETE' && oldObject && owner(oldObject) !== node) {
    throw refuse(attributes, 'can only delete ResourceSlice with the same NodeName as the requesting node')
  }
}

/** Which other objects a pod needs, in upstream's words: a mirror pod must stand alone. */
function apiReference(pod: Pod): string | undefined {
  const { spec } = pod
  if (spec?.serviceAccountName) return 'serviceaccounts'
  if (secretsOf(pod as unknown as PodWithReferences).size > 0) return 'secrets'
  if (configMapsOf(pod as unknown as PodWithReferences).size > 0) return 'configmaps'
  if (spec?.resourceClaims?.length) return 'resourceclaims'
  for (const volume of spec?.volumes ?? []) {
    if (volume.csi) return 'csidrivers (via CSI volumes)'
    if (volume.glusterfs) return 'endpoints (via glusterFS volumes)'
    if (volume.persistentVolumeClaim) return 'persistentvolumeclaims'
    if (volume.ephemeral) return 'persistentvolumeclaims (via ephemeral volumes)'
    for (const source of volume.projected?.sources ?? []) {
      if (source.serviceAccountToken) return 'serviceaccounts (via projected volumes)'
      if (source.clusterTrustBundle) return 'clustertrustbundles'
      if (source.podCertificate) return 'podcertificates'
    }
  }
  return undefined
}
