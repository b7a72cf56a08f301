import { baselineChecks } from './baseline-checks.ts'
import type { PodCheck, PodLike, VersionedCheck, Violation } from './pod-check.ts'
import type { LevelVersion } from './policy.ts'
import { restrictedChecks } from './restricted-checks.ts'

/** What a pod has against a level of the Pod Security Standards, as they were in a version. */
export function violations({ level, minor }: LevelVersion, pod: PodLike): Violation[] {
  if (level === 'privileged') return []
  const restricted = level === 'restricted' ? restrictedChecks : []
  const active = [...baselineChecks, ...restricted].flatMap((check) => {
    const run = checkAt(check, minor)
    return run ? [{ ...check, run }] : []
  })
  const overridden = new Set(active.flatMap(({ overrides = [] }) => overrides))
  return active.filter(({ id }) => !overridden.has(id)).flatMap(({ run }) => run(pod) ?? [])
}

function checkAt({ versions }: VersionedCheck, minor: number): PodCheck | undefined {
  return versions.findLast(([since]) => since <= minor)?.[1]
}

/** `host namespaces (hostNetwork=true), privileged (container "c" must not …)`. */
export function describe(list: readonly Violation[]): string {
  return list.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(', ')
}
