import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredKubeObject } from '../../kube-object.ts'
import type { Job, JobSpec } from '../../types/batch-v1.ts'
import { created, createProblems, updateProblems } from '../test-objects.ts'

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'pi', image: 'perl:5' }] } }
const job = (more: Record<string, unknown> = {}): Record<string, unknown> => ({ spec: { template, ...more } })
const problems = (more: Record<string, unknown>): string[] => createProblems('jobs.batch', job(more))
const specOf = (object: StoredKubeObject): JobSpec => (object as unknown as Job).spec!

test('a plain job is fine, with the labels that it is given', () => {
  assert.deepEqual(problems({}), [])
  const made = specOf(created('jobs.batch', job()))
  assert.deepEqual(made.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'uid-1' } })
})

test('job specs', () => {
  assert.deepEqual(problems({ template: { spec: { containers: template.spec.containers } } }), [
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ])
  assert.deepEqual(problems({ completionMode: 'Indexed', parallelism: 2 }), [
    'spec.completions: Required value: when completion mode is Indexed',
  ])
  assert.deepEqual(problems({ backoffLimitPerIndex: 1 }), [
    'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
  ])
  assert.deepEqual(problems({ selector: { matchLabels: { a: 'b' } } }), [
    'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"uid-1","a":"b"}}: `selector` not auto-generated',
    'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"uid-1","batch.kubernetes.io/job-name":"it","controller-uid":"uid-1","job-name":"it"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(problems({ managedBy: 'acme' }), [
    'spec.managedBy: Invalid value: "acme": must be a domain-prefixed path (such as "acme.io/foo")',
  ])
})

test('job policies', () => {
  const failure = (rule: unknown): string[] => problems({ podFailurePolicy: { rules: [rule] } })
  assert.deepEqual(
    failure({ action: 'FailJob', onExitCodes: { containerName: 'pi', operator: 'In', values: [42] } }),
    [],
  )
  assert.deepEqual(failure({ onExitCodes: { containerName: 'x', operator: 'In', values: [3, 0, 3] } }), [
    'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
    'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
    'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
    'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered',
  ])
  assert.deepEqual(failure({ action: 'FailIndex' }), [
    'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
  ])
  const success = (rule: unknown): string[] =>
    problems({ completionMode: 'Indexed', completions: 5, successPolicy: { rules: [rule] } })
  assert.deepEqual(success({ succeededIndexes: '0,2-4', succeededCount: 2 }), [])
  assert.deepEqual(success({ succeededIndexes: '0,3-2' }), [
    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0,3-2": error parsing succeededIndexes: non-increasing order, previous: 3, current: 2',
  ])
  assert.deepEqual(success({ succeededIndexes: '1-7' }), [
    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "1-7": error parsing succeededIndexes: too large index: "7"',
  ])
})

test('jobs: templates stay, but for held jobs that have not begun', () => {
  const running = created('jobs.batch', job())
  const setImage = (next: StoredKubeObject): void => {
    specOf(next).template.spec!.containers[0]!.image = 'perl:6'
  }
  const place = (next: StoredKubeObject): void => {
    const { spec } = specOf(next).template
    spec!.nodeSelector = { disk: 'ssd' }
    spec!.containers[0]!.resources = { requests: { cpu: '1' } }
  }
  assert.match(updateProblems('jobs.batch', running, place).join(), /^spec.template: .*: field is immutable$/)
  const held = created('jobs.batch', job({ suspend: true }))
  assert.deepEqual(updateProblems('jobs.batch', held, place), [])
  assert.match(updateProblems('jobs.batch', held, setImage).join(), /^spec.template.spec: /)
  assert.deepEqual(
    updateProblems('jobs.batch', running, (next) => {
      specOf(next).parallelism = 3
      specOf(next).suspend = true
    }),
    [],
  )
  assert.deepEqual(
    updateProblems('jobs.batch', running, (next) => {
      specOf(next).completions = 3
    }),
    ['spec.completions: Invalid value: 3: field is immutable'],
  )
})

test('the status of a job ends once, in order', () => {
  const old = {
    ...created('jobs.batch', job()),
    status: { startTime: '2026-01-01T00:00:00Z', active: 1, succeeded: 1 },
  }
  const status = (value: Record<string, unknown>): string[] =>
    updateProblems(
      'jobs.batch',
      old,
      (next) => Object.assign(next, { status: { startTime: old.status.startTime, ...value } }),
      'status',
    )
  const condition = (...types: string[]): unknown => types.map((type) => ({ type, status: 'True' }))
  assert.deepEqual(
    status({
      succeeded: 2,
      completionTime: '2026-01-01T00:01:00Z',
      conditions: condition('SuccessCriteriaMet', 'Complete'),
    }),
    [],
  )
  assert.deepEqual(status({ active: 1, conditions: condition('Complete', 'Failed') }), [
    'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
    'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.active: Invalid value: 1: active>0 is invalid for finished job',
    'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
  ])
})

test('cron jobs', () => {
  const cron = (more: Record<string, unknown>, name = 'nightly'): string[] =>
    createProblems('cronjobs.batch', {
      metadata: { name },
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } }, ...more },
    })
  assert.deepEqual(cron({ timeZone: 'Europe/Berlin' }), [])
  assert.deepEqual(cron({ schedule: '* * * *' }), [
    'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]',
  ])
  assert.deepEqual(cron({ schedule: 'TZ=UTC 0 3 * * *' }), [
    'spec.schedule: Invalid value: "TZ=UTC 0 3 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
  ])
  assert.deepEqual(cron({ timeZone: 'Middle/Earth', concurrencyPolicy: 'Maybe' }), [
    'spec.timeZone: Invalid value: "Middle/Earth": unknown time zone Middle/Earth',
    'spec.concurrencyPolicy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", "Replace"',
  ])
  assert.deepEqual(cron({}, 'n'.repeat(53)), [
    `metadata.name: Invalid value: "${'n'.repeat(53)}": must be no more than 52 characters`,
  ])
})
