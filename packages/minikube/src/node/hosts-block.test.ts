import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHostsBlock, withHostsBlock } from './hosts-block.ts'

const file = '127.0.0.1\tlocalhost\n\n# a note\n10.0.0.9  printer # hall\n'
const entry = { address: '10.244.0.1', name: 'host.minikube.internal' }

test('adds, changes and removes its block and nothing else', () => {
  const added = withHostsBlock(file, 'one', [entry])
  assert.ok(added.startsWith(file))
  assert.deepEqual(readHostsBlock(added, 'one'), [entry])
  const changed = withHostsBlock(added, 'one', [{ ...entry, address: '10.0.0.1' }])
  assert.deepEqual(readHostsBlock(changed, 'one'), [{ ...entry, address: '10.0.0.1' }])
  assert.equal(withHostsBlock(changed, 'one', []), file)
})

test('is idempotent', () => {
  const once = withHostsBlock(file, 'one', [entry])
  assert.equal(withHostsBlock(once, 'one', [entry]), once)
  assert.equal(withHostsBlock(file, 'one', []), file)
})

test('profiles have blocks of their own', () => {
  const two = withHostsBlock(withHostsBlock(file, 'one', [entry]), 'two', [{ address: '1.2.3.4', name: 'x' }])
  assert.deepEqual(readHostsBlock(two, 'one'), [entry])
  assert.deepEqual(readHostsBlock(withHostsBlock(two, 'one', []), 'two'), [{ address: '1.2.3.4', name: 'x' }])
})

test('lines that somebody wrote behind the block stay', () => {
  const after = `${withHostsBlock(file, 'one', [entry])}10.1.1.1 later\n`
  assert.equal(withHostsBlock(after, 'one', []), `${file}10.1.1.1 later\n`)
})

test('a file without a newline at its end, and an empty one', () => {
  assert.equal(withHostsBlock('127.0.0.1 localhost', 'one', [entry]).split('\n')[0], '127.0.0.1 localhost')
  assert.deepEqual(readHostsBlock(withHostsBlock('', 'one', [entry]), 'one'), [entry])
  assert.equal(withHostsBlock(withHostsBlock('', 'one', [entry]), 'one', []), '')
})
