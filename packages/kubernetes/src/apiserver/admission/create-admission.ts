import type { Client } from '../../client/client.ts'
import type { Logger } from '../../log.ts'
import type { Store } from '../../store/store.ts'
import type { Auth } from '../auth/auth.ts'
import type { ResourceCatalog } from '../registry/resource-catalog.ts'
import { type AdmissionChain, createAdmissionChain } from './admission-chain.ts'
import {
  CertificateApproval,
  CertificateSigning,
  CertificateSubjectRestriction,
} from './plugins/certificates.ts'
import { DefaultIngressClass } from './plugins/default-ingress-class.ts'
import { DefaultStorageClass } from './plugins/default-storage-class.ts'
import { DefaultTolerationSeconds } from './plugins/default-toleration-seconds.ts'
import { LimitRanger } from './plugins/limit-ranger.ts'
import { MutatingAdmissionPolicy } from './plugins/mutating-admission-policy.ts'
import { MutatingAdmissionWebhook } from './plugins/mutating-admission-webhook.ts'
import { NamespaceLifecycle } from './plugins/namespace-lifecycle.ts'
import { NodeRestriction } from './plugins/node-restriction.ts'
import { PersistentVolumeClaimResize } from './plugins/persistent-volume-claim-resize.ts'
import { PodSecurity } from './plugins/pod-security.ts'
import { PodTopologyLabels } from './plugins/pod-topology-labels.ts'
import { Priority } from './plugins/priority.ts'
import { RbacEscalation } from './plugins/rbac-escalation.ts'
import { ResourceQuota } from './plugins/resource-quota.ts'
import { RuntimeClass } from './plugins/runtime-class.ts'
import { ServiceAccount } from './plugins/service-account.ts'
import { StorageObjectInUseProtection } from './plugins/storage-object-in-use-protection.ts'
import { TaintNodesByCondition } from './plugins/taint-nodes-by-condition.ts'
import { ValidatingAdmissionPolicy } from './plugins/validating-admission-policy.ts'
import { ValidatingAdmissionWebhook } from './plugins/validating-admission-webhook.ts'

export interface AdmissionContext {
  store: Store
  client: Client
  auth: Auth
  catalog: ResourceCatalog
  log: Logger
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** The plugins that are on by default, in upstream's order (pkg/kubeapiserver/options/plugins.go). */
export function createAdmission({ now = Date.now, ...context }: AdmissionContext): AdmissionChain {
  const { store, client, auth } = context
  return createAdmissionChain([
    new NamespaceLifecycle(store),
    new LimitRanger(store),
    new ServiceAccount(store),
    new NodeRestriction(store, auth.authorizer),
    new TaintNodesByCondition(),
    new PodSecurity(store),
    new Priority(store),
    new DefaultTolerationSeconds(),
    new DefaultStorageClass(store),
    new StorageObjectInUseProtection(),
    new PersistentVolumeClaimResize(store),
    new RuntimeClass(store),
    new CertificateApproval(auth.authorizer),
    new CertificateSigning(auth.authorizer),
    new CertificateSubjectRestriction(),
    new DefaultIngressClass(store),
    new PodTopologyLabels(store),
    new RbacEscalation(auth, store),
    new MutatingAdmissionPolicy(context),
    new MutatingAdmissionWebhook(context),
    new ValidatingAdmissionPolicy(context),
    new ValidatingAdmissionWebhook(context),
    // Charges for the object: everything that may refuse it comes before.
    new ResourceQuota(store, client, now),
  ])
}
