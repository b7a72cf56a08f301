/** MINIKUBE_IN_STYLE decides when set; else a terminal with a UTF-8 locale. */
export function wantsUnicode(stdout: { isTTY?: boolean }, env: Record<string, string | undefined>): boolean {
  const wish = env.MINIKUBE_IN_STYLE
  if (wish) return wish === 'true' || wish === '1'
  return stdout.isTTY === true && /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
