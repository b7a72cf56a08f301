import { isIP, isIPv4, isIPv6 } from 'node:net'
import { parseDuration } from '../../duration.ts'

const uuid = (version: string) =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i')
const card =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/
const channel = '([01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])'
const rgb = new RegExp(`^rgb\\(\\s*${channel}\\s*,\\s*${channel}\\s*,\\s*${channel}\\s*\\)$`)
const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'

/** String formats that custom resources may ask for; others are not looked at (apiextensions' formats.go). */
const formats: Record<string, (text: string) => boolean> = {
  bsonobjectid: (text) => /^[0-9a-fA-F]{24}$/.test(text),
  uri: (text) => text.startsWith('/') || URL.canParse(text),
  email: (text) => /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/.test(text),
  hostname: (text) =>
    text.length <= 255 &&
    /^[\p{L}\p{S}0-9]([\p{L}\p{S}0-9-]*[\p{L}\p{S}0-9])?(\.[\p{L}\p{S}0-9]([\p{L}\p{S}0-9-]*[\p{L}\p{S}0-9])?)*\.?$/u.test(
      text,
    ),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (text) => /^([0-9a-f]{2}[:-]){5}([0-9a-f]{2}[:-]?){1}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text),
  uuid: (text) => uuid('[0-9a-f]').test(text),
  uuid3: (text) => uuid('3').test(text),
  uuid4: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  uuid5: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: (text) => card.test(text.replace(/\D/g, '')) && luhn(text.replace(/\D/g, '')),
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => rgb.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  password: () => true,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: (text) =>
    parseDuration(text) !== undefined ||
    /^\s*\d+(\.\d+)?\s*(ns|nano(second)?s?|µs|us|micro(second)?s?|ms|milli(second)?s?|s|sec(ond)?s?|m|min(ute)?s?|h|hr|hours?|d|days?|w|weeks?)\s*$/i.test(
      text,
    ),
  datetime: isDateTime,
  'date-time': isDateTime,
  'k8s-short-name': (text) => text.length <= 63 && new RegExp(`^${label}$`).test(text),
  'k8s-long-name': (text) => text.length <= 253 && new RegExp(`^${label}(\\.${label})*$`).test(text),
}

/** Is the format one that is looked at? */
export function isKnownFormat(format: string): boolean {
  return Object.hasOwn(formats, format)
}

/** True also for formats that are not looked at. */
export function matchesFormat(format: string, text: string): boolean {
  return !isKnownFormat(format) || formats[format]!(text)
}

function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:?\d{2})$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

function isCidr(text: string): boolean {
  const [address = '', length = '', more] = text.split('/')
  const family = isIP(address)
  return (
    more === undefined && family !== 0 && /^\d+$/.test(length) && Number(length) <= (family === 4 ? 32 : 128)
  )
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[-\s]/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  const sum = [...digits].reduce(
    (total, digit, at) => total + (10 - at) * (digit === 'X' ? 10 : Number(digit)),
    0,
  )
  return sum % 11 === 0
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[-\s]/g, '')
  if (!/^\d{13}$/.test(digits)) return false
  return [...digits].reduce((total, digit, at) => total + Number(digit) * (at % 2 ? 3 : 1), 0) % 10 === 0
}

function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
