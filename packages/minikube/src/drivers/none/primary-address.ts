import { readFileSync } from 'node:fs'
import type { networkInterfaces } from 'node:os'

/** Bridges of container engines and of ours are no way to the outside. */
const notOutside = /^(lo|docker|podman|cni|br-|virbr|veth|mk-)/

/**
 * The address that this machine is known under: that of the interface with the default route, else the first that leads
 * outside, else loopback, so that a machine without network works too.
 */
export function primaryAddress(
  interfaces: ReturnType<typeof networkInterfaces>,
  routes = readRoutes(),
): string {
  const candidates = Object.keys(interfaces).filter((name) => !notOutside.test(name))
  const preferred = defaultInterface(routes)
  for (const name of preferred === undefined ? candidates : [preferred, ...candidates]) {
    const found = interfaces[name]?.find(({ family, internal }) => family === 'IPv4' && !internal)
    if (found) return found.address
  }
  return '127.0.0.1'
}

/** Interface of the default route with the lowest metric, out of /proc/net/route. */
export function defaultInterface(routes = readRoutes()): string | undefined {
  return routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))
    .map(([name]) => name)[0]
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return ''
  }
}
