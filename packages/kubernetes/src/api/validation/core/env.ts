import type { EnvFromSource, EnvVar, FileKeySelector } from '../../types/core-v1.ts'
import type { Field } from '../field.ts'
import { isConfigMapKey, isDns1123Label, isDns1123Subdomain, isEnvVarName } from '../formats.ts'
import { named, namedIfSet } from '../rules.ts'
import { envFieldPaths, validateFieldRef, validateResourceFieldRef } from './field-refs.ts'
import { validateNoBacksteps } from './paths.ts'

export function validateEnv(variables: EnvVar[], field: Field): void {
  for (const [index, variable] of variables.entries()) {
    const here = field.index(index)
    named(variable.name, isEnvVarName, here.at('name'))
    validateValueFrom(variable, here.at('valueFrom'))
  }
}

function validateValueFrom({ value, valueFrom }: EnvVar, field: Field): void {
  if (!valueFrom) return
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom
  if (fieldRef) validateFieldRef(fieldRef, envFieldPaths, field.at('fieldRef'))
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, false, field.at('resourceFieldRef'))
  for (const [name, reference] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (!reference) continue
    const at = field.at(name)
    at.at('name').check(reference.name ?? '', isDns1123Subdomain(reference.name ?? ''))
    named(reference.key, isConfigMapKey, at.at('key'))
  }
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, field.at('fileKeyRef'))
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean)
  if (sources.length === 0)
    field.invalid(
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    )
  else if (value) field.invalid('', 'may not be specified when `value` is not empty')
  else if (sources.length > 1) field.invalid('', 'may not have more than one field specified at a time')
}

function validateFileKeyRef({ key, volumeName, path }: FileKeySelector, field: Field): void {
  named(key, isEnvVarName, field.at('key'))
  named(volumeName, isDns1123Label, field.at('volumeName'))
  if (path) validateNoBacksteps(path, field.at('path'))
  else field.at('path').required()
}

export function validateEnvFrom(sources: EnvFromSource[], field: Field): void {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const here = field.index(index)
    namedIfSet(prefix, isEnvVarName, here.at('prefix'))
    if (configMapRef) named(configMapRef.name, isDns1123Subdomain, here.at('configMapRef', 'name'))
    if (secretRef) named(secretRef.name, isDns1123Subdomain, here.at('secretRef', 'name'))
    if (!configMapRef && !secretRef) field.invalid('', 'must specify one of: `configMapRef` or `secretRef`')
    else if (configMapRef && secretRef)
      field.invalid('', 'may not have more than one field specified at a time')
  }
}
