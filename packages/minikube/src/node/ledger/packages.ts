import { existsSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MinikubeError } from '../../error.ts'
import type { Work } from '../../progress.ts'
import { CommandFailed, type Node } from '../node.ts'
import type { ChangeKind, ChangeOf } from './change.ts'

type PackageChange = ChangeOf<'package'>

const quiet = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
const policyFile = '/usr/sbin/policy-rc.d'
const enabledDirectory = '/etc/systemd/system/multi-user.target.wants'

export const packages: ChangeKind<PackageChange> = {
  shared: true,
  identity: ({ name }) => name,
  describe: ({ name, previous }) =>
    previous === null
      ? `install the Debian package ${name}`
      : `upgrade the Debian package ${name} (${previous} is installed)`,
  async apply(changes, node, work) {
    const versions = await installedVersions(
      node,
      changes.map(({ name }) => name),
    )
    const missing = changes
      .filter(({ name, previous }) => (versions.get(name) ?? null) === previous)
      .map(({ name }) => name)
    if (missing.length > 0) await withoutStartingServices(() => install(node, missing, work))
  },
  async undo(changes, node) {
    const stay = new Map<PackageChange, string>()
    for (const change of changes) {
      if (change.previous !== null)
        stay.set(change, `it was upgraded from ${change.previous}, which is not undone`)
    }
    const ours = changes.filter(({ previous }) => previous === null)
    const present = await installedVersions(
      node,
      ours.map(({ name }) => name),
    )
    const left = ours.filter(({ name }) => present.has(name))
    if (left.length === 0) return stay
    const purge = (names: string[]): Promise<unknown> =>
      node.run(['dpkg', '--purge', ...names], { env: quiet })
    try {
      await purge(left.map(({ name }) => name))
    } catch {
      // Something that was installed later needs one of them: remove the others one by one, dependents first.
      for (const change of left.toReversed()) {
        await purge([change.name]).catch((error: unknown) => {
          stay.set(change, error instanceof CommandFailed ? lastLine(error.stderr) : String(error))
        })
      }
    }
    return stay
  },
}

/** Installed versions, by package. */
export async function installedVersions(node: Node, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (names.length === 0) return found
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const format = '-f=${Package}\t${db:Status-Status}\t${Version}\n'
  const { stdout } = await node.run(['dpkg-query', '-W', format, ...names], { allowFailure: true })
  for (const line of stdout.toString().split('\n')) {
    const [name, status, version] = line.split('\t')
    if (name && version && status !== 'not-installed' && status !== 'config-files') found.set(name, version)
  }
  return found
}

/** The changes that installing `names` comes to, dependencies included; changes nothing but apt's lists, when they are missing. */
export async function planPackages(
  node: Node,
  names: readonly string[],
  work: Work,
): Promise<PackageChange[]> {
  const simulate = (): Promise<{ stdout: Buffer }> =>
    node.run(['apt-get', 'install', '--simulate', '--no-install-recommends', ...names], {
      env: quiet,
      signal: work.signal,
    })
  let plan: string
  try {
    plan = (await simulate()).stdout.toString()
  } catch {
    work.signal.throwIfAborted()
    work.progress.info("Asking apt what there is ('apt-get update') ...")
    await apt(node, ['update'])
    plan = (await simulate().catch((error: unknown) => Promise.reject(aptTrouble(error)))).stdout.toString()
  }
  return [...plan.matchAll(/^Inst (\S+)(?: \[(\S+)\])? \(/gm)].map(([, name, previous]) => ({
    kind: 'package',
    name: name!,
    previous: previous ?? null,
  }))
}

async function install(node: Node, names: string[], work: Work): Promise<void> {
  const argv = [
    'install',
    '--yes',
    '--no-install-recommends',
    '--option',
    'APT::Keep-Downloaded-Packages=false',
    ...names,
  ]
  try {
    await apt(node, argv)
  } catch {
    work.signal.throwIfAborted()
    // The lists may be older than what the archive holds now.
    await apt(node, ['update'])
    await apt(node, argv)
  }
}

/** Without a way to interrupt it: a package manager that is killed leaves packages half installed. */
async function apt(node: Node, argv: string[]): Promise<void> {
  await node
    .run(['apt-get', '--quiet', '--option', 'DPkg::Lock::Timeout=120', ...argv], { env: quiet })
    .catch((error: unknown) => Promise.reject(aptTrouble(error)))
}

function aptTrouble(error: unknown): unknown {
  if (!(error instanceof CommandFailed)) return error
  const complaint = error.stderr.split('\n').find((line) => line.startsWith('E:')) ?? lastLine(error.message)
  return new MinikubeError(
    'INET_PACKAGES',
    `packages cannot be installed: ${complaint.replace(/^E: /, '')}`,
    { cause: error },
  )
}

/**
 * Debian starts services of what it installs, now and at boot. Ours are our own processes, so while packages are installed
 * the hook that packages ask says no (one that is there already is the administrator's word and stays), and what was
 * enabled for the next boot meanwhile is disabled.
 */
async function withoutStartingServices(action: () => Promise<void>): Promise<void> {
  const before = new Set(await enabledUnits())
  const hooked = existsSync(policyFile)
  if (!hooked) await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await action()
  } finally {
    if (!hooked) await rm(policyFile, { force: true })
    for (const name of await enabledUnits())
      if (!before.has(name)) await rm(join(enabledDirectory, name), { force: true })
  }
}

async function enabledUnits(): Promise<string[]> {
  return readdir(enabledDirectory).catch(() => [])
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
