import { randomBytes } from 'node:crypto'
import type { ServiceAccount as Account, Container, Pod, VolumeMount } from '../../../api/types/core-v1.ts'
import { serviceAccounts } from '../../../client/resources.ts'
import { type PodWithReferences, secretsOf } from '../../auth/authorization/pod-references.ts'
import type { StoreReader } from '../../auth/store-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission-plugin.ts'
import { isResource } from '../is-resource.ts'
import { refuse } from '../refuse.ts'
import { waitForObject } from '../wait-for-object.ts'

const volumePrefix = 'kube-api-access-'
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
/** The controller makes `default` right after its namespace; a pod that comes at once waits for it. */
const defaultAccountPatienceMs = 2000

/** Gives each pod a service account, its pull secrets and its token, and checks that the account exists. */
export class ServiceAccount implements AdmissionPlugin {
  readonly name = 'ServiceAccount'
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    if (operation !== 'CREATE' || !object || !isResource(attributes, 'pods')) return
    const pod = object as unknown as Pod
    const spec = pod.spec!
    // The kubelet compares a mirror pod with its file: nothing may be added.
    if (!isMirror(pod)) {
      spec.serviceAccountName ||= 'default'
      const account = await this.#find(attributes, spec.serviceAccountName)
      const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
      if (automount) mountToken(pod)
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }))
      }
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object } = attributes
    const creates = operation === 'CREATE' && isResource(attributes, 'pods')
    const debugs = operation === 'UPDATE' && isResource(attributes, 'pods', 'ephemeralcontainers')
    if (!object || !(creates || debugs)) return
    const pod = object as unknown as Pod
    if (creates && isMirror(pod)) return validateMirror(attributes, pod)
    const name = pod.spec?.serviceAccountName
    if (!name) {
      const { namespace } = attributes
      throw refuse(
        attributes,
        `no service account specified for pod ${namespace}/${pod.metadata?.name ?? ''}`,
      )
    }
    const account = await this.#find(attributes, name)
    if (!isTrue(account.metadata?.annotations?.['kubernetes.io/enforce-mountable-secrets'])) return
    const problem = limitSecrets(account, pod, debugs)
    if (problem) throw refuse(attributes, problem)
  }

  async #find(attributes: AdmissionAttributes, name: string): Promise<Account> {
    const { namespace } = attributes
    const patience = name === 'default' ? defaultAccountPatienceMs : 0
    const account = await waitForObject(this.#store, serviceAccounts, namespace, name, patience)
    if (account) return account as unknown as Account
    throw refuse(
      attributes,
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    )
  }
}

function isMirror(pod: Pod): boolean {
  return pod.metadata?.annotations?.[mirrorAnnotation] !== undefined
}

function validateMirror(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName)
    throw refuse(attributes, 'a mirror pod may not reference service accounts')
  if (secretsOf(pod as unknown as PodWithReferences).size > 0) {
    throw refuse(attributes, 'a mirror pod may not reference secrets')
  }
  const sources = (pod.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? [])
  if (sources.some((source) => source.serviceAccountToken)) {
    throw refuse(attributes, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}

/** Mounts the token, the cluster's CA and the namespace into every container that mounts nothing else there. */
function mountToken({ spec }: Pod): void {
  if (!spec) return
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix))
  const name = existing?.name ?? volumePrefix + randomSuffix()
  const mount: VolumeMount = { name, readOnly: true, mountPath }
  const containers: Pick<Container, 'volumeMounts'>[] = [...(spec.initContainers ?? []), ...spec.containers]
  const lacking = containers.filter(
    ({ volumeMounts }) => !volumeMounts?.some((other) => other.mountPath === mountPath),
  )
  for (const container of lacking) container.volumeMounts = [...(container.volumeMounts ?? []), { ...mount }]
  if (existing || lacking.length === 0) return
  spec.volumes = [
    ...(spec.volumes ?? []),
    {
      name,
      projected: {
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
        defaultMode: 0o644,
      },
    },
  ]
}

/** Five letters that spell no words, as apimachinery's names have them. */
function randomSuffix(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  return [...randomBytes(5)].map((byte) => letters[byte % letters.length]).join('')
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)
}

/** What an account with `kubernetes.io/enforce-mountable-secrets` does not let its pods use; undefined when all is well. */
function limitSecrets(account: Account, { spec }: Pod, onlyEphemeral: boolean): string | undefined {
  const mountable = new Set(account.secrets?.map(({ name }) => name))
  const who = `is not allowed because service account ${account.metadata?.name} does not reference that secret`
  const kinds: [string, Pick<Container, 'name' | 'env' | 'envFrom'>[]][] = onlyEphemeral
    ? [['ephemeral container', spec?.ephemeralContainers ?? []]]
    : [
        ['init container', spec?.initContainers ?? []],
        ['container', spec?.containers ?? []],
      ]
  if (!onlyEphemeral) {
    for (const { secret } of spec?.volumes ?? []) {
      if (secret && !mountable.has(secret.secretName)) {
        return `volume with secret.secretName="${secret.secretName}" ${who}`
      }
    }
  }
  for (const [kind, containers] of kinds) {
    for (const container of containers) {
      for (const { name, valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef?.name
        if (secret !== undefined && !mountable.has(secret)) {
          return `${kind} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${who}`
        }
      }
      for (const { secretRef } of container.envFrom ?? []) {
        if (secretRef && !mountable.has(secretRef.name)) {
          return `${kind} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${who}`
        }
      }
    }
  }
  if (onlyEphemeral) return undefined
  const pull = new Set(account.imagePullSecrets?.map(({ name }) => name))
  const at = (spec?.imagePullSecrets ?? []).findIndex(({ name }) => !pull.has(name))
  if (at < 0) return undefined
  const name = spec?.imagePullSecrets?.[at]?.name
  return `imagePullSecrets[${at}].name="${name}" is not allowed because service account ${account.metadata?.name} does not reference that imagePullSecret`
}
