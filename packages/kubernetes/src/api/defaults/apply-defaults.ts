import { cloneJson, isJsonObject, type JsonObject } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import { formatQuantity, parseQuantity } from '../quantity.ts'
import type { ResourceInfo } from '../resource-info.ts'
import type { FieldNode, SchemaNode, StructNode } from '../schema/schema-node.ts'
import { schemaOf } from '../schema/schemas.ts'
import { isOmitted } from '../structure/go-fields.ts'
import * as cluster from './cluster.ts'
import { coreDefaults } from './core.ts'
import type { StructDefaults } from './struct-defaults.ts'
import * as workloads from './workloads.ts'

const byPackage: Record<string, StructDefaults> = {
  'io.k8s.api.admissionregistration.v1': cluster.admissionDefaults,
  'io.k8s.api.apps.v1': workloads.appsDefaults,
  'io.k8s.api.authentication.v1': cluster.authenticationDefaults,
  'io.k8s.api.autoscaling.v1': workloads.autoscalingV1Defaults,
  'io.k8s.api.autoscaling.v2': workloads.autoscalingV2Defaults,
  'io.k8s.api.batch.v1': workloads.batchDefaults,
  'io.k8s.api.core.v1': coreDefaults,
  'io.k8s.api.discovery.v1': cluster.discoveryDefaults,
  'io.k8s.api.flowcontrol.v1': cluster.flowcontrolDefaults,
  'io.k8s.api.networking.v1': cluster.networkingDefaults,
  'io.k8s.api.rbac.v1': cluster.rbacDefaults,
  'io.k8s.api.resource.v1': cluster.resourceDefaults,
  'io.k8s.api.scheduling.v1': cluster.schedulingDefaults,
  'io.k8s.api.storage.v1': cluster.storageDefaults,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': cluster.apiExtensionsDefaults,
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': cluster.apiRegistrationDefaults,
}

/**
 * Sets what upstream sets when it reads an object: defaults, and the fields that its conversions keep in step
 * (`stringData` into `data`, `serviceAccount`, `podIPs`). Changes the object, which has the form that `conform` gives;
 * does nothing for custom resources.
 */
export function applyDefaults(resource: ResourceInfo, object: KubeObject): void {
  if (resource.schema) applyStructDefaults(resource.schema, object)
}

/** The same for any built-in struct, e.g. bodies of subresources. */
export function applyStructDefaults(schemaName: string, object: KubeObject): void {
  planOf(schemaOf(schemaName))?.(object)
}

type Apply = (value: unknown) => void

/** `null`: nothing below has defaults. Absent: not looked at yet, or being looked at (recursive structs have none). */
const plans = new WeakMap<StructNode, Apply | null>()
const inProgress = new Set<StructNode>()

function planOf(struct: StructNode): Apply | undefined {
  const known = plans.get(struct)
  if (known !== undefined || inProgress.has(struct)) return known ?? undefined
  inProgress.add(struct)
  const plan = makePlan(struct)
  inProgress.delete(struct)
  plans.set(struct, plan ?? null)
  return plan
}

function makePlan(struct: StructNode): Apply | undefined {
  const own = ownDefaults(struct.name ?? '')
  const constants: FieldNode[] = []
  const children: [name: string, apply: Apply][] = []
  for (const field of struct.fields.values()) {
    if (field.default !== undefined && !isOmitted(field, field.default)) constants.push(field)
    const apply = nodePlan(field.node, struct)
    if (apply) children.push([field.name, apply])
  }
  if (!own && constants.length + children.length === 0) return undefined
  return (value) => {
    if (!isJsonObject(value)) return
    own?.(value as never)
    for (const field of constants) value[field.name] ??= cloneJson(field.default)
    for (const [name, apply] of children) if (value[name] !== undefined) apply(value[name])
  }
}

function ownDefaults(name: string): ((value: never) => void) | undefined {
  const dot = name.lastIndexOf('.')
  return byPackage[name.slice(0, dot)]?.[name.slice(dot + 1)]
}

/** RuntimeClass has no defaulting upstream, not even the rounding of its amounts. */
const unrounded = 'io.k8s.api.node.v1.Overhead'

function nodePlan(node: SchemaNode, owner: StructNode): Apply | undefined {
  switch (node.kind) {
    case 'struct':
      return planOf(node)
    case 'list': {
      const each = nodePlan(node.element, owner)
      return each && ((list) => Array.isArray(list) && list.forEach(each))
    }
    case 'map': {
      if (node.value.kind === 'scalar') {
        return node.value.type === 'quantity' && owner.name !== unrounded ? roundAmounts : undefined
      }
      const each = nodePlan(node.value, owner)
      return each && ((map) => isJsonObject(map) && Object.values(map).forEach(each))
    }
    default:
      return undefined
  }
}

const milli = 1_000_000n

/** Amounts are counted in thousandths at most; what is finer is rounded up. */
function roundAmounts(amounts: unknown): void {
  for (const [name, text] of Object.entries(amounts as JsonObject)) {
    // Only texts with a fraction or a suffix of that size can be finer.
    if (typeof text !== 'string' || !/[.nue]/.test(text)) continue
    const quantity = parseQuantity(text)
    if (!quantity || quantity.nanos % milli === 0n) continue
    const rest = quantity.nanos % milli
    const nanos = quantity.nanos - rest + (rest > 0n ? milli : -milli)
    const amountsByName = amounts as JsonObject
    amountsByName[name] = formatQuantity({ ...quantity, nanos })
  }
}
