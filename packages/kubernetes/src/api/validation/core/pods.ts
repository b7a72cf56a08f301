import { deepEqual } from '../../json.ts'
import { podQosClass } from '../../pod-qos.ts'
import type { Container, Pod, PodSpec, Toleration } from '../../types/core-v1.ts'
import { Field } from '../field.ts'
import { inclusiveRange } from '../formats.ts'
import { unifiedDiff } from '../unified-diff.ts'
import type { Validator } from '../validator.ts'
import { validateTolerations } from './affinity.ts'
import { validateImageSpelling } from './containers.ts'
import { validateGatedNodeAffinity, validateGatedNodeSelector } from './gated-pod.ts'
import {
  mirrorAnnotation,
  validatePodAnnotations,
  validatePodAnnotationUpdates,
  validateProfileAnnotations,
} from './pod-annotations.ts'
import { type PodOptions, podOptions } from './pod-options.ts'
import { validatePodSpec } from './pod-spec.ts'
import { validatePodStatusUpdate } from './pod-status.ts'

const noSpec: PodSpec = { containers: [] }

export const pods: Validator<Pod> = {
  create(pod, field) {
    const { metadata, spec = noSpec } = pod
    validateWhole(pod, field, { isPod: true })
    const at = field.at('spec')
    if (spec.ephemeralContainers?.length) at.at('ephemeralContainers').forbidden('cannot be set on create')
    if (spec.nodeName && spec.schedulingGates?.length)
      at.at('nodeName').forbidden('cannot be set until all schedulingGates have been cleared')
    validateProfileAnnotations(metadata, spec, at)
  },

  update(next, old, subresource, field) {
    const options = {
      ...podOptions({ metadata: old.metadata, ...(old.spec && { spec: old.spec }) }),
      isPod: true,
    }
    const annotations = field.at('metadata', 'annotations')
    if (subresource === 'resize') {
      validateWhole(next, field, options)
      validateResize(next, old, field)
      return
    }
    validatePodAnnotationUpdates(next.metadata, old.metadata, annotations)
    if (subresource === 'status') {
      validatePodStatusUpdate(next, old, field.at('status'))
      return
    }
    validateWhole(next, field, options)
    if (subresource === 'ephemeralcontainers') validateEphemeralUpdate(next, old, field)
    else validateSpecUpdate(next, old, field.at('spec'))
  },
}

function validateWhole({ metadata, spec = noSpec }: Pod, field: Field, options: PodOptions): void {
  validatePodAnnotations(metadata, spec, field.at('metadata', 'annotations'), options)
  const at = field.at('spec')
  validatePodSpec(spec, metadata, at, options)
  if (!spec.serviceAccountName)
    for (const [index, { projected }] of (spec.volumes ?? []).entries())
      for (const [i, source] of (projected?.sources ?? []).entries())
        if (source.serviceAccountToken)
          at.at('volumes')
            .index(index)
            .at('projected', 'sources')
            .index(i)
            .at('serviceAccountToken')
            .forbidden('must not be specified when serviceAccountName is not set')
  for (const kind of ['containers', 'initContainers'] as const)
    for (const [index, container] of (spec[kind] ?? []).entries())
      validateImageSpelling(container.image, at.at(kind).index(index))
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

const largestInt32 = 2 ** 31 - 1

/** Of a pod's spec only a few fields may change. */
function validateSpecUpdate(next: Pod, old: Pod, field: Field): void {
  const spec = next.spec ?? noSpec
  const before = old.spec ?? noSpec
  for (const kind of ['containers', 'initContainers'] as const) {
    const now = spec[kind] ?? []
    if (now.length !== (before[kind] ?? []).length) {
      field.at(kind).forbidden('pod updates may not add or remove containers')
      return
    }
    for (const [index, { image }] of now.entries()) {
      const here = field.at(kind).index(index)
      if (!image) here.at('image').required()
      validateImageSpelling(image, here)
    }
  }

  const deadline = spec.activeDeadlineSeconds
  const oldDeadline = before.activeDeadlineSeconds
  const at = field.at('activeDeadlineSeconds')
  if (deadline !== undefined) {
    if (deadline < 0 || deadline > largestInt32) {
      at.invalid(deadline, inclusiveRange(0, largestInt32))
      return
    }
    if (oldDeadline !== undefined && oldDeadline < deadline) {
      at.invalid(deadline, 'must be less than or equal to previous value')
      return
    }
  } else if (oldDeadline !== undefined)
    at.invalid(null, 'must not update from a positive integer to nil value')

  validateAddedTolerations(spec.tolerations ?? [], before.tolerations ?? [], field.at('tolerations'))
  const gates = new Set((before.schedulingGates ?? []).map((gate) => gate.name))
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries())
    if (!gates.has(name))
      field
        .at('schedulingGates')
        .index(index)
        .at('name')
        .forbidden(`only deletion is allowed, but found new scheduling gate '${name}'`)
  if (deepEqual(spec, before)) return

  const munged = withOldUpdatables(spec, before)
  if (gates.size > 0) {
    validateGatedNodeSelector(spec.nodeSelector, before.nodeSelector, field.at('nodeSelector'))
    restore(munged, before, 'nodeSelector')
    const affinity = field.at('affinity', 'nodeAffinity')
    validateGatedNodeAffinity(spec.affinity?.nodeAffinity, before.affinity?.nodeAffinity, affinity)
    const { nodeAffinity: _, ...others } = munged.affinity ?? {}
    const nodeAffinity = before.affinity?.nodeAffinity
    if (nodeAffinity || Object.keys(others).length > 0 || before.affinity)
      munged.affinity = { ...others, ...(nodeAffinity && { nodeAffinity }) }
    else delete munged.affinity
  }
  if (!deepEqual(munged, before))
    field.forbidden(
      `pod updates may not change fields other than ${updatable}\n${unifiedDiff(before, munged)}`,
    )
}

/** The new spec with everything that may change set back. */
function withOldUpdatables(spec: PodSpec, before: PodSpec): PodSpec {
  const munged = { ...spec }
  const images = (now: Container[], then: Container[]): Container[] =>
    now.map((container, index) => {
      const { image: _, ...rest } = container
      const image = then[index]?.image
      return image === undefined ? rest : { ...rest, image }
    })
  munged.containers = images(spec.containers, before.containers)
  if (spec.initContainers) munged.initContainers = images(spec.initContainers, before.initContainers ?? [])
  for (const name of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const)
    restore(munged, before, name)
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && munged.terminationGracePeriodSeconds === 1)
    restore(munged, before, 'terminationGracePeriodSeconds')
  return munged
}

function restore(spec: PodSpec, before: PodSpec, name: keyof PodSpec): void {
  if (before[name] === undefined) delete spec[name]
  else Object.assign(spec, { [name]: before[name] })
}

function validateAddedTolerations(next: Toleration[], old: Toleration[], field: Field): void {
  const withoutSeconds = ({ tolerationSeconds: _, ...toleration }: Toleration): object => toleration
  const isKept = (toleration: Toleration): boolean =>
    next.some((other) => deepEqual(withoutSeconds(other), withoutSeconds(toleration)))
  if (!old.every(isKept))
    field.forbidden('existing toleration can not be modified except its tolerationSeconds')
  else validateTolerations(next, field)
}

function validateEphemeralUpdate(next: Pod, old: Pod, field: Field): void {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    onlyError(field).forbidden('static pods do not support ephemeral containers')
    return
  }
  const at = field.at('spec', 'ephemeralContainers')
  const now = new Map((next.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]))
  for (const container of old.spec?.ephemeralContainers ?? []) {
    const name = JSON.stringify(container.name)
    const kept = now.get(container.name)
    if (!kept) at.forbidden(`existing ephemeral containers ${name} may not be removed\n`)
    else if (!deepEqual(kept, container))
      at.forbidden(
        `existing ephemeral containers ${name} may not be changed\n${unifiedDiff(container, kept)}`,
      )
  }
}

/** Forgets what was said before: the next complaint is about the whole. */
function onlyError(field: Field): Field {
  field.causes.length = 0
  return new Field(field.causes, '')
}

function validateResize(next: Pod, old: Pod, field: Field): void {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    onlyError(field).forbidden('static pods cannot be resized')
    return
  }
  if (old.spec?.os?.name === 'windows') {
    onlyError(field).forbidden('windows pods cannot be resized')
    return
  }
  const at = field.at('spec')
  const spec = next.spec ?? noSpec
  const before = old.spec ?? noSpec
  if ((old.status?.qosClass || podQosClass(old)) !== podQosClass(next))
    at.invalid(next.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing')
  const running = (old.status?.containerStatuses ?? []).find((status) => status.state?.running)
  if (running && !running.resources) at.forbidden('Pod running on node without support for resize')

  const count = field.causes.length
  for (const kind of ['containers', 'initContainers'] as const) {
    const now = spec[kind] ?? []
    const then = before[kind] ?? []
    if (now.length !== then.length) at.at(kind).forbidden(`${kind} may not be added or removed on resize`)
    else
      for (const [index, { name }] of then.entries())
        if (now[index]?.name !== name)
          at.at(kind).index(index).at('name').forbidden(`${kind} may not be renamed or reordered on resize`)
  }
  if (field.causes.length > count) return
  if (before.resources && !spec.resources) {
    at.at('resources').forbidden('pod-level resources cannot be removed')
    return
  }
  if (before.resources && spec.resources)
    validateKeptResources(spec, before, at.at('resources'), 'pod-level resource')
  for (const kind of ['initContainers', 'containers'] as const)
    for (const [index, container] of (before[kind] ?? []).entries()) {
      const now = spec[kind]?.[index]
      if (now) validateKeptResources(now, container, at.at(kind).index(index).at('resources'), 'resource')
    }
  if (!deepEqual(withoutCompute(spec), withoutCompute(before)))
    at.forbidden('only cpu and memory resources are mutable')
}

type Sized = Pick<Container, 'resources'>

function validateKeptResources(next: Sized, old: Sized, field: Field, what: string): void {
  for (const kind of ['requests', 'limits'] as const) {
    const now = next.resources?.[kind] ?? {}
    if (Object.keys(old.resources?.[kind] ?? {}).some((name) => now[name] === undefined))
      field.at(kind).forbidden(`${what} ${kind} cannot be removed`)
  }
}

function withoutCompute(spec: PodSpec): unknown {
  const strip = <T extends Sized>(sized: T): unknown => {
    const { resources, ...rest } = sized
    const lists = (['requests', 'limits'] as const).map((kind) => {
      const { cpu: _c, memory: _m, ...list } = resources?.[kind] ?? {}
      return list
    })
    return { ...rest, resizePolicy: undefined, lists, claims: resources?.claims }
  }
  return {
    ...(strip(spec) as object),
    containers: spec.containers.map(strip),
    initContainers: spec.initContainers?.map(strip),
  }
}
