import { type DefaultBinding, type DefaultRole, parseBindings, parseRoles } from './parse-policy.ts'
import * as data from './policy-data.ts'

export interface DefaultPolicy {
  clusterRoles: DefaultRole[]
  roles: DefaultRole[]
  clusterRoleBindings: DefaultBinding[]
  roleBindings: DefaultBinding[]
}

/**
 * Ours beside upstream's: the node process is kubelet and proxy in one, with one identity, so nodes may also read what a
 * proxy needs, and what one needs that applies network policies.
 */
const ownRoles = `
system:embedded-network-policy
  list,watch core namespaces,pods
  list,watch networking.k8s.io networkpolicies
`
const ownBindings = `
system:embedded-node-proxier system:node-proxier group:system:nodes
system:embedded-network-policy system:embedded-network-policy group:system:nodes
`

const controllerPrefix = 'system:controller:'

/** The roles and bindings that every cluster has. */
export function defaultPolicy(): DefaultPolicy {
  const controllerRoles = parseRoles(data.controllerRoles, 'ClusterRole')
  const controllerBindings = controllerRoles
    .map(({ metadata: { name = '' } }) => `${name} = sa:kube-system/${name.slice(controllerPrefix.length)}`)
    .join('\n')
  return {
    clusterRoles: [...parseRoles(data.clusterRoles + ownRoles, 'ClusterRole'), ...controllerRoles],
    roles: parseRoles(data.namespaceRoles, 'Role'),
    clusterRoleBindings: parseBindings(
      data.clusterRoleBindings + controllerBindings + ownBindings,
      'ClusterRoleBinding',
    ),
    roleBindings: parseBindings(data.namespaceRoleBindings, 'RoleBinding'),
  }
}
