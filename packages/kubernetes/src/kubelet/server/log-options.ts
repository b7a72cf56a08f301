import { ApiError } from '../../api/api-error.ts'
import { parseTime } from '../../api/time.ts'
import { isTrue } from '../../apiserver/http/request-info.ts'
import type { LogOptions } from '../logs/log-selection.ts'

export interface LogRequest extends LogOptions {
  follow: boolean
  previous: boolean
}

const streams = ['All', 'Stdout', 'Stderr'] as const

/** PodLogOptions as they stand in a query. @throws ApiError BadRequest, Invalid */
export function logRequestOf(query: URLSearchParams, now: number): LogRequest {
  const tail = query.get('tail')
  const tailLines = tail === 'all' ? undefined : whole(tail || query.get('tailLines'), 0)
  const limitBytes = whole(query.get('limitBytes'), 1)
  const sinceSeconds = whole(query.get('sinceSeconds'), 1)
  const sinceTime = query.get('sinceTime')
  const time = parseTime(sinceTime)
  if (sinceTime && time === undefined) throw ApiError.badRequest('{"message": "Unable to decode query."}')
  const stream = streams.find((name) => name === (query.get('stream') || 'All'))
  const since = time ?? (sinceSeconds === undefined ? undefined : now - sinceSeconds * 1000)
  if (!stream || (time !== undefined && sinceSeconds !== undefined)) throw invalid()
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    stream,
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(since !== undefined && { since }),
  }
}

function whole(text: string | null | undefined, least: number): number | undefined {
  if (!text) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw ApiError.badRequest('{"message": "Unable to decode query."}')
  if (value < least) throw invalid()
  return value
}

function invalid(): ApiError {
  return new ApiError('Invalid', '{"message": "Invalid request."}')
}
