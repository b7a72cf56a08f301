/** Checks of strings, as in apimachinery's `util/validation`: each returns what is wrong, or nothing. */
export type FormatCheck = (value: string) => string[]

function regexError(message: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ')
  return examples.length
    ? `${message} (e.g. ${shown}regex used for validation is '${pattern}')`
    : `${message} (regex used for validation is '${pattern}')`
}

export function maxLength(length: number): string {
  return `must be no more than ${length} characters`
}

export function inclusiveRange(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`
}

export const mustBeNonEmpty = 'must be non-empty'

/** A format by a regular expression and a length. */
function format(
  pattern: string,
  message: string,
  examples: string[],
  longest = Number.POSITIVE_INFINITY,
): FormatCheck {
  const regex = new RegExp(`^(?:${pattern})$`)
  const mismatch = regexError(message, pattern, ...examples)
  return (value) => {
    const errors: string[] = []
    if (value.length > longest) errors.push(maxLength(longest))
    if (!regex.test(value)) errors.push(mismatch)
    return errors
  }
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const subdomainRegex = new RegExp(`^${subdomain}$`)
const labelRegex = new RegExp(`^${label}$`)
const labelMismatch = regexError(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  'my-name',
  '123-abc',
)

export const isDns1123Label: FormatCheck = (value) => {
  const errors: string[] = []
  if (value.length > 63) errors.push(maxLength(63))
  if (!labelRegex.test(value))
    errors.push(subdomainRegex.test(value) ? 'must not contain dots' : labelMismatch)
  return errors
}

export const isDns1123Subdomain = format(
  subdomain,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  253,
)

const underscored = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
export const isDns1123SubdomainWithUnderscore = format(
  `${underscored}(\\.${underscored})*`,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  253,
)

/** Upper case too: names of CSI and DRA drivers. */
export const isDns1123SubdomainCaseless: FormatCheck = (value) => {
  const errors: string[] = []
  if (value.length > 253) errors.push(maxLength(253))
  if (!subdomainRegex.test(value.toLowerCase())) {
    errors.push(
      regexError(
        "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        subdomain,
        'Example.com',
      ),
    )
  }
  return errors
}

export const isWildcardDns1123Subdomain = format(
  `\\*\\.${subdomain}`,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  ['*.example.com'],
  253,
)

export const isDns1035Label = format(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
  63,
)

const nameCharacters =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const nameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const nameRegex = new RegExp(`^${nameFormat}$`)
const nameMismatch = regexError(nameCharacters, nameFormat, 'MyName', 'my.name', '123-abc')

/** Keys of labels and annotations, finalizers, resources: `[domain/]name`. */
export const isQualifiedName: FormatCheck = (value) => {
  const parts = value.split('/')
  if (parts.length > 2) {
    return [
      `a valid label key ${nameMismatch} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const errors: string[] = []
  const name = parts[parts.length - 1] ?? ''
  if (parts.length === 2) {
    const prefix = parts[0] ?? ''
    if (!prefix) errors.push(`prefix part ${mustBeNonEmpty}`)
    else errors.push(...isDns1123Subdomain(prefix).map((message) => `prefix part ${message}`))
  }
  if (!name) errors.push(`name part ${mustBeNonEmpty}`)
  else if (name.length > 63) errors.push(`name part ${maxLength(63)}`)
  if (!nameRegex.test(name)) errors.push(`name part ${nameMismatch}`)
  return errors
}

export const isLabelValue = format(
  `(${nameFormat})?`,
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
  ['MyValue', 'my_value', '12345'],
  63,
)

export const isCIdentifier = format(
  '[A-Za-z_][A-Za-z0-9_]*',
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  ['my_name', 'MY_NAME', 'MyName'],
)

export const isHttpHeaderName = format(
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  ['X-Header-Name'],
)

/** What follows a domain in names such as `acme.io/foo/bar`. */
export const isUrlPath = format("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", 'Invalid path', [])

export const isPercent = format(
  '[0-9]+%',
  "a valid percent string must be a numeric string followed by an ending '%'",
  ['1%', '93%'],
)

export const isConditionReason = format(
  '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?',
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'],
)

function chDirPrefix(value: string): string[] {
  if (value === '.') return ["must not be '.'"]
  if (value === '..') return ["must not be '..'"]
  return value.startsWith('..') ? ["must not start with '..'"] : []
}

const configMapKey = format(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  253,
)
export const isConfigMapKey: FormatCheck = (value) => [...configMapKey(value), ...chDirPrefix(value)]

/** What the shells of this world take: printable ASCII but `=`. */
export const isEnvVarName: FormatCheck = (value) => {
  if (!value) return [`environment variable name ${mustBeNonEmpty}`]
  return /^[ -<>-~]*$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]
}

export const isPortName: FormatCheck = (value) => {
  const errors: string[] = []
  if (value.length > 15) errors.push(maxLength(15))
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)')
  if (value.includes('--')) errors.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function isPortNumber(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : [inclusiveRange(1, 65535)]
}

const largestId = 2 ** 31 - 1

/** Users and groups. */
export function isUnixId(id: number): string[] {
  return id >= 0 && id <= largestId ? [] : [inclusiveRange(0, largestId)]
}

/** A name that has to be one step of a URL's path. */
export const isPathSegment: FormatCheck = (value) => {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`)
}
