import type { Json } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { definitionsOf } from './definitions.ts'
import { type JsonSchema, openApiV2 } from './json-schema.ts'
import type { OpenApiSource } from './open-api-source.ts'
import { type Operation, pathsOf } from './paths.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const produces = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** Swagger 2.0 of everything that is served. */
export function v2Document(
  resources: readonly ResourceInfo[],
  source: OpenApiSource,
  version: string,
): JsonSchema {
  const paths: JsonSchema = {}
  for (const item of resources.flatMap(pathsOf)) {
    const path: JsonSchema = {}
    for (const operation of item.operations) path[operation.method] = operationOf(operation)
    if (item.parameters.length > 0) {
      path.parameters = item.parameters.map((name) => parameterOf(name, 'path', 'string'))
    }
    paths[item.path] = path
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths,
    definitions: {
      ...Object.fromEntries(definitionsOf(resources, source, openApiV2)),
      [`${meta}.Patch`]: { type: 'object' },
    },
    securityDefinitions: { BearerToken: { type: 'apiKey', in: 'header', name: 'authorization' } },
    security: [{ BearerToken: [] }],
  }
}

function operationOf(operation: Operation): Json {
  const schema = (name: string): JsonSchema => ({ $ref: openApiV2.refPrefix + name })
  const parameters: Json[] = operation.query.map(({ name, type }) => parameterOf(name, 'query', type))
  if (operation.body !== undefined) {
    parameters.unshift({
      name: 'body',
      in: 'body',
      required: !operation.bodyOptional,
      schema: schema(operation.body),
    })
  }
  return {
    tags: [operation.tag],
    operationId: operation.id,
    consumes: [...(operation.accepts ?? ['*/*'])],
    produces,
    schemes: ['https'],
    ...(parameters.length > 0 && { parameters }),
    responses: {
      200: { description: 'OK', schema: schema(operation.response) },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.gvk,
  }
}

function parameterOf(name: string, where: 'path' | 'query', type: string): JsonSchema {
  return { name, in: where, type, uniqueItems: true, ...(where === 'path' && { required: true }) }
}
