import type { Logger } from '../log.ts'
import { run } from './nft/run.ts'

/** Table and chain that iptables, and through it Docker, decides in. */
export const forwardTable = 'ip filter'
const chain = 'FORWARD'

/** By which our rules in that chain are found again. */
export function forwardRuleComment(bridge: string): string {
  return `cluster ${bridge}`
}

/**
 * Docker lets nothing through the machine that is not its own (policy drop), pods' traffic included, and no other table
 * can allow what one forbids. Where that is so, two rules for the bridge go before it.
 */
export async function passForwardPolicy(bridge: string, log: Logger): Promise<void> {
  const listing = await run('nft', ['list', 'chain', ...forwardTable.split(' '), chain]).catch(() => '')
  const comment = forwardRuleComment(bridge)
  if (!/policy drop/.test(listing) || listing.includes(`comment "${comment}"`)) return
  const rules = ['iifname', 'oifname'].map(
    (side) => `insert rule ${forwardTable} ${chain} ${side} "${bridge}" counter accept comment "${comment}"`,
  )
  await run('nft', ['-f', '-'], `${rules.join('\n')}\n`)
  log.info('forwarding is forbidden on this machine: pods are let through', { bridge })
}

/** Takes the rules out again. */
export async function removeForwardRules(bridge: string): Promise<void> {
  const listing = await run('nft', ['-a', 'list', 'chain', ...forwardTable.split(' '), chain]).catch(() => '')
  const comment = `comment "${forwardRuleComment(bridge)}"`
  const handles = listing.split('\n').flatMap((line) => {
    return line.includes(comment) ? (/# handle (\d+)/.exec(line)?.[1] ?? []) : []
  })
  const commands = handles.map((handle) => `delete rule ${forwardTable} ${chain} handle ${handle}`)
  if (commands.length > 0) await run('nft', ['-f', '-'], `${commands.join('\n')}\n`)
}
