const component = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const domain = `(?:${component}(?:\\.${component})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*'
const path = `${pathComponent}(?:/${pathComponent})*`
const tag = '[\\w][\\w.-]{0,127}'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const reference = new RegExp(`^(?:${domain}/)?${path}(?::(${tag}))?(?:@(${digest}))?$`)

/**
 * The tag of an image, `latest` where neither tag nor digest is given, `undefined` with only a digest or for what is no
 * reference to an image.
 */
export function imageTag(image: string): string | undefined {
  const parts = reference.exec(image)
  if (!parts || /^[a-f0-9]{64}$/.test(image)) return undefined
  return parts[1] ?? (parts[2] ? undefined : 'latest')
}
