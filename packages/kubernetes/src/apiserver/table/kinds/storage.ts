import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../api/types/storage-v1.ts'
import { defaultMark } from '../formats.ts'
import { columns, type KindTable, type KindTables } from '../kind-table.ts'

const defaultClassKeys = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]

const storageClasses: KindTable<StorageClass> = {
  columns: columns(
    'Name',
    'Provisioner',
    'ReclaimPolicy',
    'VolumeBindingMode',
    'AllowVolumeExpansion',
    'Age',
  ),
  cells: (storageClass, { since }) => [
    `${storageClass.metadata.name}${defaultMark(storageClass.metadata.annotations, defaultClassKeys)}`,
    storageClass.provisioner,
    storageClass.reclaimPolicy ?? 'Delete',
    storageClass.volumeBindingMode ?? 'Immediate',
    storageClass.allowVolumeExpansion ?? false,
    since(storageClass.metadata.creationTimestamp),
  ],
}

const volumeAttributesClasses: KindTable<VolumeAttributesClass> = {
  columns: columns('Name', 'DriverName', 'Age'),
  cells: ({ metadata, driverName }, { since }) => [
    metadata.name ?? '',
    driverName,
    since(metadata.creationTimestamp),
  ],
}

const volumeAttachments: KindTable<VolumeAttachment> = {
  columns: columns('Name', 'Attacher', 'PV', 'Node', 'Attached:boolean', 'Age').map((column) =>
    column.name === 'Attacher' ? { ...column, format: 'name' } : column,
  ),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status?.attached ?? false,
    since(metadata.creationTimestamp),
  ],
}

const csiNodes: KindTable<CSINode> = {
  columns: columns('Name', 'Drivers:integer', 'Age'),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec.drivers?.length ?? 0,
    since(metadata.creationTimestamp),
  ],
}

const csiDrivers: KindTable<CSIDriver> = {
  columns: columns(
    'Name',
    'AttachRequired:boolean',
    'PodInfoOnMount:boolean',
    'StorageCapacity:boolean',
    'TokenRequests',
    'RequiresRepublish:boolean',
    'Modes',
    'Age',
  ),
  cells: ({ metadata, spec }, { since }) => [
    metadata.name ?? '',
    spec.attachRequired ?? true,
    spec.podInfoOnMount ?? false,
    spec.storageCapacity ?? false,
    spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
    spec.requiresRepublish ?? false,
    spec.volumeLifecycleModes?.join(',') || '<none>',
    since(metadata.creationTimestamp),
  ],
}

export const storageTables: KindTables = {
  'storage.k8s.io/storageclasses': storageClasses,
  'storage.k8s.io/volumeattributesclasses': volumeAttributesClasses,
  'storage.k8s.io/volumeattachments': volumeAttachments,
  'storage.k8s.io/csinodes': csiNodes,
  'storage.k8s.io/csidrivers': csiDrivers,
}
