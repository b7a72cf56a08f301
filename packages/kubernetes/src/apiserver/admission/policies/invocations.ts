import type { KubeObject, StoredKubeObject } from '../../../api/kube-object.ts'
import type { MatchResources, ParamKind, ParamRef } from '../../../api/types/admissionregistration-v1.ts'
import type { ServedResource } from '../../registry/served-resource.ts'
import type { AdmissionAttributes } from '../admission-plugin.ts'
import { matchResources } from '../matching/match-resources.ts'
import type { PolicyContext } from './policy-context.ts'
import { collectParams, paramResource } from './policy-params.ts'
import type { PolicyHook } from './policy-source.ts'

/** What both kinds of policies have. */
export interface AnyPolicy extends Pick<StoredKubeObject, 'metadata'> {
  spec?: { matchConstraints?: MatchResources; paramKind?: ParamKind; failurePolicy?: string }
}

export interface AnyBinding extends Pick<StoredKubeObject, 'metadata'> {
  spec?: { matchResources?: MatchResources; paramRef?: ParamRef }
}

/** A policy that is to be evaluated for a request. */
export interface Invocation<P, B> {
  policy: P
  binding: B
  /** The version in which the policy wants to see the object. */
  target: ServedResource
  param: KubeObject | undefined
}

/** A policy that ought to be evaluated, but cannot be. */
export interface Misconfiguration<P, B> {
  policy: P
  binding?: B
  problem: string
}

/** Those policies that are about a request, with each of their bindings and parameters. */
export async function invocationsOf<P extends AnyPolicy, B extends AnyBinding>(
  hooks: readonly PolicyHook<P, B>[],
  attributes: AdmissionAttributes,
  { store, catalog }: PolicyContext,
): Promise<(Invocation<P, B> | Misconfiguration<P, B>)[]> {
  const found: (Invocation<P, B> | Misconfiguration<P, B>)[] = []
  for (const { policy, bindings } of hooks) {
    const { matchConstraints, paramKind, failurePolicy } = policy.spec ?? {}
    const target = matchConstraints && matchResources(matchConstraints, attributes, catalog, store)
    if (!target) continue
    const failed = (what: string, error: unknown, binding?: B): void => {
      if (failurePolicy === 'Ignore') return
      const problem = `failed to configure ${what}: ${(error as Error).message}`
      found.push({ policy, problem, ...(binding && { binding }) })
    }
    let paramsAre: ServedResource | undefined
    try {
      paramsAre = paramKind && paramResource(catalog, paramKind)
    } catch (error) {
      failed('policy', error)
      continue
    }
    for (const binding of bindings) {
      const { matchResources: constraints, paramRef } = binding.spec ?? {}
      if (constraints && !matchResources(constraints, attributes, catalog, store)) continue
      try {
        const params = await collectParams(store, paramsAre, paramRef, attributes.namespace)
        for (const param of params) found.push({ policy, binding, target, param })
      } catch (error) {
        failed('binding', error, binding)
      }
    }
  }
  return found
}
