import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { StartResult } from '../cluster/start.ts'
import type { Output } from './output/output.ts'

/** The end of a start: what was reached, and what to type next. */
export async function nextSteps(
  result: StartResult,
  output: Output,
  env: Record<string, string | undefined>,
): Promise<void> {
  const { profile, alreadyRunning, current } = result
  const { Name: name, KubernetesConfig: kubernetes } = profile
  if (alreadyRunning) output.info('It was running already; nothing had to be changed.')
  const ready = current
    ? `Done! kubectl is now configured to use "${name}" cluster and "${kubernetes.Namespace}" namespace by default`
    : `Done! Use 'kubectl --context ${name}' to reach the cluster`
  output.step('Done', ready)
  const option = name === 'minikube' ? '' : ` -p ${name}`
  const kubectl = (await onPath('kubectl', env.PATH ?? ''))
    ? `kubectl${current ? '' : ` --context ${name}`}`
    : `minikube${option} kubectl --`
  output.info(`Next: ${kubectl} get nodes`)
}

async function onPath(program: string, path: string): Promise<boolean> {
  const found = await Promise.all(
    path.split(delimiter).map((directory) =>
      access(join(directory, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}
