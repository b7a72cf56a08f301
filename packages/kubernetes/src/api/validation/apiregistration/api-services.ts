import type { APIService, APIServiceSpec, APIServiceStatus } from '../../types/apiregistration-v1.ts'
import type { Field } from '../field.ts'
import { isDns1035Label, isDns1123Subdomain, isPortNumber } from '../formats.ts'
import { namedIfSet, oneOfIfSet } from '../rules.ts'
import type { Validator } from '../validator.ts'

function validateService({ metadata, spec = {} as APIServiceSpec }: APIService, field: Field): void {
  const { group = '', version = '', service, caBundle = '', insecureSkipTLSVerify } = spec
  const at = field.at('spec')
  const name = `${version}.${group}`
  if (metadata.name !== name) {
    field
      .at('metadata', 'name')
      .invalid(metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`)
  }
  if (!group && version !== 'v1')
    at.at('group').required('only v1 may have an empty group and it better be legacy kube')
  namedIfSet(group, isDns1123Subdomain, at.at('group'))
  at.at('version').check(version, isDns1035Label(version))
  const { groupPriorityMinimum = 0, versionPriority = 0 } = spec
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > 20_000)
    at.at('groupPriorityMinimum').invalid(groupPriorityMinimum, 'must be positive and less than 20000')
  if (versionPriority <= 0 || versionPriority > 1000)
    at.at('versionPriority').invalid(versionPriority, 'must be positive and less than 1000')
  if (!service) {
    if (caBundle) {
      const bytes = Buffer.from(caBundle, 'base64').length
      at.at('caBundle').invalid(`${bytes} bytes`, 'local APIServices may not have a caBundle')
    }
    if (insecureSkipTLSVerify)
      at.at('insecureSkipTLSVerify').invalid(true, 'local APIServices may not have insecureSkipTLSVerify')
    return
  }
  const where = at.at('service')
  if (!service.namespace) where.at('namespace').required()
  if (!service.name) where.at('name').required()
  const problems = isPortNumber(service.port ?? 0)
  if (problems.length > 0) where.at('port').invalid(service.port, `port is not valid: ${problems.join(', ')}`)
  if (insecureSkipTLSVerify && caBundle)
    at.at('insecureSkipTLSVerify').invalid(true, 'may not be true if caBundle is present')
}

function validateStatus({ conditions = [] }: APIServiceStatus = {}, field: Field): void {
  for (const [index, { status }] of conditions.entries())
    oneOfIfSet(status ?? '', ['True', 'False', 'Unknown'], field.at('conditions').index(index).at('status'))
}

export const apiServices: Validator<APIService> = {
  create: validateService,
  update(next, _old, subresource, field) {
    if (subresource === 'status') validateStatus(next.status, field.at('status'))
    else validateService(next, field)
  },
}
