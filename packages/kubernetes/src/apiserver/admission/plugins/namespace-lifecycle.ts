import { ApiError } from '../../../api/api-error.ts'
import type { Namespace } from '../../../api/types/core-v1.ts'
import { namespaces } from '../../../client/resources.ts'
import { lookUp, type StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

const immortal = ['default', 'kube-system', 'kube-public']

/** Nothing new in a namespace that ends or is not there; the system's own namespaces stay. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, name, namespace, resource } = attributes
    if (resource.group === '' && resource.resource === 'namespaces') {
      if (operation === 'DELETE' && isResource(attributes, 'namespaces') && immortal.includes(name)) {
        throw ApiError.forbidden('', 'namespaces', name, 'this namespace may not be deleted')
      }
      return
    }
    if (!namespace || operation === 'DELETE' || operation === 'CONNECT') return
    // Whether a namespace exists is none of the business of somebody who only asks what they may.
    if (isResource(attributes, 'localsubjectaccessreviews.authorization.k8s.io')) return
    const found = lookUp<Namespace>(this.#store, namespaces, '', namespace)
    if (!found) throw ApiError.notFound('', 'namespaces', namespace)
    if (operation !== 'CREATE' || found.status?.phase !== 'Terminating') return
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`
    const error = refuse(attributes, why)
    throw new ApiError('Forbidden', error.message, {
      ...error.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    })
  }
}
