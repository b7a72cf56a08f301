/**
 * Writes `src/api/types/*.ts` and `src/api/schema/generated/` from the Go sources of the Kubernetes API: names, types,
 * numbers, keys and defaults, nothing else.
 *
 * usage: generate-schema.ts FOLDER...
 * Each FOLDER holds `api`, `apimachinery`, `apiextensions-apiserver`, `kube-aggregator` or some of them, as
 * Debian's golang-k8s-*-dev packages (`/usr/share/gocode/src/k8s.io`) and a Kubernetes tree (`staging/src/k8s.io`) do.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Model } from './schema/model.ts'
import { readSources, sources } from './schema/sources.ts'
import { typescriptOf } from './schema/typescript.ts'

const api = join(import.meta.dirname, '../src/api')
const roots = process.argv.slice(2)
if (roots.length === 0) {
  console.error('usage: generate-schema.ts FOLDER...')
  process.exit(2)
}
const packages = readSources(roots)
const model = new Model(packages)

mkdirSync(join(api, 'types'), { recursive: true })
for (const source of sources) {
  writeFileSync(join(api, 'types', `${source.file}.ts`), typescriptOf(model, packages.get(source.path)!))
}
