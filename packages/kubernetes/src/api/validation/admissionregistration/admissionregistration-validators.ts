import type {
  MutatingAdmissionPolicyBinding,
  ParamRef,
  ValidatingAdmissionPolicyBinding,
} from '../../types/admissionregistration-v1.ts'
import type { Field } from '../field.ts'
import { isDns1123Subdomain, isPathSegment } from '../formats.ts'
import { validateLabelSelector } from '../labels.ts'
import { named, oneOf, oneOfIfSet, Unique } from '../rules.ts'
import type { Validator } from '../validator.ts'
import { validateMatchResources } from './matching.ts'
import { mutatingAdmissionPolicies, validatingAdmissionPolicies } from './policies.ts'
import { webhookConfigurations } from './webhooks.ts'

function validateParamRef({ name, selector, parameterNotFoundAction }: ParamRef, field: Field): void {
  const exclusive = 'name and selector are mutually exclusive'
  if (name) {
    field.at('name').check(name, isPathSegment(name))
    if (selector) field.at('name').forbidden(exclusive)
  }
  if (selector) {
    validateLabelSelector(selector, field.at('selector'))
    if (name) field.at('selector').forbidden(exclusive)
  }
  if (!name && !selector) field.required('one of name or selector must be specified')
  oneOf(parameterNotFoundAction, ['Deny', 'Allow'], field.at('parameterNotFoundAction'))
}

function validateActions(actions: string[], field: Field): void {
  const seen = new Unique()
  for (const [index, action] of actions.entries()) {
    oneOfIfSet(action, ['Audit', 'Deny', 'Warn'], field.index(index))
    seen.add(action, field.index(index))
  }
  if (actions.includes('Deny') && actions.includes('Warn')) {
    field.invalid(
      actions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    )
  }
  if (actions.length === 0) field.required('at least one validation action is required')
}

type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding

function bindings<T extends Binding>(): Validator<T> {
  const validate = (binding: T, field: Field): void => {
    const at = field.at('spec')
    const { policyName, paramRef, matchResources } = binding.spec ?? {}
    named(policyName, isDns1123Subdomain, at.at('policyName'))
    if (paramRef) validateParamRef(paramRef, at.at('paramRef'))
    if (matchResources) validateMatchResources(matchResources, at.at('matchResources'))
  }
  return { create: validate, update: (next, _old, _subresource, field) => validate(next, field) }
}

const bare = bindings<ValidatingAdmissionPolicyBinding>()

const validatingBindings: Validator<ValidatingAdmissionPolicyBinding> = {
  create(binding, field) {
    bare.create(binding, field)
    validateActions(binding.spec?.validationActions ?? [], field.at('spec', 'validationActions'))
  },
  update: (next, _old, _subresource, field) => validatingBindings.create(next, field),
}

const group = 'admissionregistration.k8s.io'

export const admissionregistrationValidators = {
  [`mutatingadmissionpolicies.${group}`]: mutatingAdmissionPolicies,
  [`mutatingadmissionpolicybindings.${group}`]: bindings<MutatingAdmissionPolicyBinding>(),
  [`mutatingwebhookconfigurations.${group}`]: webhookConfigurations,
  [`validatingadmissionpolicies.${group}`]: validatingAdmissionPolicies,
  [`validatingadmissionpolicybindings.${group}`]: validatingBindings,
  [`validatingwebhookconfigurations.${group}`]: webhookConfigurations,
}
