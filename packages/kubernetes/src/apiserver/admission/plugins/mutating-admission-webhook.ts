import { ApiError } from '../../../api/api-error.ts'
import { applyJsonPatch } from '../../../api/patch/json-patch.ts'
import { mutatingWebhookConfigurations } from '../../../client/resources.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import type { AdmissionRound } from '../admission-round.ts'
import { changeInVersion } from '../object-versions.ts'
import type { ReviewSubject } from '../webhooks/admission-review.ts'
import { type Webhook, type WebhookContext, WebhookHooks } from '../webhooks/webhook-hooks.ts'

/** Asks webhooks one after the other and applies their patches. */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook'
  readonly #hooks: WebhookHooks
  readonly #catalog: ResourceCatalog

  constructor(context: WebhookContext) {
    this.#hooks = new WebhookHooks(context, mutatingWebhookConfigurations)
    this.#catalog = context.catalog
  }

  async admit(attributes: AdmissionAttributes, round: AdmissionRound): Promise<void> {
    const webhooks = this.#hooks.all
    if (webhooks.length === 0) return
    const reinvocation = round.reinvocationOf(this)
    reinvocation.begin(attributes.object)
    for (const webhook of webhooks) {
      if (reinvocation.skips(webhook)) continue
      const subject = await this.#hooks.wants(webhook, attributes)
      if (!subject) continue
      const verdict = await this.#hooks.ask(webhook, subject)
      if (!verdict) continue
      const changed = verdict.patch !== undefined && (await this.#apply(webhook, subject, verdict.patch))
      reinvocation.called(webhook, { changed, ifNeeded: webhook.reinvocationPolicy === 'IfNeeded' })
    }
    reinvocation.end(attributes.object)
  }

  close(): void {
    this.#hooks.close()
  }

  /** True when the patch changed something. */
  async #apply(webhook: Webhook, { attributes, resource }: ReviewSubject, patch: unknown): Promise<boolean> {
    if (!attributes.object) {
      throw failed(
        `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
      )
    }
    try {
      const served = this.#catalog.find(resource)!
      return await changeInVersion(this.#catalog, attributes, served, (object) =>
        applyJsonPatch(object, patch),
      )
    } catch (error) {
      const why = error instanceof ApiError ? error.details?.causes?.[0]?.message : undefined
      throw failed(why ?? (error as Error).message)
    }
  }
}

function failed(why: string): ApiError {
  return new ApiError('InternalError', `Internal error occurred: ${why}`)
}
