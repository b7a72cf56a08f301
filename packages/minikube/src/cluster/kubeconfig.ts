import { type FSWatcher, watch } from 'node:fs'
import { open, readFile, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import { codeOf, MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { withLock } from '../lock.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../node/supervisor/process-table.ts'
import { silentProgress, type Work } from '../progress.ts'
import { version } from '../version.ts'

export interface KubeconfigEntry {
  /** Name of context, cluster and user alike. */
  name: string
  server: string
  namespace: string
  certificateAuthority: string
  clientCertificate: string
  clientKey: string
  /** Whether the three above are contents (PEM) rather than paths. */
  embedded: boolean
}

/** How long another program may hold the kubeconfig's lock; that file is kubectl's protocol. */
const lockPatience = 10_000
const quietWork: Work = { signal: new AbortController().signal, progress: silentProgress }

/**
 * Adds or renews an entry of the user's kubeconfig; comments and everything else stay. `current`: make it the current
 * context. Writes nothing when nothing would change.
 */
export async function putContext(home: Home, entry: KubeconfigEntry, current: boolean): Promise<void> {
  await edit(home, (document) => {
    const info = (name: string): object => ({
      name,
      extension: { 'last-update': new Date().toUTCString(), provider: 'minikube.sigs.k8s.io', version },
    })
    const key = entry.embedded ? '-data' : ''
    const value = (text: string): string => (entry.embedded ? Buffer.from(text).toString('base64') : text)
    const changes = [
      put(document, 'clusters', entry.name, 'cluster', {
        [`certificate-authority${key}`]: value(entry.certificateAuthority),
        extensions: [info('cluster_info')],
        server: entry.server,
      }),
      put(document, 'contexts', entry.name, 'context', {
        cluster: entry.name,
        extensions: [info('context_info')],
        namespace: entry.namespace,
        user: entry.name,
      }),
      put(document, 'users', entry.name, 'user', {
        [`client-certificate${key}`]: value(entry.clientCertificate),
        [`client-key${key}`]: value(entry.clientKey),
      }),
    ]
    if (current && document.get('current-context') !== entry.name) {
      document.set('current-context', entry.name)
      return true
    }
    return changes.includes(true)
  })
}

/** Takes the entries of that name out; the current context, too. */
export async function removeContext(home: Home, name: string): Promise<void> {
  const present = parse(home.kubeconfig(), (await home.read(home.kubeconfig())) ?? '')
  const known = ['clusters', 'contexts', 'users'].some((kind) => named(present, kind, name) !== undefined)
  if (!known && present.get('current-context') !== name) return
  await edit(home, (document) => {
    let changed = false
    for (const kind of ['clusters', 'contexts', 'users']) {
      const list = document.get(kind)
      if (!isSeq(list)) continue
      const index = indexOf(list, name)
      if (index < 0) continue
      list.delete(index)
      changed = true
    }
    if (document.get('current-context') === name) {
      document.set('current-context', '')
      changed = true
    }
    return changed
  })
}

/** Makes an entry that is there the current context. */
export async function setCurrentContext(home: Home, name: string): Promise<void> {
  await edit(home, (document) => {
    if (!named(document, 'contexts', name) || document.get('current-context') === name) return false
    document.set('current-context', name)
    return true
  })
}

export interface ContextView {
  /** Server of the cluster that the context of this name points to; undefined when there is none. */
  server: string | undefined
  current: string
}

export async function viewContext(home: Home, name: string): Promise<ContextView> {
  const text = await home.read(home.kubeconfig())
  const document = parse(home.kubeconfig(), text ?? '')
  const cluster = named(document, 'contexts', name)?.getIn(['context', 'cluster'])
  const server =
    typeof cluster === 'string'
      ? named(document, 'clusters', cluster)?.getIn(['cluster', 'server'])
      : undefined
  return {
    server: typeof server === 'string' ? server : undefined,
    current: String(document.get('current-context') ?? ''),
  }
}

/** Makes sure that the kubeconfig can be edited later, before anything else is done. */
export async function checkKubeconfig(home: Home): Promise<void> {
  const path = home.kubeconfig()
  const info = await stat(path).catch(() => undefined)
  if (info?.isDirectory()) throw broken(path, 'it is a directory')
  parse(path, (await home.read(path)) ?? '')
}

async function edit(home: Home, change: (document: Document) => boolean): Promise<void> {
  const named = home.kubeconfig()
  const path = await realpath(named).catch(() => named)
  await home.mkdir(dirname(path), 0o750)
  await locked(path, async () => {
    const text = (await home.read(path)) ?? ''
    const document = parse(path, text)
    if (!change(document)) return
    const mode = (await stat(path).catch(() => undefined))?.mode ?? 0o600
    await home.write(path, document.toString({ lineWidth: 0 }), mode & 0o777)
  })
}

function parse(path: string, text: string): Document {
  const document = parseDocument(text, { keepSourceTokens: false })
  const [error] = document.errors
  if (error) throw broken(path, error.message.split('\n')[0]!)
  if (document.contents === null) {
    return parseDocument(
      'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\ncurrent-context: ""\nusers: []\n',
    )
  }
  if (!isMap(document.contents)) throw broken(path, 'it is not a map')
  return document
}

function broken(path: string, why: string): MinikubeError {
  return new MinikubeError('HOST_KUBECONFIG_UPDATE', `the kubeconfig ${path} cannot be used: ${why}`, {
    advice: 'Repair it or move it away, or name another file with KUBECONFIG. It was left as it is.',
  })
}

/** Whether anything but the time of the last update changed. */
function put(
  document: Document,
  kind: string,
  name: string,
  key: string,
  value: Record<string, unknown>,
): boolean {
  let list = document.get(kind)
  if (!isSeq(list)) {
    list = document.createNode([]) as YAMLSeq
    document.set(kind, list)
  }
  const entries = list as YAMLSeq
  // The empty list of a new file is written as [] in one line.
  entries.flow = false
  const index = indexOf(entries, name)
  const node = document.createNode({ name, [key]: value })
  if (index < 0) {
    entries.add(node)
    return true
  }
  const before = entries.get(index) as YAMLMap
  if (comparable(before.toJSON(), key) === comparable({ name, [key]: value }, key)) return false
  entries.set(index, node)
  return true
}

function comparable(entry: Record<string, unknown>, key: string): string {
  const { extensions, ...rest } = (entry[key] ?? {}) as Record<string, unknown>
  return JSON.stringify(Object.entries(rest).sort()) + (extensions ? '' : 'new')
}

function named(document: Document, kind: string, name: string): YAMLMap | undefined {
  const list = document.get(kind)
  if (!isSeq(list)) return undefined
  const entry = list.get(indexOf(list, name))
  return isMap(entry) ? entry : undefined
}

function indexOf(list: YAMLSeq, name: string): number {
  return list.items.findIndex((item) => isMap(item) && item.get('name') === name)
}

/**
 * Holds `<path>.lock` as client-go does, so that kubectl and we do not overwrite each other. Ours says who holds it: when
 * that was killed, the next one takes it away.
 */
async function locked(path: string, action: () => Promise<void>): Promise<void> {
  await withLock(`kubeconfig ${path}`, 'writing the kubeconfig', quietWork, () =>
    holding(`${path}.lock`, path, action),
  )
}

async function holding(lock: string, path: string, action: () => Promise<void>): Promise<void> {
  const deadline = AbortSignal.timeout(lockPatience)
  for (;;) {
    const gone = watchForEnd(lock, deadline)
    try {
      const file = await open(lock, 'wx', 0o600)
      gone.close()
      try {
        await file.writeFile(JSON.stringify(identityOf(process.pid)))
        await action()
      } finally {
        await file.close()
        await rm(lock, { force: true })
      }
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        gone.close()
        if (codeOf(error) === 'EACCES' || codeOf(error) === 'EROFS') throw broken(path, messageOf(error))
        throw error
      }
      if (await isStale(lock)) {
        gone.close()
        await rm(lock, { force: true })
        continue
      }
      await gone.ended
      if (!deadline.aborted) continue
      throw new MinikubeError(
        'HOST_KUBECONFIG_UPDATE',
        `the kubeconfig ${path} is locked by another program`,
        {
          advice: `When no kubectl is running, remove ${lock} and try again.`,
        },
      )
    }
  }
}

/** Whether the lock is that of a minikube that has gone. kubectl's say nothing about theirs. */
async function isStale(lock: string): Promise<boolean> {
  const text = await readFile(lock, 'utf8').catch(() => '')
  if (text === '') return false
  try {
    return !isAlive(JSON.parse(text) as ProcessIdentity)
  } catch {
    return false
  }
}

/** `ended` when the lock file was touched (removed, most likely) or patience has ended. */
function watchForEnd(lock: string, deadline: AbortSignal): { ended: Promise<void>; close(): void } {
  let watcher: FSWatcher | undefined
  const ended = new Promise<void>((resolve) => {
    watcher = watch(dirname(lock), (_event, name) => {
      if (name === basename(lock)) resolve()
    })
    deadline.addEventListener('abort', () => resolve(), { once: true })
  })
  return {
    ended: ended.finally(() => watcher?.close()),
    close: () => watcher?.close(),
  }
}
