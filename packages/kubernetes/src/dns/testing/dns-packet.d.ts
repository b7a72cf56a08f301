/** As much of the package as the tests use; it comes without types. */
declare module 'dns-packet' {
  export type RecordType = string
  export interface Answer {
    type: string
    name: string
    ttl?: number
    data?: unknown
  }
  export interface Packet {
    type: 'query' | 'response'
    id?: number
    flags?: number
    questions?: { name: string; type: RecordType }[]
    answers?: Answer[]
    authorities?: Answer[]
    additionals?: Answer[]
  }
  export interface DecodedPacket extends Packet {
    flag_aa: boolean
    flag_tc: boolean
    rcode: string
  }
  const dnsPacket: {
    RECURSION_DESIRED: number
    TRUNCATED_RESPONSE: number
    encode(packet: Packet): Buffer
    decode(message: Buffer): DecodedPacket
  }
  // biome-ignore lint/style/noDefaultExport: that is what the package has
  export default dnsPacket
}
