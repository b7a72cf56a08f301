import { humanDuration } from '../../../api/duration.ts'
import { formatLabelSelector } from '../../../api/selectors/format-label-selector.ts'
import { parseTime } from '../../../api/time.ts'
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../../api/types/apps-v1.ts'
import type { Scale } from '../../../api/types/autoscaling-v1.ts'
import type { CronJob, Job } from '../../../api/types/batch-v1.ts'
import type { PodTemplate, ReplicationController } from '../../../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../../../api/types/policy-v1.ts'
import { containerCells, hasCondition, labelsCell, selectorCell } from '../formats.ts'
import { type CellContext, columns, type KindTable, type KindTables } from '../kind-table.ts'

const wide = ['+Containers', '+Images', '+Selector']

const deployments: KindTable<Deployment> = {
  columns: columns('Name', 'Ready', 'Up-to-date', 'Available', 'Age', ...wide),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    status?.updatedReplicas ?? 0,
    status?.availableReplicas ?? 0,
    since(metadata.creationTimestamp),
    ...containerCells(spec?.template.spec?.containers),
    formatLabelSelector(spec?.selector),
  ],
}

const replicaSets: KindTable<ReplicaSet> = {
  columns: columns('Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...wide),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    since(metadata.creationTimestamp),
    ...containerCells(spec?.template?.spec?.containers),
    selectorCell(spec?.selector),
  ],
}

const replicationControllers: KindTable<ReplicationController> = {
  columns: replicaSets.columns,
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    status?.readyReplicas ?? 0,
    since(metadata.creationTimestamp),
    ...containerCells(spec?.template?.spec?.containers),
    labelsCell(spec?.selector),
  ],
}

const statefulSets: KindTable<StatefulSet> = {
  columns: columns('Name', 'Ready', 'Age', '+Containers', '+Images'),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    since(metadata.creationTimestamp),
    ...containerCells(spec?.template.spec?.containers),
  ],
}

const daemonSets: KindTable<DaemonSet> = {
  columns: columns(
    'Name',
    'Desired:integer',
    'Current:integer',
    'Ready:integer',
    'Up-to-date:integer',
    'Available:integer',
    'Node Selector',
    'Age',
    ...wide,
  ),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    status?.desiredNumberScheduled ?? 0,
    status?.currentNumberScheduled ?? 0,
    status?.numberReady ?? 0,
    status?.updatedNumberScheduled ?? 0,
    status?.numberAvailable ?? 0,
    labelsCell(spec?.template.spec?.nodeSelector),
    since(metadata.creationTimestamp),
    ...containerCells(spec?.template.spec?.containers),
    selectorCell(spec?.selector),
  ],
}

const controllerRevisions: KindTable<ControllerRevision> = {
  columns: columns('Name', 'Controller', 'Revision', 'Age'),
  cells: ({ metadata, revision }, { since }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller)
    const group = owner?.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
    return [
      metadata.name ?? '',
      owner ? `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}` : '<none>',
      revision,
      since(metadata.creationTimestamp),
    ]
  },
}

const jobs: KindTable<Job> = {
  columns: columns('Name', 'Status', 'Completions', 'Duration', 'Age', ...wide),
  cells: (job, context) => [
    job.metadata.name ?? '',
    jobStatus(job),
    jobCompletions(job),
    jobDuration(job, context),
    context.since(job.metadata.creationTimestamp),
    ...containerCells(job.spec?.template.spec?.containers),
    selectorCell(job.spec?.selector),
  ],
}

function jobStatus({ metadata, status }: Job): string {
  const has = (type: string) => hasCondition(status?.conditions, type)
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (metadata.deletionTimestamp) return 'Terminating'
  if (has('Suspended')) return 'Suspended'
  if (has('FailureTarget')) return 'FailureTarget'
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function jobDuration({ status }: Job, { now }: CellContext): string {
  const start = parseTime(status?.startTime)
  return start === undefined ? '' : humanDuration((parseTime(status?.completionTime) ?? now) - start)
}

const cronJobs: KindTable<CronJob> = {
  columns: columns(
    'Name',
    'Schedule',
    'Timezone',
    'Suspend:boolean',
    'Active:integer',
    'Last Schedule',
    'Age',
    ...wide,
  ),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.schedule ?? '',
    spec?.timeZone ?? '<none>',
    spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? since(status.lastScheduleTime) : '<none>',
    since(metadata.creationTimestamp),
    ...containerCells(spec?.jobTemplate.spec?.template.spec?.containers),
    selectorCell(spec?.jobTemplate.spec?.selector),
  ],
}

const podTemplates: KindTable<PodTemplate> = {
  columns: columns('Name', 'Containers', 'Images', 'Pod Labels'),
  cells: ({ metadata, template }) => [
    metadata.name ?? '',
    ...containerCells(template?.spec?.containers),
    labelsCell(template?.metadata?.labels),
  ],
}

const podDisruptionBudgets: KindTable<PodDisruptionBudget> = {
  columns: columns('Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions:integer', 'Age'),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    String(spec?.minAvailable ?? 'N/A'),
    String(spec?.maxUnavailable ?? 'N/A'),
    status?.disruptionsAllowed ?? 0,
    since(metadata.creationTimestamp),
  ],
}

/** Of the subresource. */
const scales: KindTable<Scale> = {
  columns: columns('Name', 'Desired:integer', 'Available:integer', 'Age').map((column) => ({
    ...column,
    format: '',
  })),
  cells: ({ metadata, spec, status }, { since }) => [
    metadata.name ?? '',
    spec?.replicas ?? 0,
    status?.replicas ?? 0,
    since(metadata.creationTimestamp),
  ],
}

export const workloadTables: KindTables = {
  'apps/deployments': deployments,
  'apps/replicasets': replicaSets,
  'apps/statefulsets': statefulSets,
  'apps/daemonsets': daemonSets,
  'apps/controllerrevisions': controllerRevisions,
  'batch/jobs': jobs,
  'batch/cronjobs': cronJobs,
  '/podtemplates': podTemplates,
  '/replicationcontrollers': replicationControllers,
  'policy/poddisruptionbudgets': podDisruptionBudgets,
  'autoscaling/scale': scales,
}
