import { deepEqual } from '../../../api/json.ts'
import type { StoredKubeObject } from '../../../api/kube-object.ts'
import { apiServiceRules } from './api-service.ts'
import { certificateSigningRequestRules } from './certificate-signing-request.ts'
import { customResourceDefinitionRules } from './custom-resource-definition.ts'
import { daemonSetRules } from './daemon-set.ts'
import { jobRules } from './job.ts'
import type { KindRules } from './kind-rules.ts'
import { namespaceRules } from './namespace.ts'
import { persistentVolumeClaimRules, persistentVolumeRules } from './persistent-volume.ts'
import { podRules } from './pod.ts'
import { serviceRules } from './service.ts'
import {
  cronJobWarnings,
  deploymentWarnings,
  endpointSliceWarnings,
  ingressWarnings,
  nodeWarnings,
  podTemplateWarnings,
  replicaSetWarnings,
  resourceQuotaWarnings,
  runtimeClassWarnings,
  serviceAccountWarnings,
  statefulSetWarnings,
  storageClassWarnings,
} from './warnings.ts'

/** True when a top-level field differs. */
function differs(...fields: string[]): (next: StoredKubeObject, old: StoredKubeObject) => boolean {
  return (next, old) => fields.some((field) => !deepEqual(next[field], old[field]))
}

const spec = differs('spec')

/** What is special, by `<resource>.<group>`; a kind that is missing here has nothing. */
export const kindRules: Record<string, KindRules> = {
  'configmaps.': {},
  'endpoints.': { createOnUpdate: true },
  'events.': { createOnUpdate: true },
  'events.events.k8s.io': { createOnUpdate: true },
  'limitranges.': { createOnUpdate: true },
  'namespaces.': namespaceRules,
  'nodes.': { keepStatusOnCreate: true, warnings: nodeWarnings },
  'persistentvolumes.': persistentVolumeRules,
  'persistentvolumeclaims.': persistentVolumeClaimRules,
  'pods.': podRules,
  'podtemplates.': { generation: differs('template'), warnings: podTemplateWarnings },
  'replicationcontrollers.': { generation: spec, warnings: replicaSetWarnings },
  'resourcequotas.': { warnings: resourceQuotaWarnings },
  'secrets.': {
    update(next, old) {
      // Clients that do not know of types keep the one there is.
      if (!next.type) next.type = old.type
    },
  },
  'services.': serviceRules,
  'serviceaccounts.': {
    create: onlySecretNames,
    update: onlySecretNames,
    warnings: serviceAccountWarnings,
  },

  'controllerrevisions.apps': {},
  'daemonsets.apps': daemonSetRules,
  'deployments.apps': {
    // Annotations count because they are copied to the replica sets.
    generation: (next, old) =>
      spec(next, old) || !deepEqual(next.metadata.annotations ?? {}, old.metadata.annotations ?? {}),
    subresources: {
      status(next, old) {
        next.spec = old.spec
        if (old.metadata.labels) next.metadata.labels = old.metadata.labels
        else delete next.metadata.labels
      },
    },
    reset: { status: { paths: [['metadata', 'labels']] } },
    warnings: deploymentWarnings,
  },
  'replicasets.apps': { generation: spec, warnings: replicaSetWarnings },
  'statefulsets.apps': { generation: spec, warnings: statefulSetWarnings },

  'horizontalpodautoscalers.autoscaling': {},
  'cronjobs.batch': { generation: spec, warnings: cronJobWarnings },
  'jobs.batch': jobRules,

  'certificatesigningrequests.certificates.k8s.io': certificateSigningRequestRules,
  'clustertrustbundles.certificates.k8s.io': { unconditionalUpdate: false },
  'podcertificaterequests.certificates.k8s.io': { unconditionalUpdate: false, statusKeepsMetadata: true },

  'leases.coordination.k8s.io': { createOnUpdate: true, unconditionalUpdate: false },
  'leasecandidates.coordination.k8s.io': { createOnUpdate: true, unconditionalUpdate: false },

  'endpointslices.discovery.k8s.io': {
    generation: (next, old) => !deepEqual(endpointState(next), endpointState(old)),
    warnings: endpointSliceWarnings,
  },

  'flowschemas.flowcontrol.apiserver.k8s.io': { generation: spec, statusKeepsMetadata: true },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    generation: spec,
    statusKeepsMetadata: true,
  },

  'ingresses.networking.k8s.io': { generation: spec, warnings: ingressWarnings },
  'ingressclasses.networking.k8s.io': { generation: spec },
  'networkpolicies.networking.k8s.io': { generation: spec },
  'servicecidrs.networking.k8s.io': { statusKeepsMetadata: true },

  'runtimeclasses.node.k8s.io': {
    createOnUpdate: true,
    unconditionalUpdate: false,
    warnings: runtimeClassWarnings,
  },
  'poddisruptionbudgets.policy': { unconditionalUpdate: false, generation: spec },

  'roles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'rolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },
  'clusterroles.rbac.authorization.k8s.io': { createOnUpdate: true },
  'clusterrolebindings.rbac.authorization.k8s.io': { createOnUpdate: true },

  'deviceclasses.resource.k8s.io': { generation: spec },
  'devicetaintrules.resource.k8s.io': { generation: spec, statusKeepsMetadata: true },
  'resourceclaims.resource.k8s.io': { statusKeepsMetadata: true },
  'resourceslices.resource.k8s.io': { generation: spec },

  'priorityclasses.scheduling.k8s.io': { firstGeneration: 1 },

  // Upstream starts these without a generation and counts from the first change.
  'csidrivers.storage.k8s.io': { unconditionalUpdate: false, generation: spec, firstGeneration: 0 },
  'csinodes.storage.k8s.io': { unconditionalUpdate: false },
  'csistoragecapacities.storage.k8s.io': { unconditionalUpdate: false },
  'storageclasses.storage.k8s.io': { warnings: storageClassWarnings },
  'volumeattachments.storage.k8s.io': { unconditionalUpdate: false, statusKeepsMetadata: true },

  'mutatingwebhookconfigurations.admissionregistration.k8s.io': {
    unconditionalUpdate: false,
    generation: differs('webhooks'),
  },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': {
    unconditionalUpdate: false,
    generation: differs('webhooks'),
  },
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    unconditionalUpdate: false,
    generation: spec,
    statusKeepsMetadata: true,
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    unconditionalUpdate: false,
    generation: spec,
  },
  'mutatingadmissionpolicies.admissionregistration.k8s.io': { unconditionalUpdate: false, generation: spec },
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': {
    unconditionalUpdate: false,
    generation: spec,
  },

  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitionRules,
  'apiservices.apiregistration.k8s.io': apiServiceRules,

  'storageversions.internal.apiserver.k8s.io': { unconditionalUpdate: false, statusKeepsMetadata: true },
  'storageversionmigrations.storagemigration.k8s.io': {
    unconditionalUpdate: false,
    statusKeepsMetadata: true,
  },
}

/** Secrets of a service account are named, nothing else of the reference counts. */
function onlySecretNames(account: StoredKubeObject): void {
  if (Array.isArray(account.secrets))
    account.secrets = account.secrets.map((secret: { name?: string }) => ({ name: secret.name }))
}

function endpointState(slice: StoredKubeObject): unknown {
  const { metadata, ...rest } = slice
  return { ...rest, labels: metadata.labels ?? {} }
}
