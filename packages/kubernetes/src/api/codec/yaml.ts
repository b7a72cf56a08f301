import { LineCounter, parseAllDocuments, parseDocument, type ScalarTag, stringify } from 'yaml'
import { DecodeError } from '../structure/decode-error.ts'

/*
 * Kubernetes reads YAML 1.1 the way Go's yaml.v2 does: `yes` and `on` are booleans, `0777` is octal, timestamps and
 * `22:22` are strings.
 */
const boolean: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text) => /^(y|t|on)/i.test(text),
}
const nothing: ScalarTag = {
  tag: 'tag:yaml.org,2002:null',
  default: true,
  test: /^(~|null|Null|NULL)?$/,
  resolve: () => null,
}
const integer: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]*|[1-9][0-9_]*)$/,
  resolve: readInteger,
}
const float: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
}
const customTags: ScalarTag[] = [nothing, boolean, integer, float]

function readInteger(text: string): number {
  const plain = text.replaceAll('_', '').toLowerCase()
  const digits = plain.replace(/^[-+]/, '')
  const octal = /^0[0-7]+$/.test(digits)
  const value = octal ? Number.parseInt(digits, 8) : Number(digits)
  return plain.startsWith('-') ? -value : value
}

/**
 * A YAML document as JSON; the last of duplicate keys wins, and `duplicates` receives what strict decoding says of them.
 * @throws DecodeError
 */
export function decodeYaml(text: string, duplicates?: string[]): unknown {
  const lines = new LineCounter()
  const uniqueKeys = (left: unknown, right: unknown) => {
    const [first, second] = [left, right] as { value?: unknown; range?: number[] }[]
    if (first?.value !== second?.value) return false
    const line = lines.linePos(second?.range?.[0] ?? 0).line
    duplicates?.push(`line ${line}: key ${JSON.stringify(String(second?.value))} already set in map`)
    return false
  }
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags,
    merge: true,
    uniqueKeys,
    lineCounter: lines,
  })
  const [error] = document.errors
  if (error) {
    throw new DecodeError(
      `error converting YAML to JSON: yaml: line ${error.linePos?.[0].line ?? 0}: ${firstLine(error)}`,
    )
  }
  return valueIn(document) ?? null
}

/** Aliases of aliases grow without bound: what would is refused. @throws DecodeError */
function valueIn(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new DecodeError(`error converting YAML to JSON: yaml: ${(error as Error).message}`)
  }
}

/** All documents of a file (`---` between them), empty ones left out. @throws DecodeError */
export function decodeYamlDocuments(text: string): unknown[] {
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    customTags,
    merge: true,
    uniqueKeys: false,
  })
  if ('empty' in documents) return []
  return documents.flatMap((document) => {
    const [error] = document.errors
    if (error) throw new DecodeError(`error converting YAML to JSON: yaml: ${firstLine(error)}`)
    const value = valueIn(document)
    return value === null || value === undefined ? [] : [value]
  })
}

/** An object as kubectl prints it: keys sorted, lists not indented, strings quoted where YAML 1.1 would misread them. */
export function encodeYaml(value: unknown): string {
  return stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:$/, '')
}
