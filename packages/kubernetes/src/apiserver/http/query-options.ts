import { ApiError, type StatusCause } from '../../api/api-error.ts'
import type { FieldValidation } from '../registry/decode-body.ts'
import type { DeletionOptions } from '../registry/deletion.ts'
import type { ListRequest } from '../registry/list-objects.ts'
import type { WatchRequest } from '../registry/watch-objects.ts'
import { isTrue } from './request-info.ts'

const longestManager = 128

export interface WriteOptions {
  dryRun: boolean
  fieldManager: string
  fieldValidation: FieldValidation
}

/** CreateOptions, UpdateOptions and what PatchOptions has of them. @throws ApiError Invalid */
export function writeOptions(
  query: URLSearchParams,
  kind: string,
  userAgent: string | undefined,
): WriteOptions {
  const causes: StatusCause[] = []
  const fieldManager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') || 'Warn'
  if (fieldManager.length > longestManager) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${longestManager} bytes`,
      field: 'fieldManager',
    })
  }
  const dryRun = dryRunOf(query.getAll('dryRun'), causes)
  if (!['Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    causes.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  }
  if (causes.length > 0) throw invalidOptions(kind, causes)
  return {
    dryRun,
    fieldManager: fieldManager || managerOf(userAgent),
    fieldValidation: fieldValidation as FieldValidation,
  }
}

export function dryRunOf(values: readonly string[], causes: StatusCause[]): boolean {
  const wrong = values.filter((value) => value !== 'All')
  if (wrong.length > 0) {
    const shown = values.length === 1 ? `["${values[0]}"]` : JSON.stringify(values)
    causes.push({
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${shown}: supported values: "All"`,
      field: 'dryRun',
    })
  }
  return values.length > 0
}

export function invalidOptions(kind: string, causes: StatusCause[]): ApiError {
  return ApiError.invalid('meta.k8s.io', kind, '', causes)
}

function notSupported(field: string, value: string, supported: string[]): StatusCause {
  const list = supported.map((each) => JSON.stringify(each)).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    field,
  }
}

function forbidden(field: string, why: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field }
}

/** What a user agent starts with, up to the slash. */
function managerOf(userAgent = ''): string {
  const name = userAgent.split('/')[0]!.replace(/[\p{C}\p{Z}]/gu, '')
  return name.slice(0, longestManager)
}

/** @throws ApiError Invalid, BadRequest */
export function listOptions(query: URLSearchParams): ListRequest {
  const request: ListRequest = {
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    limit: integer(query, 'limit') ?? 0,
    continue: query.get('continue') ?? undefined,
    resourceVersion: query.get('resourceVersion') ?? undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') ?? undefined,
  }
  const { resourceVersionMatch: match, resourceVersion } = request
  const causes: StatusCause[] = []
  if (match) {
    if (!resourceVersion) {
      causes.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      )
    }
    if (request.continue) {
      causes.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      )
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      causes.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && resourceVersion === '0') {
      causes.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      )
    }
  }
  if (query.get('sendInitialEvents') !== null) {
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)
  return request
}

/** `timeoutSeconds` beside what the registry wants to know. @throws ApiError Invalid, BadRequest */
export function watchOptions(query: URLSearchParams): WatchRequest & { timeoutSeconds: number } {
  const match = query.get('resourceVersionMatch') ?? ''
  const initial = query.get('sendInitialEvents')
  const causes: StatusCause[] = []
  if (initial !== null && match !== 'NotOlderThan') {
    causes.push(
      forbidden(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    )
  }
  if (match) {
    if (initial === null) {
      causes.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        ),
      )
    }
    if (match !== 'NotOlderThan') causes.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']))
    if (query.get('continue')) {
      causes.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      )
    }
  }
  if (causes.length > 0) throw invalidOptions('ListOptions', causes)
  return {
    labelSelector: query.get('labelSelector') ?? undefined,
    fieldSelector: query.get('fieldSelector') ?? undefined,
    resourceVersion: query.get('resourceVersion') ?? undefined,
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
    ...(initial !== null && { sendInitialEvents: isTrue(initial) }),
    timeoutSeconds: integer(query, 'timeoutSeconds') ?? 0,
  }
}

/** From the body, or without one from the query. `kind` of the body is checked. @throws ApiError */
export function deleteOptions(
  query: URLSearchParams,
  body: Record<string, unknown> | undefined,
): DeletionOptions & { dryRun: boolean } {
  const given: Record<string, unknown> = body ?? {
    ...(query.has('gracePeriodSeconds') && { gracePeriodSeconds: integer(query, 'gracePeriodSeconds') }),
    ...(query.has('propagationPolicy') && { propagationPolicy: query.get('propagationPolicy') }),
    ...(query.has('orphanDependents') && { orphanDependents: isTrue(query.get('orphanDependents')) }),
    dryRun: query.getAll('dryRun'),
  }
  const causes: StatusCause[] = []
  const { propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions } = given
  if (propagationPolicy && orphanDependents !== undefined && orphanDependents !== null) {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`,
      field: 'propagationPolicy',
    })
  }
  if (propagationPolicy && !['Foreground', 'Background', 'Orphan'].includes(String(propagationPolicy))) {
    causes.push(
      notSupported('propagationPolicy', String(propagationPolicy), ['Background', 'Foreground', 'Orphan']),
    )
  }
  const dryRun = dryRunOf((given.dryRun as string[] | null | undefined) ?? [], causes)
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes)
  return {
    dryRun,
    ...(typeof gracePeriodSeconds === 'number' && { gracePeriodSeconds }),
    ...(propagationPolicy ? { propagationPolicy: propagationPolicy as 'Orphan' } : {}),
    ...(typeof orphanDependents === 'boolean' && { orphanDependents }),
    ...(preconditions ? { preconditions: preconditions as { uid?: string; resourceVersion?: string } } : {}),
  }
}

/** @throws ApiError BadRequest */
function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^-?\d+$/.test(text)) {
    throw ApiError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}
