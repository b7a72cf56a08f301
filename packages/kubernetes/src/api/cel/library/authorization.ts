import { isDns1123Label, isDns1123Subdomain } from '../../validation/formats.ts'
import { CelError } from '../cel-error.ts'
import type { Library } from '../overload.ts'
import { CelOpaque } from '../values.ts'

/** What an expression asks: about a resource, or about a path. */
export interface AuthorizationQuestion {
  verb: string
  path?: string
  group?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
  fieldSelector?: string
  labelSelector?: string
  /** Somebody else than who made the request. */
  serviceAccount?: { namespace: string; name: string }
}

export interface AuthorizationAnswer {
  allowed: boolean
  reason?: string
  error?: string
}

export type AskAuthorizer = (question: AuthorizationQuestion) => AuthorizationAnswer

const prefix = 'kubernetes.authorization.'

/** Any of the builders that end in a question. */
class Asking extends CelOpaque {
  readonly typeName: string
  readonly ask: AskAuthorizer
  readonly question: Readonly<AuthorizationQuestion>

  constructor(type: string, ask: AskAuthorizer, question: AuthorizationQuestion) {
    super()
    this.typeName = prefix + type
    this.ask = ask
    this.question = question
  }

  as(type: string, more: Partial<AuthorizationQuestion>): Asking {
    return new Asking(type, this.ask, { ...this.question, ...more })
  }
}

class CelDecision extends CelOpaque {
  readonly typeName = `${prefix}Decision`
  readonly answer: AuthorizationAnswer

  constructor(answer: AuthorizationAnswer) {
    super()
    this.answer = answer
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(ask: AskAuthorizer): CelOpaque {
  return new Asking('Authorizer', ask, { verb: '' })
}

/** The value of `authorizer.requestResource`. */
export function resourceCheckValue(ask: AskAuthorizer, of: Omit<AuthorizationQuestion, 'verb'>): CelOpaque {
  return new Asking('ResourceCheck', ask, { verb: '', ...of })
}

function nonEmpty(value: string, name: string): string {
  if (!value.trim()) throw new CelError(`${name} must not be empty`)
  return value
}

function serviceAccount(asking: Asking, namespace: string, name: string): Asking {
  if (isDns1123Subdomain(name).length > 0) throw new CelError('Invalid service account name')
  if (isDns1123Label(namespace).length > 0) throw new CelError('Invalid service account namespace')
  return asking.as('Authorizer', { serviceAccount: { namespace, name } })
}

const check = ({ ask, question }: Asking, verb: string): CelDecision =>
  new CelDecision(ask({ ...question, verb }))

const resourceParts = ['subresource', 'namespace', 'name', 'fieldSelector', 'labelSelector'] as const

export const authorization: Library = {
  [`(${prefix}Authorizer).path(string): ${prefix}PathCheck`]: (asking: Asking, path: string) =>
    asking.as('PathCheck', { path: nonEmpty(path, 'path') }),
  [`(${prefix}Authorizer).group(string): ${prefix}GroupCheck`]: (asking: Asking, group: string) =>
    asking.as('GroupCheck', { group }),
  [`(${prefix}Authorizer).serviceAccount(string, string): ${prefix}Authorizer`]: serviceAccount,
  [`(${prefix}GroupCheck).resource(string): ${prefix}ResourceCheck`]: (asking: Asking, resource: string) =>
    asking.as('ResourceCheck', { resource: nonEmpty(resource, 'resource') }),
  ...Object.fromEntries(
    resourceParts.map((part) => [
      `(${prefix}ResourceCheck).${part}(string): ${prefix}ResourceCheck`,
      (asking: Asking, value: string) => asking.as('ResourceCheck', { [part]: value }),
    ]),
  ),
  [`(${prefix}PathCheck).check(string): ${prefix}Decision`]: check,
  [`(${prefix}ResourceCheck).check(string): ${prefix}Decision`]: check,
  [`(${prefix}Decision).allowed(): bool`]: ({ answer }: CelDecision) => answer.allowed,
  [`(${prefix}Decision).reason(): string`]: ({ answer }: CelDecision) => answer.reason ?? '',
  [`(${prefix}Decision).errored(): bool`]: ({ answer }: CelDecision) => answer.error !== undefined,
  [`(${prefix}Decision).error(): string`]: ({ answer }: CelDecision) => answer.error ?? '',
}

/** For mutating policies. */
export const jsonPatch: Library = {
  'jsonpatch.escapeKey(string): string': (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
}
