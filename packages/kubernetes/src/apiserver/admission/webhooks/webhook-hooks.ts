import { ApiError } from '../../../api/api-error.ts'
import type { GroupVersionResource, StoredKubeObject } from '../../../api/kube-object.ts'
import type { MutatingWebhook } from '../../../api/types/admissionregistration-v1.ts'
import type { Logger } from '../../../log.ts'
import { follow, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { ServedResource } from '../../registry/served-resource.ts'
import { callWebhook } from '../../webhooks/call-webhook.ts'
import { webhookTarget } from '../../webhooks/webhook-target.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'
import { admissionReview, denial, readVerdict, type Verdict } from './admission-review.ts'
import { matchesRule } from './rule-matches.ts'
import { matchesSelectors } from './selector-matches.ts'
import { equivalentResources, inVersion } from './versioned-attributes.ts'

/** Validating webhooks are the same but for `reinvocationPolicy`. */
export type Webhook = MutatingWebhook
type Configuration = StoredKubeObject & { webhooks?: Webhook[] }

/** Decides by CEL whether a webhook cares. @throws ApiError when the conditions cannot be evaluated */
export type MatchConditions = (webhook: Webhook, attributes: AdmissionAttributes) => Promise<boolean>

export interface WebhookContext {
  store: StoreReader
  catalog: ResourceCatalog
  log: Logger
  matchConditions: MatchConditions
}

/** Webhooks of one kind of configuration: which are there, which care about a request, and what they say. */
export class WebhookHooks {
  readonly #context: WebhookContext
  readonly #resource: GroupVersionResource
  #hooks: Webhook[] | undefined
  readonly close: () => void

  constructor(context: WebhookContext, resource: GroupVersionResource) {
    this.#context = context
    this.#resource = resource
    this.close = follow(context.store, resource, () => {
      this.#hooks = undefined
    })
  }

  /** In the order in which they are called: by the configuration's name, then as listed. */
  get all(): readonly Webhook[] {
    this.#hooks ??= lookUpAll<Configuration>(this.#context.store, this.#resource)
      .sort((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1))
      .flatMap(({ webhooks = [] }) => webhooks)
    return this.#hooks
  }

  /** In which version a webhook wants to see a request; undefined when it does not. */
  async wants(webhook: Webhook, attributes: AdmissionAttributes): Promise<ServedResource | undefined> {
    if (isExempt(attributes)) return undefined
    const { store, catalog, matchConditions } = this.#context
    const resource = this.#resourceFor(webhook, attributes, catalog)
    if (!resource || !matchesSelectors(webhook, attributes, store)) return undefined
    if (webhook.matchConditions?.length && !(await matchConditions(webhook, attributes))) return undefined
    return resource
  }

  #resourceFor(
    { rules = [], matchPolicy }: Webhook,
    attributes: AdmissionAttributes,
    catalog: ResourceCatalog,
  ): ServedResource | undefined {
    const matches = (resource: AdmissionAttributes['resource']): boolean =>
      rules.some((rule) => matchesRule(rule, { ...attributes, resource }))
    if (matches(attributes.resource)) return catalog.find(attributes.resource)
    if (matchPolicy === 'Exact') return undefined
    return equivalentResources(catalog, attributes).find(({ info }) => matches(info))
  }

  /**
   * Asks a webhook. Undefined when it could not be asked and may be passed over.
   * @throws ApiError when it says no, or cannot be asked and must be
   */
  async ask(
    webhook: Webhook,
    resource: ServedResource,
    attributes: AdmissionAttributes,
  ): Promise<Verdict | undefined> {
    const { catalog, store, log } = this.#context
    if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
      throw ApiError.badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
    }
    const review = admissionReview({
      attributes,
      resource: resource.info,
      object: await inVersion(catalog, attributes, resource, attributes.object),
      oldObject: await inVersion(catalog, attributes, resource, attributes.oldObject),
    })
    const seconds = webhook.timeoutSeconds ?? 10
    let verdict: Verdict
    try {
      const call = { body: review.body, timeoutMs: seconds * 1000, query: { timeout: `${seconds}s` } }
      const answer = await callWebhook(webhookTarget(store, webhook.clientConfig), call).catch(
        (error: Error) => {
          throw new Error(`failed to call webhook: ${error.message}`)
        },
      )
      verdict = readVerdictOf(answer, review.uid)
    } catch (error) {
      const why = `failed calling webhook ${JSON.stringify(webhook.name)}: ${(error as Error).message}`
      if (webhook.failurePolicy === 'Ignore') {
        log.warn(`${why}; failing open`)
        return undefined
      }
      throw new ApiError('InternalError', `Internal error occurred: ${why}`)
    }
    for (const warning of verdict.warnings) attributes.warn(warning)
    if (!verdict.allowed) throw denial(webhook.name, verdict.status)
    return verdict
  }
}

function readVerdictOf(answer: unknown, uid: string): Verdict {
  try {
    return readVerdict(answer, uid)
  } catch (error) {
    throw new Error(`received invalid webhook response: ${(error as Error).message}`)
  }
}

/** A broken webhook must not keep its own configuration from being mended. */
export function isExempt({ resource }: AdmissionAttributes): boolean {
  return (
    resource.group === 'admissionregistration.k8s.io' &&
    /^(validatingwebhookconfigurations|mutatingwebhookconfigurations|(validating|mutating)admissionpolic(ies|ybindings))$/.test(
      resource.resource,
    )
  )
}
