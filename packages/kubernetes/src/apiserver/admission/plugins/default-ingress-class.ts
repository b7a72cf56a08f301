import type { Ingress, IngressClass } from '../../../api/types/networking-v1.ts'
import { ingressClasses } from '../../../client/resources.ts'
import { lookUpAll, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { newestDefault } from '../newest-default.ts'

/** Ingresses that name no class get the default one. */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'CREATE' || !isResource(attributes, 'ingresses.networking.k8s.io')) return
    const ingress = attributes.object as unknown as Ingress
    const named = ingress.spec?.ingressClassName !== undefined && ingress.spec.ingressClassName !== null
    if (named || ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined) return
    const found = newestDefault(
      lookUpAll<IngressClass>(this.#store, ingressClasses),
      'ingressclass.kubernetes.io/is-default-class',
    )
    if (found?.metadata?.name) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name }
  }
}
