import type { Controller, ControllerContext } from './controller.ts'
import type { ControllersConfig } from './controllers-config.ts'
import { startDeploymentController } from './deployment/start-deployment-controller.ts'
import { startEndpointsController } from './endpoints/start-endpoints-controller.ts'
import { startEndpointSliceController } from './endpointslice/start-endpoint-slice-controller.ts'
import { startEndpointSliceMirroringController } from './endpointslicemirroring/start-endpoint-slice-mirroring-controller.ts'
import { startGarbageCollector } from './garbagecollector/start-garbage-collector.ts'
import { startNamespaceController } from './namespace/start-namespace-controller.ts'
import { replicaSetFlavor, replicationControllerFlavor } from './replicaset/replica-flavor.ts'
import { startReplicaController } from './replicaset/start-replica-controller.ts'
import { startRootCaPublisher } from './rootca/start-root-ca-publisher.ts'
import { startServiceAccountController } from './serviceaccount/start-service-account-controller.ts'
import { startStatefulSetController } from './statefulset/start-stateful-set-controller.ts'
import { startHostPathProvisioner } from './volume/start-hostpath-provisioner.ts'
import { startVolumeBinder } from './volume/start-volume-binder.ts'
import { startVolumeExpander } from './volume/start-volume-expander.ts'
import { startClaimProtection, startVolumeProtection } from './volume/start-volume-protection.ts'

/**
 * Starts every controller, those first that the first pod waits for. `stop` resolves when none works any more; the
 * context's informers are the caller's to stop.
 */
export function startControllers(
  context: ControllerContext,
  config: ControllersConfig,
): { stop(): Promise<void> } {
  const { resources } = config
  const controllers: Controller[] = [
    startServiceAccountController(context),
    startRootCaPublisher(context, config.rootCa),
    startReplicaController(context, replicaSetFlavor),
    startDeploymentController(context),
    startStatefulSetController(context),
    startEndpointSliceController(context),
    startEndpointsController(context),
    startEndpointSliceMirroringController(context),
    startVolumeBinder(context),
    startVolumeExpander(context),
    startClaimProtection(context),
    startVolumeProtection(context),
    ...(config.hostPathProvisionerDir
      ? [startHostPathProvisioner(context, config.hostPathProvisionerDir)]
      : []),
    startReplicaController(context, replicationControllerFlavor),
    startNamespaceController(context, () => resources.list()),
    startGarbageCollector(context, resources),
  ]
  return {
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()))
    },
  }
}
