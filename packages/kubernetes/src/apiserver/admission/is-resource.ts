import type { AdmissionAttributes } from './admission-plugin.ts'

/** Is this about that resource (`pods`, `storageclasses.storage.k8s.io`), and not a subresource unless named? */
export function isResource(attributes: AdmissionAttributes, qualified: string, subresource = ''): boolean {
  const { group, resource } = attributes.resource
  return attributes.subresource === subresource && (group ? `${resource}.${group}` : resource) === qualified
}
