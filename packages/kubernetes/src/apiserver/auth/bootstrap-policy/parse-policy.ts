import type { PolicyRule, Subject } from '../../../api/types/rbac-v1.ts'
import type { Role, RoleBinding } from '../authorization/rbac-index.ts'

const apiGroup = 'rbac.authorization.k8s.io'
const aggregateTo = `${apiGroup}/aggregate-to-`
const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']

/** A role that may gather the rules of others. */
export interface DefaultRole extends Role {
  rules: PolicyRule[]
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] }
}

export type DefaultBinding = RoleBinding & { subjects: Subject[] }

/** Reads the notation of `policy-data.ts`. */
export function parseRoles(text: string, kind: 'ClusterRole' | 'Role'): DefaultRole[] {
  const roles: DefaultRole[] = []
  for (const line of lines(text)) {
    if (line.startsWith(' ')) roles.at(-1)!.rules.push(parseRule(line.trim()))
    else roles.push(parseRole(line, kind))
  }
  return roles
}

function parseRole(line: string, kind: 'ClusterRole' | 'Role'): DefaultRole {
  const words = line.split(' ')
  const namespace = kind === 'Role' ? words.shift() : undefined
  const [name = '', ...marks] = words
  const marked = (prefix: string): string[] =>
    marks.filter((mark) => mark.startsWith(prefix)).map((mark) => aggregateTo + mark.slice(prefix.length))
  const selectors = marked('from:').map((label) => ({ matchLabels: { [label]: 'true' } }))
  const labels = Object.fromEntries(marked('label:').map((label) => [label, 'true']))
  return {
    apiVersion: `${apiGroup}/v1`,
    kind,
    metadata: metadataOf(name, namespace, labels),
    rules: [],
    ...(selectors.length > 0 && { aggregationRule: { clusterRoleSelectors: selectors } }),
  }
}

function parseRule(line: string): PolicyRule {
  const [verbs = '', where = '', resources, names] = line.split(' ')
  const rule: PolicyRule = {
    verbs: verbs.split(',').flatMap((verb) => (verb === 'read' ? read : verb === 'write' ? write : [verb])),
  }
  if (resources === undefined) return { ...rule, nonResourceURLs: where.split(',') }
  return {
    ...rule,
    apiGroups: where.split(',').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(','),
    ...(names && { resourceNames: names.split(',') }),
  }
}

export function parseBindings(text: string, kind: 'ClusterRoleBinding' | 'RoleBinding'): DefaultBinding[] {
  return lines(text).map((line) => {
    const words = line.split(' ')
    const namespace = kind === 'RoleBinding' ? words.shift() : undefined
    const [name = '', role = '', ...subjects] = words
    return {
      apiVersion: `${apiGroup}/v1`,
      kind,
      metadata: metadataOf(name, namespace, {}),
      roleRef: {
        apiGroup,
        kind: kind === 'RoleBinding' ? 'Role' : 'ClusterRole',
        name: role === '=' ? name : role,
      },
      subjects: subjects.map(parseSubject),
    }
  })
}

function parseSubject(text: string): Subject {
  const colon = text.indexOf(':')
  const kind = text.slice(0, colon)
  const name = text.slice(colon + 1)
  if (kind !== 'sa') return { apiGroup, kind: kind === 'user' ? 'User' : 'Group', name }
  const [namespace = '', account = ''] = name.split('/')
  return { kind: 'ServiceAccount', name: account, namespace }
}

function metadataOf(name: string, namespace: string | undefined, labels: Record<string, string>) {
  return {
    name,
    ...(namespace && { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
