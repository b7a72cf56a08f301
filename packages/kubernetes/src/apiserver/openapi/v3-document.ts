import type { Json } from '../../api/kube-object.ts'
import type { ResourceInfo } from '../../api/resource-info.ts'
import { definitionsOf } from './definitions.ts'
import { type JsonSchema, openApiV3 } from './json-schema.ts'
import type { OpenApiSource } from './open-api-source.ts'
import { type Operation, pathsOf } from './paths.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const bodies = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** OpenAPI 3.0 of the resources of one group version. */
export function v3Document(
  resources: readonly ResourceInfo[],
  source: OpenApiSource,
  version: string,
): JsonSchema {
  const paths: JsonSchema = {}
  for (const item of resources.flatMap(pathsOf)) {
    const path: JsonSchema = {}
    for (const operation of item.operations) path[operation.method] = operationOf(operation)
    if (item.parameters.length > 0) {
      path.parameters = item.parameters.map((name) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string', uniqueItems: true },
      }))
    }
    paths[item.path] = path
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(definitionsOf(resources, source, openApiV3)),
        [`${meta}.Patch`]: { type: 'object' },
      },
      securitySchemes: { BearerToken: { type: 'apiKey', in: 'header', name: 'authorization' } },
    },
  }
}

function operationOf(operation: Operation): Json {
  const content = (types: readonly string[], name: string): Json =>
    Object.fromEntries(types.map((type) => [type, { schema: { $ref: openApiV3.refPrefix + name } }]))
  const accepts = operation.accepts ?? ['*/*']
  return {
    tags: [operation.tag],
    operationId: operation.id,
    ...(operation.query.length > 0 && {
      parameters: operation.query.map(({ name, type }) => ({
        name,
        in: 'query',
        schema: { type, uniqueItems: true },
      })),
    }),
    ...(operation.body !== undefined && {
      requestBody: {
        content: content(accepts, operation.body),
        ...(!operation.bodyOptional && { required: true }),
      },
    }),
    responses: {
      200: { description: 'OK', content: content(bodies, operation.response) },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.gvk,
  }
}
