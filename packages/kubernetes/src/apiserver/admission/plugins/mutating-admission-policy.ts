import { ApiError, type StatusReason } from '../../../api/api-error.ts'
import type {
  MutatingAdmissionPolicyBinding as Binding,
  MutatingAdmissionPolicy as Policy,
} from '../../../api/types/admissionregistration-v1.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from '../../../client/resources.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import type { AdmissionRound, Reinvocation } from '../admission-round.ts'
import { changeInVersion, subjectIn } from '../object-versions.ts'
import { type Invocation, invocationsOf } from '../policies/invocations.ts'
import { MutatingPolicy } from '../policies/mutating-policy.ts'
import { isExcluded, namespaceOf, type PolicyContext } from '../policies/policy-context.ts'
import { PolicySource } from '../policies/policy-source.ts'
import { refuse } from '../refuse.ts'

interface Failure {
  policy: Policy
  binding?: Binding
  problem: string
  reason?: StatusReason
}

/** Policies that change objects by expressions. */
export class MutatingAdmissionPolicy implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionPolicy'
  readonly #context: PolicyContext
  readonly #source: PolicySource<Policy, Binding>
  readonly #compiled = new WeakMap<Policy, MutatingPolicy>()

  constructor(context: PolicyContext) {
    this.#context = context
    this.#source = new PolicySource(context.store, mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings)
  }

  async admit(attributes: AdmissionAttributes, round: AdmissionRound): Promise<void> {
    const { hooks } = this.#source
    if (hooks.length === 0 || attributes.operation === 'DELETE' || isExcluded(attributes)) return
    const reinvocation = round.reinvocationOf(this)
    reinvocation.begin(attributes.object)
    const failures: Failure[] = []
    for (const each of await invocationsOf(hooks, attributes, this.#context)) {
      if ('problem' in each) failures.push(each)
      else failures.push(...(await this.#mutate(each, attributes, reinvocation)))
    }
    reinvocation.end(attributes.object)
    if (failures.length > 0) throw denied(attributes, failures)
  }

  close(): void {
    this.#source.close()
  }

  async #mutate(
    { policy, binding, target, param }: Invocation<Policy, Binding>,
    attributes: AdmissionAttributes,
    reinvocation: Reinvocation,
  ): Promise<Failure[]> {
    const { store, catalog, auth } = this.#context
    const failures: Failure[] = []
    const failed = (error: unknown): void => {
      if (policy.spec?.failurePolicy === 'Ignore') return
      failures.push({ policy, binding, problem: (error as Error).message, reason: 'Invalid' })
    }
    const options = {
      subject: await subjectIn(catalog, attributes, target),
      authorizer: auth.authorizer,
      namespace: namespaceOf(store, attributes),
      params: param,
    }
    const compiled = this.#policy(policy)
    try {
      if (!compiled.matches(options)) return []
    } catch (error) {
      failed(error)
      return failures
    }
    const key = JSON.stringify([policy, binding, param].map((object) => nameOf(object?.metadata)))
    if (reinvocation.skips(key)) return []
    let changed = false
    for (const mutation of compiled.mutations) {
      try {
        const done = await changeInVersion(catalog, attributes, target, (object) =>
          mutation.apply(object, options, target.schema),
        )
        changed ||= done
      } catch (error) {
        failed(error)
      }
    }
    reinvocation.called(key, { changed, ifNeeded: policy.spec?.reinvocationPolicy === 'IfNeeded' })
    return failures
  }

  #policy(policy: Policy): MutatingPolicy {
    const compiled = this.#compiled.get(policy) ?? new MutatingPolicy(policy.spec ?? {})
    this.#compiled.set(policy, compiled)
    return compiled
  }
}

function nameOf(metadata: { namespace?: string; name?: string } | undefined): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

/** All that went wrong; the first is what is shown. */
function denied(attributes: AdmissionAttributes, failures: readonly Failure[]): ApiError {
  const messages = failures.map(({ policy, binding, problem }) =>
    binding
      ? `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${problem}`
      : `policy ${JSON.stringify(policy.metadata.name)} denied request: ${problem}`,
  )
  const { details } = refuse(attributes, '')
  const causes = messages.map((message) => ({ message }))
  return new ApiError(failures[0]?.reason ?? 'Forbidden', messages[0] ?? '', { ...details, causes }, 403)
}
