/**
 * Bundles what ships into dist/: one entry for each program, and chunks that are loaded when they are needed.
 * usage: scripts/with-node scripts/bundle.ts
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const entries = {
  cli: 'packages/minikube/src/cli/entry.ts',
  supervisor: 'packages/minikube/src/node/supervisor/entry.ts',
  'control-plane': 'packages/kubernetes/src/bin/control-plane.ts',
  node: 'packages/kubernetes/src/bin/node.ts',
}

interface Build {
  id: string
  files: string[]
}

const bundle = await rolldown({
  input: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(root, path)])),
  cwd: root,
  platform: 'node',
  treeshake: true,
  logLevel: 'warn',
})
const { output } = await bundle.generate({
  format: 'esm',
  // Whole names: what a service writes into its log when it fails is to be read by people.
  minify: 'dce-only',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})
await bundle.close()

const texts = new Map(
  output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : Buffer.from(file.source)]),
)
texts.set('package.json', '{ "type": "module" }\n')
const hash = createHash('sha256')
for (const [name, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1)))
  hash.update(`${name}\0`).update(text)
const build: Build = { id: hash.digest('hex').slice(0, 12), files: [...texts.keys()].sort() }
const before = await readFile(join(dist, 'build.json'), 'utf8').then(
  (text) => JSON.parse(text) as Build,
  () => undefined,
)

// Chunks first, then the entries that name them, then the list: a command that starts meanwhile finds all it needs.
const inOrder = [...texts].sort(
  ([a], [b]) => Number(b.startsWith('chunks/')) - Number(a.startsWith('chunks/')),
)
for (const [name, text] of inOrder) await replace(join(dist, name), text)
await replace(join(dist, 'build.json'), JSON.stringify(build))
await removeStale(new Set([...build.files, ...(before?.files ?? []), 'build.json']))

async function replace(path: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.new`
  await writeFile(temporary, text)
  await rename(temporary, path)
}

/** Chunks of this build and the one before stay: commands of that one may still be running. */
async function removeStale(keep: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(dist, path)
    if (entry.isFile() && name.endsWith('.js') && !keep.has(name)) await rm(path, { force: true })
  }
}
