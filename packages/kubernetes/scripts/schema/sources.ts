import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type GoPackage, readGoPackage } from './go-source.ts'

/** A package that becomes part of the schema. `file` names its TypeScript file under `api/types/`. */
export interface Source {
  /** Go import path. */
  path: string
  /** Prefix of its types' OpenAPI names. */
  name: string
  file: string
}

const apiGroups = [
  'admission/v1',
  'admissionregistration/v1',
  'apidiscovery/v2',
  'apps/v1',
  'authentication/v1',
  'authorization/v1',
  'autoscaling/v1',
  'autoscaling/v2',
  'batch/v1',
  'certificates/v1',
  'coordination/v1',
  'core/v1',
  'discovery/v1',
  'events/v1',
  'flowcontrol/v1',
  'networking/v1',
  'node/v1',
  'policy/v1',
  'rbac/v1',
  'resource/v1',
  'scheduling/v1',
  'storage/v1',
]

/** The versions that Kubernetes serves by default. */
export const sources: readonly Source[] = [
  {
    path: 'k8s.io/apimachinery/pkg/apis/meta/v1',
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1',
    file: 'meta-v1',
  },
  ...apiGroups.map((group) => ({
    path: `k8s.io/api/${group}`,
    name: `io.k8s.api.${group.replace('/', '.')}`,
    file: group.replace('/', '-'),
  })),
  {
    path: 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1',
    name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    file: 'apiextensions-v1',
  },
  {
    path: 'k8s.io/kube-aggregator/pkg/apis/apiregistration/v1',
    name: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    file: 'apiregistration-v1',
  },
]

/**
 * Reads all sources. `roots` are folders that hold `api`, `apimachinery` …; the first one that has a package provides it.
 */
export function readSources(roots: readonly string[]): Map<string, GoPackage> {
  const packages = new Map<string, GoPackage>()
  for (const source of sources) {
    const below = source.path.slice('k8s.io/'.length)
    const folder = roots.map((root) => join(root, below)).find((candidate) => existsSync(candidate))
    if (!folder) throw new Error(`${source.path} is in none of ${roots.join(', ')}`)
    packages.set(source.path, readGoPackage(source.name, folder))
  }
  return packages
}
