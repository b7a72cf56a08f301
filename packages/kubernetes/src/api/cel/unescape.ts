const escaped =
  /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))/gs
const single: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** What a literal between its quotes stands for; undefined when it has an escape that there is not. */
export function unescapeLiteral(body: string, raw: boolean, bytes: boolean): string | Uint8Array | undefined {
  const text = body.replaceAll('\r\n', '\n')
  if (raw) return bytes ? Buffer.from(text) : text
  const parts: Buffer[] = []
  let out = ''
  let last = 0
  for (const match of text.matchAll(escaped)) {
    const [whole, letter, hex, short, long, octal, other] = match
    if (other !== undefined) return undefined
    out += text.slice(last, match.index)
    last = match.index + whole.length
    if (letter !== undefined) {
      out += single[letter] ?? letter
      continue
    }
    const code =
      octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? short ?? long ?? '', 16)
    const isByte = bytes && (hex !== undefined || octal !== undefined)
    if (bytes && !isByte) return undefined
    if (isByte) {
      parts.push(Buffer.from(out), Buffer.from([code]))
      out = ''
    } else {
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
      out += String.fromCodePoint(code)
    }
  }
  out += text.slice(last)
  return bytes ? Buffer.concat([...parts, Buffer.from(out)]) : out
}
