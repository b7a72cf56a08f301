/**
 * Writes `src/api/types/*.ts` and `src/api/schema/generated/` from the Go sources of the Kubernetes API: names, types,
 * numbers, keys and defaults, nothing else.
 *
 * usage: generate-schema.ts DISCOVERY FOLDER...
 * DISCOVERY is a Kubernetes tree's `api/discovery`.
 * Each FOLDER holds `api`, `apimachinery`, `apiextensions-apiserver`, `kube-aggregator` or some of them, as
 * Debian's golang-k8s-*-dev packages (`/usr/share/gocode/src/k8s.io`) and a Kubernetes tree (`staging/src/k8s.io`) do.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compactTypes } from './schema/compact.ts'
import { readDiscovery } from './schema/discovery.ts'
import { Model } from './schema/model.ts'
import { readSources, sources } from './schema/sources.ts'
import { typescriptOf } from './schema/typescript.ts'

const api = join(import.meta.dirname, '../src/api')
const [discovery, ...roots] = process.argv.slice(2)
if (!discovery || roots.length === 0) {
  console.error('usage: generate-schema.ts DISCOVERY FOLDER...')
  process.exit(2)
}
const packages = readSources(roots)
const model = new Model(packages)

mkdirSync(join(api, 'types'), { recursive: true })
for (const source of sources) {
  writeFileSync(join(api, 'types', `${source.file}.ts`), typescriptOf(model, packages.get(source.path)!))
}

const generated = join(api, 'schema/generated')
mkdirSync(generated, { recursive: true })
const types: Record<string, Record<string, string>> = {}
/** `apiVersion` → package. */
const groupVersions: Record<string, string> = {}
for (const source of sources) {
  const pkg = packages.get(source.path)!
  types[source.name] = compactTypes(model, pkg)
  const version = source.path.slice(source.path.lastIndexOf('/') + 1)
  if (pkg.group !== undefined && source.file !== 'meta-v1') {
    groupVersions[pkg.group ? `${pkg.group}/${version}` : version] = source.name
  }
}
writeJson('types.json', types)
writeJson('resources.json', {
  groupVersions,
  resources: readDiscovery(discovery, new Set(Object.keys(groupVersions))),
})

/** One line per entry: small, and readable in a diff. */
function writeJson(file: string, value: Record<string, unknown>): void {
  const blocks = Object.entries(value).map(([name, entries]) => {
    const array = Array.isArray(entries)
    const lines = Object.entries(entries as object).map(
      ([key, each]) => `${array ? '' : `${JSON.stringify(key)}:`}${JSON.stringify(each)}`,
    )
    return `${JSON.stringify(name)}:${array ? '[' : '{'}\n${lines.join(',\n')}\n${array ? ']' : '}'}`
  })
  writeFileSync(join(generated, file), `{\n${blocks.join(',\n')}\n}\n`)
}
