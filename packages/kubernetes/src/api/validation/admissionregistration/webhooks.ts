import { deepEqual } from '../../json.ts'
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../types/admissionregistration-v1.ts'
import { Field } from '../field.ts'
import { isDns1035Label, isDns1123Subdomain } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { oneOfIfSet, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateWebhookClient } from '../webhook-client.ts'
import { validateMatchConditions } from './expressions.ts'
import { validateRule } from './matching.ts'

const reviewVersions = ['v1', 'v1beta1']
const quietSideEffects = ['None', 'NoneOnDryRun']
const sideEffects = ['None', 'NoneOnDryRun', 'Some', 'Unknown']

type Webhook = ValidatingWebhook | MutatingWebhook
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration

/** What was there before and may stay. */
interface Options {
  sameConditions?: boolean
  anySideEffects?: boolean
  anyReviewVersion?: boolean
  anyNames?: boolean
  allowInvalidValues?: boolean
}

function validateFullName(name: string | undefined, field: Field): void {
  if (!name) {
    field.required()
    return
  }
  const problems = isDns1123Subdomain(name)
  if (problems.length > 0) field.invalid(name, problems.join(','))
  else if (name.split('.').length < 3)
    field.invalid(name, 'should be a domain with at least three segments separated by dots')
}

function validateReviewVersions(versions: string[], any: boolean, field: Field): void {
  if (versions.length === 0) {
    field.required(`must specify one of ${reviewVersions.join(', ')}`)
    return
  }
  for (const [index, version] of versions.entries()) {
    if (versions.indexOf(version) < index) field.index(index).invalid(version, 'duplicate version')
    else field.index(index).check(version, isDns1035Label(version))
  }
  if (!any && !versions.some((version) => reviewVersions.includes(version)))
    field.invalid(versions, `must include at least one of ${reviewVersions.join(', ')}`)
}

function validateWebhook(hook: Webhook, options: Options, field: Field): void {
  validateFullName(hook.name, field.at('name'))
  for (const [index, rule] of (hook.rules ?? []).entries()) validateRule(rule, field.at('rules').index(index))
  oneOfIfSet(hook.failurePolicy, ['Fail', 'Ignore'], field.at('failurePolicy'))
  oneOfIfSet(hook.matchPolicy, ['Equivalent', 'Exact'], field.at('matchPolicy'))
  const allowed = options.anySideEffects ? sideEffects : quietSideEffects
  if (!hook.sideEffects) field.at('sideEffects').required(`must specify one of ${allowed.join(', ')}`)
  else oneOfIfSet(hook.sideEffects, allowed, field.at('sideEffects'))
  const { timeoutSeconds: timeout } = hook
  if (timeout !== undefined && (timeout > 30 || timeout < 1))
    field.at('timeoutSeconds').invalid(timeout, 'the timeout value must be between 1 and 30 seconds')
  validateLabelSelector(hook.namespaceSelector, field.at('namespaceSelector'), options)
  validateLabelSelector(hook.objectSelector, field.at('objectSelector'), options)
  if ('reinvocationPolicy' in hook)
    oneOfIfSet(hook.reinvocationPolicy, ['IfNeeded', 'Never'], field.at('reinvocationPolicy'))
  validateWebhookClient(hook.clientConfig ?? {}, field.at('clientConfig'))
  if (!options.sameConditions)
    validateMatchConditions(hook.matchConditions ?? [], false, field.at('matchConditions'))
}

function validateConfiguration({ webhooks = [] }: Configuration, options: Options, field: Field): void {
  const names = new Unique()
  for (const [index, hook] of (webhooks as Webhook[]).entries()) {
    const at = field.at('webhooks').index(index)
    validateWebhook(hook, options, at)
    validateReviewVersions(
      hook.admissionReviewVersions ?? [],
      options.anyReviewVersion ?? false,
      at.at('admissionReviewVersions'),
    )
    if (!options.anyNames && hook.name) names.add(hook.name, at.at('name'))
  }
}

function optionsOf(next: Configuration, old: Configuration): Options {
  const before: Webhook[] = old.webhooks ?? []
  const now: Webhook[] = next.webhooks ?? []
  const scratch = new Field([])
  for (const hook of before) {
    validateLabelSelector(hook.namespaceSelector, scratch)
    validateLabelSelector(hook.objectSelector, scratch)
  }
  return {
    sameConditions:
      now.length === before.length &&
      now.every((hook, index) => deepEqual(hook.matchConditions, before[index]?.matchConditions)),
    anySideEffects: before.some((hook) => !quietSideEffects.includes(hook.sideEffects)),
    anyReviewVersion: before.some(
      ({ admissionReviewVersions: versions = [] }) =>
        versions.length > 0 && !versions.some((version) => reviewVersions.includes(version)),
    ),
    anyNames: new Set(before.map(({ name }) => name)).size < before.length,
    allowInvalidValues: scratch.causes.length > 0,
  }
}

export const webhookConfigurations: Validator<Configuration> = {
  create: (object, field) => validateConfiguration(object, {}, field),
  update: (next, old, _subresource, field) => validateConfiguration(next, optionsOf(next, old), field),
}
