import type { Work } from '../../progress.ts'
import type { Node } from '../node.ts'

/** Everything that minikube ever changes on a machine, with what it takes to undo it. */
export type Change =
  /** A Debian package; `previous` is the version that was there before, null when none was. */
  | { kind: 'package'; name: string; previous: string | null }
  /** A tree that is all ours. */
  | { kind: 'directory'; path: string }
  /** A directory that others may use too: made if missing, removed when empty and made by us. */
  | { kind: 'shared-directory'; path: string; previous: 'present' | null }
  /** Files that our services make in a directory of others, told by how their names begin. */
  | { kind: 'files'; directory: string; prefix: string }
  /**
   * A file that we write after this is on record. `digest`: SHA-256 of our content; `previous`: content before (base64),
   * null when there was no such file.
   */
  | { kind: 'file'; path: string; digest: string; previous: string | null; previousMode?: number }
  /** The marked block in a hosts file. */
  | { kind: 'hosts-block'; path: string; profile: string }
  /** `key` as below /proc/sys. */
  | { kind: 'sysctl'; key: string; value: string; previous: string }
  /** A network interface, and what hangs on it when it is a bridge. */
  | { kind: 'interface'; name: string }
  | { kind: 'route'; destination: string; device: string }
  | { kind: 'nft-table'; family: string; name: string }
  /** Rules that let a bridge's traffic through where another's table (Docker's) forbids it. */
  | { kind: 'forward-rules'; bridge: string }
  | { kind: 'kernel-module'; name: string; previous: 'loaded' | null }
  /** Below the root of every cgroup hierarchy. */
  | { kind: 'cgroup'; path: string }
  /** A systemd unit whose file is a change of its own. */
  | { kind: 'unit'; name: string }
  /** Processes that have `marker` in their command line. */
  | { kind: 'processes'; what: string; marker: string }

export type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>

/** How one kind of change is described, made and undone. Changes of a kind come together where they follow each other. */
export interface ChangeKind<C extends Change> {
  /** Two changes with the same identity are the same change. */
  identity(change: C): string
  /** For people: `set net.ipv4.ip_forward to 1`. */
  describe(change: C): string
  /** Whether the machine is to be asked, since others may depend on it as well: then profiles hand it on. */
  shared?: boolean
  /** Makes them, or makes them again (after a reboot). Absent: a service of ours makes it later. */
  apply?(changes: C[], node: Node, work: Work): Promise<void>
  /** Undoes them; for those that stay, why. Succeeds for what is not there. */
  undo(changes: C[], node: Node): Promise<Map<C, string>>
}
