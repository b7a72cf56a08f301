import assert from 'node:assert/strict'
import { test } from 'node:test'
import { templatePatch } from './template-patch.ts'

test('a template patch has its keys in the order of their names', () => {
  const patch = templatePatch({
    spec: { containers: [{ name: 'c', image: 'i' }] },
    metadata: { labels: { b: '1', a: '2' } },
  })
  assert.equal(
    JSON.stringify(patch),
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},"spec":{"containers":[{"image":"i","name":"c"}]}}}}',
  )
})
