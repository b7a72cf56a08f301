import type { Service } from '../../api/types/core-v1.ts'

/**
 * The variables of old that name services: of the pod's own namespace when it wants links, and `kubernetes` of the default
 * namespace always.
 */
export function serviceVariables(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, Service>()
  for (const service of services) {
    const { clusterIP } = service.spec ?? {}
    if (!clusterIP || clusterIP === 'None') continue
    const name = service.metadata.name ?? ''
    if (service.metadata.namespace === 'default' && name === 'kubernetes') {
      if (!chosen.has(name)) chosen.set(name, service)
    } else if (service.metadata.namespace === namespace && links) {
      chosen.set(name, service)
    }
  }
  const variables = new Map<string, string>()
  for (const service of chosen.values()) addVariables(variables, service)
  return variables
}

function addVariables(variables: Map<string, string>, service: Service): void {
  const prefix = variableName(service.metadata.name ?? '')
  const address = service.spec?.clusterIP ?? ''
  const ports = service.spec?.ports ?? []
  variables.set(`${prefix}_SERVICE_HOST`, address)
  variables.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? ''))
  for (const { name, port } of ports) {
    if (name) variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port))
  }
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const host = address.includes(':') ? `[${address}]` : address
    const url = `${protocol.toLowerCase()}://${host}:${port}`
    if (index === 0) variables.set(`${prefix}_PORT`, url)
    const one = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
    variables.set(one, url)
    variables.set(`${one}_PROTO`, protocol.toLowerCase())
    variables.set(`${one}_PORT`, String(port))
    variables.set(`${one}_ADDR`, address)
  }
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
