import type { Readable } from 'node:stream'

/** Attributes that hold a URL, as upstream's proxy transport knows them. */
const attributes =
  /\b(action|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap)(\s*=\s*)(["'])(\/(?!\/)[^"']*)\3/gi

/** The HTML with its absolute paths put behind `prefix`. */
export async function rewriteLinks(html: Readable, prefix: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of html) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return Buffer.from(
    text.replace(attributes, (_, name: string, equals: string, quote: string, path: string) => {
      return `${name}${equals}${quote}${path.startsWith(`${prefix}/`) ? path : prefix + path}${quote}`
    }),
  )
}
