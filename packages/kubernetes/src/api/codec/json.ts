import { DecodeError } from '../structure/decode-error.ts'

/** A JSON body. @throws DecodeError worded like Go's decoder */
export function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DecodeError(syntaxMessage(text, error as SyntaxError))
  }
}

function syntaxMessage(text: string, error: SyntaxError): string {
  if (text.trim() === '') return 'EOF'
  // V8 names the character in short texts, its position in long ones.
  const named = /^Unexpected token '(.+?)',/s.exec(error.message)?.[1]
  const position = /position (\d+)/.exec(error.message)?.[1]
  const at = named ?? (position === undefined ? undefined : text[Number(position)])
  if (at === undefined) return 'unexpected end of JSON input'
  return `invalid character ${at === "'" ? `'\\''` : `'${at}'`} looking for beginning of value`
}

/**
 * `duplicate field "spec.foo"` for every key that an object has twice, in the order of the document: the wording of strict
 * decoding. The text must be valid JSON.
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>()
  scanKeys(text, (path, duplicate) => {
    if (duplicate) found.add(duplicateField(path()))
  })
  return [...found]
}

/** Puts strict decoding's messages about duplicate and `unknown field "…"` into the order of the document. */
export function inDocumentOrder(text: string, messages: readonly string[]): string[] {
  const rest = new Set(messages)
  const ordered: string[] = []
  scanKeys(text, (path, duplicate) => {
    const message = duplicate ? duplicateField(path()) : `unknown field ${JSON.stringify(path())}`
    if (rest.delete(message)) ordered.push(message)
  })
  return [...ordered, ...rest]
}

function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`
}

/** Tells about every key of every object in valid JSON. */
function scanKeys(text: string, visit: (path: () => string, duplicate: boolean) => void): void {
  // One frame per open object or list: its keys, or the index of the current element.
  const frames: { keys?: Set<string>; index: number; key: string }[] = []
  let expectKey = false
  for (let at = 0; at < text.length; at++) {
    const frame = frames[frames.length - 1]
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = stringEnd(text, at)
        if (expectKey && frame?.keys) {
          const raw = text.slice(at, end + 1)
          frame.key = raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)
          visit(() => pathOf(frames), frame.keys.has(frame.key))
          frame.keys.add(frame.key)
          expectKey = false
        }
        at = end
        break
      }
      case 0x7b:
        frames.push({ keys: new Set(), index: 0, key: '' })
        expectKey = true
        break
      case 0x5b:
        frames.push({ index: 0, key: '' })
        break
      case 0x7d:
      case 0x5d:
        frames.pop()
        expectKey = false
        break
      case 0x2c:
        if (frame?.keys) expectKey = true
        else if (frame) frame.index++
    }
  }
}

/** Index of the closing quote. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x22) return at
  }
  return text.length
}

function pathOf(frames: readonly { keys?: Set<string>; index: number; key: string }[]): string {
  let path = ''
  for (const frame of frames) path += frame.keys ? `${path ? '.' : ''}${frame.key}` : `[${frame.index}]`
  return path
}
