import type { StatusCause } from '../../../api/api-error.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

/** `minor` of Kubernetes 1.x; Infinity is `latest`. */
export interface LevelVersion {
  level: Level
  minor: number
}

export interface Policy {
  enforce: LevelVersion
  audit: LevelVersion
  warn: LevelVersion
}

const levels: readonly Level[] = ['privileged', 'baseline', 'restricted']
const prefix = 'pod-security.kubernetes.io/'

/** `baseline:latest`, `restricted:v1.30`. */
export function policyText({ level, minor }: LevelVersion): string {
  return `${level}:${minor === Number.POSITIVE_INFINITY ? 'latest' : `v1.${minor}`}`
}

/** Positive when `left` forbids more. */
export function compareLevels(left: Level, right: Level): number {
  return levels.indexOf(left) - levels.indexOf(right)
}

/** What a namespace's labels ask for; nothing is forbidden by default, and warnings follow what is enforced. */
export function policyOf(labels: Record<string, string> = {}): { policy: Policy; causes: StatusCause[] } {
  const causes: StatusCause[] = []
  const invalid = (label: string, value: string, why: string): void => {
    causes.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
      field: `metadata.labels[${label}]`,
    })
  }
  const read = (mode: keyof Policy, otherwise: Level): LevelVersion => {
    const result: LevelVersion = { level: 'privileged', minor: Number.POSITIVE_INFINITY }
    const level = labels[prefix + mode]
    if (level !== undefined) {
      const known = levels.find((each) => each === level)
      result.level = known ?? otherwise
      if (!known) invalid(prefix + mode, level, `must be one of ${levels.join(', ')}`)
    }
    const version = labels[`${prefix}${mode}-version`]
    if (version !== undefined && version !== 'latest') {
      const [, minor] = /^v1\.(0|[1-9]\d*)$/.exec(version) ?? []
      if (minor === undefined) invalid(`${prefix}${mode}-version`, version, 'must be "latest" or "v1.x"')
      else result.minor = Number(minor)
    }
    return result
  }
  const policy: Policy = {
    // An unreadable level forbids most, or only loses a warning.
    enforce: read('enforce', 'restricted'),
    audit: read('audit', 'privileged'),
    warn: read('warn', 'privileged'),
  }
  const enforced = levels.includes(labels[`${prefix}enforce`] as Level)
  const warns = labels[`${prefix}warn`] !== undefined
  if (!warns && enforced && compareLevels(policy.enforce.level, policy.warn.level) > 0) {
    policy.warn.level = policy.enforce.level
    if (labels[`${prefix}warn-version`] === undefined) policy.warn.minor = policy.enforce.minor
  }
  return { policy, causes }
}
