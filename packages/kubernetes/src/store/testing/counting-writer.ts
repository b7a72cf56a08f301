// Writes counters into a store as fast as it can and prints each acknowledged one, until it is killed.
// usage: counting-writer.ts DIRECTORY
import { writeSync } from 'node:fs'
import { openStore } from '../open-store.ts'

const store = openStore(process.argv[2] as string)
writeSync(1, `opened ${store.revision}\n`)

async function count(key: string): Promise<never> {
  for (;;) {
    const current = store.get(key)
    const counter = Number(current?.counter ?? 0) + 1
    const next = { metadata: { name: key }, counter, padding: 'x'.repeat(counter % 3000) }
    const written = current
      ? await store.update(key, next, Number(current.metadata.resourceVersion))
      : await store.create(key, next)
    writeSync(1, `wrote ${key} ${counter} ${written.metadata.resourceVersion}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, (_, i) => count(`core/counters/x/${i}`)))
