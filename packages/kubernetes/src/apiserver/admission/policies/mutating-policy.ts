import { ApiError } from '../../../api/api-error.ts'
import { jsonPatchType, partialObjectType } from '../../../api/cel/admission.ts'
import { listOf } from '../../../api/cel/cel-type.ts'
import { celToJson } from '../../../api/cel/json.ts'
import type { CelValue } from '../../../api/cel/values.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import { applyJsonPatch } from '../../../api/patch/json-patch.ts'
import type { StructNode } from '../../../api/schema/schema-node.ts'
import type { MutatingAdmissionPolicySpec, Mutation } from '../../../api/types/admissionregistration-v1.ts'
import { Activation, type ActivationOptions } from '../cel/activation.ts'
import type { AdmissionExpression } from '../cel/admission-expression.ts'
import { matchConditionsBudget } from '../cel/match-conditions.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { CompiledPolicy, policyBudget } from './compiled-policy.ts'

type Options = Omit<ActivationOptions, 'variables' | 'budget'>

/** A MutatingAdmissionPolicy, ready to be evaluated. */
export class MutatingPolicy {
  readonly #policy: CompiledPolicy
  readonly mutations: readonly CompiledMutation[]

  constructor(spec: MutatingAdmissionPolicySpec) {
    this.#policy = new CompiledPolicy(spec)
    this.mutations = (spec.mutations ?? []).flatMap((mutation) => compileMutation(mutation, this.#policy))
  }

  /** @throws Error when its conditions cannot be computed and must be */
  matches({ namespace: _namespace, ...options }: Options): boolean {
    const { variables, matchConditions } = this.#policy
    const activation = { ...options, variables, budget: matchConditionsBudget }
    return matchConditions?.match(new Activation(activation)) ?? true
  }
}

/** One change; the changes of a policy follow each other. */
export class CompiledMutation {
  readonly #policy: CompiledPolicy
  readonly #expression: AdmissionExpression
  readonly #apply: ApplyValue

  constructor(policy: CompiledPolicy, expression: AdmissionExpression, apply: ApplyValue) {
    this.#policy = policy
    this.#expression = expression
    this.#apply = apply
  }

  /** The changed object. @throws Error with upstream's words */
  apply(object: KubeObject, options: Options, schema: StructNode): KubeObject {
    const { problem } = this.#expression
    if (problem) throw new Error(problem)
    const subject = { ...options.subject, object }
    const { variables } = this.#policy
    const activation = new Activation({ ...options, subject, variables, budget: policyBudget })
    return this.#apply(object, this.#expression.evaluate(activation), schema)
  }
}

type ApplyValue = (object: KubeObject, value: CelValue, schema: StructNode) => KubeObject

function compileMutation(
  { patchType, jsonPatch, applyConfiguration: configuration }: Mutation,
  policy: CompiledPolicy,
): CompiledMutation[] {
  const speaksOf = { authorizer: true, patches: true }
  if (patchType === 'JSONPatch' && jsonPatch) {
    const expression = policy.expression(jsonPatch.expression ?? '', listOf(jsonPatchType), speaksOf)
    return [new CompiledMutation(policy, expression, applyOperations)]
  }
  if (patchType === 'ApplyConfiguration' && configuration) {
    const expression = policy.expression(
      configuration.expression ?? '',
      partialObjectType('Object'),
      speaksOf,
    )
    const apply: ApplyValue = (object, value, schema) =>
      applyConfiguration(object, celToJson(value) as object, schema)
    return [new CompiledMutation(policy, expression, apply)]
  }
  return []
}

function applyOperations(object: KubeObject, value: CelValue): KubeObject {
  try {
    return applyJsonPatch(object, celToJson(value))
  } catch (error) {
    const why = error instanceof ApiError ? (error.details?.causes?.[0]?.message ?? '') : ''
    // A test that fails only means that there is nothing to do.
    if (why.endsWith('test failed')) return object
    throw why ? new Error(`JSON Patch: ${why}`) : error
  }
}
