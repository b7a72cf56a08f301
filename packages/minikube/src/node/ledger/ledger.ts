import { appendFile, readFile, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MinikubeError } from '../../error.ts'
import type { Home } from '../../home.ts'
import type { Work } from '../../progress.ts'
import type { Node } from '../node.ts'
import type { Change } from './change.ts'
import { changeKind, describeChange, identityOfChange } from './change-kinds.ts'

/**
 * `planned`: written down, perhaps made. `made`. `undone`: as it was before. `kept`: could not or must not be undone, see
 * `why`. `handed-over`: another profile uses it as well and will undo it.
 */
export type EntryState = 'planned' | 'made' | 'undone' | 'kept' | 'handed-over'

export interface LedgerEntry {
  id: number
  /** ISO 8601. */
  at: string
  change: Change
  state: EntryState
  why?: string
}

/** A line of the file: the latest line of an id says how it stands. */
type Line = Pick<LedgerEntry, 'id' | 'at' | 'state' | 'why'> & { change?: Change }

/**
 * What one profile changed on a machine, in `profiles/<name>/ledger.jsonl`. A line is on disk before the change is made,
 * so that whatever happens `delete` knows what to undo.
 */
export class Ledger {
  readonly path: string
  readonly profile: string
  readonly #home: Home
  readonly #entries: Map<number, LedgerEntry>
  /** The file may end in half a line. */
  #torn: boolean

  private constructor(
    home: Home,
    profile: string,
    path: string,
    entries: Map<number, LedgerEntry>,
    torn: boolean,
  ) {
    this.#home = home
    this.profile = profile
    this.path = path
    this.#entries = entries
    this.#torn = torn
  }

  static async open(
    home: Home,
    profile: string,
    path = home.profile(profile, 'ledger.jsonl'),
  ): Promise<Ledger> {
    const entries = new Map<number, LedgerEntry>()
    const text = (await home.read(path)) ?? ''
    text.split('\n').forEach((raw, index, all) => {
      if (raw === '') return
      let line: Line
      try {
        line = JSON.parse(raw) as Line
      } catch {
        // The last line may be torn by a crash: what it announced was not begun.
        if (index >= all.length - 1) return
        throw new MinikubeError('HOST_CONFIG_LOAD', `${path} is damaged in line ${index + 1}`, {
          advice: 'Remove that line; it says what minikube changed on this machine, so undo that by hand.',
        })
      }
      const before = entries.get(line.id)
      const change = line.change ?? before?.change
      if (change) entries.set(line.id, { ...line, at: earlier(before, line), change })
    })
    return new Ledger(home, profile, path, entries, text !== '' && !text.endsWith('\n'))
  }

  /** In the order of making. */
  entries(): LedgerEntry[] {
    return [...this.#entries.values()]
  }

  /** What has been done and not undone. */
  standing(): LedgerEntry[] {
    return this.entries().filter(({ state }) => state === 'planned' || state === 'made')
  }

  find(change: Change): LedgerEntry | undefined {
    const identity = identityOfChange(change)
    return this.standing().find((entry) => identityOfChange(entry.change) === identity)
  }

  /** Writes the changes down and makes them. Those that stand already are made again where that means something. */
  async make(changes: readonly Change[], node: Node, work: Work): Promise<void> {
    const entries = await this.#plan(changes)
    for (const group of groups(entries)) {
      await changeKind(group[0]!.change.kind).apply?.(
        group.map(({ change }) => change),
        node,
        work,
      )
    }
    const fresh = entries.filter(({ state }) => state === 'planned')
    await this.#append(fresh.map(({ id }) => ({ id, at: now(), state: 'made' })))
  }

  /**
   * Undoes everything in reverse. What another profile on the machine uses as well is handed over to it. Resolves to what
   * stayed.
   */
  async undo(
    node: Node,
    neighbours: readonly Ledger[],
    keep: (change: Change) => string | undefined,
  ): Promise<LedgerEntry[]> {
    const stayed: LedgerEntry[] = []
    const conclude = async (
      entry: LedgerEntry,
      why?: string,
      state: EntryState = why === undefined ? 'undone' : 'kept',
    ) => {
      const line: Line = { id: entry.id, at: now(), state, ...(why !== undefined && { why }) }
      // A full disk must not keep us from undoing the rest.
      await this.#append([line]).catch(() => this.#note(line))
      if (state === 'kept') stayed.push(this.#entries.get(entry.id)!)
    }
    for (const group of groups(this.standing().reverse())) {
      const kind = changeKind(group[0]!.change.kind)
      const mine: LedgerEntry[] = []
      for (const entry of group) {
        const heir = kind.shared ? neighbours.find((neighbour) => neighbour.find(entry.change)) : undefined
        const wish = keep(entry.change)
        if (heir) {
          await heir.#inherit(entry)
          await conclude(entry, `the profile ${heir.profile} uses it`, 'handed-over')
        } else if (wish !== undefined) {
          await conclude(entry, wish)
        } else {
          mine.push(entry)
        }
      }
      if (mine.length === 0) continue
      const stay = await kind.undo(
        mine.map(({ change }) => change),
        node,
      )
      for (const entry of mine) await conclude(entry, stay.get(entry.change))
    }
    return stayed
  }

  async #plan(changes: readonly Change[]): Promise<LedgerEntry[]> {
    const fresh: Line[] = []
    let id = Math.max(0, ...this.#entries.keys())
    const ids = changes.map((change) => {
      const standing = this.find(change)
      if (standing) {
        // The same change with another aim (a file's new content) keeps what was there before us.
        const merged =
          'previous' in change
            ? { ...change, previous: (standing.change as { previous: unknown }).previous }
            : change
        if (JSON.stringify(merged) !== JSON.stringify(standing.change)) {
          fresh.push({ id: standing.id, at: now(), state: 'planned', change: merged as Change })
        }
        return standing.id
      }
      fresh.push({ id: ++id, at: now(), state: 'planned', change })
      return id
    })
    await this.#append(fresh)
    return ids.map((each) => this.#entries.get(each)!)
  }

  /** Takes over from a profile that made the same change earlier what was there before both. */
  async #inherit({ at, change }: LedgerEntry): Promise<void> {
    const mine = this.find(change)
    if (mine && at < mine.at) await this.#append([{ id: mine.id, at, state: mine.state, change }])
  }

  async #append(lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return
    await this.#home.mkdir(dirname(this.path))
    if (this.#torn) await mend(this.path)
    // A full disk takes half of what follows.
    this.#torn = true
    await appendFile(this.path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { flush: true })
    this.#torn = false
    await this.#home.give(this.path)
    for (const line of lines) this.#note(line)
  }

  #note(line: Line): void {
    const before = this.#entries.get(line.id)
    const change = line.change ?? before?.change
    if (change) this.#entries.set(line.id, { ...line, at: earlier(before, line), change })
  }
}

/** What `changes` come to, in words, for those that do not stand already. */
export function describePlan(ledger: Ledger, changes: readonly Change[]): string[] {
  return changes.filter((change) => !ledger.find(change)).map(describeChange)
}

/** Neighbouring entries of one kind. */
function groups(entries: readonly LedgerEntry[]): LedgerEntry[][] {
  const result: LedgerEntry[][] = []
  for (const entry of entries) {
    const last = result.at(-1)
    if (last?.[0]?.change.kind === entry.change.kind) last.push(entry)
    else result.push([entry])
  }
  return result
}

/** Ends the last line, or cuts it off when it is torn: another one behind it would be lost as well. */
async function mend(path: string): Promise<void> {
  const content = await readFile(path)
  const start = content.lastIndexOf('\n') + 1
  if (start === content.length) return
  try {
    JSON.parse(content.toString('utf8', start))
    await appendFile(path, '\n')
  } catch {
    await truncate(path, start)
  }
}

/** When a change was first made, also by a profile that it was taken over from. */
function earlier(before: LedgerEntry | undefined, line: Line): string {
  return before && before.at < line.at ? before.at : line.at
}

function now(): string {
  return new Date().toISOString()
}
