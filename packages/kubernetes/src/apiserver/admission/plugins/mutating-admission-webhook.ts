import { ApiError } from '../../../api/api-error.ts'
import { deepEqual } from '../../../api/json.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import { applyJsonPatch } from '../../../api/patch/json-patch.ts'
import { mutatingWebhookConfigurations } from '../../../client/resources.ts'
import type { ResourceCatalog } from '../../registry/resource-catalog.ts'
import type { ServedResource } from '../../registry/served-resource.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { replaceObject } from '../replace-object.ts'
import { inVersion } from '../webhooks/versioned-attributes.ts'
import { type Webhook, type WebhookContext, WebhookHooks } from '../webhooks/webhook-hooks.ts'

/** Asks webhooks one after the other and applies their patches; some are asked again when a later one changed the object. */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook'
  readonly #hooks: WebhookHooks
  readonly #catalog: ResourceCatalog

  constructor(context: WebhookContext) {
    this.#hooks = new WebhookHooks(context, mutatingWebhookConfigurations)
    this.#catalog = context.catalog
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (this.#hooks.all.length === 0) return
    /** How often the object had been changed when a webhook was last asked. */
    const asked = new Map<Webhook, number>()
    let changes = 0
    const ask = async (webhook: Webhook): Promise<void> => {
      const resource = await this.#hooks.wants(webhook, attributes)
      if (!resource) return
      const verdict = await this.#hooks.ask(webhook, resource, attributes)
      if (verdict?.patch && (await this.#apply(webhook, resource, attributes, verdict.patch))) changes++
      asked.set(webhook, changes)
    }
    for (const webhook of this.#hooks.all) await ask(webhook)
    for (const [webhook, before] of [...asked]) {
      if (webhook.reinvocationPolicy === 'IfNeeded' && before < changes) await ask(webhook)
    }
  }

  close(): void {
    this.#hooks.close()
  }

  /** True when the patch changed something. */
  async #apply(
    webhook: Webhook,
    resource: ServedResource,
    attributes: AdmissionAttributes,
    patch: unknown,
  ): Promise<boolean> {
    const { object } = attributes
    if (!object) {
      throw new ApiError(
        'InternalError',
        `Internal error occurred: admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
      )
    }
    try {
      const seen = (await inVersion(this.#catalog, attributes, resource, object))!
      const patched = this.#inShape(attributes, resource, applyJsonPatch(seen, patch))
      if (deepEqual(patched, seen)) return false
      const own = this.#catalog.find(attributes.resource)
      const result =
        own && (await inVersion(this.#catalog, { ...attributes, resource: resource.info }, own, patched))
      replaceObject(object, result ?? patched)
      return true
    } catch (error) {
      const why = error instanceof ApiError ? (error.details?.causes?.[0]?.message ?? error.message) : error
      throw new ApiError(
        'InternalError',
        `Internal error occurred: ${why instanceof Error ? why.message : why}`,
      )
    }
  }

  /** Patches may leave out what has a default, and put in what is not known. */
  #inShape({ subresource }: AdmissionAttributes, resource: ServedResource, patched: KubeObject): KubeObject {
    const view = resource.info.subresources.find(({ name }) => name === subresource)
    if (view?.kind) return patched
    const { apiVersion, kind } = patched
    const shaped = resource.conform(patched)
    Object.assign(shaped, { apiVersion, kind })
    resource.setDefaults(shaped)
    return shaped
  }
}
