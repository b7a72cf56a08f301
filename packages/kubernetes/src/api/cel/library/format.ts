import {
  type FormatCheck,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
} from '../../validation/formats.ts'
import { matchesFormat } from '../../validation/structural/formats.ts'
import type { Library } from '../overload.ts'
import { ArrayList, CelOpaque, CelOptional, none } from '../values.ts'

class CelFormat extends CelOpaque {
  readonly typeName = 'kubernetes.NamedFormat'
  readonly check: FormatCheck

  constructor(check: FormatCheck) {
    super()
    this.check = check
  }
}

/** Names that something is added to may end in a dash. */
function prefix(check: FormatCheck): FormatCheck {
  return (value) => check(value.length > 1 && value.endsWith('-') ? `${value.slice(0, -1)}a` : value)
}

function formatted(format: string, message: string): FormatCheck {
  return (value) => (matchesFormat(format, value) ? [] : [message])
}

const formats = Object.fromEntries(
  Object.entries({
    dns1123Label: isDns1123Label,
    dns1123Subdomain: isDns1123Subdomain,
    dns1035Label: isDns1035Label,
    qualifiedName: isQualifiedName,
    dns1123LabelPrefix: prefix(isDns1123Label),
    dns1123SubdomainPrefix: prefix(isDns1123Subdomain),
    dns1035LabelPrefix: prefix(isDns1035Label),
    labelValue: isLabelValue,
    uri: ((value) =>
      matchesFormat('uri', value)
        ? []
        : [`parse ${JSON.stringify(value)}: invalid URI for request`]) as FormatCheck,
    uuid: formatted('uuid', 'does not match the UUID format'),
    byte: formatted('byte', 'invalid base64'),
    date: formatted('date', 'invalid date'),
    datetime: formatted('datetime', 'invalid datetime'),
  }).map(([name, check]) => [name, new CelFormat(check)]),
)

export const format: Library = {
  ...Object.fromEntries(
    Object.entries(formats).map(([name, value]) => [`format.${name}(): kubernetes.NamedFormat`, () => value]),
  ),
  'format.named(string): optional<kubernetes.NamedFormat>': (name: string) => {
    const found = Object.hasOwn(formats, name) ? formats[name] : undefined
    return found ? new CelOptional(found) : none
  },
  '(kubernetes.NamedFormat).validate(string): optional<list<string>>': (
    { check }: CelFormat,
    value: string,
  ) => {
    const problems = check(value)
    return problems.length > 0 ? new CelOptional(new ArrayList(problems)) : none
  },
}
