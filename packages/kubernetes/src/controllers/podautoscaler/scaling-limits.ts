import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../api/types/autoscaling-v2.ts'

/** --horizontal-pod-autoscaler-downscale-stabilization */
const downscaleWindowMs = 5 * 60_000

export interface Limited {
  replicas: number
  reason: string
  message: string
}

export interface LimitOptions {
  current: number
  desired: number
  min: number
  max: number
  behavior?: HorizontalPodAutoscalerBehavior
  now: number
}

interface Timed {
  value: number
  at: number
}

/** What one autoscaler has recommended and done of late: it keeps later decisions from being hasty. */
export class ScalingHistory {
  #recommendations: Timed[] = []
  #ups: Timed[] = []
  #downs: Timed[] = []

  /** The size that is there before the first decision counts as recommended. */
  begin(replicas: number, now: number): void {
    if (this.#recommendations.length === 0) this.#recommendations.push({ value: replicas, at: now })
  }

  /** Notes that the size was changed; only rules that limit the rate ask for it. */
  scaled(from: number, to: number, behavior: HorizontalPodAutoscalerBehavior | undefined, now: number): void {
    if (!behavior) return
    const longest = (rules: HPAScalingRules | undefined): number =>
      Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds)) * 1000
    const keep = (events: Timed[], ms: number): Timed[] => events.filter(({ at }) => at >= now - ms)
    if (to > from) {
      this.#ups = [...keep(this.#ups, longest(behavior.scaleUp)), { value: to - from, at: now }]
    } else this.#downs = [...keep(this.#downs, longest(behavior.scaleDown)), { value: from - to, at: now }]
  }

  /** The recommendation that recent ones agree to; `reason` and `message` are for when it is another one. */
  stabilize({ current, desired, behavior, now }: LimitOptions): Limited {
    const windows = {
      up: (behavior?.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
      down: behavior
        ? (behavior.scaleDown?.stabilizationWindowSeconds ?? downscaleWindowMs / 1000) * 1000
        : downscaleWindowMs,
    }
    const since = (ms: number): number[] =>
      this.#recommendations.filter(({ at }) => at > now - ms).map(({ value }) => value)
    const lowest = Math.min(desired, ...since(windows.up))
    const highest = Math.max(desired, ...since(windows.down))
    const oldest = now - Math.max(windows.up, windows.down)
    this.#recommendations = [
      ...this.#recommendations.filter(({ at }) => at >= oldest),
      { value: desired, at: now },
    ]
    const which = behavior && desired >= current ? 'lower' : 'higher'
    return {
      replicas: behavior ? Math.min(Math.max(current, lowest), highest) : highest,
      reason: which === 'lower' ? 'ScaleUpStabilized' : 'ScaleDownStabilized',
      message: `recent recommendations were ${which} than current one, applying the ${which === 'lower' ? 'lowest' : 'highest'} recent recommendation`,
    }
  }

  /** Within the autoscaler's bounds, and not faster than its rules (or 4 pods or twice as many) allow. */
  limit({ current, desired, min, max, behavior, now }: LimitOptions): Limited {
    if (!behavior) {
      if (desired < min) return tooFew(min)
      const rate = Math.max(2 * current, 4)
      if (desired > Math.min(max, rate)) return max > rate ? tooFast(rate, 'Up') : tooMany(max)
    } else if (desired > current) {
      const rate = Math.max(current, this.#upLimit(current, behavior.scaleUp, now))
      if (desired > Math.min(max, rate)) return max > rate ? tooFast(rate, 'Up') : tooMany(max)
    } else if (desired < current) {
      const rate = Math.min(current, this.#downLimit(current, behavior.scaleDown, now))
      if (desired < Math.max(min, rate)) return min < rate ? tooFast(rate, 'Down') : tooFew(min)
    }
    return {
      replicas: desired,
      reason: 'DesiredWithinRange',
      message: 'the desired count is within the acceptable range',
    }
  }

  #upLimit(current: number, rules: HPAScalingRules | undefined, now: number): number {
    if (rules?.selectPolicy === 'Disabled') return current
    const limits = (rules?.policies ?? []).map((policy) => {
      const start = this.#periodStart(current, policy, now)
      return policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100))
    })
    return rules?.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits)
  }

  #downLimit(current: number, rules: HPAScalingRules | undefined, now: number): number {
    if (rules?.selectPolicy === 'Disabled') return current
    const limits = (rules?.policies ?? []).map((policy) => {
      const start = this.#periodStart(current, policy, now)
      return policy.type === 'Pods' ? start - policy.value : Math.trunc(start * (1 - policy.value / 100))
    })
    return rules?.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)
  }

  #periodStart(current: number, { periodSeconds }: HPAScalingPolicy, now: number): number {
    const changed = (events: Timed[]): number =>
      events.filter(({ at }) => at > now - periodSeconds * 1000).reduce((sum, { value }) => sum + value, 0)
    return current - changed(this.#ups) + changed(this.#downs)
  }
}

function tooFew(replicas: number): Limited {
  const message = 'the desired replica count is less than the minimum replica count'
  return { replicas, reason: 'TooFewReplicas', message }
}

function tooMany(replicas: number): Limited {
  const message = 'the desired replica count is more than the maximum replica count'
  return { replicas, reason: 'TooManyReplicas', message }
}

function tooFast(replicas: number, direction: 'Up' | 'Down'): Limited {
  const what = direction === 'Up' ? 'increasing' : 'decreasing'
  const message = `the desired replica count is ${what} faster than the maximum scale rate`
  return { replicas, reason: `Scale${direction}Limit`, message }
}
