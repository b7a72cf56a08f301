import { startTokenCleaner } from './bootstrap/start-token-cleaner.ts'
import { startCertificateController } from './certificates/start-certificate-controller.ts'
import { startClusterRoleAggregationController } from './clusterroleaggregation/start-cluster-role-aggregation-controller.ts'
import type { Controller, ControllerContext } from './controller.ts'
import type { ControllersConfig } from './controllers-config.ts'
import { startCronJobController } from './cronjob/start-cron-job-controller.ts'
import { startDaemonSetController } from './daemonset/start-daemon-set-controller.ts'
import { startDeploymentController } from './deployment/start-deployment-controller.ts'
import { startDisruptionController } from './disruption/start-disruption-controller.ts'
import { startEndpointsController } from './endpoints/start-endpoints-controller.ts'
import { startEndpointSliceController } from './endpointslice/start-endpoint-slice-controller.ts'
import { startEndpointSliceMirroringController } from './endpointslicemirroring/start-endpoint-slice-mirroring-controller.ts'
import { startEphemeralVolumeController } from './ephemeralvolume/start-ephemeral-volume-controller.ts'
import { startGarbageCollector } from './garbagecollector/start-garbage-collector.ts'
import { startJobController } from './job/start-job-controller.ts'
import { startNamespaceController } from './namespace/start-namespace-controller.ts'
import { startNodeLifecycleController } from './nodelifecycle/start-node-lifecycle-controller.ts'
import { startHorizontalPodAutoscaler } from './podautoscaler/start-horizontal-pod-autoscaler.ts'
import { startPodGarbageCollector } from './podgc/start-pod-garbage-collector.ts'
import { replicaSetFlavor, replicationControllerFlavor } from './replicaset/replica-flavor.ts'
import { startReplicaController } from './replicaset/start-replica-controller.ts'
import { startResourceQuotaController } from './resourcequota/start-resource-quota-controller.ts'
import { startRootCaPublisher } from './rootca/start-root-ca-publisher.ts'
import { startServiceAccountController } from './serviceaccount/start-service-account-controller.ts'
import { startTokenController } from './serviceaccount/start-token-controller.ts'
import { startServiceCidrController } from './servicecidrs/start-service-cidr-controller.ts'
import { startServiceLoadBalancerController } from './serviceloadbalancer/start-service-load-balancer-controller.ts'
import { startStatefulSetController } from './statefulset/start-stateful-set-controller.ts'
import { startTaintEvictionController } from './tainteviction/start-taint-eviction-controller.ts'
import { startTtlAfterFinishedController } from './ttlafterfinished/start-ttl-after-finished-controller.ts'
import { startHostPathProvisioner } from './volume/start-hostpath-provisioner.ts'
import { startVolumeBinder } from './volume/start-volume-binder.ts'
import { startVolumeExpander } from './volume/start-volume-expander.ts'
import {
  startAttributesClassProtection,
  startClaimProtection,
  startVolumeProtection,
} from './volume/start-volume-protection.ts'

/**
 * Starts every controller, those first that the first pod waits for. `stop` resolves when none works any more; the
 * context's informers are the caller's to stop.
 */
export function startControllers(
  context: ControllerContext,
  config: ControllersConfig,
): { stop(): Promise<void> } {
  const controllers: Controller[] = [
    startServiceAccountController(context),
    startRootCaPublisher(context, config.rootCa),
    startNodeLifecycleController(context),
    ...workloads(context),
    ...networking(context, config),
    ...storage(context, config),
    ...housekeeping(context, config),
  ]
  return {
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()))
    },
  }
}

function workloads(context: ControllerContext): Controller[] {
  return [
    startReplicaController(context, replicaSetFlavor),
    startDeploymentController(context),
    startStatefulSetController(context),
    startDaemonSetController(context),
    startJobController(context),
    startCronJobController(context),
    startReplicaController(context, replicationControllerFlavor),
  ]
}

function networking(context: ControllerContext, { loadBalancerCidr }: ControllersConfig): Controller[] {
  return [
    startEndpointSliceController(context),
    startEndpointsController(context),
    startEndpointSliceMirroringController(context),
    startServiceLoadBalancerController(context, loadBalancerCidr),
    startServiceCidrController(context),
  ]
}

function storage(context: ControllerContext, { hostPathProvisionerDir }: ControllersConfig): Controller[] {
  return [
    startVolumeBinder(context),
    ...(hostPathProvisionerDir ? [startHostPathProvisioner(context, hostPathProvisionerDir)] : []),
    startEphemeralVolumeController(context),
    startVolumeExpander(context),
    startClaimProtection(context),
    startVolumeProtection(context),
    startAttributesClassProtection(context),
  ]
}

function housekeeping(context: ControllerContext, config: ControllersConfig): Controller[] {
  const { resources, rootCa, clusterSigner, signLegacyToken } = config
  return [
    startNamespaceController(context, () => resources.list()),
    startGarbageCollector(context, resources),
    startTaintEvictionController(context),
    startPodGarbageCollector(context),
    startTtlAfterFinishedController(context),
    startDisruptionController(context, resources),
    startResourceQuotaController(context, resources),
    startHorizontalPodAutoscaler(context, resources),
    startClusterRoleAggregationController(context),
    startTokenCleaner(context),
    ...(clusterSigner ? [startCertificateController(context, clusterSigner)] : []),
    ...(signLegacyToken ? [startTokenController(context, { rootCa, sign: signLegacyToken })] : []),
  ]
}
