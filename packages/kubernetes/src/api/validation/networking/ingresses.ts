import { parseIp } from '../../ip.ts'
import type { TypedLocalObjectReference } from '../../types/core-v1.ts'
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressClassParametersReference,
  IngressRule,
  IngressSpec,
  IngressStatus,
  IngressTLS,
} from '../../types/networking-v1.ts'
import { Field } from '../field.ts'
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegment,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { domainPrefixedPath, named, namedIfSet, validateIp } from '../rules.ts'
import type { Validator } from '../validator.ts'

const classAnnotation = 'kubernetes.io/ingress.class'
const longestController = 250

function validateHost(host: string, field: Field): void {
  field.check(host, host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host))
}

function validatePath({ path = '', pathType, backend }: HTTPIngressPath, field: Field): void {
  if (pathType === undefined) {
    field.at('pathType').required('pathType must be specified')
    return
  }
  const at = field.at('path')
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      if (!path.startsWith('/')) at.invalid(path, 'must be an absolute path')
      for (const part of ['//', '/./', '/../', '%2f', '%2F'])
        if (path.includes(part)) at.invalid(path, `must not contain '${part}'`)
      for (const end of ['/..', '/.']) if (path.endsWith(end)) at.invalid(path, `cannot end with '${end}'`)
      break
    case 'ImplementationSpecific':
      if (path && !path.startsWith('/')) at.invalid(path, 'must be an absolute path')
      break
    default:
      field.at('pathType').notSupported(pathType, ['Exact', 'ImplementationSpecific', 'Prefix'])
  }
  validateBackend(backend ?? {}, field.at('backend'))
}

function validateBackend({ resource, service }: Partial<IngressBackend>, field: Field): void {
  if (resource && service) {
    field.invalid('', 'cannot set both resource and service backends')
  } else if (resource) {
    validateReference(resource, field.at('resource'))
  } else if (service) {
    named(service.name, isDns1123Label, field.at('service', 'name'))
    const { name, number } = service.port ?? {}
    const port = field.at('service', 'port')
    if (name && number) field.invalid('', 'cannot set both port name & port number')
    else if (name) port.at('name').check(name, isPortName(name))
    else if (number) port.at('number').check(number, isPortNumber(number))
    else field.required('port name or number is required')
  } else {
    field.invalid('', 'resource or service backend is required')
  }
}

type Reference = Pick<TypedLocalObjectReference, 'apiGroup' | 'kind' | 'name'>

function validateReference({ apiGroup, kind, name }: Reference, field: Field): void {
  if (apiGroup !== undefined) field.at('apiGroup').check(apiGroup, isDns1123Subdomain(apiGroup))
  named(kind, isPathSegment, field.at('kind'))
  named(name, isPathSegment, field.at('name'))
}

function validateRuleValue({ http }: IngressRule, field: Field): void {
  if (!http) return
  const at = field.at('http', 'paths')
  const { paths = [] } = http
  if (paths.length === 0) at.required()
  for (const [index, path] of paths.entries()) validatePath(path, at.index(index))
}

interface Options {
  /** What was wrong before may stay. */
  anySecretName?: boolean
  anyWildcardRule?: boolean
}

function validateRules(rules: IngressRule[], field: Field, { anyWildcardRule }: Options): void {
  for (const [index, rule] of rules.entries()) {
    const at = field.index(index)
    const { host } = rule
    if (host) {
      if (parseIp(host)) at.at('host').invalid(host, 'must be a DNS name, not an IP address')
      validateHost(host, at.at('host'))
    }
    if (!anyWildcardRule || !host?.includes('*')) validateRuleValue(rule, at)
  }
}

function validateTls(list: IngressTLS[], field: Field, { anySecretName }: Options): void {
  for (const [index, { hosts = [], secretName }] of list.entries()) {
    const at = field.index(index)
    for (const [nth, host] of hosts.entries()) validateHost(host, at.at('hosts').index(nth))
    if (!anySecretName) namedIfSet(secretName, isDns1123Subdomain, at.at('secretName'))
  }
}

function validateSpec(spec: IngressSpec, field: Field, options: Options): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec
  if (rules.length === 0 && !defaultBackend)
    field.invalid(spec.rules, 'either `defaultBackend` or `rules` must be specified')
  if (defaultBackend) validateBackend(defaultBackend, field.at('defaultBackend'))
  validateRules(rules, field.at('rules'), options)
  validateTls(tls, field.at('tls'), options)
  if (ingressClassName !== undefined)
    field.at('ingressClassName').check(ingressClassName, isDns1123Subdomain(ingressClassName))
}

function optionsOf({ rules = [], tls = [] }: IngressSpec): Options {
  return {
    anySecretName: tls.some(({ secretName }) => secretName && isDns1123Subdomain(secretName).length > 0),
    anyWildcardRule: rules.some((rule) => {
      const scratch = new Field([])
      validateRuleValue(rule, scratch)
      return rule.host?.includes('*') && scratch.causes.length > 0
    }),
  }
}

function validateStatus(next: IngressStatus = {}, old: IngressStatus = {}, field: Field): void {
  const before = (old.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '')
  for (const [index, { ip, hostname }] of (next.loadBalancer?.ingress ?? []).entries()) {
    const at = field.at('loadBalancer', 'ingress').index(index)
    if (ip) validateIp(ip, at.at('ip'), before)
    if (!hostname) continue
    at.at('hostname').check(hostname, isDns1123Subdomain(hostname))
    if (parseIp(hostname)) at.at('hostname').invalid(hostname, 'must be a DNS name, not an IP address')
  }
}

export const ingresses: Validator<Ingress> = {
  create({ metadata, spec = {} }, field) {
    validateSpec(spec, field.at('spec'), {})
    const name = metadata.annotations?.[classAnnotation]
    if (name !== undefined && spec.ingressClassName !== undefined && name !== spec.ingressClassName) {
      field
        .at('annotations', classAnnotation)
        .invalid(name, 'must match `ingressClassName` when both are specified')
    }
  },
  update(next, old, subresource, field) {
    if (subresource === 'status') validateStatus(next.status, old.status, field.at('status'))
    else validateSpec(next.spec ?? {}, field.at('spec'), optionsOf(old.spec ?? {}))
  },
}

function validateParameters(parameters: IngressClassParametersReference, field: Field): void {
  validateReference(parameters, field)
  const { scope, namespace } = parameters
  const at = field.at('namespace')
  if (scope === undefined) {
    field.at('scope').required()
  } else if (scope === 'Namespace') {
    if (namespace === undefined) at.required("`parameters.scope` is set to 'Namespace'")
    else at.check(namespace, isDns1123Label(namespace))
  } else if (scope !== 'Cluster') {
    field.at('scope').notSupported(scope, ['Cluster', 'Namespace'])
  } else if (namespace !== undefined) {
    at.forbidden("`parameters.scope` is set to 'Cluster'")
  }
}

function validateClass({ spec = {} }: IngressClass, field: Field): void {
  const { controller = '', parameters } = spec
  const at = field.at('spec')
  if (controller.length > longestController) at.at('controller').tooLong(longestController)
  domainPrefixedPath(controller, at.at('controller'))
  if (parameters) validateParameters(parameters, at.at('parameters'))
}

export const ingressClasses: Validator<IngressClass> = {
  create: validateClass,
  update(next, old, _subresource, field) {
    validateImmutable(next.spec?.controller, old.spec?.controller, field.at('spec', 'controller'))
    validateClass(next, field)
  },
}
