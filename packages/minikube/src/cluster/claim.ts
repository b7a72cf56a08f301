import { readdir, readFile } from 'node:fs/promises'
import { MinikubeError } from '../error.ts'
import type { Home } from '../home.ts'
import { machineRoot, nodeLayout } from '../node/layout.ts'
import { Ledger } from '../node/ledger/ledger.ts'

/** Says whose a profile on this machine is; kept with the cluster's data, since homes are many and the machine is one. */
export interface Claim {
  profile: string
  /** The minikube home that the profile's files are in. */
  home: string
  slot: number
  ledger: string
}

/** The claim on this machine under that profile name. */
export async function readClaim(profile: string): Promise<Claim | undefined> {
  try {
    return JSON.parse(await readFile(nodeLayout(profile).claim, 'utf8')) as Claim
  } catch {
    return undefined
  }
}

/** All claims on this machine, whatever home they belong to. */
export async function readClaims(): Promise<Claim[]> {
  const names = await readdir(machineRoot).catch(() => [])
  const claims = await Promise.all(names.map(readClaim))
  return claims.filter((claim) => claim !== undefined)
}

/** Throws when the name is taken on this machine by a profile of another home. */
export async function refuseForeign(home: Home, profile: string): Promise<void> {
  const claim = await readClaim(profile)
  if (!claim || claim.home === home.root) return
  throw new MinikubeError(
    'GUEST_LEFTOVERS',
    `a cluster "${profile}" of another home (${claim.home}) is on this machine`,
    {
      advice: `Choose another name with '-p', or delete that one with 'MINIKUBE_HOME=${claim.home} minikube delete -p ${profile}'.`,
    },
  )
}

/** Ledgers of the other profiles on this machine. */
export async function neighbourLedgers(home: Home, profile: string): Promise<Ledger[]> {
  const others = (await readClaims()).filter((claim) => claim.profile !== profile)
  const ledgers = await Promise.all(
    others.map((claim) => Ledger.open(home, claim.profile, claim.ledger).catch(() => undefined)),
  )
  return ledgers.filter((ledger) => ledger !== undefined)
}
