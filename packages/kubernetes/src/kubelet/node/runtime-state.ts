import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { RuntimeHandler } from '@minikube-ts/cri/generated/runtime-v1.ts'

export type RuntimeFeature = 'recursiveReadOnlyMounts' | 'userNamespaces'

/** How the container runtime is. */
export class RuntimeState {
  private readonly cri: CriClient
  private readonly onChange: () => void
  private runtimeProblem: string | undefined = 'container runtime status check may not have completed yet'
  private networkTrouble: string | undefined
  private known: RuntimeHandler[] = []
  private features: { supplementalGroupsPolicy: boolean } | undefined
  private checking: Promise<void> | undefined

  /** `onChange` is called when the runtime or its network became ready or unready. */
  constructor(cri: CriClient, onChange: () => void) {
    this.cri = cri
    this.onChange = onChange
  }

  /** Asks the runtime; one question at a time. Never throws. */
  check(): Promise<void> {
    this.checking ??= this.ask().finally(() => {
      this.checking = undefined
    })
    return this.checking
  }

  private async ask(): Promise<void> {
    const before = this.problems().join()
    try {
      const { status, runtimeHandlers, features } = await this.cri.status({})
      this.known = runtimeHandlers
      this.features = features
      const bad = (type: string): string | undefined => {
        const found = status?.conditions.find((one) => one.type === type)
        return found?.status
          ? undefined
          : `${type}=false reason:${found?.reason ?? ''} message:${found?.message ?? ''}`
      }
      const runtime = bad('RuntimeReady')
      const network = bad('NetworkReady')
      this.runtimeProblem = runtime && `container runtime not ready: ${runtime}`
      this.networkTrouble = network && `container runtime network not ready: ${network}`
    } catch (error) {
      this.runtimeProblem = `container runtime is down: ${(error as Error).message}`
    }
    if (this.problems().join() !== before) this.onChange()
  }

  /** The connection broke. */
  lost(): void {
    const before = this.problems().join()
    this.runtimeProblem = 'container runtime is down'
    if (this.problems().join() !== before) this.onChange()
  }

  problems(): string[] {
    return [this.runtimeProblem, this.networkTrouble].filter((problem) => problem !== undefined)
  }

  networkProblem(): string | undefined {
    return this.networkTrouble
  }

  get handlers(): readonly RuntimeHandler[] {
    return this.known
  }

  get supplementalGroupsPolicy(): boolean | undefined {
    return this.features?.supplementalGroupsPolicy
  }

  supports(handler: string, feature: RuntimeFeature): boolean {
    return this.known.find(({ name }) => name === handler)?.features?.[feature] ?? false
  }
}
