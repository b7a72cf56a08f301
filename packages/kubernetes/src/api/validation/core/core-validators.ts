import { persistentVolumeClaims } from './persistent-volume-claim.ts'
import { pods } from './pods.ts'

/** The core group. */
export const coreValidators = {
  'persistentvolumeclaims.': persistentVolumeClaims,
  'pods.': pods,
}
