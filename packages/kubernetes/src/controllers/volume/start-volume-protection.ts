import { isReason } from '../../api/api-error.ts'
import type { GroupVersionResource, ObjectMeta } from '../../api/kube-object.ts'
import { claimNameOf } from '../../api/storage/claims.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { VolumeAttributesClass } from '../../api/types/storage-v1.ts'
import { keyOf, splitKey } from '../../client/informer.ts'
import { isPodTerminal } from '../../client/pod-state.ts'
import {
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttributesClasses,
} from '../../client/resources.ts'
import { createLoop } from '../common/loop.ts'
import { podInformer } from '../common/owned-pods.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import {
  attributesProtectionFinalizer,
  claimProtectionFinalizer,
  volumeProtectionFinalizer,
} from './volume-names.ts'

interface Protected {
  metadata: ObjectMeta
}

/** Claims stay while pods use them. */
export function startClaimProtection(context: ControllerContext): Controller {
  const { client } = context
  const cache = context.informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const podCache = podInformer(context)
  const loop = createLoop(context, {
    name: 'pvc-protection-controller',
    caches: [cache, podCache],
    async reconcile(key) {
      const { namespace, name } = splitKey(key)
      const claim = cache.get(namespace, name)
      if (!claim) return
      await protect(context, persistentVolumeClaims, claim, claimProtectionFinalizer, async () => {
        if (podCache.list(namespace).some((pod) => uses(pod, claim))) return true
        // The last look before data may go is at the server itself.
        const { items } = await client.list<Pod>(pods, { namespace })
        return items.some((pod) => uses(pod, claim))
      })
    },
  })
  loop.listen(cache, ({ current }) => {
    if (current && needsWork(current, claimProtectionFinalizer)) loop.queue.add(keyOf(current))
  })
  loop.listen(podCache, ({ current, old }) => {
    const pod = (current ?? old) as Pod
    const namespace = pod.metadata.namespace ?? ''
    for (const volume of pod.spec?.volumes ?? []) {
      const name = claimNameOf(pod, volume)?.name
      const claim = name ? cache.get(namespace, name) : undefined
      if (claim && needsWork(claim, claimProtectionFinalizer)) loop.queue.add(keyOf(claim))
    }
  })
  return loop
}

/** An unscheduled pod does not count: kubelets start none with a claim that is being deleted. */
function uses(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  if (!pod.spec?.nodeName) return false
  return (pod.spec.volumes ?? []).some((volume) => {
    const claim = claimNameOf(pod, volume)
    if (claim?.name !== metadata.name) return false
    if (!claim?.ephemeral) return true
    return (
      !isPodTerminal(pod) && metadata.ownerReferences?.some(({ uid }) => uid === pod.metadata.uid) === true
    )
  })
}

/** Volumes stay while they are bound. */
export function startVolumeProtection(context: ControllerContext): Controller {
  const cache = context.informers.informer<PersistentVolume>(persistentVolumes)
  const loop = createLoop(context, {
    name: 'pv-protection-controller',
    caches: [cache],
    async reconcile(name) {
      const volume = cache.get('', name)
      if (!volume) return
      await protect(
        context,
        persistentVolumes,
        volume,
        volumeProtectionFinalizer,
        async () => volume.status?.phase === 'Bound',
      )
    },
  })
  loop.listen(cache, ({ current }) => {
    if (current && needsWork(current, volumeProtectionFinalizer)) loop.queue.add(keyOf(current))
  })
  return loop
}

/** Classes of volume attributes stay while volumes or claims name them. */
export function startAttributesClassProtection(context: ControllerContext): Controller {
  const { informers } = context
  const cache = informers.informer<VolumeAttributesClass>(volumeAttributesClasses)
  const claims = informers.informer<PersistentVolumeClaim>(persistentVolumeClaims)
  const volumes = informers.informer<PersistentVolume>(persistentVolumes)
  const loop = createLoop(context, {
    name: 'volumeattributesclass-protection-controller',
    caches: [cache, claims, volumes],
    async reconcile(name) {
      const attributes = cache.get('', name)
      if (!attributes) return
      await protect(
        context,
        volumeAttributesClasses,
        attributes,
        attributesProtectionFinalizer,
        async () =>
          volumes.list().some((volume) => volume.spec?.volumeAttributesClassName === name) ||
          claims.list().some((claim) => attributesClassesOf(claim).includes(name)),
      )
    },
  })
  const check = (name: string): void => {
    const attributes = cache.get('', name)
    if (attributes && needsWork(attributes, attributesProtectionFinalizer)) loop.queue.add(name)
  }
  loop.listen(cache, ({ current }) => {
    if (current) check(keyOf(current))
  })
  loop.listen(claims, ({ old }) => {
    if (old) attributesClassesOf(old).forEach(check)
  })
  loop.listen(volumes, ({ old }) => {
    if (old?.spec?.volumeAttributesClassName) check(old.spec.volumeAttributesClassName)
  })
  return loop
}

/** Those that a claim wants, has, and is on its way to. */
function attributesClassesOf({ spec, status }: PersistentVolumeClaim): string[] {
  return [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name): name is string => Boolean(name))
}

function needsWork({ metadata }: Protected, finalizer: string): boolean {
  return (metadata.deletionTimestamp !== undefined) === (metadata.finalizers?.includes(finalizer) === true)
}

async function protect<T extends Protected>(
  { client }: ControllerContext,
  resource: GroupVersionResource,
  object: T,
  finalizer: string,
  isUsed: () => Promise<boolean>,
): Promise<void> {
  if (!needsWork(object, finalizer)) return
  const { metadata } = object
  const others = (metadata.finalizers ?? []).filter((each) => each !== finalizer)
  if (metadata.deletionTimestamp && (await isUsed())) return
  const finalizers = metadata.deletionTimestamp ? others : [...others, finalizer]
  try {
    await client.update(resource, { ...object, metadata: { ...metadata, finalizers } })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
