import { ApiError } from '../../../api/api-error.ts'
import type { GroupVersionResource, StoredKubeObject } from '../../../api/kube-object.ts'
import type { MutatingWebhook } from '../../../api/types/admissionregistration-v1.ts'
import type { Logger } from '../../../log.ts'
import type { Auth } from '../../auth/auth.ts'
import { follow, lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import { callWebhook } from '../../webhooks/call-webhook.ts'
import { webhookTarget } from '../../webhooks/webhook-target.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'
import { Activation } from '../cel/activation.ts'
import { MatchConditions, matchConditionsBudget } from '../cel/match-conditions.ts'
import { matchRules } from '../matching/match-resources.ts'
import { matchesSelectors } from '../matching/selector-matches.ts'
import { subjectIn } from '../object-versions.ts'
import { admissionReview, denial, type ReviewSubject, readVerdict, type Verdict } from './admission-review.ts'

/** Validating webhooks are the same but for `reinvocationPolicy`. */
export type Webhook = MutatingWebhook
type Configuration = StoredKubeObject & { webhooks?: Webhook[] }

export interface WebhookContext {
  store: StoreReader
  catalog: ResourceCatalog
  auth: Pick<Auth, 'authorizer'>
  log: Logger
}

/** Webhooks of one kind of configuration: which are there, which care about a request, and what they say. */
export class WebhookHooks {
  readonly #context: WebhookContext
  readonly #resource: GroupVersionResource
  #hooks: Webhook[] | undefined
  readonly #conditions = new WeakMap<Webhook, MatchConditions>()
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

  /** A request as a webhook wants to see it; undefined when it does not. @throws ApiError when that cannot be told */
  async wants(webhook: Webhook, attributes: AdmissionAttributes): Promise<ReviewSubject | undefined> {
    if (isExempt(attributes)) return undefined
    const { store, catalog } = this.#context
    const target = matchRules(webhook.rules ?? [], webhook.matchPolicy, attributes, catalog)
    if (!target || !matchesSelectors(webhook, attributes, store)) return undefined
    const subject = await subjectIn(catalog, attributes, target)
    return this.#matchesConditions(webhook, subject) ? subject : undefined
  }

  #matchesConditions(webhook: Webhook, subject: ReviewSubject): boolean {
    if (!webhook.matchConditions?.length) return true
    let conditions = this.#conditions.get(webhook)
    if (!conditions) {
      conditions = new MatchConditions(webhook.matchConditions, { authorizer: true }, webhook.failurePolicy)
      this.#conditions.set(webhook, conditions)
    }
    const { authorizer } = this.#context.auth
    try {
      return conditions.match(new Activation({ subject, authorizer, budget: matchConditionsBudget }))
    } catch (error) {
      const { resource, name } = subject.attributes
      throw ApiError.forbidden(resource.group, resource.resource, name, (error as Error).message)
    }
  }

  /**
   * Asks a webhook. Undefined when it could not be asked and may be passed over.
   * @throws ApiError when it says no, or cannot be asked and must be
   */
  async ask(webhook: Webhook, subject: ReviewSubject): Promise<Verdict | undefined> {
    const { store, log } = this.#context
    const { attributes } = subject
    if (attributes.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun') {
      throw ApiError.badRequest(`admission webhook ${JSON.stringify(webhook.name)} does not support dry run`)
    }
    const review = admissionReview(subject)
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
