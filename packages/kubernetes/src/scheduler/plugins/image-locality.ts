import type { NodeInfo } from '../cluster/node-info.ts'
import type { Plugin } from './plugin.ts'

const megabyte = 1024 * 1024
const leastSize = 23 * megabyte
const mostSizePerContainer = 1000 * megabyte

export interface ImageLocalityOptions {
  nodes: () => readonly NodeInfo[]
}

/** Likes nodes that have the pod's images, the bigger the better; an image that few nodes have counts for less. */
export function imageLocality({ nodes }: ImageLocalityOptions): Plugin {
  return {
    name: 'ImageLocality',
    weight: 1,
    prepareScore({ pod }) {
      const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
      const volumes = (pod.spec?.volumes ?? []).flatMap(({ image }) => image?.reference ?? [])
      const images = [...containers.map(({ image }) => image ?? ''), ...volumes].map(normalizedImage)
      const all = nodes()
      const shares = new Map(
        images.map((image) => [image, all.filter((node) => node.images.has(image)).length / all.length]),
      )
      const most = mostSizePerContainer * containers.length
      return {
        score(node) {
          const sum = images.reduce(
            (total, image) => total + Math.trunc((node.images.get(image) ?? 0) * (shares.get(image) ?? 0)),
            0,
          )
          const bounded = Math.min(Math.max(sum, leastSize), most)
          return most > leastSize ? Math.trunc((100 * (bounded - leastSize)) / (most - leastSize)) : 0
        },
      }
    },
    helps: () => false,
  }
}

/** Nodes report names with their tags. */
function normalizedImage(name: string): string {
  return name !== '' && name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name
}
