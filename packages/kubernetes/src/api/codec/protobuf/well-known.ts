export const jsonSchemaProps = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

/** An RFC 3339 time as protobuf's timestamp. */
export function seconds(time: string): { seconds: number; nanos: number } {
  const fraction = /\.(\d+)/.exec(time)?.[1] ?? ''
  return { seconds: Math.floor(Date.parse(time) / 1000), nanos: Number(fraction.padEnd(9, '0').slice(0, 9)) }
}

/** Opposite of {@link seconds}: without a fraction, or with six decimals. */
export function timeOf(time: { seconds: number; nanos: number }, micro: boolean): string {
  const text = new Date(time.seconds * 1000).toISOString().slice(0, 19)
  return micro ? `${text}.${String(Math.floor(time.nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`
}
