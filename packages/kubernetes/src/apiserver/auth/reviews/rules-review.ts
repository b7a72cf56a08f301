import { ApiError } from '../../../api/api-error.ts'
import { nodeNameOf } from '../authorization/node-identity.ts'
import { aggregate } from '../authorization/rbac-authorizer.ts'
import type { RuleResolver } from '../authorization/rule-resolver.ts'
import type { CreateHandler } from '../create-handler.ts'
import { privilegedGroup } from '../user-info.ts'

/** `create` of SelfSubjectRulesReview: everything that I may do in a namespace (`kubectl auth can-i --list`). */
export function createRulesReviewHandler(resolver: RuleResolver): CreateHandler {
  return async ({ object, user }) => {
    const namespace = (object.spec as { namespace?: string } | undefined)?.namespace
    if (!namespace) throw ApiError.badRequest('no namespace on request')
    const { rules, errors } = resolver.rulesFor(user, namespace)
    const isNode = nodeNameOf(user) !== undefined
    const isPrivileged = user.groups.includes(privilegedGroup)
    const problems = isNode ? ['node authorizer does not support user rule resolution', ...errors] : errors
    const everything = {
      resource: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      path: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    }
    return {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      metadata: {},
      spec: {},
      status: {
        resourceRules: [
          ...(isPrivileged ? everything.resource : []),
          ...rules
            .filter((rule) => rule.resources?.length)
            .map(({ verbs, apiGroups, resources, resourceNames }) => ({
              verbs,
              apiGroups,
              resources,
              ...(resourceNames?.length && { resourceNames }),
            })),
        ],
        nonResourceRules: [
          ...(isPrivileged ? everything.path : []),
          ...rules
            .filter((rule) => rule.nonResourceURLs?.length)
            .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        ],
        incomplete: isNode,
        ...(problems.length > 0 && { evaluationError: aggregate(problems) }),
      },
    }
  }
}
