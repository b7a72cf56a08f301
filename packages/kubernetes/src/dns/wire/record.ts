/** The numbers of record types that the server knows by name. */
export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const

export const responseCode = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const

export const internetClass = 1

/** A domain name as its labels, without the root. Labels are strings of bytes (latin1); a dot in one is just a byte. */
export type Name = readonly string[]

/** `a.b.c` or `a.b.c.` */
export function nameOf(text: string): Name {
  return text.split('.').filter((label) => label !== '')
}

/** The text of a name, for keys and logs. */
export function textOf(name: Name): string {
  return name.join('.')
}

export function lowerCase(name: Name): Name {
  return name.map((label) => label.toLowerCase())
}

/** A record of the kinds that the server makes itself. */
export type DnsRecord = { readonly name: Name; readonly ttl: number } & (
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: Name }
  | { readonly type: 'TXT'; readonly text: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: Name
    }
  | { readonly type: 'SOA'; readonly primary: Name; readonly mailbox: Name; readonly serial: number }
)

/** What the server knows about a question, before it is written down for a client. */
export interface Answer {
  readonly code: number
  /** From data of our own. */
  readonly authoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authorities?: readonly DnsRecord[]
  readonly additionals?: readonly DnsRecord[]
}
