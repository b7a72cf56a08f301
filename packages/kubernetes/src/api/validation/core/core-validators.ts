import {
  configMaps,
  endpoints,
  limitRanges,
  namespaces,
  nodes,
  podTemplates,
  secrets,
} from './cluster-objects.ts'
import { coreEvents, events } from './events.ts'
import { persistentVolumeClaims } from './persistent-volume-claim.ts'
import { persistentVolumes } from './persistent-volumes.ts'
import { pods } from './pods.ts'
import { replicationControllers } from './replication-controllers.ts'
import { resourceQuotas } from './resource-quotas.ts'
import { services } from './services.ts'

/** The core group. Service accounts have nothing but metadata to check. */
export const coreValidators = {
  'configmaps.': configMaps,
  'endpoints.': endpoints,
  'events.': coreEvents,
  'events.events.k8s.io': events,
  'limitranges.': limitRanges,
  'namespaces.': namespaces,
  'nodes.': nodes,
  'persistentvolumeclaims.': persistentVolumeClaims,
  'persistentvolumes.': persistentVolumes,
  'pods.': pods,
  'podtemplates.': podTemplates,
  'replicationcontrollers.': replicationControllers,
  'resourcequotas.': resourceQuotas,
  'secrets.': secrets,
  'services.': services,
}
