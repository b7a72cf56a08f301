const units: Record<string, number> = { '': 1, b: 1 / 2 ** 20, k: 1 / 1024, m: 1, g: 1024, t: 2 ** 20 }

/** MiB of `4096`, `4096mb`, `4g`, `4GiB`; undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim())
  if (!match) return undefined
  return Math.round(Number(match[1]) * units[match[2]!.toLowerCase()]!)
}
