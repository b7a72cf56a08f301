import { existsSync } from 'node:fs'
import { runtimeContract } from '../runtime.contract.test.ts'
import { ContainerdRuntime } from './containerd-runtime.ts'

const programs = ['/usr/bin/containerd', '/usr/sbin/runc', '/usr/bin/catatonit']
const missing = programs.find((program) => !existsSync(program))
runtimeContract(
  new ContainerdRuntime(),
  process.getuid?.() !== 0 ? 'needs root' : missing && `needs ${missing}`,
)
