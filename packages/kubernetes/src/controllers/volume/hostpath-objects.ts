import { isReason } from '../../api/api-error.ts'
import type { ClusterRole, ClusterRoleBinding } from '../../api/types/rbac-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import type { Client } from '../../client/client.ts'
import { clusterRoleBindings, clusterRoles, storageClasses } from '../../client/resources.ts'
import { hostPathProvisioner } from './hostpath-protocol.ts'

const roleName = 'minikube-ts:hostpath-agent'

const standardClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: hostPathProvisioner,
  reclaimPolicy: 'Delete',
  // The volume lies where its first pod runs.
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
}

/** Nodes see all volumes, and take our finalizer off their own. */
const role: ClusterRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: roleName },
  rules: [
    {
      apiGroups: [''],
      resources: ['persistentvolumes'],
      verbs: ['get', 'list', 'watch', 'update'],
    },
  ],
}

const binding: ClusterRoleBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: roleName },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
}

/** Creates what the provisioner needs; what is there already stays as its users made it. */
export async function ensureHostPathObjects(client: Client): Promise<void> {
  await Promise.all([
    unlessThere(client.create(storageClasses, undefined, standardClass)),
    unlessThere(client.create(clusterRoles, undefined, role)),
    unlessThere(client.create(clusterRoleBindings, undefined, binding)),
  ])
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
