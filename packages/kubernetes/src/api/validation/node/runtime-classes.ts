import type { RuntimeClass } from '../../types/node-v1.ts'
import { validateTolerations } from '../core/affinity.ts'
import { validateResourceRequirements } from '../core/resources.ts'
import { isDns1123Label } from '../formats.ts'
import { validateImmutable } from '../immutable.ts'
import { validateLabels } from '../labels.ts'
import { named } from '../rules.ts'
import type { Validator } from '../validator.ts'

export const runtimeClasses: Validator<RuntimeClass> = {
  create({ handler, overhead, scheduling }, field) {
    named(handler, isDns1123Label, field.at('handler'))
    if (overhead) validateResourceRequirements({ limits: overhead.podFixed }, new Set(), field.at('overhead'))
    if (!scheduling) return
    const at = field.at('scheduling')
    validateLabels(scheduling.nodeSelector, at.at('nodeSelector'))
    const { tolerations = [] } = scheduling
    validateTolerations(tolerations, at.at('tolerations'))
    const seen = new Set<string>()
    for (const [index, toleration] of tolerations.entries()) {
      const { key, operator, value, effect } = toleration
      const form = JSON.stringify([key, operator, value, effect])
      if (seen.has(form)) at.at('tolerations').index(index).duplicate(toleration)
      seen.add(form)
    }
  },
  update(next, old, _subresource, field) {
    validateImmutable(next.handler, old.handler, field.at('handler'))
  },
}
