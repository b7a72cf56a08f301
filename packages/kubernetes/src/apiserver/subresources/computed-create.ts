import type { ResourceInfo } from '../../api/resource-info.ts'
import type { CreateHandler } from '../auth/create-handler.ts'
import { builtinShape } from '../registry/builtin-resources.ts'
import type { SubresourceHandler } from '../registry/subresource-handler.ts'

/** A POST whose answer is computed and not stored: reviews, and a ServiceAccount's token. */
export function computedCreate(
  handler: CreateHandler,
  info: ResourceInfo,
  subresource: string | undefined,
): SubresourceHandler {
  const kind = subresource ? info.subresources.find(({ name }) => name === subresource)?.kind : undefined
  return {
    ...(kind && { body: builtinShape(kind) }),
    create: ({ target, object, context }) =>
      handler({
        object,
        namespace: target.namespace,
        name: target.name,
        user: context.user,
        warn: context.warn,
      }),
  }
}
