import type {
  ComponentStatus,
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from '../../../api/types/core-v1.ts'
import type { Event as NewEvent } from '../../../api/types/events-v1.ts'
import { listCell, orNone } from '../formats.ts'
import { type CellContext, columns, type KindTable, type KindTables } from '../kind-table.ts'

const namespaces: KindTable<Namespace> = {
  columns: columns('Name', 'Status', 'Age'),
  cells: ({ metadata, status }, { since }) => [
    metadata.name ?? '',
    status?.phase ?? '',
    since(metadata.creationTimestamp),
  ],
}

const secrets: KindTable<Secret> = {
  columns: columns('Name', 'Type', 'Data', 'Age'),
  cells: ({ metadata, type, data }, { since }) => [
    metadata.name ?? '',
    type ?? '',
    Object.keys(data ?? {}).length,
    since(metadata.creationTimestamp),
  ],
}

const configMaps: KindTable<ConfigMap> = {
  columns: columns('Name', 'Data', 'Age'),
  cells: ({ metadata, data, binaryData }, { since }) => [
    metadata.name ?? '',
    Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    since(metadata.creationTimestamp),
  ],
}

const serviceAccounts: KindTable<ServiceAccount> = {
  columns: columns('Name', 'Age'),
  cells: ({ metadata }, { since }) => [metadata.name ?? '', since(metadata.creationTimestamp)],
}

const nodes: KindTable<Node> = {
  columns: columns(
    'Name',
    'Status',
    'Roles',
    'Age',
    'Version',
    '+Internal-IP',
    '+External-IP',
    '+OS-Image',
    '+Kernel-Version',
    '+Container-Runtime',
  ),
  cells(node, { since }) {
    const { metadata, status } = node
    const info = status?.nodeInfo
    const address = (type: string) =>
      status?.addresses?.find((each) => each.type === type)?.address ?? '<none>'
    const architecture = info?.architecture ? ` (${info.architecture})` : ''
    return [
      metadata.name ?? '',
      nodeStatus(node),
      orNone(nodeRoles(metadata.labels).join(',')),
      since(metadata.creationTimestamp),
      info?.kubeletVersion ?? '',
      address('InternalIP'),
      address('ExternalIP'),
      info?.osImage || '<unknown>',
      `${info?.kernelVersion || '<unknown>'}${architecture}`,
      info?.containerRuntimeVersion || '<unknown>',
    ]
  },
}

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const state = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return spec?.unschedulable ? `${state},SchedulingDisabled` : state
}

const rolePrefix = 'node-role.kubernetes.io/'

function nodeRoles(labels: Record<string, string> | undefined): string[] {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length))
    else if (key === 'kubernetes.io/role' && value) roles.add(value)
  }
  return [...roles].sort()
}

const betaClass = 'volume.beta.kubernetes.io/storage-class'
const shortModes: readonly [mode: string, short: string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

function accessModes(modes: readonly string[] | undefined): string {
  return shortModes.flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : [])).join(',')
}

const persistentVolumes: KindTable<PersistentVolume> = {
  columns: columns(
    'Name',
    'Capacity',
    'Access Modes',
    'Reclaim Policy',
    'Status',
    'Claim',
    'StorageClass',
    'VolumeAttributesClass',
    'Reason',
    'Age',
    '+VolumeMode',
  ),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.capacity?.storage ?? '0',
    accessModes(spec?.accessModes),
    spec?.persistentVolumeReclaimPolicy ?? '',
    metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    metadata.annotations?.[betaClass] ?? spec?.storageClassName ?? '',
    spec?.volumeAttributesClassName ?? '<unset>',
    status?.reason ?? '',
    since(metadata.creationTimestamp),
    spec?.volumeMode ?? '<unset>',
  ],
}

const persistentVolumeClaims: KindTable<PersistentVolumeClaim> = {
  columns: columns(
    'Name',
    'Status',
    'Volume',
    'Capacity',
    'Access Modes',
    'StorageClass',
    'VolumeAttributesClass',
    'Age',
    '+VolumeMode',
  ),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec?.volumeName ?? '',
    spec?.volumeName ? (status?.capacity?.storage ?? '0') : '',
    spec?.volumeName ? accessModes(status?.accessModes) : '',
    metadata.annotations?.[betaClass] ?? spec?.storageClassName ?? '',
    spec?.volumeAttributesClassName ?? '<unset>',
    since(metadata.creationTimestamp),
    spec?.volumeMode ?? '<unset>',
  ],
}

const endpoints: KindTable<Endpoints> = {
  columns: columns('Name', 'Endpoints', 'Age'),
  cells: ({ metadata, subsets }, { since }) => {
    const all = (subsets ?? []).flatMap(({ ports, addresses }) => {
      const ips = (addresses ?? []).map(({ ip }) => ip)
      if (!ports?.length) return ips
      return ports.flatMap(({ port }) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`))
    })
    return [
      metadata.name ?? '',
      subsets?.length ? listCell(all, 3) : '<none>',
      since(metadata.creationTimestamp),
    ]
  },
}

const resourceQuotas: KindTable<ResourceQuota> = {
  columns: columns('Name', 'Request', 'Limit', 'Age'),
  cells: ({ metadata, status }, { since }) => {
    const amounts = (limits: boolean) =>
      Object.entries(status?.hard ?? {})
        .filter(([name]) => name.startsWith('limits.') === limits)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
        .join(', ')
    return [metadata.name ?? '', amounts(false), amounts(true), since(metadata.creationTimestamp)]
  },
}

const componentStatuses: KindTable<ComponentStatus> = {
  columns: columns('Name', 'Status', 'Message', 'Error'),
  cells: ({ metadata, conditions }) => {
    const healthy = conditions?.find(({ type }) => type === 'Healthy')
    const status = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown'
    return [metadata.name ?? '', status, healthy?.message ?? '', healthy?.error ?? '']
  },
}

const eventColumns = columns(
  'Last Seen',
  'Type',
  'Reason',
  'Object',
  '+Subobject',
  '+Source',
  'Message',
  '+First Seen',
  '+Count',
  '+*Name',
)

/** What both kinds of events show. */
interface EventParts {
  metadata: Event['metadata']
  type: string | undefined
  reason: string | undefined
  message: string | undefined
  object: { kind?: string; name?: string; fieldPath?: string } | undefined
  component: string | undefined
  instance: string | undefined
  first: string | undefined
  last: string | undefined
  eventTime: string | undefined
  count: number | undefined
  series: { count?: number; lastObservedTime?: string } | undefined
}

function eventCells(event: EventParts, { since }: CellContext) {
  const first = since(event.first || event.eventTime)
  const last = event.series ? since(event.series.lastObservedTime) : event.last ? since(event.last) : first
  const kind = (event.object?.kind ?? '').toLowerCase()
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    event.object?.name ? `${kind}/${event.object.name}` : kind,
    event.object?.fieldPath ?? '',
    [event.component ?? '', event.instance].filter((part, index) => index === 0 || part).join(', '),
    (event.message ?? '').trim(),
    first,
    event.series ? (event.series.count ?? 0) : event.count || 1,
    event.metadata.name ?? '',
  ]
}

const events: KindTable<Event> = {
  columns: eventColumns,
  cells: (event, context) =>
    eventCells(
      {
        ...event,
        type: event.type,
        reason: event.reason,
        message: event.message,
        object: event.involvedObject,
        component: event.source?.component || event.reportingComponent,
        instance: event.source?.host || event.reportingInstance,
        first: event.firstTimestamp,
        last: event.lastTimestamp,
        eventTime: event.eventTime,
        count: event.count,
        series: event.series,
      },
      context,
    ),
}

const newEvents: KindTable<NewEvent> = {
  columns: eventColumns,
  cells: (event, context) =>
    eventCells(
      {
        metadata: event.metadata,
        type: event.type,
        reason: event.reason,
        message: event.note,
        object: event.regarding,
        component: event.deprecatedSource?.component || event.reportingController,
        instance: event.deprecatedSource?.host || event.reportingInstance,
        first: event.deprecatedFirstTimestamp,
        last: event.deprecatedLastTimestamp,
        eventTime: event.eventTime,
        count: event.deprecatedCount,
        series: event.series,
      },
      context,
    ),
}

export const coreTables: KindTables = {
  '/namespaces': namespaces,
  '/secrets': secrets,
  '/configmaps': configMaps,
  '/serviceaccounts': serviceAccounts,
  '/nodes': nodes,
  '/persistentvolumes': persistentVolumes,
  '/persistentvolumeclaims': persistentVolumeClaims,
  '/endpoints': endpoints,
  '/resourcequotas': resourceQuotas,
  '/componentstatuses': componentStatuses,
  '/events': events,
  'events.k8s.io/events': newEvents,
}
