import { open } from 'node:fs/promises'
import { posix } from 'node:path'
import type { ContainerStatus } from '@minikube-ts/cri/generated/runtime-v1.ts'
import { readLastLogs } from '../logs/read-last-logs.ts'
import type { ContainerInfo } from './labels.ts'

/** Bytes of a message file that are looked at; the pod's status has room for less when it has many containers. */
const messageLimit = 4096
const logLimit = 2048
const logLines = 80

/**
 * Why a container ended, in its own words: the runtime's message, then what is in its termination message file or, if it
 * wants that, the end of its log.
 */
export async function terminationMessage(status: ContainerStatus, info: ContainerInfo): Promise<string> {
  const fallback =
    info.terminationMessagePolicy === 'FallbackToLogsOnError' &&
    status.exitCode !== 0 &&
    status.reason !== 'ContainerCannotRun'
  let text = await messageFile(status, info.terminationMessagePath)
  if (text === '' && fallback) {
    try {
      text = await readLastLogs(status.logPath, logLines, logLimit)
    } catch (error) {
      text = `Error on reading termination message from logs: ${(error as Error).message}`
    }
  }
  return [status.message, text].filter((part) => part !== '').join(': ')
}

async function messageFile(status: ContainerStatus, path: string): Promise<string> {
  if (path === '') return ''
  const wanted = posix.resolve('/', path)
  const mount = status.mounts.find(({ containerPath }) => containerPath === wanted)
  if (!mount) return ''
  try {
    return await readEnd(mount.hostPath, messageLimit)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    return `Error on reading termination log ${mount.hostPath}: ${(error as Error).message}`
  }
}

async function readEnd(path: string, limit: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const length = Math.min(size, limit)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
