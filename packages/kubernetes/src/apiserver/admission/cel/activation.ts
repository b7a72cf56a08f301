import { admissionRequestType, namespaceObjectType } from '../../../api/cel/admission.ts'
import type { CelBudget } from '../../../api/cel/cel.ts'
import { CelError } from '../../../api/cel/cel-error.ts'
import { celFromJson } from '../../../api/cel/json.ts'
import { authorizerValue, resourceCheckValue } from '../../../api/cel/library/authorization.ts'
import { CelMap, type CelValue } from '../../../api/cel/values.ts'
import type { KubeObject } from '../../../api/kube-object.ts'
import type { Namespace } from '../../../api/types/core-v1.ts'
import type { Authorizer } from '../../auth/authorizer.ts'
import { admissionRequest, type ReviewSubject } from '../webhooks/admission-review.ts'
import type { AdmissionExpression } from './admission-expression.ts'
import { askAuthorizer } from './ask-authorizer.ts'

export interface ActivationOptions {
  subject: ReviewSubject
  authorizer: Authorizer
  namespace?: Namespace | undefined
  params?: KubeObject | undefined
  variables?: ReadonlyMap<string, AdmissionExpression>
  /** What the expressions may cost together. */
  budget: number
}

/** What the variables of expressions are during one request; made when an expression asks for them. */
export class Activation {
  readonly budget: CelBudget
  readonly #options: ActivationOptions
  readonly #values = new Map<string, CelValue | undefined>()

  constructor(options: ActivationOptions) {
    this.#options = options
    this.budget = { left: options.budget }
  }

  get(name: string): CelValue | undefined {
    if (!this.#values.has(name)) this.#values.set(name, this.#make(name))
    return this.#values.get(name)
  }

  #make(name: string): CelValue | undefined {
    const { subject, namespace, params, authorizer, variables } = this.#options
    const { user, resource, subresource } = subject.attributes
    switch (name) {
      case 'object':
        return celFromJson(subject.object)
      case 'oldObject':
        return celFromJson(subject.oldObject)
      case 'request':
        return celFromJson(admissionRequest(subject), admissionRequestType)
      case 'namespaceObject':
        return celFromJson(namespace, namespaceObjectType)
      case 'params':
        return celFromJson(params)
      case 'authorizer':
        return authorizerValue(askAuthorizer(authorizer, user))
      case 'authorizer.requestResource':
        return resourceCheckValue(askAuthorizer(authorizer, user), {
          group: resource.group,
          resource: resource.resource,
          subresource,
          namespace: subject.attributes.namespace,
          name: subject.attributes.name,
        })
      case 'variables':
        return new Variables(this, variables ?? new Map())
      default:
        return undefined
    }
  }
}

/** A policy's variables, each computed when it is first asked for. */
class Variables extends CelMap {
  readonly #activation: Activation
  readonly #expressions: ReadonlyMap<string, AdmissionExpression>
  readonly #values = new Map<string, CelValue>()

  constructor(activation: Activation, expressions: ReadonlyMap<string, AdmissionExpression>) {
    super()
    this.#activation = activation
    this.#expressions = expressions
  }

  get size(): number {
    return this.#expressions.size
  }

  get(key: CelValue): CelValue | undefined {
    const name = String(key)
    const expression = this.#expressions.get(name)
    if (!expression || this.#values.has(name)) return this.#values.get(name)
    const failed = (how: string, why?: string): CelError =>
      new CelError(`composited variable ${JSON.stringify(name)} fails to ${how}: ${why}`)
    if (expression.problem) throw failed('compile', expression.problem)
    try {
      const value = expression.run(this.#activation)
      this.#values.set(name, value)
      return value
    } catch (error) {
      throw error instanceof CelError ? failed('evaluate', error.message) : error
    }
  }

  has(key: CelValue): boolean {
    return this.#expressions.has(String(key))
  }

  keys(): Iterable<CelValue> {
    return this.#expressions.keys()
  }
}
