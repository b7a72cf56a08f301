import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProblems } from '../test-objects.ts'

const group = 'admissionregistration.k8s.io'
const deployments = {
  apiGroups: ['apps'],
  apiVersions: ['v1'],
  operations: ['CREATE', 'UPDATE'],
  resources: ['deployments'],
}

test('webhooks', () => {
  const webhook = (more: Record<string, unknown>): string[] =>
    createProblems(`validatingwebhookconfigurations.${group}`, {
      webhooks: [
        {
          name: 'check.example.com',
          clientConfig: { service: { namespace: 'n', name: 's', path: '/check' } },
          rules: [deployments],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          ...more,
        },
      ],
    })
  assert.deepEqual(webhook({}), [])
  assert.deepEqual(
    webhook({
      name: 'check',
      clientConfig: { url: 'http://user@host/path?x=1' },
      rules: [{ ...deployments, apiGroups: ['*', 'apps'], resources: ['*/*', 'pods'] }],
      sideEffects: 'Some',
      timeoutSeconds: 31,
      admissionReviewVersions: ['v2'],
      matchConditions: [{ name: 'a', expression: 'object.x' }],
    }),
    [
      'webhooks[0].name: Invalid value: "check": should be a domain with at least three segments separated by dots',
      'webhooks[0].rules[0].apiGroups: Invalid value: ["*","apps"]: if \'*\' is present, must not specify other API groups',
      'webhooks[0].rules[0].resources: Invalid value: ["*/*","pods"]: if \'*/*\' is present, must not specify other resources',
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
      'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
      'webhooks[0].clientConfig.url: Invalid value: "user": user information is not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "x=1": query parameters are not permitted in the URL',
      'webhooks[0].matchConditions[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
  )
})

const policy = (more: Record<string, unknown>): string[] =>
  createProblems(`validatingadmissionpolicies.${group}`, {
    metadata: { name: 'limit' },
    spec: { matchConstraints: { resourceRules: [deployments] }, ...more },
  })

test('validating policies: expressions have to mean something', () => {
  assert.deepEqual(
    policy({
      paramKind: { apiVersion: 'rules.example.com/v1', kind: 'Limit' },
      matchConditions: [
        { name: 'not-nodes', expression: "!('system:nodes' in request.userInfo.groups)" },
        { name: 'allowed', expression: "authorizer.requestResource.check('update').allowed()" },
      ],
      variables: [
        { name: 'replicas', expression: 'object.spec.replicas' },
        { name: 'most', expression: 'variables.replicas + 1' },
      ],
      validations: [
        {
          expression: 'object.spec.replicas <= params.most && variables.most > 1',
          messageExpression: "'no more than ' + string(params.most)",
          reason: 'Forbidden',
        },
        { expression: "authorizer.group('apps').resource('deployments').check('get').allowed()" },
        { expression: "namespaceObject.metadata.labels['a'] == 'b'" },
      ],
      auditAnnotations: [{ key: 'k', valueExpression: "has(object.x) ? 'yes' : 'no'" }],
    }),
    [],
  )
  assert.deepEqual(policy({ validations: [] }), [
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ])
  assert.deepEqual(
    policy({
      variables: [{ name: 'if', expression: '1' }],
      validations: [
        { expression: 'params.x > 1', reason: 'Nope' },
        { expression: '1 + 1' },
        { expression: "request.userInfo.name == 'x'" },
      ],
    }),
    [
      'spec.variables[0].name: Invalid value: "if": must be a valid CEL identifier',
      "spec.validations[0].expression: Invalid value: \"params.x > 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x > 1\n | ^",
      'spec.validations[0].reason: Unsupported value: "Nope": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      'spec.validations[1].expression: Invalid value: "1 + 1": must evaluate to bool but got int',
      "spec.validations[2].expression: Invalid value: \"request.userInfo.name == 'x'\": compilation failed: ERROR: <input>:1:17: undefined field 'name'\n | request.userInfo.name == 'x'\n | ................^",
    ],
  )
})

test('mutating policies make objects and patches', () => {
  const mutation = (value: unknown): string[] =>
    createProblems(`mutatingadmissionpolicies.${group}`, {
      spec: {
        matchConstraints: { resourceRules: [deployments] },
        reinvocationPolicy: 'Never',
        failurePolicy: 'Fail',
        mutations: [value],
      },
    })
  assert.deepEqual(
    mutation({
      patchType: 'ApplyConfiguration',
      applyConfiguration: {
        expression:
          'Object{metadata: Object.metadata{annotations: {"a": "b"}}, spec: Object.spec{replicas: 3}}',
      },
    }),
    [],
  )
  assert.deepEqual(
    mutation({
      patchType: 'JSONPatch',
      jsonPatch: {
        expression:
          '[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "c"}]',
      },
    }),
    [],
  )
  assert.deepEqual(mutation({ patchType: 'JSONPatch', jsonPatch: { expression: 'object' } }), [
    'spec.mutations[0].jsonPatch.expression: Invalid value: "object": must evaluate to list(JSONPatch) but got dyn',
  ])
  assert.deepEqual(mutation({ patchType: 'ApplyConfiguration', jsonPatch: {} }), [
    'spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
    'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
  ])
})

test('bindings', () => {
  const binding = (spec: Record<string, unknown>): string[] =>
    createProblems(`validatingadmissionpolicybindings.${group}`, { spec })
  assert.deepEqual(binding({ policyName: 'limit', validationActions: ['Deny'] }), [])
  assert.deepEqual(
    binding({ paramRef: { name: 'a', selector: {} }, validationActions: ['Deny', 'Warn', 'Deny'] }),
    [
      'spec.policyName: Required value',
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Required value',
      'spec.validationActions[2]: Duplicate value: "Deny"',
      'spec.validationActions: Invalid value: ["Deny","Warn","Deny"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
  )
})
