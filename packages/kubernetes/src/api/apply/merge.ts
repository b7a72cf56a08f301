import { cloneJson, type JsonObject } from '../json.ts'
import type { ListNode, SchemaNode } from '../schema/schema-node.ts'
import { childOf, elementOf, indexList, shapeOf } from './shape.ts'

/**
 * `config` over `live`: fields merge, lists with identities merge element by element (the applied order wins, others
 * keep their neighbours), everything else is replaced. Explicit null clears a leaf. Shares what it does not change.
 */
export function mergeTyped(live: unknown, config: unknown, node: SchemaNode): unknown {
  if (config === undefined) return live
  if (live === undefined || live === null) return cloneJson(config)
  const liveShape = shapeOf(node, live)
  if (config === null) return liveShape === 'leaf' ? null : live
  const shape = shapeOf(node, config)
  if (shape !== liveShape) return cloneJson(config)
  if (shape === 'fields') return mergeFields(live as JsonObject, config as JsonObject, node)
  if (shape === 'list') return mergeLists(live as unknown[], config as unknown[], node as ListNode)
  return cloneJson(config)
}

function mergeFields(live: JsonObject, config: JsonObject, node: SchemaNode): JsonObject {
  const result = { ...live }
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue
    const merged = mergeTyped(live[key], value, childOf(node, key))
    const nullable = node.kind !== 'struct' || (node.fields.get(key)?.nullable ?? true)
    if (merged === null && !nullable) delete result[key]
    else result[key] = merged
  }
  return result
}

function mergeLists(live: unknown[], config: unknown[], node: ListNode): unknown[] {
  const liveIndex = indexList(node, live)
  const configIndex = indexList(node, config)
  const liveElements = live.map((item) => elementOf(node, item))
  const configElements = [...configIndex.keys()]
  // The elements of both, in the order applied: live ones among them have to come in this order.
  const shared = configElements.filter((element) => liveIndex.has(element))
  const merged = new Set<string>()
  const result: unknown[] = []

  const take = (element: string): void => {
    merged.add(element)
    const items = liveIndex.get(element)
    // Duplicates are not merged with: the applied element takes their place.
    const from = items?.length === 1 ? items[0] : undefined
    result.push(mergeTyped(from, configIndex.get(element)?.[0], node.element))
  }

  let nextShared = shared.shift()
  let left = 0
  let right = 0
  while (left < liveElements.length || right < configElements.length) {
    const mine = liveElements[left]
    const theirs = configElements[right]
    if (mine !== undefined && theirs !== undefined) {
      if (mine === theirs) {
        take(mine)
        left++
        right++
        nextShared = shared.shift()
        continue
      }
      if (configIndex.has(mine) && nextShared !== undefined && nextShared !== mine) {
        left++
        continue
      }
    }
    if (mine !== undefined) {
      if (!configIndex.has(mine)) {
        result.push(live[left])
        left++
        continue
      }
      if (merged.has(mine)) left++
    }
    if (theirs !== undefined) {
      take(theirs)
      right++
      if (nextShared === theirs) nextShared = shared.shift()
    }
  }
  return result
}
