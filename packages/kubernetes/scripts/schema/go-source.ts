import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One field of a Go struct. `tags` is the raw struct tag text by key. */
export interface GoField {
  name: string
  type: string
  embedded: boolean
  tags: Record<string, string>
  /** Marker comments, e.g. `optional` → `['']`, `listMapKey` → `['name', 'port']`. */
  markers: Map<string, string[]>
}

/** A Go type declaration: a struct, or a named type with its underlying type's text. */
export interface GoType {
  name: string
  /** Go package as OpenAPI names it, e.g. `io.k8s.api.core.v1`. */
  package: string
  markers: Map<string, string[]>
  fields?: GoField[]
  underlying?: string
  /** String constants declared with this type, in order. */
  values: string[]
}

export interface GoPackage {
  name: string
  types: Map<string, GoType>
  /** Import alias → import path, over all files of the package. */
  imports: Map<string, string>
  /** String constants by name. */
  constants: Map<string, string>
  /** `GroupName` constant; undefined for meta/v1. */
  group?: string
}

/**
 * Reads the type declarations of one package. A line-based reader is enough, because the sources are gofmt'd: one field a
 * line, closing braces in the first column.
 */
export function readGoPackage(name: string, folder: string): GoPackage {
  const result: GoPackage = { name, types: new Map(), imports: new Map(), constants: new Map() }
  const constants: { type: string; value: string }[] = []
  const files = readdirSync(folder).filter(
    (file) =>
      file.endsWith('.go') && !/(_test|\.pb|_fuzz|^zz_generated.*|_swagger_doc_generated)\.go$/.test(file),
  )
  for (const file of files) {
    // Built only under a tag; its twin fieldsv1_byte.go declares the same type.
    if (file === 'fieldsv1_string.go') continue
    readFile(readFileSync(join(folder, file), 'utf8'), result, constants)
  }
  for (const { type, value } of constants) {
    const declared = result.types.get(type)
    if (declared && !declared.values.includes(value)) declared.values.push(value)
  }
  return result
}

function readFile(text: string, into: GoPackage, constants: { type: string; value: string }[]): void {
  let comments: string[] = []
  // Markers of a type may stand in the comment block before its doc comment.
  let earlier: string[] = []
  let struct: GoType | undefined
  let importing = false
  for (const line of text.replaceAll(/^\s*\/\*[\s\S]*?\*\/[ \t]*$/gm, '').split('\n')) {
    const trimmed = line.trim()
    if (/^import \($/.test(line)) importing = true
    else if (importing && line === ')') importing = false
    const imported = /^(?:import )?(\w+)? ?"([^"]+)"$/.exec(trimmed)
    if (imported && (importing || line.startsWith('import '))) {
      const path = imported[2]!
      into.imports.set(imported[1] ?? path.slice(path.lastIndexOf('/') + 1), path)
      continue
    }
    if (trimmed.startsWith('//')) {
      comments.push(trimmed.slice(2).trim())
      continue
    }
    if (trimmed === '') {
      if (!struct) earlier = comments
      comments = []
      continue
    }
    if (struct) {
      if (line.startsWith('}')) struct = undefined
      else struct.fields!.push(parseField(trimmed, comments))
      comments = []
      continue
    }
    const declaration = /^type (\w+)( =)? (.+?)( \{)?$/.exec(line)
    const constant = /^(?:const )?(\w+) +(\w+) += "([^"]*)"/.exec(trimmed)
    if (declaration) {
      const [, name, , what, open] = declaration
      const type: GoType = {
        name: name!,
        package: into.name,
        markers: parseMarkers([...earlier, ...comments]),
        values: [],
      }
      if (what === 'struct{}') type.fields = []
      else if (what === 'struct' && open) {
        type.fields = []
        struct = type
      } else if (!open) type.underlying = what!
      if (type.fields || type.underlying) into.types.set(type.name, type)
    } else if (constant) {
      constants.push({ type: constant[2]!, value: constant[3]! })
      into.constants.set(constant[1]!, constant[3]!)
    }
    const group = /^const GroupName = "([^"]*)"/.exec(line)
    if (group) into.group = group[1]!
    comments = []
    earlier = []
  }
}

function parseField(line: string, comments: string[]): GoField {
  const match = /^(?:(\w+) +)?([^\s`]+)(?:\s*`([^`]*)`)?\s*(?:\/\/.*)?$/.exec(line)
  if (!match) throw new Error(`not a field: ${line}`)
  const [, name, type, tag] = match
  const tags: Record<string, string> = {}
  for (const [, key, value] of (tag ?? '').matchAll(/(\w+):"((?:[^"\\]|\\.)*)"/g)) tags[key!] = value!
  return {
    name: name ?? type!.slice(type!.lastIndexOf('.') + 1),
    type: type!,
    embedded: name === undefined,
    tags,
    markers: parseMarkers(comments),
  }
}

function parseMarkers(comments: string[]): Map<string, string[]> {
  const markers = new Map<string, string[]>()
  for (const comment of comments) {
    const match = /^\+([\w:.-]+)(?:=(.*))?$/.exec(comment)
    if (!match) continue
    const key = match[1]!
    markers.set(key, [...(markers.get(key) ?? []), match[2] ?? ''])
  }
  return markers
}
