import type { PolicyRule } from '../../../api/types/rbac-v1.ts'
import { pathCovers } from './rule-matches.ts'

/** The smallest parts of `wanted` that `held` does not grant; empty when everything is covered. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !held.some((rule) => covers(rule, part)))
}

/** One rule per combination of verb, group, resource and name. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = []
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if (!rule.resourceNames?.length) parts.push(part)
        for (const name of rule.resourceNames ?? []) parts.push({ ...part, resourceNames: [name] })
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) parts.push({ nonResourceURLs: [url], verbs: [verb] })
  }
  return parts
}

function covers(rule: PolicyRule, part: PolicyRule): boolean {
  return (
    hasAll(rule.verbs, part.verbs) &&
    hasAll(rule.apiGroups, part.apiGroups) &&
    (part.resources ?? []).every((resource) => coversResource(rule.resources ?? [], resource)) &&
    (part.nonResourceURLs ?? []).every((path) =>
      rule.nonResourceURLs?.some((url) => pathCovers(url, path)),
    ) &&
    (!rule.resourceNames?.length ||
      (!!part.resourceNames?.length &&
        part.resourceNames.every((name) => rule.resourceNames?.includes(name))))
  )
}

function hasAll(list: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  return (
    !wanted || (list !== undefined && (list.includes('*') || wanted.every((item) => list.includes(item))))
  )
}

function coversResource(resources: readonly string[], resource: string): boolean {
  if (resources.includes('*') || resources.includes(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && resources.includes(`*${resource.slice(slash)}`)
}

/** Merges rules that differ only in their verbs, and prints each as upstream's escalation errors do, in order. */
export function describeRules(rules: readonly PolicyRule[]): string[] {
  const merged = new Map<string, PolicyRule>()
  for (const rule of rules) {
    const { verbs, ...what } = rule
    const key = JSON.stringify(what)
    const known = merged.get(key)
    if (known) known.verbs = [...known.verbs, ...verbs.filter((verb) => !known.verbs.includes(verb))]
    else merged.set(key, { ...rule, verbs: [...verbs] })
  }
  return [...merged.values()].map(describe).sort()
}

function describe(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ]
  const texts = parts
    .filter(([, list]) => list?.length)
    .map(([name, list]) => `${name}:[${list?.map((item) => JSON.stringify(item)).join(' ')}]`)
  return `{${texts.join(', ')}}`
}
