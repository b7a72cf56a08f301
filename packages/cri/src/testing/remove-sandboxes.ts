import { connectCri } from '../connect.ts'
import { CriError } from '../cri-error.ts'

/** Stops and removes all of a runtime's pods; a runtime that is not there has none. */
export async function removeSandboxes(socket: string): Promise<void> {
  const client = connectCri(socket)
  try {
    const { items } = await client.listPodSandbox({})
    await Promise.all(
      items.map(async ({ id }) => {
        await client.stopPodSandbox({ podSandboxId: id })
        await client.removePodSandbox({ podSandboxId: id })
      }),
    )
  } catch (error) {
    if (!(error instanceof CriError)) throw error
  } finally {
    client.close()
  }
}
