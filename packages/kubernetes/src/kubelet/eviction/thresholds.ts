import { parseQuantity, quantityValue } from '../../api/quantity.ts'

/** Upstream's names of what can run short on a node. */
export const signals = {
  'memory.available': { condition: 'memory', resource: 'memory' },
  'nodefs.available': { condition: 'disk', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'disk', resource: 'inodes' },
  'imagefs.available': { condition: 'disk', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'disk', resource: 'inodes' },
  'pid.available': { condition: 'pid', resource: 'pids' },
} as const

export type Signal = keyof typeof signals

/** Less than this being left is too little. */
export interface Threshold {
  signal: Signal
  /** Bytes, or a number of inodes or processes; absent when it is a share. */
  amount?: number
  /** Of the capacity, 0 to 1. */
  share?: number
}

/**
 * Memory as upstream. Of the disk minikube lets be used what there is, as it is the user's own: only when next to nothing
 * is left it must not become less.
 */
export const defaultThresholds: Record<string, string> = {
  'memory.available': '100Mi',
  'nodefs.available': '256Mi',
  'nodefs.inodesFree': '1000',
  'imagefs.available': '256Mi',
  'imagefs.inodesFree': '1000',
}

/**
 * Reads `{ 'memory.available': '100Mi', 'nodefs.available': '10%' }`; what is 0 is no threshold.
 * @throws Error for an unknown signal or a wrong amount
 */
export function parseThresholds(settings: Record<string, string>): Threshold[] {
  return Object.entries(settings).flatMap(([signal, text]) => {
    if (!Object.hasOwn(signals, signal)) throw new Error(`unsupported eviction signal ${signal}`)
    const value = amountOf(signal, text)
    return value.amount || value.share ? [{ signal: signal as Signal, ...value }] : []
  })
}

function amountOf(signal: string, text: string): Pick<Threshold, 'amount' | 'share'> {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (percent) {
    const share = Number(percent[1]) / 100
    if (share > 1) throw new Error(`eviction percentage threshold ${signal} must be <= 100%: ${text}`)
    return { share }
  }
  if (!parseQuantity(text) || text.startsWith('-')) {
    throw new Error(`eviction threshold ${signal} is no amount: ${text}`)
  }
  return { amount: quantityValue(text) }
}

/** What has to be left at least. */
export function limitOf({ amount, share }: Threshold, capacity: number): number {
  return amount ?? Math.floor(capacity * (share ?? 0))
}
