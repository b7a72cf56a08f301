import { ApiError } from '../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../api/kube-object.ts'
import { toTime } from '../../api/time.ts'
import type { Binding, Pod } from '../../api/types/core-v1.ts'
import { withCondition } from '../../client/conditions.ts'
import { builtinShape } from '../registry/builtin-resources.ts'
import type { Registry, Target } from '../registry/registry.ts'
import type { SubresourceCreate, SubresourceHandler } from '../registry/subresource-handler.ts'
import { successStatus } from './success-status.ts'

/** `pods/binding`: gives a pod its node. `target` is made for `POST /bindings`, which names the pod in the body. */
export function podBindingHandler(registry: Registry, now: () => number): SubresourceHandler {
  return {
    get body() {
      return builtinShape({ group: '', version: 'v1', kind: 'Binding' })
    },
    async create({ target, object, context }: SubresourceCreate): Promise<KubeObject> {
      const binding = object as KubeObject & Binding
      if ((binding.metadata?.name ?? '') !== target.name) {
        throw ApiError.badRequest('name in URL does not match name in Binding object')
      }
      const { kind = '', name: nodeName = '' } = binding.target ?? {}
      if (kind && kind !== 'Node') {
        throw new ApiError(
          '',
          `target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`,
        )
      }
      if (!nodeName) throw new ApiError('', 'target.name: Required value')
      await registry.mutate(target, (pod) => bound(target, pod, binding, nodeName, now()), context.dryRun)
      return successStatus(201)
    },
  }
}

function bound(
  { name }: Target,
  stored: StoredKubeObject,
  binding: Binding,
  nodeName: string,
  now: number,
): StoredKubeObject {
  const pod = stored as StoredKubeObject & Pod
  const refuse = (why: string): never => {
    throw ApiError.conflict('', 'pods/binding', name, why)
  }
  const { uid, resourceVersion, annotations, labels } = binding.metadata ?? {}
  if (uid && uid !== pod.metadata.uid) {
    refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`)
  }
  if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion) {
    refuse(
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
    )
  }
  if (pod.metadata.deletionTimestamp) refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec?.nodeName)
    refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
  if (pod.spec?.schedulingGates?.length) refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  const { nominatedNodeName: _, ...status } = pod.status ?? {}
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations && { annotations: { ...pod.metadata.annotations, ...annotations } }),
      ...(labels && { labels: { ...pod.metadata.labels, ...labels } }),
    },
    spec: { ...pod.spec, nodeName },
    status: {
      ...status,
      conditions: withCondition(
        status.conditions ?? [],
        { type: 'PodScheduled', status: 'True' },
        toTime(now),
      ),
    },
  } as StoredKubeObject
}
