import type { StoredKubeObject } from '../kube-object.ts'
import type { ResourceInfo } from '../resource-info.ts'
import { admissionregistrationValidators } from './admissionregistration/admissionregistration-validators.ts'
import { customResourceDefinitions } from './apiextensions/custom-resource-definitions.ts'
import { apiServices } from './apiregistration/api-services.ts'
import { appsValidators } from './apps/apps-validators.ts'
import { autoscalingValidators } from './autoscaling/autoscaling-validators.ts'
import { batchValidators } from './batch/batch-validators.ts'
import { certificateSigningRequests } from './certificates/certificate-signing-requests.ts'
import { leases } from './coordination/leases.ts'
import { coreValidators } from './core/core-validators.ts'
import { endpointSlices } from './discovery/endpoint-slices.ts'
import { flowcontrolValidators } from './flowcontrol/flowcontrol-validators.ts'
import { networkingValidators } from './networking/networking-validators.ts'
import { runtimeClasses } from './node/runtime-classes.ts'
import { podDisruptionBudgets } from './policy/pod-disruption-budgets.ts'
import { rbacValidators } from './rbac/rbac-validators.ts'
import { resourceValidators } from './resource/resource-validators.ts'
import { priorityClasses } from './scheduling/priority-classes.ts'
import { storageValidators } from './storage/storage-validators.ts'
import type { Validator } from './validator.ts'

/** By `<resource>.<group>`. */
const validators = new Map<string, Validator<StoredKubeObject>>(
  [
    coreValidators,
    admissionregistrationValidators,
    appsValidators,
    autoscalingValidators,
    batchValidators,
    flowcontrolValidators,
    networkingValidators,
    rbacValidators,
    resourceValidators,
    storageValidators,
    {
      'apiservices.apiregistration.k8s.io': apiServices,
      'certificatesigningrequests.certificates.k8s.io': certificateSigningRequests,
      'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinitions,
      'endpointslices.discovery.k8s.io': endpointSlices,
      'leases.coordination.k8s.io': leases,
      'poddisruptionbudgets.policy': podDisruptionBudgets,
      'priorityclasses.scheduling.k8s.io': priorityClasses,
      'runtimeclasses.node.k8s.io': runtimeClasses,
    },
  ].flatMap((group) => Object.entries(group) as unknown as [string, Validator<StoredKubeObject>][]),
)

/** The rules of a built-in kind; undefined when metadata is all there is to check. */
export function validatorOf({ resource, group }: ResourceInfo): Validator<StoredKubeObject> | undefined {
  return validators.get(`${resource}.${group}`)
}
