import { MinikubeError } from '../error.ts'
import type { Work } from '../progress.ts'
import { planPackages } from './ledger/packages.ts'
import { CommandFailed, type Node } from './node.ts'

/**
 * Unpacks Debian packages, and what they need that is not installed, below `directory` without installing anything: the
 * machine's packages stay as they are.
 */
export async function unpackPackages(
  node: Node,
  names: readonly string[],
  directory: string,
  work: Work,
): Promise<void> {
  const plan = await planPackages(node, names, work)
  // What would only be upgraded is there in an older version, which will do.
  const missing = plan.filter(({ previous }) => previous === null).map(({ name }) => name)
  const script = `set -e
rm -rf "$1.new"; mkdir -p "$1.new/packages"; cd "$1.new/packages"; target=$1; shift
apt-get --quiet --option APT::Sandbox::User=root download "$@" >/dev/null
for package in *.deb; do dpkg-deb --extract "$package" ..; done
cd ..; rm -r packages
for part in lib bin sbin; do if [ -d "$part" ]; then mkdir -p "usr/$part"; cp -a "$part/." "usr/$part/"; rm -r "$part"; fi; done
rm -rf "$target"; mv "$target.new" "$target"`
  try {
    await node.run(['sh', '-c', script, 'sh', directory, ...missing], {
      signal: work.signal,
      env: { LC_ALL: 'C.UTF-8' },
    })
  } catch (error) {
    work.signal.throwIfAborted()
    const why =
      error instanceof CommandFailed
        ? error.stderr.split('\n').find((line) => line.startsWith('E:'))
        : undefined
    throw new MinikubeError(
      'INET_PACKAGES',
      `the Debian packages ${names.join(', ')} cannot be got: ${why ?? String(error)}`,
      { cause: error },
    )
  }
}
