import type { StoredKubeObject } from '../../../api/kube-object.ts'
import type { PolicyRule, RoleRef, Subject } from '../../../api/types/rbac-v1.ts'
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../client/resources.ts'
import { follow, lookUp, type StoreReader } from '../store-reader.ts'
import { serviceAccountUsername } from '../tokens/service-account-name.ts'
import type { UserInfo } from '../user-info.ts'

export interface RoleBinding extends StoredKubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export interface Role extends StoredKubeObject {
  rules?: PolicyRule[] | null
}

/** A binding that names a user (by name, group or service account), and by which subject. */
export interface Grant {
  binding: RoleBinding
  subject: Subject
}

/**
 * Bindings by whom they name, kept current from the store, so that a request looks at its own user's bindings only.
 * Roles are read from the store when needed.
 */
export class RbacIndex {
  readonly #store: StoreReader
  /** By subject, e.g. `u:jane`, `g:system:masters`, then by the binding's key. */
  readonly #clusterGrants = new Map<string, Map<string, Grant>>()
  /** The same per namespace. */
  readonly #grants = new Map<string, Map<string, Map<string, Grant>>>()
  readonly #stop: (() => void)[]

  constructor(store: StoreReader) {
    this.#store = store
    this.#stop = [
      follow<RoleBinding>(store, clusterRoleBindings, ({ key, current, previous }) => {
        if (previous) unlist(this.#clusterGrants, key, previous)
        if (current) list(this.#clusterGrants, key, current)
      }),
      follow<RoleBinding>(store, roleBindings, ({ key, current, previous }) => {
        const namespace = (current ?? previous)?.metadata.namespace ?? ''
        const grants = this.#grants.get(namespace) ?? new Map<string, Map<string, Grant>>()
        this.#grants.set(namespace, grants)
        if (previous) unlist(grants, key, previous)
        if (current) list(grants, key, current)
        if (grants.size === 0) this.#grants.delete(namespace)
      }),
    ]
  }

  /** Cluster-wide grants first, then those of the namespace ('' for none). */
  *grantsOf(user: UserInfo, namespace: string): Iterable<Grant> {
    yield* find(this.#clusterGrants, user)
    const grants = namespace ? this.#grants.get(namespace) : undefined
    if (grants) yield* find(grants, user)
  }

  /** Undefined when the role that a binding names does not exist. */
  rulesOf({ binding }: Grant): PolicyRule[] | undefined {
    const { kind, name } = binding.roleRef
    const role =
      kind === 'ClusterRole'
        ? lookUp<Role>(this.#store, clusterRoles, '', name)
        : lookUp<Role>(this.#store, roles, binding.metadata.namespace ?? '', name)
    return role && (role.rules ?? [])
  }

  close(): void {
    for (const stop of this.#stop) stop()
  }
}

type Grants = Map<string, Map<string, Grant>>

function* find(grants: Grants, user: UserInfo): Iterable<Grant> {
  const seen = new Set<string>()
  for (const subject of [`u:${user.username}`, ...user.groups.map((group) => `g:${group}`)]) {
    for (const [key, grant] of grants.get(subject) ?? []) {
      if (seen.has(key)) continue
      seen.add(key)
      yield grant
    }
  }
}

function list(grants: Grants, key: string, binding: RoleBinding): void {
  for (const subject of binding.subjects ?? []) {
    const of = subjectKey(subject, binding.metadata.namespace)
    if (!of) continue
    const bindings = grants.get(of) ?? new Map<string, Grant>()
    grants.set(of, bindings)
    if (!bindings.has(key)) bindings.set(key, { binding, subject })
  }
}

function unlist(grants: Grants, key: string, binding: RoleBinding): void {
  for (const subject of binding.subjects ?? []) {
    const of = subjectKey(subject, binding.metadata.namespace)
    const bindings = of === undefined ? undefined : grants.get(of)
    bindings?.delete(key)
    if (of !== undefined && bindings?.size === 0) grants.delete(of)
  }
}

function subjectKey(subject: Subject, bindingNamespace: string | undefined): string | undefined {
  if (subject.kind === 'User') return `u:${subject.name}`
  if (subject.kind === 'Group') return `g:${subject.name}`
  const namespace = subject.namespace || bindingNamespace
  if (subject.kind !== 'ServiceAccount' || !namespace) return undefined
  return `u:${serviceAccountUsername(namespace, subject.name)}`
}
