import { deepEqual } from '../../../api/json.ts'
import type { CertificateSigningRequest } from '../../../api/types/certificates-v1.ts'
import { parseCertificateRequest } from '../../../certificates/certificate-request.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import type { UserInfo } from '../../auth/user-info.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'

const resource = 'certificatesigningrequests.certificates.k8s.io'

/** Approving a request needs `approve` on its signer. */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'UPDATE' || !isResource(attributes, resource, 'approval')) return
    const signer = signerOf(attributes.oldObject)
    if (!maySign(this.#authorizer, attributes.user, 'approve', signer)) {
      throw refuse(
        attributes,
        `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`,
      )
    }
  }
}

/** Putting a certificate into the status needs `sign` on the signer. */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.operation !== 'UPDATE' || !isResource(attributes, resource, 'status')) return
    const [next, old] = [attributes.object, attributes.oldObject].map(
      (object) => (object as unknown as CertificateSigningRequest).status,
    )
    if (next?.certificate === old?.certificate && deepEqual(next?.conditions, old?.conditions)) return
    const signer = signerOf(attributes.oldObject)
    if (!maySign(this.#authorizer, attributes.user, 'sign', signer)) {
      throw refuse(
        attributes,
        `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`,
      )
    }
  }
}

/** No client certificate makes its owner a member of system:masters. */
export class CertificateSubjectRestriction implements AdmissionPlugin {
  readonly name = 'CertificateSubjectRestriction'

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (operation !== 'CREATE' || !isResource(attributes, resource)) return
    const signer = signerOf(object)
    if (signer !== 'kubernetes.io/kube-apiserver-client') return
    const { request } = (object as unknown as CertificateSigningRequest).spec
    if (organizationsOf(attributes, String(request)).includes('system:masters')) {
      throw refuse(attributes, `use of ${signer} signer with system:masters group is not allowed`)
    }
  }
}

function organizationsOf(attributes: AdmissionAttributes, base64: string): string[] {
  try {
    return parseCertificateRequest(Buffer.from(base64, 'base64').toString('latin1')).subject.organizations
  } catch (error) {
    throw refuse(attributes, `failed to parse CSR: ${error instanceof Error ? error.message : error}`)
  }
}

function signerOf(object: unknown): string {
  return (object as CertificateSigningRequest | undefined)?.spec?.signerName ?? ''
}

/** By the signer's own name, or by all of its domain's. */
function maySign(authorizer: Authorizer, user: UserInfo, verb: string, signer: string): boolean {
  for (const name of [signer, `${signer.split('/')[0]}/*`]) {
    const { allowed } = authorizer.authorize({
      user,
      verb,
      name,
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'signers',
    })
    if (allowed) return true
  }
  return false
}
