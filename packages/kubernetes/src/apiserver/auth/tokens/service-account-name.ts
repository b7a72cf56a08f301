const prefix = 'system:serviceaccount:'

/** User name of a service account. */
export function serviceAccountUsername(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

/** Opposite of {@link serviceAccountUsername}; undefined when the name is no service account's. */
export function splitServiceAccountUsername(
  username: string,
): { namespace: string; name: string } | undefined {
  if (!username.startsWith(prefix)) return undefined
  const [namespace, name, ...rest] = username.slice(prefix.length).split(':')
  if (!namespace || !name || rest.length > 0) return undefined
  const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
  const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
  return label.test(namespace) && name.length <= 253 && subdomain.test(name) ? { namespace, name } : undefined
}
