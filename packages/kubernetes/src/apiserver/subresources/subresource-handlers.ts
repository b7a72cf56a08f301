import type { Auth } from '../auth/auth.ts'
import type { Registry } from '../registry/registry.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import type { SubresourceHandler } from '../registry/subresource-handler.ts'
import { computedCreate } from './computed-create.ts'
import { podBindingHandler } from './pod-binding.ts'
import { podEvictionHandler } from './pod-eviction.ts'
import { scaleHandler } from './scale.ts'

/**
 * Everything that is no plain read or write of an object, by `<resource>.<group>/<subresource>`; `*` stands for every
 * resource.
 */
export function subresourceHandlers(
  registry: Registry,
  catalog: ResourceCatalog,
  auth: Pick<Auth, 'handlers'>,
  now: () => number,
): Map<string, SubresourceHandler> {
  const binding = podBindingHandler(registry, now)
  const pods = catalog.find({ group: '', version: 'v1', resource: 'pods' })!
  const handlers = new Map<string, SubresourceHandler>([
    ['*/scale', scaleHandler],
    ['pods./binding', binding],
    // The old way names the pod in the body only.
    [
      'bindings.',
      {
        create: ({ target, object, context }) => {
          const name = object.metadata?.name ?? ''
          return binding.create!({ target: { ...target, resource: pods, name }, object, context })
        },
      },
    ],
    ['pods./eviction', podEvictionHandler(registry, catalog, now)],
  ])
  for (const [path, handler] of auth.handlers) {
    const [group, resource, subresource] = path.split('/') as [string, string, string?]
    const info = [...catalog.all()].find(
      (served) => served.info.resource === resource && (served.info.group || 'core') === group,
    )?.info
    if (!info) continue
    const key = `${resource}.${info.group}${subresource ? `/${subresource}` : ''}`
    handlers.set(key, computedCreate(handler, info, subresource))
  }
  return handlers
}
