import { isReason } from '../../../api/api-error.ts'
import { deepEqual } from '../../../api/json.ts'
import type { GroupVersionResource, StoredKubeObject } from '../../../api/kube-object.ts'
import type { Client } from '../../../client/client.ts'
import {
  clusterRoleBindings,
  clusterRoles,
  namespaces,
  roleBindings,
  roles,
} from '../../../client/resources.ts'
import type { RoleBinding } from '../authorization/rbac-index.ts'
import { missingRules } from '../authorization/rules-cover.ts'
import { defaultPolicy } from './default-policy.ts'
import type { DefaultBinding, DefaultRole } from './parse-policy.ts'

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

/**
 * Makes the default roles and bindings, or adds to existing ones what they lack; what an administrator added stays, and
 * one marked `autoupdate: "false"` is left alone (component-helpers' auth/rbac/reconciliation).
 */
export async function reconcilePolicy(client: Client): Promise<void> {
  const policy = defaultPolicy()
  const spaces = new Set([...policy.roles, ...policy.roleBindings].map(({ metadata }) => metadata.namespace!))
  await Promise.all([
    reconcile(client, clusterRoles, policy.clusterRoles, reconciledRole),
    reconcile(client, clusterRoleBindings, policy.clusterRoleBindings, reconciledBinding),
    ...[...spaces].map(async (name) => {
      await ensureNamespace(client, name)
      const inSpace = ({ metadata }: StoredKubeObject): boolean => metadata.namespace === name
      await Promise.all([
        reconcile(client, roles, policy.roles.filter(inSpace), reconciledRole),
        reconcile(client, roleBindings, policy.roleBindings.filter(inSpace), reconciledBinding),
      ])
    }),
  ])
}

async function ensureNamespace(client: Client, name: string): Promise<void> {
  try {
    await client.create(namespaces, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

async function reconcile<T extends StoredKubeObject>(
  client: Client,
  resource: GroupVersionResource,
  wanted: readonly T[],
  reconciled: (existing: T, wanted: T) => T | undefined,
): Promise<void> {
  const namespace = wanted[0]?.metadata.namespace
  const { items } = await client.list<T>(resource, { namespace })
  const existing = new Map(items.map((item) => [item.metadata.name, item]))
  await Promise.all(
    wanted.map((object) => write(client, resource, object, existing.get(object.metadata.name), reconciled)),
  )
}

async function write<T extends StoredKubeObject>(
  client: Client,
  resource: GroupVersionResource,
  wanted: T,
  existing: T | undefined,
  reconciled: (existing: T, wanted: T) => T | undefined,
): Promise<void> {
  const { name = '', namespace } = wanted.metadata
  for (let current = existing, attempt = 0; ; attempt++) {
    try {
      if (!current) {
        await client.create(resource, namespace, wanted)
      } else {
        const next =
          current.metadata.annotations?.[autoUpdate] === 'false' ? undefined : reconciled(current, wanted)
        if (next && hasOtherRole(current, next)) {
          await client.delete(resource, namespace, name, {
            preconditions: { uid: current.metadata.uid },
          })
          await client.create(resource, namespace, wanted)
        } else if (next) await client.update(resource, next)
      }
      return
    } catch (error) {
      const raced =
        isReason(error, 'AlreadyExists') || isReason(error, 'Conflict') || isReason(error, 'NotFound')
      if (!raced || attempt >= 3) throw error
      current = await find<T>(client, resource, namespace, name)
    }
  }
}

async function find<T>(
  client: Client,
  resource: GroupVersionResource,
  namespace: string | undefined,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get<T>(resource, namespace, name)
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  }
}

/** Undefined when nothing is missing. */
function reconciledRole(existing: DefaultRole, wanted: DefaultRole): DefaultRole | undefined {
  const metadata = reconciledMetadata(existing, wanted)
  const missing = missingRules(existing.rules ?? [], wanted.rules)
  const selectors = existing.aggregationRule?.clusterRoleSelectors ?? []
  const missingSelectors = (wanted.aggregationRule?.clusterRoleSelectors ?? []).filter(
    (selector) => !selectors.some((known) => deepEqual(known, selector)),
  )
  const surplus = !wanted.aggregationRule && existing.aggregationRule !== undefined
  if (!metadata && missing.length === 0 && missingSelectors.length === 0 && !surplus) return undefined
  const { aggregationRule: _, ...rest } = existing
  return {
    ...rest,
    metadata: metadata ?? existing.metadata,
    rules: [...(existing.rules ?? []), ...missing],
    ...(wanted.aggregationRule && {
      aggregationRule: { clusterRoleSelectors: [...selectors, ...missingSelectors] },
    }),
  }
}

function reconciledBinding(existing: DefaultBinding, wanted: DefaultBinding): DefaultBinding | undefined {
  // A binding's role cannot be changed: the whole object is made anew.
  if (hasOtherRole(existing, wanted)) return wanted
  const metadata = reconciledMetadata(existing, wanted)
  const subjects = existing.subjects ?? []
  const missing = wanted.subjects.filter(
    ({ kind, name, namespace = '' }) =>
      !subjects.some((one) => one.kind === kind && one.name === name && (one.namespace ?? '') === namespace),
  )
  if (!metadata && missing.length === 0) return undefined
  return { ...existing, metadata: metadata ?? existing.metadata, subjects: [...subjects, ...missing] }
}

function hasOtherRole(left: StoredKubeObject, right: StoredKubeObject): boolean {
  const [one, other] = [left, right].map((object) => (object as Partial<RoleBinding>).roleRef)
  return one !== undefined && (one.kind !== other?.kind || one.name !== other.name)
}

/** Existing labels and annotations win over the default ones. Undefined when none is missing. */
function reconciledMetadata(
  { metadata }: StoredKubeObject,
  wanted: StoredKubeObject,
): StoredKubeObject['metadata'] | undefined {
  const labels = { ...wanted.metadata.labels, ...metadata.labels }
  const annotations = { ...wanted.metadata.annotations, ...metadata.annotations }
  const same = deepEqual(labels, metadata.labels) && deepEqual(annotations, metadata.annotations)
  return same ? undefined : { ...metadata, labels, annotations }
}
