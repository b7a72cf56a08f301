import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'

/** The values of `minikube config set`: flat, by flag name. */
export async function readSettings(home: Home): Promise<Record<string, unknown>> {
  const path = home.path('config', 'config.json')
  const text = await home.read(path)
  if (text === undefined || text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
    throw new Error('it is not a JSON object')
  } catch (error) {
    throw new MinikubeError('HOST_CONFIG_LOAD', `${path} cannot be used: ${messageOf(error)}`, {
      advice: 'Repair the file or remove it; it only holds values of `minikube config set`.',
    })
  }
}

export async function writeSettings(home: Home, settings: Record<string, unknown>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)))
  await home.write(home.path('config', 'config.json'), `${JSON.stringify(sorted, undefined, 4)}\n`)
}
