import { readFile, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { FileKeySelector } from '../../api/types/core-v1.ts'

/**
 * The value of a key in a file of `KEY=value` lines inside a volume; `undefined` when it is optional and not there.
 * Quotes around a value and comments are taken off.
 */
export async function readEnvFile(directory: string, selector: FileKeySelector): Promise<string | undefined> {
  const { path, key, optional } = selector
  const root = await realpath(directory)
  const file = await realpath(join(root, path)).catch(() => undefined)
  if (file !== undefined && !file.startsWith(root + sep)) throw new Error("couldn't parse env file")
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(() => undefined)
  const value = text === undefined ? undefined : findKey(text, key)
  if (value !== undefined && value !== '') return value
  if (optional) return undefined
  if (text === undefined) throw new Error("couldn't parse env file")
  throw new Error(`environment variable key "${key}" not found in file "${join(directory, path)}"`)
}

function findKey(text: string, key: string): string | undefined {
  for (const raw of text.split('\n')) {
    const line = raw.trimStart()
    if (line.startsWith('#')) continue
    const equals = line.indexOf('=')
    if (equals < 0 || line.slice(0, equals).trim() !== key) continue
    const value = line.slice(equals + 1).trim()
    const quoted = /^'([^']*)'|^"([^"]*)"/.exec(value)
    return quoted ? (quoted[1] ?? quoted[2]) : value
  }
  return undefined
}
