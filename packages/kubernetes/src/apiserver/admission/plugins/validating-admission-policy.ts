import { ApiError, type StatusReason } from '../../../api/api-error.ts'
import type {
  ValidatingAdmissionPolicyBinding as Binding,
  ValidatingAdmissionPolicy as Policy,
} from '../../../api/types/admissionregistration-v1.ts'
import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '../../../client/resources.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { subjectIn } from '../object-versions.ts'
import { type Invocation, invocationsOf } from '../policies/invocations.ts'
import { isExcluded, namespaceOf, type PolicyContext } from '../policies/policy-context.ts'
import { PolicySource } from '../policies/policy-source.ts'
import { ValidatingPolicy, type Violation } from '../policies/validating-policy.ts'
import { refuse } from '../refuse.ts'

const codes: Partial<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
}

/** A violation whose binding says to deny. */
interface Denial extends Violation {
  policy: Policy
  binding?: Binding
}

/** Policies with their rules as expressions; the first that denies is the one whose word counts. */
export class ValidatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy'
  readonly #context: PolicyContext
  readonly #source: PolicySource<Policy, Binding>
  readonly #compiled = new WeakMap<Policy, ValidatingPolicy>()

  constructor(context: PolicyContext) {
    this.#context = context
    this.#source = new PolicySource(
      context.store,
      validatingAdmissionPolicies,
      validatingAdmissionPolicyBindings,
    )
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { hooks } = this.#source
    if (hooks.length === 0 || isExcluded(attributes)) return
    const denials: Denial[] = []
    for (const each of await invocationsOf(hooks, attributes, this.#context)) {
      if ('problem' in each) denials.push({ ...each, message: each.problem })
      else denials.push(...(await this.#evaluate(each, attributes)))
    }
    if (denials[0]) throw denied(attributes, denials[0])
  }

  close(): void {
    this.#source.close()
  }

  async #evaluate(
    { policy, binding, target, param }: Invocation<Policy, Binding>,
    attributes: AdmissionAttributes,
  ): Promise<Denial[]> {
    const { store, catalog, auth } = this.#context
    const violations = this.#policy(policy).evaluate({
      subject: await subjectIn(catalog, attributes, target),
      authorizer: auth.authorizer,
      namespace: namespaceOf(store, attributes),
      params: param,
    })
    return violations.flatMap((violation) => {
      if (binding.spec.validationActions.includes('Warn')) {
        attributes.warn(
          `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${violation.message}`,
        )
      }
      return binding.spec.validationActions.includes('Deny') ? [{ ...violation, policy, binding }] : []
    })
  }

  #policy(policy: Policy): ValidatingPolicy {
    const compiled = this.#compiled.get(policy) ?? new ValidatingPolicy(policy.spec ?? {})
    this.#compiled.set(policy, compiled)
    return compiled
  }
}

function denied(attributes: AdmissionAttributes, { policy, binding, message, reason }: Denial): ApiError {
  const by = binding ? ` with binding '${binding.metadata.name}'` : ''
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`
  const refused = refuse(attributes, text)
  const details = { ...refused.details, causes: [{ message: text }] }
  const why = (reason ?? 'Invalid') as StatusReason
  return new ApiError(why, refused.message, details, codes[why] ?? 422)
}
