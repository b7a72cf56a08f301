import { validatingWebhookConfigurations } from '../../../client/resources.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { type WebhookContext, WebhookHooks } from '../webhooks/webhook-hooks.ts'

/** Asks webhooks all at once; the first in order that says no is the one whose word counts. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook'
  readonly #hooks: WebhookHooks

  constructor(context: WebhookContext) {
    this.#hooks = new WebhookHooks(context, validatingWebhookConfigurations)
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (this.#hooks.all.length === 0) return
    const answers = await Promise.allSettled(
      this.#hooks.all.map(async (webhook) => {
        const subject = await this.#hooks.wants(webhook, attributes)
        if (subject) await this.#hooks.ask(webhook, subject)
      }),
    )
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  }

  close(): void {
    this.#hooks.close()
  }
}
