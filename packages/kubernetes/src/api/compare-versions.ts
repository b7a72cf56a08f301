/** Most wanted first: v2, v1, v1beta2, v1beta1, v1alpha1, then what does not look like a version, by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)]
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : Number(a > b)
  for (const [index, value] of left.entries()) if (value !== right[index]) return right[index]! - value
  return 0
}

function rank(version: string): [stability: number, major: number, minor: number] | undefined {
  const parts = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!parts) return undefined
  const stability = parts[2] === undefined ? 2 : parts[2] === 'beta' ? 1 : 0
  return [stability, Number(parts[1]), Number(parts[3] ?? 0)]
}
