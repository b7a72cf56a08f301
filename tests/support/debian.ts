import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from './run.ts'

/** The Debian mirror that this machine's own apt uses. */
export async function debianMirror(): Promise<string> {
  const { stdout } = await mustRun([
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI) $(LABEL)',
    'Created-By: Packages',
  ])
  const line = stdout.split('\n').find((row) => row.endsWith(' Debian'))
  if (!line) throw new Error('apt knows no Debian mirror: run "apt-get update" first')
  return line.split(' ')[0]
}

/** Unpacks one package of another Debian suite into a folder, without installing it and without touching apt's state. */
export async function unpackPackage(suite: string, name: string, into: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'debian-package-'))
  try {
    const mirror = await debianMirror()
    await writeFile(
      join(work, 'sources.list'),
      `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`,
    )
    await mkdir(join(work, 'lists/partial'), { recursive: true })
    await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
    const apt = [
      'apt-get',
      '-q',
      '-o',
      `Dir::Etc::sourcelist=${work}/sources.list`,
      '-o',
      'Dir::Etc::sourceparts=-',
      '-o',
      `Dir::State::lists=${work}/lists`,
      '-o',
      'Dir::State::status=/dev/null',
      '-o',
      `Dir::Cache=${work}/cache`,
      '-o',
      'APT::Sandbox::User=root',
    ]
    await mustRun([...apt, 'update'])
    await mustRun([...apt, 'download', name], { cwd: work })
    const { stdout } = await mustRun(['sh', '-c', `ls ${work}/*.deb`])
    await mkdir(into, { recursive: true })
    await mustRun(['dpkg-deb', '-x', stdout.trim(), into])
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Installs what is missing of these packages on this machine (the tests' own needs). */
export async function installPackages(names: string[]): Promise<void> {
  const { stdout } = await mustRun([
    'sh',
    '-c',
    `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${names.join(' ')} 2>/dev/null || true`,
  ])
  const present = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  )
  const missing = names.filter((name) => !present.has(name))
  if (missing.length === 0) return
  await mustRun(['apt-get', 'update', '-q'])
  await mustRun(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 600_000,
  })
}
