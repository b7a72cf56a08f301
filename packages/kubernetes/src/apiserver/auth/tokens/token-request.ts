import { randomUUID } from 'node:crypto'
import { ApiError } from '../../../api/api-error.ts'
import type { KubeObject, StoredKubeObject } from '../../../api/kube-object.ts'
import { toTime } from '../../../api/time.ts'
import { nodes, pods, secrets, serviceAccounts } from '../../../client/resources.ts'
import type { CreateHandler, CreateRequest } from '../create-handler.ts'
import { lookUp, type StoreReader } from '../store-reader.ts'
import { serviceAccountUsername } from './service-account-name.ts'
import type { TokenSigner } from './token-signer.ts'

/** Asked for by the projected volume of every pod; such tokens live a year, and were to warn from this age on. */
const warnOnlyExpirationSeconds = 3607
const extendedExpirationSeconds = 365 * 24 * 60 * 60
const maxExpirationSeconds = 2 ** 32
const group = 'authentication.k8s.io'

interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: string[]
    expirationSeconds?: number
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string }
  }
}

interface Bound {
  kind: 'pod' | 'secret' | 'node'
  object: StoredKubeObject
  /** Of a pod. */
  node?: { name: string; uid?: string }
}

/** `create` of `serviceaccounts/token`. */
export function createTokenRequestHandler(options: {
  signer: TokenSigner
  /** Audiences of this API server. */
  audiences: readonly string[]
  store: StoreReader
  now: () => number
}): CreateHandler {
  const { signer, audiences: ownAudiences, store, now } = options
  return async (request) => {
    const account = accountOf(store, request)
    const { metadata = {}, spec: asked = {} } = request.object as TokenRequest
    const { name = '', namespace = '', uid = '' } = account.metadata
    const audiences = asked.audiences?.length ? asked.audiences : [...ownAudiences]
    const expirationSeconds = asked.expirationSeconds ?? 3600
    validate(expirationSeconds)
    const bound = boundTo(store, asked.boundObjectRef, namespace, name)
    const extended =
      bound?.kind === 'pod' &&
      expirationSeconds === warnOnlyExpirationSeconds &&
      audiences.every((audience) => ownAudiences.includes(audience))
    const issued = now()
    const seconds = Math.floor(issued / 1000)
    const token = signer.sign({
      aud: audiences,
      exp: seconds + (extended ? extendedExpirationSeconds : expirationSeconds),
      iat: seconds,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...boundClaims(bound),
        serviceaccount: { name, uid },
        ...(extended && { warnafter: seconds + expirationSeconds }),
      },
      nbf: seconds,
      sub: serviceAccountUsername(namespace, name),
    })
    return {
      apiVersion: `${group}/v1`,
      kind: 'TokenRequest',
      metadata: { ...metadata, name, namespace, uid, creationTimestamp: toTime(issued) },
      spec: {
        audiences,
        expirationSeconds,
        boundObjectRef: asked.boundObjectRef ?? null,
      },
      status: { token, expirationTimestamp: toTime(issued + expirationSeconds * 1000) },
    }
  }
}

function accountOf(store: StoreReader, { object, namespace, name }: CreateRequest): StoredKubeObject {
  const { metadata = {} } = object
  const refuse = (field: 'name' | 'namespace', value: string): never => {
    throw ApiError.invalid(group, 'TokenRequest', name, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(value)}: must match the service account ${field} if specified`,
        field: `metadata.${field}`,
      },
    ])
  }
  if (metadata.name && metadata.name !== name) refuse('name', metadata.name)
  if (metadata.namespace && metadata.namespace !== namespace) refuse('namespace', metadata.namespace)
  const account = lookUp(store, serviceAccounts, namespace, name)
  if (!account) throw ApiError.notFound('', 'serviceaccounts', name)
  if (metadata.uid && metadata.uid !== account.metadata.uid) {
    throw ApiError.conflict(
      group,
      'TokenRequest',
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${account.metadata.uid})`,
    )
  }
  return account
}

function validate(expirationSeconds: number): void {
  const refuse = (message: string): never => {
    throw ApiError.invalid(group, 'TokenRequest', '', [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${expirationSeconds}: ${message}`,
        field: 'spec.expirationSeconds',
      },
    ])
  }
  if (expirationSeconds < 600) refuse('may not specify a duration less than 10 minutes')
  if (expirationSeconds > maxExpirationSeconds) refuse('may not specify a duration larger than 2^32 seconds')
}

type ObjectReference = NonNullable<TokenRequest['spec']>['boundObjectRef']

function boundTo(
  store: StoreReader,
  reference: ObjectReference,
  namespace: string,
  accountName: string,
): Bound | undefined {
  if (!reference) return undefined
  const { kind = '', apiVersion = '', name = '', uid } = reference
  const resource = apiVersion === 'v1' ? { Pod: pods, Secret: secrets, Node: nodes }[kind] : undefined
  if (!resource) {
    const [first = '', second] = apiVersion.split('/')
    const text = second === undefined ? `/${first}` : `${first}/${second}`
    throw ApiError.badRequest(`cannot bind token to object of type ${text}, Kind=${kind}`)
  }
  const object = lookUp(store, resource, kind === 'Node' ? '' : namespace, name)
  if (!object) throw ApiError.notFound('', resource.resource, name)
  const bound: Bound = { kind: kind.toLowerCase() as Bound['kind'], object }
  if (kind === 'Pod') {
    const spec = object.spec as { serviceAccountName?: string; nodeName?: string }
    if (spec.serviceAccountName !== accountName) {
      throw ApiError.badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
      )
    }
    if (spec.nodeName) {
      bound.node = { name: spec.nodeName, uid: lookUp(store, nodes, '', spec.nodeName)?.metadata.uid }
    }
  }
  if (uid && uid !== object.metadata.uid) {
    throw ApiError.conflict(
      '',
      kind,
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return bound
}

function boundClaims(bound: Bound | undefined): Record<string, unknown> {
  if (!bound) return {}
  const { name, uid } = bound.object.metadata
  return { ...(bound.node && { node: bound.node }), [bound.kind]: { name, uid } }
}
