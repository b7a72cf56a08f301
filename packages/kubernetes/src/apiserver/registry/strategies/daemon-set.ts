import { deepEqual } from '../../../api/json.ts'
import type { DaemonSet, DaemonSetSpec } from '../../../api/types/apps-v1.ts'
import type { KindRules } from './kind-rules.ts'
import { daemonSetWarnings } from './warnings.ts'

/** The template's own generation lives on in an annotation (see the conversion of apps/v1). */
const templateGeneration = 'deprecated.daemonset.template.generation'

export const daemonSetRules: KindRules = {
  create(object) {
    const given = Number(object.metadata.annotations?.[templateGeneration] ?? 0)
    setTemplateGeneration(object as unknown as DaemonSet, Math.max(given, 1))
  },
  update(next, old) {
    const before = Number(old.metadata.annotations?.[templateGeneration] ?? 0)
    const changed = !deepEqual((next.spec as DaemonSetSpec)?.template, (old.spec as DaemonSetSpec)?.template)
    setTemplateGeneration(next as unknown as DaemonSet, before + (changed ? 1 : 0))
  },
  generation: (next, old) => !deepEqual(next.spec, old.spec),
  warnings: daemonSetWarnings,
}

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) }
}
