import type {
  Container,
  Endpoints,
  HostPathVolumeSource,
  HTTPGetAction,
  LimitRangeItem,
  Namespace,
  NamespaceStatus,
  NodeSpec,
  NodeStatus,
  ObjectFieldSelector,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PodLogOptions,
  PodTemplateSpec,
  Probe,
  ReplicationController,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
} from '../types/core-v1.ts'
import { imageTag } from './image-tag.ts'
import { defaultPod, defaultPodSpec, defaultPodStatus, dropInitContainerAnnotations } from './pod.ts'
import { defaultService } from './service.ts'
import type { StructDefaults } from './struct-defaults.ts'

export const coreDefaults: StructDefaults = {
  Pod: defaultPod,
  PodSpec: defaultPodSpec,
  PodStatus: defaultPodStatus,
  Container: defaultContainer,
  EphemeralContainer: defaultContainer,
  Service: defaultService,
  Volume: defaultVolume,
  PodTemplateSpec(template: PodTemplateSpec) {
    dropInitContainerAnnotations(template.metadata)
  },
  ReplicationController(controller: ReplicationController) {
    const labels = controller.spec?.template?.metadata?.labels
    if (!labels || !controller.spec) return
    if (isEmpty(controller.spec.selector)) controller.spec.selector = { ...labels }
    if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels }
  },
  Probe(probe: Probe) {
    probe.timeoutSeconds ??= 1
    probe.periodSeconds ??= 10
    probe.successThreshold ??= 1
    probe.failureThreshold ??= 3
  },
  HTTPGetAction(action: HTTPGetAction) {
    action.path ??= '/'
    action.scheme ??= 'HTTP'
  },
  SecretVolumeSource: defaultMode,
  ConfigMapVolumeSource: defaultMode,
  DownwardAPIVolumeSource: defaultMode,
  ProjectedVolumeSource: defaultMode,
  HostPathVolumeSource(source: HostPathVolumeSource) {
    source.type ??= ''
  },
  ServiceAccountTokenProjection(projection: ServiceAccountTokenProjection) {
    projection.expirationSeconds ??= 3600
  },
  ObjectFieldSelector(selector: ObjectFieldSelector) {
    selector.apiVersion ??= 'v1'
  },
  Secret(secret: Secret) {
    secret.type ??= 'Opaque'
    // Written only: goes into data on the way in.
    if (!secret.stringData) return
    secret.data ??= {}
    for (const [key, text] of Object.entries(secret.stringData)) {
      secret.data[key] = Buffer.from(text).toString('base64')
    }
    delete secret.stringData
  },
  PersistentVolume(volume: PersistentVolume) {
    volume.status ??= {}
    volume.status.phase ??= 'Pending'
    volume.spec ??= {}
    volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
    volume.spec.volumeMode ??= 'Filesystem'
  },
  PersistentVolumeClaim(claim: PersistentVolumeClaim) {
    claim.status ??= {}
    claim.status.phase ??= 'Pending'
  },
  PersistentVolumeClaimSpec(spec: PersistentVolumeClaimSpec) {
    spec.volumeMode ??= 'Filesystem'
  },
  Endpoints(endpoints: Endpoints) {
    for (const subset of endpoints.subsets ?? []) {
      for (const port of subset.ports ?? []) port.protocol ??= 'TCP'
    }
  },
  Namespace({ metadata }: Namespace) {
    if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
  },
  NamespaceStatus(status: NamespaceStatus) {
    status.phase ??= 'Active'
  },
  NodeSpec(spec: NodeSpec) {
    // The old field wins: that is what old clients set.
    if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR]
    else if (spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0]
  },
  NodeStatus(status: NodeStatus) {
    if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity }
  },
  LimitRangeItem: defaultLimitRangeItem,
  PodLogOptions(options: PodLogOptions) {
    options.stream ??= 'All'
  },
}

function isEmpty(map: Record<string, string> | undefined): boolean {
  return map === undefined || Object.keys(map).length === 0
}

function defaultMode(source: { defaultMode?: number }): void {
  source.defaultMode ??= 0o644
}

function pullPolicy(image: string | undefined): string {
  return imageTag(image ?? '') === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultContainer(container: Container): void {
  container.imagePullPolicy ??= pullPolicy(container.image)
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {}
  if (volume.image) volume.image.pullPolicy ??= pullPolicy(volume.image.reference)
}

/** Containers: the default limit is the maximum, the default request the default limit or the minimum. */
function defaultLimitRangeItem(item: LimitRangeItem): void {
  if (item.type !== 'Container') return
  const limits = { ...item.max, ...item.default }
  const requests = { ...item.min, ...limits, ...item.defaultRequest }
  if (Object.keys(limits).length > 0) item.default = limits
  if (Object.keys(requests).length > 0) item.defaultRequest = requests
}
