import { randomUUID } from 'node:crypto'
import { ApiError } from '../../api/api-error.ts'
import { isJsonObject } from '../../api/json.ts'
import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import type { StoreReader } from '../auth/store-reader.ts'
import { callWebhook } from '../webhooks/call-webhook.ts'
import { webhookTarget } from '../webhooks/webhook-target.ts'

const timeoutMs = 30_000

/** Turns objects of a definition into another of its versions; those in it already are returned as they are. */
export type ConvertObjects = (
  objects: StoredKubeObject[],
  version: string,
) => StoredKubeObject[] | Promise<StoredKubeObject[]>

/** By `spec.conversion`: changing apiVersion only, or asking a webhook. */
export function customConversion(definition: CustomResourceDefinition, store: StoreReader): ConvertObjects {
  const { group, conversion } = definition.spec
  if (conversion?.strategy !== 'Webhook') {
    return (objects, version) => {
      const apiVersion = `${group}/${version}`
      return objects.map((object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }))
    }
  }
  return (objects, version) => {
    const apiVersion = `${group}/${version}`
    const others = objects.filter((object) => object.apiVersion !== apiVersion)
    if (others.length === 0) return objects
    return convertByWebhook(definition, store, others, apiVersion).then((converted) => {
      const byOriginal = new Map(others.map((object, index) => [object, converted[index]!]))
      return objects.map((object) => byOriginal.get(object) ?? object)
    })
  }
}

async function convertByWebhook(
  definition: CustomResourceDefinition,
  store: StoreReader,
  objects: StoredKubeObject[],
  apiVersion: string,
): Promise<StoredKubeObject[]> {
  const { kind } = definition.spec.names
  const from = objects[0]?.apiVersion ?? ''
  const failed = (why: string): ApiError => {
    return new ApiError('InternalError', `conversion webhook for ${from}, Kind=${kind} failed: ${why}`)
  }
  const uid = randomUUID()
  const review = {
    kind: 'ConversionReview',
    apiVersion: 'apiextensions.k8s.io/v1',
    request: { uid, desiredAPIVersion: apiVersion, objects },
  }
  let answer: unknown
  try {
    const target = webhookTarget(store, definition.spec.conversion?.webhook?.clientConfig ?? {})
    answer = await callWebhook(target, { body: review, timeoutMs, query: { timeout: '30s' } })
  } catch (error) {
    throw failed((error as Error).message)
  }
  const response = isJsonObject(answer) && isJsonObject(answer.response) ? answer.response : undefined
  if (response?.uid !== uid) throw failed('the response is not for this request')
  const result = isJsonObject(response.result) ? response.result : {}
  if (result.status !== 'Success') throw failed(String(result.message ?? 'unknown error'))
  const converted = Array.isArray(response.convertedObjects) ? response.convertedObjects : []
  if (converted.length !== objects.length) {
    throw failed(`webhook returned ${converted.length} objects, expected ${objects.length}`)
  }
  return converted.map((object, index) => restored(object, objects[index]!, apiVersion, failed))
}

/** A webhook may change labels and annotations of an object, but nothing else of its metadata. */
function restored(
  converted: unknown,
  original: StoredKubeObject,
  apiVersion: string,
  failed: (why: string) => ApiError,
): StoredKubeObject {
  if (!isJsonObject(converted) || converted.apiVersion !== apiVersion || converted.kind !== original.kind) {
    throw failed(`invalid converted object: expected ${apiVersion}, Kind=${original.kind}`)
  }
  const { labels, annotations } = isJsonObject(converted.metadata) ? converted.metadata : {}
  const { labels: _labels, annotations: _annotations, ...metadata } = original.metadata
  return {
    ...converted,
    metadata: {
      ...metadata,
      ...(labels !== undefined && { labels: labels as Record<string, string> }),
      ...(annotations !== undefined && { annotations: annotations as Record<string, string> }),
    },
  } as StoredKubeObject
}
