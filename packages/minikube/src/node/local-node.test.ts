import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalNode } from './local-node.ts'
import { CommandFailed } from './node.ts'

const node = new LocalNode('localhost')
/** More than a pipe takes. */
const much = Buffer.alloc(1 << 20)

test('a command that ends without reading its input is judged by its exit alone', async () => {
  const failed = node.run(['sh', '-c', 'exec <&-; seq 500000 >&2; echo no room >&2; exit 3'], { stdin: much })
  await assert.rejects(failed, (error) => error instanceof CommandFailed && /no room/.test(error.message))
  const { exitCode } = await node.run(['sh', '-c', 'exec <&-; seq 500000'], { stdin: much })
  assert.equal(exitCode, 0)
})

test('a command that is not there is told, input or not', async () => {
  await assert.rejects(node.run(['/no/such/program'], { stdin: much }), CommandFailed)
})
