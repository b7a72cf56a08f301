import { randomUUID } from 'node:crypto'
import { ApiError, type Status } from '../../../api/api-error.ts'
import { isJsonObject } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { ResourceInfo } from '../../../api/resource-info.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'

const apiVersion = 'admission.k8s.io/v1'

/** What a webhook is asked: the request as it came, and the object in the version that the webhook's rule is about. */
export interface ReviewSubject {
  attributes: AdmissionAttributes
  resource: ResourceInfo
  object: KubeObject | undefined
  oldObject: KubeObject | undefined
}

export interface AdmissionReview {
  uid: string
  body: object
}

export function admissionReview(subject: ReviewSubject): AdmissionReview {
  const uid = randomUUID()
  const { object, oldObject } = subject
  const objects = { object: object ?? null, oldObject: oldObject ?? null }
  return {
    uid,
    body: { kind: 'AdmissionReview', apiVersion, request: { uid, ...admissionRequest(subject), ...objects } },
  }
}

/** An AdmissionRequest but for its uid and the objects. */
export function admissionRequest({ attributes, resource }: ReviewSubject): object {
  const { operation, subresource, namespace, name, user, dryRun, options } = attributes
  const kindOf = (info: ResourceInfo): object => {
    const view = info.subresources.find((each) => each.name === subresource)
    const { group, version, kind } = view?.kind ?? info
    return { group, version, kind }
  }
  const resourceOf = ({ group, version, resource: plural }: ResourceInfo): object => ({
    group,
    version,
    resource: plural,
  })
  const { username, uid, groups, extra } = user
  return {
    kind: kindOf(resource),
    resource: resourceOf(resource),
    ...(subresource && { subResource: subresource }),
    requestKind: kindOf(attributes.resource),
    requestResource: resourceOf(attributes.resource),
    ...(subresource && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace && { namespace }),
    operation,
    userInfo: {
      username,
      ...(uid && { uid }),
      ...(groups.length > 0 && { groups }),
      ...(extra && { extra }),
    },
    dryRun,
    options: optionsOf(options, operation),
  }
}

function optionsOf(options: KubeObject, operation: AdmissionAttributes['operation']): object | null {
  const kind = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' }[
    operation
  ]
  return kind ? { kind, apiVersion: 'meta.k8s.io/v1', ...options } : null
}

export interface Verdict {
  allowed: boolean
  /** Why not. */
  status?: Partial<Status>
  warnings: string[]
  /** Operations of a JSON patch. */
  patch?: unknown
}

/** @throws Error that says what is wrong with the answer */
export function readVerdict(answer: unknown, uid: string): Verdict {
  if (!isJsonObject(answer) || !isJsonObject(answer.response)) throw new Error('webhook response was absent')
  if (answer.kind !== 'AdmissionReview' || answer.apiVersion !== apiVersion) {
    throw new Error(
      `expected webhook response of ${apiVersion}, Kind=AdmissionReview, got ${String(answer.apiVersion)}, Kind=${String(answer.kind)}`,
    )
  }
  const { response } = answer
  if (response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  }
  const hasPatch = typeof response.patch === 'string' && response.patch !== ''
  if (hasPatch && response.patchType === undefined) {
    throw new Error('webhook returned response.patch but not response.patchType')
  }
  if (response.patchType !== undefined && !hasPatch) {
    throw new Error('webhook returned response.patchType but not response.patch')
  }
  if (hasPatch && response.patchType !== 'JSONPatch') {
    throw new Error(`webhook returned invalid response.patchType of ${JSON.stringify(response.patchType)}`)
  }
  const { warnings, status } = response
  return {
    allowed: response.allowed === true,
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    ...(isJsonObject(status) && { status: status as Partial<Status> }),
    ...(hasPatch && { patch: parsePatch(response.patch as string) }),
  }
}

function parsePatch(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  } catch (error) {
    throw new Error(`received undecodable patch in webhook response: ${(error as Error).message}`)
  }
}

/** The error of a request that a webhook does not let in. */
export function denial(webhook: string, status: Partial<Status> = {}): ApiError {
  const denied = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const why = status.message || status.reason
  const message = why ? `${denied}: ${why}` : `${denied} without explanation`
  const code = Math.max(status.code ?? 0, 400)
  return new ApiError(status.reason ?? '', message, status.details, code)
}
