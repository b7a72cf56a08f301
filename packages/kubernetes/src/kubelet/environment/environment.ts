import type { Container, EnvVar, EnvVarSource, Service } from '../../api/types/core-v1.ts'
import type { NodePod } from '../pods/node-pod.ts'
import { readEnvFile } from './env-file.ts'
import { expandVariables } from './expand.ts'
import { fieldValue, type PodAddresses } from './field-path.ts'
import type { ObjectReader } from './object-reader.ts'
import { resourceFieldValue } from './resource-field.ts'
import { serviceVariables } from './service-variables.ts'

export interface EnvironmentInputs {
  pod: NodePod
  container: Container
  addresses: PodAddresses
  services: readonly Service[]
  allocatable: Record<string, string>
  objects: ObjectReader
  /** Host path of a volume of the pod. */
  volumePath(name: string): string | undefined
}

/**
 * The variables of a container: `envFrom`, then `env` in order (which may refer to what came before), then services.
 * @throws Error whose message goes into the container's status
 */
export async function containerEnvironment(inputs: EnvironmentInputs): Promise<Map<string, string>> {
  const { pod, container, services } = inputs
  const links = serviceVariables(services, pod.metadata.namespace, pod.spec.enableServiceLinks ?? true)
  const variables = await fromObjects(inputs)
  const lookup = (name: string): string | undefined => variables.get(name) ?? links.get(name)
  for (const variable of container.env ?? []) {
    const value = await variableValue(variable, lookup, inputs)
    if (value !== undefined) variables.set(variable.name, value)
  }
  for (const [name, value] of links) if (!variables.has(name)) variables.set(name, value)
  return variables
}

async function fromObjects({ pod, container, objects }: EnvironmentInputs): Promise<Map<string, string>> {
  const variables = new Map<string, string>()
  const { namespace } = pod.metadata
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) {
      const name = configMapRef.name ?? ''
      const configMap = await objects.configMap(namespace, name)
      if (!configMap && !configMapRef.optional) throw missing('configmap', name)
      for (const [key, value] of Object.entries(configMap?.data ?? {})) variables.set(prefix + key, value)
    } else if (secretRef) {
      const name = secretRef.name ?? ''
      const secret = await objects.secret(namespace, name)
      if (!secret && !secretRef.optional) throw missing('secret', name)
      for (const [key, value] of Object.entries(secret?.data ?? {})) {
        variables.set(prefix + key, Buffer.from(value, 'base64').toString())
      }
    }
  }
  return variables
}

function missing(kind: string, name: string): Error {
  return new Error(`${kind} "${name}" not found`)
}

/** `undefined`: an optional source that is not there. */
async function variableValue(
  variable: EnvVar,
  lookup: (name: string) => string | undefined,
  inputs: EnvironmentInputs,
): Promise<string | undefined> {
  if (variable.value) return expandVariables(variable.value, lookup)
  return variable.valueFrom ? sourceValue(variable.valueFrom, inputs) : ''
}

async function sourceValue(source: EnvVarSource, inputs: EnvironmentInputs): Promise<string | undefined> {
  const { pod, container, objects } = inputs
  const { namespace } = pod.metadata
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, inputs.addresses)
  if (resourceFieldRef) return resourceFieldValue(pod, container, resourceFieldRef, inputs.allocatable)
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef
    const configMap = await objects.configMap(namespace, name)
    if (!configMap && !optional) throw missing('configmap', name)
    const value = configMap?.data?.[key]
    if (value === undefined && !optional) {
      throw new Error(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
    }
    return value
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef
    const secret = await objects.secret(namespace, name)
    if (!secret && !optional) throw missing('secret', name)
    const value = secret?.data?.[key]
    if (value === undefined && !optional) {
      throw new Error(`couldn't find key ${key} in Secret ${namespace}/${name}`)
    }
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString()
  }
  if (fileKeyRef) {
    const directory = inputs.volumePath(fileKeyRef.volumeName)
    if (!directory)
      throw new Error(`cannot find the volume "${fileKeyRef.volumeName}" referenced by FileKeyRef`)
    return readEnvFile(directory, fileKeyRef)
  }
  return ''
}
