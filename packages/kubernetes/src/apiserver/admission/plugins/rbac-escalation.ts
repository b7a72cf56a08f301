import { ApiError } from '../../../api/api-error.ts'
import { deepEqual } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { ClusterRole, PolicyRule, RoleRef } from '../../../api/types/rbac-v1.ts'
import { clusterRoles, roles } from '../../../client/resources.ts'
import type { Auth } from '../../auth/auth.ts'
import { describeRules, missingRules } from '../../auth/authorization/rules-cover.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import { privilegedGroup } from '../../auth/user-info.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'

const group = 'rbac.authorization.k8s.io'
const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/**
 * Nobody grants by roles and bindings what they do not have themselves, unless they may `escalate` or `bind`. Upstream
 * does this in RBAC's own storage (pkg/registry/rbac/…/policybased); it stands here because it asks the same questions.
 */
export class RbacEscalation implements AdmissionPlugin {
  readonly name = 'RbacEscalation'
  readonly #auth: Auth
  readonly #store: StoreReader

  constructor(auth: Auth, store: StoreReader) {
    this.#auth = auth
    this.#store = store
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, resource, subresource, object, oldObject, user } = attributes
    if (resource.group !== group || subresource || !object) return
    if (operation !== 'CREATE' && operation !== 'UPDATE') return
    if (user.groups.includes(privilegedGroup)) return
    // The garbage collector may finish off what it could not have granted.
    if (oldObject && onlyCollectorFieldsDiffer(object, oldObject)) return
    if (resource.resource === 'roles' || resource.resource === 'clusterroles') await this.#role(attributes)
    else await this.#binding(attributes)
  }

  async #role(attributes: AdmissionAttributes): Promise<void> {
    const { resource, object, oldObject, namespace, name, user } = attributes
    const may = await this.#auth.authorizer.authorize({
      user,
      verb: 'escalate',
      group,
      version: '*',
      resource: resource.resource,
      namespace,
      name,
    })
    if (may.allowed) return
    this.#confirm(attributes, (object as unknown as ClusterRole).rules ?? [])
    // An aggregation may gather anything.
    if (!aggregates(object) && !aggregates(oldObject)) return
    if (this.#missing(attributes, everything).length > 0) {
      throw this.#forbidden(attributes, 'must have cluster-admin privileges to use the aggregationRule')
    }
  }

  async #binding(attributes: AdmissionAttributes): Promise<void> {
    const { namespace, object, user } = attributes
    const { roleRef } = object as unknown as { roleRef: RoleRef }
    const resource = { ClusterRole: clusterRoles, Role: roles }[roleRef.kind]
    if (!resource) return
    const may = await this.#auth.authorizer.authorize({
      user,
      verb: 'bind',
      group,
      version: '*',
      resource: resource.resource,
      namespace,
      name: roleRef.name,
    })
    if (may.allowed) return
    const role = lookUp<ClusterRole>(
      this.#store,
      resource,
      roleRef.kind === 'Role' ? namespace : '',
      roleRef.name,
    )
    if (!role) throw ApiError.notFound(group, resource.resource, roleRef.name)
    this.#confirm(attributes, role.rules ?? [])
  }

  #missing({ user, namespace }: AdmissionAttributes, rules: readonly PolicyRule[]): PolicyRule[] {
    return missingRules(this.#auth.rules.rulesFor(user, namespace).rules, rules)
  }

  #confirm(attributes: AdmissionAttributes, rules: readonly PolicyRule[]): void {
    const missing = this.#missing(attributes, rules)
    if (missing.length === 0) return
    const { user, namespace } = attributes
    const { errors } = this.#auth.rules.rulesFor(user, namespace)
    const groups = user.groups.map((each) => JSON.stringify(each)).join(' ')
    const problems = errors.length > 0 ? `; resolution errors: [${errors.join(' ')}]` : ''
    throw this.#forbidden(
      attributes,
      `user ${JSON.stringify(user.username)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${describeRules(missing).join('\n')}${problems}`,
    )
  }

  #forbidden({ resource, name, object }: AdmissionAttributes, why: string): ApiError {
    return ApiError.forbidden(group, resource.resource, name || object?.metadata?.name || '', why)
  }
}

function aggregates(object: KubeObject | undefined): boolean {
  const rule = (object as unknown as ClusterRole | undefined)?.aggregationRule
  return (rule?.clusterRoleSelectors?.length ?? 0) > 0
}

function onlyCollectorFieldsDiffer(next: KubeObject, old: KubeObject): boolean {
  const without = ({ metadata, ...rest }: KubeObject): object => {
    const { ownerReferences, finalizers, managedFields, resourceVersion, ...others } = metadata ?? {}
    return { ...rest, metadata: others }
  }
  return deepEqual(without(next), without(old))
}
