import type { Field } from '../field.ts'

/** Inside of a volume: relative, and nowhere up. */
export function validateDescendingPath(path: string, field: Field): void {
  if (path.startsWith('/')) field.invalid(path, 'must be a relative path')
  validateNoBacksteps(path, field)
}

export function validateNoBacksteps(path: string, field: Field): void {
  if (path.split('/').includes('..')) field.invalid(path, "must not contain '..'")
}

/** A file that a volume makes: `..` at the beginning is the kubelet's own. */
export function validateFilePath(path: string, field: Field): void {
  validateDescendingPath(path, field)
  if (path.startsWith('..') && !path.startsWith('../')) field.invalid(path, "must not start with '..'")
}

export function validateFileMode(mode: number | undefined, field: Field): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0))
    field.invalid(mode, 'must be a number between 0 and 0777 (octal), both inclusive')
}
