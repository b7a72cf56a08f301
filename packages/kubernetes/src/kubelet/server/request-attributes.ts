import type { ResourceAttributes } from '../../api/types/authorization-v1.ts'

const verbs: Record<string, string> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Parts of the kubelet's API that have a subresource of `nodes` all to themselves. */
const own = { stats: 'stats', metrics: 'metrics', logs: 'log', checkpoint: 'checkpoint' }
/** Those that are allowed both by a subresource of theirs and by the one for everything else. */
const fine = { pods: 'pods', runningpods: 'pods', healthz: 'healthz', configz: 'configz' }

/**
 * What an authorizer is asked about a request; one yes is enough. As upstream's, with KubeletFineGrainedAuthz. `root` is the
 * first part of the path.
 */
export function requestAttributes(method: string, root: string, nodeName: string): ResourceAttributes[] {
  const subresources = has(own, root) ? [own[root]] : [...(has(fine, root) ? [fine[root]] : []), 'proxy']
  return subresources.map((subresource) => ({
    verb: verbs[method] ?? '',
    version: 'v1',
    resource: 'nodes',
    subresource,
    name: nodeName,
  }))
}

function has<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key)
}
