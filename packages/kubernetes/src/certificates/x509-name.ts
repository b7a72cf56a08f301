import { decode, encode, oid, oidText, sequence, set, tag } from './der.ts'

const organization = '2.5.4.10'
const commonName = '2.5.4.3'

/** The parts of a distinguished name that Kubernetes reads: the user and its groups. */
export interface X509Name {
  commonName: string
  organizations: string[]
}

export function encodeName(name: X509Name): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    sequence(oid(type), encode(tag.utf8String, Buffer.from(value)))
  const parts: Buffer[] = []
  // All values of one type share one RDN, in DER's order of sets.
  const organizations = name.organizations.map((value) => attribute(organization, value)).sort(Buffer.compare)
  if (organizations.length > 0) parts.push(set(...organizations))
  if (name.commonName) parts.push(set(attribute(commonName, name.commonName)))
  return sequence(...parts)
}

/** `content` is that of the RDNSequence. */
export function decodeName(content: Buffer): X509Name {
  const name: X509Name = { commonName: '', organizations: [] }
  for (const rdn of decode(content)) {
    for (const attribute of decode(rdn.content)) {
      const [type, value] = decode(attribute.content)
      if (!type || !value) continue
      const text = value.content.toString('utf8')
      const which = oidText(type.content)
      if (which === commonName) name.commonName = text
      else if (which === organization) name.organizations.push(text)
    }
  }
  return name
}
