import { setTimeout as delay } from 'node:timers/promises'
import type { CriClient } from '@minikube-ts/cri/cri-client.ts'
import type { Container, LifecycleHandler } from '../../api/types/core-v1.ts'
import { describePod, type NodePod } from '../pods/node-pod.ts'
import { actionUrl, httpGet } from './http-action.ts'

export interface HookRun {
  cri: CriClient
  pod: NodePod
  container: Container
  containerId: string
  handler: LifecycleHandler
  podIP: string
  signal: AbortSignal
}

/** Runs a postStart or preStop handler to its end. @throws Error with upstream's message */
export async function runLifecycleHook(run: HookRun): Promise<void> {
  const { cri, pod, container, containerId, handler, signal } = run
  const where = `for Container "${container.name}" in Pod "${describePod(pod)}" failed - error: `
  if (handler.exec) {
    const cmd = handler.exec.command ?? []
    const shown = `Exec lifecycle hook ([${cmd.join(' ')}]) ${where}`
    let answer: Awaited<ReturnType<CriClient['execSync']>>
    try {
      answer = await cri.execSync({ containerId, cmd }, { signal })
    } catch (error) {
      throw new Error(`${shown}${(error as Error).message}, message: ""`)
    }
    if (answer.exitCode !== 0) {
      const output = Buffer.concat([answer.stdout, answer.stderr]).toString()
      throw new Error(
        `${shown}command '${cmd.join(' ')}' exited with ${answer.exitCode}: ${Buffer.from(answer.stderr)}, message: ${JSON.stringify(output)}`,
      )
    }
  } else if (handler.httpGet) {
    try {
      // Any answer will do.
      await httpGet(handler.httpGet, actionUrl(handler.httpGet, container, run.podIP), 'lifecycle', signal)
    } catch (error) {
      throw new Error(
        `HTTP lifecycle hook (${handler.httpGet.path ?? ''}) ${where}${(error as Error).message}`,
      )
    }
  } else if (handler.sleep) {
    try {
      await delay(handler.sleep.seconds * 1000, undefined, { signal })
    } catch {
      throw new Error(
        `Sleep lifecycle hook (${handler.sleep.seconds}) ${where}container terminated before sleep hook finished`,
      )
    }
  } else {
    throw new Error('Cannot run handler: invalid handler')
  }
}
