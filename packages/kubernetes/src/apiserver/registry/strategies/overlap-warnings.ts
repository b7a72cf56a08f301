import type { Volume, VolumeProjection } from '../../../api/types/core-v1.ts'

interface Source {
  path: string
  /** Where it comes from; '' where that is clear. */
  from: string
}

/** Files of one volume that would be written over each other, or would have to be files and folders at once. */
export function overlapWarnings(volumes: Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const { name, configMap, secret, downwardAPI, projected } = volume
    const warn = (kind: string, body: string): string =>
      `volume ${JSON.stringify(name)} (${kind}): overlapping paths: ${body}`
    return [
      ...overlaps(sources(configMap?.items)).map((body) =>
        warn(`ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, body),
      ),
      ...overlaps(sources(secret?.items)).map((body) =>
        warn(`Secret ${JSON.stringify(secret?.secretName ?? '')}`, body),
      ),
      ...overlaps(sources(downwardAPI?.items)).map((body) => warn('DownwardAPI', body)),
      ...(projected?.sources ?? [])
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`),
      ...overlaps((projected?.sources ?? []).flatMap(projectedSources)).map((body) =>
        warn('Projected', body),
      ),
    ]
  })
}

function sources(items: { path: string }[] | undefined, from = ''): Source[] {
  return (items ?? []).map(({ path }) => ({ path, from }))
}

function projectedSources(source: VolumeProjection): Source[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (configMap?.items) return sources(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`)
  if (secret?.items) return sources(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`)
  if (downwardAPI?.items) return sources(downwardAPI.items, 'DownwardAPI')
  if (serviceAccountToken) return [{ path: serviceAccountToken.path, from: 'ServiceAccountToken' }]
  if (clusterTrustBundle) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? ''
    return [{ path: clusterTrustBundle.path, from: `ClusterTrustBundle ${JSON.stringify(name)}` }]
  }
  if (!podCertificate) return []
  const { certificateChainPath = '', keyPath = '', credentialBundlePath = '' } = podCertificate
  return [
    { path: certificateChainPath, from: 'PodCertificate chain' },
    { path: keyPath, from: 'PodCertificate key' },
    { path: credentialBundlePath, from: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path)
}

function overlaps(all: Source[]): string[] {
  const show = ({ path, from }: Source): string =>
    from ? `${JSON.stringify(path)} (${from})` : JSON.stringify(path)
  const seen: Source[] = []
  const found: string[] = []
  for (const source of all) {
    const here = { ...source, path: source.path.replace(/\/+$/, '') }
    if (here.path) {
      for (const other of seen) {
        const isOverlap =
          other.path !== '' &&
          (`${other.path}/`.startsWith(`${here.path}/`) || `${here.path}/`.startsWith(`${other.path}/`))
        if (isOverlap) found.push(`${show(here)} with ${show(other)}`)
      }
    }
    seen.push(here)
  }
  return found
}
