import { readdir } from 'node:fs/promises'
import { MinikubeError, messageOf } from '../error.ts'
import type { Home } from '../home.ts'
import { readClaim } from './claim.ts'
import type { Profile } from './profile.ts'

/** The profile; throws when there is none, or its file is broken. */
export async function loadProfile(home: Home, name: string): Promise<Profile> {
  const profile = await findProfile(home, name)
  if (profile) return profile
  const claim = await readClaim(name)
  if (claim && claim.home !== home.root) {
    throw new MinikubeError(
      'GUEST_PROFILE_NOT_FOUND',
      `the profile "${name}" belongs to another home: ${claim.home}`,
      {
        advice: `Run minikube as the user that it belongs to, or with MINIKUBE_HOME=${claim.home}.`,
      },
    )
  }
  throw new MinikubeError('GUEST_PROFILE_NOT_FOUND', `Profile "${name}" not found`, {
    advice: `Start a cluster with 'minikube start${name === 'minikube' ? '' : ` -p ${name}`}'; 'minikube profile list' shows those that there are.`,
  })
}

/** Undefined when there is no such profile; throws when its file is broken. */
export async function findProfile(home: Home, name: string): Promise<Profile | undefined> {
  const path = home.profile(name, 'config.json')
  const text = await home.read(path)
  if (text === undefined) return undefined
  try {
    return validate(JSON.parse(text))
  } catch (error) {
    throw new MinikubeError(
      'HOST_CONFIG_LOAD',
      `the file of profile "${name}" is broken: ${path}: ${messageOf(error)}`,
      {
        advice: `Repair the file, or remove the cluster with 'minikube delete -p ${name}'.`,
        cause: error,
      },
    )
  }
}

export async function saveProfile(home: Home, profile: Profile): Promise<void> {
  const path = home.profile(profile.Name, 'config.json')
  const text = `${JSON.stringify(profile, undefined, 4)}\n`
  if ((await home.read(path)) !== text) await home.write(path, text, 0o600)
}

export async function profileNames(home: Home): Promise<string[]> {
  const entries = await readdir(home.path('profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

export interface ProfileList {
  valid: Profile[]
  /** Names whose file is missing or broken. */
  invalid: string[]
}

export async function listProfiles(home: Home): Promise<ProfileList> {
  const list: ProfileList = { valid: [], invalid: [] }
  for (const name of (await profileNames(home)).sort()) {
    const profile = await findProfile(home, name).catch(() => undefined)
    if (profile) list.valid.push(profile)
    else list.invalid.push(name)
  }
  return list
}

/** Checks what others rely on; the rest may be missing in files that an older version wrote. */
function validate(value: unknown): Profile {
  const profile = object(value, 'it')
  for (const key of ['Name', 'Driver'])
    if (typeof profile[key] !== 'string') throw new Error(`${key} is not a string`)
  for (const key of ['APIServerPort', 'Slot']) {
    if (!Number.isInteger(profile[key])) throw new Error(`${key} is not a whole number`)
  }
  const kubernetes = object(profile.KubernetesConfig, 'KubernetesConfig')
  for (const key of ['ContainerRuntime', 'ServiceCIDR', 'DNSDomain', 'KubernetesVersion']) {
    if (typeof kubernetes[key] !== 'string') throw new Error(`KubernetesConfig.${key} is not a string`)
  }
  if (!Array.isArray(profile.Nodes) || profile.Nodes.length === 0)
    throw new Error('Nodes is not a list of nodes')
  for (const node of profile.Nodes) object(node, 'a node')
  return value as Profile
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is not a JSON object`)
  return value as Record<string, unknown>
}
